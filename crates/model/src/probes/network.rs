//! Perceptrons on burn: trained by Adam in batches on cross-entropy, they look every few steps at the rows that choose, stop when those
//! have not improved for so many looks, and go back to the best.
//!
//! The linear probe of many columns and classes is cut to a rank (its weights are a product of two matrices), which is still linear and
//! takes a thousandth of the work. Weights of the last layer start at 0, where every class is as likely.

use burn::tensor::{Tensor, TensorData};
use rand::seq::SliceRandom;

use super::calibration::Variant;
use super::{Labelled, ProbeError, ProbeKind, Split};
use crate::activation::Activation;
use crate::architectures::mlp::Mlp;
use crate::backend::{Compute, to_vec};
use crate::batch::gather;
use crate::initialisation::Initialisation;
use crate::optimizer::{Optimizer, OptimizerKind};
use crate::random::{Purpose, stream};
use crate::stack::Stack;
use crate::train::TrainSettings;

/// Units of the hidden layer, and the rank of large linear probes.
const HIDDEN: usize = 64;
/// Weights of a linear probe beyond which it is cut to a rank.
const MOST_WEIGHTS: usize = 100_000;
const BATCH: usize = 128;
const STEPS: usize = 1500;
/// Steps between looks.
const LOOK_EVERY: usize = 10;
/// Looks without a better one after which training stops.
const PATIENCE: usize = 12;
/// Rows looked at, at most.
const MOST_LOOKED_AT: usize = 1000;

/// Numbers that pass through a layer in an epoch, of columns or of classes, up to which training takes seconds.
const QUICK: usize = 2_500_000;

/// Whether a perceptron is trained in seconds.
pub(super) fn is_quick(data: Labelled, kind: ProbeKind) -> bool {
    let rows = data.classes.len();
    let is_direct = kind == ProbeKind::Linear && data.columns * data.n_classes <= MOST_WEIGHTS;
    let most = if is_direct { 4 * QUICK } else { QUICK };
    rows * data.columns <= most && rows * data.n_classes <= most
}

/// Scores of a trained perceptron.
pub(super) fn variant(
    data: Labelled,
    split: &Split,
    kind: ProbeKind,
    seed: u64,
    compute: &Compute,
) -> Result<Variant, ProbeError> {
    let (d, k) = (data.columns, data.n_classes);
    let stack = match kind {
        ProbeKind::Mlp => Stack::new(vec![d, HIDDEN, k], Activation::Relu),
        _ if d * k > MOST_WEIGHTS => Stack::new(vec![d, HIDDEN, k], Activation::Linear),
        _ => Stack::new(vec![d, k], Activation::Linear),
    };
    let training = Training { data, network: Mlp::of_stack(stack), compute };
    let best = training.best(split, seed);
    let scores = |rows: &[u32]| training.logits(rows, training.tensor([1, best.len()], best.clone()));
    let variant = Variant { choose: scores(&split.choose), judge: scores(&split.judge) };
    let is_finite = variant.choose.iter().chain(&variant.judge).all(|z| z.is_finite());
    if is_finite { Ok(variant) } else { Err(ProbeError::Diverged) }
}

struct Training<'a> {
    data: Labelled<'a>,
    network: Mlp,
    compute: &'a Compute,
}

impl Training<'_> {
    /// The parameters that did best on the rows that choose.
    fn best(&self, split: &Split, seed: u64) -> Vec<f32> {
        let stack = self.network.stack();
        let mut best = self.initial(seed);
        let mut parameters = self.tensor([1, best.len()], best.clone());
        let mut optimizer = Optimizer::new(&self.settings(), self.compute);
        let looked_at = &split.choose[..];
        let step = looked_at.len().div_ceil(MOST_LOOKED_AT).max(1);
        let looked_at: Vec<u32> = looked_at.iter().copied().step_by(step).collect();
        let mut order = split.train.clone();
        let mut rng = stream(seed, Purpose::Shuffle);
        let batch = BATCH.min(order.len());
        let mut next = order.len();
        let (mut least, mut best_look) = (f64::INFINITY, 0);
        for look in 0..=STEPS / LOOK_EVERY {
            for _ in 0..if look == 0 { 0 } else { LOOK_EVERY } {
                if next + batch > order.len() {
                    order.shuffle(&mut rng);
                    next = 0;
                }
                let rows = &order[next..next + batch];
                let (x, y) = (self.patterns(rows), self.labels(rows));
                let (_, gradient) = self.network.losses(x, parameters.clone(), y, Vec::new(), self.compute);
                parameters = optimizer.step(parameters, gradient);
                next += batch;
            }
            let loss = self.loss(&looked_at, parameters.clone());
            if loss < least {
                (least, best_look) = (loss, look);
                best = to_vec(parameters.clone().into_data());
            }
            if look - best_look >= PATIENCE || !loss.is_finite() {
                break;
            }
        }
        debug_assert_eq!(best.len(), stack.n_parameters());
        best
    }

    /// Weights of the hidden layer as He et al. draw them, all others 0.
    fn initial(&self, seed: u64) -> Vec<f32> {
        let stack = self.network.stack();
        let rng = &mut stream(seed, Purpose::Weights);
        let mut parameters = Vec::new();
        let layers = stack.layers().count();
        for layer in stack.layers().take(layers - 1) {
            Initialisation::He.draw(layer.inputs, layer.outputs, rng, &mut parameters);
            parameters.resize(layer.biases().end, 0.0);
        }
        parameters.resize(stack.n_parameters(), 0.0);
        parameters
    }

    fn settings(&self) -> TrainSettings {
        // A step moves a score by as much as it has columns: smaller steps where there are many.
        let least = 0.05 / (self.data.columns as f64).sqrt();
        let learning_rate = if self.network.stack().widths.len() == 2 { least.min(0.03) } else { least.min(3e-3) };
        TrainSettings {
            epochs: 1,
            batch_size: BATCH,
            shuffle: true,
            optimizer: OptimizerKind::Adam,
            learning_rate,
            momentum: 0.0,
            weight_decay: 0.0,
            noise_batch: 0,
        }
    }

    fn tensor<const D: usize>(&self, shape: [usize; D], values: Vec<f32>) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), self.compute.device())
    }

    /// [1, d, rows].
    fn patterns(&self, rows: &[u32]) -> Tensor<3> {
        let mut x = vec![0.0; self.data.columns * rows.len()];
        gather(self.data.rows, rows, &mut x);
        self.tensor([1, self.data.columns, rows.len()], x)
    }

    /// [1, rows].
    fn labels(&self, rows: &[u32]) -> Tensor<2> {
        let labels = rows.iter().map(|&row| self.data.classes[row as usize] as f32).collect();
        self.tensor([1, rows.len()], labels)
    }

    /// Mean cross-entropy in nats of some rows.
    fn loss(&self, rows: &[u32], parameters: Tensor<2>) -> f64 {
        let (logits, k) = (self.logits(rows, parameters), self.data.n_classes);
        let of_row = |(z, &row): (&[f32], &u32)| {
            let most = z.iter().fold(f32::NEG_INFINITY, |most, &z| most.max(z));
            let sum: f64 = z.iter().map(|&z| f64::from(z - most).exp()).sum();
            sum.ln() - f64::from(z[self.data.classes[row as usize] as usize] - most)
        };
        logits.chunks_exact(k).zip(rows).map(of_row).sum::<f64>() / rows.len() as f64
    }

    /// [rows × classes].
    fn logits(&self, rows: &[u32], parameters: Tensor<2>) -> Vec<f32> {
        let k = self.data.n_classes;
        let mut scores = Vec::with_capacity(rows.len() * k);
        // So many rows at a time that their scores stay small.
        for rows in rows.chunks(1024) {
            let by_class = self.network.logits(self.patterns(rows), parameters.clone(), self.compute);
            scores.extend((0..rows.len()).flat_map(|row| by_class.iter().skip(row).step_by(rows.len()).copied()));
        }
        scores
    }
}
