//! Anyone's activations: layers, labels and inputs from files, or from whoever holds the arrays, through any estimators. What `estimate` computes.
//!
//! Data are described first ([`infoplane_info::description`]), each number is judged ([`judge`]), and what one estimator refuses is a
//! row with its reason beside the others' numbers.

pub mod judge;
mod pairs;
pub mod pointwise;
mod row;
pub mod second_views;
mod sides;
pub mod table;
mod work;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use infoplane_info::description::{Description, Values};
use infoplane_info::estimators::corrections::Correction;
use infoplane_info::estimators::plugin::Plugin;
use infoplane_info::estimators::settings::SettingError;
use infoplane_info::estimators::significance::{interval, permutation};
use infoplane_info::estimators::{EstimateError, EstimatorKind};
use infoplane_info::near_copies::near_copies;
use infoplane_info::succession::rows_apart;
use infoplane_info::{Estimator, JointDistribution, Partition, Sample};
use ndarray::ArrayView2;

use crate::arrays;
use crate::arrays::labels::{LabelFile, Labels};
use crate::arrays::layers::Read;
use crate::calibration::Kind;
use crate::calibration::advice::{Calibration, Shape};
use crate::methods::Method;
use crate::methods::probe::Probe;
use judge::Dependence;
pub use pairs::{conditional, conditional_of, pair, pair_of};
pub use row::EstimateRow;
pub use sides::of_classes;
use sides::{Side, first_of_groups, kept_in_words, shape_of_pair};
use work::Work;

/// The name of what calibration trusts.
const AUTO: &str = "auto";

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
        if text == AUTO {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Named).map_err(|error| match error {
            SettingError::UnknownName { name, meant, choices } => {
                SettingError::UnknownName { name, meant, choices: format!("{AUTO}, {choices}") }
            }
            other => other,
        })
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
    /// Random halves of the rows for a spread.
    pub halves: usize,
}

/// Layers with their labels.
#[derive(Debug)]
pub struct Layers<'a> {
    activations: Vec<Side<'a>>,
    labels_name: String,
    labels: Labels,
    /// Labels there were, if only the first of each group is kept.
    labels_read: Option<usize>,
    joint: JointDistribution,
    inputs: Option<(Side<'a>, Partition)>,
}

impl Layers<'static> {
    /// Reads layers [n × d], n labels, and inputs [n × d_x] if there are any. Every row is as likely. Layers are files, all arrays of
    /// a file, all files of a folder, or, [epochs × n × d], a whole training run. If `groups` say which rows belong together, the
    /// first of each is kept.
    ///
    /// # Errors
    /// If a file cannot be read, or their numbers of rows differ.
    pub fn read(layers: &[PathBuf], labels: &Path, inputs: Option<&Path>, groups: Option<&Path>) -> Result<Self> {
        let name = labels.display().to_string();
        Self::of(arrays::layers::read(layers, labels, inputs)?, name, groups.map(LabelFile::open))
    }
}

impl<'a> Layers<'a> {
    /// Layers, labels and inputs that are there already; `labels_name` is what the labels are called.
    ///
    /// # Errors
    /// If the labels make no distribution, or the groups cannot be had or are none.
    pub fn of(read: Read<'a>, labels_name: String, groups: Option<Result<LabelFile>>) -> Result<Self> {
        let Read { layers, mut labels, inputs } = read;
        let kept = groups.map(|groups| first_of_groups(groups?, labels.class.len())).transpose()?;
        let labels_read = kept.as_ref().map(|_| labels.class.len());
        if let Some(kept) = &kept {
            labels = labels.select(kept);
        }
        let joint = JointDistribution::of_labels(labels.class.clone(), labels.classes.len())
            .with_context(|| format!("{labels_name}: the labels make no distribution"))?;
        let inputs = inputs.map(|x| {
            let x = Side::of(x, kept.as_deref());
            let same_x = Partition::of_rows(x.values());
            (x, same_x)
        });
        let activations = layers.into_iter().map(|layer| Side::of(layer, kept.as_deref())).collect();
        Ok(Self { activations, labels_name, labels, labels_read, joint, inputs })
    }

    /// What the data look like and how they were read, a line for each array.
    pub fn described(&self) -> Vec<String> {
        let arrays = self.activations.iter().chain(self.inputs.iter().map(|(x, _)| x)).map(Side::in_words);
        let mut labels = format!("{}; {}", self.labels.described(&self.labels_name), self.labels_in_words());
        if let Some(read) = self.labels_read {
            labels = format!("{labels}; {}", kept_in_words(read, self.labels.class.len()));
        }
        arrays.chain([labels]).collect()
    }

    fn labels_in_words(&self) -> String {
        let mut counts: Vec<usize> =
            self.joint.p_y().iter().map(|p| (p * self.joint.n_x() as f64).round() as usize).collect();
        counts.sort_unstable();
        let alone = counts.iter().filter(|&&count| count == 1).count();
        let once = match alone {
            0 => String::new(),
            1 => "; 1 label occurs once, and nearest neighbours leave it out".to_owned(),
            alone => format!("; {alone} labels occur once, and nearest neighbours leave them out"),
        };
        let rarest = counts.first().copied().unwrap_or(0);
        let rows = if rarest == 1 { "1 row" } else { &format!("{rarest} rows") };
        format!("the rarest class in {rows}; H(Y) = {:.4} bits{once}", self.joint.h_y().max(0.0) + 0.0)
    }

    /// Every layer through every estimator, each once. `auto` takes one estimator for all epochs of a run; a probe, if what
    /// calibration says is refused, or not to be trusted, at one of them.
    pub fn estimate(&self, estimators: &[Wanted], resampling: Resampling) -> Vec<EstimateRow> {
        let layers: Vec<Layer> = self.activations.iter().map(|side| self.layer(side)).collect();
        let work = &Work::of(layers.len() * estimators.len());
        let mut columns: Vec<Vec<EstimateRow>> = Vec::new();
        for wanted in estimators {
            let column = match wanted {
                Wanted::Named(method) => layers.iter().map(|layer| self.row(layer, method, resampling, work)).collect(),
                Wanted::Auto => layers
                    .chunk_by(|a, b| a.series.is_some() && a.series == b.series)
                    .flat_map(|series| self.auto(series, resampling, work))
                    .collect(),
            };
            columns.push(column);
        }
        work.finish();
        let mut rows: Vec<EstimateRow> = Vec::new();
        for layer in 0..layers.len() {
            let first = rows.len();
            for row in columns.iter_mut().map(|column| std::mem::take(&mut column[layer])) {
                if rows[first..].iter().all(|other| other.estimator != row.estimator) {
                    rows.push(row);
                }
            }
        }
        rows
    }

    /// What `auto` says of the epochs of a run, or of one layer.
    fn auto(&self, series: &[Layer], resampling: Resampling, work: &Work) -> Vec<EstimateRow> {
        let probe = Method::Probe(Probe::default());
        // What the last epoch asks for: at first, layers may be simpler than they become.
        let method = series.last().map_or_else(|| probe.clone(), |last| choice(last.described, last.shape));
        let by = |method: &Method| -> Vec<EstimateRow> {
            let row = |layer| EstimateRow { is_auto: true, ..self.row(layer, method, resampling, work) };
            series.iter().map(row).collect()
        };
        let rows = by(&method);
        let doubtful = rows.iter().find(|row| row.refused.is_some() || row.is_doubtful);
        let (Some(doubtful), false) = (doubtful, matches!(method, Method::Probe(_))) else { return rows };
        let instead = by(&probe);
        if instead.iter().any(|row| row.refused.is_some() || row.is_doubtful) {
            return rows;
        }
        let why = doubtful.refused.as_deref().unwrap_or(&doubtful.i_ty_standing);
        let note = format!("auto takes a probe: {method} on {}: {why}", doubtful.layer);
        let mut rows = instead;
        rows[0].notes.insert(0, note);
        rows
    }

    fn layer<'b>(&'b self, side: &'b Side) -> Layer<'b> {
        let labels: Vec<usize> = self.labels.class.iter().map(|&class| class as usize).collect();
        let is_continuous = side.described.values == Values::Continuous;
        let t = side.values();
        let copies = if is_continuous { near_copies(t, Some(&labels)) } else { None };
        let apart = if side.has_neighbours() { rows_apart(t, Some(&labels)) } else { None };
        let (series, epoch) = side.samples.epoch.clone().unzip();
        let (described, shape) = (&side.described, self.shape(&side.described));
        Layer { name: side.name(), series, epoch, t, described, shape, dependence: Dependence { copies, apart } }
    }

    fn shape(&self, described: &Description) -> Shape {
        let Description { rows, columns, copies, .. } = *described;
        // Copies add nothing to what is known.
        Shape { kind: Kind::of_layer(described), columns, classes: self.joint.n_y(), rows: rows - copies }
    }

    fn sample<'b>(&'b self, t: ArrayView2<'b, f64>) -> Result<Sample<'b>, EstimateError> {
        let sample = Sample::new(t, &self.joint)?;
        match &self.inputs {
            Some((x, same_x)) => sample.with_inputs(x.values(), same_x),
            None => Ok(sample),
        }
    }

    fn row(&self, layer: &Layer, method: &Method, resampling: Resampling, work: &Work) -> EstimateRow {
        let row = EstimateRow {
            epoch: layer.epoch,
            classes: Some(self.joint.n_y()),
            h_y_bits: Some(self.joint.h_y().max(0.0) + 0.0),
            ..EstimateRow::new(layer.name, layer.described.rows, method)
        };
        work.announce(method, layer.name, layer.described.rows, resampling, |rows| {
            let some = self.sample(layer.t).and_then(|sample| sample.select(rows));
            let _ = some.and_then(|some| method.estimate(&some.sample()));
        });
        let row = self.estimated(row.clone(), layer, method, resampling).unwrap_or_else(|error| row.refused(&error));
        work.is_done();
        row
    }

    fn estimated(
        &self,
        row: EstimateRow,
        layer: &Layer,
        method: &Method,
        resampling: Resampling,
    ) -> Result<EstimateRow, EstimateError> {
        let sample = self.sample(layer.t)?;
        let information = method.estimate(&sample)?;
        let draws = resampling.judge(
            |permutations, rng| permutation(method, &sample, permutations, rng),
            |halves, rng| interval(method, &sample, halves, rng),
        );
        let judged = judge::of_labels(method, information, &sample, layer.shape, layer.described);
        let judged = layer.dependence.judge(judged);
        let with_inputs = self.inputs.as_ref().map(|(x, _)| shape_of_pair(&x.described, layer.described));
        let of_inputs =
            (!information.i_xt.bits.is_nan()).then(|| judge::of_inputs(method, information.i_xt, &sample, with_inputs));
        let row = EstimateRow {
            i_ty_bits: Some(information.i_ty.bits),
            i_ty_standard_error_bits: information.i_ty.standard_error,
            ..row.with_first(information.i_xt)
        };
        let row = row.with_interval(judged.interval).with_draws(draws);
        Ok(row.with_standings(of_inputs.as_ref(), Some(&judged.standing), ["I(X;T)", "I(T;Y)"]))
    }
}

/// A layer, looked at.
struct Layer<'a> {
    name: &'a str,
    /// The array of a whole training run that it is of.
    series: Option<String>,
    epoch: Option<usize>,
    t: ArrayView2<'a, f64>,
    described: &'a Description,
    shape: Shape,
    dependence: Dependence,
}

/// What to take: of a layer with few values beside many rows the plug-in, else what calibration says.
fn choice(described: &Description, shape: Shape) -> Method {
    let few = matches!(described.values, Values::Constant | Values::Discrete);
    let bias = (described.distinct_rows - 1) as f64 * (shape.classes - 1) as f64 / (2.0 * shape.rows as f64);
    if few && bias / std::f64::consts::LN_2 <= MOST_BIAS {
        let plugin = Plugin { correction: Some(Correction::MillerMadow), symbols: None };
        return Method::Formula(EstimatorKind::Plugin(plugin));
    }
    Calibration::committed().choice(shape)
}

/// Bits by which a plug-in may be biased before it is corrected.
const MOST_BIAS: f64 = 0.05;
