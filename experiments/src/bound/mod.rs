//! RQ3 and RQ5: how far trained layers are from the Information Bottleneck bound.
//!
//! | file | what |
//! |---|---|
//! | this one | the certified curve of a task and its transitions, found once and shared by every job: `curve.csv`, `transitions.csv` |
//! | [`layers`] | a layer as a binned, quantised or noisy encoder, tested against the curve: `layers.csv` |
//! | [`ceiling`] | whether layers are at the ceiling of their encoder |
//! | [`gaps`] | means of those tests over networks: `gaps.csv` |

pub mod ceiling;
pub mod gaps;
pub mod layers;

use std::sync::OnceLock;

use anyhow::{Result, anyhow, bail, ensure};
use infoplane_info::bottleneck::{Curve, Problem, Proof, Solution, Transition};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, JointDistribution, Sample};
use serde::{Deserialize, Serialize};

use crate::results::Results;
use crate::rows::Table as _;
use crate::rows::table;
use crate::tasks::{SplitRule, Task, TaskSettings};
use crate::terminal::say;

/// More knots than any curve here needs.
const MOST_KNOTS: usize = 50_000;
/// Bits of I(T;Y) that are rounding.
const ROUNDING: f64 = 1e-14;
/// A curve that is only drawn is certified to this width.
const DRAWN_WIDTH_BITS: f64 = 1e-4;
/// A curve over more distinct p(y|x) is not found just to be drawn.
const DRAWN_CLASSES: usize = 128;
/// β's at which the atoms are counted before the transitions between them are closed in on.
const TRANSITION_STEPS: usize = 400;
/// Relative width to which a transition is closed in on: for two values of Y, and for more, which take a thousand times as long.
const TRANSITION_WIDTH: (f64, f64) = (1e-4, 1e-3);

/// Transitions are told apart up to this β: beyond, atoms are worth less than rounding.
pub const STEEPEST: f64 = 1e6;

/// How layers are tested against the bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundSettings {
    /// How layers become encoders p(t|x), as `estimate` names them, at every recorded epoch.
    pub encoders: Vec<EstimatorKind>,
    /// The same, at the first and the last recorded epoch only.
    pub end_encoders: Vec<EstimatorKind>,
    /// Whether each encoder is tested at those two epochs with its x's permuted too: a random partition of the same cell sizes.
    pub permuted: bool,
    /// β's whose residual is within so many bits of the least belong to β*'s interval.
    pub tolerance_bits: f64,
    /// The curve is certified to this width in both directions, for two values of Y.
    pub width_bits: f64,
    /// The same for more values of Y, whose optima take a thousand times as long.
    #[serde(default = "many_values_width")]
    pub many_values_width_bits: f64,
    /// Transitions of the curve are looked for up to this β.
    pub transitions_up_to: f64,
}

/// Layers are bits from the bound, or tenths of a bit.
fn many_values_width() -> f64 {
    1e-4
}

impl BoundSettings {
    /// The width asked for, and its name.
    fn width(&self, problem: &Problem) -> (f64, &'static str) {
        if problem.is_binary() {
            (self.width_bits, "width_bits")
        } else {
            (self.many_values_width_bits, "many_values_width_bits")
        }
    }

    /// # Errors
    /// If a number cannot be, there is no encoder, or an estimator leaves T continuous.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.encoders.is_empty(), "bound.encoders is empty: name at least one, like \"binning:width=0.07\"");
        let widths = [("width_bits", self.width_bits), ("many_values_width_bits", self.many_values_width_bits)];
        for (name, value) in [("tolerance_bits", self.tolerance_bits)].into_iter().chain(widths) {
            ensure!(value > 0.0 && value.is_finite(), "bound.{name} = {value}: must be a finite number above 0");
        }
        for (name, value) in widths {
            ensure!(
                value >= 1e-8,
                "bound.{name} = {value}: below 1e-8 the curve would need more than {MOST_KNOTS} knots"
            );
        }
        ensure!(
            self.transitions_up_to > 1.0 && self.transitions_up_to <= STEEPEST,
            "bound.transitions_up_to = {}: a β between 1 and {STEEPEST:e}, beyond which atoms are worth less than rounding",
            self.transitions_up_to
        );
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0])?;
        let t = ndarray::array![[0.0], [1.0]];
        for estimator in self.encoders.iter().chain(&self.end_encoders) {
            ensure!(
                Estimator::encoder(estimator, &Sample::new(t.view(), &joint)?.with_net_input(t.view())?)?.is_some(),
                "bound.encoders has {estimator}, which leaves T continuous: an encoder needs discrete T, as binning, idnns, \
                 quantised, plugin and dithered make it"
            );
        }
        Ok(())
    }
}

/// The bound of one task: found when first asked for, then kept.
#[derive(Debug)]
pub struct Bound {
    dataset: String,
    settings: BoundSettings,
    joint: JointDistribution,
    found: OnceLock<Result<Found, String>>,
}

/// What is known about the bound of one task.
#[derive(Debug)]
pub struct Found {
    /// The reduced problem.
    pub problem: Problem,
    /// The certified curve.
    pub curve: Curve,
    /// Its transitions, ascending.
    pub transitions: Vec<Transition>,
}

/// An optimum of the curve, or (without β) its end at (H(S), I(X;Y)): a row of `curve.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct CurveRow {
    pub dataset: String,
    pub beta: Option<f64>,
    pub i_xt_bits: f64,
    pub i_ty_bits: f64,
    pub atoms: usize,
    pub gap_bits: f64,
    /// Empty at the end, and in files written before gaps said what they rest on.
    #[serde(default)]
    pub proof: Option<String>,
    pub width_bits: f64,
}

table!(CurveRow = "curve.csv");

/// A transition of the curve: a row of `transitions.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct TransitionRow {
    pub dataset: String,
    pub beta_lower: f64,
    pub beta_upper: f64,
    pub atoms_before: usize,
    pub atoms_after: usize,
}

table!(TransitionRow = "transitions.csv");

impl Bound {
    /// The bound of a task, not yet looked for.
    pub fn new(task: &Task, settings: &BoundSettings) -> Self {
        Self {
            dataset: task.name.clone(),
            settings: settings.clone(),
            joint: task.joint.clone(),
            found: OnceLock::new(),
        }
    }

    /// Whether this is the bound of that task, with these settings.
    pub fn is_of(&self, task: &Task, settings: &BoundSettings) -> bool {
        self.joint == task.joint && self.settings == *settings
    }

    /// How layers are tested.
    pub fn settings(&self) -> &BoundSettings {
        &self.settings
    }

    /// The bound itself.
    ///
    /// # Errors
    /// If it cannot be certified to the width asked for.
    pub fn get(&self) -> Result<&Found> {
        let found = self.found.get_or_init(|| self.find().map_err(|error| format!("{error:#}")));
        found.as_ref().map_err(|error| anyhow!("the bound of {}: {error}", self.dataset))
    }

    fn find(&self) -> Result<Found> {
        let problem = Problem::new(&self.joint);
        let (width_bits, name) = self.settings.width(&problem);
        let transition_width = if problem.is_binary() { TRANSITION_WIDTH.0 } else { TRANSITION_WIDTH.1 };
        let (curve, transitions) = rayon::join(
            || Curve::refined_both_ways(&problem, width_bits, MOST_KNOTS),
            || problem.transitions(self.settings.transitions_up_to, TRANSITION_STEPS, transition_width),
        );
        let (curve, found) = (curve?, transitions?);
        // Where the curve is steepest, gaps are rounding of β I(T;Y): a part of I(T;Y) itself that is nothing.
        let is_more_than_rounding = |knot: &&Solution| knot.is_open() && knot.gap_bits > ROUNDING * knot.beta;
        if let Some(open) = curve.knots().iter().find(is_more_than_rounding) {
            bail!(
                "at β = {} the gap stayed open at {:.1e} bits: the bound there is not known",
                open.beta,
                open.gap_bits
            );
        }
        if curve.knots().iter().any(|knot| knot.proof != Proof::Rigorous) {
            say!(
                "note: the bound of {} rests on many starts of the search for better encoders, not on a proof: Y has {} values",
                self.dataset,
                self.joint.n_y()
            );
        }
        ensure!(
            curve.width_both_ways_bits() <= width_bits,
            "the curve is certified to {:.1e} bits only, not to bound.{name} = {width_bits:.1e}",
            curve.width_both_ways_bits(),
        );
        // A change that undoes itself is the solver's hesitation: a transition is a number of atoms not needed before.
        let mut most = 1;
        let transitions = found
            .into_iter()
            .filter(|t| {
                let is_new = t.atoms.after > most;
                most = most.max(t.atoms.after);
                is_new
            })
            .collect();
        Ok(Found { problem, curve, transitions })
    }

    fn curve_rows(&self) -> Result<Vec<CurveRow>> {
        let Found { problem, curve, .. } = self.get()?;
        Ok(curve_rows(&self.dataset, problem, curve))
    }

    fn transition_rows(&self) -> Result<Vec<TransitionRow>> {
        let row = |t: &Transition| TransitionRow {
            dataset: self.dataset.clone(),
            beta_lower: t.beta_lower,
            beta_upper: t.beta_upper,
            atoms_before: t.atoms.before,
            atoms_after: t.atoms.after,
        };
        Ok(self.get()?.transitions.iter().map(row).collect())
    }
}

/// Every knot of a curve, and its end.
fn curve_rows(dataset: &str, problem: &Problem, curve: &Curve) -> Vec<CurveRow> {
    let row = |knot: Option<&Solution>, (i_xt, i_ty): (f64, f64), atoms: usize| CurveRow {
        dataset: dataset.to_owned(),
        beta: knot.map(|knot| knot.beta),
        i_xt_bits: i_xt,
        i_ty_bits: i_ty,
        atoms,
        gap_bits: knot.map_or(0.0, |knot| knot.gap_bits),
        proof: knot.map(|knot| knot.proof.to_string()),
        width_bits: curve.width_both_ways_bits(),
    };
    let end = row(None, curve.end(), problem.classes());
    let knots = curve.knots().iter();
    knots.map(|knot| row(Some(knot), (knot.i_xt, knot.i_ty), knot.atoms())).chain([end]).collect()
}

/// A curve to draw beside layers that are not tested against it, as rows of `curve.csv`; none of p(y|x) with more than `DRAWN_CLASSES`
/// distinct values, which takes too long. A curve that cannot be certified is said, and left out.
pub fn drawn_curve(dataset: &str, joint: &JointDistribution) -> Vec<CurveRow> {
    let problem = Problem::new(joint);
    if problem.classes() > DRAWN_CLASSES {
        return Vec::new();
    }
    match Curve::refined_both_ways(&problem, DRAWN_WIDTH_BITS, MOST_KNOTS) {
        Ok(curve) if curve.width_both_ways_bits() > DRAWN_WIDTH_BITS => {
            say!("no bound is drawn for {dataset}: it is certified to {:.1e} bits only", curve.width_both_ways_bits());
        }
        Ok(curve) => return curve_rows(dataset, &problem, &curve),
        Err(error) => say!("no bound is drawn for {dataset}: {error}"),
    }
    Vec::new()
}

/// Writes `curve.csv` of tasks whose layers are not tested against the bound, to draw it beside them; once. Tasks with more than
/// `DRAWN_CLASSES` distinct p(y|x) take too long for that, and have none.
///
/// # Errors
/// If a task cannot be had, or the file not be written.
pub fn write_curves(tasks: impl Iterator<Item = TaskSettings>, results: &Results) -> Result<()> {
    let file = results.file(CurveRow::FILE);
    if file.exists() {
        return Ok(());
    }
    let mut curves: Vec<CurveRow> = Vec::new();
    let mut made: Vec<TaskSettings> = Vec::new();
    for settings in tasks {
        // How a sample is drawn and labelled does not change the task.
        let settings = TaskSettings { label_noise: 0.0, split: SplitRule::Random, ..settings };
        if !made.contains(&settings) {
            let task = settings.load()?;
            made.push(settings);
            curves.extend(drawn_curve(&task.name, &task.joint));
        }
    }
    if curves.is_empty() { Ok(()) } else { results.write(&curves) }
}

/// Writes `curve.csv` and `transitions.csv` of every task.
///
/// # Errors
/// If a bound cannot be found, or a file not written.
pub fn write<'a>(bounds: impl Iterator<Item = &'a Bound>, results: &Results) -> Result<()> {
    let (mut curves, mut transitions) = (Vec::new(), Vec::new());
    for bound in bounds {
        curves.extend(bound.curve_rows()?);
        transitions.extend(bound.transition_rows()?);
    }
    results.write(&curves)?;
    results.write(&transitions)
}
