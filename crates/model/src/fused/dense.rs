//! One dense layer of **one** replica over rows: t = φ(z), z = Wᵀx + b, forward and backward.
//!
//! Matrices of activations are [F × B], feature by feature, so that the B patterns are the SIMD lanes. What a replica computes
//! depends on nothing but its own numbers.

use pulp::{Simd, WithSimd};

use super::nonlinearity::{Nonlinearity, each_activation};
use super::product::{Features, Outer, Product, outer, product, sum};
use crate::activation::Activation;
use crate::stack::Dense;

/// z of a layer, written over `out`, [n_out × stride], for the first `patterns`.
#[inline(always)]
pub(super) fn net_input<S: Simd>(
    simd: S,
    layer: Dense,
    parameters: &[f32],
    x: Features,
    patterns: usize,
    out: &mut [f32],
    stride: usize,
) {
    let (w, bias) = (&parameters[layer.kernel()], Some(&parameters[layer.biases()]));
    let (inputs, outputs) = (layer.inputs, layer.outputs);
    product::<S, false>(simd, Product { x, w, bias, inputs, outputs, patterns }, out, stride);
}

/// t = φ(z) in place, for the first `patterns` of every `stride`.
#[inline(always)]
pub(super) fn activate<S: Simd>(simd: S, activation: Activation, values: &mut [f32], stride: usize, patterns: usize) {
    each_activation!(activation, activate_with::<S>(simd, values, stride, patterns));
}

#[inline(always)]
fn activate_with<S: Simd, N: Nonlinearity>(simd: S, values: &mut [f32], stride: usize, patterns: usize) {
    for row in values.chunks_mut(stride) {
        let (whole, tail) = S::as_mut_simd_f32s(&mut row[..patterns]);
        let (fours, rest) = whole.as_chunks_mut::<4>();
        for four in fours {
            *four =
                [N::apply(simd, four[0]), N::apply(simd, four[1]), N::apply(simd, four[2]), N::apply(simd, four[3])];
        }
        for one in rest {
            *one = N::apply(simd, *one);
        }
        if !tail.is_empty() {
            let last = simd.partial_load_f32s(tail);
            simd.partial_store_f32s(tail, N::apply(simd, last));
        }
    }
}

/// δ ← δ·φ′ in place; `kept` is what [`Nonlinearity::pull_back`] takes the derivative from.
#[inline(always)]
pub(super) fn through_activation<S: Simd>(
    simd: S,
    activation: Activation,
    kept: Features,
    delta: &mut [f32],
    stride: usize,
    patterns: usize,
) {
    each_activation!(activation, through_activation_with::<S>(simd, kept, delta, stride, patterns));
}

#[inline(always)]
fn through_activation_with<S: Simd, N: Nonlinearity>(
    simd: S,
    kept: Features,
    delta: &mut [f32],
    stride: usize,
    patterns: usize,
) {
    for (unit, row) in delta.chunks_mut(stride).enumerate() {
        let (whole, tail) = S::as_mut_simd_f32s(&mut row[..patterns]);
        let (kept, kept_tail) = S::as_simd_f32s(kept.of(unit, patterns));
        for (d, &v) in whole.iter_mut().zip(kept) {
            *d = N::pull_back(simd, v, *d);
        }
        if !tail.is_empty() {
            let (v, d) = (simd.partial_load_f32s(kept_tail), simd.partial_load_f32s(tail));
            simd.partial_store_f32s(tail, N::pull_back(simd, v, d));
        }
    }
}

/// Adds ∂/∂W = x δᵀ and ∂/∂b = Σ δ to the sums of a replica's flat gradient, one register of them for each parameter: the sum over
/// the lanes is taken once, at the end ([`total`]).
#[inline(always)]
pub(super) fn add_gradient<S: Simd>(
    simd: S,
    layer: Dense,
    x: Features,
    delta: Features,
    patterns: usize,
    sums: &mut [S::f32s],
) {
    let (of_w, of_b) = sums[layer.offset..layer.biases().end].split_at_mut(layer.inputs * layer.outputs);
    outer(simd, Outer { x, delta, inputs: layer.inputs, outputs: layer.outputs, patterns }, of_w);
    for (unit, of_b) in of_b.iter_mut().enumerate() {
        *of_b = simd.add_f32s(*of_b, sum(simd, delta.of(unit, patterns)));
    }
}

/// The gradient from its sums.
#[inline(always)]
pub(super) fn total<S: Simd>(simd: S, sums: &[S::f32s], gradient: &mut [f32]) {
    for (g, &sum) in gradient.iter_mut().zip(sums) {
        *g = simd.reduce_sum_f32s(sum);
    }
}

/// ∂/∂x = W δ, written over `out`, [n_in × stride].
#[inline(always)]
pub(super) fn input_gradient<S: Simd>(
    simd: S,
    layer: Dense,
    parameters: &[f32],
    delta: Features,
    patterns: usize,
    out: &mut [f32],
    stride: usize,
) {
    let (w, inputs, outputs) = (&parameters[layer.kernel()], layer.outputs, layer.inputs);
    product::<S, true>(simd, Product { x: delta, w, bias: None, inputs, outputs, patterns }, out, stride);
}

/// Forward pass of one layer.
#[derive(Debug)]
pub struct Forward<'a> {
    /// The layer.
    pub layer: Dense,
    /// Parameters, [P].
    pub parameters: &'a [f32],
    /// Inputs, [n_in × B].
    pub x: Features<'a>,
    /// Patterns B.
    pub patterns: usize,
    /// Activations, written, [n_out × B].
    pub t: &'a mut [f32],
    /// Net inputs, written, [n_out × B]; empty if not wanted.
    pub z: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, parameters, x, patterns, t, z } = self;
        net_input(simd, layer, parameters, x, patterns, t, patterns);
        if !z.is_empty() {
            z.copy_from_slice(t);
        }
        activate(simd, layer.activation, t, patterns, patterns);
    }
}

/// Backward pass of one layer.
#[derive(Debug)]
pub struct Backward<'a> {
    /// The layer.
    pub layer: Dense,
    /// Parameters, [P].
    pub parameters: &'a [f32],
    /// Inputs, [n_in × B].
    pub x: Features<'a>,
    /// Net inputs where the derivative is taken from them, else activations, [n_out × B].
    pub kept: &'a [f32],
    /// Patterns B.
    pub patterns: usize,
    /// Gradient of the activations, [n_out × B]; that of the net inputs when done.
    pub delta: &'a mut [f32],
    /// Gradient of the parameters, written where the layer has some, [P].
    pub gradient: &'a mut [f32],
    /// Scratch, [P × register].
    pub sums: &'a mut [f32],
    /// Gradient of the inputs, written, [n_in × B]; empty if not wanted.
    pub dx: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, parameters, x, kept, patterns, delta, gradient, sums, dx } = self;
        let own = layer.offset..layer.biases().end;
        let sums = S::as_mut_simd_f32s(sums).0;
        sums[own.clone()].fill(simd.splat_f32s(0.0));
        let kept = Features { values: kept, stride: patterns };
        through_activation(simd, layer.activation, kept, delta, patterns, patterns);
        let d = Features { values: delta, stride: patterns };
        add_gradient(simd, layer, x, d, patterns, sums);
        total(simd, &sums[own.clone()], &mut gradient[own]);
        if !dx.is_empty() {
            input_gradient(simd, layer, parameters, d, patterns, dx, patterns);
        }
    }
}
