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
use crate::rows::{OfCondition, TrainingRow};
use crate::verdict::{
    Claim, ClaimRow, Decision, Place, Quantity, Rule, Why, above_zero, at_least, negative, reversed, within,
};

/// Drift turns into diffusion.
pub const PASSES: Claim = Claim {
    question: "rq2",
    id: "drift_turns_into_diffusion",
    asks: "Does every network pass from drift to diffusion?",
    paper: "yes",
};
/// The two epochs are one.
pub const STARTS_THERE: Claim = Claim {
    question: "rq2",
    id: "compression_starts_at_transition",
    asks: "Does compression start at the transition?",
    paper: "yes",
};
/// The two epochs go together.
pub const GOES_WITH_IT: Claim = Claim {
    question: "rq2",
    id: "later_transition_later_compression",
    asks: "Do layers whose transition is later compress later?",
    paper: "implied",
};
/// Nothing compresses without noise.
pub const NOISE_NEEDED: Claim = Claim {
    question: "rq2",
    id: "gradient_noise_needed",
    asks: "Is gradient noise needed for compression?",
    paper: "yes",
};
/// Noise compresses.
pub const NOISE_ADDS: Claim =
    Claim { question: "rq2", id: "gradient_noise_adds", asks: "Does gradient noise add to compression?", paper: "yes" };
/// Any noise does.
pub const SIZE_ALONE: Claim = Claim {
    question: "rq2",
    id: "only_size_of_noise_counts",
    asks: "Is it only the size of the noise that counts?",
    paper: "not said",
};
/// What RQ2 claims.
pub const CLAIMS: [Claim; 6] = [NOISE_NEEDED, STARTS_THERE, PASSES, NOISE_ADDS, GOES_WITH_IT, SIZE_ALONE];

const TRANSITIONS: Quantity = Quantity { what: "hidden layers with a transition", unit: "share" };
const RATIO: Quantity = Quantity { what: "epoch of compression over epoch of transition", unit: "log10" };
const CORRELATION: Quantity = Quantity { what: "Spearman correlation of the two epochs", unit: "correlation" };
const LOST_WITHOUT: Quantity = Quantity { what: "I(X;T) lost without noise, mean over hidden layers", unit: "bits" };
const MORE_UPDATES: Quantity =
    Quantity { what: "I(X;T) lost more with more noise, after as many updates", unit: "bits" };
const MORE_LOSS: Quantity =
    Quantity { what: "I(X;T) lost more with more noise, at the same training loss", unit: "bits" };
const MORE_ISOTROPIC: Quantity = Quantity { what: "I(X;T) lost more than with mini-batches", unit: "bits" };

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
pub fn judge(
    conditions: &[String],
    timings: &[TimingRow],
    causes: &[CauseRow],
    training: &[TrainingRow],
    rule: &PhaseRule,
) -> Vec<ClaimRow> {
    let place = |condition: &str, estimator: &str| {
        let of = training.iter().find(|row| row.condition == condition).map(OfCondition::place).unwrap_or_default();
        let (estimator, layers) = (estimator.to_owned(), "hidden layers".to_owned());
        // What a linear network does too is nothing of its layers'.
        Place { estimator, layers, is_control: of.activation == "linear", ..of }
    };
    let mut claims = Vec::new();
    let learned = |name: &str| causes.iter().any(|c| c.condition == name && c.train_accuracy >= rule.train_accuracy);
    // Nothing is decided by networks that have not learned, nor compared with them.
    let of_learned =
        |name: &str, decision: Decision| if learned(name) { decision } else { Decision::undecided(Why::NotLearned) };
    for name in conditions.iter().filter(|name| **name != rule.without_noise && **name != rule.isotropic_noise) {
        let Some(timing) = summarise(timings, name) else { continue };
        let share = timing.share_crossing;
        let (place, decision) = (place(name, ""), at_least(share, rule.transition_share));
        let decision = if place.is_control { decision } else { of_learned(name, decision) };
        claims.push(PASSES.row(&place, TRANSITIONS, (replicas_of(causes, name), share), decision));
    }
    let Some(reference) = conditions.first() else { return claims };
    let compared = |name: &str, decision: Decision| of_learned(reference, of_learned(name, decision));
    if let Some(timing) = summarise(timings, reference) {
        let place = place(reference, timings.first().map_or("", |row| row.estimator.as_str()));
        let networks = replicas_of(causes, reference);
        if let Some(ratio) = timing.log_ratio {
            claims.push(STARTS_THERE.row(
                &place,
                RATIO,
                (networks, ratio),
                of_learned(reference, within(ratio, rule.factor.log10())),
            ));
        }
        if let Some(rho) = timing.rank_correlation {
            claims.push(GOES_WITH_IT.row(&place, CORRELATION, (networks, rho), of_learned(reference, above_zero(rho))));
        }
    }
    let beside =
        |cause: &CauseRow| Place { compared_with: reference.clone(), ..place(&cause.condition, &cause.estimator) };
    let adds = |cause: &CauseRow, quantity: Quantity, (pairs, more): (usize, Interval)| {
        NOISE_ADDS.row(&beside(cause), quantity, (pairs, more), compared(&cause.condition, above_zero(more)))
    };
    for cause in causes.iter().filter(|cause| cause.condition == rule.without_noise) {
        let lost = Interval {
            mean: cause.compression_bits,
            lower: cause.compression_bits_lower,
            upper: cause.compression_bits_upper,
        };
        let decision = of_learned(&cause.condition, reversed(at_least(lost, rule.compression_bits)));
        let place = place(&cause.condition, &cause.estimator);
        claims.push(NOISE_NEEDED.row(&place, LOST_WITHOUT, (cause.replicas, lost), decision));
        claims.push(adds(cause, MORE_UPDATES, (cause.replicas, negative(effect(cause)))));
        if let Some((pairs, less)) = matched_effect(cause) {
            claims.push(adds(cause, MORE_LOSS, (pairs, negative(less))));
        }
    }
    for cause in causes.iter().filter(|cause| rule.more_noise.contains(&cause.condition)) {
        claims.push(adds(cause, MORE_UPDATES, (cause.replicas, effect(cause))));
        if let Some(effect) = matched_effect(cause) {
            claims.push(adds(cause, MORE_LOSS, effect));
        }
    }
    for cause in causes.iter().filter(|cause| cause.condition == rule.isotropic_noise) {
        let difference = effect(cause);
        let decision = compared(&cause.condition, within(difference, rule.compression_bits));
        claims.push(SIZE_ALONE.row(&beside(cause), MORE_ISOTROPIC, (cause.replicas, difference), decision));
    }
    claims
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
