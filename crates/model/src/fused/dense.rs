//! A stack of dense layers of **one** replica: z_l = W_lᵀ t_{l−1} + b_l, t_l = φ(z_l), the last layer linear.
//!
//! Matrices of activations are [F × B], row by row. Products are tiled in registers: a tile holds up to four output units by
//! two registers of rows, and reads each input once. What a replica computes depends on nothing but its own numbers.

use pulp::{Simd, WithSimd};

use super::lanes::{load, store};
use super::nonlinearity::{apply, pull_back};
use crate::activation::Activation;
use crate::stack::Stack;

/// Forward pass of one replica over B rows.
#[derive(Debug)]
pub struct Forward<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Parameters, [P].
    pub parameters: &'a [f32],
    /// Inputs, [F₀ × B].
    pub x: &'a [f32],
    /// Rows B.
    pub rows: usize,
    /// Activations of all layers, written, [units × B].
    pub t: &'a mut [f32],
    /// Net inputs of all layers, written, [units × B]; empty if not wanted.
    pub z: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { stack, parameters, x, rows, t, z } = self;
        let (mut parameter, mut unit) = (0, 0);
        for (layer, (inputs, outputs)) in stack.layers().enumerate() {
            let (w, b) = parameters[parameter..parameter + (inputs + 1) * outputs].split_at(inputs * outputs);
            let (before, after) = t.split_at_mut(unit * rows);
            let from = if layer == 0 { x } else { &before[(unit - inputs) * rows..] };
            let out = &mut after[..outputs * rows];
            product(simd, Product { x: from, w, strides: (outputs, 1), bias: Some(b), inputs, outputs, rows }, out);
            if !z.is_empty() {
                z[unit * rows..(unit + outputs) * rows].copy_from_slice(out);
            }
            let activation = stack.activation(layer);
            if activation != Activation::Linear {
                for at in (0..out.len()).step_by(S::F32_LANES) {
                    let net_input = load(simd, out, at);
                    store(simd, out, at, apply(simd, activation, net_input));
                }
            }
            parameter += (inputs + 1) * outputs;
            unit += outputs;
        }
    }
}

/// Backward pass of one replica: the gradient of the parameters from the gradient of the logits.
#[derive(Debug)]
pub struct Backward<'a> {
    /// The stack.
    pub stack: &'a Stack,
    /// Parameters, [P].
    pub parameters: &'a [f32],
    /// Inputs, [F₀ × B].
    pub x: &'a [f32],
    /// Rows B.
    pub rows: usize,
    /// Activations of all layers, [units × B].
    pub t: &'a [f32],
    /// Net inputs of all layers, [units × B], if the derivative is taken from them; else empty.
    pub z: &'a [f32],
    /// Gradient of the logits, [C × B].
    pub logits: &'a [f32],
    /// Gradient of the parameters, written, [P].
    pub gradient: &'a mut [f32],
    /// Two scratch matrices, [widest × B] each.
    pub scratch: [&'a mut [f32]; 2],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { stack, parameters, x, rows, t, z, logits, gradient, scratch: [mut delta, mut next] } = self;
        let (mut parameter, mut unit) = (parameters.len(), stack.n_units());
        delta[..logits.len()].copy_from_slice(logits);
        for layer in (0..stack.widths.len() - 1).rev() {
            let (inputs, outputs) = (stack.widths[layer], stack.widths[layer + 1]);
            parameter -= (inputs + 1) * outputs;
            unit -= outputs;
            let activation = stack.activation(layer);
            let d = &mut delta[..outputs * rows];
            if activation != Activation::Linear {
                let kept = if z.is_empty() { t } else { z };
                let kept = &kept[unit * rows..(unit + outputs) * rows];
                for at in (0..d.len()).step_by(S::F32_LANES) {
                    let g = load(simd, d, at);
                    store(simd, d, at, pull_back(simd, activation, load(simd, kept, at), g));
                }
            }
            let from = if layer == 0 { x } else { &t[(unit - inputs) * rows..unit * rows] };
            let w = &parameters[parameter..parameter + inputs * outputs];
            let (dw, db) = gradient[parameter..parameter + (inputs + 1) * outputs].split_at_mut(inputs * outputs);
            outer(simd, from, d, [inputs, outputs, rows], dw);
            for (j, db) in db.iter_mut().enumerate() {
                *db = sum(simd, &d[j * rows..(j + 1) * rows]);
            }
            if layer > 0 {
                let transposed =
                    Product { x: d, w, strides: (1, outputs), bias: None, inputs: outputs, outputs: inputs, rows };
                product(simd, transposed, &mut next[..inputs * rows]);
                std::mem::swap(&mut delta, &mut next);
            }
        }
    }
}

/// out[j, k] = bias[j] + Σ_i w(i, j)·x[i, k], with w(i, j) = w[i·strides.0 + j·strides.1].
#[derive(Clone, Copy)]
struct Product<'a> {
    x: &'a [f32],
    w: &'a [f32],
    strides: (usize, usize),
    bias: Option<&'a [f32]>,
    inputs: usize,
    outputs: usize,
    rows: usize,
}

#[inline(always)]
fn product<S: Simd>(simd: S, p: Product, out: &mut [f32]) {
    let mut j = 0;
    while j < p.outputs {
        j += match tile_width(p.outputs - j) {
            1 => tile::<S, 1>(simd, p, j, out),
            2 => tile::<S, 2>(simd, p, j, out),
            3 => tile::<S, 3>(simd, p, j, out),
            4 => tile::<S, 4>(simd, p, j, out),
            _ => tile::<S, 5>(simd, p, j, out),
        };
    }
}

/// Output units of the next tile, at most five: as even as it goes.
fn tile_width(left: usize) -> usize {
    match left {
        0..=5 => left,
        6..=9 => left.div_ceil(2),
        _ => 5,
    }
}

#[inline(always)]
fn tile<S: Simd, const J: usize>(simd: S, p: Product, first: usize, out: &mut [f32]) -> usize {
    let lanes = S::F32_LANES;
    let out = &mut out[first * p.rows..(first + J) * p.rows];
    // Loops, not closures: a closure would not inherit the instruction set of the kernel it stands in.
    let mut start = [simd.splat_f32s(0.0); J];
    if let Some(bias) = p.bias {
        for j in 0..J {
            start[j] = simd.splat_f32s(bias[first + j]);
        }
    }
    let whole = p.rows - p.rows % (2 * lanes);
    for k in (0..whole).step_by(2 * lanes) {
        let mut sums = [[simd.splat_f32s(0.0); 2]; J];
        for j in 0..J {
            sums[j] = [start[j]; 2];
        }
        for i in 0..p.inputs {
            let x = S::as_simd_f32s(&p.x[i * p.rows + k..i * p.rows + k + 2 * lanes]).0;
            let (x0, x1) = (x[0], x[1]);
            for j in 0..J {
                let w = simd.splat_f32s(p.w[i * p.strides.0 + (first + j) * p.strides.1]);
                sums[j][0] = simd.mul_add_e_f32s(x0, w, sums[j][0]);
                sums[j][1] = simd.mul_add_e_f32s(x1, w, sums[j][1]);
            }
        }
        for j in 0..J {
            let out = S::as_mut_simd_f32s(&mut out[j * p.rows + k..j * p.rows + k + 2 * lanes]).0;
            out[0] = sums[j][0];
            out[1] = sums[j][1];
        }
    }
    for k in (whole..p.rows).step_by(lanes) {
        let mut sums = start;
        for i in 0..p.inputs {
            let x = load(simd, &p.x[i * p.rows..(i + 1) * p.rows], k);
            for j in 0..J {
                let w = simd.splat_f32s(p.w[i * p.strides.0 + (first + j) * p.strides.1]);
                sums[j] = simd.mul_add_e_f32s(x, w, sums[j]);
            }
        }
        for j in 0..J {
            store(simd, &mut out[j * p.rows..(j + 1) * p.rows], k, sums[j]);
        }
    }
    J
}

/// dw[i, j] = Σ_k x[i, k]·d[j, k]; sizes are [inputs, outputs, rows].
#[inline(always)]
fn outer<S: Simd>(simd: S, x: &[f32], d: &[f32], sizes: [usize; 3], dw: &mut [f32]) {
    let [inputs, outputs, _] = sizes;
    let mut j = 0;
    while j < outputs {
        let width = if outputs - j == 5 { 3 } else { (outputs - j).min(4) };
        let mut i = 0;
        while i < inputs {
            i += match (width, inputs - i) {
                (1, 1) => outer_tile::<S, 1, 1>(simd, x, d, sizes, [i, j], dw),
                (1, 3) => outer_tile::<S, 3, 1>(simd, x, d, sizes, [i, j], dw),
                (1, _) => outer_tile::<S, 2, 1>(simd, x, d, sizes, [i, j], dw),
                (2, 1) => outer_tile::<S, 1, 2>(simd, x, d, sizes, [i, j], dw),
                (2, 3) => outer_tile::<S, 3, 2>(simd, x, d, sizes, [i, j], dw),
                (2, _) => outer_tile::<S, 2, 2>(simd, x, d, sizes, [i, j], dw),
                (3, 1) => outer_tile::<S, 1, 3>(simd, x, d, sizes, [i, j], dw),
                (3, 3) => outer_tile::<S, 3, 3>(simd, x, d, sizes, [i, j], dw),
                (3, _) => outer_tile::<S, 2, 3>(simd, x, d, sizes, [i, j], dw),
                (_, 1) => outer_tile::<S, 1, 4>(simd, x, d, sizes, [i, j], dw),
                (_, 3) => outer_tile::<S, 3, 4>(simd, x, d, sizes, [i, j], dw),
                (_, _) => outer_tile::<S, 2, 4>(simd, x, d, sizes, [i, j], dw),
            };
        }
        j += width;
    }
}

#[inline(always)]
fn outer_tile<S: Simd, const I: usize, const J: usize>(
    simd: S,
    x: &[f32],
    d: &[f32],
    [_, outputs, rows]: [usize; 3],
    [i0, j0]: [usize; 2],
    dw: &mut [f32],
) -> usize {
    let whole = rows / S::F32_LANES;
    let nothing: (&[S::f32s], &[f32]) = (&[], &[]);
    let (mut xs, mut ds) = ([nothing; I], [nothing; J]);
    for i in 0..I {
        xs[i] = S::as_simd_f32s(&x[(i0 + i) * rows..(i0 + i + 1) * rows]);
        xs[i].0 = &xs[i].0[..whole];
    }
    for j in 0..J {
        ds[j] = S::as_simd_f32s(&d[(j0 + j) * rows..(j0 + j + 1) * rows]);
        ds[j].0 = &ds[j].0[..whole];
    }
    let mut sums = [[simd.splat_f32s(0.0); J]; I];
    for k in 0..whole {
        for i in 0..I {
            for j in 0..J {
                sums[i][j] = simd.mul_add_e_f32s(xs[i].0[k], ds[j].0[k], sums[i][j]);
            }
        }
    }
    if whole * S::F32_LANES < rows {
        for i in 0..I {
            let x = simd.partial_load_f32s(xs[i].1);
            for j in 0..J {
                sums[i][j] = simd.mul_add_e_f32s(x, simd.partial_load_f32s(ds[j].1), sums[i][j]);
            }
        }
    }
    for i in 0..I {
        for j in 0..J {
            dw[(i0 + i) * outputs + j0 + j] = simd.reduce_sum_f32s(sums[i][j]);
        }
    }
    I
}

#[inline(always)]
fn sum<S: Simd>(simd: S, values: &[f32]) -> f32 {
    let mut total = simd.splat_f32s(0.0);
    for at in (0..values.len()).step_by(S::F32_LANES) {
        total = simd.add_f32s(total, load(simd, values, at));
    }
    simd.reduce_sum_f32s(total)
}
