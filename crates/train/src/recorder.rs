//! Measures weights as they come, and writes the folder of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Context;
use burn::module::Module;
use burn::store::ModuleRecord;
use burn::train::LearningResult;
use infoplane_experiments::bound::drawn_curve;
use infoplane_experiments::figures::{self, Drawing, FigureStyle};
use infoplane_experiments::jobs::seal;
use infoplane_experiments::methods::Method;
use infoplane_experiments::results::{Results, RunRecord};
use infoplane_experiments::rows::{self, InformationRow};
use infoplane_experiments::{sources::Sources, trajectories};
use infoplane_info::{Estimator, Sample};

use crate::error::Error;
use crate::layer::Layer;
use crate::plane::Plane;

type Observe<M> = Box<dyn Fn(&M) -> Vec<Layer> + Send>;

/// Measures a model's layers as burn-train trains it. Clones share what was recorded.
pub struct Recorder<M> {
    pub(crate) shared: Arc<Shared<M>>,
}

impl<M> Clone for Recorder<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M> std::fmt::Debug for Recorder<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("plane", &self.shared.plane).finish_non_exhaustive()
    }
}

/// What the recorder, the checkpointer and the strategy share.
pub(crate) struct Shared<M> {
    plane: Plane,
    methods: Vec<Method>,
    results: Results,
    started: Instant,
    /// A module may be sent to another thread, but not shared between two.
    model: Mutex<(M, Observe<M>)>,
    pub(crate) record: Mutex<Record>,
}

/// What is known so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    rows: Vec<InformationRow>,
    names: Vec<String>,
    notes: Vec<String>,
    /// Epochs that the strategy was asked about.
    pub(crate) last_epoch: Option<usize>,
    /// The last epoch that the strategy named.
    pub(crate) last_named: usize,
    /// Epochs whose weights arrived.
    arrived: BTreeSet<usize>,
    /// Epochs whose checkpoints are kept as files.
    pub(crate) to_files: BTreeSet<usize>,
    /// Whether rows are written as they come, for a training that may be resumed.
    pub(crate) writes_along: bool,
    failure: Option<Error>,
}

/// Whatever panicked elsewhere, what was recorded is whole: rows are added at once.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<M: Module + Send + 'static> Recorder<M> {
    /// Of the model about to be trained, with a closure that gives its layers over all patterns, from the input to the output, in the
    /// order of the labels. Measures epoch 0 at once, so that what cannot work is refused before any training. The model that the closure
    /// sees has no autodiff and is in validation mode (no dropout). The folder is made, or must hold this run already.
    ///
    /// # Errors
    /// If an estimator is not known or undefined on the first activations, the closure panics or returns layers that do not fit the
    /// patterns, or the folder belongs to another run or cannot be written.
    pub fn new(
        model: &M,
        plane: Plane,
        folder: impl AsRef<Path>,
        layers: impl Fn(&M) -> Vec<Layer> + Send + 'static,
    ) -> Result<Self, Error> {
        let methods = plane.methods()?;
        let model = model.valid();
        let backend = model.devices().first().map_or_else(|| "unknown".to_owned(), |device| format!("{device:?}"));
        let observe: Observe<M> = Box::new(layers);
        let first = observed(&model, &observe, plane.joint.n_x(), 0)?;
        let names: Vec<String> = first.iter().map(|layer| layer.name.clone()).collect();
        let config = configuration(&plane, &names, &backend);
        let folder: PathBuf = folder.as_ref().to_owned();
        let results = Results::claim(folder, &config, Sources::new()).map_err(|error| Error::files(&error))?;
        let shared = Shared {
            plane,
            methods,
            results,
            started: Instant::now(),
            model: Mutex::new((model, observe)),
            record: Mutex::new(Record { names, ..Record::default() }),
        };
        shared.measure(&first, 0)?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The rows recorded so far, in bits.
    pub fn rows(&self) -> Vec<InformationRow> {
        lock(&self.shared.record).rows.clone()
    }

    /// Measures the last epoch if no schedule named it (an early stop's), and writes `information_plane.csv`, `curve.csv` where it is
    /// quickly found, the figure and `run.json`.
    ///
    /// # Errors
    /// If the closure panicked on the way, something replaced the recorder in burn-train's chain, training stopped on an error, or a file
    /// cannot be written. What was measured before stays in [`Recorder::rows`].
    pub fn finish(&self, result: &LearningResult<M>) -> Result<(), Error> {
        let (last, named, none_arrived) = {
            let mut record = lock(&self.shared.record);
            if let Some(failure) = record.failure.take() {
                return Err(failure);
            }
            (record.last_epoch, record.last_named, record.arrived.is_empty())
        };
        if let Some(error) = &result.error {
            return Err(Error::Training { epoch: last.unwrap_or(0), message: error.to_string() });
        }
        let Some(last) = last else {
            return Err(match (none_arrived, &result.interrupted) {
                (true, Some(_)) => Error::NoEpoch,
                (true, None) => Error::Replaced { what: "its checkpointers and strategy saw no epoch" },
                (false, _) => Error::Replaced { what: "another checkpointing strategy took its place" },
            });
        };
        if none_arrived && named > 0 {
            return Err(Error::Replaced { what: "other checkpointers took its place" });
        }
        // After an interruption the weights may be those of the middle of an epoch.
        if result.interrupted.is_none() && !lock(&self.shared.record).arrived.contains(&last) {
            let layers = {
                let model = lock(&self.shared.model);
                observed(&result.model.valid(), &model.1, self.shared.plane.joint.n_x(), last)?
            };
            self.shared.measure(&layers, last)?;
        }
        self.shared.write().map_err(|error| Error::files(&error))
    }
}

impl<M: Module + 'static> Shared<M> {
    /// Whether the plane is recorded at an epoch; remembers that it was asked.
    pub(crate) fn names(&self, epoch: usize) -> bool {
        let mut record = lock(&self.record);
        record.last_epoch = Some(epoch);
        let is_named = self.plane.epochs.includes(epoch, record.last_named);
        if is_named {
            record.last_named = epoch;
        }
        is_named
    }

    /// Weights of an epoch: loads and measures them. What goes wrong is kept for the end, since a panic here would end the process and an
    /// error the training.
    pub(crate) fn receive(&self, epoch: usize, weights: ModuleRecord) {
        {
            let mut record = lock(&self.record);
            record.arrived.insert(epoch);
            if record.failure.is_some() {
                return;
            }
        }
        let layers = {
            let model = lock(&self.model);
            model
                .0
                .clone()
                .try_load_record(weights)
                .map_err(|error| Error::Weights { epoch, message: error.to_string() })
                .and_then(|loaded| observed(&loaded, &model.1, self.plane.joint.n_x(), epoch))
        };
        let outcome = layers.and_then(|layers| self.measure(&layers, epoch)).and_then(|()| self.write_along());
        if let Err(error) = outcome {
            eprintln!("infoplane: {error}");
            lock(&self.record).failure = Some(error);
        }
    }

    /// Training goes on from a checkpoint: rows up to it are those of the folder.
    pub(crate) fn resume(&self, epoch: usize) {
        let file = self.results.file("information_plane.csv");
        let mut record = lock(&self.record);
        match rows::read_if_there::<InformationRow>(&file) {
            Ok(before) => {
                let kept: Vec<InformationRow> = before.into_iter().filter(|row| row.epoch <= epoch).collect();
                record.last_named = kept.iter().map(|row| row.epoch).max().unwrap_or(0);
                if !kept.is_empty() {
                    record.rows = kept;
                }
            }
            Err(error) => record.failure = Some(Error::files(&error)),
        }
    }

    fn measure(&self, layers: &[Layer], epoch: usize) -> Result<(), Error> {
        let Plane { dataset, joint, condition, activation, train_fraction, replica, seed, .. } = &self.plane;
        let names: Vec<String> = layers.iter().map(|layer| layer.name.clone()).collect();
        let before = lock(&self.record).names.clone();
        if names != before {
            return Err(Error::Names { epoch, before, now: names });
        }
        let (mut rows, mut notes) = (Vec::new(), Vec::new());
        for (index, layer) in layers.iter().enumerate() {
            for method in &self.methods {
                let information = Sample::new(layer.values.view(), joint).and_then(|sample| method.estimate(&sample));
                let information = match information {
                    Ok(information) => information,
                    // What refuses at once is a wrong setting; what refuses later shall not cost what was trained.
                    Err(source) if epoch > 0 => {
                        notes
                            .push(format!("left out: {method} on layer \"{}\" at epoch {epoch}: {source}", layer.name));
                        continue;
                    }
                    Err(source) => {
                        return Err(Error::Estimate {
                            estimator: method.to_string(),
                            layer: layer.name.clone(),
                            source,
                        });
                    }
                };
                rows.push(InformationRow {
                    dataset: dataset.clone(),
                    architecture: names.join("-"),
                    condition: condition.clone(),
                    activation: activation.clone(),
                    train_fraction: *train_fraction,
                    replica: *replica,
                    seed: *seed,
                    epoch,
                    layer: index + 1,
                    estimator: method.to_string(),
                    i_xt_bits: information.i_xt.bits,
                    i_ty_bits: information.i_ty.bits,
                });
            }
        }
        let mut record = lock(&self.record);
        record.rows.extend(rows);
        record.notes.extend(notes);
        Ok(())
    }

    fn write_along(&self) -> Result<(), Error> {
        let record = lock(&self.record);
        if !record.writes_along {
            return Ok(());
        }
        rows::write(&self.results.file("information_plane.csv"), &record.rows).map_err(|error| Error::files(&error))
    }

    fn write(&self) -> anyhow::Result<()> {
        let record = lock(&self.record);
        let results = &self.results;
        rows::write(&results.file("information_plane.csv"), &record.rows)?;
        let curve = drawn_curve(&self.plane.dataset, &self.plane.joint);
        if !curve.is_empty() {
            rows::write(&results.file("curve.csv"), &curve)?;
        }
        let trajectories = trajectories::collect(&record.rows);
        if let Some(first) = self.methods.first() {
            let drawing = Drawing { folder: results.folder(), style: FigureStyle::Paper };
            figures::information_plane::draw(&trajectories, self.plane.train_fraction, &first.to_string(), drawing)?;
        }
        let seeds = [self.plane.seed];
        let device = results.config()["compute"]["backend"].as_str().unwrap_or_default().to_owned();
        let mut run =
            RunRecord::new("custom", device, 1, self.started.elapsed(), &seeds, &record.notes, results.config());
        run.command = std::env::args().collect::<Vec<_>>().join(" ");
        let tables = ["information_plane.csv", "curve.csv"].map(str::to_owned);
        run.tables = seal::sums(results.folder(), tables.into_iter()).context("cannot read the tables")?;
        results.complete(&run)
    }
}

/// The layers of a model, checked; a panic of the caller's closure is an error.
fn observed<M>(model: &M, observe: &Observe<M>, patterns: usize, epoch: usize) -> Result<Vec<Layer>, Error> {
    let layers = catch_unwind(AssertUnwindSafe(|| observe(model))).map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Error::Closure { epoch, message: message.unwrap_or_else(|| "it said nothing".to_owned()) }
    })?;
    if layers.is_empty() {
        return Err(Error::NoLayers { epoch });
    }
    match layers.iter().find(|layer| layer.values.nrows() != patterns) {
        Some(layer) => Err(Error::Rows { layer: layer.name.clone(), rows: layer.values.nrows(), patterns, epoch }),
        None => Ok(layers),
    }
}

/// What the folder belongs to.
fn configuration(
    plane: &Plane,
    layers: &[String],
    backend: &str,
) -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let observed = BTreeMap::from([
        ("dataset", plane.dataset.clone()),
        ("patterns", plane.joint.n_x().to_string()),
        ("classes", plane.joint.n_y().to_string()),
        ("layers", layers.join(", ")),
        ("estimators", plane.estimators.join(" ")),
        ("epochs", plane.epochs.to_string()),
        ("condition", plane.condition.clone()),
        ("activation", plane.activation.clone()),
        ("train_fraction", plane.train_fraction.to_string()),
        ("replica", plane.replica.to_string()),
        ("seed", plane.seed.to_string()),
    ]);
    BTreeMap::from([("plane", observed), ("compute", BTreeMap::from([("backend", backend.to_owned())]))])
}
