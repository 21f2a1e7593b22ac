//! One dense layer of **one** replica over rows: t = φ(z), z = Wᵀx + b, forward and backward.
//!
//! Matrices of activations are [F × B], feature by feature, so that the B patterns are the SIMD lanes. What a replica computes
//! depends on nothing but its own numbers.

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use super::nonlinearity::{Nonlinearity, each_activation};
use super::product::{Features, Finish, Outer, Product, outer, product, sum};
use crate::activation::Activation;
use crate::lanes::{REGISTER, load, transpose};
use crate::stack::Dense;

/// Forward pass of one layer: t = φ(z).
#[derive(Debug)]
pub struct Forward<'a> {
    /// The layer.
    pub layer: Dense,
    /// Parameters, \[P].
    pub parameters: &'a [f32],
    /// Inputs, [n_in × B].
    pub x: Features<'a>,
    /// Patterns B.
    pub patterns: usize,
    /// Activations, written, [n_out × stride].
    pub t: &'a mut [f32],
    /// Net inputs, written, [n_out × stride]; empty if not wanted.
    pub z: &'a mut [f32],
    /// From a unit to the next.
    pub stride: usize,
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        each_activation!(self.layer.activation, activated::<S>(simd, self));
    }
}

#[inline(always)]
fn activated<S: Simd, N: Nonlinearity>(simd: S, layer: Forward) {
    let Forward { layer, parameters, x, patterns, t, z, stride } = layer;
    let (w, bias) = (&parameters[layer.kernel()], Some(&parameters[layer.biases()]));
    let product = Product { x, w, bias, inputs: layer.inputs, outputs: layer.outputs, patterns };
    if N::SHORT && z.is_empty() {
        let finish = Activate::<N>(PhantomData);
        simd.vectorize(Finished::<_, false> { product, finish, out: t, stride });
        return;
    }
    simd.vectorize(Finished::<_, false> { product, finish: AsIs, out: t, stride });
    for (z, t) in z.chunks_mut(stride).zip(t.chunks(stride)) {
        z[..patterns].copy_from_slice(&t[..patterns]);
    }
    simd.vectorize(ActivateAll::<N> { values: t, stride, patterns, nonlinearity: PhantomData });
}

/// t = φ(z) in place, for the first `patterns` of every `stride`: four registers together, to hide how long a division takes.
struct ActivateAll<'a, N> {
    values: &'a mut [f32],
    stride: usize,
    patterns: usize,
    nonlinearity: PhantomData<N>,
}

impl<N: Nonlinearity> WithSimd for ActivateAll<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in self.values.chunks_mut(self.stride) {
            let (whole, tail) = S::as_mut_simd_f32s(&mut row[..self.patterns]);
            let (fours, rest) = whole.as_chunks_mut::<4>();
            for four in fours {
                *four = [
                    N::apply(simd, four[0]),
                    N::apply(simd, four[1]),
                    N::apply(simd, four[2]),
                    N::apply(simd, four[3]),
                ];
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
}

/// A product with what becomes of its sums.
struct Finished<'a, F, const TRANSPOSED: bool> {
    product: Product<'a>,
    finish: F,
    out: &'a mut [f32],
    stride: usize,
}

impl<F: Finish, const TRANSPOSED: bool> WithSimd for Finished<'_, F, TRANSPOSED> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        product::<S, TRANSPOSED>(simd, self.product, &self.finish, self.out, self.stride);
    }
}

/// φ, on the way out of the forward product.
struct Activate<N>(PhantomData<N>);

impl<N: Nonlinearity> Finish for Activate<N> {
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, _: usize, _: usize, z: S::f32s) -> S::f32s {
        N::apply(simd, z)
    }
}

/// Nothing.
struct AsIs;

impl Finish for AsIs {
    #[inline(always)]
    fn finish<S: Simd>(&self, _: S, _: usize, _: usize, sum: S::f32s) -> S::f32s {
        sum
    }
}

/// φ′ of the layer below, on the way out of the backward product.
struct PullBack<'a, N> {
    kept: Features<'a>,
    patterns: usize,
    nonlinearity: PhantomData<N>,
}

impl<N: Nonlinearity> Finish for PullBack<'_, N> {
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, unit: usize, k: usize, dx: S::f32s) -> S::f32s {
        N::pull_back(simd, load(simd, self.kept.of(unit, self.patterns), k), dx)
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
    let (eights, rest) = sums.as_chunks::<REGISTER>();
    let (of_eights, of_rest) = gradient[..sums.len()].as_chunks_mut::<REGISTER>();
    for (g, eight) in of_eights.iter_mut().zip(eights) {
        let lanes = transpose(pulp::cast(*eight));
        for k in 0..REGISTER {
            // As a register's own sum is taken: halves, quarters, eighths.
            let (even, odd) = (
                (lanes[0][k] + lanes[4][k]) + (lanes[2][k] + lanes[6][k]),
                (lanes[1][k] + lanes[5][k]) + (lanes[3][k] + lanes[7][k]),
            );
            g[k] = even + odd;
        }
    }
    for (g, &sum) in of_rest.iter_mut().zip(rest) {
        *g = simd.reduce_sum_f32s(sum);
    }
}

/// ∂/∂x = W δ, times φ′ of the layer below if that is part of the pass, written over `out`, [n_in × stride].
#[derive(Debug)]
pub(super) struct InputGradient<'a> {
    pub layer: Dense,
    pub parameters: &'a [f32],
    pub delta: Features<'a>,
    /// Activation of the layer below, and what [`Nonlinearity::pull_back`] takes its derivative from.
    pub below: Option<(Activation, Features<'a>)>,
    pub patterns: usize,
    pub out: &'a mut [f32],
    pub stride: usize,
}

impl InputGradient<'_> {
    #[inline(always)]
    pub(super) fn run<S: Simd>(self, simd: S) {
        match self.below {
            Some((activation, kept)) => each_activation!(activation, pulled_back::<S>(simd, self, kept)),
            None => self.finished(simd, AsIs),
        }
    }

    #[inline(always)]
    fn finished<S: Simd>(self, simd: S, finish: impl Finish) {
        let Self { layer, parameters, delta, patterns, out, stride, .. } = self;
        let (w, inputs, outputs) = (&parameters[layer.kernel()], layer.outputs, layer.inputs);
        let product = Product { x: delta, w, bias: None, inputs, outputs, patterns };
        simd.vectorize(Finished::<_, true> { product, finish, out, stride });
    }
}

#[inline(always)]
fn pulled_back<S: Simd, N: Nonlinearity>(simd: S, gradient: InputGradient, kept: Features) {
    let finish = PullBack::<N> { kept, patterns: gradient.patterns, nonlinearity: PhantomData };
    gradient.finished(simd, finish);
}

/// Backward pass of one layer.
#[derive(Debug)]
pub struct Backward<'a> {
    /// The layer.
    pub layer: Dense,
    /// Parameters, \[P].
    pub parameters: &'a [f32],
    /// Inputs, [n_in × B].
    pub x: Features<'a>,
    /// Net inputs where the derivative is taken from them, else activations, [n_out × B].
    pub kept: &'a [f32],
    /// Patterns B.
    pub patterns: usize,
    /// Gradient of the activations, [n_out × B]; that of the net inputs when done.
    pub delta: &'a mut [f32],
    /// Gradient of the parameters, written where the layer has some, \[P].
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
            // What lies below is another operation's.
            InputGradient { layer, parameters, delta: d, below: None, patterns, out: dx, stride: patterns }.run(simd);
        }
    }
}
