//! Updates of the flat parameter leaf [R, P], the same for every replica.
//!
//! SGD: v ← μv + g, θ ← θ − ηv. Adam (Kingma & Ba 2015, algorithm 1): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
//! θ ← θ − η m̂/(√v̂ + ε) with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ), β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
//! Weight decay λ adds λθ to the gradient, as PyTorch's `weight_decay` does.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::backend::{Compute, to_vec};
#[cfg(feature = "flex")]
use crate::fused;
use crate::train::TrainSettings;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Which update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OptimizerKind {
    /// Stochastic gradient descent, with momentum if asked.
    Sgd,
    /// Adam.
    Adam,
}

/// An update rule with its state.
#[derive(Debug, Clone)]
pub struct Optimizer {
    kind: OptimizerKind,
    learning_rate: f64,
    momentum: f64,
    weight_decay: f64,
    steps: i32,
    first: Option<Tensor<2>>,
    second: Option<Tensor<2>>,
    fused: bool,
}

/// An update rule's state, as plain numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OptimizerState {
    steps: i32,
    /// Momentum's velocity or Adam's m, [R × P].
    first: Option<Vec<f32>>,
    /// Adam's v, [R × P].
    second: Option<Vec<f32>>,
}

impl OptimizerState {
    /// How many numbers each of its moments has.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = usize> {
        self.first.iter().chain(&self.second).map(Vec::len)
    }
}

impl Optimizer {
    /// A rule without state yet, for parameters that live where `compute` says.
    pub fn new(settings: &TrainSettings, compute: &Compute) -> Self {
        Self {
            kind: settings.optimizer,
            learning_rate: settings.learning_rate,
            momentum: settings.momentum,
            weight_decay: settings.weight_decay,
            steps: 0,
            first: None,
            second: None,
            fused: compute.is_fused(),
        }
    }

    /// The state, read back from where it lives.
    pub fn state(&self) -> OptimizerState {
        let values = |tensor: &Option<Tensor<2>>| tensor.clone().map(|tensor| to_vec(tensor.into_data()));
        OptimizerState { steps: self.steps, first: values(&self.first), second: values(&self.second) }
    }

    /// Goes on from such a state; `tensor` makes [R, P] of its numbers.
    pub(crate) fn resume(&mut self, state: OptimizerState, tensor: impl Fn(Vec<f32>) -> Tensor<2>) {
        self.steps = state.steps;
        self.first = state.first.map(&tensor);
        self.second = state.second.map(&tensor);
    }

    /// θ after one step along the gradient, both [R, P] and without autodiff.
    pub fn step(&mut self, parameters: Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        self.steps += 1;
        let gradient =
            if self.weight_decay == 0.0 { gradient } else { gradient + parameters.clone() * self.weight_decay };
        match self.kind {
            OptimizerKind::Sgd if self.momentum == 0.0 => self.descend(parameters, gradient),
            OptimizerKind::Sgd => {
                let velocity = match self.first.take() {
                    Some(velocity) => velocity * self.momentum + gradient,
                    None => gradient,
                };
                self.first = Some(velocity.clone());
                self.descend(parameters, velocity)
            }
            OptimizerKind::Adam => {
                let first = self.first.take().unwrap_or_else(|| parameters.zeros_like());
                let second = self.second.take().unwrap_or_else(|| parameters.zeros_like());
                let [parameters, first, second] = self.adam(parameters, gradient, [first, second]);
                (self.first, self.second) = (Some(first), Some(second));
                parameters
            }
        }
    }

    fn descend(&self, parameters: Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        #[cfg(feature = "flex")]
        if self.fused {
            return fused::descend(parameters, gradient, self.learning_rate as f32);
        }
        parameters - gradient * self.learning_rate
    }

    fn adam(&self, parameters: Tensor<2>, gradient: Tensor<2>, [first, second]: [Tensor<2>; 2]) -> [Tensor<2>; 3] {
        let corrected = |beta: f64| 1.0 - beta.powi(self.steps);
        let rate = self.learning_rate / corrected(BETA_1);
        #[cfg(feature = "flex")]
        if self.fused {
            let step = fused::update::AdamStep {
                betas: (BETA_1 as f32, BETA_2 as f32),
                complements: ((1.0 - BETA_1) as f32, (1.0 - BETA_2) as f32),
                correction: corrected(BETA_2) as f32,
                epsilon: EPSILON as f32,
                rate: rate as f32,
            };
            return fused::adam(parameters, gradient, [first, second], step);
        }
        let first = first * BETA_1 + gradient.clone() * (1.0 - BETA_1);
        let second = second * BETA_2 + gradient.clone() * gradient * (1.0 - BETA_2);
        let scale = (second.clone() / corrected(BETA_2)).sqrt() + EPSILON;
        [parameters - first.clone() / scale * rate, first, second]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backend;
    use burn::tensor::TensorData;

    #[test]
    fn fused_and_composed_updates_agree() {
        let fused = Backend::Flex.open(0).unwrap();
        let composed = fused.clone().composed();
        for (optimizer, momentum) in [(OptimizerKind::Sgd, 0.0), (OptimizerKind::Sgd, 0.9), (OptimizerKind::Adam, 0.0)]
        {
            let settings = TrainSettings {
                epochs: 1,
                batch_size: 0,
                shuffle: false,
                optimizer,
                learning_rate: 0.05,
                momentum,
                weight_decay: 0.01,
                noise_batch: 0,
            };
            let run = |compute: &Compute| -> Vec<f32> {
                let tensor =
                    |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [3, 7]), compute.device());
                let mut rule = Optimizer::new(&settings, compute);
                let mut parameters = tensor((0..21).map(|i| (i as f32).sin()).collect());
                for step in 0..20 {
                    let gradient = tensor((0..21).map(|i| (i as f32 * 1.7 + step as f32).cos()).collect());
                    parameters = rule.step(parameters, gradient);
                }
                parameters.into_data().try_into_vec().unwrap()
            };
            for (a, b) in run(&fused).iter().zip(run(&composed)) {
                assert!((a - b).abs() < 1e-6, "{optimizer:?}: {a} and {b}");
            }
        }
    }
}
