//! The rule of a verdict: its thresholds, fixed before the run, and which other values could be defended.

use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::Value;

/// The rule of a verdict: its thresholds, fixed before the run.
pub trait Rule: Clone + Send + Sync + Serialize + DeserializeOwned {
    /// # Errors
    /// If a threshold cannot be, or a condition it names is not among these.
    fn check(&self, conditions: &[String]) -> Result<()>;

    /// What an analyst could have chosen as well ([`super::multiverse`]).
    fn choices() -> Vec<Choice> {
        Vec::new()
    }
}

/// A setting of a rule for which several values can be defended.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The setting: KEY of `verdict.KEY`.
    pub key: &'static str,
    /// The ids of the claims that it bears on.
    pub on: Vec<&'static str>,
    /// The values. What the rule has is tried, too.
    pub values: Vec<Value>,
}

impl Choice {
    /// Of these values, bearing on these claims.
    pub fn new<V: Into<Value>>(key: &'static str, on: &[super::Claim], values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(Into::into).collect();
        Self { key, on: on.iter().map(|claim| claim.id).collect(), values }
    }
}
