//! Anyone's activations: layers, labels and inputs from files, through any estimators. What `estimate` computes.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use infoplane_info::estimators::EstimateError;
use infoplane_info::estimators::settings::SettingError;
use infoplane_info::estimators::significance::{Null, interval, interval_of_pair, permutation, permutation_of_pair};
use infoplane_info::statistics::Interval;
use infoplane_info::{Estimate, Estimator, Information, JointDistribution, Partition, Sample};
use infoplane_model::random::{Purpose, stream};
use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use serde::Serialize;

use crate::arrays;
use crate::arrays::layers::Read;
use crate::calibration::Kind;
use crate::calibration::advice::{Calibration, Shape};
use crate::methods::Method;

/// One layer through one estimator. Empty: the method has no such number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EstimateRow {
    /// The file of the layer, or of both samples.
    pub layer: String,
    /// Estimator.
    pub estimator: String,
    /// I(X;T), `inf` where it is infinite; I(A;B) of a pair.
    pub i_xt_bits: Option<f64>,
    /// Lower bound on I(X;T).
    pub i_xt_lower_bits: Option<f64>,
    /// Upper bound on I(X;T).
    pub i_xt_upper_bits: Option<f64>,
    /// Standard error of I(X;T).
    pub i_xt_standard_error_bits: Option<f64>,
    /// I(T;Y).
    pub i_ty_bits: Option<f64>,
    /// Standard error of I(T;Y).
    pub i_ty_standard_error_bits: Option<f64>,
    /// p-value of I(T;Y) (or I(A;B)) against permuted labels (or rows).
    pub p_value: Option<f64>,
    /// Mean of the permuted estimates.
    pub null_mean_bits: Option<f64>,
    /// Lower end of the 95 % interval of I(T;Y) (or I(A;B)) over samples.
    pub interval_lower_bits: Option<f64>,
    /// Upper end of it.
    pub interval_upper_bits: Option<f64>,
    /// What calibration says against this estimator on such data; not printed with the numbers.
    #[serde(skip)]
    pub doubt: Option<String>,
}

/// An estimator asked for: one by name, or `auto`, what calibration trusts on such data.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Chosen by the data's shape.
    Auto,
    /// Named.
    Named(Method),
}

impl FromStr for Wanted {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Named) }
    }
}

impl Wanted {
    fn or(&self, choice: impl FnOnce() -> Method) -> Method {
        match self {
            Self::Auto => choice(),
            Self::Named(estimator) => estimator.clone(),
        }
    }
}

/// How much is drawn to judge an estimate; 0: not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resampling {
    /// Permutations for a p-value.
    pub permutations: usize,
    /// Random halves of the rows for an interval.
    pub halves: usize,
}

/// What the draws say.
#[derive(Debug, Default)]
struct Judgement {
    null: Option<Null>,
    interval: Option<Interval>,
}

impl EstimateRow {
    fn new(layer: &str, estimator: &Method, i_xt: Estimate, i_ty: Option<Estimate>, judged: Judgement) -> Self {
        Self {
            layer: layer.to_owned(),
            estimator: estimator.to_string(),
            i_xt_bits: Some(i_xt.bits),
            i_xt_lower_bits: i_xt.lower,
            i_xt_upper_bits: i_xt.upper,
            i_xt_standard_error_bits: i_xt.standard_error,
            i_ty_bits: i_ty.map(|i_ty| i_ty.bits),
            i_ty_standard_error_bits: i_ty.and_then(|i_ty| i_ty.standard_error),
            p_value: judged.null.as_ref().map(|null| null.p_value),
            null_mean_bits: judged.null.map(|null| null.mean_bits),
            interval_lower_bits: judged.interval.and_then(|interval| interval.lower),
            interval_upper_bits: judged.interval.and_then(|interval| interval.upper),
            doubt: None,
        }
    }
}

/// Layers with their labels.
#[derive(Debug)]
pub struct Layers {
    activations: Vec<(String, Array2<f64>)>,
    joint: JointDistribution,
    inputs: Option<(Array2<f64>, Partition)>,
    /// What was read, in a line each.
    pub described: Vec<String>,
}

impl Layers {
    /// Reads layers [n × d], n labels, and inputs [n × d_x] if there are any. Every row is as likely. Layers are files, all arrays of
    /// a file, all files of a folder, or, [epochs × n × d], a whole training run.
    ///
    /// # Errors
    /// If a file cannot be read, or their numbers of rows differ.
    pub fn read(layers: &[PathBuf], labels: &Path, inputs: Option<&Path>) -> Result<Self> {
        let Read { layers, labels: labels_of, inputs, described } = arrays::layers::read(layers, labels, inputs)?;
        let joint = JointDistribution::of_labels(labels_of.class, labels_of.classes.len())
            .with_context(|| format!("{}: the labels make no distribution", labels.display()))?;
        let inputs = inputs.map(|x| {
            let same_x = Partition::of_rows(x.view());
            (x, same_x)
        });
        Ok(Self { activations: layers, joint, inputs, described })
    }

    /// Every layer through every estimator.
    ///
    /// # Errors
    /// If an estimator is undefined on a layer (says which).
    pub fn estimate(&self, estimators: &[Wanted], resampling: Resampling) -> Result<Vec<EstimateRow>> {
        let mut rows = Vec::new();
        for (layer, t) in &self.activations {
            for estimator in estimators {
                let shape = shape(t);
                let estimator = &estimator.or(|| Calibration::committed().choice(shape));
                let (information, judged) =
                    self.one(t, estimator, resampling).with_context(|| format!("{estimator} on {layer}"))?;
                let doubt = Calibration::committed().against(estimator, shape);
                let row = EstimateRow::new(layer, estimator, information.i_xt, Some(information.i_ty), judged);
                rows.push(EstimateRow { doubt, ..row });
            }
        }
        Ok(rows)
    }

    fn one(
        &self,
        t: &Array2<f64>,
        estimator: &Method,
        resampling: Resampling,
    ) -> Result<(Information, Judgement), EstimateError> {
        let mut sample = Sample::new(t.view(), &self.joint)?;
        if let Some((x, same_x)) = &self.inputs {
            sample = sample.with_inputs(x.view(), same_x)?;
        }
        let judged = resampling.judge(
            |permutations, rng| permutation(estimator, &sample, permutations, rng),
            |halves, rng| interval(estimator, &sample, halves, rng),
        )?;
        Ok((estimator.estimate(&sample)?, judged))
    }
}

/// The shape of T beside the labels.
fn shape(t: &Array2<f64>) -> Shape {
    let repeats = Partition::of_rows(t.view()).cells() * 2 <= t.nrows();
    Shape { kind: if repeats { Kind::Discrete } else { Kind::Mixed }, columns: t.ncols() + 1, rows: t.nrows() }
}

impl Resampling {
    /// Draws what is asked for, each from a stream of its own.
    fn judge(
        self,
        null: impl FnOnce(usize, &mut ChaCha8Rng) -> Result<Null, EstimateError>,
        interval: impl FnOnce(usize, &mut ChaCha8Rng) -> Result<Interval, EstimateError>,
    ) -> Result<Judgement, EstimateError> {
        let Self { permutations, halves } = self;
        Ok(Judgement {
            null: (permutations > 0).then(|| null(permutations, &mut stream(0, Purpose::MonteCarlo))).transpose()?,
            interval: (halves > 0).then(|| interval(halves, &mut stream(1, Purpose::MonteCarlo))).transpose()?,
        })
    }
}

/// I(A;B) of two files of samples through every estimator.
///
/// # Errors
/// If a file cannot be read, or an estimator has no I(A;B) or is undefined on these data.
pub fn pair(files: [&PathBuf; 2], estimators: &[Wanted], resampling: Resampling) -> Result<Vec<EstimateRow>> {
    let (a, b) = (arrays::read_and_say(files[0])?, arrays::read_and_say(files[1])?);
    let layer = format!("{} {}", files[0].display(), files[1].display());
    let calibration = Calibration::committed();
    let shape = Shape { kind: Kind::of(a.view(), b.view()), columns: a.ncols() + b.ncols(), rows: a.nrows() };
    let one = |estimator: &Method| {
        let estimate = estimator.pair(a.view(), b.view())?;
        let judged = resampling.judge(
            |permutations, rng| permutation_of_pair(estimator, a.view(), b.view(), permutations, rng),
            |halves, rng| interval_of_pair(estimator, a.view(), b.view(), halves, rng),
        )?;
        let doubt = calibration.against(estimator, shape);
        Ok::<_, EstimateError>(EstimateRow { doubt, ..EstimateRow::new(&layer, estimator, estimate, None, judged) })
    };
    estimators
        .iter()
        .map(|wanted| {
            let estimator = wanted.or(|| calibration.choice(shape));
            one(&estimator).with_context(|| format!("{estimator} on {layer}"))
        })
        .collect()
}
