//! The tables every question's settings have, and what is refused of them.

use anyhow::{Result, bail, ensure};
use infoplane_info::estimators::EstimatorKind;
use infoplane_model::backend::Compute;
use infoplane_model::{Activation, Backend, GradientMode, remote};
use serde::{Deserialize, Serialize};

/// More networks or recorded epochs than this are a slip of the hand.
const MOST: usize = 1_000_000;

/// Which networks a run trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaSettings {
    /// Seed of the first replica; replica k has seed + k.
    pub seed: u64,
    /// Networks per condition.
    pub replicas: usize,
    /// Explicit seeds, one per replica; overrides the two above.
    pub seeds: Vec<u64>,
}

/// What is recorded, when and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureSettings {
    /// How many epochs are recorded, log-spaced from 1, besides epoch 0 and the last.
    pub snapshots: usize,
    /// Exactly these epochs instead.
    pub epochs: Vec<usize>,
    /// Estimators, as `estimate` names them.
    pub estimators: Vec<EstimatorKind>,
    /// Estimators that take long, measured at every k-th recorded epoch and the last only.
    pub costly_estimators: Vec<EstimatorKind>,
    /// That k.
    pub costly_every: usize,
    /// Whether mini-batch gradients are measured, and at which weights.
    pub gradients: GradientMode,
    /// Whether the weights at the end are kept, one .safetensors for each network in the folder `weights`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub save_weights: bool,
}

/// The conditions of a grid: every activation × every training fraction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridSettings {
    /// Activations of the hidden layers.
    pub activations: Vec<Activation>,
    /// Shares of the patterns that train.
    pub train_fractions: Vec<f64>,
}

/// How a run is computed, without any bearing on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputeSettings {
    /// Where networks train.
    pub backend: Backend,
    /// Which device of the backend.
    pub device: usize,
    /// Where the device of the backend `remote` is served.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Replicas trained together on a CPU thread; a GPU takes all at once.
    pub block: usize,
}

impl ComputeSettings {
    /// The device.
    ///
    /// # Errors
    /// If the build lacks the backend, or the backend the device.
    pub fn open(&self) -> Result<Compute> {
        if self.backend != Backend::Remote {
            ensure!(
                self.address.is_empty(),
                "compute.address (--address) is where the backend remote finds its device, but the backend is {}",
                self.backend
            );
            return Ok(self.backend.open(self.device)?);
        }
        Ok(remote::connect(&self.address, &token(), self.device)?)
    }
}

/// What opens another machine's devices. It comes from the environment, so that no file of a run holds it.
pub fn token() -> String {
    std::env::var("INFOPLANE_TOKEN").unwrap_or_default()
}

impl ReplicaSettings {
    /// The seed of every replica.
    ///
    /// # Errors
    /// If there are none, or one comes twice.
    pub fn checked_seeds(&self) -> Result<Vec<u64>> {
        ensure!(
            !self.seeds.is_empty() || (1..=MOST).contains(&self.replicas),
            "run.replicas = {}: between 1 and {MOST} networks can be trained",
            self.replicas
        );
        let seeds = if self.seeds.is_empty() {
            (0..self.replicas as u64).map(|k| self.seed.wrapping_add(k)).collect()
        } else {
            self.seeds.clone()
        };
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        if let Some([seed, _]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!("run.seeds has {seed} twice: two replicas would be the same network");
        }
        Ok(seeds)
    }
}

impl MeasureSettings {
    /// The estimators of the k-th recorded epoch.
    pub fn estimators_at(&self, place: usize, is_last: bool) -> impl Iterator<Item = &EstimatorKind> {
        let costly = if is_last || place.is_multiple_of(self.costly_every) { &self.costly_estimators[..] } else { &[] };
        self.estimators.iter().chain(costly)
    }

    /// The recorded epochs of a training of this length: 0, log-spaced ones, the last; ascending.
    ///
    /// # Errors
    /// If nothing is measured, or an epoch lies beyond the training.
    pub fn checked_epochs(&self, last: usize) -> Result<Vec<usize>> {
        ensure!(self.costly_every > 0, "measure.costly_every = 0: every k-th recorded epoch, with k at least 1");
        ensure!(
            self.snapshots <= MOST,
            "measure.snapshots = {}: at most {MOST} epochs can be recorded",
            self.snapshots
        );
        let mut epochs = self.epochs.clone();
        if epochs.is_empty() {
            epochs = vec![0, last];
            let points = self.snapshots.saturating_sub(1).max(1) as f64;
            epochs.extend((0..self.snapshots).map(|i| (last as f64).powf(i as f64 / points).round() as usize));
            epochs.retain(|&epoch| epoch <= last);
        }
        epochs.sort_unstable();
        epochs.dedup();
        match epochs.last() {
            Some(&beyond) if beyond > last => {
                bail!("measure.epochs has {beyond}, but training ends at train.epochs = {last}")
            }
            _ => Ok(epochs),
        }
    }
}

impl GridSettings {
    /// # Errors
    /// If a side of the grid is empty or repeats itself, or a fraction is no fraction.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.activations.is_empty(), "grid.activations is empty: name at least one, like \"tanh\"");
        ensure!(!self.train_fractions.is_empty(), "grid.train_fractions is empty: name at least one, like 0.85");
        for (i, fraction) in self.train_fractions.iter().enumerate() {
            ensure!(
                *fraction > 0.0 && *fraction <= 1.0,
                "grid.train_fractions has {fraction}: a training fraction lies above 0 and at most at 1"
            );
            ensure!(!self.train_fractions[..i].contains(fraction), "grid.train_fractions has {fraction} twice");
        }
        for (i, activation) in self.activations.iter().enumerate() {
            ensure!(!self.activations[..i].contains(activation), "grid.activations has {activation} twice");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_epochs_are_log_spaced_with_both_ends() {
        let mut measure = MeasureSettings {
            snapshots: 5,
            epochs: vec![],
            estimators: vec!["idnns:edges=30".parse().unwrap()],
            costly_estimators: vec![],
            costly_every: 1,
            gradients: GradientMode::None,
            save_weights: false,
        };
        assert_eq!(measure.checked_epochs(10_000).unwrap(), [0, 1, 10, 100, 1000, 10_000]);
        assert_eq!(measure.checked_epochs(1).unwrap(), [0, 1]);
        measure.epochs = vec![3, 1, 3];
        assert_eq!(measure.checked_epochs(3).unwrap(), [1, 3]);
        assert!(measure.checked_epochs(2).unwrap_err().to_string().contains("measure.epochs"));
    }

    #[test]
    fn duplicate_seeds_are_refused() {
        let run = ReplicaSettings { seed: 0, replicas: 0, seeds: vec![3, 4, 3] };
        assert!(run.checked_seeds().unwrap_err().to_string().contains("3 twice"));
    }
}
