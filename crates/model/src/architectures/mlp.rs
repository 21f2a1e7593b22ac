//! The multilayer perceptron: z_l = W_lᵀ t_{l−1} + b_l, t_l = φ(z_l), and an output layer of class probabilities.
//!
//! A block of R replicas keeps its parameters in one flat leaf, shape [R × P]: layer by layer W_l, [n_in × n_out] row by row,
//! then b_l, [n_out].

use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::activation::Activation;
use crate::initialisation::Initialisation;
use crate::random::{Purpose, stream};

/// The last layer, trained by cross-entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// One unit per class, softmax.
    Softmax,
    /// One unit for two classes, sigmoid.
    Sigmoid,
}

/// Why settings make no network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// A layer without units.
    #[error("layer {layer} has width 0; every layer has at least one unit")]
    EmptyLayer {
        /// Layer, 0 for the input.
        layer: usize,
    },
    /// No hidden layer to look at.
    #[error("there is no hidden layer; name at least one width, like [10, 7, 5, 4, 3]")]
    NoHiddenLayer,
    /// One unit for more than two classes.
    #[error("a sigmoid output tells two classes apart, but the task has {classes}; use the softmax output")]
    SigmoidClasses {
        /// Classes of the task.
        classes: usize,
    },
}

/// A checked perceptron.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mlp {
    widths: Vec<usize>,
    activation: Activation,
    output: Output,
    initialisation: Initialisation,
}

impl Mlp {
    /// A network from `inputs` numbers through hidden layers to `classes` classes.
    ///
    /// # Errors
    /// If a width is 0, there is no hidden layer, or the output cannot tell the classes apart.
    pub fn new(
        inputs: usize,
        hidden: &[usize],
        activation: Activation,
        output: Output,
        classes: usize,
        initialisation: Initialisation,
    ) -> Result<Self, ArchitectureError> {
        let outputs = match output {
            Output::Softmax => classes,
            Output::Sigmoid if classes == 2 => 1,
            Output::Sigmoid => return Err(ArchitectureError::SigmoidClasses { classes }),
        };
        if hidden.is_empty() {
            return Err(ArchitectureError::NoHiddenLayer);
        }
        let widths: Vec<usize> = std::iter::once(inputs).chain(hidden.iter().copied()).chain([outputs]).collect();
        match widths.iter().position(|&width| width == 0) {
            Some(layer) => Err(ArchitectureError::EmptyLayer { layer }),
            None => Ok(Self { widths, activation, output, initialisation }),
        }
    }

    /// Widths from the input to the output.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// Activation of the hidden layers.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The last layer.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Widths of the measured layers, like 10-7-5-4-3-2.
    pub fn name(&self) -> String {
        self.widths[1..].iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    }

    /// Number of parameters P of one replica.
    pub fn n_parameters(&self) -> usize {
        self.widths.windows(2).map(|pair| pair[0] * pair[1] + pair[1]).sum()
    }

    /// The initial parameters of the replica with this seed, shape [P].
    pub fn initial_parameters(&self, seed: u64) -> Vec<f32> {
        let mut rng: ChaCha8Rng = stream(seed, Purpose::Weights);
        let mut parameters = Vec::with_capacity(self.n_parameters());
        for pair in self.widths.windows(2) {
            self.initialisation.draw(pair[0], pair[1], &mut rng, &mut parameters);
            parameters.resize(parameters.len() + pair[1], 0.0);
        }
        parameters
    }

    /// Class probabilities from logits [classes' units × rows], in place: softmax over the units, or sigmoid of the one.
    pub fn probabilities(&self, logits: &mut ndarray::Array2<f32>) {
        match self.output {
            Output::Sigmoid => logits.mapv_inplace(|z| 1.0 / (1.0 + (-z).exp())),
            Output::Softmax => {
                for mut z in logits.columns_mut() {
                    let most = z.fold(f32::NEG_INFINITY, |most, &z| most.max(z));
                    z.mapv_inplace(|z| (z - most).exp());
                    let sum = z.sum();
                    z.mapv_inplace(|e| e / sum);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paper() -> Mlp {
        let init = Initialisation::TruncatedNormal;
        Mlp::new(12, &[10, 7, 5, 4, 3], Activation::Tanh, Output::Softmax, 2, init).unwrap()
    }

    #[test]
    fn the_papers_network_has_its_parameters() {
        assert_eq!(paper().name(), "10-7-5-4-3-2");
        assert_eq!(paper().n_parameters(), 130 + 77 + 40 + 24 + 15 + 8);
        let parameters = paper().initial_parameters(1);
        assert_eq!(parameters.len(), paper().n_parameters());
        assert!(parameters[120..130].iter().all(|&bias| bias == 0.0));
        assert_ne!(parameters, paper().initial_parameters(2));
    }

    #[test]
    fn settings_that_make_no_network_are_refused() {
        let network = |hidden: &[usize], output, classes| {
            Mlp::new(12, hidden, Activation::Tanh, output, classes, Initialisation::Xavier).unwrap_err()
        };
        assert_eq!(network(&[], Output::Softmax, 2), ArchitectureError::NoHiddenLayer);
        assert_eq!(network(&[3, 0], Output::Softmax, 2), ArchitectureError::EmptyLayer { layer: 2 });
        assert_eq!(network(&[3], Output::Sigmoid, 3), ArchitectureError::SigmoidClasses { classes: 3 });
    }
}
