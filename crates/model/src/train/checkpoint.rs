//! Where a training stands, as plain numbers: written down, read again, it goes on to the same bytes.

use burn::tensor::{Tensor, TensorData};
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{TrainError, Training};
use crate::backend::to_vec;
use crate::optimizer::OptimizerState;
use crate::random::{Purpose, stream};

/// Everything that changes while a block of R replicas trains. What it is trained on, and with which settings, is not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingState {
    /// Epochs trained.
    pub epoch: usize,
    /// Recorded epochs still to come.
    to_come: usize,
    /// θ, [R × P].
    parameters: Vec<f32>,
    optimizer: OptimizerState,
    /// The order of the training patterns, which each epoch shuffles further.
    orders: Vec<Vec<u32>>,
    /// Words drawn from each replica's stream of shuffles.
    shuffles: Vec<u128>,
    /// Words drawn from each replica's stream of noise.
    noises: Vec<u128>,
    diverged: Vec<Option<usize>>,
    reported: Vec<bool>,
}

impl Training<'_> {
    /// Where the training stands between two calls of [`Training::advance`].
    pub fn state(&self) -> TrainingState {
        let positions = |rngs: &[ChaCha8Rng]| rngs.iter().map(ChaCha8Rng::get_word_pos).collect();
        TrainingState {
            epoch: self.epoch,
            to_come: self.recorded.len(),
            parameters: to_vec(self.parameters.clone().into_data()),
            optimizer: self.optimizer.state(),
            orders: self.orders.clone(),
            shuffles: positions(&self.shuffles),
            noises: positions(&self.noises),
            diverged: self.diverged.clone(),
            reported: self.reported.clone(),
        }
    }

    /// Goes on from such a state: of the same replicas, network and settings.
    ///
    /// # Errors
    /// If its sizes are not those of this training.
    pub fn resume(&mut self, state: TrainingState) -> Result<(), TrainError> {
        let [replicas, p] = self.parameters.dims();
        let rows = self.orders[0].len();
        let patterns = self.patterns.len() / self.features;
        let is_ours = state.parameters.len() == replicas * p
            && state.optimizer.lengths().all(|length| length == replicas * p)
            && state.orders.iter().all(|order| order.len() == rows && order.iter().all(|&k| (k as usize) < patterns))
            && [state.orders.len(), state.shuffles.len(), state.noises.len()] == [replicas; 3]
            && [state.diverged.len(), state.reported.len()] == [replicas; 2]
            && state.to_come <= self.recorded.len();
        if !is_ours {
            return Err(TrainError::State);
        }
        let device = self.compute.device();
        let tensor = |values| Tensor::from_data(TensorData::new(values, [replicas, p]), device);
        let at = |purpose, positions: &[u128]| {
            let streams = self.replicas.iter().zip(positions).map(|(replica, &position)| {
                let mut rng = stream(replica.seed, purpose);
                rng.set_word_pos(position);
                rng
            });
            streams.collect()
        };
        self.shuffles = at(Purpose::Shuffle, &state.shuffles);
        self.noises = at(Purpose::Noise, &state.noises);
        self.parameters = tensor(state.parameters);
        self.optimizer.resume(state.optimizer, tensor);
        let taken = self.recorded.len() - state.to_come;
        self.recorded.by_ref().take(taken).for_each(drop);
        self.epoch = state.epoch;
        self.orders = state.orders;
        self.diverged = state.diverged;
        self.reported = state.reported;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Compute;
    use crate::train::{Advance, GradientMode, Snapshot};
    use crate::{Activation, Backend, Initialisation, Mlp, OptimizerKind, Output, Replica, TrainSettings};
    use ndarray::Array2;

    fn training<'a>(settings: &'a TrainSettings, inputs: &Array2<f32>, compute: &Compute) -> Training<'a> {
        let network =
            Mlp::new(3, &[4, 3], Activation::Tanh, Output::Softmax, 2, Initialisation::TruncatedNormal).unwrap();
        let replicas = [5, 8].map(|seed| Replica {
            seed,
            train: (0..11).collect(),
            labels: (0..13).map(|k| (k + seed as u32) % 2).collect(),
        });
        Training::new(network, inputs.view(), replicas.to_vec(), settings, &[0, 2, 5, 9], compute)
            .unwrap()
            .collect_gradients(GradientMode::Moving)
    }

    #[test]
    fn a_training_resumed_after_any_epoch_goes_on_to_the_same_bytes() {
        let compute = Backend::Flex.open(0).unwrap();
        let inputs = Array2::from_shape_fn((13, 3), |(i, j)| ((i * 3 + j) as f32).sin());
        for (optimizer, momentum, noise_batch) in
            [(OptimizerKind::Sgd, 0.0, 3), (OptimizerKind::Sgd, 0.9, 0), (OptimizerKind::Adam, 0.0, 0)]
        {
            let settings = TrainSettings {
                epochs: 9,
                batch_size: 4,
                shuffle: true,
                optimizer,
                learning_rate: 0.1,
                momentum,
                weight_decay: 0.01,
                noise_batch,
            };
            let show = |snapshots: &[Snapshot]| format!("{snapshots:?}");
            let whole: Vec<Snapshot> = training(&settings, &inputs, &compute).collect();
            for stop in 1..=10 {
                let mut first = training(&settings, &inputs, &compute);
                let mut snapshots = Vec::new();
                for _ in 0..stop {
                    if let Some(Advance::Snapshot(snapshot)) = first.advance() {
                        snapshots.push(snapshot);
                    }
                }
                let mut second = training(&settings, &inputs, &compute);
                second.resume(first.state()).unwrap();
                snapshots.extend(second);
                assert_eq!(show(&snapshots), show(&whole), "{optimizer:?}, after {stop} steps");
            }
        }
    }

    #[test]
    fn a_state_of_another_training_is_refused() {
        let compute = Backend::Flex.open(0).unwrap();
        let inputs = Array2::from_shape_fn((13, 3), |(i, j)| ((i * 3 + j) as f32).sin());
        let settings = TrainSettings {
            epochs: 9,
            batch_size: 4,
            shuffle: true,
            optimizer: OptimizerKind::Adam,
            learning_rate: 0.1,
            momentum: 0.0,
            weight_decay: 0.0,
            noise_batch: 0,
        };
        let mut here = training(&settings, &inputs, &compute);
        let mut state = here.state();
        state.orders[1][0] = 13;
        assert_eq!(here.resume(state.clone()), Err(TrainError::State));
        state.orders.pop();
        assert_eq!(here.resume(state), Err(TrainError::State));
    }
}
