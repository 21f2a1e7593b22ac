//! One layer at one training fraction, from `layers.csv` and `training.csv`: its end, its best epoch, what its sample promised:
//! `samples.csv`.
//!
//! - **Fallen** bits: I(T;Y) at its best epoch minus at the end. A maximum over a noisy path is too high, so the epoch is found
//!   on the mean of one half of the networks and read on the other. Early stopping by it would have kept those bits.
//! - **Over-compression**: at the end a layer has less I(T;Y) than it once had, and less than larger samples leave it.
//! - **Finite-sample bounds** beside what happened (`infoplane_info::bottleneck::finite_sample`): the paper's bound on the
//!   generalisation error, √((2^{I(X;T)} + ln 1/δ)/2m), beside test minus training error; and the bound of Shamir, Sabato & Tishby
//!   on the error of I(T;Y) from the sample, beside that error. Both speak of a T fixed before the sample, which a trained
//!   layer is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use infoplane_info::bottleneck::finite_sample::{
    generalisation_error, information_error_bound, information_error_of_function,
};
use infoplane_info::statistics::{Interval, quantile};
use serde::{Deserialize, Serialize};

use crate::bound::gaps::{groups, key};
use crate::bound::layers::{Control, LayerRow};
use crate::rows::{TrainingRow, table};
use crate::tasks::{Task, count};
use crate::verdict::interval;

/// One layer of one network over training, through one encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerPath<'a> {
    /// Number of the network.
    pub replica: usize,
    /// Its tests, epochs ascending.
    pub tests: Vec<&'a LayerRow>,
    /// Test minus training error at the end; none if all patterns train.
    pub error_gap: Option<f64>,
    /// Training patterns.
    pub m: usize,
}

/// One layer at one training fraction through one encoder, over networks.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerPaths<'a> {
    /// The first of its rows: what it is.
    pub first: &'a LayerRow,
    /// Its networks.
    pub paths: Vec<LayerPath<'a>>,
    /// Whether it is the last of its network.
    pub is_output: bool,
    /// Values of Y.
    pub n_y: usize,
}

/// A row of `samples.csv`. Intervals are 95 % bootstrap intervals of means over networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct SampleRow {
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: f64,
    pub layer: usize,
    pub encoder: String,
    pub replicas: usize,
    pub train_patterns: usize,
    pub i_xt_bits: f64,
    pub i_xt_bits_lower: Option<f64>,
    pub i_xt_bits_upper: Option<f64>,
    pub i_ty_bits: f64,
    pub i_ty_bits_lower: Option<f64>,
    pub i_ty_bits_upper: Option<f64>,
    pub i_ty_train_bits: f64,
    pub i_ty_test_bits: Option<f64>,
    pub horizontal_gap_bits: f64,
    pub horizontal_gap_bits_lower: Option<f64>,
    pub horizontal_gap_bits_upper: Option<f64>,
    pub vertical_gap_bits: f64,
    pub best_epoch: usize,
    pub fallen_bits: f64,
    pub fallen_bits_lower: Option<f64>,
    pub fallen_bits_upper: Option<f64>,
    pub cells: f64,
    pub generalisation_gap: Option<f64>,
    pub generalisation_bound: f64,
    pub share_within_bound: Option<f64>,
    pub information_error_bits: f64,
    pub information_error_bound_bits: f64,
}

table!(SampleRow = "samples.csv");

/// Sorts rows into paths. Networks whose training ended early are left out.
///
/// # Errors
/// If a row's task is none of these.
pub fn collect<'a>(
    layers: &'a [LayerRow],
    training: &[TrainingRow],
    tasks: &[Arc<Task>],
) -> Result<Vec<LayerPaths<'a>>> {
    let own = layers.iter().filter(|row| row.control == Control::Layer);
    groups(own, |row| (key(row), row.layer))
        .into_iter()
        .map(|rows| {
            let last = rows.iter().map(|row| row.epoch).max().unwrap_or(0);
            let mut by_network: BTreeMap<usize, Vec<&LayerRow>> = BTreeMap::new();
            for row in &rows {
                by_network.entry(row.replica).or_default().push(row);
            }
            let first = rows[0];
            let task = tasks.iter().find(|task| task.name == first.dataset);
            let joint = &task
                .with_context(|| format!("layers.csv has the task {}, which this run has not", first.dataset))?
                .joint;
            let paths = by_network
                .into_iter()
                .filter(|(_, tests)| tests.iter().any(|row| row.epoch == last))
                .map(|(replica, tests)| LayerPath {
                    replica,
                    error_gap: error_gap(first, replica, last, training),
                    m: count(first.train_fraction, joint.n_x()),
                    tests,
                })
                .collect();
            // An architecture is the widths of its layers.
            let is_output = first.layer == first.architecture.split('-').count();
            Ok(LayerPaths { first, paths, is_output, n_y: joint.n_y() })
        })
        .collect()
}

fn error_gap(of: &LayerRow, replica: usize, epoch: usize, training: &[TrainingRow]) -> Option<f64> {
    let row = training.iter().find(|row| {
        (row.replica, row.epoch, &row.condition, &row.activation) == (replica, epoch, &of.condition, &of.activation)
            && row.train_fraction == of.train_fraction
            && row.dataset == of.dataset
    })?;
    Some(row.train_accuracy - row.test_accuracy?)
}

impl LayerPath<'_> {
    /// The test at the end of training.
    pub fn end(&self) -> &LayerRow {
        self.tests[self.tests.len() - 1]
    }

    /// The paper's bound on the generalisation error, from this layer's I(X;T).
    pub fn generalisation_bound(&self, delta: f64) -> f64 {
        generalisation_error(self.end().i_xt_bits, self.m, delta)
    }
}

impl LayerPaths<'_> {
    /// A value at the end of every network.
    pub fn at_end(&self, value: impl Fn(&LayerRow) -> f64) -> Vec<f64> {
        self.paths.iter().map(|path| value(path.end())).collect()
    }

    /// The place (among recorded epochs) at which the mean I(T;Y) of some networks is greatest.
    fn best_place(&self, networks: impl Iterator<Item = usize> + Clone) -> usize {
        let length = self.paths.iter().map(|path| path.tests.len()).min().unwrap_or(0);
        let mean = |place: usize| networks.clone().map(|r| self.paths[r].tests[place].i_ty_bits).sum::<f64>();
        (0..length).max_by(|&a, &b| mean(a).total_cmp(&mean(b)).then(b.cmp(&a))).unwrap_or(0)
    }

    /// The recorded epoch of the greatest mean I(T;Y).
    pub fn best_epoch(&self) -> usize {
        let place = self.best_place(0..self.paths.len());
        self.paths.first().map_or(0, |path| path.tests[place].epoch)
    }

    /// Bits of I(T;Y) lost since the best epoch, network by network: found on one half, read on the other.
    pub fn fallen(&self) -> Vec<f64> {
        let n = self.paths.len();
        let halves = [0, 1].map(|half| (half..n).step_by(2));
        let mut fallen = vec![0.0; n];
        for half in 0..2 {
            // One network has no other half: it must do with itself.
            let other = if n > 1 { halves[1 - half].clone() } else { halves[0].clone() };
            let place = self.best_place(other);
            for r in halves[half].clone() {
                fallen[r] = self.paths[r].tests[place].i_ty_bits - self.paths[r].end().i_ty_bits;
            }
        }
        fallen
    }

    /// The row of `samples.csv`, with bounds that hold with probability 1 − δ.
    pub fn row(&self, delta: f64) -> SampleRow {
        let (first, n) = (self.first, self.paths.len() as f64);
        let ends = |value: fn(&LayerRow) -> f64| interval(&self.at_end(value));
        let mean = |value: fn(&LayerRow) -> f64| ends(value).mean;
        let (i_xt, i_ty) = (ends(|row| row.i_xt_bits), ends(|row| row.i_ty_bits));
        let horizontal = ends(|row| row.horizontal_gap_upper_bits);
        let fallen: Interval = interval(&self.fallen());
        let m = self.paths.first().map_or(0, |path| path.m);
        let gaps: Vec<(f64, f64)> =
            self.paths.iter().filter_map(|path| Some((path.error_gap?, path.generalisation_bound(delta)))).collect();
        let over_gaps = |value: fn(&(f64, f64)) -> f64| {
            (!gaps.is_empty()).then(|| gaps.iter().map(value).sum::<f64>() / gaps.len() as f64)
        };
        let tests: Vec<f64> = self.paths.iter().filter_map(|path| path.end().i_ty_test_bits).collect();
        let mut bounds: Vec<f64> = self.paths.iter().map(|path| path.generalisation_bound(delta)).collect();
        bounds.sort_by(f64::total_cmp);
        // Noise inside makes T more than a function of X.
        let is_function = !first.encoder.starts_with("dithered");
        let bound = if is_function { information_error_of_function } else { information_error_bound };
        let error_bound = |path: &LayerPath| bound(path.end().cells, self.n_y, path.m, delta);
        SampleRow {
            dataset: first.dataset.clone(),
            architecture: first.architecture.clone(),
            condition: first.condition.clone(),
            activation: first.activation.clone(),
            train_fraction: first.train_fraction,
            layer: first.layer,
            encoder: first.encoder.clone(),
            replicas: self.paths.len(),
            train_patterns: m,
            i_xt_bits: i_xt.mean,
            i_xt_bits_lower: i_xt.lower,
            i_xt_bits_upper: i_xt.upper,
            i_ty_bits: i_ty.mean,
            i_ty_bits_lower: i_ty.lower,
            i_ty_bits_upper: i_ty.upper,
            i_ty_train_bits: mean(|row| row.i_ty_train_bits),
            i_ty_test_bits: (!tests.is_empty()).then(|| tests.iter().sum::<f64>() / tests.len() as f64),
            horizontal_gap_bits: horizontal.mean,
            horizontal_gap_bits_lower: horizontal.lower,
            horizontal_gap_bits_upper: horizontal.upper,
            vertical_gap_bits: mean(|row| row.vertical_gap_upper_bits),
            best_epoch: self.best_epoch(),
            fallen_bits: fallen.mean,
            fallen_bits_lower: fallen.lower,
            fallen_bits_upper: fallen.upper,
            cells: mean(|row| row.cells as f64),
            generalisation_gap: over_gaps(|gap| gap.0),
            generalisation_bound: quantile(&bounds, 0.5).unwrap_or(f64::NAN),
            share_within_bound: over_gaps(|gap| f64::from(u8::from(gap.0 <= gap.1))),
            information_error_bits: mean(|row| (row.i_ty_train_bits - row.i_ty_bits).abs()),
            information_error_bound_bits: self.paths.iter().map(error_bound).sum::<f64>() / n,
        }
    }
}
