//! The fused operations on flex: every replica's numbers through the kernels, one replica after the other.

use burn::backend::Flex;
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Shape, TensorData};

use super::dense::{Backward, Forward};
use super::loss::CrossEntropy;
use super::nonlinearity::derivative_needs_net_input;
use super::op::FusedOps;
use super::pass::Loss;
use super::pool::{give, give_tensor, take};
use super::product::Features;
use super::update::{Adam, AdamStep, Descend};
use crate::lanes;
use crate::stack::{Dense, Stack};

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

/// Part r of R equal parts; the whole for every r where all replicas share one.
fn of_replica(values: &[f32], r: usize, shared: bool, size: usize) -> &[f32] {
    if shared { &values[..size] } else { &values[r * size..(r + 1) * size] }
}

impl FusedOps for Flex {
    fn fused_losses(
        x: FlexTensor,
        parameters: FlexTensor,
        labels: FlexTensor,
        stack: Stack,
    ) -> (FlexTensor, FlexTensor) {
        let (x, parameters, labels) = (contiguous(x), contiguous(parameters), contiguous(labels));
        let [replicas, p] = [parameters.shape()[0], parameters.shape()[1]];
        let [of_x, features, patterns] = [x.shape()[0], x.shape()[1], x.shape()[2]];
        let layers: Vec<Dense> = stack.layers().collect();
        let mut scratch = take(Loss::scratch(&layers, patterns));
        let (mut losses, mut gradient) = (take(replicas), take(replicas * p));
        for (r, loss) in losses.iter_mut().enumerate() {
            *loss = lanes::run(Loss {
                layers: &layers,
                parameters: of_replica(numbers(&parameters), r, false, p),
                x: of_replica(numbers(&x), r, of_x == 1, features * patterns),
                labels: of_replica(numbers(&labels), r, false, patterns),
                gradient: &mut gradient[r * p..(r + 1) * p],
                scratch: &mut scratch,
            });
        }
        give(scratch);
        give_tensor(x);
        give_tensor(labels);
        (tensor(losses, [replicas]), tensor(gradient, [replicas, p]))
    }

    fn fused_dense(x: FlexTensor, parameters: FlexTensor, layer: Dense) -> FlexTensor {
        Self::fused_dense_kept(x, parameters, layer).0
    }

    fn fused_dense_kept(x: FlexTensor, parameters: FlexTensor, layer: Dense) -> (FlexTensor, FlexTensor) {
        let (x, parameters) = (contiguous(x), contiguous(parameters));
        let [replicas, p] = [parameters.shape()[0], parameters.shape()[1]];
        let (of_x, patterns) = (x.shape()[0], x.shape()[2]);
        let size = layer.outputs * patterns;
        let keeps_z = derivative_needs_net_input(layer.activation);
        let (mut t, mut z) = (take(replicas * size), take(if keeps_z { replicas * size } else { 0 }));
        for r in 0..replicas {
            let values = of_replica(numbers(&x), r, of_x == 1, layer.inputs * patterns);
            lanes::run(Forward {
                layer,
                parameters: of_replica(numbers(&parameters), r, false, p),
                x: Features { values, stride: patterns },
                patterns,
                t: &mut t[r * size..(r + 1) * size],
                z: if keeps_z { &mut z[r * size..(r + 1) * size] } else { &mut [] },
                stride: patterns,
            });
        }
        let shape = [replicas, layer.outputs, patterns];
        let t = tensor(t, shape);
        let kept = if keeps_z { tensor(z, shape) } else { t.clone() };
        (t, kept)
    }

    fn fused_dense_gradient(
        x: FlexTensor,
        parameters: FlexTensor,
        kept: FlexTensor,
        upstream: FlexTensor,
        layer: Dense,
        of_x: bool,
    ) -> (FlexTensor, FlexTensor) {
        let (x, parameters, upstream) = (contiguous(x), contiguous(parameters), contiguous(upstream));
        let [replicas, p] = [parameters.shape()[0], parameters.shape()[1]];
        let (shared, patterns) = (x.shape()[0] == 1 && replicas > 1, x.shape()[2]);
        assert!(!(shared && of_x), "an input that all replicas share has no gradient: give each its own");
        let (size, size_x) = (layer.outputs * patterns, layer.inputs * patterns);
        let (mut delta, mut sums) = (take(size), take(p * lanes::REGISTER));
        let (mut dx, mut gradient) = (take(if of_x { replicas * size_x } else { 0 }), take(replicas * p));
        gradient.fill(0.0);
        for r in 0..replicas {
            delta.copy_from_slice(of_replica(numbers(&upstream), r, false, size));
            let values = of_replica(numbers(&x), r, shared, size_x);
            lanes::run(Backward {
                layer,
                parameters: of_replica(numbers(&parameters), r, false, p),
                x: Features { values, stride: patterns },
                kept: of_replica(numbers(&kept), r, false, size),
                patterns,
                delta: &mut delta,
                gradient: &mut gradient[r * p..(r + 1) * p],
                sums: &mut sums,
                dx: if of_x { &mut dx[r * size_x..(r + 1) * size_x] } else { &mut [] },
            });
        }
        give(delta);
        give(sums);
        for used in [x, kept, upstream] {
            give_tensor(used);
        }
        let replicas_of_x = if of_x { replicas } else { 0 };
        (tensor(dx, [replicas_of_x, layer.inputs, patterns]), tensor(gradient, [replicas, p]))
    }

    fn fused_cross_entropy(logits: FlexTensor, labels: FlexTensor) -> FlexTensor {
        Self::fused_cross_entropy_kept(logits, labels).0
    }

    fn fused_cross_entropy_kept(logits: FlexTensor, labels: FlexTensor) -> (FlexTensor, FlexTensor) {
        let (logits, labels) = (contiguous(logits), contiguous(labels));
        let [replicas, classes, patterns] = [logits.shape()[0], logits.shape()[1], logits.shape()[2]];
        let size = classes * patterns;
        let (mut losses, mut gradient) = (take(replicas), take(replicas * size));
        for (r, loss) in losses.iter_mut().enumerate() {
            let nats = lanes::run(CrossEntropy {
                logits: Features { values: of_replica(numbers(&logits), r, false, size), stride: patterns },
                labels: of_replica(numbers(&labels), r, false, patterns),
                share: 1.0 / patterns as f32,
                gradient: &mut gradient[r * size..(r + 1) * size],
            });
            *loss = (nats / patterns as f64) as f32;
        }
        (tensor(losses, [replicas]), tensor(gradient, [replicas, classes, patterns]))
    }

    fn fused_scale(mut gradient: FlexTensor, upstream: FlexTensor) -> FlexTensor {
        let upstream = contiguous(upstream);
        let size = gradient.shape().num_elements() / upstream.shape()[0];
        for (r, &factor) in numbers(&upstream).iter().enumerate().filter(|(_, factor)| **factor != 1.0) {
            for g in &mut gradient.storage_mut::<f32>()[r * size..(r + 1) * size] {
                *g *= factor;
            }
        }
        gradient
    }

    fn fused_descend(mut parameters: FlexTensor, gradient: FlexTensor, rate: f32) -> FlexTensor {
        lanes::run(Descend { parameters: parameters.storage_mut(), gradient: numbers(&gradient), rate });
        give_tensor(gradient);
        parameters
    }

    fn fused_adam(
        mut parameters: FlexTensor,
        gradient: FlexTensor,
        mut first: FlexTensor,
        mut second: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        lanes::run(Adam {
            parameters: parameters.storage_mut(),
            gradient: numbers(&gradient),
            first: first.storage_mut(),
            second: second.storage_mut(),
            step,
        });
        give_tensor(gradient);
        (parameters, first, second)
    }
}
