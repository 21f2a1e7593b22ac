//! A snapshot becomes rows: information of every layer through every estimator, losses and accuracies.
//!
//! Information is over **all** patterns of the task with their exact p(x, y); training figures are over the training labels,
//! test figures are expectations under p(y|x) over the patterns that do not train.

use anyhow::{Context, Result};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::gradient::{GradientMoments, transition};
use infoplane_info::partition::Partition;
use infoplane_info::{Estimator, JointDistribution, Sample};
use infoplane_model::stack::Stack;
use infoplane_model::{Activation, ReplicaSnapshot};
use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::rows::{Condition, DisplacementRow, GradientRow, InformationRow, TrainingRow, WeightMoment, WeightRow};
use crate::tasks::{Split, Task};
use crate::terminal::say;

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
    /// Updates of the weights so far.
    pub updates: usize,
}

/// The patterns as often as a measurement draws noise, and which of these rows are one pattern.
#[derive(Debug)]
pub struct Drawn {
    joint: JointDistribution,
    patterns: Array2<f64>,
    same: Partition,
}

impl Drawn {
    /// Of a task, for so many draws; nothing for one.
    pub fn new(task: &Task, draws: usize) -> Option<Self> {
        if draws == 1 {
            return None;
        }
        let n = task.joint.n_x();
        let of_row = |row: usize| row % n;
        let p_x = Array1::from_shape_fn(n * draws, |row| task.joint.p_x()[of_row(row)] / draws as f64);
        let rows: Vec<usize> = (0..n * draws).map(of_row).collect();
        let joint = task.joint.select(&rows, p_x).ok()?;
        let patterns = Array2::from_shape_fn((n * draws, 1), |(row, _)| of_row(row) as f64);
        let same = Partition::of_rows(patterns.view());
        Some(Self { joint, patterns, same })
    }
}

/// Information of every layer through every estimator, layers outside, estimators inside.
///
/// What an estimator refuses after the start is left out, and said.
///
/// # Errors
/// If an estimator is undefined on the activations of the start (says which layer).
pub fn information(
    snapshot: &ReplicaSnapshot,
    task: &Task,
    drawn: Option<&Drawn>,
    estimators: &[&EstimatorKind],
    moment: Moment,
) -> Result<Vec<InformationRow>> {
    let mut rows = Vec::with_capacity(snapshot.layers.len() * estimators.len());
    let net_input_wanted = estimators.iter().any(|estimator| estimator.wants_net_input());
    for (index, layer) in snapshot.layers.iter().enumerate() {
        let activations = layer.activation.mapv(f64::from);
        let explain = || format!("layer {} of replica {} at epoch {}", index + 1, moment.replica, moment.epoch);
        let net_inputs = net_input_wanted.then(|| layer.net_input.mapv(f64::from));
        let joint = drawn.map_or(&task.joint, |drawn| &drawn.joint);
        let mut sample = Sample::new(activations.t(), joint).with_context(explain)?;
        if let Some(drawn) = drawn {
            sample = sample.with_inputs(drawn.patterns.view(), &drawn.same).with_context(explain)?;
        }
        if let Some(net_inputs) = &net_inputs {
            sample = sample.with_net_input(net_inputs.t()).with_context(explain)?;
        }
        for estimator in estimators {
            let information = match estimator.estimate(&sample) {
                Ok(information) => information,
                // What refuses at once is a wrong setting; what refuses later shall not cost what was trained.
                Err(error) if moment.epoch > 0 => {
                    say!("note: left out: {estimator} on {}: {error}", explain());
                    continue;
                }
                Err(error) => return Err(error).with_context(|| format!("{estimator} on {}", explain())),
            };
            let Condition { dataset, architecture, condition, activation, train_fraction } = moment.condition.clone();
            rows.push(InformationRow {
                dataset,
                architecture,
                condition,
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
    training_of_logits(snapshot.logits(), &task.joint, split, moment)
}

/// The same of logits over all patterns, shape [outputs × n]: several of a softmax, or one of a sigmoid.
pub fn training_of_logits(
    logits: ArrayView2<f32>,
    joint: &JointDistribution,
    split: &Split,
    moment: Moment,
) -> TrainingRow {
    let log_p = log_probabilities(logits);
    let n = joint.n_x();
    let mut trains = vec![false; n];
    let (mut train_loss, mut train_hits) = (0.0, 0.0);
    for &x in &split.train {
        let (x, y) = (x as usize, split.labels[x as usize] as usize);
        trains[x] = true;
        train_loss -= log_p[[x, y]];
        train_hits += f64::from(u8::from(decision(log_p.row(x)) == y));
    }
    let (mut test_loss, mut test_hits) = (0.0, 0.0);
    for x in (0..n).filter(|&x| !trains[x]) {
        // 0 · −∞ counts nothing.
        test_loss -= joint.entries(x).map(|(y, p)| p * log_p[[x, y]]).sum::<f64>();
        test_hits += joint.p(x, decision(log_p.row(x)));
    }
    let train = split.train.len() as f64;
    let test = (n - split.train.len()) as f64;
    let Condition { dataset, architecture, condition, activation, train_fraction } = moment.condition.clone();
    TrainingRow {
        dataset,
        architecture,
        condition,
        activation,
        train_fraction,
        replica: moment.replica,
        seed: moment.seed,
        epoch: moment.epoch,
        updates: moment.updates,
        train_loss_bits: train_loss / train,
        train_accuracy: train_hits / train,
        test_loss_bits: (test > 0.0).then_some(test_loss / test),
        test_accuracy: (test > 0.0).then_some(test_hits / test),
    }
}

/// How nearly a bounded unit must reach a bound to count as saturated.
const SATURATED: f64 = 0.95;

/// Gradient norms of every layer, kernels and biases apart, and what they are to be compared with. Nothing where no
/// gradients were taken.
pub fn gradients(snapshot: &ReplicaSnapshot, stack: &Stack, hidden: Activation, moment: Moment) -> Vec<GradientRow> {
    let mut moments = GradientMoments::new(stack.n_parameters());
    for gradient in &snapshot.gradients {
        moments.add(gradient);
    }
    let mut rows = Vec::new();
    for (index, layer) in stack.layers().enumerate() {
        let is_output = index + 2 == stack.widths.len();
        let saturation = if is_output { None } else { saturation(&snapshot.layers[index].activation, hidden) };
        for (part, range) in [("kernel", layer.kernel()), ("bias", layer.biases())] {
            let Some(norms) = moments.norms(range.clone()) else { continue };
            let weights = &snapshot.parameters[range];
            let weight_norm = weights.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
            let normalised = |norm: f64| (weight_norm > 0.0).then(|| norm / weight_norm);
            let Condition { dataset, architecture, condition, activation, train_fraction } = moment.condition.clone();
            rows.push(GradientRow {
                dataset,
                architecture,
                condition,
                activation,
                train_fraction,
                replica: moment.replica,
                seed: moment.seed,
                epoch: moment.epoch,
                layer: index + 1,
                part: part.to_owned(),
                weight_norm,
                gradient_mean_norm: norms.mean,
                gradient_std_norm: norms.std,
                gradient_mean_normalised: normalised(norms.mean),
                gradient_std_normalised: normalised(norms.std),
                snr: norms.snr().filter(|snr| snr.is_finite()),
                saturation,
            });
        }
    }
    rows
}

/// The share of activations within 5 % of a bound of their activation's range.
fn saturation(activations: &Array2<f32>, hidden: Activation) -> Option<f64> {
    let (low, high) = hidden.range();
    let (middle, reach) = (f64::midpoint(low, high), SATURATED * (high - low) / 2.0);
    reach.is_finite().then(|| {
        let saturated = activations.iter().filter(|&&t| (f64::from(t) - middle).abs() > reach).count();
        saturated as f64 / activations.len() as f64
    })
}

/// A replica's weights and noise ratios at every snapshot so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WeightPath {
    epochs: Vec<usize>,
    parameters: Vec<Vec<f32>>,
    snr: Vec<Vec<f64>>,
}

impl WeightPath {
    /// Adds a snapshot with its gradient rows. Without any (moving gradients before training) the ratio counts as 0.
    pub fn push(&mut self, snapshot: &ReplicaSnapshot, rows: &[GradientRow], epoch: usize) {
        self.epochs.push(epoch);
        self.parameters.push(snapshot.parameters.clone());
        let kernels = rows.iter().filter(|row| row.part == "kernel");
        let snr: Vec<f64> = kernels.map(|row| row.gradient_mean_norm / row.gradient_std_norm).collect();
        self.snr.push(if snr.is_empty() { vec![0.0; snapshot.layers.len()] } else { snr });
    }

    /// How far each layer has moved since its transition, and its weights at the start, then and at the end.
    pub fn rows(
        &self,
        stack: &Stack,
        condition: &Condition,
        replica: usize,
        seed: u64,
    ) -> (Vec<DisplacementRow>, Vec<WeightRow>) {
        let (mut displacements, mut weights) = (Vec::new(), Vec::new());
        for (index, layer) in stack.layers().enumerate() {
            let kernel = layer.kernel();
            let Condition { dataset, architecture, condition, activation, train_fraction } = condition.clone();
            let snr: Vec<f64> = self.snr.iter().map(|snr| snr[index]).collect();
            let crossing = transition(&snr);
            for (moment, parameters) in [
                (WeightMoment::Start, self.parameters.first()),
                (WeightMoment::Transition, crossing.map(|k| &self.parameters[k])),
                (WeightMoment::End, self.parameters.last()),
            ] {
                let Some(parameters) = parameters else { continue };
                weights.extend(parameters[kernel.clone()].iter().enumerate().map(|(place, &weight)| WeightRow {
                    condition: condition.clone(),
                    activation: activation.clone(),
                    train_fraction,
                    replica,
                    layer: index + 1,
                    moment,
                    index: place,
                    weight,
                }));
            }
            let tenth = self.epochs.last().map_or(0, |last| last / 10);
            let Some(start) = crossing.or_else(|| self.epochs.iter().position(|&epoch| epoch > tenth)) else {
                continue;
            };
            let weights_at = |k: usize| &self.parameters[k][kernel.clone()];
            for k in start + 1..self.epochs.len() {
                let moved = weights_at(k).iter().zip(weights_at(start));
                displacements.push(DisplacementRow {
                    dataset: dataset.clone(),
                    architecture: architecture.clone(),
                    condition: condition.clone(),
                    activation: activation.clone(),
                    train_fraction,
                    replica,
                    seed,
                    epoch: self.epochs[k],
                    layer: index + 1,
                    since_epoch: self.epochs[start],
                    has_transition: crossing.is_some(),
                    squared_displacement: moved.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum(),
                    increment_cosine: (k > start + 1)
                        .then(|| cosine([weights_at(k - 2), weights_at(k - 1), weights_at(k)]))
                        .flatten(),
                });
            }
        }
        (displacements, weights)
    }
}

/// The cosine of the moves between three points; none if one of them goes nowhere.
fn cosine([a, b, c]: [&[f32]; 3]) -> Option<f64> {
    let (mut dot, mut first, mut second) = (0.0, 0.0, 0.0);
    for ((&a, &b), &c) in a.iter().zip(b).zip(c) {
        let (one, two) = (f64::from(b) - f64::from(a), f64::from(c) - f64::from(b));
        dot += one * two;
        first += one * one;
        second += two * two;
    }
    let lengths = (first * second).sqrt();
    (lengths > 0.0).then(|| dot / lengths)
}

/// log₂ p(class|x), shape [n × classes], of logits [outputs × n]: softmax of several, sigmoid of one.
pub(crate) fn log_probabilities(logits: ArrayView2<f32>) -> Array2<f64> {
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
pub(crate) fn decision(log_p: ndarray::ArrayView1<f64>) -> usize {
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
