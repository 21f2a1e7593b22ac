//! RQ2's verdict, claim by claim. The rules are fixed before the run; c is the first condition, the reference.
//!
//! - *Every network passes from drift to diffusion*, in each mini-batch condition: the share of hidden layers × networks whose
//!   SNR passes from above to below 1 is at least `transition_share` (95 % interval). The transition is the epoch that best
//!   parts ratios above 1 from ratios below 1 (`infoplane_info::gradient::transition`).
//! - *Compression starts at the transition* (c): the mean of log₁₀(compression epoch / crossing epoch) lies within
//!   ±log₁₀ `factor`.
//! - *Gradient noise is needed for compression*: refuted if networks without it (full batch) still lose at least
//!   `compression_bits`; supported if they lose less than that.
//! - *Gradient noise adds to compression*: the paired difference c − full batch, after as many updates, is above 0; below 0
//!   refutes. The same for each of `more_noise` − c: smaller batches. And the same again at the same training loss
//!   (`matched_loss_bits`), over the pairs in which both networks get there. (The rows of smaller batches and of matched
//!   losses were added when a first run had been seen; `causes.csv` had their figures all along, and no threshold moved.)
//! - *Its size is what counts*: full batch with isotropic noise of the same size differs from c by less than
//!   `compression_bits`.

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::causes::CauseRow;
use super::timing::{TimingRow, summarise};
use crate::claims::{ClaimRow, above_zero, at_least, claim, negative, reversed, within};
use crate::run::Rule;

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
    /// Conditions with more gradient noise than the reference: smaller batches.
    pub more_noise: Vec<String>,
    /// The condition without gradient noise.
    pub without_noise: String,
    /// The condition with isotropic noise of matched size.
    pub isotropic_noise: String,
}

impl Rule for PhaseRule {
    fn check(&self, conditions: &[String]) -> Result<()> {
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
        let named = [("without_noise", &self.without_noise), ("isotropic_noise", &self.isotropic_noise)];
        for (key, name) in named.into_iter().chain(self.more_noise.iter().map(|name| ("more_noise", name))) {
            ensure!(
                name.is_empty() || conditions.contains(name),
                "verdict.{key} = \"{name}\" is none of the conditions: {}",
                conditions.join(", ")
            );
        }
        Ok(())
    }
}

impl PhaseRule {
    /// The conditions that differ from the reference in their batch size alone.
    pub fn batch_sizes(&self, reference: &str) -> Vec<String> {
        [reference, &self.without_noise].into_iter().map(str::to_owned).chain(self.more_noise.iter().cloned()).collect()
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
            "rq2",
            ("every network passes from drift to diffusion", name, "", "share of hidden layers with a transition"),
            (replicas, share),
            at_least(share, rule.transition_share),
        ));
    }
    // Nothing is compared with networks that have not learned.
    let Some(reference) = conditions.first().filter(|name| learned(name)) else { return claims };
    if let Some(timing) = summarise(timings, reference) {
        let estimator = timings.first().map_or("", |row| row.estimator.as_str());
        let replicas = replicas_of(causes, reference);
        if let Some(ratio) = timing.log_ratio {
            let name = ("compression starts at the transition", reference.as_str(), estimator, "log10(epoch ratio)");
            claims.push(claim("rq2", name, (replicas, ratio), within(ratio, rule.factor.log10())));
        }
        if let Some(rho) = timing.rank_correlation {
            let name =
                ("later transitions go with later compression", reference.as_str(), estimator, "Spearman correlation");
            let outcome = above_zero(rho);
            claims.push(claim("rq2", name, (replicas, rho), outcome));
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
        claims.push(claim("rq2", name, (cause.replicas, lost), reversed(at_least(lost, rule.compression_bits))));
        let with_it = (cause.replicas, negative(effect(cause)));
        claims.push(noise_adds(cause, "bits more with it, same updates", with_it));
        if let Some((pairs, less)) = matched_effect(cause) {
            claims.push(noise_adds(cause, "bits more with it, same training loss", (pairs, negative(less))));
        }
    }
    for cause in causes.iter().filter(|cause| rule.more_noise.contains(&cause.condition) && learned(&cause.condition)) {
        claims.push(noise_adds(cause, "bits more with more of it, same updates", (cause.replicas, effect(cause))));
        if let Some(effect) = matched_effect(cause) {
            claims.push(noise_adds(cause, "bits more with more of it, same training loss", effect));
        }
    }
    for cause in causes.iter().filter(|cause| cause.condition == rule.isotropic_noise && learned(&cause.condition)) {
        let difference = effect(cause);
        let name = (
            "only the size of the noise counts",
            cause.condition.as_str(),
            cause.estimator.as_str(),
            "bits more than with mini-batches",
        );
        claims.push(claim("rq2", name, (cause.replicas, difference), within(difference, rule.compression_bits)));
    }
    claims
}

fn noise_adds(cause: &CauseRow, measured: &str, effect: (usize, Interval)) -> ClaimRow {
    let name = ("gradient noise adds to compression", cause.condition.as_str(), cause.estimator.as_str(), measured);
    claim("rq2", name, effect, above_zero(effect.1))
}

fn replicas_of(causes: &[CauseRow], condition: &str) -> usize {
    causes.iter().find(|cause| cause.condition == condition).map_or(0, |cause| cause.replicas)
}

fn effect(cause: &CauseRow) -> Interval {
    Interval { mean: cause.effect_bits, lower: cause.effect_bits_lower, upper: cause.effect_bits_upper }
}

/// The effect at the same training loss, and over how many pairs.
fn matched_effect(cause: &CauseRow) -> Option<(usize, Interval)> {
    let (lower, upper) = (cause.matched_loss_effect_bits_lower, cause.matched_loss_effect_bits_upper);
    Some((cause.matched_loss_pairs, Interval { mean: cause.matched_loss_effect_bits?, lower, upper }))
}
