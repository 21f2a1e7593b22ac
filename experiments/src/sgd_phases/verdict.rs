//! RQ2's verdict, claim by claim. The rules are fixed before the run; c is the first condition, the reference.
//!
//! - *Every network passes from drift to diffusion*, in each mini-batch condition: the share of hidden layers × networks whose
//!   SNR passes from above to below 1 is at least `transition_share` (95 % interval).
//! - *Compression starts at the transition* (c): the mean of log₁₀(compression epoch / crossing epoch) lies within
//!   ±log₁₀ `factor`.
//! - *Gradient noise is needed for compression*: refuted if networks without it (full batch) still lose at least
//!   `compression_bits`; supported if they lose less than that.
//! - *Gradient noise adds to compression*: the paired difference c − full batch, after as many updates, is above 0; below 0
//!   refutes.
//! - *Its size is what counts*: full batch with isotropic noise of the same size differs from c by less than
//!   `compression_bits`.

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::causes::CauseRow;
use super::timing::{TimingRow, summarise};
use crate::trajectories::verdict::Outcome;

/// The thresholds of the rules, and the names of the conditions they speak of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRule {
    /// Share of layers × networks that must pass from drift to diffusion.
    pub transition_share: f64,
    /// How near, as a factor of epochs, counts as "at the transition".
    pub factor: f64,
    /// Bits of I(X;T), mean over hidden layers, that count as compression.
    pub compression_bits: f64,
    /// Training accuracy below which a condition has not learned.
    pub train_accuracy: f64,
    /// Training loss, in bits, at which conditions are compared beside the end.
    pub matched_loss_bits: f64,
    /// The condition without gradient noise.
    pub without_noise: String,
    /// The condition with isotropic noise of matched size.
    pub isotropic_noise: String,
}

/// One claim: a row of `verdict.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in the README, as a table
pub struct ClaimRow {
    pub question: String,
    pub claim: String,
    pub condition: String,
    pub estimator: String,
    pub measured: String,
    pub replicas: usize,
    pub value: f64,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub outcome: Outcome,
}

impl PhaseRule {
    /// # Errors
    /// If a threshold cannot be, or a condition it names does not exist.
    pub fn check(&self, conditions: &[String]) -> Result<()> {
        ensure!(
            (0.0..=1.0).contains(&self.transition_share) && (0.0..=1.0).contains(&self.train_accuracy),
            "verdict.transition_share and verdict.train_accuracy must lie between 0 and 1"
        );
        ensure!(self.factor > 1.0 && self.factor.is_finite(), "verdict.factor = {}: must be above 1", self.factor);
        ensure!(
            self.compression_bits >= 0.0 && self.compression_bits.is_finite(),
            "verdict.compression_bits = {}: must be a finite number of at least 0",
            self.compression_bits
        );
        ensure!(
            self.matched_loss_bits > 0.0 && self.matched_loss_bits.is_finite(),
            "verdict.matched_loss_bits = {}: must be a finite number above 0",
            self.matched_loss_bits
        );
        for (key, name) in [("without_noise", &self.without_noise), ("isotropic_noise", &self.isotropic_noise)] {
            ensure!(
                name.is_empty() || conditions.contains(name),
                "verdict.{key} = \"{name}\" is none of the conditions: {}",
                conditions.join(", ")
            );
        }
        Ok(())
    }
}

/// Judges every claim.
pub fn judge(conditions: &[String], timings: &[TimingRow], causes: &[CauseRow], rule: &PhaseRule) -> Vec<ClaimRow> {
    let mut claims = Vec::new();
    let learned = |name: &str| causes.iter().any(|c| c.condition == name && c.train_accuracy >= rule.train_accuracy);
    for name in conditions.iter().filter(|name| **name != rule.without_noise && **name != rule.isotropic_noise) {
        let Some(timing) = summarise(timings, name) else { continue };
        let replicas = replicas_of(causes, name);
        let share = timing.share_crossing;
        claims.push(claim(
            ("every network passes from drift to diffusion", name, "", "share of hidden layers with a transition"),
            (replicas, share),
            at_least(share, rule.transition_share),
        ));
    }
    let Some(reference) = conditions.first() else { return claims };
    if let Some(timing) = summarise(timings, reference) {
        let estimator = timings.first().map_or("", |row| row.estimator.as_str());
        let replicas = replicas_of(causes, reference);
        if let Some(ratio) = timing.log_ratio {
            let name = ("compression starts at the transition", reference.as_str(), estimator, "log10(epoch ratio)");
            claims.push(claim(name, (replicas, ratio), within(ratio, rule.factor.log10())));
        }
        if let Some(rho) = timing.rank_correlation {
            let name =
                ("later transitions go with later compression", reference.as_str(), estimator, "Spearman correlation");
            let outcome = above_zero(rho);
            claims.push(claim(name, (replicas, rho), outcome));
        }
    }
    for cause in causes.iter().filter(|cause| cause.condition == rule.without_noise && learned(&cause.condition)) {
        let lost = Interval {
            mean: cause.compression_bits,
            lower: cause.compression_bits_lower,
            upper: cause.compression_bits_upper,
        };
        let name = (
            "gradient noise is needed for compression",
            cause.condition.as_str(),
            cause.estimator.as_str(),
            "bits lost without it",
        );
        claims.push(claim(name, (cause.replicas, lost), reversed(at_least(lost, rule.compression_bits))));
        let adds = negative(effect(cause));
        let name = (
            "gradient noise adds to compression",
            cause.condition.as_str(),
            cause.estimator.as_str(),
            "bits more with it, same updates",
        );
        claims.push(claim(name, (cause.replicas, adds), above_zero(adds)));
    }
    for cause in causes.iter().filter(|cause| cause.condition == rule.isotropic_noise && learned(&cause.condition)) {
        let difference = effect(cause);
        let name = (
            "only the size of the noise counts",
            cause.condition.as_str(),
            cause.estimator.as_str(),
            "bits more than with mini-batches",
        );
        claims.push(claim(name, (cause.replicas, difference), within(difference, rule.compression_bits)));
    }
    claims
}

fn claim(
    (claim, condition, estimator, measured): (&str, &str, &str, &str),
    (replicas, value): (usize, Interval),
    outcome: Outcome,
) -> ClaimRow {
    ClaimRow {
        question: "rq2".to_owned(),
        claim: claim.to_owned(),
        condition: condition.to_owned(),
        estimator: estimator.to_owned(),
        measured: measured.to_owned(),
        replicas,
        value: value.mean,
        lower: value.lower,
        upper: value.upper,
        outcome,
    }
}

fn replicas_of(causes: &[CauseRow], condition: &str) -> usize {
    causes.iter().find(|cause| cause.condition == condition).map_or(0, |cause| cause.replicas)
}

fn effect(cause: &CauseRow) -> Interval {
    Interval { mean: cause.effect_bits, lower: cause.effect_bits_lower, upper: cause.effect_bits_upper }
}

fn negative(i: Interval) -> Interval {
    Interval { mean: -i.mean, lower: i.upper.map(|v| -v), upper: i.lower.map(|v| -v) }
}

fn reversed(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Supported => Outcome::Refuted,
        Outcome::Refuted => Outcome::Supported,
        Outcome::Inconclusive => Outcome::Inconclusive,
    }
}

fn decide(yes: Option<bool>, no: Option<bool>) -> Outcome {
    match (yes, no) {
        (Some(true), _) => Outcome::Supported,
        (_, Some(true)) => Outcome::Refuted,
        _ => Outcome::Inconclusive,
    }
}

fn at_least(i: Interval, threshold: f64) -> Outcome {
    decide(i.lower.map(|v| v >= threshold), i.upper.map(|v| v < threshold))
}

fn above_zero(i: Interval) -> Outcome {
    decide(i.lower.map(|v| v > 0.0), i.upper.map(|v| v < 0.0))
}

fn within(i: Interval, reach: f64) -> Outcome {
    let (Some(lower), Some(upper)) = (i.lower, i.upper) else { return Outcome::Inconclusive };
    decide(Some(lower >= -reach && upper <= reach), Some(lower > reach || upper < -reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_decide_only_when_they_lie_on_one_side() {
        let i = |lower, upper| Interval { mean: f64::midpoint(lower, upper), lower: Some(lower), upper: Some(upper) };
        assert_eq!(at_least(i(0.5, 0.7), 0.5), Outcome::Supported);
        assert_eq!(at_least(i(0.3, 0.4), 0.5), Outcome::Refuted);
        assert_eq!(at_least(i(0.3, 0.7), 0.5), Outcome::Inconclusive);
        assert_eq!(within(i(-0.1, 0.2), 0.3), Outcome::Supported);
        assert_eq!(within(i(0.4, 0.6), 0.3), Outcome::Refuted);
        assert_eq!(within(i(0.2, 0.6), 0.3), Outcome::Inconclusive);
        assert_eq!(above_zero(negative(i(-2.0, -1.0))), Outcome::Supported);
        assert_eq!(within(Interval { mean: 0.0, lower: None, upper: None }, 1.0), Outcome::Inconclusive);
    }
}
