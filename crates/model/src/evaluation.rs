//! What a network computes: losses with their gradient, and its layers as they are measured. The fused kernels serve where they can,
//! plain burn operations everywhere else.

use burn::tensor::{Tensor, TensorData};

use crate::architectures::mlp::{Mlp, Output};
use crate::backend::{Compute, to_vec};
use crate::composed;
#[cfg(feature = "flex")]
use crate::{architectures::Architecture, fused, stack::Dense};

impl Mlp {
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

    /// Logits [R, C, B] one after the other, of x [R, F, B] without noise and parameters [R, P].
    pub(crate) fn logits(&self, x: Tensor<3>, parameters: Tensor<2>, compute: &Compute) -> Vec<f32> {
        #[cfg(feature = "flex")]
        if self.is_fused(compute) {
            let logits = self.stack.layers().fold(x, |below, layer| fused::dense(below, parameters.clone(), layer));
            return to_vec(logits.into_data());
        }
        let _ = compute;
        to_vec(composed::logits(self.architecture, x, parameters, &[], &self.stack).into_data())
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

#[cfg(all(test, feature = "flex"))]
pub(crate) mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use crate::{Activation, Initialisation};

    /// Three inputs, two classes.
    pub(crate) fn small(hidden: &[usize], architecture: Architecture) -> Mlp {
        let init = Initialisation::TruncatedNormal;
        Mlp::new(3, hidden, Activation::Tanh, Output::Softmax, 2, init).unwrap().with(architecture).unwrap()
    }

    /// t of every layer over random rows, and the gradient of the loss, of two replicas.
    pub(crate) fn forward_and_gradient(network: &Mlp) -> (Vec<Vec<f32>>, Vec<f32>) {
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
    fn every_architecture_has_the_gradient_of_plain_operations() {
        let fused = crate::Backend::Flex.open(0).unwrap();
        let x: Vec<f32> = (0..2 * 3 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
        let labels: Vec<f32> = (0..80).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        let noisy = Architecture::Noisy { sigma: 0.3, draws: 2 };
        for architecture in [Architecture::Residual, Architecture::Quantised { bits: 8 }, noisy] {
            let network = small(&[4, 4, 5], architecture);
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
}
