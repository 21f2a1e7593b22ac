//! The thresholds of RQ4's verdict, fixed before the run.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::thresholds::Threshold;
use crate::verdict::Rule;

/// The thresholds of the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepthRule {
    /// Share of the way from guessing to the best classifier at which networks have learned; see [`crate::learning`].
    #[serde(default = "crate::learning::learned_share")]
    pub learned_share: f64,
    /// Levels whose times are taken; the first is the goal, for which learning rates are tuned.
    pub thresholds: Vec<Threshold>,
    /// Share of the shallowest networks that must miss the goal to call them failing.
    pub failing_share: f64,
    /// Fewest bits of I(X;T) lost that are a compression to time.
    pub relaxation_bits: f64,
    /// Share of them after which it counts as done.
    pub relaxation_share: f64,
    /// Akaike weight and share of resamples that make a law the law.
    pub law_share: f64,
}

impl Rule for DepthRule {
    fn check(&self, _conditions: &[String]) -> Result<()> {
        ensure!(!self.thresholds.is_empty(), "verdict.thresholds is empty: the first is the goal");
        for threshold in &self.thresholds {
            ensure!(
                threshold.level > 0.0 && threshold.level.is_finite(),
                "verdict.thresholds has a level of {}: must be a finite number above 0",
                threshold.level
            );
        }
        let shares = [
            ("failing_share", self.failing_share),
            ("relaxation_share", self.relaxation_share),
            ("law_share", self.law_share),
            ("learned_share", self.learned_share),
        ];
        for (key, share) in shares {
            ensure!(share > 0.0 && share <= 1.0, "verdict.{key} = {share}: must lie above 0 and at most at 1");
        }
        ensure!(
            self.relaxation_bits > 0.0 && self.relaxation_bits.is_finite(),
            "verdict.relaxation_bits = {}: must be a finite number above 0",
            self.relaxation_bits
        );
        Ok(())
    }
}

impl DepthRule {
    /// The goal; there is one in checked rules.
    pub fn goal(&self) -> Threshold {
        self.thresholds[0]
    }
}
