//! How networks are trained, and what is refused.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::optimizer::OptimizerKind;

/// More patterns than this are a slip of the hand.
const MOST_DRAWN: usize = 10_000_000;

/// How networks are trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Passes over the training patterns.
    pub epochs: usize,
    /// Patterns per step; 0 for all. The last batch of an epoch may be smaller.
    pub batch_size: usize,
    /// Whether each epoch has a fresh order of the patterns, the replica's own.
    pub shuffle: bool,
    /// Update rule.
    pub optimizer: OptimizerKind,
    /// Step size η.
    pub learning_rate: f64,
    /// Momentum μ of SGD.
    pub momentum: f64,
    /// Weight decay λ.
    pub weight_decay: f64,
    /// Langevin noise: to every gradient an isotropic Gaussian is added, as large as the difference between the gradient of
    /// this many patterns, drawn at random, and of all training patterns, at the same weights. 0 for none.
    pub noise_batch: usize,
}

/// At which weights the gradients of an epoch's mini-batches are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GradientMode {
    /// Not at all.
    None,
    /// As training takes them: the weights move from batch to batch, so their drift adds to the standard deviation.
    Moving,
    /// Once more over the epoch's mini-batches, at the weights reached: sampling noise alone.
    Frozen,
}

/// Why a training cannot start.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting that cannot be.
    #[error("{field} = {value}: {reason}")]
    Setting {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A block without replicas or with samples of different sizes.
    #[error("the replicas of a block need training samples of one size above 0, but they have {0:?}")]
    Samples(Vec<usize>),
    /// A state to resume from that another training was in.
    #[error("the state is that of another training")]
    State,
}

impl TrainSettings {
    /// # Errors
    /// If a setting is out of its range. (No epochs at all are refused by whoever needs some.)
    pub fn check(&self) -> Result<(), TrainError> {
        let refuse = |field, value: String, reason| Err(TrainError::Setting { field, value, reason });
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return refuse("learning_rate", self.learning_rate.to_string(), "must be a finite number above 0");
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return refuse("momentum", self.momentum.to_string(), "must be at least 0 and below 1");
        }
        if self.momentum > 0.0 && self.optimizer != OptimizerKind::Sgd {
            return refuse("momentum", self.momentum.to_string(), "belongs to the optimizer sgd; set it to 0");
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return refuse("weight_decay", self.weight_decay.to_string(), "must be a finite number of at least 0");
        }
        if self.noise_batch > MOST_DRAWN {
            return refuse(
                "noise_batch",
                self.noise_batch.to_string(),
                "is more patterns than can be drawn for a step",
            );
        }
        Ok(())
    }
}
