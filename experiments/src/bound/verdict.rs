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
//! The gaps of hard labels are shown, but their β* means nothing (Kolchinsky, Tracey & Van Kuyk 2019): the curve is a corner.

use anyhow::{Result, ensure};
use infoplane_info::statistics::{Interval, spearman};
use serde::{Deserialize, Serialize};

use super::criticality::CriticalityRow;
use super::gaps::{groups, key};
use super::layers::{Control, LayerRow};
use crate::claims::{ClaimRow, above_zero, at_least, claim, negative, reversed, within};
use crate::run::Rule;
use crate::trajectories::interval;
use crate::trajectories::verdict::Outcome;

/// Claims in the order of the verdict, and what a reader asks.
pub const CLAIMS: [(&str, &str); 10] = [
    ("on the bound, vertically", "Do converged layers keep as much of Y as their I(X;T) allows?"),
    ("on the bound, sideways", "Do converged layers hold no more of X than their I(T;Y) needs?"),
    ("training brings layers nearer, sideways", "Does training bring layers nearer to the bound, sideways?"),
    ("nearer than random partitions, vertically", "Do layers keep more of Y than random cells of the same sizes?"),
    ("obeys the bound's equations", "Are layers solutions of the bound's equations at some β?"),
    ("each layer has a β*", "Does every layer single out a β?"),
    ("decides as its own decoder would", "Does the network decide as the layer's own p(y|t) would?"),
    ("settles near a transition", "Do layers settle near phase transitions of the curve?"),
    ("deeper layers have a smaller β*", "Does β* fall from layer to layer, as the paper's figure 6 has it?"),
    (
        "nearer than with shuffled labels, sideways",
        "Are layers nearer to the bound than with nothing to learn, sideways?",
    ),
];

/// The thresholds of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundRule {
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

/// Judges every condition through every encoder.
pub fn judge(layers: &[LayerRow], criticality: &[CriticalityRow], rule: &BoundRule) -> Vec<ClaimRow> {
    let Some(output) = layers.iter().map(|row| row.layer).max() else { return Vec::new() };
    let hidden = || layers.iter().filter(move |row| row.layer < output);
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
                        k.6 = true;
                        k
                    }
            })
            .collect();
        let name = format!("{}, {}", first.condition, first.activation);
        let mut add = |number: usize, measured: &str, values: &[f64], rule: &dyn Fn(Interval) -> Outcome| {
            if !values.is_empty() {
                let (value, text) =
                    (interval(values), (CLAIMS[number].0, name.as_str(), first.encoder.as_str(), measured));
                claims.push(claim("rq3", text, (values.len(), value), rule(value)));
            }
        };
        let vertical = |row: &LayerRow| row.vertical_gap_upper_bits;
        let sideways = |row: &LayerRow| row.horizontal_gap_upper_bits;
        let on_bound = |i: Interval| within(i, rule.on_bound_bits);
        add(0, "bits of I(T;Y) short of the bound", &values(&at(end, vertical)), &on_bound);
        add(1, "bits of I(X;T) beyond the bound", &values(&at(end, sideways)), &on_bound);
        if start < end {
            add(2, "bits nearer than before training", &minus(&at(start, sideways), &at(end, sideways)), &above_zero);
        }
        let random = by_network(permuted.into_iter(), end, vertical);
        add(3, "bits nearer than its cells at random", &minus(&random, &at(end, vertical)), &above_zero);
        let residual = at(end, |row| row.residual_bits);
        add(4, "bits of E KL[layer || Gibbs] at β*", &values(&residual), &|i| within(i, rule.residual_bits));
        let identified = at(end, |row| f64::from(u8::from(row.beta.is_some())));
        add(5, "share of layers with a bounded interval", &values(&identified), &|i| {
            at_least(i, rule.identified_share)
        });
        let agreement = at(end, |row| row.decision_agreement);
        add(6, "probability of the same decision", &values(&agreement), &|i| at_least(i, rule.agreement));
        let of_group = layers.iter().filter(|row| key(row) == key(first) && row.epoch == end);
        let falls: Vec<f64> = groups(of_group, |row| row.replica)
            .iter()
            .filter_map(|rows| {
                spearman(&rows.iter().map(|row| (row.layer as f64, row.beta_lower)).collect::<Vec<(f64, f64)>>())
            })
            .collect();
        add(8, "rank correlation of layer and β*", &falls, &|i| above_zero(negative(i)));
        let near = criticality.iter().find(|c| {
            (&c.condition, &c.activation, &c.encoder, c.epoch)
                == (&first.condition, &first.activation, &first.encoder, end)
                && c.train_fraction == first.train_fraction
        });
        if let Some((c, mean)) = near.and_then(|c| Some((c, c.place?))) {
            let place = Interval { mean, lower: c.place_lower, upper: c.place_upper };
            let text = (CLAIMS[7].0, name.as_str(), first.encoder.as_str(), "relative place: 0 at one, 0.5 by chance");
            claims.push(claim("rq3", text, (c.replicas, place), reversed(at_least(place, rule.critical_place))));
        }
    }
    claims.extend(beside_shuffled(layers, output, rule));
    claims
}

/// How much farther layers are with shuffled labels, in every other condition of the same task.
fn beside_shuffled(layers: &[LayerRow], output: usize, rule: &BoundRule) -> Vec<ClaimRow> {
    let hidden = layers.iter().filter(|row| row.layer < output && row.control == Control::Layer);
    let conditions = groups(hidden, key);
    let sideways = |group: &[&LayerRow]| {
        let end = group.iter().map(|row| row.epoch).max().unwrap_or(0);
        by_network(group.iter().copied(), end, |row| row.horizontal_gap_upper_bits)
    };
    let same = |a: &LayerRow, b: &LayerRow| {
        (&a.dataset, &a.activation, &a.encoder) == (&b.dataset, &b.activation, &b.encoder)
            && a.train_fraction == b.train_fraction
    };
    let mut claims = Vec::new();
    for group in conditions.iter().filter(|group| group[0].condition != rule.shuffled) {
        let first = group[0];
        let control = conditions.iter().find(|c| c[0].condition == rule.shuffled && same(c[0], first));
        let Some(control) = control else { continue };
        let nearer = minus(&sideways(control), &sideways(group));
        if !nearer.is_empty() {
            let (name, value) = (format!("{}, {}", first.condition, first.activation), interval(&nearer));
            let text = (CLAIMS[9].0, name.as_str(), first.encoder.as_str(), "bits nearer than with shuffled labels");
            claims.push(claim("rq3", text, (nearer.len(), value), above_zero(value)));
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
pub fn moral(claims: &[ClaimRow], asked: impl Fn(&ClaimRow) -> bool) -> Option<String> {
    let of = |claim: usize, outcome| {
        claims.iter().filter(|c| c.claim == CLAIMS[claim].0 && c.outcome == outcome && asked(c)).collect::<Vec<_>>()
    };
    let (on, off) = (of(0, Outcome::Supported), of(1, Outcome::Refuted));
    let both = on.iter().filter(|a| off.iter().any(|b| (&a.condition, &a.estimator) == (&b.condition, &b.estimator)));
    let (count, all) = (both.count(), of(0, Outcome::Supported).len() + of(0, Outcome::Refuted).len());
    (count > 0).then(|| {
        format!(
            "In {count} of {all} decided cases hidden layers are on the bound vertically and off it sideways: near the end of the \
             curve I(T;Y) is full, any injective layer is \"on\" it, and only the sideways gap says what a layer still holds of X"
        )
    })
}
