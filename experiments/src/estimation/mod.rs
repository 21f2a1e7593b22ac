//! Anyone's activations: layers, labels and inputs from files, through any estimators. What `estimate` computes.
//!
//! Data are described first ([`infoplane_info::description`]), each number is judged ([`judge`]), and what one estimator refuses is a
//! row with its reason beside the others' numbers.

pub mod judge;
pub mod pointwise;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use infoplane_info::description::{Description, Values};
use infoplane_info::estimators::corrections::Correction;
use infoplane_info::estimators::ksg::Ksg;
use infoplane_info::estimators::plugin::Plugin;
use infoplane_info::estimators::settings::SettingError;
use infoplane_info::estimators::significance::{Null, interval, interval_of_pair, permutation, permutation_of_pair};
use infoplane_info::estimators::{EstimateError, EstimatorKind};
use infoplane_info::near_copies::near_copies;
use infoplane_info::statistics::Interval;
use infoplane_info::{Estimate, Estimator, JointDistribution, Partition, Sample, Standing};
use infoplane_model::random::{Purpose, stream};
use ndarray::{Array1, Array2, Axis, concatenate};
use rand::rngs::ChaCha8Rng;
use serde::Serialize;

use crate::arrays;
use crate::arrays::Samples;
use crate::arrays::labels::{Labels, Rows, read_labels};
use crate::arrays::layers::Read;
use crate::calibration::Kind;
use crate::calibration::advice::{Calibration, Shape};
use crate::methods::Method;
use crate::methods::probe::Probe;

/// One layer through one estimator. Empty: the method has no such number.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct EstimateRow {
    /// The file of the layer, or of both samples.
    pub layer: String,
    /// The epoch, of an array [epochs × rows × columns].
    pub epoch: Option<usize>,
    /// Rows it was estimated from.
    pub rows: usize,
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
    /// Lower end of the 95 % interval for the truth of I(T;Y) (or I(A;B)), where calibration or a probe has one.
    pub interval_lower_bits: Option<f64>,
    /// Upper end of it.
    pub interval_upper_bits: Option<f64>,
    /// Where 95 % of estimates from other samples of as many rows lie, at least, of I(T;Y) (or I(A;B)); says nothing of how far the
    /// estimator is off.
    pub spread_lower_bits: Option<f64>,
    /// At most.
    pub spread_upper_bits: Option<f64>,
    /// Classes of the labels.
    pub classes: Option<usize>,
    /// H(Y): what I(T;Y) is at most.
    pub h_y_bits: Option<f64>,
    /// What I(X;T) (or I(A;B)) is worth in a word: measured, saturated, bound, not to be trusted.
    pub i_xt_word: String,
    /// What I(T;Y) is worth in a word.
    pub i_ty_word: String,
    /// What I(X;T) (or I(A;B)) is worth, with the reason.
    pub i_xt_standing: String,
    /// What I(T;Y) is worth, with the reason.
    pub i_ty_standing: String,
    /// Why there is no number.
    pub refused: Option<String>,
    /// What else is to be said of it; not printed with the numbers.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// Whether I(T;Y) (or I(A;B)) is not to be trusted.
    #[serde(skip)]
    pub is_doubtful: bool,
    /// The words of both standings; not printed with the numbers.
    #[serde(skip)]
    pub words: String,
}

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

/// What the draws say.
#[derive(Debug, Default)]
struct Judgement {
    null: Option<Null>,
    spread: Option<Interval>,
    failures: Vec<String>,
}

impl EstimateRow {
    fn new(layer: &str, rows: usize, estimator: &Method) -> Self {
        Self { layer: layer.to_owned(), rows, estimator: estimator.to_string(), ..Self::default() }
    }

    fn refused(self, error: &EstimateError) -> Self {
        Self { refused: Some(error.to_string()), words: "refused".to_owned(), ..self }
    }

    fn with_first(self, i_xt: Estimate) -> Self {
        // A probe has no I(X;T) of a stochastic layer.
        let i_xt = Some(i_xt).filter(|i_xt| !i_xt.bits.is_nan());
        Self {
            i_xt_bits: i_xt.map(|i_xt| i_xt.bits),
            i_xt_lower_bits: i_xt.and_then(|i_xt| i_xt.lower),
            i_xt_upper_bits: i_xt.and_then(|i_xt| i_xt.upper),
            i_xt_standard_error_bits: i_xt.and_then(|i_xt| i_xt.standard_error),
            ..self
        }
    }

    fn with_interval(self, interval: Option<(f64, f64)>) -> Self {
        Self {
            interval_lower_bits: interval.map(|(lower, _)| lower),
            interval_upper_bits: interval.map(|(_, upper)| upper),
            ..self
        }
    }

    fn with_draws(mut self, judged: Judgement) -> Self {
        self.notes.extend(judged.failures.iter().map(|failure| format!("{}: {failure}", self.estimator)));
        Self {
            p_value: judged.null.as_ref().map(|null| null.p_value),
            null_mean_bits: judged.null.map(|null| null.mean_bits),
            spread_lower_bits: judged.spread.and_then(|spread| spread.lower),
            spread_upper_bits: judged.spread.and_then(|spread| spread.upper),
            ..self
        }
    }

    /// Standings of its numbers, and a note where one is more than its word.
    fn with_standings(mut self, of_first: Option<&Standing>, of_second: Option<&Standing>, names: [&str; 2]) -> Self {
        let words: Vec<(&str, &str)> = [of_first, of_second]
            .into_iter()
            .zip(names)
            .filter_map(|(standing, name)| standing.map(|standing| (name, standing.word())))
            .collect();
        self.words = if words.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            words.first().map_or_else(String::new, |(_, word)| (*word).to_owned())
        } else {
            words.iter().map(|(name, word)| format!("{name} {word}")).collect::<Vec<_>>().join(", ")
        };
        for (standing, name) in [of_first, of_second].into_iter().zip(names) {
            if let Some(standing @ (Standing::Doubtful(_) | Standing::Saturated(_) | Standing::Bound(_))) = standing {
                self.notes.push(format!("{}: {name} is {standing}", self.estimator));
            }
        }
        if self.i_xt_bits == Some(f64::INFINITY) {
            let why = match of_second {
                Some(_) => "a continuous layer that is a function of its input keeps all of it",
                None => "one side is a function of the other",
            };
            self.notes.push(format!("{}: {} is infinite: {why}", self.estimator, names[0]));
        }
        let text = |standing: Option<&Standing>| standing.map_or_else(String::new, Standing::to_string);
        let word =
            |standing: Option<&Standing>| standing.map_or_else(String::new, |standing| standing.word().to_owned());
        let is_doubtful = matches!(of_second.or(of_first), Some(Standing::Doubtful(_)));
        Self {
            is_doubtful,
            i_xt_word: word(of_first),
            i_ty_word: word(of_second),
            i_xt_standing: text(of_first),
            i_ty_standing: text(of_second),
            ..self
        }
    }
}

/// Layers with their labels.
#[derive(Debug)]
pub struct Layers {
    activations: Vec<Samples>,
    labels_file: String,
    labels: Labels,
    joint: JointDistribution,
    inputs: Option<(Samples, Partition)>,
}

impl Layers {
    /// Reads layers [n × d], n labels, and inputs [n × d_x] if there are any. Every row is as likely. Layers are files, all arrays of
    /// a file, all files of a folder, or, [epochs × n × d], a whole training run. If `groups` say which rows belong together, the
    /// first of each is kept.
    ///
    /// # Errors
    /// If a file cannot be read, or their numbers of rows differ.
    pub fn read(layers: &[PathBuf], labels: &Path, inputs: Option<&Path>, groups: Option<&Path>) -> Result<Self> {
        let labels_file = labels.display().to_string();
        let Read { mut layers, mut labels, mut inputs } = arrays::layers::read(layers, labels, inputs)?;
        if let Some(groups) = groups {
            let rows = first_of_groups(groups, labels.class.len())?;
            for samples in layers.iter_mut().chain(&mut inputs) {
                samples.values = samples.values.select(Axis(0), &rows);
            }
            labels = labels.select(&rows);
        }
        let joint = JointDistribution::of_labels(labels.class.clone(), labels.classes.len())
            .with_context(|| format!("{labels_file}: the labels make no distribution"))?;
        let inputs = inputs.map(|x| {
            let same_x = Partition::of_rows(x.values.view());
            (x, same_x)
        });
        Ok(Self { activations: layers, labels_file, labels, joint, inputs })
    }

    /// What the data look like and how they were read, a line for each array.
    pub fn described(&self) -> Vec<String> {
        let arrays = self.activations.iter().chain(self.inputs.iter().map(|(x, _)| x)).map(Samples::described);
        arrays.chain([format!("{}; {}", self.labels.described(&self.labels_file), self.labels_in_words())]).collect()
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
        format!("the rarest class in {rows}; H(Y) = {:.4} bits{once}", self.joint.h_y())
    }

    /// Every layer through every estimator, each once. `auto` takes one estimator for all epochs of a run; a probe, if what
    /// calibration says is refused, or not to be trusted, at one of them.
    pub fn estimate(&self, estimators: &[Wanted], resampling: Resampling) -> Vec<EstimateRow> {
        let layers: Vec<Layer> = self.activations.iter().map(|samples| self.layer(samples)).collect();
        let mut columns: Vec<Vec<EstimateRow>> = Vec::new();
        for wanted in estimators {
            let column = match wanted {
                Wanted::Named(method) => layers.iter().map(|layer| self.row(layer, method, resampling)).collect(),
                Wanted::Auto => layers
                    .chunk_by(|a, b| a.series.is_some() && a.series == b.series)
                    .flat_map(|series| self.auto(series, resampling))
                    .collect(),
            };
            columns.push(column);
        }
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
    fn auto(&self, series: &[Layer], resampling: Resampling) -> Vec<EstimateRow> {
        let probe = Method::Probe(Probe::default());
        // What the last epoch asks for: at first, layers may be simpler than they become.
        let method = series.last().map_or_else(|| probe.clone(), |last| choice(&last.described, last.shape));
        let rows: Vec<EstimateRow> = series.iter().map(|layer| self.row(layer, &method, resampling)).collect();
        let doubtful = rows.iter().find(|row| row.refused.is_some() || row.is_doubtful);
        let (Some(doubtful), false) = (doubtful, matches!(method, Method::Probe(_))) else { return rows };
        let instead: Vec<EstimateRow> = series.iter().map(|layer| self.row(layer, &probe, resampling)).collect();
        if instead.iter().any(|row| row.refused.is_some() || row.is_doubtful) {
            return rows;
        }
        let why = doubtful.refused.as_deref().unwrap_or(&doubtful.i_ty_standing);
        let note = format!("auto takes a probe: {method} on {}: {why}", doubtful.layer);
        let mut rows = instead;
        rows[0].notes.insert(0, note);
        rows
    }

    fn layer<'a>(&'a self, samples: &'a Samples) -> Layer<'a> {
        let described = Description::of(samples.values.view());
        let shape = self.shape(&described);
        let labels: Vec<usize> = self.labels.class.iter().map(|&class| class as usize).collect();
        let is_continuous = described.values == Values::Continuous;
        let near_copies = if is_continuous { near_copies(samples.values.view(), Some(&labels)) } else { None };
        let (series, epoch) = samples.epoch.clone().unzip();
        Layer { name: &samples.name, series, epoch, t: &samples.values, described, shape, near_copies }
    }

    fn shape(&self, described: &Description) -> Shape {
        let Description { rows, columns, copies, .. } = *described;
        // Copies add nothing to what is known.
        Shape { kind: Kind::of_layer(described), columns, classes: self.joint.n_y(), rows: rows - copies }
    }

    fn sample<'a>(&'a self, t: &'a Array2<f64>) -> Result<Sample<'a>, EstimateError> {
        let sample = Sample::new(t.view(), &self.joint)?;
        match &self.inputs {
            Some((x, same_x)) => sample.with_inputs(x.values.view(), same_x),
            None => Ok(sample),
        }
    }

    fn row(&self, layer: &Layer, method: &Method, resampling: Resampling) -> EstimateRow {
        let row = EstimateRow {
            epoch: layer.epoch,
            classes: Some(self.joint.n_y()),
            h_y_bits: Some(self.joint.h_y()),
            ..EstimateRow::new(layer.name, layer.described.rows, method)
        };
        self.estimated(row.clone(), layer, method, resampling).unwrap_or_else(|error| row.refused(&error))
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
        let judged = judge::of_labels(method, information, &sample, layer.shape);
        let judged = judge::of_near_copies(judged, layer.near_copies);
        let with_inputs = self.inputs.as_ref().map(|(x, _)| shape_of_pair(&x.values, layer.t));
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
    t: &'a Array2<f64>,
    described: Description,
    shape: Shape,
    near_copies: Option<usize>,
}

/// The first row of each group, of as many rows as there should be.
fn first_of_groups(file: &Path, rows: usize) -> Result<Vec<usize>> {
    let groups = read_labels(file, Some(Rows { count: rows, under_numbers: false }))?.class;
    ensure!(groups.len() == rows, "{} names the groups of {} rows, but there are {rows}", file.display(), groups.len());
    let first = Partition::from_labels(&groups.into_iter().map(u64::from).collect::<Vec<_>>()).first_of_each();
    ensure!(first.len() > 2, "{} has {} groups; at least three are needed", file.display(), first.len());
    Ok(first)
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

fn shape_of_pair(a: &Array2<f64>, b: &Array2<f64>) -> Shape {
    let [a, b] = [a, b].map(|side| Description::of(side.view()));
    Shape { kind: Kind::of(&a, &b), columns: a.columns + b.columns, classes: 0, rows: a.rows - a.copies.min(b.copies) }
}

impl Resampling {
    /// Draws what is asked for, each from a stream of its own; a failure of the draws is no failure of the estimate.
    fn judge(
        self,
        null: impl FnOnce(usize, &mut ChaCha8Rng) -> Result<Null, EstimateError>,
        interval: impl FnOnce(usize, &mut ChaCha8Rng) -> Result<Interval, EstimateError>,
    ) -> Judgement {
        let Self { permutations, halves } = self;
        let mut judgement = Judgement::default();
        if permutations > 0 {
            match null(permutations, &mut stream(0, Purpose::MonteCarlo)) {
                Ok(null) => judgement.null = Some(null),
                Err(error) => judgement.failures.push(format!("no p-value: {error}")),
            }
        }
        if halves > 0 {
            match interval(halves, &mut stream(1, Purpose::MonteCarlo)) {
                Ok(spread) => judgement.spread = Some(spread),
                Err(error) => judgement.failures.push(format!("no spread: {error}")),
            }
        }
        judgement
    }
}

/// I(A;B|C) of three files of samples through every estimator, after a line on what each looks like; `auto` is ksg. Nothing was
/// calibrated.
///
/// # Errors
/// If a file cannot be read, or their numbers of rows differ.
pub fn conditional(
    [a, b]: [&PathBuf; 2],
    given: &PathBuf,
    estimators: &[Wanted],
    groups: Option<&Path>,
) -> Result<(Vec<String>, Vec<EstimateRow>)> {
    let sides = samples(&[a, b, given], groups)?;
    let described = sides.iter().map(Samples::described).collect();
    let [a, b, c] = [0, 1, 2].map(|side| sides[side].values.view());
    let layer = format!("{} {} given {}", sides[0].name, sides[1].name, sides[2].name);
    let one = |method: &Method| {
        let row = EstimateRow::new(&layer, a.nrows(), method);
        let estimate = match method.conditional(a, b, c) {
            Ok(estimate) => estimate,
            Err(error) => return row.refused(&error),
        };
        let standing = judge::of_conditional(method, estimate, [a, b, c]);
        row.with_first(estimate).with_standings(Some(&standing), None, ["I(A;B|C)", ""])
    };
    let ksg = Method::Formula(EstimatorKind::Ksg(Ksg::default()));
    Ok((described, each_once(estimators, || ksg.clone()).iter().map(one).collect()))
}

/// The methods asked for, each once.
fn each_once(estimators: &[Wanted], auto: impl Fn() -> Method) -> Vec<Method> {
    let mut methods: Vec<Method> = Vec::new();
    for method in estimators.iter().map(|wanted| wanted.or(&auto)) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

/// Samples that belong together row by row, the first of each group.
fn samples(files: &[&PathBuf], groups: Option<&Path>) -> Result<Vec<Samples>> {
    let mut sides: Vec<Samples> = files.iter().map(|file| arrays::open(file)?.samples()).collect::<Result<_>>()?;
    for side in &sides {
        ensure!(
            side.values.nrows() == sides[0].values.nrows(),
            "{} has {} rows and {} has {}; each row of the one belongs to a row of the other",
            sides[0].name,
            sides[0].values.nrows(),
            side.name,
            side.values.nrows()
        );
    }
    if let Some(groups) = groups {
        let rows = first_of_groups(groups, sides[0].values.nrows())?;
        sides.iter_mut().for_each(|side| side.values = side.values.select(Axis(0), &rows));
    }
    Ok(sides)
}

/// I(A;B) of two files of samples through every estimator, after a line on what each looks like.
///
/// # Errors
/// If a file cannot be read, or their numbers of rows differ.
pub fn pair(
    files: [&PathBuf; 2],
    estimators: &[Wanted],
    resampling: Resampling,
    groups: Option<&Path>,
) -> Result<(Vec<String>, Vec<EstimateRow>)> {
    let sides = samples(&files, groups)?;
    let described = sides.iter().map(Samples::described).collect();
    let (a, b) = (&sides[0].values, &sides[1].values);
    let layer = format!("{} {}", sides[0].name, sides[1].name);
    let shape = shape_of_pair(a, b);
    // What a discrete side can say at most.
    let p = Array1::from_elem(a.nrows(), 1.0 / a.nrows() as f64);
    let entropy = |side: &Array2<f64>| match Description::of(side.view()).values {
        Values::Constant | Values::Discrete => Partition::of_rows(side.view()).entropy(p.view()),
        _ => f64::INFINITY,
    };
    let most = [a, b].into_iter().map(entropy).fold(f64::INFINITY, f64::min);
    let calibration = Calibration::committed();
    let both = concatenate(Axis(1), &[a.view(), b.view()])?;
    let is_continuous = [a, b].iter().all(|side| Description::of(side.view()).values == Values::Continuous);
    let copies = if is_continuous { near_copies(both.view(), None) } else { None };
    let one = |method: &Method| {
        let row = EstimateRow::new(&layer, a.nrows(), method);
        let estimate = match method.pair(a.view(), b.view()) {
            Ok(estimate) => estimate,
            Err(error) => return row.refused(&error),
        };
        let draws = resampling.judge(
            |permutations, rng| permutation_of_pair(method, a.view(), b.view(), permutations, rng),
            |halves, rng| interval_of_pair(method, a.view(), b.view(), halves, rng),
        );
        let judged = judge::of_pair(method, estimate, [a.view(), b.view()], shape, most);
        let judged = judge::of_near_copies(judged, copies);
        let mut row = row.with_first(estimate).with_interval(judged.interval).with_draws(draws);
        if !matches!(judged.standing, Standing::Doubtful(_)) {
            row.notes.extend(calibration.against(method, shape));
        }
        row.with_standings(Some(&judged.standing), None, ["I(A;B)", ""])
    };
    Ok((described, each_once(estimators, || calibration.choice(shape)).iter().map(one).collect()))
}
