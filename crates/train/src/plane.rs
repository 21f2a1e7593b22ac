//! What is observed: p(x, y), estimators, epochs, names of the run.

use std::collections::BTreeSet;

use infoplane_experiments::methods::Method;
use infoplane_info::JointDistribution;

use crate::error::Error;

/// At which epochs a network is measured, besides 0 and the last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Epochs {
    /// Each of the first 20, then steps that grow by a twentieth: 21, 22, …, 40, 42, …: about 48 more for every tenfold of epochs.
    Growing,
    /// Every so many epochs; 0 counts as 1.
    Every(usize),
    /// Exactly these.
    These(BTreeSet<usize>),
}

impl Epochs {
    /// Whether an epoch is recorded, `last` being the one recorded before it.
    pub(crate) fn includes(&self, epoch: usize, last: usize) -> bool {
        match self {
            Self::Growing => epoch >= last + 1 + last / 20,
            Self::Every(step) => epoch.is_multiple_of((*step).max(1)),
            Self::These(epochs) => epochs.contains(&epoch),
        }
    }
}

impl std::fmt::Display for Epochs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Growing => f.write_str("growing"),
            Self::Every(step) => write!(f, "every {step}"),
            Self::These(epochs) => write!(f, "{epochs:?}"),
        }
    }
}

/// What is observed, and what the run is called.
#[derive(Debug, Clone)]
pub struct Plane {
    pub(crate) dataset: String,
    pub(crate) joint: JointDistribution,
    pub(crate) estimators: Vec<String>,
    pub(crate) epochs: Epochs,
    pub(crate) condition: String,
    pub(crate) activation: String,
    pub(crate) train_fraction: f64,
    pub(crate) replica: usize,
    pub(crate) seed: u64,
}

impl Plane {
    /// Of equally likely patterns, each with one label for certain, from 0 to `classes` − 1. Every row is an x of its own.
    ///
    /// # Errors
    /// If there is no pattern, or a label is outside its classes.
    pub fn of_labels(dataset: impl Into<String>, labels: Vec<u32>, classes: usize) -> Result<Self, Error> {
        if let Some((pattern, &label)) = labels.iter().enumerate().find(|(_, label)| **label as usize >= classes) {
            return Err(Error::Label { pattern, label, classes });
        }
        Ok(Self::of_joint(dataset, JointDistribution::of_labels(labels, classes)?))
    }

    /// Of a known p(x, y), in the order of the patterns.
    pub fn of_joint(dataset: impl Into<String>, joint: JointDistribution) -> Self {
        Self {
            dataset: dataset.into(),
            joint,
            estimators: vec!["binning:width=0.07".to_owned()],
            epochs: Epochs::Growing,
            condition: "custom".to_owned(),
            activation: "custom".to_owned(),
            train_fraction: 1.0,
            replica: 0,
            seed: 0,
        }
    }

    /// Measured by these estimators, written as `estimate` writes them, instead of `binning:width=0.07`; the first is drawn.
    #[must_use]
    pub fn estimators<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        Self { estimators: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// Measured at these epochs instead of growing steps. Epoch 0 and the last one always are.
    #[must_use]
    pub fn epochs(self, epochs: Epochs) -> Self {
        Self { epochs, ..self }
    }

    /// The columns `condition` and `activation` of the tables, both "custom" unless named.
    #[must_use]
    pub fn named(self, condition: impl Into<String>, activation: impl Into<String>) -> Self {
        Self { condition: condition.into(), activation: activation.into(), ..self }
    }

    /// The share of the patterns that trains, for the tables; 1 unless said.
    #[must_use]
    pub fn train_fraction(self, fraction: f64) -> Self {
        Self { train_fraction: fraction, ..self }
    }

    /// Which network this is, for the tables: its number from 0, and its seed.
    #[must_use]
    pub fn replica(self, replica: usize, seed: u64) -> Self {
        Self { replica, seed, ..self }
    }

    /// The estimators, parsed.
    pub(crate) fn methods(&self) -> Result<Vec<Method>, Error> {
        if self.estimators.is_empty() {
            return Err(Error::NoEstimator);
        }
        let parse = |name: &String| name.parse().map_err(|source| Error::Estimator { name: name.clone(), source });
        self.estimators.iter().map(parse).collect()
    }
}
