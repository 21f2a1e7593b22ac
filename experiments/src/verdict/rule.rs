//! The rule of a verdict: its thresholds, fixed before the run.

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The rule of a verdict: its thresholds, fixed before the run.
pub trait Rule: Clone + Serialize + DeserializeOwned {
    /// # Errors
    /// If a threshold cannot be, or a condition it names is not among these.
    fn check(&self, conditions: &[String]) -> Result<()>;
}
