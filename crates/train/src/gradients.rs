//! The signal-to-noise ratio of mini-batch gradients, taken where burn-train hands them to the optimiser: opt-in, by a wrapper.
//!
//! Over the mini-batches of an epoch, entry by entry: ‖⟨g⟩‖, ‖σ(g)‖ and their ratio, as question 2 has them (Shwartz-Ziv & Tishby 2017,
//! §3.3; [`infoplane_info::gradient`]). Gradients are taken as training goes, so the weights move between them. Sums are kept in f64: twice
//! the parameters. Each parameter is read back from its device every step, which costs little on a CPU and a transfer on a GPU. With
//! gradients accumulated over batches a gradient is their sum; multi-device optimisation is not looked at.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use burn::module::{Devices, Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn::optim::{GradientsParams, ModuleOptimizer, MultiGradientsParams};
use burn::tensor::{Device, Tensor};
use burn::train::{InferenceStep, TrainOutput, TrainStep};
use infoplane_experiments::rows::{Condition, GradientRow};
use infoplane_info::gradient::GradientMoments;

use crate::lock;
use crate::measurement::Measurement;

/// Moments of one epoch's gradients, by parameter.
pub(crate) type EpochMoments = Vec<(String, GradientMoments)>;

/// A model whose gradients are watched: wrap it before [`crate::Recorder::new`], and tell the recorder with
/// [`crate::Recorder::gradients_of`]. It is the model in everything else: same records and checkpoints, same weights to the last bit.
#[derive(Debug, Clone)]
pub struct WithGradients<M> {
    model: M,
    pub(crate) moments: Arc<Mutex<EpochMoments>>,
}

impl<M> WithGradients<M> {
    /// Of a model about to be trained.
    pub fn new(model: M) -> Self {
        Self { model, moments: Arc::default() }
    }

    /// The model itself.
    pub fn into_inner(self) -> M {
        self.model
    }

    fn with(self, change: impl FnOnce(M) -> M) -> Self {
        Self { model: change(self.model), moments: self.moments }
    }
}

impl<M> Deref for WithGradients<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.model
    }
}

impl<M: std::fmt::Display> std::fmt::Display for WithGradients<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.model.fmt(f)
    }
}

// Visits and maps the model without a path of its own: its records are the model's.
impl<M: Module> Module for WithGradients<M> {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.model.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        self.with(|model| model.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.with(|model| model.to_device(device))
    }

    fn train(self) -> Self {
        self.with(Module::train)
    }

    fn valid(&self) -> Self {
        Self { model: self.model.valid(), moments: Arc::clone(&self.moments) }
    }

    fn materialize(self) -> Self {
        self.with(Module::materialize)
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        self.model.visit(visitor);
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        self.with(|model| model.map(mapper))
    }
}

impl<M: TrainStep + Module> TrainStep for WithGradients<M> {
    type Input = M::Input;
    type Output = M::Output;

    fn step(&self, item: M::Input) -> TrainOutput<M::Output> {
        TrainStep::step(&self.model, item)
    }

    fn optimize(self, optimizer: &mut ModuleOptimizer, rate: ModuleLearningRate, gradients: GradientsParams) -> Self {
        let mut moments = lock(&self.moments);
        self.model.visit(&mut Add { path: Vec::new(), gradients: &gradients, moments: &mut moments });
        drop(moments);
        self.with(|model| model.optimize(optimizer, rate, gradients))
    }

    fn optimize_multi(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        gradients: MultiGradientsParams,
    ) -> Self {
        self.with(|model| model.optimize_multi(optimizer, rate, gradients))
    }
}

impl<M: InferenceStep> InferenceStep for WithGradients<M> {
    type Input = M::Input;
    type Output = M::Output;

    fn step(&self, item: M::Input) -> M::Output {
        InferenceStep::step(&self.model, item)
    }
}

/// Adds a step's gradients to the moments.
struct Add<'a> {
    path: Vec<String>,
    gradients: &'a GradientsParams,
    moments: &'a mut EpochMoments,
}

impl ModuleVisitor for Add<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(parameter.id) else { return };
        let gradient: Vec<f32> = gradient.into_data().iter::<f32>().collect();
        let path = self.path.join(".");
        let place = self.moments.iter().position(|(of, _)| *of == path).unwrap_or_else(|| {
            self.moments.push((path, GradientMoments::new(gradient.len())));
            self.moments.len() - 1
        });
        self.moments[place].1.add(&gradient);
    }
}

/// Paths of all floating-point parameters in the order in which burn visits them, with ‖W‖ of each if wanted.
struct Parameters {
    path: Vec<String>,
    wants_norms: bool,
    found: Vec<(String, f64)>,
}

impl ModuleVisitor for Parameters {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let squares = |weights: Tensor<D>| weights.into_data().iter::<f64>().map(|w| w * w).sum::<f64>();
        let norm = if self.wants_norms { squares(parameter.val()).sqrt() } else { 0.0 };
        self.found.push((self.path.join("."), norm));
    }
}

fn parameters(model: &impl Module, wants_norms: bool) -> Vec<(String, f64)> {
    let mut visitor = Parameters { path: Vec::new(), wants_norms, found: Vec::new() };
    model.visit(&mut visitor);
    visitor.found
}

/// The module that has a parameter, and the parameter's name in it.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// The modules that have parameters, in the order in which burn visits them: the layers of `gradients.csv`.
pub(crate) fn modules(model: &impl Module) -> Vec<String> {
    let mut modules: Vec<String> = Vec::new();
    for (path, _) in parameters(model, false) {
        let (module, _) = split(&path);
        if !modules.iter().any(|known| known == module) {
            modules.push(module.to_owned());
        }
    }
    modules
}

/// Rows of `gradients.csv` at an epoch: a layer is a module that has parameters, its weights are its `kernel`, and its other parameters are
/// called as in the model.
pub(crate) fn rows(
    model: &impl Module,
    moments: &EpochMoments,
    measurement: &Measurement,
    epoch: usize,
) -> Vec<GradientRow> {
    let modules = modules(model);
    let mut rows = Vec::new();
    for (path, weight_norm) in parameters(model, true) {
        let (module, parameter) = split(&path);
        let found = moments.iter().find(|(of, _)| *of == path).map(|(_, moments)| moments);
        let Some(norms) = found.and_then(|moments| moments.norms(0..moments.entries())) else { continue };
        let normalised = |norm: f64| (weight_norm > 0.0).then(|| norm / weight_norm);
        let Condition { dataset, architecture, condition, activation, train_fraction } = measurement.condition.clone();
        rows.push(GradientRow {
            dataset,
            architecture,
            condition,
            activation,
            train_fraction,
            replica: measurement.replica,
            seed: measurement.seed,
            epoch,
            layer: modules.iter().position(|known| known == module).map_or(0, |place| place + 1),
            part: if parameter == "weight" { "kernel".to_owned() } else { parameter.to_owned() },
            weight_norm,
            gradient_mean_norm: norms.mean,
            gradient_std_norm: norms.std,
            gradient_mean_normalised: normalised(norms.mean),
            gradient_std_normalised: normalised(norms.std),
            snr: norms.snr().filter(|snr| snr.is_finite()),
            saturation: None,
        });
    }
    rows
}
