//! A snapshot becomes rows: information of every layer through every estimator, losses and accuracies.
//!
//! Information is over **all** patterns of the task with their exact p(x, y); training figures are over the training labels,
//! test figures are expectations under p(y|x) over the patterns that do not train.

use anyhow::{Context, Result};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, Sample};
use infoplane_model::ReplicaSnapshot;
use ndarray::{Array2, ArrayView2, Axis};

use crate::rows::{Condition, InformationRow, TrainingRow};
use crate::tasks::{Split, Task};

/// Which network a row is about, and when.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The condition.
    pub condition: &'a Condition,
    /// Number of the network.
    pub replica: usize,
    /// Its seed.
    pub seed: u64,
    /// Epochs trained.
    pub epoch: usize,
}

/// Information of every layer through every estimator, layers outside, estimators inside.
///
/// # Errors
/// If an estimator is undefined on these activations (says which layer).
pub fn information(
    snapshot: &ReplicaSnapshot,
    task: &Task,
    estimators: &[EstimatorKind],
    moment: Moment,
) -> Result<Vec<InformationRow>> {
    let mut rows = Vec::with_capacity(snapshot.layers.len() * estimators.len());
    for (index, layer) in snapshot.layers.iter().enumerate() {
        let activations = layer.activation.mapv(f64::from);
        let explain = || format!("layer {} of replica {} at epoch {}", index + 1, moment.replica, moment.epoch);
        let sample = Sample::new(activations.t(), &task.joint).with_context(explain)?;
        for estimator in estimators {
            let information = estimator.estimate(&sample).with_context(|| format!("{estimator} on {}", explain()))?;
            let Condition { dataset, architecture, activation, train_fraction } = moment.condition.clone();
            rows.push(InformationRow {
                dataset,
                architecture,
                activation,
                train_fraction,
                replica: moment.replica,
                seed: moment.seed,
                epoch: moment.epoch,
                layer: index + 1,
                estimator: estimator.to_string(),
                i_xt_bits: information.i_xt.bits,
                i_ty_bits: information.i_ty.bits,
            });
        }
    }
    Ok(rows)
}

/// Losses in bits and accuracies.
pub fn training(snapshot: &ReplicaSnapshot, task: &Task, split: &Split, moment: Moment) -> TrainingRow {
    let log_p = log_probabilities(snapshot.logits());
    let n = task.joint.n_x();
    let mut trains = vec![false; n];
    let (mut train_loss, mut train_hits) = (0.0, 0.0);
    for &x in &split.train {
        let (x, y) = (x as usize, split.labels[x as usize] as usize);
        trains[x] = true;
        train_loss -= log_p[[x, y]];
        train_hits += f64::from(u8::from(decision(log_p.row(x)) == y));
    }
    let p = task.joint.p_y_given_x();
    let (mut test_loss, mut test_hits) = (0.0, 0.0);
    for x in (0..n).filter(|&x| !trains[x]) {
        // 0 · −∞ counts nothing.
        test_loss -= (0..p.ncols()).filter(|&y| p[[x, y]] > 0.0).map(|y| p[[x, y]] * log_p[[x, y]]).sum::<f64>();
        test_hits += p[[x, decision(log_p.row(x))]];
    }
    let train = split.train.len() as f64;
    let test = (n - split.train.len()) as f64;
    let Condition { dataset, architecture, activation, train_fraction } = moment.condition.clone();
    TrainingRow {
        dataset,
        architecture,
        activation,
        train_fraction,
        replica: moment.replica,
        seed: moment.seed,
        epoch: moment.epoch,
        train_loss_bits: train_loss / train,
        train_accuracy: train_hits / train,
        test_loss_bits: (test > 0.0).then_some(test_loss / test),
        test_accuracy: (test > 0.0).then_some(test_hits / test),
    }
}

/// log₂ p(class|x), shape [n × classes], of logits [outputs × n]: softmax of several, sigmoid of one.
fn log_probabilities(logits: ArrayView2<f32>) -> Array2<f64> {
    let mut z = logits.t().mapv(f64::from);
    if z.ncols() == 1 {
        // σ(z) is the softmax of (0, z).
        z = ndarray::concatenate![Axis(1), Array2::zeros((z.nrows(), 1)), z];
    }
    for mut row in z.outer_iter_mut() {
        let most = row.fold(f64::NEG_INFINITY, |most, &z| most.max(z));
        let log_sum = most + row.iter().map(|z| (z - most).exp()).sum::<f64>().ln();
        row.mapv_inplace(|z| (z - log_sum) / std::f64::consts::LN_2);
    }
    z
}

/// The likeliest class; the first of equals.
fn decision(log_p: ndarray::ArrayView1<f64>) -> usize {
    log_p.iter().enumerate().fold(0, |best, (y, &p)| if p > log_p[best] { y } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn one_sigmoid_unit_is_two_softmax_units() {
        let one = log_probabilities(array![[0.7_f32, -30.0, 200.0]].view());
        let two = log_probabilities(array![[0.0_f32, 0.0, 0.0], [0.7, -30.0, 200.0]].view());
        assert_eq!(one, two);
        let p: f64 = 1.0 / (1.0 + (-f64::from(0.7_f32)).exp());
        approx::assert_abs_diff_eq!(one[[0, 1]], p.log2(), epsilon = 1e-7);
        assert!(one.iter().all(|p| p.is_finite()));
    }
}
