//! RQ1's verdict. The rules are fixed before the run, and say beside each setting what could be defended as well
//! ([`Rule::choices`]). A place is a condition, an activation, a training fraction and an estimator; the layers are the hidden ones
//! (nobody disputes that the output compresses).
//!
//! - Nothing is decided by networks that have not learned: mean final training accuracy below `train_accuracy`.
//! - Nor by an estimator at its ceiling: a layer whose I(X;T) is all of H(X) from its fit to its end is in cells of one x each,
//!   whatever it does.
//! - A layer **compresses** if the lower end of the 95 % interval of its cross-fitted loss of I(X;T), counted `since` the fit or the
//!   peak, is at least `compression_bits`; it does not if the upper end is below. *Layers compress* if `most` of them do (the
//!   default), if `every` one does, or if their `mean` loss does.
//! - Paths are **predictable** if the lower end of the 95 % interval of their predictability (see [`crate::trajectories::phases`];
//!   layers together) is at least `predictability`; they are not if the upper end is below.
//! - *Most epochs compress* if, in the networks' layers that lose `compression_bits`, the epochs from the greatest I(X;T) until nine tenths of
//!   the loss are over are at least `epoch_share` of all; beside them stand those until the end, in which little may fall. *Compression begins once the error is small* if the training error, when `start_share` of
//!   that loss has come, is below `small_error`. (Both were added when a first run had been seen.)

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::measured::Measured;
use crate::trajectories::phases::Since;
use crate::verdict::{Choice, Claim, ClaimRow, Decision, Outcome, Quantity, Rule, Why, at_least, interval, reversed};

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
/// Fitting is quick, compression slow.
pub const MOST_EPOCHS: Claim = Claim {
    question: "rq1",
    id: "most_epochs_compress",
    asks: "Where layers compress, does it take most of the epochs?",
    paper: "yes",
};
/// First the error, then compression.
pub const SMALL_ERROR: Claim = Claim {
    question: "rq1",
    id: "compression_starts_at_small_error",
    asks: "Where layers compress, does it begin once the training error is small?",
    paper: "yes",
};
/// What RQ1 claims.
pub const CLAIMS: [Claim; 4] = [COMPRESSES, PREDICTABLE, MOST_EPOCHS, SMALL_ERROR];

const LOST: Quantity = Quantity { what: "I(X;T) lost, mean over hidden layers", unit: "bits" };
const FORETOLD: Quantity = Quantity { what: "path that the other networks foretell", unit: "share" };
const EPOCHS: Quantity = Quantity { what: "epochs until nine tenths of the loss are over", unit: "share" };
const AFTER: Quantity = Quantity { what: "epochs from the greatest I(X;T) on", unit: "share" };
const ERROR: Quantity = Quantity { what: "training error when compression begins", unit: "share" };

/// How many layers must compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// More than half of the hidden layers.
    Most,
    /// Every hidden layer.
    Every,
    /// All together: their mean loss.
    Mean,
}

/// The thresholds of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictRule {
    /// Bits of I(X;T) a layer must lose.
    pub compression_bits: f64,
    /// From when on.
    pub since: Since,
    /// How many layers must.
    pub layers: Quorum,
    /// Share of a path that the other replicas must foretell.
    pub predictability: f64,
    /// Share of all epochs that are most.
    pub epoch_share: f64,
    /// Training error that is small.
    pub small_error: f64,
    /// Share of the loss at which compression has begun.
    pub start_share: f64,
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
        for (name, share) in [
            ("predictability", self.predictability),
            ("epoch_share", self.epoch_share),
            ("small_error", self.small_error),
            ("start_share", self.start_share),
            ("train_accuracy", self.train_accuracy),
        ] {
            ensure!((0.0..=1.0).contains(&share), "verdict.{name} = {share}: must lie between 0 and 1");
        }
        Ok(())
    }

    fn choices() -> Vec<Choice> {
        let of_falls = [COMPRESSES, MOST_EPOCHS, SMALL_ERROR];
        vec![
            Choice::new("compression_bits", &of_falls, [0.25, 0.5, 1.0]),
            Choice::new("since", &of_falls, ["fit", "peak"]),
            Choice::new("layers", &[COMPRESSES], ["most", "every", "mean"]),
            Choice::new("predictability", &[PREDICTABLE], [0.25, 0.5, 0.75]),
            Choice::new("epoch_share", &[MOST_EPOCHS], [0.25, 0.5, 0.75]),
            Choice::new("small_error", &[SMALL_ERROR], [0.05, 0.1, 0.2]),
            Choice::new("start_share", &[SMALL_ERROR], [0.1, 0.25, 0.5]),
        ]
    }
}

/// Judges every place.
pub fn judge(measured: &[Measured], rule: VerdictRule) -> Vec<ClaimRow> {
    measured.iter().flat_map(|measured| judge_place(measured, rule)).collect()
}

fn judge_place(measured: &Measured, rule: VerdictRule) -> Vec<ClaimRow> {
    let (place, layers, saturated) = (measured.place(), measured.layers(), measured.saturated());
    let half = layers / 2;
    // Unknown accuracy (NaN) decides nothing either.
    let learned = measured.train_accuracy >= rule.train_accuracy;
    let guarded = |decision: Decision| match decision {
        _ if !learned => Decision::undecided(Why::NotLearned),
        _ if saturated > half => Decision::undecided(Why::Saturated),
        _ => decision,
    };
    let of_layer = |yes: &dyn Fn(Interval) -> bool| measured.lost(rule.since).filter(|&lost| yes(lost)).count();
    let compressing = of_layer(&|i| i.lower.is_some_and(|bits| bits >= rule.compression_bits));
    let not_compressing = of_layer(&|i| i.upper.is_some_and(|bits| bits < rule.compression_bits));
    let at_ceiling = if saturated == 0 { String::new() } else { format!(", {saturated} at the ceiling") };
    let detail = format!("{compressing} of {layers} hidden layers do, {not_compressing} do not{at_ceiling}");
    let mean_lost = measured.mean_lost(rule.since);
    let lost = interval(&mean_lost);
    // How many must for yes, and how many must not for no.
    let (yes, no) = match rule.layers {
        Quorum::Most => (half + 1, half + 1),
        Quorum::Every => (layers, 1),
        Quorum::Mean => (0, 0),
    };
    let compresses = match rule.layers {
        // A layer at the ceiling loses nothing that could be seen: without a yes the mean says nothing.
        Quorum::Mean => match at_least(lost, rule.compression_bits) {
            decision if decision.outcome != Outcome::Supported && saturated > 0 => Decision::undecided(Why::Saturated),
            decision => decision,
        },
        _ => match Decision::of(compressing >= yes, not_compressing >= no, Why::LayersDiffer) {
            // With the layers at the ceiling there would have been enough.
            Decision { why: Some(_), .. }
                if saturated > 0 && compressing.max(not_compressing) + saturated >= yes.min(no) =>
            {
                Decision::undecided(Why::Saturated)
            }
            decision => decision,
        },
    };
    let mut rows = vec![COMPRESSES.row(&place, LOST, (mean_lost.len(), lost), guarded(compresses)).with_detail(detail)];
    if let Some(share) = measured.predictability {
        let decision = guarded(at_least(share, rule.predictability));
        rows.push(PREDICTABLE.row(&place, FORETOLD, (mean_lost.len(), share), decision));
    }
    let epochs = measured.epochs_of_compression(rule.since, rule.compression_bits);
    rows.extend(MOST_EPOCHS.tested(&place, EPOCHS, &epochs, |share| guarded(at_least(share, rule.epoch_share))));
    let after = measured.epochs_after_fit(rule.since, rule.compression_bits);
    rows.extend(MOST_EPOCHS.tested(&place, AFTER, &after, |share| guarded(at_least(share, rule.epoch_share))));
    let errors = measured.error_at_start(rule.since, rule.compression_bits, rule.start_share);
    let is_small = |error| guarded(reversed(at_least(error, rule.small_error)));
    rows.extend(SMALL_ERROR.tested(&place, ERROR, &errors, is_small));
    rows
}

#[cfg(test)]
mod tests {
    use super::super::measured::measure;
    use super::*;
    use crate::rows::TrainingRow;
    use crate::trajectories::Trajectory;
    use crate::verdict::headline;
    use ndarray::Array2;
    use std::collections::BTreeMap;

    const RULE: VerdictRule = VerdictRule {
        compression_bits: 0.5,
        since: Since::Fit,
        layers: Quorum::Most,
        predictability: 0.5,
        epoch_share: 0.5,
        small_error: 0.1,
        start_share: 0.1,
        train_accuracy: 0.9,
    };

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
        judge(&measure(trajectories, training, &BTreeMap::from([("d".to_owned(), 12.0)])), RULE)
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
        assert!(rows.len() >= 2 && rows.iter().all(|row| row.why == Some(Why::NotLearned)));
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
