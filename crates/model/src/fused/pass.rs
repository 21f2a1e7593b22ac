//! A whole stack of **one** replica over a batch: its layers, or its loss and gradient, a chunk of patterns at a time.
//!
//! A chunk's activations stay in the nearest caches from the forward pass through the loss to the backward pass, however large
//! the batch, and none is written to memory: the gradient is complete when the loss is.

use pulp::{Simd, WithSimd};

use super::dense::{Forward, InputGradient, add_gradient, total};
use super::loss::CrossEntropy;
use super::nonlinearity::derivative_needs_net_input;
use super::product::Features;
use crate::lanes;
use crate::stack::Dense;

/// Numbers a chunk may touch: most of a common first-level cache of 32 KiB.
const NEAREST: usize = 7000;

/// Patterns worked on together: as many as stay in the nearest cache, whole registers of them, and not so few that the gradient's
/// sums, read and written once a chunk, cost more than the products.
fn chunk(layers: &[Dense], patterns: usize) -> usize {
    let inputs = layers.first().map_or(0, |layer| layer.inputs);
    let fit = NEAREST / (per_pattern(layers) + inputs);
    let parts = patterns.div_ceil(fit.max(64));
    patterns.div_ceil(parts.max(1)).next_multiple_of(16)
}

fn widest(layers: &[Dense]) -> usize {
    layers.iter().map(|layer| layer.inputs.max(layer.outputs)).max().unwrap_or(0)
}

fn units(layers: &[Dense]) -> usize {
    layers.iter().map(|layer| layer.outputs).sum()
}

fn keeps_net_input(layers: &[Dense]) -> bool {
    layers.iter().any(|layer| derivative_needs_net_input(layer.activation))
}

/// Activations, net inputs where kept, and two matrices of derivatives.
fn per_pattern(layers: &[Dense]) -> usize {
    units(layers) * (1 + usize::from(keeps_net_input(layers))) + 2 * widest(layers)
}

/// The kernel of [`layers`].
struct Observe<'a> {
    layers: &'a [Dense],
    parameters: &'a [f32],
    x: &'a [f32],
    patterns: usize,
    z: &'a mut [f32],
    t: &'a mut [f32],
}

impl WithSimd for Observe<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layers, parameters, x, patterns: n, z, t } = self;
        let chunk = chunk(layers, n);
        for start in (0..n).step_by(chunk) {
            let count = chunk.min(n - start);
            let mut unit = 0;
            for (index, &layer) in layers.iter().enumerate() {
                let (before, after) = t.split_at_mut(unit * n);
                let values = if index == 0 { &x[start..] } else { &before[(unit - layer.inputs) * n + start..] };
                let z = &mut z[unit * n + start..(unit + layer.outputs) * n];
                let t = &mut after[start..layer.outputs * n];
                let x = Features { values, stride: n };
                Forward { layer, parameters, x, patterns: count, t, z, stride: n }.with_simd(simd);
                unit += layer.outputs;
            }
        }
    }
}

/// Net inputs and activations of all layers of one replica, [units × n] each: x is [F × n], parameters \[P].
pub fn layers(layers: &[Dense], parameters: &[f32], x: &[f32], patterns: usize) -> (Vec<f32>, Vec<f32>) {
    let size = units(layers) * patterns;
    let (mut z, mut t) = (vec![0.0; size], vec![0.0; size]);
    lanes::run(Observe { layers, parameters, x, patterns, z: &mut z, t: &mut t });
    (z, t)
}

/// Mean cross-entropy in nats, and its gradient.
#[derive(Debug)]
pub struct Loss<'a> {
    /// The stack's layers.
    pub layers: &'a [Dense],
    /// Parameters, \[P].
    pub parameters: &'a [f32],
    /// Inputs, [F × B].
    pub x: &'a [f32],
    /// Class of each pattern, as a float, \[B].
    pub labels: &'a [f32],
    /// Gradient of the parameters, written, \[P].
    pub gradient: &'a mut [f32],
    /// Scratch of [`Loss::scratch`] numbers.
    pub scratch: &'a mut [f32],
}

impl Loss<'_> {
    /// Numbers of scratch for so many patterns.
    pub fn scratch(layers: &[Dense], patterns: usize) -> usize {
        let parameters = layers.last().map_or(0, |layer| layer.biases().end);
        chunk(layers, patterns) * per_pattern(layers) + parameters * lanes::REGISTER
    }
}

impl WithSimd for Loss<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let Self { layers, parameters, x, labels, gradient, scratch } = self;
        let n = labels.len();
        let stride = chunk(layers, n);
        let (sums, scratch) = scratch.split_at_mut(parameters.len() * lanes::REGISTER);
        let sums = S::as_mut_simd_f32s(sums).0;
        sums.fill(simd.splat_f32s(0.0));
        let (t, scratch) = scratch.split_at_mut(units(layers) * stride);
        let kept = if keeps_net_input(layers) { t.len() } else { 0 };
        let (z, scratch) = scratch.split_at_mut(kept);
        let (mut delta, mut next) = scratch.split_at_mut(widest(layers) * stride);
        let outputs = layers.last().map_or(0, |layer| layer.outputs);
        let mut loss = 0.0_f64;
        for start in (0..n).step_by(stride) {
            let count = stride.min(n - start);
            let x = Features { values: &x[start..], stride: n };
            let mut unit = 0;
            for (index, &layer) in layers.iter().enumerate() {
                let (before, after) = t.split_at_mut(unit * stride);
                let below = Features { values: &before[unit.saturating_sub(layer.inputs) * stride..], stride };
                let (x, t) = (if index == 0 { x } else { below }, &mut after[..layer.outputs * stride]);
                let keeps_z = derivative_needs_net_input(layer.activation);
                let z = if keeps_z { &mut z[unit * stride..(unit + layer.outputs) * stride] } else { &mut [] };
                Forward { layer, parameters, x, patterns: count, t, z, stride }.with_simd(simd);
                unit += layer.outputs;
            }
            let logits = &t[(unit - outputs) * stride..];
            loss += CrossEntropy {
                logits: Features { values: logits, stride },
                labels: &labels[start..start + count],
                share: 1.0 / n as f32,
                gradient: &mut delta[..outputs * stride],
            }
            .with_simd(simd);
            for (index, &layer) in layers.iter().enumerate().rev() {
                unit -= layer.outputs;
                let first = unit.saturating_sub(layer.inputs) * stride;
                let below = Features { values: &t[first..], stride };
                let d = Features { values: delta, stride };
                add_gradient(simd, layer, if index == 0 { x } else { below }, d, count, sums);
                if index > 0 {
                    let activation = layers[index - 1].activation;
                    let kept = if derivative_needs_net_input(activation) { &z[first..] } else { below.values };
                    InputGradient {
                        layer,
                        parameters,
                        delta: d,
                        below: Some((activation, Features { values: kept, stride })),
                        patterns: count,
                        out: next,
                        stride,
                    }
                    .run(simd);
                    std::mem::swap(&mut delta, &mut next);
                }
            }
        }
        total(simd, sums, gradient);
        (loss / n as f64) as f32
    }
}
