//! The fused kernels as burn operations: differentiable once, on the flex backend.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Tensor, TensorData};

use super::dense::{Backward as DenseBackward, Forward};
use super::lanes;
use super::loss::CrossEntropy;
use super::nonlinearity::derivative_needs_net_input;
use super::pool::{give, give_tensor, take};
use crate::stack::Stack;

/// Logits [R, C, B] of a stack of dense layers: x is [R, F, B], or [1, F, B] for all replicas alike; parameters are [R, P].
pub fn stack(x: Tensor<3>, parameters: Tensor<2>, stack: &Stack) -> Tensor<3> {
    Tensor::from_dispatch(<Dispatch as FusedOps>::fused_stack(
        x.into_dispatch(),
        parameters.into_dispatch(),
        stack.clone(),
    ))
}

/// Mean cross-entropy over rows in nats, [R], of logits [R, C, B] and class numbers [R, B].
pub fn cross_entropy(logits: Tensor<3>, labels: Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as FusedOps>::fused_cross_entropy(logits.into_dispatch(), labels.into_dispatch()))
}

/// Net inputs and activations of all layers of one replica, [units × B] each: x is [F × B], parameters [P].
pub fn layers(x: &[f32], rows: usize, parameters: &[f32], stack: &Stack) -> (Vec<f32>, Vec<f32>) {
    let mut t = vec![0.0; stack.n_units() * rows];
    let mut z = vec![0.0; stack.n_units() * rows];
    lanes::run(Forward { stack, parameters, x, rows, t: &mut t, z: &mut z });
    (z, t)
}

/// What the stack's forward pass leaves behind: logits, activations [R, units, B], and net inputs, if the gradient needs them.
type Kept<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

/// The operations a backend must bring.
#[backend_extension(Flex, Autodiff)]
pub trait FusedOps: Backend {
    /// Logits.
    fn fused_stack(x: FloatTensor<Self>, parameters: FloatTensor<Self>, stack: Stack) -> FloatTensor<Self>;
    /// Logits, and what the gradient needs.
    fn fused_stack_kept(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        stack: Stack,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// Gradient of the parameters.
    fn fused_stack_gradient(
        x: FloatTensor<Self>,
        parameters: FloatTensor<Self>,
        activations: FloatTensor<Self>,
        net_inputs: FloatTensor<Self>,
        logits: FloatTensor<Self>,
        stack: Stack,
    ) -> FloatTensor<Self>;
    /// Losses.
    fn fused_cross_entropy(logits: FloatTensor<Self>, labels: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Losses and their gradients.
    fn fused_cross_entropy_kept(
        logits: FloatTensor<Self>,
        labels: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape.into()))
}

fn contiguous(t: FlexTensor) -> FlexTensor {
    if t.as_slice::<f32>().is_some() { t } else { t.to_contiguous() }
}

/// The numbers of a contiguous f32 tensor; our networks have no others.
fn numbers(t: &FlexTensor) -> &[f32] {
    t.as_slice::<f32>().expect("fused operations work on contiguous f32 tensors")
}

/// Sizes of a call: replicas, rows, and the inputs of replica r.
fn sizes(x: &FlexTensor, parameters: &FlexTensor) -> (usize, usize, usize) {
    (parameters.shape()[0], x.shape()[2], if x.shape()[0] == 1 { 0 } else { x.shape()[1] * x.shape()[2] })
}

impl FusedOps for Flex {
    fn fused_stack(x: FlexTensor, parameters: FlexTensor, stack: Stack) -> FlexTensor {
        let (logits, activations, net_inputs) = Self::fused_stack_kept(x, parameters, stack);
        give_tensor(activations);
        give_tensor(net_inputs);
        logits
    }

    fn fused_stack_kept(x: FlexTensor, parameters: FlexTensor, stack: Stack) -> Kept<Self> {
        let (x, parameters) = (contiguous(x), contiguous(parameters));
        let (replicas, rows, stride) = sizes(&x, &parameters);
        let (p, units, inputs) = (stack.n_parameters(), stack.n_units() * rows, stack.widths[0] * rows);
        let classes = stack.n_outputs();
        let mut t = take(replicas * units);
        let kept = if derivative_needs_net_input(stack.hidden) { replicas } else { 0 };
        let mut z = take(kept * units);
        let mut logits = take(replicas * classes * rows);
        for r in 0..replicas {
            let t = &mut t[r * units..(r + 1) * units];
            let z: &mut [f32] = if z.is_empty() { &mut [] } else { &mut z[r * units..(r + 1) * units] };
            lanes::run(Forward {
                stack: &stack,
                parameters: &numbers(&parameters)[r * p..(r + 1) * p],
                x: &numbers(&x)[r * stride..r * stride + inputs],
                rows,
                t,
                z,
            });
            logits[r * classes * rows..(r + 1) * classes * rows].copy_from_slice(&t[units - classes * rows..]);
        }
        let n_units = stack.n_units();
        (
            tensor(logits, [replicas, classes, rows]),
            tensor(t, [replicas, n_units, rows]),
            tensor(z, [kept, n_units, rows]),
        )
    }

    fn fused_stack_gradient(
        x: FlexTensor,
        parameters: FlexTensor,
        activations: FlexTensor,
        net_inputs: FlexTensor,
        logits: FlexTensor,
        stack: Stack,
    ) -> FlexTensor {
        let (x, parameters, logits) = (contiguous(x), contiguous(parameters), contiguous(logits));
        let (replicas, rows, stride) = sizes(&x, &parameters);
        let (p, units, inputs) = (stack.n_parameters(), stack.n_units() * rows, stack.widths[0] * rows);
        let outputs = stack.n_outputs() * rows;
        let widest = stack.widths.iter().max().map_or(0, |width| width * rows);
        let (mut delta, mut next) = (take(widest), take(widest));
        let mut gradient = take(replicas * p);
        let z = numbers(&net_inputs);
        for r in 0..replicas {
            lanes::run(DenseBackward {
                stack: &stack,
                parameters: &numbers(&parameters)[r * p..(r + 1) * p],
                x: &numbers(&x)[r * stride..r * stride + inputs],
                rows,
                t: &numbers(&activations)[r * units..(r + 1) * units],
                z: if z.is_empty() { &[] } else { &z[r * units..(r + 1) * units] },
                logits: &numbers(&logits)[r * outputs..(r + 1) * outputs],
                gradient: &mut gradient[r * p..(r + 1) * p],
                scratch: [&mut delta, &mut next],
            });
        }
        give(delta);
        give(next);
        for used in [x, activations, net_inputs, logits] {
            give_tensor(used);
        }
        tensor(gradient, [replicas, p])
    }

    fn fused_cross_entropy(logits: FlexTensor, labels: FlexTensor) -> FlexTensor {
        Self::fused_cross_entropy_kept(logits, labels).0
    }

    fn fused_cross_entropy_kept(logits: FlexTensor, labels: FlexTensor) -> (FlexTensor, FlexTensor) {
        let (logits, labels) = (contiguous(logits), contiguous(labels));
        let (replicas, classes, rows) = (logits.shape()[0], logits.shape()[1], logits.shape()[2]);
        let size = classes * rows;
        let mut gradient = take(replicas * size);
        let losses: Vec<f32> = (0..replicas)
            .map(|r| {
                lanes::run(CrossEntropy {
                    logits: &numbers(&logits)[r * size..(r + 1) * size],
                    labels: &numbers(&labels)[r * rows..(r + 1) * rows],
                    gradient: &mut gradient[r * size..(r + 1) * size],
                })
            })
            .collect();
        (tensor(losses, [replicas]), tensor(gradient, [replicas, classes, rows]))
    }
}

impl<B: Backend + FusedOps, C: CheckpointStrategy> FusedOps for Autodiff<B, C> {
    fn fused_stack(x: FloatTensor<Self>, parameters: FloatTensor<Self>, stack: Stack) -> FloatTensor<Self> {
        #[derive(Debug)]
        struct Gradient;
        impl<B: Backend + FusedOps> Backward<B, 1> for Gradient {
            type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, Stack);

            fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
                let [parent] = ops.parents;
                let logits = gradients.consume::<B>(&ops.node);
                let (x, parameters, t, z, stack) = ops.state;
                if let Some(parent) = parent {
                    gradients.register::<B>(parent.id, B::fused_stack_gradient(x, parameters, t, z, logits, stack));
                }
            }
        }
        let ((x, _), (parameters, node)) = (x.into_parts(), parameters.into_parts());
        match Gradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (logits, t, z) = B::fused_stack_kept(x.clone(), parameters.clone(), stack.clone());
                prepared.finish((x, parameters, t, z, stack), logits)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::fused_stack(x, parameters, stack)),
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
                    let replicas = upstream.shape()[0];
                    let scale = B::float_reshape(upstream, Shape::from([replicas, 1, 1]));
                    gradients.register::<B>(parent.id, B::float_mul(ops.state, scale));
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

    fn fused_stack_kept(_: FloatTensor<Self>, _: FloatTensor<Self>, _: Stack) -> Kept<Self> {
        unreachable!("called on the backend inside autodiff only: gradients of gradients are not supported")
    }

    fn fused_stack_gradient(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Stack,
    ) -> FloatTensor<Self> {
        unreachable!("called on the backend inside autodiff only: gradients of gradients are not supported")
    }

    fn fused_cross_entropy_kept(_: FloatTensor<Self>, _: FloatTensor<Self>) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("called on the backend inside autodiff only: gradients of gradients are not supported")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, composed};
    use burn::tensor::Device;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    fn random(rng: &mut ChaCha8Rng, count: usize, scale: f32) -> Vec<f32> {
        (0..count).map(|_| scale * rng.random_range(-1.0_f32..1.0)).collect()
    }

    fn values<const D: usize>(t: Tensor<D>) -> Vec<f32> {
        t.into_data().try_into_vec().unwrap()
    }

    /// Losses and parameter gradient, by the fused operations or the composed ones.
    fn step(network: &Stack, data: [&Vec<f32>; 3], sizes: [usize; 4], fused: bool) -> (Vec<f32>, Vec<f32>) {
        let device = Device::flex().autodiff();
        let [replicas, of_x, features, rows] = sizes;
        let x = Tensor::<3>::from_data(TensorData::new(data[0].clone(), [of_x, features, rows]), &device);
        let shape = [replicas, network.n_parameters()];
        let p = Tensor::<2>::from_data(TensorData::new(data[1].clone(), shape), &device).require_grad();
        let labels = Tensor::<2>::from_data(TensorData::new(data[2].clone(), [replicas, rows]), &device);
        let losses = if fused {
            cross_entropy(stack(x, p.clone(), network), labels)
        } else {
            let layers = composed::layers(x, p.clone(), network);
            composed::cross_entropy(layers.last().unwrap().0.clone(), labels)
        };
        // Another weight for each replica, so that the upstream gradient is felt; powers of two scale exactly.
        let weights = Tensor::<1>::from_floats(
            (0..replicas).map(|r| 2_f32.powi(r as i32)).collect::<Vec<_>>().as_slice(),
            &device,
        );
        let gradients = (losses.clone() * weights).sum().backward();
        (values(losses.inner()), values(p.grad(&gradients).unwrap()))
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
                let stack = Stack { widths, hidden };
                let classes = *stack.widths.last().unwrap();
                for of_x in [1, replicas] {
                    let features = stack.widths[0];
                    let x = random(&mut rng, of_x * features * rows, 1.0);
                    let p = random(&mut rng, replicas * stack.n_parameters(), 0.7);
                    let labels = (0..replicas * rows).map(|_| rng.random_range(0..classes.max(2)) as f32).collect();
                    let sizes = [replicas, of_x, features, rows];
                    let (loss, gradient) = step(&stack, [&x, &p, &labels], sizes, true);
                    let (loss_0, gradient_0) = step(&stack, [&x, &p, &labels], sizes, false);
                    let scale = gradient_0.iter().fold(1.0_f32, |most, g| most.max(g.abs()));
                    for (a, b) in gradient.iter().zip(&gradient_0).chain(loss.iter().zip(&loss_0)) {
                        assert!((a - b).abs() <= 1e-6 * scale, "{hidden} {:?} B={rows}: {a} and {b}", stack.widths);
                    }
                }
            }
        }
    }

    #[test]
    fn a_replica_does_not_feel_its_companions() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let stack = Stack { widths: vec![12, 10, 7, 5, 4, 3, 2], hidden: Activation::Tanh };
        let (rows, p) = (154, stack.n_parameters());
        let x = random(&mut rng, 12 * rows, 1.0);
        let parameters = random(&mut rng, 3 * p, 0.7);
        let labels: Vec<f32> = (0..rows).map(|k| (k % 2) as f32).collect();
        let (_, together) = step(&stack, [&x, &parameters, &labels.repeat(3)], [3, 1, 12, rows], true);
        let last = parameters[2 * p..].to_vec();
        let (_, alone) = step(&stack, [&x, &last, &labels], [1, 1, 12, rows], true);
        let scaled: Vec<f32> = together[2 * p..].iter().map(|g| g / 4.0).collect();
        assert_eq!(scaled, alone);
    }

    #[test]
    fn numbers_that_are_no_numbers_are_not_hidden() {
        let stack = Stack { widths: vec![1, 2, 2], hidden: Activation::Tanh };
        let nan = vec![f32::NAN; stack.n_parameters()];
        let (loss, gradient) = step(&stack, [&vec![1.0], &nan, &vec![0.0]], [1, 1, 1, 1], true);
        assert!(loss[0].is_nan() && gradient.iter().any(|g| g.is_nan()));
    }
}
