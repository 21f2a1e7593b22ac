//! A verdict, claim by claim: what was measured, its interval, and what a rule fixed before the run makes of it.
//!
//! An interval decides only when it lies on one side; else the claim is inconclusive, as it is without an interval.

use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use crate::trajectories::verdict::Outcome;

/// One claim: a row of `verdict.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
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

/// A row about a claim, in a condition, through an estimator, and what was measured.
pub fn claim(
    question: &str,
    (claim, condition, estimator, measured): (&str, &str, &str, &str),
    (replicas, value): (usize, Interval),
    outcome: Outcome,
) -> ClaimRow {
    ClaimRow {
        question: question.to_owned(),
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

/// The interval of minus the value.
pub fn negative(i: Interval) -> Interval {
    Interval { mean: -i.mean, lower: i.upper.map(|v| -v), upper: i.lower.map(|v| -v) }
}

/// The outcome of the opposite claim.
pub fn reversed(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Supported => Outcome::Refuted,
        Outcome::Refuted => Outcome::Supported,
        Outcome::Inconclusive => Outcome::Inconclusive,
    }
}

/// One way, the other, or neither.
fn decide(yes: Option<bool>, no: Option<bool>) -> Outcome {
    match (yes, no) {
        (Some(true), _) => Outcome::Supported,
        (_, Some(true)) => Outcome::Refuted,
        _ => Outcome::Inconclusive,
    }
}

/// Supported if all of the interval reaches the threshold, refuted if none of it does.
pub fn at_least(i: Interval, threshold: f64) -> Outcome {
    decide(i.lower.map(|v| v >= threshold), i.upper.map(|v| v < threshold))
}

/// Supported if all of the interval lies above 0, refuted if all of it lies below.
pub fn above_zero(i: Interval) -> Outcome {
    decide(i.lower.map(|v| v > 0.0), i.upper.map(|v| v < 0.0))
}

/// Supported if the interval lies within so far of 0, refuted if it lies wholly outside.
pub fn within(i: Interval, reach: f64) -> Outcome {
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
