//! The fused kernels as burn operations: differentiable once, on the flex backend.
//!
//! [`dense`] is one layer and [`cross_entropy`] the loss, differentiable: architectures are built from these. A plain stack has
//! no need of a tape: [`losses`] gives its losses with their gradient in one operation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

use super::update::AdamStep;
use crate::stack::{Dense, Stack};

/// Mean cross-entropy in nats of every replica, \[R], and its gradient, [R, P], of a stack of dense layers: x is [R, F, B], or
/// [1, F, B] for all replicas alike; parameters are [R, P], labels class numbers [R, B]; all of them outside autodiff.
pub fn losses(x: Tensor<3>, parameters: Tensor<2>, labels: Tensor<2>, stack: &Stack) -> (Tensor<1>, Tensor<2>) {
    let (losses, gradient) = <Dispatch as FusedOps>::fused_losses(
        x.into_dispatch(),
        parameters.into_dispatch(),
        labels.into_dispatch(),
        stack.clone(),
    );
    (Tensor::from_dispatch(losses), Tensor::from_dispatch(gradient))
}

/// One layer t = φ(Wᵀx + b), [R, n_out, B], of x, [R, n_in, B], and the flat leaf of parameters, [R, P]. Differentiable in both.
pub fn dense(x: Tensor<3>, parameters: Tensor<2>, layer: Dense) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as FusedOps>::fused_dense(x.into_dispatch(), parameters.into_dispatch(), layer))
}

/// Mean cross-entropy over rows in nats, \[R], of logits [R, C, B] and class numbers [R, B]. Differentiable in the logits.
pub fn cross_entropy(logits: Tensor<3>, labels: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as FusedOps>::fused_cross_entropy(logits.into_dispatch(), labels.into_dispatch()))
}

/// θ − ηg of the flat leaf [R, P]; outside autodiff.
pub fn descend(parameters: Tensor<2>, gradient: Tensor<2>, rate: f32) -> Tensor<2> {
    let parameters = parameters.into_dispatch();
    Tensor::from_dispatch(<Dispatch as FusedOps>::fused_descend(parameters, gradient.into_dispatch(), rate))
}

/// θ, m and v after a step of Adam, all [R, P]; outside autodiff.
pub fn adam(parameters: Tensor<2>, gradient: Tensor<2>, moments: [Tensor<2>; 2], step: AdamStep) -> [Tensor<2>; 3] {
    let [first, second] = moments;
    let (parameters, first, second) = <Dispatch as FusedOps>::fused_adam(
        parameters.into_dispatch(),
        gradient.into_dispatch(),
        first.into_dispatch(),
        second.into_dispatch(),
        step,
    );
    [Tensor::from_dispatch(parameters), Tensor::from_dispatch(first), Tensor::from_dispatch(second)]
}

/// The operations a backend must bring.
#[backend_extension(Flex, Autodiff)]
pub trait FusedOps: Backend {
    /// Losses of a stack and their gradients, [R, P].
    fn fused_losses(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        labels: FloatTensor<Self>,
        stack: Stack,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// A layer.
    fn fused_dense(x: FloatTensor<Self>, parameters: FloatTensor<Self>, layer: Dense) -> FloatTensor<Self>;
    /// A layer, and what its derivative is taken from.
    fn fused_dense_kept(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        layer: Dense,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// Gradients of a layer's input (if wanted, else nothing of use) and of its parameters.
    fn fused_dense_gradient(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        kept: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
        layer: Dense,
        of_x: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// Losses of logits.
    fn fused_cross_entropy(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Losses of logits and their gradients.
    fn fused_cross_entropy_kept(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// Replica by replica, the gradient times the upstream gradient, \[R], of its loss. What a loss keeps for its backward pass
    /// is its gradient already: only this is missing.
    fn fused_scale(gradient: FloatTensor<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self>;
    /// A step of gradient descent.
    fn fused_descend(parameters: FloatTensor<Self>, gradient: FloatTensor<Self>, rate: f32) -> FloatTensor<Self>;
    /// A step of Adam.
    fn fused_adam(
        parameters: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

impl<B: Backend + FusedOps, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn fused_dense(x: FloatTensor<Self>, parameters: FloatTensor<Self>, layer: Dense) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Gradient;
        impl<B: Backend + FusedOps> Backward<B, 2> for Gradient {
            type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, Dense);

            fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
                let [of_x, of_parameters] = ops.parents;
                let upstream = gradients.consume::<B>(&ops.node);
                let (x, parameters, kept, layer) = ops.state;
                let (dx, dp) = B::fused_dense_gradient(x, parameters, kept, upstream, layer, of_x.is_some());
                if let Some(parent) = of_x {
                    gradients.register::<B>(parent.id, dx);
                }
                if let Some(parent) = of_parameters {
                    gradients.register::<B>(parent.id, dp);
                }
            }
        }
        let ((x, of_x), (parameters, of_parameters)) = (x.into_parts(), parameters.into_parts());
        match Gradient.prepare::<C>([of_x, of_parameters]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (t, kept) = B::fused_dense_kept(x.clone(), parameters.clone(), layer);
                prepared.finish((x, parameters, kept, layer), t)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::fused_dense(x, parameters, layer)),
        }
    }

    fn fused_cross_entropy(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Gradient;
        impl<B: Backend + FusedOps> Backward<B, 1> for Gradient {
            type State = FloatTensor<B>;

            fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
                let [parent] = ops.parents;
                let upstream = gradients.consume::<B>(&ops.node);
                if let Some(parent) = parent {
                    gradients.register::<B>(parent.id, B::fused_scale(ops.state, upstream));
                }
            }
        }
        let ((logits, node), (labels, _)) = (logits.into_parts(), labels.into_parts());
        match Gradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (losses, gradient) = B::fused_cross_entropy_kept(logits, labels);
                prepared.finish(gradient, losses)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::fused_cross_entropy(logits, labels)),
        }
    }

    fn fused_losses(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Stack,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("{INSIDE}")
    }

    fn fused_dense_kept(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Dense,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("{INSIDE}")
    }

    fn fused_dense_gradient(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Dense,
        _: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("{INSIDE}")
    }

    fn fused_cross_entropy_kept(_: FloatTensor<Self>, _: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("{INSIDE}")
    }

    fn fused_scale(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unreachable!("{INSIDE}")
    }

    fn fused_descend(_: FloatTensor<Self>, _: FloatTensor<Self>, _: f32) -> FloatTensor<Self> {
        unreachable!("{INSIDE}")
    }

    fn fused_adam(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("{INSIDE}")
    }
}

/// Why autodiff has no version of an operation.
const INSIDE: &str = "called on the backend inside autodiff only: gradients of gradients are not supported";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Architecture, composed};
    use burn::tensor::{Device, TensorData};
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    fn random(rng: &mut ChaCha8Rng, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| scale * rng.random_range(-1.0_f32..1.0)).collect()
    }

    fn values<const D: usize>(t: Tensor<D>) -> Vec<f32> {
        t.into_data().try_into_vec().unwrap()
    }

    /// How losses are computed.
    #[derive(Clone, Copy, PartialEq)]
    enum Path {
        OnePass,
        LayerByLayer,
        Composed,
    }

    /// Losses and parameter gradient.
    fn step(network: &Stack, data: [&Vec<f32>; 3], sizes: [usize; 4], path: Path) -> (Vec<f32>, Vec<f32>) {
        let device = Device::flex();
        let [replicas, of_x, features, rows] = sizes;
        let x = Tensor::<3>::from_data(TensorData::new(data[0].clone(), [of_x, features, rows]), &device);
        let shape = [replicas, network.n_parameters()];
        let p = Tensor::<2>::from_data(TensorData::new(data[1].clone(), shape), &device);
        let labels = Tensor::<2>::from_data(TensorData::new(data[2].clone(), [replicas, rows]), &device);
        if path == Path::OnePass {
            let (losses, gradient) = losses(x, p, labels, network);
            return (values(losses), values(gradient));
        }
        let (x, labels) = (Tensor::from_inner(x), Tensor::from_inner(labels));
        let p = Tensor::<2>::from_inner(p).require_grad();
        let losses = if path == Path::LayerByLayer {
            cross_entropy(network.layers().fold(x, |t, layer| dense(t, p.clone(), layer)), labels)
        } else {
            composed::cross_entropy(composed::logits(Architecture::Mlp, x, p.clone(), &[], network), labels)
        };
        // Twice, so that the upstream gradient is felt; powers of two scale exactly.
        let gradients = (losses.clone() * 2.0).sum().backward();
        let gradient = p.grad(&gradients).unwrap() * 0.5;
        (values(losses.inner()), values(gradient))
    }

    #[test]
    fn fused_and_composed_losses_and_gradients_agree_for_every_activation() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for hidden in Activation::ALL {
            for (widths, rows, replicas) in [
                (vec![12, 10, 7, 5, 4, 3, 2], 256, 3),
                (vec![12, 10, 7, 5, 4, 3, 2], 154, 1),
                (vec![3, 1, 2, 1], 7, 2),
                (vec![5, 9, 3], 1, 8),
                (vec![4, 6, 11, 2], 3482, 1),
                (vec![2, 130, 3], 33, 2),
            ] {
                let stack = Stack::new(widths, hidden);
                let classes = *stack.widths.last().unwrap();
                for of_x in [1, replicas] {
                    let features = stack.widths[0];
                    let x = random(&mut rng, of_x * features * rows, 1.0);
                    let p = random(&mut rng, replicas * stack.n_parameters(), 0.7);
                    let labels = (0..replicas * rows).map(|_| rng.random_range(0..classes.max(2)) as f32).collect();
                    let sizes = [replicas, of_x, features, rows];
                    let (loss_0, gradient_0) = step(&stack, [&x, &p, &labels], sizes, Path::Composed);
                    let scale = gradient_0.iter().fold(1.0_f32, |most, g| most.max(g.abs()));
                    for path in [Path::OnePass, Path::LayerByLayer] {
                        let (loss, gradient) = step(&stack, [&x, &p, &labels], sizes, path);
                        for (a, b) in gradient.iter().zip(&gradient_0).chain(loss.iter().zip(&loss_0)) {
                            assert!((a - b).abs() <= 1e-6 * scale, "{hidden} {:?} B={rows}: {a} and {b}", stack.widths);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_replica_does_not_feel_its_companions() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let stack = Stack::new(vec![12, 10, 7, 5, 4, 3, 2], Activation::Tanh);
        let (rows, p) = (154, stack.n_parameters());
        let x = random(&mut rng, 12 * rows, 1.0);
        let parameters = random(&mut rng, 3 * p, 0.7);
        let labels: Vec<f32> = (0..rows).map(|k| (k % 2) as f32).collect();
        let (_, together) = step(&stack, [&x, &parameters, &labels.repeat(3)], [3, 1, 12, rows], Path::OnePass);
        let last = parameters[2 * p..].to_vec();
        let (_, alone) = step(&stack, [&x, &last, &labels], [1, 1, 12, rows], Path::OnePass);
        assert_eq!(together[2 * p..], alone);
    }

    #[test]
    fn numbers_that_are_no_numbers_are_not_hidden() {
        let stack = Stack::new(vec![1, 2, 2], Activation::Tanh);
        let nan = vec![f32::NAN; stack.n_parameters()];
        let (loss, gradient) = step(&stack, [&vec![1.0], &nan, &vec![0.0]], [1, 1, 1, 1], Path::OnePass);
        assert!(loss[0].is_nan() && gradient.iter().any(|g| g.is_nan()));
    }
}
