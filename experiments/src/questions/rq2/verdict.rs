//! RQ2's verdict, claim by claim. The rules are fixed before the run; c is the first condition, the reference.
//!
//! - *Every network passes from drift to diffusion*, in each mini-batch condition: the share of hidden layers × networks whose
//!   SNR passes from above to below 1 is at least `transition_share` (95 % interval). The transition is the epoch that best
//!   parts ratios above 1 from ratios below 1 (`infoplane_info::gradient::transition`).
//! - *Compression starts at the transition*, in each mini-batch condition: the mean of log₁₀(compression epoch / transition epoch) lies
//!   within ±log₁₀ `factor`. (Another rule for the transition, the last epoch with a ratio above 1, was replaced when first results had been seen: a single
//!   late dip fooled it. All rules stand side by side in the multiverse.)
//! - *Gradient noise is needed for compression*: refuted if networks without it (full batch) still lose at least
//!   `compression_bits`; supported if they lose less than that.
//! - *Gradient noise adds to compression*: the paired difference c − full batch, after as many updates, is above 0; below 0
//!   refutes. The same for each of `more_noise` − c: smaller batches. And the same again at the same training loss
//!   (`matched_loss_bits`), over the pairs in which both networks get there. (The rows of smaller batches and of matched
//!   losses were added when a first run had been seen; `causes.csv` had their figures all along, and no threshold moved.)
//! - *Its size is what counts*: full batch with isotropic noise of the same size differs from c by less than
//!   `compression_bits`.
//! - *Weights walk at random* after the transition: the cosine of successive moves is 0, and the exponent of squared displacement 1, both to
//!   within `reach`. Full batch, which has no noise, is the control. *The entropy of weights grows*: its gain from the
//!   transition to the end is above 0. *Networks end apart*: their weights' correlation is 0 to within `reach`. (These
//!   were added when first runs had been seen.)

use std::collections::HashSet;

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::causes::CauseRow;
use super::diffusion::{DiffusionRow, Wandering};
use super::gradient_path::TransitionRule;
use super::timing::{TimingRow, summarise};
use crate::drawing::distinct;
use crate::rows::{OfCondition, TrainingRow};
use crate::trajectories::phases::Since;
use crate::verdict::{
    Choice, Claim, ClaimRow, Decision, Place, Quantity, Rule, Why, above_zero, at_least, negative, reversed, within,
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
/// Weights wander.
pub const WALK: Claim = Claim {
    question: "rq2",
    id: "weights_walk_at_random",
    asks: "After the transition, do weights move as in a random walk?",
    paper: "yes",
};
/// Diffusion spreads weights.
pub const ENTROPY: Claim = Claim {
    question: "rq2",
    id: "diffusion_raises_weight_entropy",
    asks: "Does the entropy of weights over networks grow after the transition?",
    paper: "yes",
};
/// No two networks alike.
pub const APART: Claim = Claim {
    question: "rq2",
    id: "networks_end_with_other_weights",
    asks: "Do networks end with weights that are not correlated?",
    paper: "yes",
};
/// What RQ2 claims.
pub const CLAIMS: [Claim; 9] =
    [NOISE_NEEDED, STARTS_THERE, PASSES, NOISE_ADDS, GOES_WITH_IT, SIZE_ALONE, WALK, ENTROPY, APART];

const TRANSITIONS: Quantity = Quantity { what: "hidden layers with a transition", unit: "share" };
const RATIO: Quantity = Quantity { what: "epoch of compression over epoch of transition", unit: "log10" };
const CORRELATION: Quantity = Quantity { what: "Spearman correlation of the two epochs", unit: "correlation" };
const LOST_WITHOUT: Quantity = Quantity { what: "I(X;T) lost without noise, mean over hidden layers", unit: "bits" };
const MORE_UPDATES: Quantity =
    Quantity { what: "I(X;T) lost more with more noise, after as many updates", unit: "bits" };
const MORE_LOSS: Quantity =
    Quantity { what: "I(X;T) lost more with more noise, at the same training loss", unit: "bits" };
const COSINE: Quantity = Quantity { what: "cosine of successive moves, mean over hidden layers", unit: "correlation" };
const EXPONENT: Quantity =
    Quantity { what: "exponent of squared displacement above 1, mean over hidden layers", unit: "exponent" };
const GAIN: Quantity = Quantity { what: "entropy gained per weight from the transition to the end", unit: "bits" };
const CORRELATED: Quantity =
    Quantity { what: "correlation with other networks' weights, mean over hidden layers", unit: "correlation" };
const MORE_ISOTROPIC: Quantity = Quantity { what: "I(X;T) lost more than with mini-batches", unit: "bits" };

/// The thresholds of the rules, and the names of the conditions they speak of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRule {
    /// Share of layers × networks that must pass from drift to diffusion.
    pub transition_share: f64,
    /// Which epoch is the transition.
    pub transition: TransitionRule,
    /// How near, as a factor of epochs, counts as "at the transition".
    pub factor: f64,
    /// From when on a loss of I(X;T) counts for when it starts: the peak or the fit. (What is lost is always counted from the fit.)
    pub since: Since,
    /// Share of the loss at which compression has started.
    pub start_share: f64,
    /// Bits of I(X;T), mean over hidden layers, that count as compression.
    pub compression_bits: f64,
    /// Training accuracy below which a condition has not learned.
    pub train_accuracy: f64,
    /// Training loss, in bits, at which conditions are compared beside the end.
    pub matched_loss_bits: f64,
    /// How far from 0 a cosine or a correlation, and from 1 an exponent, may be to count as such.
    pub reach: f64,
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
            (0.0..=1.0).contains(&self.start_share) && (0.0..=1.0).contains(&self.reach),
            "verdict.start_share and verdict.reach must lie between 0 and 1"
        );
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

    fn choices() -> Vec<Choice> {
        let of_starts = [STARTS_THERE, GOES_WITH_IT];
        let transitions = ["parting", "first_below", "last_above", "change_point"];
        vec![
            Choice::new("transition", &of_starts, transitions),
            Choice::new("since", &of_starts, ["peak", "fit"]),
            Choice::new("start_share", &of_starts, [0.1, 0.25, 0.5]),
            Choice::new("factor", &[STARTS_THERE], [1.5, 2.0, 4.0]),
            Choice::new("transition_share", &[PASSES], [0.5, 0.75, 0.9]),
            Choice::new("compression_bits", &[NOISE_NEEDED, SIZE_ALONE], [0.25, 0.5, 1.0]),
            Choice::new("matched_loss_bits", &[NOISE_ADDS], [0.05, 0.07, 0.1]),
            Choice::new("reach", &[WALK, APART], [0.1, 0.2, 0.4]),
        ]
    }
}

impl PhaseRule {
    /// The conditions that differ from the reference in their batch size alone.
    pub fn batch_sizes(&self, reference: &str) -> Vec<String> {
        [reference, &self.without_noise].into_iter().map(str::to_owned).chain(self.more_noise.iter().cloned()).collect()
    }
}

/// What the claims are judged from.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The conditions, the reference first.
    pub conditions: &'a [String],
    /// When layers pass, and when they compress.
    pub timings: &'a [TimingRow],
    /// What each condition does to compression.
    pub causes: &'a [CauseRow],
    /// The conditions and estimators at the ceiling ([`super::causes::saturated`]).
    pub saturated: &'a HashSet<(String, String)>,
    /// How weights move and end.
    pub wanderings: &'a [Wandering],
    /// The same, layer by layer.
    pub diffusion: &'a [DiffusionRow],
    /// How well networks do.
    pub training: &'a [TrainingRow],
}

/// Judges every claim.
pub fn judge(evidence: &Evidence, rule: &PhaseRule) -> Vec<ClaimRow> {
    let Some(reference) = evidence.conditions.first() else { return Vec::new() };
    let judge = Judge { evidence, rule, reference };
    [judge.timing(), judge.causes(), judge.weights()].concat()
}

struct Judge<'a> {
    evidence: &'a Evidence<'a>,
    rule: &'a PhaseRule,
    reference: &'a str,
}

impl Judge<'_> {
    fn place(&self, condition: &str, estimator: &str) -> Place {
        let of = self.evidence.training.iter().find(|row| row.condition == condition);
        let of = of.map(OfCondition::place).unwrap_or_default();
        let (estimator, layers) = (estimator.to_owned(), "hidden layers".to_owned());
        // What a linear network does too is nothing of its layers'.
        Place { estimator, layers, is_control: of.activation == "linear", ..of }
    }

    fn learned(&self, condition: &str) -> bool {
        let of = |cause: &CauseRow| cause.condition == condition && cause.train_accuracy >= self.rule.train_accuracy;
        self.evidence.causes.iter().any(of)
    }

    /// Nothing is decided by networks that have not learned.
    fn of_learned(&self, condition: &str, decision: Decision) -> Decision {
        if self.learned(condition) { decision } else { Decision::undecided(Why::NotLearned) }
    }

    /// Nor by an estimator at its ceiling.
    fn seen(&self, condition: &str, estimator: &str, decision: Decision) -> Decision {
        let is_at_ceiling = self.evidence.saturated.contains(&(condition.to_owned(), estimator.to_owned()));
        if is_at_ceiling { Decision::undecided(Why::Saturated) } else { self.of_learned(condition, decision) }
    }

    /// Nor compared with either.
    fn compared(&self, cause: &CauseRow, decision: Decision) -> Decision {
        let of = |condition: &str, decision| self.seen(condition, &cause.estimator, decision);
        of(self.reference, of(&cause.condition, decision))
    }

    fn replicas(&self, condition: &str) -> usize {
        self.evidence.causes.iter().find(|cause| cause.condition == condition).map_or(0, |cause| cause.replicas)
    }

    /// When layers pass from drift to diffusion, and when they compress.
    fn timing(&self) -> Vec<ClaimRow> {
        let rule = self.rule;
        let is_noisy = |name: &&String| **name != rule.without_noise && **name != rule.isotropic_noise;
        let mut claims = Vec::new();
        for name in self.evidence.conditions.iter().filter(is_noisy) {
            let of: Vec<&TimingRow> = self.evidence.timings.iter().filter(|row| row.condition == *name).collect();
            for (k, estimator) in distinct(of.iter().map(|row| row.estimator.as_str())).into_iter().enumerate() {
                let of: Vec<&TimingRow> = of.iter().copied().filter(|row| row.estimator == estimator).collect();
                let Some(timing) = summarise(&of, rule.transition) else { continue };
                let (networks, place) = (self.replicas(name), self.place(name, estimator));
                let guarded = |decision| if place.is_control { decision } else { self.of_learned(name, decision) };
                // Gradients pass as they do whatever measures information.
                if k == 0 {
                    let share = timing.share_crossing;
                    let place = Place { estimator: String::new(), ..place.clone() };
                    let decision = guarded(at_least(share, rule.transition_share));
                    claims.push(PASSES.row(&place, TRANSITIONS, (networks, share), decision));
                }
                let guarded = |decision| if place.is_control { decision } else { self.seen(name, estimator, decision) };
                if let Some(ratio) = timing.log_ratio {
                    let decision = guarded(within(ratio, rule.factor.log10()));
                    claims.push(STARTS_THERE.row(&place, RATIO, (timing.networks, ratio), decision));
                }
                if let Some(rho) = timing.rank_correlation {
                    let decision = guarded(above_zero(rho));
                    claims.push(GOES_WITH_IT.row(&place, CORRELATION, (timing.networks, rho), decision));
                }
            }
        }
        claims
    }

    /// What noise does to compression.
    fn causes(&self) -> Vec<ClaimRow> {
        let (rule, causes) = (self.rule, self.evidence.causes);
        let mut claims = Vec::new();
        let beside = |cause: &CauseRow| Place {
            compared_with: self.reference.to_owned(),
            ..self.place(&cause.condition, &cause.estimator)
        };
        let adds = |cause: &CauseRow, quantity: Quantity, (pairs, more): (usize, Interval)| {
            let decision = self.compared(cause, above_zero(more));
            NOISE_ADDS.row(&beside(cause), quantity, (pairs, more), decision)
        };
        for cause in causes.iter().filter(|cause| cause.condition == rule.without_noise) {
            let lost = Interval {
                mean: cause.compression_bits,
                lower: cause.compression_bits_lower,
                upper: cause.compression_bits_upper,
            };
            let decision = reversed(at_least(lost, rule.compression_bits));
            let decision = self.seen(&cause.condition, &cause.estimator, decision);
            let place = self.place(&cause.condition, &cause.estimator);
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
            let decision = self.compared(cause, within(difference, rule.compression_bits));
            claims.push(SIZE_ALONE.row(&beside(cause), MORE_ISOTROPIC, (cause.replicas, difference), decision));
        }
        claims
    }

    /// How weights move and end, where batches differ in size alone. Without any noise they cannot walk: that is the control.
    fn weights(&self) -> Vec<ClaimRow> {
        let rule = self.rule;
        let shown = [rule.batch_sizes(self.reference), vec![rule.isotropic_noise.clone()]].concat();
        let mut claims = Vec::new();
        for of in self.evidence.wanderings.iter().filter(|of| shown.contains(&of.condition)) {
            let place = self.place(&of.condition, "");
            let without = Place { is_control: of.condition == rule.without_noise, ..place.clone() };
            let near = |value| self.of_learned(&of.condition, within(value, rule.reach));
            claims.extend(WALK.tested(&without, COSINE, &of.cosines, near));
            let above: Vec<f64> = of.exponents.iter().map(|exponent| exponent - 1.0).collect();
            claims.extend(WALK.tested(&without, EXPONENT, &above, near));
            claims.extend(APART.tested(&place, CORRELATED, &of.correlations, near));
        }
        for row in self.evidence.diffusion.iter().filter(|row| shown.contains(&row.condition) && row.has_transition) {
            let Some(mean) = row.diffusion_entropy_gain_bits else { continue };
            let (lower, upper) = (row.diffusion_entropy_gain_bits_lower, row.diffusion_entropy_gain_bits_upper);
            let gain = Interval { mean, lower, upper };
            let place = Place { layers: format!("layer {}", row.layer), ..self.place(&row.condition, "") };
            let decision = self.of_learned(&row.condition, above_zero(gain));
            claims.push(ENTROPY.row(&place, GAIN, (row.replicas, gain), decision));
        }
        claims
    }
}

fn effect(cause: &CauseRow) -> Interval {
    Interval { mean: cause.effect_bits, lower: cause.effect_bits_lower, upper: cause.effect_bits_upper }
}

/// The effect at the same training loss, and over how many pairs.
fn matched_effect(cause: &CauseRow) -> Option<(usize, Interval)> {
    let (lower, upper) = (cause.matched_loss_effect_bits_lower, cause.matched_loss_effect_bits_upper);
    Some((cause.matched_loss_pairs, Interval { mean: cause.matched_loss_effect_bits?, lower, upper }))
}

#[cfg(test)]
impl PhaseRule {
    /// The rule of the tests.
    pub(super) fn planted() -> Self {
        Self {
            transition_share: 0.9,
            transition: TransitionRule::Parting,
            factor: 2.0,
            since: Since::Peak,
            start_share: 0.1,
            compression_bits: 0.5,
            train_accuracy: 0.9,
            matched_loss_bits: 0.07,
            reach: 0.2,
            more_noise: Vec::new(),
            without_noise: String::new(),
            isotropic_noise: String::new(),
        }
    }
}
