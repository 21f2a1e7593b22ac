//! Matrix products tiled in registers, patterns in the SIMD lanes.
//!
//! A tile holds up to five output units by two registers of patterns (or ten sums over patterns) and reads each input once: about
//! as many sums as hide the latency of multiply-adds in sixteen registers. What is to be done with a sum, an activation say, is done
//! before it leaves its register.

use pulp::Simd;

use crate::lanes::{load, store};

/// Features over patterns: feature f of pattern k lies at `f · stride + k`.
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    /// The numbers.
    pub values: &'a [f32],
    /// From a feature to the next.
    pub stride: usize,
}

impl<'a> Features<'a> {
    /// The first `patterns` of feature f.
    #[inline(always)]
    pub(super) fn of(self, feature: usize, patterns: usize) -> &'a [f32] {
        &self.values[feature * self.stride..feature * self.stride + patterns]
    }
}

/// out[j, k] = bias[j] + Σ_i w(i, j)·x[i, k].
#[derive(Debug, Clone, Copy)]
pub(super) struct Product<'a> {
    pub x: Features<'a>,
    /// w(i, j), [inputs × outputs] row by row; [outputs × inputs] in a transposed product.
    pub w: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub inputs: usize,
    pub outputs: usize,
    pub patterns: usize,
}

/// What becomes of a finished sum on its way out.
pub(super) trait Finish {
    /// Of the output unit and the register of patterns that starts at `k`.
    fn finish<S: Simd>(&self, simd: S, unit: usize, k: usize, sum: S::f32s) -> S::f32s;
}

/// The product, each sum finished, written over `out`, [outputs × stride].
#[inline(always)]
pub(super) fn product<S: Simd, const TRANSPOSED: bool>(
    simd: S,
    p: Product,
    finish: &impl Finish,
    out: &mut [f32],
    stride: usize,
) {
    let mut j = 0;
    while j < p.outputs {
        let out = &mut out[j * stride..];
        j += match tile_width(p.outputs - j) {
            1 => tile::<S, 1, TRANSPOSED>(simd, p, j, finish, out, stride),
            2 => tile::<S, 2, TRANSPOSED>(simd, p, j, finish, out, stride),
            3 => tile::<S, 3, TRANSPOSED>(simd, p, j, finish, out, stride),
            4 => tile::<S, 4, TRANSPOSED>(simd, p, j, finish, out, stride),
            _ => tile::<S, 5, TRANSPOSED>(simd, p, j, finish, out, stride),
        };
    }
}

/// Output units of the next tile, at most five: as even as it goes.
#[inline(always)]
fn tile_width(left: usize) -> usize {
    match left {
        0..=5 => left,
        6..=9 => left.div_ceil(2),
        _ => 5,
    }
}

/// The weights of J output units: rows of a transposed product, columns of another. Slices of one length spare the checks inside
/// loops.
#[derive(Clone, Copy)]
struct Weights<'a, const J: usize, const TRANSPOSED: bool> {
    rows: [&'a [f32]; J],
    w: &'a [f32],
    outputs: usize,
}

impl<'a, const J: usize, const TRANSPOSED: bool> Weights<'a, J, TRANSPOSED> {
    #[inline(always)]
    fn new(p: Product<'a>, first: usize) -> Self {
        let mut rows: [&[f32]; J] = [&[]; J];
        if TRANSPOSED {
            for j in 0..J {
                rows[j] = &p.w[(first + j) * p.inputs..(first + j + 1) * p.inputs];
            }
        }
        Self { rows, w: &p.w[first.min(p.w.len())..], outputs: p.outputs }
    }

    /// w(i, first + j) for every j.
    #[inline(always)]
    fn of(self, i: usize) -> [f32; J] {
        let mut w = [0.0; J];
        if TRANSPOSED {
            for j in 0..J {
                w[j] = self.rows[j][i];
            }
        } else {
            w.copy_from_slice(&self.w[i * self.outputs..i * self.outputs + J]);
        }
        w
    }
}

#[inline(always)]
fn tile<S: Simd, const J: usize, const TRANSPOSED: bool>(
    simd: S,
    p: Product,
    first: usize,
    finish: &impl Finish,
    out: &mut [f32],
    stride: usize,
) -> usize {
    let lanes = S::F32_LANES;
    let weights = Weights::<J, TRANSPOSED>::new(p, first);
    // Loops, not closures: a closure would not inherit the instruction set of the kernel it stands in.
    let mut start = [simd.splat_f32s(0.0); J];
    if let Some(bias) = p.bias {
        for j in 0..J {
            start[j] = simd.splat_f32s(bias[first + j]);
        }
    }
    let whole = p.patterns - p.patterns % (2 * lanes);
    for k in (0..whole).step_by(2 * lanes) {
        let mut sums = [[simd.splat_f32s(0.0); 2]; J];
        for j in 0..J {
            sums[j] = [start[j]; 2];
        }
        for i in 0..p.inputs {
            let at = i * p.x.stride + k;
            let x = S::as_simd_f32s(&p.x.values[at..at + 2 * lanes]).0;
            let (x0, x1) = (x[0], x[1]);
            let w = weights.of(i);
            for j in 0..J {
                let w = simd.splat_f32s(w[j]);
                sums[j][0] = simd.mul_add_e_f32s(x0, w, sums[j][0]);
                sums[j][1] = simd.mul_add_e_f32s(x1, w, sums[j][1]);
            }
        }
        for j in 0..J {
            let out = S::as_mut_simd_f32s(&mut out[j * stride + k..j * stride + k + 2 * lanes]).0;
            out[0] = finish.finish(simd, first + j, k, sums[j][0]);
            out[1] = finish.finish(simd, first + j, k + lanes, sums[j][1]);
        }
    }
    for k in (whole..p.patterns).step_by(lanes) {
        let mut sums = start;
        for i in 0..p.inputs {
            let x = load(simd, p.x.of(i, p.patterns), k);
            let w = weights.of(i);
            for j in 0..J {
                sums[j] = simd.mul_add_e_f32s(x, simd.splat_f32s(w[j]), sums[j]);
            }
        }
        for j in 0..J {
            let sum = finish.finish(simd, first + j, k, sums[j]);
            store(simd, &mut out[j * stride..j * stride + p.patterns], k, sum);
        }
    }
    J
}

/// sums[i · outputs + j] += x[i]·δ[j], lane by lane over the patterns: a later sum over the lanes makes x δᵀ of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outer<'a> {
    pub x: Features<'a>,
    pub delta: Features<'a>,
    pub inputs: usize,
    pub outputs: usize,
    pub patterns: usize,
}

/// In tiles of about ten sums: enough to hide the latency of the multiply-adds, few enough for the registers.
#[inline(always)]
pub(super) fn outer<S: Simd>(simd: S, o: Outer, sums: &mut [S::f32s]) {
    let mut j = 0;
    while j < o.outputs {
        j += match tile_width(o.outputs - j) {
            1 => outer_column::<S, 8, 1>(simd, o, j, sums),
            2 => outer_column::<S, 5, 2>(simd, o, j, sums),
            3 => outer_column::<S, 4, 3>(simd, o, j, sums),
            4 => outer_column::<S, 3, 4>(simd, o, j, sums),
            _ => outer_column::<S, 2, 5>(simd, o, j, sums),
        };
    }
}

/// J columns, I rows at a time.
#[inline(always)]
fn outer_column<S: Simd, const I: usize, const J: usize>(simd: S, o: Outer, j: usize, sums: &mut [S::f32s]) -> usize {
    let whole = o.inputs - o.inputs % I;
    for i in (0..whole).step_by(I) {
        outer_tile::<S, I, J>(simd, o, [i, j], sums);
    }
    let mut i = whole;
    while i < o.inputs {
        i += match o.inputs - i {
            1 => outer_tile::<S, 1, J>(simd, o, [i, j], sums),
            3 => outer_tile::<S, 3, J>(simd, o, [i, j], sums),
            _ => outer_tile::<S, 2, J>(simd, o, [i, j], sums),
        };
    }
    J
}

#[inline(always)]
fn outer_tile<S: Simd, const I: usize, const J: usize>(
    simd: S,
    o: Outer,
    [i0, j0]: [usize; 2],
    sums: &mut [S::f32s],
) -> usize {
    let whole = o.patterns / S::F32_LANES;
    let nothing: (&[S::f32s], &[f32]) = (&[], &[]);
    let (mut xs, mut ds) = ([nothing; I], [nothing; J]);
    for i in 0..I {
        xs[i] = S::as_simd_f32s(o.x.of(i0 + i, o.patterns));
        xs[i].0 = &xs[i].0[..whole];
    }
    for j in 0..J {
        ds[j] = S::as_simd_f32s(o.delta.of(j0 + j, o.patterns));
        ds[j].0 = &ds[j].0[..whole];
    }
    let mut tile = [[simd.splat_f32s(0.0); J]; I];
    for i in 0..I {
        let at = (i0 + i) * o.outputs + j0;
        tile[i].copy_from_slice(&sums[at..at + J]);
    }
    for k in 0..whole {
        for i in 0..I {
            for j in 0..J {
                tile[i][j] = simd.mul_add_e_f32s(xs[i].0[k], ds[j].0[k], tile[i][j]);
            }
        }
    }
    if whole * S::F32_LANES < o.patterns {
        for i in 0..I {
            let x = simd.partial_load_f32s(xs[i].1);
            for j in 0..J {
                tile[i][j] = simd.mul_add_e_f32s(x, simd.partial_load_f32s(ds[j].1), tile[i][j]);
            }
        }
    }
    for i in 0..I {
        let at = (i0 + i) * o.outputs + j0;
        sums[at..at + J].copy_from_slice(&tile[i]);
    }
    I
}

/// Σ of the values, lane by lane.
#[inline(always)]
pub(super) fn sum<S: Simd>(simd: S, values: &[f32]) -> S::f32s {
    let (whole, tail) = S::as_simd_f32s(values);
    let (fours, rest) = whole.as_chunks::<4>();
    let mut sums = [simd.splat_f32s(0.0); 4];
    for four in fours {
        for k in 0..4 {
            sums[k] = simd.add_f32s(sums[k], four[k]);
        }
    }
    for &one in rest {
        sums[0] = simd.add_f32s(sums[0], one);
    }
    if !tail.is_empty() {
        sums[1] = simd.add_f32s(sums[1], simd.partial_load_f32s(tail));
    }
    simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]))
}
