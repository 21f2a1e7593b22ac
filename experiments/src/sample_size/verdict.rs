//! RQ5's verdict, claim by claim. The rules are fixed before the run; the small sample is the least training fraction, the
//! large one the greatest. Means over the hidden layers of a network, 95 % intervals over networks, at the last epoch, for
//! each activation and encoder; what compares fractions does so seed by seed.
//!
//! - *I(T;Y) peaks and then falls*, of the last hidden layer, for each fraction: the fallen bits are at least `fallen_bits`.
//! - *Small samples over-compress*: the last hidden layer of the large sample keeps more I(T;Y), and more I(X;T), by at least
//!   `compression_bits` of the latter.
//! - *More data moves layers up*: I(T;Y) of the large sample minus that of the small one is above 0.
//! - *More data brings layers nearer to the bound*, sideways: the gap of the small sample minus that of the large one is above 0.
//! - *The generalisation bound holds*: test minus training error is below it in at least 1 − δ of networks × hidden layers; and it
//!   *says something*: it is below `vacuous_error` in at least half of them.
//! - *The sample's own I(T;Y) is right*, to within `fallen_bits`, at the large sample.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::LayerPaths;
use crate::bound::layers::LayerRow;
use crate::claims::{ClaimRow, above_zero, at_least, claim, within};
use crate::run::Rule;
use crate::trajectories::interval;
use crate::trajectories::verdict::Outcome;

/// Claims in the order of the verdict, and what a reader asks.
pub const CLAIMS: [(&str, &str); 8] = [
    (
        "I(T;Y) peaks and then falls",
        "Does the last hidden layer lose I(T;Y) again, so that stopping early would have kept it?",
    ),
    ("small samples end with less I(T;Y)", "Do small samples end with less I(T;Y) than large ones?"),
    ("small samples compress more", "Do small samples end with less I(X;T) than large ones?"),
    ("more data moves layers up", "Does more data move hidden layers up?"),
    ("more data brings layers to the bound", "Does more data bring hidden layers nearer to the bound, sideways?"),
    ("the generalisation bound holds", "Does the paper's bound on the generalisation error hold?"),
    ("the generalisation bound says something", "Does it say more than that guesses are right half of the time?"),
    ("the sample's own I(T;Y) is right", "Is I(T;Y) measured on the training sample itself right?"),
];

/// The thresholds of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleRule {
    /// Bits of I(T;Y) that count as fallen.
    pub fallen_bits: f64,
    /// Bits of I(X;T) by which a small sample must compress more.
    pub compression_bits: f64,
    /// Finite-sample bounds hold with probability 1 − δ.
    pub delta: f64,
    /// A bound on the error that is not below this says nothing: half of guesses are wrong.
    pub vacuous_error: f64,
}

impl Rule for SampleRule {
    fn check(&self, _conditions: &[String]) -> Result<()> {
        for (name, bits) in [("fallen_bits", self.fallen_bits), ("compression_bits", self.compression_bits)] {
            ensure!(bits >= 0.0 && bits.is_finite(), "verdict.{name} = {bits}: must be a finite number of at least 0");
        }
        for (name, share) in [("delta", self.delta), ("vacuous_error", self.vacuous_error)] {
            ensure!(share > 0.0 && share <= 1.0, "verdict.{name} = {share}: must lie above 0 and at most at 1");
        }
        Ok(())
    }
}

/// Judges every activation through every encoder.
pub fn judge(layers: &[LayerPaths], rule: SampleRule) -> Vec<ClaimRow> {
    let mut seen: Vec<(&str, &str, &str)> = Vec::new();
    let mut claims = Vec::new();
    for paths in layers {
        let row = paths.first;
        let name = (row.condition.as_str(), row.activation.as_str(), row.encoder.as_str());
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let of: Vec<&LayerPaths> = layers
            .iter()
            .filter(|p| (p.first.condition.as_str(), p.first.activation.as_str(), p.first.encoder.as_str()) == name)
            .collect();
        judge_encoder(&of, rule, &mut claims);
    }
    claims
}

fn judge_encoder(layers: &[&LayerPaths], rule: SampleRule, claims: &mut Vec<ClaimRow>) {
    let row = layers[0].first;
    let Some(output) = layers.iter().map(|paths| paths.first.layer).max() else { return };
    let hidden: Vec<&&LayerPaths> = layers.iter().filter(|paths| paths.first.layer < output).collect();
    let mut fractions: Vec<f64> = hidden.iter().map(|paths| paths.first.train_fraction).collect();
    fractions.sort_by(f64::total_cmp);
    fractions.dedup();
    let (Some(&small), Some(&large)) = (fractions.first(), fractions.last()) else { return };
    let at = |fraction: f64| hidden.iter().copied().filter(move |paths| paths.first.train_fraction == fraction);
    let last = |fraction: f64| at(fraction).find(|paths| paths.first.layer + 1 == output);
    let percent = |fraction: f64| format!("{}, {} % train", row.activation, fraction * 100.0);
    let between = format!("{}, {} and {} % train", row.activation, small * 100.0, large * 100.0);
    let mut add = |number: usize, place: &str, measured: &str, values: &[f64], rule: &dyn Fn(Interval) -> Outcome| {
        if !values.is_empty() {
            let value = interval(values);
            claims.push(claim(
                "rq5",
                (CLAIMS[number].0, place, &row.encoder, measured),
                (values.len(), value),
                rule(value),
            ));
        }
    };
    for &fraction in &fractions {
        if let Some(paths) = last(fraction) {
            let fell = |i: Interval| at_least(i, rule.fallen_bits);
            let measured = "bits of I(T;Y) below the best epoch";
            add(0, &percent(fraction), measured, &paths.fallen(), &fell);
        }
    }
    if small < large {
        if let (Some(a), Some(b)) = (last(small), last(large)) {
            let more_y = paired(&[a], &[b], |row| row.i_ty_bits);
            add(1, &between, "bits less, last hidden layer", &more_y, &above_zero);
            let more_x = paired(&[a], &[b], |row| row.i_xt_bits);
            let compresses = |i: Interval| at_least(i, rule.compression_bits);
            add(2, &between, "bits of I(X;T) less, last hidden layer", &more_x, &compresses);
        }
        let (a, b): (Vec<&LayerPaths>, Vec<&LayerPaths>) = (at(small).copied().collect(), at(large).copied().collect());
        let up = paired(&a, &b, |row| row.i_ty_bits);
        add(3, &between, "bits of I(T;Y) more, hidden layers", &up, &above_zero);
        let nearer = paired(&b, &a, |row| row.horizontal_gap_upper_bits);
        add(4, &between, "bits nearer, sideways, hidden layers", &nearer, &above_zero);
    }
    for &fraction in &fractions {
        // Layers of one network are not independent: the share is taken over them first.
        let mut bounds: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
        for path in at(fraction).flat_map(|paths| &paths.paths) {
            if let Some(gap) = path.error_gap {
                bounds.entry(path.replica).or_default().push((gap, path.generalisation_bound(rule.delta)));
            }
        }
        let share = |yes: &dyn Fn(&(f64, f64)) -> bool| -> Vec<f64> {
            let of =
                |pairs: &Vec<(f64, f64)>| pairs.iter().filter(|pair| yes(pair)).count() as f64 / pairs.len() as f64;
            bounds.values().map(of).collect()
        };
        let holds = share(&|pair| pair.0 <= pair.1);
        let often = |i: Interval| at_least(i, 1.0 - rule.delta);
        add(5, &percent(fraction), "share of layers", &holds, &often);
        let says = share(&|pair| pair.1 < rule.vacuous_error);
        let half = |i: Interval| at_least(i, 0.5);
        add(6, &percent(fraction), "share of layers", &says, &half);
    }
    let errors: Vec<&LayerPaths> = at(large).copied().collect();
    let errors = over_layers(&errors, |row| row.i_ty_train_bits - row.i_ty_bits);
    let right = |i: Interval| within(i, rule.fallen_bits);
    add(7, &percent(large), "bits too high, hidden layers", &values(&errors), &right);
}

/// Mean over layers at the end, by network.
fn over_layers(layers: &[&LayerPaths], value: fn(&LayerRow) -> f64) -> Vec<(usize, f64)> {
    let mut sums: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
    for path in layers.iter().flat_map(|paths| &paths.paths) {
        let sum = sums.entry(path.replica).or_default();
        *sum = (sum.0 + value(path.end()), sum.1 + 1);
    }
    sums.into_iter().map(|(replica, (sum, count))| (replica, sum / count as f64)).collect()
}

fn values(means: &[(usize, f64)]) -> Vec<f64> {
    means.iter().map(|mean| mean.1).collect()
}

/// b − a, seed by seed.
fn paired(a: &[&LayerPaths], b: &[&LayerPaths], value: fn(&LayerRow) -> f64) -> Vec<f64> {
    let (a, b) = (over_layers(a, value), over_layers(b, value));
    let of = |replica: usize| a.iter().find(|mean| mean.0 == replica).map(|mean| mean.1);
    b.iter().filter_map(|&(replica, value)| Some(value - of(replica)?)).collect()
}
