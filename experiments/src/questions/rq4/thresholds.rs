//! When each network reaches a level, in epochs and in gradient computation; failures are censored at the end of training.
//!
//! A time is the first recorded epoch at which the level is reached, so it is late by at most one recording interval (a
//! factor that the number of snapshots sets, the same for all depths). A network that never reaches it, one that diverged
//! included, is censored at the last epoch. Medians are Kaplan–Meier's, with intervals (`infoplane_info::survival`); means
//! over those that got there would leave out the failures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use infoplane_info::survival::{MedianTime, Observation, kaplan_meier, median_time};
use serde::{Deserialize, Serialize};

use super::network::Network;
use crate::rows::{InformationRow, TrainingRow, table};
use crate::tasks::Task;
use crate::verdict::intervals::LEVEL;

/// What is measured against a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// I(T;Y) of the output, bits.
    OutputInformation,
    /// Accuracy on patterns not trained on.
    TestAccuracy,
    /// Bits of I(X;T) the output has lost since its greatest.
    OutputCompression,
    /// Bits of I(X;T) the last hidden layer has lost since its greatest.
    HiddenCompression,
}

/// A level of a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// Of what.
    pub quantity: Quantity,
    /// How much: at least.
    pub level: f64,
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quantity {
            Quantity::OutputInformation => write!(f, "I(T;Y) of the output ≥ {} bits", self.level),
            Quantity::TestAccuracy => write!(f, "test accuracy ≥ {}", self.level),
            Quantity::OutputCompression => write!(f, "output has lost ≥ {} bits of I(X;T)", self.level),
            Quantity::HiddenCompression => write!(f, "last hidden layer has lost ≥ {} bits of I(X;T)", self.level),
        }
    }
}

/// I(X;Y), H(X) and the way from guessing to the best classifier of the task for which levels are written: the paper's.
const PAPER: (f64, f64, f64) = (0.99, 12.0, 0.5);

impl Threshold {
    /// The level that is to another task what this one is to the paper's, to two digits.
    #[must_use]
    pub fn on_task(self, task: &Task) -> Self {
        let (i_xy, h_x, way) = PAPER;
        let guess = task.guess();
        let level = match self.quantity {
            Quantity::OutputInformation => self.level * task.joint.mutual_information() / i_xy,
            Quantity::TestAccuracy => guess + (self.level - (1.0 - way)) / way * (task.best_accuracy() - guess),
            Quantity::OutputCompression | Quantity::HiddenCompression => self.level * task.joint.h_x() / h_x,
        };
        Self { level: (level * 100.0).round() / 100.0, ..self }
    }
}

/// What was recorded of one network.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Path {
    /// Number of the network.
    pub replica: usize,
    /// Recorded epochs, ascending.
    pub epochs: Vec<usize>,
    /// I(X;T) and I(T;Y) of each layer at each of them, the output last.
    pub layers: Vec<Vec<(f64, f64)>>,
    /// Test accuracy at each of them.
    pub test_accuracy: Vec<f64>,
}

/// Sorts rows into paths, condition by condition, through one estimator.
pub fn paths(information: &[InformationRow], training: &[TrainingRow], estimator: &str) -> BTreeMap<String, Vec<Path>> {
    let mut conditions: BTreeMap<String, BTreeMap<usize, Path>> = BTreeMap::new();
    // Rows come epoch by epoch within a network, layer by layer within an epoch.
    for row in information.iter().filter(|row| row.estimator == estimator) {
        let networks = conditions.entry(row.condition.clone()).or_default();
        let path = networks.entry(row.replica).or_insert_with(|| Path { replica: row.replica, ..Path::default() });
        if row.layer == 1 {
            path.epochs.push(row.epoch);
        }
        path.layers.resize_with(path.layers.len().max(row.layer), Vec::new);
        path.layers[row.layer - 1].push((row.i_xt_bits, row.i_ty_bits));
    }
    for row in training {
        if let Some(path) = conditions.get_mut(&row.condition).and_then(|networks| networks.get_mut(&row.replica)) {
            path.test_accuracy.push(row.test_accuracy.unwrap_or(f64::NAN));
        }
    }
    conditions.into_iter().map(|(name, networks)| (name, networks.into_values().collect())).collect()
}

impl Path {
    /// A quantity at the k-th recorded epoch.
    fn value(&self, quantity: Quantity, k: usize) -> f64 {
        let output = self.layers.len() - 1;
        match quantity {
            Quantity::OutputInformation => self.layers[output][k].1,
            Quantity::TestAccuracy => self.test_accuracy[k],
            Quantity::OutputCompression => lost(&self.layers[output], k),
            Quantity::HiddenCompression => lost(&self.layers[output - 1], k),
        }
    }

    /// First recorded epoch at which a level is reached; else censored at `last`.
    pub fn time_to(&self, threshold: Threshold, last: usize) -> Observation {
        let reached = (0..self.epochs.len()).find(|&k| self.value(threshold.quantity, k) >= threshold.level);
        Observation { time: reached.map_or(last, |k| self.epochs[k]) as f64, event: reached.is_some() }
    }
}

/// Bits of I(X;T) a layer has lost by the k-th recorded epoch since its greatest.
fn lost(layer: &[(f64, f64)], k: usize) -> f64 {
    layer[..=k].iter().fold(layer[k].0, |most, point| most.max(point.0)) - layer[k].0
}

/// One network and one level: a row of `time_to_threshold.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct TimeRow {
    pub group: String,
    pub depth: usize,
    pub condition: String,
    pub replica: usize,
    pub quantity: Quantity,
    pub level: f64,
    pub reached: bool,
    pub epochs: usize,
    pub gradient_gflop: f64,
}

table!(TimeRow = "time_to_threshold.csv");

/// The median over the networks of a condition: a row of `survival.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct SurvivalRow {
    pub group: String,
    pub depth: usize,
    pub condition: String,
    pub quantity: Quantity,
    pub level: f64,
    pub replicas: usize,
    pub reached: usize,
    pub median_epochs: Option<f64>,
    pub median_epochs_lower: Option<f64>,
    pub median_epochs_upper: Option<f64>,
    pub median_gradient_gflop: Option<f64>,
    pub median_gradient_gflop_lower: Option<f64>,
    pub median_gradient_gflop_upper: Option<f64>,
}

table!(SurvivalRow = "survival.csv");

/// Every network's time to every level.
pub fn times(networks: &[Network], paths: &BTreeMap<String, Vec<Path>>, thresholds: &[Threshold]) -> Vec<TimeRow> {
    let mut rows = Vec::new();
    for network in networks {
        let of_condition = paths.get(&network.condition).map_or(&[][..], Vec::as_slice);
        let last = of_condition.iter().filter_map(|path| path.epochs.last()).max().copied().unwrap_or(0);
        for threshold in thresholds {
            rows.extend(of_condition.iter().map(|path| {
                let found = path.time_to(*threshold, last);
                TimeRow {
                    group: network.group.clone(),
                    depth: network.depth,
                    condition: network.condition.clone(),
                    replica: path.replica,
                    quantity: threshold.quantity,
                    level: threshold.level,
                    reached: found.event,
                    epochs: found.time as usize,
                    gradient_gflop: found.time * network.gradient_gflop_per_epoch,
                }
            }));
        }
    }
    rows
}

/// How a row's time is read: in epochs, or in gradient computation.
pub type Unit = fn(&TimeRow) -> Observation;

impl TimeRow {
    /// The time in epochs.
    pub fn in_epochs(&self) -> Observation {
        Observation { time: self.epochs as f64, event: self.reached }
    }

    /// The time in gradient computation.
    pub fn in_gflop(&self) -> Observation {
        Observation { time: self.gradient_gflop, event: self.reached }
    }

    /// Whether it is about this level.
    pub fn is_about(&self, threshold: Threshold) -> bool {
        self.quantity == threshold.quantity && self.level == threshold.level
    }
}

/// The median of some of the rows.
pub fn median(rows: &[&TimeRow], unit: Unit) -> MedianTime {
    median_time(&kaplan_meier(&rows.iter().map(|row| unit(row)).collect::<Vec<_>>(), LEVEL))
}

/// Medians of every condition and level.
pub fn survival(rows: &[TimeRow]) -> Vec<SurvivalRow> {
    let mut seen = BTreeSet::new();
    let mut medians = Vec::new();
    for first in rows {
        let key = |row: &TimeRow| (row.condition.clone(), row.quantity as usize, row.level.to_bits());
        if !seen.insert(key(first)) {
            continue;
        }
        let of_one: Vec<&TimeRow> = rows.iter().filter(|row| key(row) == key(first)).collect();
        let (epochs, gflop) = (median(&of_one, TimeRow::in_epochs), median(&of_one, TimeRow::in_gflop));
        medians.push(SurvivalRow {
            group: first.group.clone(),
            depth: first.depth,
            condition: first.condition.clone(),
            quantity: first.quantity,
            level: first.level,
            replicas: of_one.len(),
            reached: of_one.iter().filter(|row| row.reached).count(),
            median_epochs: epochs.median,
            median_epochs_lower: epochs.lower,
            median_epochs_upper: epochs.upper,
            median_gradient_gflop: gflop.median,
            median_gradient_gflop_lower: gflop.lower,
            median_gradient_gflop_upper: gflop.upper,
        });
    }
    medians
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_reached_at_a_recorded_epoch_or_censored_at_the_end() {
        let output = vec![(3.0, 0.1), (6.0, 0.8), (4.0, 0.9), (1.0, 0.95)];
        let hidden = vec![(8.0, 1.0), (9.0, 1.0), (9.0, 1.0), (8.5, 1.0)];
        let path = Path {
            replica: 0,
            epochs: vec![0, 10, 100, 1000],
            layers: vec![hidden, output],
            test_accuracy: vec![0.5, 0.8, 0.97, 0.99],
        };
        let time = |quantity, level| path.time_to(Threshold { quantity, level }, 1000);
        let event = |time| Observation { time, event: true };
        assert_eq!(time(Quantity::OutputInformation, 0.9), event(100.0));
        assert_eq!(time(Quantity::TestAccuracy, 0.5), event(0.0));
        assert_eq!(time(Quantity::OutputCompression, 2.0), event(100.0));
        assert_eq!(time(Quantity::HiddenCompression, 0.5), event(1000.0));
        assert_eq!(time(Quantity::HiddenCompression, 1.0), Observation { time: 1000.0, event: false });
    }
}
