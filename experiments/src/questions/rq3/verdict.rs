//! RQ3's verdict, claim by claim. The rules are fixed before the run; everything is a mean over the hidden layers of a network,
//! with a 95 % interval over networks, for each condition, activation and encoder, at the last epoch.
//!
//! - *Layers lie on the bound, vertically* (in I(T;Y)) and *sideways* (in I(X;T)): the gap is within `on_bound_bits` of 0.
//! - *Training brings layers nearer, sideways*: the gap before training minus the gap after it, network by network, is above 0.
//! - *Layers are nearer than with shuffled labels, sideways*: the gap of the condition `shuffled` minus that of the others on the
//!   same task, seed by seed, is above 0.
//! - *Layers are nearer than random partitions of the same cell sizes, vertically*: the gap of the permuted layer minus the
//!   layer's is above 0. (Sideways it could be nearer by saying less.)
//! - *Layers obey the bound's equations*: the residual at β* is within `residual_bits`.
//! - *Each layer has a β\**: the share of layers with a bounded interval is at least `identified_share`.
//! - *The network decides as its layer's own decoder would*: the probability of the same decision is at least `agreement`.
//! - *Deeper layers have a smaller β\**: the rank correlation of a network's layers, the output included, with the lower end of
//!   β*'s interval (which every layer has) is below 0.
//! - *Layers settle near transitions*: their relative place (see [`super::criticality`]; ½ by chance) is not at least
//!   `critical_place`.
//!
//! - Nothing vertical is decided by layers at the ceiling of their encoder ([`crate::bound::ceiling`]): their end of the curve is one point.
//! - Where labels are certain given X the curve is a corner and β* means nothing (Kolchinsky, Tracey & Van Kuyk 2019): what rests on it is
//!   undecided.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, ensure};
use infoplane_info::statistics::{Interval, spearman};
use serde::{Deserialize, Serialize};

use super::criticality::CriticalityRow;
use crate::bound::ceiling::is_saturated;
use crate::bound::gaps::{groups, key};
use crate::bound::layers::{Control, LayerRow};
use crate::rows::OfCondition;
use crate::tasks::Task;
use crate::verdict::{
    Claim, ClaimRow, Decision, Outcome, Place, Quantity, Rule, Why, above_zero, at_least, interval, negative, reversed,
    within,
};

/// Layers lie on the bound in I(T;Y).
pub const ON_VERTICALLY: Claim = Claim {
    question: "rq3",
    id: "on_bound_vertically",
    asks: "Do converged layers keep as much of Y as their I(X;T) allows?",
    paper: "yes",
};
/// Layers lie on the bound in I(X;T).
pub const ON_SIDEWAYS: Claim = Claim {
    question: "rq3",
    id: "on_bound_sideways",
    asks: "Do converged layers hold no more of X than their I(T;Y) needs?",
    paper: "not looked at",
};
/// Training brings layers nearer.
pub const TRAINING_NEARS: Claim = Claim {
    question: "rq3",
    id: "training_brings_nearer",
    asks: "Does training bring layers nearer to the bound, sideways?",
    paper: "implied",
};
/// Layers are nearer than random partitions.
pub const BEATS_RANDOM: Claim = Claim {
    question: "rq3",
    id: "nearer_than_random_cells",
    asks: "Do layers keep more of Y than random cells of the same sizes?",
    paper: "implied",
};
/// Layers are Gibbs encoders.
pub const OBEYS: Claim = Claim {
    question: "rq3",
    id: "obeys_bound_equations",
    asks: "Are layers solutions of the bound's equations at some β?",
    paper: "yes",
};
/// Layers identify their β.
pub const HAS_BETA: Claim =
    Claim { question: "rq3", id: "singles_out_beta", asks: "Does every layer single out a β?", paper: "yes" };
/// The network decodes as the layer would.
pub const DECIDES_ALIKE: Claim = Claim {
    question: "rq3",
    id: "decides_as_own_decoder",
    asks: "Does the network decide as the layer's own p(y|t) would?",
    paper: "yes",
};
/// Layers are near critical points.
pub const NEAR_TRANSITION: Claim = Claim {
    question: "rq3",
    id: "settles_near_transition",
    asks: "Do layers settle near phase transitions of the curve?",
    paper: "suggested",
};
/// Deeper layers have a smaller β.
pub const BETA_FALLS: Claim = Claim {
    question: "rq3",
    id: "beta_falls_with_depth",
    asks: "Does β* fall from layer to layer, as the paper's figure 6 has it?",
    paper: "yes",
};
/// Layers are nearer than with shuffled labels.
pub const BEATS_SHUFFLED: Claim = Claim {
    question: "rq3",
    id: "nearer_than_shuffled_labels",
    asks: "Are layers nearer to the bound than with nothing to learn, sideways?",
    paper: "implied",
};
/// What RQ3 claims.
pub const CLAIMS: [Claim; 10] = [
    ON_VERTICALLY,
    ON_SIDEWAYS,
    OBEYS,
    TRAINING_NEARS,
    BEATS_RANDOM,
    HAS_BETA,
    DECIDES_ALIKE,
    NEAR_TRANSITION,
    BETA_FALLS,
    BEATS_SHUFFLED,
];

const SHORT: Quantity = Quantity { what: "I(T;Y) short of the bound", unit: "bits" };
const BEYOND: Quantity = Quantity { what: "I(X;T) beyond the bound", unit: "bits" };
const NEARER: Quantity = Quantity { what: "I(X;T) nearer than before training", unit: "bits" };
const LESS_SHORT: Quantity = Quantity { what: "I(T;Y) nearer than its cells at random", unit: "bits" };
const RESIDUAL: Quantity = Quantity { what: "E KL of layer and Gibbs encoder at β*", unit: "bits" };
const BOUNDED: Quantity = Quantity { what: "layers with a bounded interval of β", unit: "share" };
const SAME_DECISION: Quantity = Quantity { what: "probability of the same decision", unit: "share" };
const RANKS: Quantity = Quantity { what: "rank correlation of layer and β*", unit: "correlation" };
const PLACE: Quantity = Quantity { what: "place between transitions: 0 at one, 0.5 by chance", unit: "share" };
const LESS_BEYOND: Quantity = Quantity { what: "I(X;T) nearer than with shuffled labels", unit: "bits" };

/// The thresholds of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundRule {
    /// Share of the way from guessing to the best classifier at which networks have learned; see [`crate::learning`].
    #[serde(default = "crate::learning::learned_share")]
    pub learned_share: f64,
    /// Bits within which a layer is on the bound.
    pub on_bound_bits: f64,
    /// Bits within which a layer obeys the equations.
    pub residual_bits: f64,
    /// Share of layers that must identify their β.
    pub identified_share: f64,
    /// Probability with which network and layer decide alike.
    pub agreement: f64,
    /// Mean relative place below which layers are near transitions; ½ is chance.
    pub critical_place: f64,
    /// The condition with shuffled labels; empty for none.
    pub shuffled: String,
}

/// Claims that rest on β*.
const OF_BETA: [Claim; 4] = [OBEYS, HAS_BETA, NEAR_TRANSITION, BETA_FALLS];

/// Leaves undecided what rests on β* where labels are certain given X.
pub fn guard_hard_labels(claims: &mut [ClaimRow], tasks: &[Arc<Task>]) {
    let is_hard = |name: &str| tasks.iter().any(|task| task.name == name && task.has_hard_labels());
    for row in claims.iter_mut().filter(|row| OF_BETA.iter().any(|claim| claim.is_of(row))) {
        if row.why != Some(Why::FewNetworks) && is_hard(&row.dataset) {
            row.leave_open(Why::HardLabels);
        }
    }
}

impl Rule for BoundRule {
    fn check(&self, conditions: &[String]) -> Result<()> {
        ensure!(
            self.shuffled.is_empty() || conditions.contains(&self.shuffled),
            "verdict.shuffled = \"{}\" is none of the conditions: {}",
            self.shuffled,
            conditions.join(", ")
        );
        for (name, bits) in [("on_bound_bits", self.on_bound_bits), ("residual_bits", self.residual_bits)] {
            ensure!(bits >= 0.0 && bits.is_finite(), "verdict.{name} = {bits}: must be a finite number of at least 0");
        }
        let shares = [
            ("learned_share", self.learned_share),
            ("identified_share", self.identified_share),
            ("agreement", self.agreement),
            ("critical_place", self.critical_place),
        ];
        for (name, share) in shares {
            ensure!((0.0..=1.0).contains(&share), "verdict.{name} = {share}: must lie between 0 and 1");
        }
        Ok(())
    }
}

/// Judges every condition through every encoder. Rows of `controls`, conditions that are there to be compared with, are marked.
pub fn judge(
    layers: &[LayerRow],
    criticality: &[CriticalityRow],
    controls: &[&str],
    h_x: &BTreeMap<String, f64>,
    rule: &BoundRule,
) -> Vec<ClaimRow> {
    let hidden = || layers.iter().filter(|row| !is_output(row));
    let mut claims = Vec::new();
    for group in groups(hidden().filter(|row| row.control == Control::Layer), key) {
        let (Some(start), Some(end)) =
            (group.iter().map(|row| row.epoch).min(), group.iter().map(|row| row.epoch).max())
        else {
            continue;
        };
        let first = group[0];
        let at = |epoch: usize, value: fn(&LayerRow) -> f64| by_network(group.iter().copied(), epoch, value);
        let permuted: Vec<&LayerRow> = hidden()
            .filter(|row| {
                row.control == Control::Permuted
                    && key(row) == {
                        let mut k = key(first);
                        k.2 = true;
                        k
                    }
            })
            .collect();
        let place = place(first, controls);
        let mut add = |claim: Claim, measured: Quantity, values: &[f64], rule: &dyn Fn(Interval) -> Decision| {
            claims.extend(claim.tested(&place, measured, values, rule));
        };
        let vertical = |row: &LayerRow| row.vertical_gap_upper_bits;
        let sideways = |row: &LayerRow| row.horizontal_gap_upper_bits;
        let on_bound = |i: Interval| within(i, rule.on_bound_bits);
        let ends = group.iter().copied().filter(|row| row.epoch == end);
        let is_saturated = is_saturated(ends, h_x);
        let on_curve = |i: Interval| if is_saturated { Decision::undecided(Why::Saturated) } else { on_bound(i) };
        add(ON_VERTICALLY, SHORT, &values(&at(end, vertical)), &on_curve);
        add(ON_SIDEWAYS, BEYOND, &values(&at(end, sideways)), &on_bound);
        if start < end {
            add(TRAINING_NEARS, NEARER, &minus(&at(start, sideways), &at(end, sideways)), &above_zero);
        }
        let random = by_network(permuted.into_iter(), end, vertical);
        add(BEATS_RANDOM, LESS_SHORT, &minus(&random, &at(end, vertical)), &above_zero);
        let residual = at(end, |row| row.residual_bits);
        add(OBEYS, RESIDUAL, &values(&residual), &|i| within(i, rule.residual_bits));
        let identified = at(end, |row| f64::from(u8::from(row.beta.is_some())));
        add(HAS_BETA, BOUNDED, &values(&identified), &|i| at_least(i, rule.identified_share));
        let agreement = at(end, |row| row.decision_agreement);
        add(DECIDES_ALIKE, SAME_DECISION, &values(&agreement), &|i| at_least(i, rule.agreement));
        let of_group = layers.iter().filter(|row| key(row) == key(first) && row.epoch == end);
        let falls: Vec<f64> = groups(of_group, |row| row.replica)
            .iter()
            .filter_map(|rows| {
                spearman(&rows.iter().map(|row| (row.layer as f64, row.beta_lower)).collect::<Vec<(f64, f64)>>())
            })
            .collect();
        add(BETA_FALLS, RANKS, &falls, &|i| above_zero(negative(i)));
        let near = criticality.iter().find(|c| {
            (&c.condition, &c.activation, &c.encoder, c.epoch)
                == (&first.condition, &first.activation, &first.encoder, end)
                && c.train_fraction == first.train_fraction
        });
        if let Some((c, mean)) = near.and_then(|c| Some((c, c.place?))) {
            let between = Interval { mean, lower: c.place_lower, upper: c.place_upper };
            let decision = reversed(at_least(between, rule.critical_place));
            claims.push(NEAR_TRANSITION.row(&place, PLACE, (c.replicas, between), decision));
        }
    }
    claims.extend(beside_shuffled(layers, controls, rule));
    claims
}

/// Whether a row is of the last of the layers whose widths its architecture names.
fn is_output(row: &LayerRow) -> bool {
    row.layer == row.architecture.split('-').count()
}

fn place(row: &LayerRow, controls: &[&str]) -> Place {
    Place {
        layers: "hidden layers".to_owned(),
        estimator: row.encoder.clone(),
        is_control: controls.contains(&row.condition.as_str()),
        ..row.place()
    }
}

/// How much farther layers are with shuffled labels, in every other condition of the same task.
fn beside_shuffled(layers: &[LayerRow], controls: &[&str], rule: &BoundRule) -> Vec<ClaimRow> {
    let hidden = layers.iter().filter(|row| !is_output(row) && row.control == Control::Layer);
    let conditions = groups(hidden, key);
    let sideways = |group: &[&LayerRow]| {
        let end = group.iter().map(|row| row.epoch).max().unwrap_or(0);
        by_network(group.iter().copied(), end, |row| row.horizontal_gap_upper_bits)
    };
    let same = |a: &LayerRow, b: &LayerRow| {
        (&a.dataset, &a.architecture, &a.activation, &a.encoder)
            == (&b.dataset, &b.architecture, &b.activation, &b.encoder)
            && a.train_fraction == b.train_fraction
    };
    let mut claims = Vec::new();
    for group in conditions.iter().filter(|group| group[0].condition != rule.shuffled) {
        let first = group[0];
        let control = conditions.iter().find(|c| c[0].condition == rule.shuffled && same(c[0], first));
        let Some(control) = control else { continue };
        let nearer = minus(&sideways(control), &sideways(group));
        if !nearer.is_empty() {
            let place = Place { compared_with: rule.shuffled.clone(), ..place(first, controls) };
            let value = interval(&nearer);
            claims.push(BEATS_SHUFFLED.row(&place, LESS_BEYOND, (nearer.len(), value), above_zero(value)));
        }
    }
    claims
}

/// Mean over a network's layers at one epoch, networks ascending.
fn by_network<'a>(
    rows: impl Iterator<Item = &'a LayerRow>,
    epoch: usize,
    value: fn(&LayerRow) -> f64,
) -> Vec<(usize, f64)> {
    let networks = groups(rows.filter(|row| row.epoch == epoch), |row| row.replica);
    let mut means: Vec<(usize, f64)> = networks
        .iter()
        .map(|rows| (rows[0].replica, rows.iter().map(|row| value(row)).sum::<f64>() / rows.len() as f64))
        .collect();
    means.sort_by_key(|mean| mean.0);
    means
}

fn values(means: &[(usize, f64)]) -> Vec<f64> {
    means.iter().map(|mean| mean.1).collect()
}

/// Differences network by network, of those that both have.
fn minus(a: &[(usize, f64)], b: &[(usize, f64)]) -> Vec<f64> {
    let of = |replica: usize| b.iter().find(|mean| mean.0 == replica).map(|mean| mean.1);
    a.iter().filter_map(|&(replica, value)| Some(value - of(replica)?)).collect()
}

/// What a reader of the paper should take away, if the two directions disagree.
pub fn moral(claims: &[ClaimRow]) -> Option<String> {
    let of = |claim: Claim, outcome| {
        let is_it = move |row: &&ClaimRow| claim.is_of(row) && row.outcome == outcome && !row.is_control;
        claims.iter().filter(is_it).collect::<Vec<_>>()
    };
    let (on, off) = (of(ON_VERTICALLY, Outcome::Supported), of(ON_SIDEWAYS, Outcome::Refuted));
    let is_same = |a: &ClaimRow, b: &ClaimRow| {
        (&a.condition, &a.activation, &a.estimator) == (&b.condition, &b.activation, &b.estimator)
            && a.train_fraction == b.train_fraction
    };
    let count = on.iter().filter(|a| off.iter().any(|b| is_same(a, b))).count();
    let all = on.len() + of(ON_VERTICALLY, Outcome::Refuted).len();
    (count > 0).then(|| {
        format!(
            "In {count} of {all} decided cases hidden layers are on the bound vertically and off it sideways: near the end of the \
             curve I(T;Y) is full, any injective layer is \"on\" it, and only the sideways gap says what a layer still holds of X"
        )
    })
}
