//! The multilayer perceptron: a [`Stack`] of dense layers with one activation, and an output layer of class probabilities.

use burn::tensor::{Tensor, TensorData};
use rand::rngs::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::activation::Activation;
use crate::architectures::convolutional::Patches;
use crate::architectures::{Architecture, noisy};
use crate::backend::Compute;
use crate::composed;
#[cfg(feature = "flex")]
use crate::fused;
use crate::initialisation::Initialisation;
use crate::random::{Purpose, stream};
use crate::stack::{Dense, Stack};

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
#[derive(Debug, Clone, PartialEq, Error)]
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
    /// No two neighbouring hidden layers of one width.
    #[error(
        "a residual network adds a hidden layer to the one above it where both have the same width, but of {hidden:?} no two \
         neighbours do; write widths like [10, 10, 10]"
    )]
    NoShortcut {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
    },
    /// No architecture of this name.
    #[error(
        "`{text}` is no architecture; there are mlp, residual, quantised:bits=8, noisy:sigma=0.1 and convolutional:channels=4,kernel=3"
    )]
    Unknown {
        /// What was asked for.
        text: String,
    },
    /// Bits out of range.
    #[error("a quantised network has between 1 and 24 bits per unit, not {bits}")]
    Bits {
        /// Bits asked for.
        bits: u32,
    },
    /// No noise, or too few passes.
    #[error("a noisy network has a positive sigma and at least 2 draws, not sigma {sigma} and {draws}")]
    Noise {
        /// Standard deviation asked for.
        sigma: f64,
        /// Passes of a measurement.
        draws: usize,
    },
    /// No image, or no patches of it.
    #[error(
        "a convolutional network sees a square image in patches that fit into it through one or more channels, not {inputs} \
         inputs in patches of {kernel} x {kernel} through {channels}"
    )]
    NoPatches {
        /// Inputs of the network.
        inputs: usize,
        /// Filters asked for.
        channels: usize,
        /// Pixels along a side of a patch.
        kernel: usize,
    },
    /// One unit for more than two classes.
    #[error("a sigmoid output tells two classes apart, but the task has {classes}; use the softmax output")]
    SigmoidClasses {
        /// Classes of the task.
        classes: usize,
    },
}

/// A checked perceptron.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    stack: Stack,
    output: Output,
    initialisation: Initialisation,
    architecture: Architecture,
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

    /// Whether the fused kernels compute its layers. They beat burn's matrix product 2.2 times on layers of 256 units, and lose to
    /// its blocking for caches from about 400 on (`cargo bench -p infoplane-model --bench epoch -- sweep`).
    #[cfg(feature = "flex")]
    fn has_fused_layers(&self, compute: &Compute) -> bool {
        const LARGEST: usize = 384 * 384;
        compute.is_fused()
            && self.stack.patches.is_none()
            && self.stack.layers().all(|layer| layer.inputs * layer.outputs <= LARGEST)
    }

    /// Whether the one-pass kernel, which knows the plain perceptron, computes it.
    #[cfg(feature = "flex")]
    fn is_fused(&self, compute: &Compute) -> bool {
        self.has_fused_layers(compute) && self.architecture == Architecture::Mlp
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

    /// Mean cross-entropy in nats of each replica, \[R], and its gradient, [R, P]: x is [R, F, B], parameters [R, P], labels
    /// [R, B], noise as from [`Mlp::noise`], all of them outside autodiff.
    pub fn losses(
        &self,
        x: Tensor<3>,
        parameters: Tensor<2>,
        labels: Tensor<2>,
        noise: Vec<Tensor<3>>,
        compute: &Compute,
    ) -> (Tensor<1>, Tensor<2>) {
        #[cfg(feature = "flex")]
        if self.is_fused(compute) {
            return fused::losses(x, parameters, labels, &self.stack);
        }
        let leaf = Tensor::<2>::from_inner(parameters.clone()).require_grad();
        let noise: Vec<Tensor<3>> = noise.into_iter().map(Tensor::from_inner).collect();
        let (x, labels) = (Tensor::from_inner(x), Tensor::from_inner(labels));
        let losses = self.differentiable_losses(x, leaf.clone(), labels, &noise, compute);
        let mut gradients = losses.clone().sum().backward();
        // Every parameter takes part in the loss, so there always is a gradient.
        let gradient = leaf.grad_remove(&mut gradients).unwrap_or_else(|| parameters.zeros_like());
        (losses.inner(), gradient)
    }

    /// Losses, \[R], that burn differentiates: layers from the fused kernels where they are, plain operations elsewhere.
    fn differentiable_losses(
        &self,
        x: Tensor<3>,
        leaf: Tensor<2>,
        labels: Tensor<2>,
        noise: &[Tensor<3>],
        compute: &Compute,
    ) -> Tensor<1> {
        #[cfg(feature = "flex")]
        if self.has_fused_layers(compute) {
            let hidden = self.stack.widths.len() - 2;
            let logits = self.stack.layers().enumerate().fold(x, |below, (number, layer)| {
                let own = fused::dense(below.clone(), leaf.clone(), layer);
                let handed = if number < hidden { self.architecture.hand_on(below, own) } else { own };
                composed::with_noise(handed, noise.get(number))
            });
            return fused::cross_entropy(logits, labels);
        }
        let _ = compute;
        composed::cross_entropy(composed::logits(self.architecture, x, leaf, noise, &self.stack), labels)
    }

    /// Net inputs z and activations t of every layer of every replica over n rows, [units × n] one layer below the other;
    /// the output's activations are class probabilities. x is [F × n], parameters [R, P], noise as from [`Mlp::noise`]: a layer's
    /// own is not in its activations, that of the layers below is.
    pub fn measure(
        &self,
        x: &[f32],
        parameters: Tensor<2>,
        noise: &[Tensor<3>],
        compute: &Compute,
    ) -> Vec<(Vec<f32>, Vec<f32>)> {
        let n = x.len() / self.stack.widths[0];
        let mut replicas = self.forward(x, n, parameters, noise, compute);
        for (_, t) in &mut replicas {
            let output = (self.stack.n_units() - self.stack.n_outputs()) * n;
            self.probabilities(&mut t[output..], n);
        }
        replicas
    }

    fn forward(
        &self,
        x: &[f32],
        n: usize,
        parameters: Tensor<2>,
        noise: &[Tensor<3>],
        compute: &Compute,
    ) -> Vec<(Vec<f32>, Vec<f32>)> {
        #[cfg(feature = "flex")]
        if self.is_fused(compute) {
            let parameters = to_vec(parameters.into_data());
            let layers: Vec<Dense> = self.stack.layers().collect();
            let replicas = parameters.chunks_exact(self.stack.n_parameters());
            return replicas.map(|parameters| fused::pass::layers(&layers, parameters, x, n)).collect();
        }
        let x = Tensor::from_data(TensorData::new(x.to_vec(), [1, self.stack.widths[0], n]), compute.device());
        let replicas = parameters.dims()[0];
        let mut all = vec![(Vec::new(), Vec::new()); replicas];
        for (z, t) in composed::layers(self.architecture, x, parameters, noise, &self.stack) {
            let (z, t) = (to_vec(z.into_data()), to_vec(t.into_data()));
            let size = z.len() / replicas;
            for (r, (all_z, all_t)) in all.iter_mut().enumerate() {
                all_z.extend_from_slice(&z[r * size..(r + 1) * size]);
                all_t.extend_from_slice(&t[r * size..(r + 1) * size]);
            }
        }
        all
    }

    /// Class probabilities from logits [units × n], in place: softmax over the units, or sigmoid of the one.
    fn probabilities(&self, logits: &mut [f32], n: usize) {
        let units = logits.len() / n;
        for k in 0..n {
            if self.output == Output::Sigmoid {
                logits[k] = 1.0 / (1.0 + (-logits[k]).exp());
                continue;
            }
            let most = (0..units).fold(f32::NEG_INFINITY, |most, unit| most.max(logits[unit * n + k]));
            let mut sum = 0.0;
            for unit in 0..units {
                logits[unit * n + k] = (logits[unit * n + k] - most).exp();
                sum += logits[unit * n + k];
            }
            for unit in 0..units {
                logits[unit * n + k] /= sum;
            }
        }
    }
}

/// The numbers of a tensor of ours, as f32.
pub(crate) fn to_vec(data: TensorData) -> Vec<f32> {
    data.convert::<f32>().try_into_vec().expect("f32 data are f32")
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
    #[cfg(feature = "flex")]
    fn every_architecture_has_the_gradient_of_plain_operations() {
        let fused = crate::Backend::Flex.open(0).unwrap();
        let x: Vec<f32> = (0..2 * 3 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let labels: Vec<f32> = (0..80).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        let noisy = Architecture::Noisy { sigma: 0.3, draws: 2 };
        for architecture in [Architecture::Residual, Architecture::Quantised { bits: 8 }, noisy] {
            let network = other(&[4, 4, 5], architecture);
            let gradient = |compute: &Compute| {
                let device = compute.device();
                let initial: Vec<f32> = [1, 2].iter().flat_map(|&seed| network.initial_parameters(seed)).collect();
                let parameters = TensorData::new(initial, [2, network.stack().n_parameters()]);
                let x = Tensor::<3>::from_data(TensorData::new(x.clone(), [2, 3, 40]), device);
                let labels = Tensor::<2>::from_data(TensorData::new(labels.clone(), [2, 40]), device);
                let mut streams = [1, 2].map(|seed| stream(seed, Purpose::Noise));
                let noise = network.noise(40, &mut streams, compute);
                to_vec(network.losses(x, Tensor::from_data(parameters, device), labels, noise, compute).1.into_data())
            };
            for (a, b) in gradient(&fused).into_iter().zip(gradient(&fused.clone().composed())) {
                approx::assert_abs_diff_eq!(a, b, epsilon = 1e-6);
            }
        }
    }

    fn other(hidden: &[usize], architecture: Architecture) -> Mlp {
        let init = Initialisation::TruncatedNormal;
        Mlp::new(3, hidden, Activation::Tanh, Output::Softmax, 2, init).unwrap().with(architecture).unwrap()
    }

    /// t of every layer over random rows, and the gradient of the loss, of two replicas.
    #[cfg(feature = "flex")]
    fn forward_and_gradient(network: &Mlp) -> (Vec<Vec<f32>>, Vec<f32>) {
        let compute = crate::Backend::Flex.open(0).unwrap();
        let x: Vec<f32> = (0..3 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let p = network.stack().n_parameters();
        let initial: Vec<f32> = [1, 2].iter().flat_map(|&seed| network.initial_parameters(seed)).collect();
        let parameters = TensorData::new(initial, [2, p]);
        let device = compute.device().clone();
        let measured = network.measure(&x, Tensor::from_data(parameters.clone(), &device), &[], &compute);
        let rows = Tensor::<3>::from_data(TensorData::new(x.repeat(2), [2, 3, 40]), &device);
        let labels: Vec<f32> = (0..80).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        let labels = Tensor::<2>::from_data(TensorData::new(labels, [2, 40]), &device);
        let (_, gradient) = network.losses(rows, Tensor::from_data(parameters, &device), labels, Vec::new(), &compute);
        let gradient = to_vec(gradient.into_data());
        (measured.into_iter().map(|(_, t)| t).collect(), gradient)
    }

    #[test]
    #[cfg(feature = "flex")]
    fn a_residual_layer_adds_the_one_below() {
        let network = other(&[4, 4], Architecture::Residual);
        let plain = other(&[4, 4], Architecture::Mlp);
        let ((with, gradient), (without, plain_gradient)) =
            (forward_and_gradient(&network), forward_and_gradient(&plain));
        // The first layer has nothing of its width below; z₂ is the same, so t₂ differs by t₁.
        let n = 4 * 40;
        for k in 0..n {
            approx::assert_abs_diff_eq!(with[0][k], without[0][k], epsilon = 1e-6);
            approx::assert_abs_diff_eq!(with[0][n + k], without[0][n + k] + without[0][k], epsilon = 1e-6);
        }
        assert!(gradient.iter().zip(&plain_gradient).any(|(a, b)| (a - b).abs() > 1e-4));
        assert!(gradient.iter().all(|g| g.is_finite()));
    }

    #[test]
    #[cfg(feature = "flex")]
    fn a_quantised_layer_has_its_levels_and_a_gradient() {
        for bits in [1, 2, 4] {
            let (t, gradient) = forward_and_gradient(&other(&[6, 5], Architecture::Quantised { bits }));
            for replica in &t {
                for layer in [&replica[..6 * 40], &replica[6 * 40..11 * 40]] {
                    let (low, high) = layer.iter().fold((f32::MAX, f32::MIN), |(l, h), &t| (l.min(t), h.max(t)));
                    let step = (high - low) / ((1 << bits) - 1) as f32;
                    let off = |t: f32| ((t - low) / step - ((t - low) / step).round()).abs();
                    assert!(layer.iter().all(|&t| off(t) < 1e-3), "bits {bits}");
                    let mut values: Vec<u32> = layer.iter().map(|t| t.to_bits()).collect();
                    values.sort_unstable();
                    values.dedup();
                    assert!(values.len() <= 1 << bits, "bits {bits}: {} values", values.len());
                }
            }
            assert!(gradient[..18].iter().any(|g| g.abs() > 1e-4), "bits {bits}: nothing goes through the first layer");
        }
    }

    #[test]
    #[cfg(feature = "flex")]
    fn a_noisy_layer_hands_on_what_it_has_and_its_noise() {
        let network = other(&[4, 4], Architecture::Noisy { sigma: 0.5, draws: 2 });
        let compute = crate::Backend::Flex.open(0).unwrap();
        let x: Vec<f32> = (0..3 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let p = network.stack().n_parameters();
        let parameters = || {
            let initial = TensorData::new(network.initial_parameters(1), [1, p]);
            Tensor::<2>::from_data(initial, compute.device())
        };
        let noise = network.noise(40, &mut [stream(1, Purpose::Noise)], &compute);
        let (_, quiet) = network.measure(&x, parameters(), &[], &compute).remove(0);
        let (z, noisy) = network.measure(&x, parameters(), &noise, &compute).remove(0);
        // The first layer's own noise is not in what is measured of it; the second's net input has it.
        assert_eq!(quiet[..160], noisy[..160]);
        let noise = to_vec(noise[0].clone().into_data());
        let second = network.stack().layers().nth(1).unwrap();
        let weights = network.initial_parameters(1);
        for k in 0..40 {
            for j in 0..4 {
                let sum: f32 =
                    (0..4).map(|i| weights[second.kernel()][i * 4 + j] * (noisy[i * 40 + k] + noise[i * 40 + k])).sum();
                approx::assert_abs_diff_eq!(z[160 + j * 40 + k], sum + weights[second.biases()][j], epsilon = 1e-5);
            }
        }
    }

    #[test]
    #[cfg(feature = "flex")]
    fn a_filter_gives_its_sum_at_every_place() {
        let network = Mlp::new(16, &[5], Activation::Tanh, Output::Softmax, 2, Initialisation::Xavier).unwrap();
        let network = network.with(Architecture::Convolutional { channels: 2, kernel: 3 }).unwrap();
        assert_eq!(network.name(), "convolutional:channels=2,kernel=3 8-5-2");
        assert_eq!(network.stack().n_parameters(), (9 + 1) * 2 + (8 + 1) * 5 + (5 + 1) * 2);
        let compute = crate::Backend::Flex.open(0).unwrap();
        let images: Vec<f32> = (0..16 * 6).map(|i| (i as f32 * 0.37).sin()).collect();
        let mut weights = network.initial_parameters(1);
        weights[18..20].copy_from_slice(&[0.25, -0.5]);
        let shape = [1, weights.len()];
        let parameters = Tensor::<2>::from_data(TensorData::new(weights.clone(), shape), compute.device());
        let (z, t) = network.measure(&images, parameters, &[], &compute).remove(0);
        for (filter, bias) in [0.25, -0.5].into_iter().enumerate() {
            for (place, (y, x)) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
                for k in 0..6 {
                    let sum: f32 = (0..9)
                        .map(|pixel| {
                            let (row, column) = (y + pixel / 3, x + pixel % 3);
                            weights[pixel * 2 + filter] * images[(row * 4 + column) * 6 + k]
                        })
                        .sum();
                    let at = (filter * 4 + place) * 6 + k;
                    approx::assert_abs_diff_eq!(z[at], sum + bias, epsilon = 1e-5);
                    approx::assert_abs_diff_eq!(t[at], (sum + bias).tanh(), epsilon = 1e-5);
                }
            }
        }
        let refused = Mlp::new(12, &[5], Activation::Tanh, Output::Softmax, 2, Initialisation::Xavier).unwrap();
        let refused = refused.with(Architecture::Convolutional { channels: 2, kernel: 3 }).unwrap_err();
        assert_eq!(refused, ArchitectureError::NoPatches { inputs: 12, channels: 2, kernel: 3 });
    }

    #[test]
    fn architectures_are_read_as_they_are_written() {
        for text in [
            "mlp",
            "residual",
            "quantised:bits=4",
            "noisy:sigma=0.1",
            "noisy:sigma=0.25,draws=64",
            "convolutional:channels=4,kernel=3",
        ] {
            assert_eq!(String::from(Architecture::try_from(text.to_owned()).unwrap()), text);
        }
        for text in [
            "",
            "resnet",
            "quantised",
            "quantised:bits=x",
            "mlp:bits=4",
            "noisy",
            "noisy:sigma=a",
            "noisy:draws=3",
            "convolutional:kernel=3",
        ] {
            let refused = Architecture::try_from(text.to_owned()).unwrap_err();
            assert!(refused.to_string().contains("residual"), "{refused}");
        }
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
