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
//! - What compares two samples is undecided where most hidden layers of both are at the ceiling of their encoder.
//! - *The sample's own I(T;Y) is right*, to within `fallen_bits`, at the large sample.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::samples::{LayerPath, LayerPaths};
use crate::bound::ceiling::is_saturated;
use crate::bound::layers::LayerRow;
use crate::rows::OfCondition;
use crate::verdict::headline::percent;
use crate::verdict::{Claim, ClaimRow, Decision, Place, Quantity, Rule, Why, above_zero, at_least, within};

/// I(T;Y) peaks, then falls.
pub const FALLS: Claim = Claim {
    question: "rq5",
    id: "label_information_falls_again",
    asks: "Does the last hidden layer lose I(T;Y) again, so that stopping early would have kept it?",
    paper: "yes, at 5 %",
};
/// Small samples know less of Y.
pub const LESS_Y: Claim = Claim {
    question: "rq5",
    id: "small_sample_less_label_information",
    asks: "Do small samples end with less I(T;Y) than large ones?",
    paper: "yes",
};
/// Small samples hold less of X.
pub const LESS_X: Claim = Claim {
    question: "rq5",
    id: "small_sample_compresses_more",
    asks: "Do small samples end with less I(X;T) than large ones?",
    paper: "yes, at 5 %",
};
/// More data, more I(T;Y).
pub const MOVES_UP: Claim =
    Claim { question: "rq5", id: "more_data_moves_up", asks: "Does more data move hidden layers up?", paper: "yes" };
/// More data, nearer to the bound.
pub const NEARER_BOUND: Claim = Claim {
    question: "rq5",
    id: "more_data_nearer_bound",
    asks: "Does more data bring hidden layers nearer to the bound, sideways?",
    paper: "along it",
};
/// The finite-sample bound holds.
pub const BOUND_HOLDS: Claim = Claim {
    question: "rq5",
    id: "generalisation_bound_holds",
    asks: "Does the paper's bound on the generalisation error hold?",
    paper: "argued",
};
/// The finite-sample bound is not vacuous.
pub const BOUND_SAYS: Claim = Claim {
    question: "rq5",
    id: "generalisation_bound_informative",
    asks: "Does it say more than that guesses are right half of the time?",
    paper: "argued",
};
/// The plug-in on the sample is right.
pub const SAMPLE_RIGHT: Claim = Claim {
    question: "rq5",
    id: "sample_estimate_right",
    asks: "Is I(T;Y) measured on the training sample itself right?",
    paper: "not looked at",
};
/// What RQ5 claims.
pub const CLAIMS: [Claim; 8] = [MOVES_UP, LESS_X, BOUND_HOLDS, FALLS, LESS_Y, NEARER_BOUND, BOUND_SAYS, SAMPLE_RIGHT];

const BELOW_BEST: Quantity = Quantity { what: "I(T;Y) below the best epoch", unit: "bits" };
const Y_LESS: Quantity = Quantity { what: "I(T;Y) less with the small sample", unit: "bits" };
const X_LESS: Quantity = Quantity { what: "I(X;T) less with the small sample", unit: "bits" };
const Y_MORE: Quantity = Quantity { what: "I(T;Y) more with the large sample", unit: "bits" };
const X_NEARER: Quantity = Quantity { what: "I(X;T) nearer to the bound with the large sample", unit: "bits" };
const HOLDS: Quantity = Quantity { what: "layers for which it holds", unit: "share" };
const SAYS: Quantity = Quantity { what: "layers for which it is below guessing", unit: "share" };
const TOO_HIGH: Quantity = Quantity { what: "I(T;Y) of the sample too high", unit: "bits" };

const LAST: &str = "last hidden layer";
const HIDDEN: &str = "hidden layers";

/// The thresholds of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleRule {
    /// Share of the way from guessing to the best classifier at which networks have learned; see [`crate::learning`].
    #[serde(default = "crate::learning::learned_share")]
    pub learned_share: f64,
    /// Bits of I(T;Y) that count as fallen.
    pub fallen_bits: f64,
    /// Bits of I(X;T) by which a small sample must compress more.
    pub compression_bits: f64,
    /// Finite-sample bounds hold with probability 1 − δ.
    pub delta: f64,
    /// A bound on the error that is not below this says nothing: it is that of guessing, half for the paper's task; on a task of one's own,
    /// unless it is set, that of the likeliest label.
    pub vacuous_error: f64,
}

impl Rule for SampleRule {
    fn check(&self, _conditions: &[String]) -> Result<()> {
        for (name, bits) in [("fallen_bits", self.fallen_bits), ("compression_bits", self.compression_bits)] {
            ensure!(bits >= 0.0 && bits.is_finite(), "verdict.{name} = {bits}: must be a finite number of at least 0");
        }
        ensure!(
            (0.0..=1.0).contains(&self.learned_share),
            "verdict.learned_share = {}: must lie between 0 and 1",
            self.learned_share
        );
        for (name, share) in [("delta", self.delta), ("vacuous_error", self.vacuous_error)] {
            ensure!(share > 0.0 && share <= 1.0, "verdict.{name} = {share}: must lie above 0 and at most at 1");
        }
        Ok(())
    }
}

/// Judges every activation through every encoder.
pub fn judge(layers: &[LayerPaths], h_x: &BTreeMap<String, f64>, rule: SampleRule) -> Vec<ClaimRow> {
    let mut claims = Vec::new();
    // A network on one task in one condition, at every training fraction.
    let kin = |paths: &LayerPaths| {
        let row = paths.first;
        [&row.dataset, &row.architecture, &row.condition, &row.activation, &row.encoder].map(Clone::clone)
    };
    let mut seen: Vec<[String; 5]> = Vec::new();
    for paths in layers {
        let name = kin(paths);
        if !seen.contains(&name) {
            judge_encoder(
                &layers.iter().filter(|other| kin(other) == name).collect::<Vec<_>>(),
                h_x,
                rule,
                &mut claims,
            );
            seen.push(name);
        }
    }
    claims
}

fn judge_encoder(layers: &[&LayerPaths], h_x: &BTreeMap<String, f64>, rule: SampleRule, claims: &mut Vec<ClaimRow>) {
    let row = layers[0].first;
    let hidden: Vec<&&LayerPaths> = layers.iter().filter(|paths| !paths.is_output).collect();
    let Some(deepest) = hidden.iter().map(|paths| paths.first.layer).max() else { return };
    let mut fractions: Vec<f64> = hidden.iter().map(|paths| paths.first.train_fraction).collect();
    fractions.sort_by(f64::total_cmp);
    fractions.dedup();
    let (Some(&small), Some(&large)) = (fractions.first(), fractions.last()) else { return };
    let at = |fraction: f64| hidden.iter().copied().filter(move |paths| paths.first.train_fraction == fraction);
    let last = |fraction: f64| at(fraction).find(|paths| paths.first.layer == deepest);
    let place = |fraction: f64, layers: &str| Place {
        train_fraction: Some(fraction),
        layers: layers.to_owned(),
        estimator: row.encoder.clone(),
        ..row.place()
    };
    let between = |layers: &str| Place { compared_with: format!("{} train", percent(small)), ..place(large, layers) };
    let mut add =
        |claim: Claim, place: Place, measured: Quantity, values: &[f64], rule: &dyn Fn(Interval) -> Decision| {
            claims.extend(claim.tested(&place, measured, values, rule));
        };
    for &fraction in &fractions {
        if let Some(paths) = last(fraction) {
            let fell = |i: Interval| at_least(i, rule.fallen_bits);
            add(FALLS, place(fraction, LAST), BELOW_BEST, &paths.fallen(), &fell);
        }
    }
    // Layers at the ceiling of their encoder have it in common.
    let at_ceiling =
        |paths: &[&LayerPaths]| is_saturated(paths.iter().flat_map(|of| of.paths.iter().map(LayerPath::end)), h_x);
    let unless_at_ceiling = |a: &[&LayerPaths], b: &[&LayerPaths], decision: Decision| {
        if at_ceiling(a) && at_ceiling(b) { Decision::undecided(Why::Saturated) } else { decision }
    };
    if small < large {
        if let (Some(a), Some(b)) = (last(small), last(large)) {
            let more_y = paired(&[a], &[b], |row| row.i_ty_bits);
            add(LESS_Y, between(LAST), Y_LESS, &more_y, &|i| unless_at_ceiling(&[a], &[b], above_zero(i)));
            let more_x = paired(&[a], &[b], |row| row.i_xt_bits);
            let compresses = |i: Interval| unless_at_ceiling(&[a], &[b], at_least(i, rule.compression_bits));
            add(LESS_X, between(LAST), X_LESS, &more_x, &compresses);
        }
        let (a, b): (Vec<&LayerPaths>, Vec<&LayerPaths>) = (at(small).copied().collect(), at(large).copied().collect());
        let up = paired(&a, &b, |row| row.i_ty_bits);
        add(MOVES_UP, between(HIDDEN), Y_MORE, &up, &|i| unless_at_ceiling(&a, &b, above_zero(i)));
        let nearer = paired(&b, &a, |row| row.horizontal_gap_upper_bits);
        add(NEARER_BOUND, between(HIDDEN), X_NEARER, &nearer, &|i| unless_at_ceiling(&a, &b, above_zero(i)));
    }
    for &fraction in &fractions {
        // Layers of one network are not independent: the share is taken over them first.
        let mut bounds: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
        for path in at(fraction).flat_map(|paths| &paths.paths) {
            if let Some(gap) = path.error_gap {
                bounds.entry(path.replica).or_default().push((gap, path.generalisation_bound(rule.delta)));
            }
        }
        let of_networks = |yes: &dyn Fn(&(f64, f64)) -> bool| -> Vec<f64> {
            let of =
                |pairs: &Vec<(f64, f64)>| pairs.iter().filter(|pair| yes(pair)).count() as f64 / pairs.len() as f64;
            bounds.values().map(of).collect()
        };
        let holds = of_networks(&|pair| pair.0 <= pair.1);
        let often = |i: Interval| at_least(i, 1.0 - rule.delta);
        add(BOUND_HOLDS, place(fraction, HIDDEN), HOLDS, &holds, &often);
        let says = of_networks(&|pair| pair.1 < rule.vacuous_error);
        let half = |i: Interval| at_least(i, 0.5);
        add(BOUND_SAYS, place(fraction, HIDDEN), SAYS, &says, &half);
    }
    let errors: Vec<&LayerPaths> = at(large).copied().collect();
    let errors = over_layers(&errors, |row| row.i_ty_train_bits - row.i_ty_bits);
    let right = |i: Interval| within(i, rule.fallen_bits);
    add(SAMPLE_RIGHT, place(large, HIDDEN), TOO_HIGH, &values(&errors), &right);
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
