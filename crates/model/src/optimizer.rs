//! Updates of the flat parameter leaf [R, P], the same for every replica.
//!
//! SGD: v ← μv + g, θ ← θ − ηv. Adam (Kingma & Ba 2015, algorithm 1): m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
//! θ ← θ − η m̂/(√v̂ + ε) with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ), β₁ = 0.9, β₂ = 0.999, ε = 1e-8.
//! Weight decay λ adds λθ to the gradient, as PyTorch's `weight_decay` does.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

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
}

impl Optimizer {
    /// A rule without state yet.
    pub fn new(kind: OptimizerKind, learning_rate: f64, momentum: f64, weight_decay: f64) -> Self {
        Self { kind, learning_rate, momentum, weight_decay, steps: 0, first: None, second: None }
    }

    /// θ after one step along the gradient, both [R, P] and without autodiff.
    pub fn step(&mut self, parameters: Tensor<2>, gradient: Tensor<2>) -> Tensor<2> {
        self.steps += 1;
        let gradient =
            if self.weight_decay == 0.0 { gradient } else { gradient + parameters.clone() * self.weight_decay };
        match self.kind {
            OptimizerKind::Sgd if self.momentum == 0.0 => parameters - gradient * self.learning_rate,
            OptimizerKind::Sgd => {
                let velocity = match self.first.take() {
                    Some(velocity) => velocity * self.momentum + gradient,
                    None => gradient,
                };
                self.first = Some(velocity.clone());
                parameters - velocity * self.learning_rate
            }
            OptimizerKind::Adam => {
                let blend = |old: Option<Tensor<2>>, new: Tensor<2>, beta: f64| match old {
                    Some(old) => old * beta + new * (1.0 - beta),
                    None => new * (1.0 - beta),
                };
                let first = blend(self.first.take(), gradient.clone(), BETA_1);
                let second = blend(self.second.take(), gradient.clone() * gradient, BETA_2);
                self.first = Some(first.clone());
                self.second = Some(second.clone());
                let corrected = |beta: f64| 1.0 - beta.powi(self.steps);
                let scale = (second / corrected(BETA_2)).sqrt() + EPSILON;
                parameters - first / scale * (self.learning_rate / corrected(BETA_1))
            }
        }
    }
}
