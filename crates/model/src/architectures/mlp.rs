//! The multilayer perceptron: a [`Stack`] of dense layers with one activation, and an output layer of class probabilities.

use burn::tensor::Tensor;
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use crate::architectures::convolutional::Patches;
use crate::architectures::{Architecture, ArchitectureError, noisy};
use crate::backend::Compute;
use crate::initialisation::Initialisation;
use crate::random::{Purpose, stream};
use crate::stack::Stack;

/// The last layer, trained by cross-entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// One unit per class, softmax.
    Softmax,
    /// One unit for two classes, sigmoid.
    Sigmoid,
}

/// A checked perceptron.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    pub(crate) stack: Stack,
    pub(crate) output: Output,
    initialisation: Initialisation,
    pub(crate) architecture: Architecture,
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
            None => Ok(Self {
                stack: Stack::new(widths, activation),
                output,
                initialisation,
                architecture: Architecture::Mlp,
            }),
        }
    }

    /// A plain perceptron of these layers, trained by softmax; a stack without hidden layers is linear.
    pub(crate) fn of_stack(stack: Stack) -> Self {
        let (output, initialisation) = (Output::Softmax, Initialisation::He);
        Self { stack, output, initialisation, architecture: Architecture::Mlp }
    }

    /// The same weights in another architecture.
    ///
    /// # Errors
    /// If it makes nothing of these widths, or a setting of it is out of range.
    pub fn with(self, architecture: Architecture) -> Result<Self, ArchitectureError> {
        let hidden = &self.stack.widths[1..self.stack.widths.len() - 1];
        match architecture {
            Architecture::Residual if hidden.windows(2).all(|pair| pair[0] != pair[1]) => {
                Err(ArchitectureError::NoShortcut { hidden: hidden.to_vec() })
            }
            Architecture::Quantised { bits } if !(1..=24).contains(&bits) => Err(ArchitectureError::Bits { bits }),
            Architecture::Noisy { sigma, draws } if !(sigma > 0.0 && sigma.is_finite() && draws >= 2) => {
                Err(ArchitectureError::Noise { sigma, draws })
            }
            Architecture::Convolutional { channels, kernel } => {
                let mut stack = self.stack;
                let inputs = stack.widths[0];
                let patches = Patches::new(inputs, kernel).filter(|_| channels > 0);
                let patches = patches.ok_or(ArchitectureError::NoPatches { inputs, channels, kernel })?;
                stack.widths.insert(1, channels * patches.places());
                stack.patches = Some(patches);
                Ok(Self { stack, architecture, ..self })
            }
            _ => Ok(Self { architecture, ..self }),
        }
    }

    /// What its hidden layers hand on.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The noise of every hidden layer over so many rows, [R, n_l, B], one stream for each replica; nothing if it has none.
    pub fn noise(&self, rows: usize, streams: &mut [ChaCha8Rng], compute: &Compute) -> Vec<Tensor<3>> {
        let Architecture::Noisy { sigma, .. } = self.architecture else { return Vec::new() };
        let hidden = &self.stack.widths[1..self.stack.widths.len() - 1];
        noisy::draw(sigma, hidden, rows, streams, compute.device())
    }

    /// Its layers.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Widths of the measured layers, like 10-7-5-4-3-2, after the architecture unless it is the plain one.
    pub fn name(&self) -> String {
        let widths = self.stack.widths[1..].iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        if self.architecture == Architecture::Mlp {
            widths
        } else {
            format!("{} {widths}", String::from(self.architecture))
        }
    }

    /// The initial parameters of the replica with this seed, shape \[P].
    pub fn initial_parameters(&self, seed: u64) -> Vec<f32> {
        let mut rng: ChaCha8Rng = stream(seed, Purpose::Weights);
        let mut parameters = Vec::with_capacity(self.stack.n_parameters());
        for layer in self.stack.layers() {
            self.initialisation.draw(layer.inputs, layer.filters(), &mut rng, &mut parameters);
            parameters.resize(layer.biases().end, 0.0);
        }
        parameters
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
        assert_eq!(paper().stack().n_parameters(), 130 + 77 + 40 + 24 + 15 + 8);
        let parameters = paper().initial_parameters(1);
        assert_eq!(parameters.len(), paper().stack().n_parameters());
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

    #[test]
    fn architectures_that_make_nothing_of_their_widths_are_refused() {
        let network = || Mlp::new(3, &[5, 4], Activation::Tanh, Output::Softmax, 2, Initialisation::Xavier).unwrap();
        let refused = network().with(Architecture::Residual).unwrap_err();
        assert_eq!(refused, ArchitectureError::NoShortcut { hidden: vec![5, 4] });
        for bits in [0, 25] {
            assert_eq!(network().with(Architecture::Quantised { bits }).unwrap_err(), ArchitectureError::Bits { bits });
        }
        for (sigma, draws) in [(0.0, 16), (-1.0, 16), (f64::INFINITY, 16), (0.1, 1)] {
            let refused = network().with(Architecture::Noisy { sigma, draws }).unwrap_err();
            assert_eq!(refused, ArchitectureError::Noise { sigma, draws });
        }
    }
}
