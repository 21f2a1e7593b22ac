//! One layer as an encoder, tested against the bound: `layers.csv`.

use anyhow::{Context, Result};
use infoplane_info::bottleneck::LayerTest;
use infoplane_info::{Encoder, EstimateError, Estimator, JointDistribution, Sample};
use infoplane_model::ReplicaSnapshot;
use infoplane_model::random::{Purpose, stream};
use ndarray::{Array1, Array2};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::{Bound, Found};
use crate::measure::{Moment, decision, log_probabilities};
use crate::rows::{Condition, of_network, table};
use crate::tasks::{Split, Task};

/// One layer of one network at one epoch as one encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct LayerRow {
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: f64,
    pub replica: usize,
    pub seed: u64,
    pub epoch: usize,
    pub layer: usize,
    pub encoder: String,
    pub control: Control,
    pub cells: usize,
    pub i_xt_bits: f64,
    pub i_ty_bits: f64,
    pub vertical_gap_lower_bits: f64,
    pub vertical_gap_upper_bits: f64,
    pub horizontal_gap_lower_bits: f64,
    pub horizontal_gap_upper_bits: f64,
    pub beta: Option<f64>,
    pub beta_lower: f64,
    pub beta_upper: Option<f64>,
    pub residual_bits: f64,
    pub floor_bits: f64,
    pub decoder_kl_bits: f64,
    pub decision_agreement: f64,
    pub i_ty_train_bits: f64,
    pub i_ty_test_bits: Option<f64>,
}

table!(LayerRow = "layers.csv");

of_network!(LayerRow);

/// What is tested in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The layer itself.
    Layer,
    /// The layer with its x's permuted: cells of the same sizes, filled by chance.
    Permuted,
}

/// Tests every layer through every encoder. Layers too wide for an encoder have no row of it.
///
/// # Errors
/// If the bound cannot be found, or an encoder is undefined on these activations (says which layer).
pub fn measure(
    snapshot: &ReplicaSnapshot,
    task: &Task,
    split: &Split,
    bound: &Bound,
    moment: Moment,
    is_end: bool,
) -> Result<Vec<LayerRow>> {
    let settings = bound.settings();
    let found = bound.get()?;
    let network = log_probabilities(snapshot.logits());
    let samples = Samples::new(task, split)?;
    let mut order: Vec<usize> = (0..task.joint.n_x()).collect();
    order.shuffle(&mut stream(moment.seed, Purpose::MonteCarlo));
    let at_ends = if is_end { &settings.end_encoders[..] } else { &[] };
    let mut rows = Vec::new();
    for (index, layer) in snapshot.layers.iter().enumerate() {
        let (activations, net_inputs) = (layer.activation.mapv(f64::from), layer.net_input.mapv(f64::from));
        let explain = || format!("layer {} of replica {} at epoch {}", index + 1, moment.replica, moment.epoch);
        let sample = Sample::new(activations.t(), &task.joint)
            .and_then(|sample| sample.with_net_input(net_inputs.t()))
            .with_context(explain)?;
        for estimator in settings.encoders.iter().chain(at_ends) {
            let encoder = match Estimator::encoder(estimator, &sample) {
                Err(EstimateError::Intractable { .. }) | Ok(None) => continue,
                found => found.with_context(|| format!("{estimator} on {}", explain()))?,
            };
            let Some(encoder) = encoder else { continue };
            let mut test = |control, encoder: &Encoder| {
                let place = Place { moment, layer: index + 1, encoder: estimator.to_string(), control };
                rows.push(row(place, encoder, task, found, settings.tolerance_bits, &network, &samples));
            };
            test(Control::Layer, &encoder);
            if is_end && settings.permuted {
                test(Control::Permuted, &encoder.permuted(&order));
            }
        }
    }
    Ok(rows)
}

struct Place<'a> {
    moment: Moment<'a>,
    layer: usize,
    encoder: String,
    control: Control,
}

fn row(
    place: Place,
    encoder: &Encoder,
    task: &Task,
    found: &Found,
    tolerance_bits: f64,
    network: &Array2<f64>,
    samples: &Samples,
) -> LayerRow {
    let test = LayerTest::new(&task.joint, &found.problem, &found.curve, encoder, tolerance_bits);
    let decoder = Decoder::new(encoder, &task.joint, network);
    let moment = place.moment;
    let Condition { dataset, architecture, condition, activation, train_fraction } = moment.condition.clone();
    LayerRow {
        dataset,
        architecture,
        condition,
        activation,
        train_fraction,
        replica: moment.replica,
        seed: moment.seed,
        epoch: moment.epoch,
        layer: place.layer,
        encoder: place.encoder,
        control: place.control,
        cells: decoder.cells,
        i_xt_bits: test.i_xt,
        i_ty_bits: test.i_ty,
        vertical_gap_lower_bits: test.vertical_gap.0,
        vertical_gap_upper_bits: test.vertical_gap.1,
        horizontal_gap_lower_bits: test.horizontal_gap.0,
        horizontal_gap_upper_bits: test.horizontal_gap.1,
        beta: test.is_identified().then_some(test.beta),
        beta_lower: test.beta_interval.0,
        beta_upper: test.is_identified().then_some(test.beta_interval.1),
        residual_bits: test.residual,
        floor_bits: test.floor,
        decoder_kl_bits: decoder.kl_bits,
        decision_agreement: decoder.agreement,
        i_ty_train_bits: samples.train.information(encoder),
        i_ty_test_bits: samples.test.as_ref().map(|test| test.information(encoder)),
    }
}

/// How the layer's own p(y|t) compares with what the rest of the network makes of t.
struct Decoder {
    cells: usize,
    /// Σ_t p(t) KL[p(y|t) ‖ q(y|t)], q(y|t) = Σ_x p(x|t) q(y|x) the network's output.
    kl_bits: f64,
    /// The probability that the likeliest y of p(y|t) is the network's decision on x.
    agreement: f64,
}

impl Decoder {
    /// `network` is log₂ q(y|x), shape [|X| × |Y|].
    fn new(encoder: &Encoder, joint: &JointDistribution, network: &Array2<f64>) -> Self {
        let n_y = joint.n_y();
        let (mut cells, mut kl_bits, mut agreement) = (0, 0.0, 0.0);
        for cell in encoder.joint_entries(joint).chunk_by(|a, b| a.0 == b.0) {
            let p_t: f64 = cell.iter().map(|entry| entry.2).sum();
            let (mut own, mut given) = (Array1::<f64>::zeros(n_y), Array1::<f64>::zeros(n_y));
            for &(_, x, p) in cell {
                for y in 0..n_y {
                    own[y] += p / p_t * joint.p(x as usize, y);
                    given[y] += p / p_t * network[[x as usize, y]].exp2();
                }
            }
            let terms = (0..n_y).filter(|&y| own[y] > 0.0);
            // The network's probabilities are positive; only their floating-point numbers can be 0.
            kl_bits += p_t * terms.map(|y| own[y] * (own[y] / given[y].max(f64::MIN_POSITIVE)).log2()).sum::<f64>();
            let best = decision(own.view());
            let agrees = |&&(_, x, _): &&(u64, u32, f64)| decision(network.row(x as usize)) == best;
            agreement += cell.iter().filter(agrees).map(|entry| entry.2).sum::<f64>();
            cells += 1;
        }
        Self { cells, kl_bits: kl_bits.max(0.0), agreement: agreement.min(1.0) }
    }
}

/// What the training sample says, and what the other patterns do.
struct Samples {
    train: Part,
    test: Option<Part>,
}

/// Some of the x's, equally likely, with their labels or their p(y|x).
struct Part {
    rows: Vec<usize>,
    joint: JointDistribution,
}

impl Samples {
    fn new(task: &Task, split: &Split) -> Result<Self> {
        let train: Vec<usize> = split.train.iter().map(|&x| x as usize).collect();
        let mut trains = vec![false; task.joint.n_x()];
        train.iter().for_each(|&x| trains[x] = true);
        let test: Vec<usize> = (0..trains.len()).filter(|&x| !trains[x]).collect();
        let label = |x: usize, y: usize| f64::from(u8::from(split.labels[x] as usize == y));
        let part = |rows: Vec<usize>, p: &dyn Fn(usize, usize) -> f64| -> Result<Part> {
            let p_x = Array1::from_elem(rows.len(), 1.0 / rows.len() as f64);
            let table = Array2::from_shape_fn((rows.len(), task.joint.n_y()), |(row, y)| p(rows[row], y));
            Ok(Part { rows, joint: JointDistribution::from_conditional(p_x, table)? })
        };
        let truth = |x: usize, y: usize| task.joint.p(x, y);
        Ok(Self { train: part(train, &label)?, test: if test.is_empty() { None } else { Some(part(test, &truth)?) } })
    }
}

impl Part {
    /// I(T;Y) over these x's, in bits.
    fn information(&self, encoder: &Encoder) -> f64 {
        encoder.permuted(&self.rows).information(&self.joint).i_ty.bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use infoplane_info::Partition;
    use ndarray::array;

    #[test]
    fn a_network_that_decides_as_its_layer_does_agrees_with_it() {
        let joint = JointDistribution::uniform_binary(&[0.2, 0.2, 0.9, 0.6]).unwrap();
        let encoder = Encoder::of_partition(&Partition::from_labels(&[0, 0, 1, 1]));
        let log = |p: f64| [(1.0 - p).log2(), p.log2()];
        // The network's output is p(y|t) itself, then the opposite.
        let own: Array2<f64> = array![log(0.2), log(0.2), log(0.75), log(0.75)].into_shape_with_order((4, 2)).unwrap();
        let decoder = Decoder::new(&encoder, &joint, &own);
        assert_eq!(decoder.cells, 2);
        approx::assert_abs_diff_eq!(decoder.kl_bits, 0.0, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(decoder.agreement, 1.0, epsilon = 1e-12);
        let mut other = own;
        other.invert_axis(ndarray::Axis(1));
        let decoder = Decoder::new(&encoder, &joint, &other);
        assert!(decoder.kl_bits > 0.5 && decoder.agreement == 0.0);
    }
}
