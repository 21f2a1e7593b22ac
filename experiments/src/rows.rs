//! The rows of result files: tidy and long, units in the column names. Every row says which network it is about. A column that
//! this version does not know is an error, not passed over: a newer version may mean something by it.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::verdict::Place;

/// The condition a row belongs to, shared by all replicas of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Task.
    pub dataset: String,
    /// Widths of the measured layers, like 10-7-5-4-3-2.
    pub architecture: String,
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: f64,
}

/// One layer of one network at one epoch through one estimator: `information_plane.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InformationRow {
    /// Task.
    pub dataset: String,
    /// Widths of the measured layers.
    pub architecture: String,
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// Number of the network, from 0.
    pub replica: usize,
    /// Its seed.
    pub seed: u64,
    /// Epochs trained.
    pub epoch: usize,
    /// Layer, from 1 next to the input; the last is the output.
    pub layer: usize,
    /// Estimator, as `estimate` names it.
    pub estimator: String,
    /// I(X;T).
    pub i_xt_bits: f64,
    /// I(T;Y).
    pub i_ty_bits: f64,
}

/// How well one network does at one epoch: `training.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRow {
    /// Task.
    pub dataset: String,
    /// Widths of the measured layers.
    pub architecture: String,
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// Number of the network, from 0.
    pub replica: usize,
    /// Its seed.
    pub seed: u64,
    /// Epochs trained.
    pub epoch: usize,
    /// Updates of the weights so far.
    pub updates: usize,
    /// Cross-entropy on the training labels.
    pub train_loss_bits: f64,
    /// Share of training labels predicted.
    pub train_accuracy: f64,
    /// Expected cross-entropy on the other patterns under p(y|x); empty if all patterns train.
    pub test_loss_bits: Option<f64>,
    /// Expected accuracy on the other patterns under p(y|x); empty if all patterns train.
    pub test_accuracy: Option<f64>,
}

/// The mini-batch gradients of one layer of one network at one epoch: `gradients.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradientRow {
    /// Task.
    pub dataset: String,
    /// Widths of the measured layers.
    pub architecture: String,
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// Number of the network, from 0.
    pub replica: usize,
    /// Its seed.
    pub seed: u64,
    /// Epochs trained.
    pub epoch: usize,
    /// Layer, from 1.
    pub layer: usize,
    /// `kernel` or `bias`.
    pub part: String,
    /// ‖W‖, or ‖b‖.
    pub weight_norm: f64,
    /// ‖⟨g⟩‖ over the epoch's mini-batches.
    pub gradient_mean_norm: f64,
    /// ‖σ(g)‖ over the epoch's mini-batches.
    pub gradient_std_norm: f64,
    /// ‖⟨g⟩‖ / ‖W‖; empty where ‖W‖ is 0.
    pub gradient_mean_normalised: Option<f64>,
    /// ‖σ(g)‖ / ‖W‖; empty where ‖W‖ is 0.
    pub gradient_std_normalised: Option<f64>,
    /// ‖⟨g⟩‖ / ‖σ(g)‖; empty without noise.
    pub snr: Option<f64>,
    /// Share of activations over 0.95 of the way to a bound; empty for unbounded activations.
    pub saturation: Option<f64>,
}

/// How far one layer's weights have moved since its transition, or, without one, since a tenth of training: `displacement.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DisplacementRow {
    /// Task.
    pub dataset: String,
    /// Widths of the measured layers.
    pub architecture: String,
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// Number of the network, from 0.
    pub replica: usize,
    /// Its seed.
    pub seed: u64,
    /// Epochs trained.
    pub epoch: usize,
    /// Layer, from 1.
    pub layer: usize,
    /// Recorded epoch at which this layer's drift has turned into diffusion; the first after a tenth of all epochs, if it never does.
    pub since_epoch: usize,
    /// Whether it does.
    pub has_transition: bool,
    /// ‖W(epoch) − W(since_epoch)‖².
    pub squared_displacement: f64,
    /// Cosine of the last two moves from one recorded epoch to the next: 0 on average on a random walk; empty if one of them began before
    /// `since_epoch`, or went nowhere.
    pub increment_cosine: Option<f64>,
}

/// When a weight was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightMoment {
    /// At the first recorded epoch.
    Start,
    /// When its layer's drift has turned into diffusion.
    Transition,
    /// At the last recorded epoch.
    End,
}

/// One weight of one network at one moment: `weights.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightRow {
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// Number of the network, from 0.
    pub replica: usize,
    /// Layer, from 1.
    pub layer: usize,
    /// When.
    pub moment: WeightMoment,
    /// Place in the kernel W [n_in × n_out], row by row.
    pub index: usize,
    /// The weight.
    pub weight: f32,
}

/// Rows of a table that stands in every run's folder under one name.
pub trait Table: Serialize + DeserializeOwned {
    /// The table's file, like `training.csv`.
    const FILE: &'static str;
}

/// Says in which file rows of a kind stand.
macro_rules! table {
    ($($row:ty = $file:literal),* $(,)?) => {
        $(impl $crate::rows::Table for $row {
            const FILE: &'static str = $file;
        })*
    };
}
pub(crate) use table;

table!(
    InformationRow = "information_plane.csv",
    TrainingRow = "training.csv",
    GradientRow = "gradients.csv",
    DisplacementRow = "displacement.csv",
    WeightRow = "weights.csv",
);

/// Reads a table of a run's folder.
///
/// # Errors
/// As [`read`].
pub fn of<R: Table>(folder: &Path) -> Result<Vec<R>> {
    read(&folder.join(R::FILE))
}

/// Reads a table of a run's folder that the run may have had no reason to write; no rows if it has not.
///
/// # Errors
/// As [`read`].
pub fn of_if_there<R: Table>(folder: &Path) -> Result<Vec<R>> {
    if folder.join(R::FILE).exists() { of(folder) } else { Ok(Vec::new()) }
}

/// Reads every row of a result file.
///
/// # Errors
/// If the file cannot be read, or a row is not of this kind (says which line).
pub fn read<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .with_context(|| format!("{} is damaged, or was written by another version", path.display()))
}

/// Writes rows as a whole file: readers see the old one or the new one, never half of it.
///
/// # Errors
/// If the file cannot be written.
pub fn write<R: Serialize>(path: &Path, rows: &[R]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    crate::files::write_atomically(path, &writer.into_inner()?)
}

/// What tells one condition of a run from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a> {
    /// Task.
    pub dataset: &'a str,
    /// Widths of the measured layers.
    pub architecture: &'a str,
    /// Name of the condition.
    pub condition: &'a str,
    /// Activation of the hidden layers.
    pub activation: &'a str,
    /// The bits of the share of the patterns that train.
    train_fraction: u64,
}

impl<'a> Key<'a> {
    /// Of these columns.
    pub fn new([dataset, architecture, condition, activation]: [&'a str; 4], train_fraction: f64) -> Self {
        Self { dataset, architecture, condition, activation, train_fraction: train_fraction.to_bits() }
    }

    /// Where a claim on this condition stands in `verdict.csv`.
    pub fn place(&self) -> Place {
        Place {
            dataset: self.dataset.to_owned(),
            architecture: self.architecture.to_owned(),
            condition: self.condition.to_owned(),
            activation: self.activation.to_owned(),
            train_fraction: Some(f64::from_bits(self.train_fraction)),
            ..Place::default()
        }
    }
}

/// What belongs to a condition.
pub trait OfCondition {
    /// Which.
    fn key(&self) -> Key<'_>;

    /// Where a claim on it stands.
    fn place(&self) -> Place {
        self.key().place()
    }
}

/// A row about one network.
pub trait OfNetwork: OfCondition {
    /// Its number within its condition.
    fn replica(&self) -> usize;

    /// Which network it is.
    fn network(&self) -> (Key<'_>, usize) {
        (self.key(), self.replica())
    }
}

/// Rows that say in these columns which condition they belong to.
macro_rules! of_condition {
    ($($row:ty),* $(,)?) => {
        $(impl $crate::rows::OfCondition for $row {
            fn key(&self) -> $crate::rows::Key<'_> {
                let names = [&self.dataset, &self.architecture, &self.condition, &self.activation];
                $crate::rows::Key::new(names.map(String::as_str), self.train_fraction)
            }
        })*
    };
}
pub(crate) use of_condition;

/// Rows that say in these columns which network they are about.
macro_rules! of_network {
    ($($row:ty),* $(,)?) => {
        $crate::rows::of_condition!($($row),*);
        $(impl $crate::rows::OfNetwork for $row {
            fn replica(&self) -> usize {
                self.replica
            }
        })*
    };
}
pub(crate) use of_network;

of_network!(InformationRow, TrainingRow, GradientRow, DisplacementRow);

/// Keeps the rows of networks that were trained to the end, which is at these epochs, by condition. Those that diverged on the way
/// say nothing about where training leads.
///
/// # Errors
/// If no network was.
pub fn keep_trained(
    rows: &mut Vec<impl OfNetwork>,
    training: &[TrainingRow],
    last_epochs: &BTreeMap<String, usize>,
) -> Result<()> {
    let is_last = |row: &&TrainingRow| last_epochs.get(&row.condition) == Some(&row.epoch);
    let trained: HashSet<_> = training.iter().filter(is_last).map(OfNetwork::network).collect();
    rows.retain(|row| trained.contains(&row.network()));
    ensure!(
        !trained.is_empty(),
        "no network was trained to the end with finite numbers, so there is nothing to judge; a smaller train.learning_rate may help"
    );
    Ok(())
}
