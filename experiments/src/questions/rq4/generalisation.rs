//! Where each depth ends: losses on the training labels and on patterns not trained on, and what the output knows.
//!
//! Test information is what the output, read as it is, tells about the label of a pattern it has not trained on:
//! H(Y) − test cross-entropy, in bits: a lower bound on I(T;Y) over those patterns (Barber & Agakov 2003), below 0 for an output
//! that is confident and wrong. I(T;Y) of the binned output, over all patterns, stands beside it.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::network::Network;
use super::thresholds::{Path, Threshold, TimeRow, median};
use crate::rows::{TrainingRow, table};
use crate::verdict::interval;

/// One condition: a row of `depth.csv`. Intervals are 95 %: bootstrap of means over networks, Kaplan–Meier of the medians.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct DepthRow {
    pub group: String,
    pub depth: usize,
    pub condition: String,
    pub architecture: String,
    pub parameters: usize,
    pub learning_rate: f64,
    pub gradient_gflop_per_epoch: f64,
    pub epochs: usize,
    pub replicas: usize,
    pub diverged: usize,
    pub goal: String,
    pub goal_reached: usize,
    pub goal_epochs: Option<f64>,
    pub goal_epochs_lower: Option<f64>,
    pub goal_epochs_upper: Option<f64>,
    pub goal_gflop: Option<f64>,
    pub goal_gflop_lower: Option<f64>,
    pub goal_gflop_upper: Option<f64>,
    pub train_loss_bits: f64,
    pub train_accuracy: f64,
    pub test_accuracy: f64,
    pub test_accuracy_lower: Option<f64>,
    pub test_accuracy_upper: Option<f64>,
    pub test_information_bits: f64,
    pub test_information_bits_lower: Option<f64>,
    pub test_information_bits_upper: Option<f64>,
    pub generalisation_gap_bits: f64,
    pub generalisation_gap_bits_lower: Option<f64>,
    pub generalisation_gap_bits_upper: Option<f64>,
    pub output_i_xt_bits: f64,
    pub output_i_ty_bits: f64,
    pub output_i_ty_bits_lower: Option<f64>,
    pub output_i_ty_bits_upper: Option<f64>,
}

table!(DepthRow = "depth.csv");

/// Where one network ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct End {
    /// Cross-entropy on the training labels, bits.
    pub train_loss: f64,
    /// Share of training labels predicted.
    pub train_accuracy: f64,
    /// Accuracy on the other patterns.
    pub test_accuracy: f64,
    /// H(Y) − test cross-entropy, bits.
    pub test_information: f64,
    /// Test minus training cross-entropy, bits.
    pub gap: f64,
}

/// Where every network that reached the last epoch of its condition ends, by condition and replica.
pub fn ends(training: &[TrainingRow], h_y: f64) -> BTreeMap<String, BTreeMap<usize, End>> {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for row in training {
        let epoch = last.entry(&row.condition).or_default();
        *epoch = (*epoch).max(row.epoch);
    }
    let mut ends: BTreeMap<String, BTreeMap<usize, End>> = BTreeMap::new();
    for row in training.iter().filter(|row| row.epoch == last[row.condition.as_str()]) {
        let (Some(test_loss), Some(test_accuracy)) = (row.test_loss_bits, row.test_accuracy) else { continue };
        let end = End {
            train_loss: row.train_loss_bits,
            train_accuracy: row.train_accuracy,
            test_accuracy,
            test_information: h_y - test_loss,
            gap: test_loss - row.train_loss_bits,
        };
        ends.entry(row.condition.clone()).or_default().insert(row.replica, end);
    }
    ends
}

/// The table of depths.
///
/// # Errors
/// If a condition has no network that reached its last epoch.
pub fn rows(
    networks: &[Network],
    paths: &BTreeMap<String, Vec<Path>>,
    ends: &BTreeMap<String, BTreeMap<usize, End>>,
    times: &[TimeRow],
    goal: Threshold,
) -> Result<Vec<DepthRow>> {
    let row = |network: &Network| {
        let name = &network.condition;
        let (Some(paths), Some(ends)) = (paths.get(name), ends.get(name)) else {
            anyhow::bail!("no network of the condition `{name}` reached the end with patterns left to test on");
        };
        let over = |value: fn(&End) -> f64| interval(&ends.values().map(value).collect::<Vec<_>>());
        let epochs = paths.iter().filter_map(|path| path.epochs.last()).max().copied().unwrap_or(0);
        let whole = paths.iter().filter(|path| path.epochs.last() == Some(&epochs));
        let output: Vec<(f64, f64)> = whole.filter_map(|path| path.layers.last()?.last().copied()).collect();
        let i_xt = interval(&output.iter().map(|end| end.0).collect::<Vec<_>>());
        let i_ty = interval(&output.iter().map(|end| end.1).collect::<Vec<_>>());
        let of_goal: Vec<&TimeRow> = times.iter().filter(|t| t.condition == *name && t.is_about(goal)).collect();
        let (goal_epochs, goal_gflop) = (median(&of_goal, TimeRow::in_epochs), median(&of_goal, TimeRow::in_gflop));
        let (accuracy, information) = (over(|end| end.test_accuracy), over(|end| end.test_information));
        let gap = over(|end| end.gap);
        Ok(DepthRow {
            group: network.group.clone(),
            depth: network.depth,
            condition: name.clone(),
            architecture: network.architecture.clone(),
            parameters: network.parameters,
            learning_rate: network.learning_rate,
            gradient_gflop_per_epoch: network.gradient_gflop_per_epoch,
            epochs,
            replicas: paths.len(),
            diverged: paths.len() - output.len(),
            goal: goal.to_string(),
            goal_reached: of_goal.iter().filter(|row| row.reached).count(),
            goal_epochs: goal_epochs.median,
            goal_epochs_lower: goal_epochs.lower,
            goal_epochs_upper: goal_epochs.upper,
            goal_gflop: goal_gflop.median,
            goal_gflop_lower: goal_gflop.lower,
            goal_gflop_upper: goal_gflop.upper,
            train_loss_bits: over(|end| end.train_loss).mean,
            train_accuracy: over(|end| end.train_accuracy).mean,
            test_accuracy: accuracy.mean,
            test_accuracy_lower: accuracy.lower,
            test_accuracy_upper: accuracy.upper,
            test_information_bits: information.mean,
            test_information_bits_lower: information.lower,
            test_information_bits_upper: information.upper,
            generalisation_gap_bits: gap.mean,
            generalisation_gap_bits_lower: gap.lower,
            generalisation_gap_bits_upper: gap.upper,
            output_i_xt_bits: i_xt.mean,
            output_i_ty_bits: i_ty.mean,
            output_i_ty_bits_lower: i_ty.lower,
            output_i_ty_bits_upper: i_ty.upper,
        })
    };
    networks.iter().map(row).collect()
}
