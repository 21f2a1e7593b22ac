//! What a claim comes to, and why it stays undecided.
//!
//! An interval decides only when it lies on one side of what the rule asks; else the claim is undecided, as it is without an interval.

use std::fmt;

use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::intervals::LEVEL;

/// Networks below which nothing is decided: intervals of fewer hold their truth too seldom.
pub const FEWEST_NETWORKS: usize = 8;

/// What a claim comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The rule says yes.
    Supported,
    /// The rule says no.
    Refuted,
    /// Neither, for a reason that stands beside it.
    Undecided,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Supported => "supported",
            Self::Refuted => "refuted",
            Self::Undecided => "undecided",
        })
    }
}

/// Why a claim stays undecided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Fewer than [`FEWEST_NETWORKS`].
    FewNetworks,
    /// The networks have not learned their task.
    NotLearned,
    /// The estimator is at its ceiling, whatever the layer does.
    Saturated,
    /// The interval lies on both sides of the threshold.
    Straddles,
    /// There is no interval.
    NoInterval,
    /// Layers say different things.
    LayersDiffer,
    /// No law fits clearly best.
    LawsTie,
    /// Calibration trusts the estimator on no layer whose information is known.
    OutsideCalibration,
    /// The labels are certain given X, so the curve is a corner, and a β means nothing (Kolchinsky, Tracey & Van Kuyk 2019).
    HardLabels,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewNetworks => write!(f, "fewer than {FEWEST_NETWORKS} networks"),
            Self::NotLearned => f.write_str("networks that have not learned"),
            Self::Saturated => f.write_str("the estimator is at its ceiling"),
            Self::Straddles => f.write_str("intervals on both sides of the threshold"),
            Self::NoInterval => f.write_str("no interval"),
            Self::LayersDiffer => f.write_str("layers that say different things"),
            Self::LawsTie => f.write_str("no law that fits clearly best"),
            Self::OutsideCalibration => f.write_str("an estimator that calibration trusts nowhere"),
            Self::HardLabels => f.write_str("labels certain given X, for which β means nothing"),
        }
    }
}

/// An outcome, with the reason if it is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// The outcome.
    pub outcome: Outcome,
    /// Why it is undecided; none if it is not.
    pub why: Option<Why>,
    /// How likely an estimate at least so far on its side would be at the threshold (two-sided, as if the estimate were normal with the
    /// interval's width); none where the rule is no threshold on one interval.
    pub p: Option<f64>,
}

impl Decision {
    /// The rule says yes.
    pub const SUPPORTED: Self = Self { outcome: Outcome::Supported, why: None, p: None };
    /// The rule says no.
    pub const REFUTED: Self = Self { outcome: Outcome::Refuted, why: None, p: None };

    /// Neither, and why.
    pub const fn undecided(why: Why) -> Self {
        Self { outcome: Outcome::Undecided, why: Some(why), p: None }
    }

    /// Yes, no, or neither, and why.
    pub fn of(yes: bool, no: bool, why: Why) -> Self {
        match (yes, no) {
            (true, _) => Self::SUPPORTED,
            (_, true) => Self::REFUTED,
            _ => Self::undecided(why),
        }
    }
}

/// The interval of minus the value.
pub fn negative(i: Interval) -> Interval {
    Interval { mean: -i.mean, lower: i.upper.map(|v| -v), upper: i.lower.map(|v| -v) }
}

/// The decision on the opposite claim.
pub fn reversed(decision: Decision) -> Decision {
    let outcome = match decision.outcome {
        Outcome::Supported => Outcome::Refuted,
        Outcome::Refuted => Outcome::Supported,
        Outcome::Undecided => Outcome::Undecided,
    };
    Decision { outcome, ..decision }
}

/// By an interval, and by how far its middle lies from a threshold.
fn decide(i: Interval, distance: f64, yes: impl Fn(f64, f64) -> bool, no: impl Fn(f64, f64) -> bool) -> Decision {
    match (i.lower, i.upper) {
        (Some(lower), Some(upper)) if lower.is_finite() && upper.is_finite() => {
            let decision = Decision::of(yes(lower, upper), no(lower, upper), Why::Straddles);
            Decision { p: chance(distance, upper - lower), ..decision }
        }
        _ => Decision::undecided(Why::NoInterval),
    }
}

/// The chance of lying so far from a threshold, of an estimate with this interval.
fn chance(distance: f64, width: f64) -> Option<f64> {
    let normal = Normal::standard();
    let error = width / (2.0 * normal.inverse_cdf(f64::midpoint(1.0, LEVEL)));
    (error > 0.0).then(|| 2.0 * normal.sf(distance.abs() / error))
}

/// Supported if all of the interval reaches the threshold, refuted if none of it does.
pub fn at_least(i: Interval, threshold: f64) -> Decision {
    decide(i, i.mean - threshold, |lower, _| lower >= threshold, |_, upper| upper < threshold)
}

/// Supported if all of the interval lies above 0, refuted if all of it lies below.
pub fn above_zero(i: Interval) -> Decision {
    decide(i, i.mean, |lower, _| lower > 0.0, |_, upper| upper < 0.0)
}

/// Supported if the interval lies within so far of 0, refuted if it lies wholly outside.
pub fn within(i: Interval, reach: f64) -> Decision {
    decide(
        i,
        i.mean.abs() - reach,
        |lower, upper| lower >= -reach && upper <= reach,
        |lower, upper| lower > reach || upper < -reach,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_decide_only_when_they_lie_on_one_side() {
        let i = |lower, upper| Interval { mean: f64::midpoint(lower, upper), lower: Some(lower), upper: Some(upper) };
        let straddles = Decision::undecided(Why::Straddles);
        // The chance apart.
        let is = |decision: Decision, expected: Decision| assert_eq!(Decision { p: None, ..decision }, expected);
        is(at_least(i(0.5, 0.7), 0.5), Decision::SUPPORTED);
        is(at_least(i(0.3, 0.4), 0.5), Decision::REFUTED);
        is(at_least(i(0.3, 0.7), 0.5), straddles);
        is(within(i(-0.1, 0.2), 0.3), Decision::SUPPORTED);
        is(within(i(0.4, 0.6), 0.3), Decision::REFUTED);
        is(within(i(0.2, 0.6), 0.3), straddles);
        is(above_zero(negative(i(-2.0, -1.0))), Decision::SUPPORTED);
        is(reversed(at_least(i(0.5, 0.7), 0.5)), Decision::REFUTED);
        let without = Interval { mean: 0.0, lower: None, upper: None };
        assert_eq!(within(without, 1.0), Decision::undecided(Why::NoInterval));
    }

    #[test]
    fn an_interval_that_ends_at_its_threshold_has_the_chance_of_its_level() {
        let i = Interval { mean: 0.6, lower: Some(0.5), upper: Some(0.7) };
        approx::assert_abs_diff_eq!(at_least(i, 0.5).p.unwrap(), 0.05, epsilon = 1e-9);
        approx::assert_abs_diff_eq!(at_least(i, 0.6).p.unwrap(), 1.0, epsilon = 1e-9);
        approx::assert_abs_diff_eq!(reversed(within(i, 0.5)).p.unwrap(), 0.05, epsilon = 1e-9);
    }
}
