//! RQ1's verdict, on its two halves: are trajectories predictable, and do layers fit and then compress? The rules are fixed
//! before the run. A condition is an activation, a training fraction and an estimator.
//!
//! - Nothing is decided by networks that have not learned: mean final training accuracy below `train_accuracy`.
//! - Nor by an estimator at its ceiling: a layer whose I(X;T) is all of H(X) from its fit to its end ([`Standing::saturation`]) is in
//!   cells of one x each, whatever it does.
//! - Trajectories are **predictable** if the lower end of the 95 % interval of their predictability (see [`crate::trajectories::phases`];
//!   hidden layers together) is at least `predictability`; they are not if the upper end is below.
//! - A hidden layer **compresses** if the lower end of the 95 % interval of its cross-fitted compression after the fit is at
//!   least `compression_bits`; it does not if the upper end is below. A condition compresses if more than half of its hidden
//!   layers do; it does not if more than half do not. (The output is left out: nobody disputes that it compresses.)

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use infoplane_info::Standing;
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use crate::learning::final_accuracy;
use crate::rows::{OfCondition, TrainingRow};
use crate::trajectories::Trajectory;
use crate::trajectories::phases::{Squares, predictability};
use crate::verdict::{Claim, ClaimRow, Decision, Place, Quantity, Rule, Why, at_least, interval};

/// Layers fit, then compress.
pub const COMPRESSES: Claim = Claim {
    question: "rq1",
    id: "layers_compress",
    asks: "Do more than half of the hidden layers fit, and then compress?",
    paper: "yes",
};
/// A path is that of all networks.
pub const PREDICTABLE: Claim = Claim {
    question: "rq1",
    id: "trajectories_predictable",
    asks: "Are trajectories predictable from other networks?",
    paper: "yes",
};
/// What RQ1 claims.
pub const CLAIMS: [Claim; 2] = [COMPRESSES, PREDICTABLE];

const LOST: Quantity = Quantity { what: "I(X;T) lost after the fit, mean over hidden layers", unit: "bits" };
const FORETOLD: Quantity = Quantity { what: "path that the other networks foretell", unit: "share" };

/// The thresholds of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictRule {
    /// Bits of I(X;T) a layer must lose after its fit.
    pub compression_bits: f64,
    /// Share of a path that the other replicas must foretell.
    pub predictability: f64,
    /// Final training accuracy below which nothing is decided.
    pub train_accuracy: f64,
}

impl Rule for VerdictRule {
    fn check(&self, _conditions: &[String]) -> Result<()> {
        ensure!(
            self.compression_bits.is_finite() && self.compression_bits >= 0.0,
            "verdict.compression_bits = {}: must be a finite number of at least 0",
            self.compression_bits
        );
        for (name, share) in [("predictability", self.predictability), ("train_accuracy", self.train_accuracy)] {
            ensure!((0.0..=1.0).contains(&share), "verdict.{name} = {share}: must lie between 0 and 1");
        }
        Ok(())
    }
}

/// Judges every condition of the trajectories; `h_x` is H(X) in bits of each task.
pub fn judge(
    trajectories: &[Trajectory],
    training: &[TrainingRow],
    h_x: &BTreeMap<String, f64>,
    rule: VerdictRule,
) -> Vec<ClaimRow> {
    let mut conditions: Vec<Vec<&Trajectory>> = Vec::new();
    for trajectory in trajectories.iter().filter(|t| !t.is_output && !t.replicas.is_empty()) {
        let is_same = |of: &Trajectory| of.key() == trajectory.key() && of.estimator == trajectory.estimator;
        match conditions.iter_mut().find(|condition| is_same(condition[0])) {
            Some(condition) => condition.push(trajectory),
            None => conditions.push(vec![trajectory]),
        }
    }
    let judged = conditions.iter().flat_map(|layers| {
        let h_x = h_x.get(&layers[0].dataset).copied().unwrap_or(f64::INFINITY);
        let accuracy = final_accuracy(training, |row| row.key() == layers[0].key());
        judge_condition(layers, accuracy, h_x, rule)
    });
    judged.collect()
}

fn judge_condition(layers: &[&Trajectory], train_accuracy: f64, h_x: f64, rule: VerdictRule) -> Vec<ClaimRow> {
    let compression: Vec<Vec<f64>> =
        layers.iter().map(|layer| layer.phases().iter().map(|p| p.compression).collect()).collect();
    let saturated: Vec<bool> = layers.iter().map(|layer| layer.is_saturated(h_x)).collect();
    let of_layer = |yes: &dyn Fn(Interval) -> bool| {
        compression.iter().zip(&saturated).filter(|(bits, saturated)| !**saturated && yes(interval(bits))).count()
    };
    let compressing = of_layer(&|i| i.lower.is_some_and(|bits| bits >= rule.compression_bits));
    let not_compressing = of_layer(&|i| i.upper.is_some_and(|bits| bits < rule.compression_bits));
    let saturated = saturated.iter().filter(|&&saturated| saturated).count();

    let networks = layers.iter().map(|layer| layer.replicas.len()).min().unwrap_or(0);
    let mean_over_layers: Vec<f64> =
        (0..networks).map(|r| compression.iter().map(|layer| layer[r]).sum::<f64>() / layers.len() as f64).collect();
    let squares: Vec<Vec<Squares>> = layers.iter().map(|layer| layer.squares()).collect();

    let half = layers.len() / 2;
    // Unknown accuracy (NaN) decides nothing either.
    let learned = train_accuracy >= rule.train_accuracy;
    let guarded = |decision: Decision| match decision {
        _ if !learned => Decision::undecided(Why::NotLearned),
        _ if saturated > half => Decision::undecided(Why::Saturated),
        _ => decision,
    };
    let first = layers[0];
    let place = Place { layers: "hidden layers".to_owned(), estimator: first.estimator.clone(), ..first.place() };
    let at_ceiling = if saturated == 0 { String::new() } else { format!(", {saturated} at the ceiling") };
    let detail = format!("{compressing} of {} hidden layers do, {not_compressing} do not{at_ceiling}", layers.len());
    let compresses = match Decision::of(compressing > half, not_compressing > half, Why::LayersDiffer) {
        // With the layers at the ceiling there would have been enough.
        Decision { why: Some(_), .. } if saturated > 0 && compressing.max(not_compressing) + saturated > half => {
            Decision::undecided(Why::Saturated)
        }
        decision => decision,
    };
    let mut rows = vec![
        COMPRESSES.row(&place, LOST, (networks, interval(&mean_over_layers)), guarded(compresses)).with_detail(detail),
    ];
    if let Some(share) = predictability(&squares) {
        rows.push(PREDICTABLE.row(&place, FORETOLD, (networks, share), guarded(at_least(share, rule.predictability))));
    }
    rows
}

impl Trajectory {
    /// Whether the mean I(X;T) is all of H(X), nearly, from the fit to the end.
    fn is_saturated(&self, h_x: f64) -> bool {
        let phases = self.phases();
        let Some(fit) = phases.iter().map(|phases| phases.fit_epoch).min() else { return false };
        let means = self.epochs.iter().zip(self.i_xt.columns()).filter(|(epoch, _)| **epoch >= fit);
        let least = means.filter_map(|(_, column)| column.mean()).fold(f64::INFINITY, f64::min);
        matches!(Standing::saturation(least, h_x), Standing::Saturated(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Outcome, headline};
    use ndarray::Array2;

    const RULE: VerdictRule = VerdictRule { compression_bits: 0.5, predictability: 0.5, train_accuracy: 0.9 };

    fn planted(activation: &str, layer: usize, end: f64, spread: f64) -> Trajectory {
        Trajectory {
            dataset: "d".into(),
            architecture: "a".into(),
            condition: "c".into(),
            activation: activation.into(),
            train_fraction: 0.5,
            estimator: "e".into(),
            layer,
            is_output: layer == 4,
            epochs: vec![0, 1, 2, 3],
            replicas: (0..12).collect(),
            i_xt: Array2::from_shape_fn((12, 4), |(r, e)| [4.0, 8.0, 6.0, end][e] + spread * (r as f64 - 5.5)),
            i_ty: Array2::from_shape_fn((12, 4), |(_, e)| [0.0, 1.0, 1.0, 1.0][e]),
        }
    }

    fn of(claim: Claim, rows: &[ClaimRow]) -> Vec<&ClaimRow> {
        rows.iter().filter(|row| claim.is_of(row)).collect()
    }

    fn judged(trajectories: &[Trajectory], training: &[TrainingRow]) -> Vec<ClaimRow> {
        judge(trajectories, training, &BTreeMap::from([("d".to_owned(), 12.0)]), RULE)
    }

    #[test]
    fn planted_compression_is_supported_planted_growth_refuted_and_the_factor_named() {
        let mut trajectories: Vec<Trajectory> = (1..=4).map(|layer| planted("tanh", layer, 5.0, 0.01)).collect();
        trajectories.extend((1..=4).map(|layer| planted("relu", layer, 9.0, 0.01)));
        let rows = judged(&trajectories, &[learned("tanh", 0.99), learned("relu", 0.99)]);
        let (compresses, predictable) = (of(COMPRESSES, &rows), of(PREDICTABLE, &rows));
        assert_eq!([compresses[0].outcome, compresses[1].outcome], [Outcome::Supported, Outcome::Refuted]);
        assert_eq!([predictable[0].outcome, predictable[1].outcome], [Outcome::Supported; 2]);
        assert_eq!(compresses[0].detail, "3 of 3 hidden layers do, 0 do not");
        approx::assert_abs_diff_eq!(compresses[0].value, 3.0, epsilon = 1e-12);
        assert!(headline(compresses).starts_with("depends on the activation: yes for tanh, no for relu"));
        assert_eq!(headline(predictable), "yes");
    }

    #[test]
    fn paths_that_differ_wildly_between_replicas_are_not_predictable() {
        let rows = judged(&[planted("tanh", 1, 5.0, 10.0)], &[learned("tanh", 0.99)]);
        assert_eq!(of(PREDICTABLE, &rows)[0].outcome, Outcome::Refuted);
        assert_eq!(of(COMPRESSES, &rows)[0].outcome, Outcome::Supported);
    }

    #[test]
    fn networks_that_have_not_learned_decide_nothing() {
        let rows = judged(&[planted("tanh", 1, 5.0, 0.01)], &[learned("tanh", 0.6)]);
        assert!(rows.len() == 2 && rows.iter().all(|row| row.why == Some(Why::NotLearned)));
        assert_eq!(headline(&rows), "undecided: networks that have not learned");
    }

    #[test]
    fn an_estimator_at_its_ceiling_decides_nothing() {
        // 12 bits whatever the layer does: neither "predictable" nor "does not compress" is a finding.
        let at_ceiling =
            |layer| Trajectory { i_xt: Array2::from_elem((12, 4), 11.99), ..planted("tanh", layer, 5.0, 0.01) };
        let rows = judged(&[at_ceiling(1), at_ceiling(2), planted("tanh", 3, 5.0, 0.01)], &[learned("tanh", 0.99)]);
        assert!(rows.iter().all(|row| row.why == Some(Why::Saturated)), "{rows:?}");
        assert_eq!(of(COMPRESSES, &rows)[0].detail, "1 of 3 hidden layers do, 0 do not, 2 at the ceiling");
        // One layer of three at the ceiling: the others decide.
        let rows = judged(
            &[at_ceiling(1), planted("tanh", 2, 5.0, 0.01), planted("tanh", 3, 5.0, 0.01)],
            &[learned("tanh", 0.99)],
        );
        assert_eq!(of(COMPRESSES, &rows)[0].outcome, Outcome::Supported);
    }

    fn learned(activation: &str, train_accuracy: f64) -> TrainingRow {
        TrainingRow {
            dataset: "d".into(),
            architecture: "a".into(),
            condition: "c".into(),
            activation: activation.into(),
            train_fraction: 0.5,
            replica: 0,
            seed: 0,
            epoch: 3,
            updates: 3,
            train_loss_bits: 0.1,
            train_accuracy,
            test_loss_bits: None,
            test_accuracy: None,
        }
    }
}
