//! Trajectories in the information plane, read from `information_plane.csv`.
//!
//! | file | what |
//! |---|---|
//! | this one | one layer's trajectory through one estimator, over all replicas |
//! | [`phases`] | fitting and compression, per replica and with intervals |

pub mod phases;

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::rows::{InformationRow, Key, OfCondition, of_condition, table};
use crate::verdict::intervals::{LEVEL, resamples};

/// One layer, in one condition, through one estimator: all replicas' paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
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
    /// Estimator.
    pub estimator: String,
    /// Layer, from 1.
    pub layer: usize,
    /// Whether it is the last.
    pub is_output: bool,
    /// Recorded epochs, ascending.
    pub epochs: Vec<usize>,
    /// The replicas that reached every recorded epoch.
    pub replicas: Vec<usize>,
    /// I(X;T) in bits, shape [replicas × epochs].
    pub i_xt: Array2<f64>,
    /// I(T;Y) in bits, shape [replicas × epochs].
    pub i_ty: Array2<f64>,
}

of_condition!(Trajectory);

/// Sorts rows into trajectories, in the order of first appearance of condition and estimator. Replicas that lack an epoch
/// (their training diverged) are left out.
pub fn collect(rows: &[InformationRow]) -> Vec<Trajectory> {
    type Paths = BTreeMap<usize, BTreeMap<usize, (f64, f64)>>;
    let mut order: Vec<(&InformationRow, Paths)> = Vec::new();
    let mut place: BTreeMap<(Key, &str, usize), usize> = BTreeMap::new();
    for row in rows {
        let index = *place.entry((row.key(), row.estimator.as_str(), row.layer)).or_insert_with(|| {
            order.push((row, Paths::new()));
            order.len() - 1
        });
        order[index].1.entry(row.replica).or_default().insert(row.epoch, (row.i_xt_bits, row.i_ty_bits));
    }
    let last_layer = |row: &InformationRow| {
        rows.iter().filter(|other| other.architecture == row.architecture).map(|other| other.layer).max()
    };
    let mut output: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, _) in &order {
        output.entry(&row.architecture).or_insert_with(|| last_layer(row).unwrap_or(row.layer));
    }
    order
        .iter()
        .map(|(row, paths)| {
            let epochs: Vec<usize> =
                paths.values().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().into_iter().copied().collect();
            let whole: Vec<(&usize, Vec<(f64, f64)>)> = paths
                .iter()
                .filter(|(_, path)| path.len() == epochs.len())
                .map(|(replica, path)| (replica, path.values().copied().collect()))
                .collect();
            let shape = (whole.len(), epochs.len());
            Trajectory {
                dataset: row.dataset.clone(),
                architecture: row.architecture.clone(),
                condition: row.condition.clone(),
                activation: row.activation.clone(),
                train_fraction: row.train_fraction,
                estimator: row.estimator.clone(),
                layer: row.layer,
                is_output: output[row.architecture.as_str()] == row.layer,
                replicas: whole.iter().map(|(replica, _)| **replica).collect(),
                i_xt: Array2::from_shape_fn(shape, |(r, e)| whole[r].1[e].0),
                i_ty: Array2::from_shape_fn(shape, |(r, e)| whole[r].1[e].1),
                epochs,
            }
        })
        .collect()
}

/// Means over replicas at one epoch: a row of `trajectories.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrajectoryRow {
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
    /// Estimator.
    pub estimator: String,
    /// Layer, from 1.
    pub layer: usize,
    /// Epochs trained.
    pub epoch: usize,
    /// Replicas averaged.
    pub replicas: usize,
    /// Mean I(X;T).
    pub i_xt_bits: f64,
    /// Lower end of its 95 % interval.
    pub i_xt_bits_lower: Option<f64>,
    /// Upper end of its 95 % interval.
    pub i_xt_bits_upper: Option<f64>,
    /// Mean I(T;Y).
    pub i_ty_bits: f64,
    /// Lower end of its 95 % interval.
    pub i_ty_bits_lower: Option<f64>,
    /// Upper end of its 95 % interval.
    pub i_ty_bits_upper: Option<f64>,
}

table!(TrajectoryRow = "trajectories.csv");

impl Trajectory {
    /// The mean path with its intervals.
    pub fn rows(&self) -> Vec<TrajectoryRow> {
        let resamples = resamples(self.replicas.len());
        (0..self.epochs.len())
            .into_par_iter()
            .map(|e| {
                let i_xt = resamples.mean(&self.i_xt.column(e).to_vec(), LEVEL);
                let i_ty = resamples.mean(&self.i_ty.column(e).to_vec(), LEVEL);
                TrajectoryRow {
                    dataset: self.dataset.clone(),
                    architecture: self.architecture.clone(),
                    condition: self.condition.clone(),
                    activation: self.activation.clone(),
                    train_fraction: self.train_fraction,
                    estimator: self.estimator.clone(),
                    layer: self.layer,
                    epoch: self.epochs[e],
                    replicas: self.replicas.len(),
                    i_xt_bits: i_xt.mean,
                    i_xt_bits_lower: i_xt.lower,
                    i_xt_bits_upper: i_xt.upper,
                    i_ty_bits: i_ty.mean,
                    i_ty_bits_lower: i_ty.lower,
                    i_ty_bits_upper: i_ty.upper,
                }
            })
            .collect()
    }
}
