//! Trains a block of replicas together and yields [`Snapshot`]s: an iterator, paid for as it is drawn.
//!
//! All randomness is drawn here from each replica's own streams, so a replica's path depends neither on its companions nor
//! on the number of threads.

use burn::tensor::{Tensor, TensorData};
use ndarray::ArrayView2;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};

use crate::architectures::mlp::Mlp;
use crate::backend::{Compute, to_vec};
use crate::batch::gather;
use crate::optimizer::Optimizer;
use crate::random::{Purpose, stream};

pub mod checkpoint;
mod settings;
mod snapshot;

pub use settings::{GradientMode, TrainError, TrainSettings};
pub use snapshot::{Layer, ReplicaSnapshot, Snapshot};

/// One network's seed and sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Seed of its weights and its shuffles.
    pub seed: u64,
    /// Indices of its training patterns.
    pub train: Vec<u32>,
    /// A class for every pattern.
    pub labels: Vec<u32>,
}

/// What one step of [`Training::advance`] came to.
#[derive(Debug, Clone)]
pub enum Advance {
    /// An epoch that is not recorded.
    Epoch,
    /// A recorded epoch.
    Snapshot(Snapshot),
}

/// A block in training.
pub struct Training<'a> {
    network: Mlp,
    features: usize,
    /// Inputs, pattern by pattern: batches are gathered from these.
    patterns: Vec<f32>,
    /// The same, feature by feature, as often as a measurement draws noise: snapshots are taken of these.
    columns: Vec<f32>,
    replicas: Vec<Replica>,
    shuffles: Vec<ChaCha8Rng>,
    orders: Vec<Vec<u32>>,
    settings: &'a TrainSettings,
    recorded: std::vec::IntoIter<usize>,
    compute: Compute,
    parameters: Tensor<2>,
    optimizer: Optimizer,
    epoch: usize,
    diverged: Vec<Option<usize>>,
    reported: Vec<bool>,
    on_epoch: Box<dyn FnMut(usize) + 'a>,
    gradient_mode: GradientMode,
    noises: Vec<ChaCha8Rng>,
    gradients: Vec<Vec<f32>>,
}

impl std::fmt::Debug for Training<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (network, replicas) = (self.network.name(), self.replicas.len());
        write!(f, "{replicas} networks {network} after {} epochs", self.epoch)
    }
}

impl<'a> Training<'a> {
    /// A block about to be trained on `inputs`, shape [patterns × features], with a snapshot at each of the `recorded`
    /// epochs (ascending). It ends after the last of them.
    ///
    /// # Errors
    /// If a setting is impossible, or the replicas' samples differ in size.
    pub fn new(
        network: Mlp,
        inputs: ArrayView2<f32>,
        replicas: Vec<Replica>,
        settings: &'a TrainSettings,
        recorded: &[usize],
        compute: &Compute,
    ) -> Result<Self, TrainError> {
        let sizes: Vec<usize> = replicas.iter().map(|replica| replica.train.len()).collect();
        if sizes.is_empty() || sizes[0] == 0 || sizes.iter().any(|&size| size != sizes[0]) {
            return Err(TrainError::Samples(sizes));
        }
        let initial: Vec<f32> = replicas.iter().flat_map(|replica| network.initial_parameters(replica.seed)).collect();
        let shape = [replicas.len(), network.stack().n_parameters()];
        let draws = network.architecture().draws();
        Ok(Self {
            features: inputs.ncols(),
            patterns: inputs.iter().copied().collect(),
            columns: inputs.t().outer_iter().flat_map(|feature| feature.to_vec().repeat(draws)).collect(),
            noises: replicas.iter().map(|replica| stream(replica.seed, Purpose::Noise)).collect(),
            shuffles: replicas.iter().map(|replica| stream(replica.seed, Purpose::Shuffle)).collect(),
            orders: replicas.iter().map(|replica| replica.train.clone()).collect(),
            settings,
            recorded: Vec::from(recorded).into_iter(),
            parameters: Tensor::from_data(TensorData::new(initial, shape), compute.device()),
            compute: compute.clone(),
            optimizer: Optimizer::new(settings, compute),
            epoch: 0,
            diverged: vec![None; replicas.len()],
            reported: vec![false; replicas.len()],
            replicas,
            network,
            on_epoch: Box::new(|_| ()),
            gradient_mode: GradientMode::None,
            gradients: Vec::new(),
        })
    }

    /// Calls back after every epoch, with its number.
    #[must_use]
    pub fn on_epoch(mut self, callback: impl FnMut(usize) + 'a) -> Self {
        self.on_epoch = Box::new(callback);
        self
    }

    /// Starts every replica from these parameters, \[P], instead of drawn ones.
    ///
    /// # Panics
    /// If they are not as many as the network has.
    pub fn start_from(&mut self, parameters: &[f32]) {
        let shape = self.parameters.dims();
        assert_eq!(parameters.len(), shape[1], "parameters of another network");
        let block = parameters.repeat(shape[0]);
        self.parameters = Tensor::from_data(TensorData::new(block, shape), self.compute.device());
    }

    /// Takes mini-batch gradients at every snapshot.
    #[must_use]
    pub fn collect_gradients(mut self, mode: GradientMode) -> Self {
        self.gradient_mode = mode;
        self
    }

    /// Trains one epoch, and takes the snapshot if it is recorded (that of epoch 0 without training). `None` after the last.
    pub fn advance(&mut self) -> Option<Advance> {
        let next = *self.recorded.as_slice().first()?;
        if self.epoch < next {
            self.train_epoch(self.epoch + 1 == next);
        }
        if self.epoch < next {
            return Some(Advance::Epoch);
        }
        self.recorded.next();
        Some(Advance::Snapshot(self.snapshot()))
    }

    fn train_epoch(&mut self, recorded: bool) {
        if self.settings.shuffle {
            for (order, rng) in self.orders.iter_mut().zip(&mut self.shuffles) {
                order.shuffle(rng);
            }
        }
        let (rows, batch) = self.rows_and_batch();
        self.gradients.clear();
        let mut losses = None;
        for start in (0..rows).step_by(batch) {
            let (loss, gradient) = self.gradient(start, batch.min(rows - start));
            losses = Some(loss);
            if recorded && self.gradient_mode == GradientMode::Moving {
                self.gradients.push(to_vec(gradient.clone().into_data()));
            }
            let gradient = if self.settings.noise_batch == 0 { gradient } else { self.with_noise(gradient) };
            self.parameters = self.optimizer.step(self.parameters.clone(), gradient);
        }
        self.epoch += 1;
        // One read-back an epoch: weights that are no longer finite have a loss that is not.
        let losses: Vec<f32> = losses.map(|losses| to_vec(losses.into_data())).unwrap_or_default();
        for (diverged, loss) in self.diverged.iter_mut().zip(losses) {
            if !loss.is_finite() {
                diverged.get_or_insert(self.epoch);
            }
        }
        (self.on_epoch)(self.epoch);
    }

    fn rows_and_batch(&self) -> (usize, usize) {
        let rows = self.orders[0].len();
        (rows, if self.settings.batch_size == 0 { rows } else { self.settings.batch_size.min(rows) })
    }

    /// Losses \[R] and gradients [R, P] of a mini-batch, at the weights as they are.
    fn gradient(&mut self, start: usize, count: usize) -> (Tensor<1>, Tensor<2>) {
        let noise = self.network.noise(count, &mut self.noises, &self.compute);
        self.gradient_with(start, count, noise)
    }

    fn gradient_with(&self, start: usize, count: usize, noise: Vec<Tensor<3>>) -> (Tensor<1>, Tensor<2>) {
        let rows = self.orders.iter().map(|order| &order[start..start + count]);
        self.gradient_of(rows, count, noise)
    }

    fn gradient_of<'b>(
        &'b self,
        rows: impl Iterator<Item = &'b [u32]>,
        count: usize,
        noise: Vec<Tensor<3>>,
    ) -> (Tensor<1>, Tensor<2>) {
        let (x, labels) = self.gather(rows, count);
        self.network.losses(x, self.parameters.clone(), labels, noise, &self.compute)
    }

    /// The gradient, [R, P], with the Langevin noise of [`TrainSettings::noise_batch`].
    fn with_noise(&mut self, gradient: Tensor<2>) -> Tensor<2> {
        let count = self.settings.noise_batch;
        let drawn: Vec<Vec<u32>> = self
            .noises
            .iter_mut()
            .zip(&self.replicas)
            .map(|(rng, replica)| (0..count).map(|_| replica.train[rng.random_range(0..replica.train.len())]).collect())
            .collect();
        let [replicas, p] = gradient.dims();
        let whole = to_vec(gradient.into_data());
        let inside = self.network.noise(count, &mut self.noises, &self.compute);
        let sampled = to_vec(self.gradient_of(drawn.iter().map(Vec::as_slice), count, inside).1.into_data());
        let mut noisy = whole.clone();
        for r in 0..replicas {
            let part = r * p..(r + 1) * p;
            let squares: f64 =
                whole[part.clone()].iter().zip(&sampled[part.clone()]).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            let scale = (squares / p as f64).sqrt();
            for g in &mut noisy[part] {
                let normal: f64 = StandardNormal.sample(&mut self.noises[r]);
                *g += (scale * normal) as f32;
            }
        }
        Tensor::from_data(TensorData::new(noisy, [replicas, p]), self.compute.device())
    }

    /// The gradients of the epoch's mini-batches once more, at the weights reached.
    fn frozen_gradients(&self, streams: &mut [ChaCha8Rng]) -> Vec<Vec<f32>> {
        let (rows, batch) = self.rows_and_batch();
        let starts = (0..rows).step_by(batch);
        starts
            .map(|start| {
                let count = batch.min(rows - start);
                let noise = self.network.noise(count, streams, &self.compute);
                to_vec(self.gradient_with(start, count, noise).1.into_data())
            })
            .collect()
    }

    /// Streams for the noise of this epoch's measurement: training goes on the same whether it is measured or not.
    fn measured_noises(&self) -> Vec<ChaCha8Rng> {
        let of_epoch = |replica: &Replica| {
            let mut rng = stream(replica.seed, Purpose::MeasuredNoise);
            rng.set_word_pos((self.epoch as u128) << 36);
            rng
        };
        self.replicas.iter().map(of_epoch).collect()
    }

    /// The next batch of every replica: inputs [R, F, B] and labels [R, B].
    fn gather<'b>(&'b self, rows: impl Iterator<Item = &'b [u32]>, count: usize) -> (Tensor<3>, Tensor<2>) {
        let device = self.compute.device();
        let replicas = self.replicas.len();
        let size = self.features * count;
        let mut x = buffer(replicas * size);
        let mut labels = buffer(replicas * count);
        for (r, (replica, rows)) in self.replicas.iter().zip(rows).enumerate() {
            gather(&self.patterns, rows, &mut x[r * size..(r + 1) * size]);
            for (label, &row) in labels[r * count..(r + 1) * count].iter_mut().zip(rows) {
                *label = replica.labels[row as usize] as f32;
            }
        }
        (
            Tensor::from_data(TensorData::new(x, [replicas, self.features, count]), device),
            Tensor::from_data(TensorData::new(labels, [replicas, count]), device),
        )
    }

    fn snapshot(&mut self) -> Snapshot {
        let stack = self.network.stack().clone();
        let n = self.columns.len() / self.features;
        let mut streams = self.measured_noises();
        if self.gradient_mode == GradientMode::Frozen {
            self.gradients = self.frozen_gradients(&mut streams);
        }
        let noise = self.network.noise(n, &mut streams, &self.compute);
        let measured = self.network.measure(&self.columns, self.parameters.clone(), &noise, &self.compute);
        let draws = self.network.architecture().draws();
        let parameters = to_vec(self.parameters.clone().into_data());
        let p = stack.n_parameters();
        let replicas = measured
            .into_iter()
            .zip(parameters.chunks_exact(p))
            .enumerate()
            .map(|(r, ((z, t), parameters))| {
                if z.iter().chain(&t).any(|value| !value.is_finite()) {
                    self.diverged[r].get_or_insert(self.epoch);
                }
                self.diverged[r].is_none().then(|| ReplicaSnapshot {
                    layers: snapshot::split_layers(&z, &t, &stack.widths[1..], n),
                    draws,
                    parameters: parameters.to_vec(),
                    gradients: self.gradients.iter().map(|block| block[r * p..(r + 1) * p].to_vec()).collect(),
                })
            })
            .collect();
        let mut diverged = Vec::new();
        for r in 0..self.replicas.len() {
            if let (Some(epoch), false) = (self.diverged[r], self.reported[r]) {
                self.reported[r] = true;
                diverged.push((r, epoch));
            }
        }
        Snapshot { epoch: self.epoch, replicas, diverged }
    }
}

impl Iterator for Training<'_> {
    type Item = Snapshot;

    fn next(&mut self) -> Option<Snapshot> {
        loop {
            if let Advance::Snapshot(snapshot) = self.advance()? {
                return Some(snapshot);
            }
        }
    }
}

/// A buffer of so many numbers, whichever they are.
fn buffer(length: usize) -> Vec<f32> {
    #[cfg(feature = "flex")]
    let buffer = crate::fused::pool::take(length);
    #[cfg(not(feature = "flex"))]
    let buffer = vec![0.0; length];
    buffer
}
