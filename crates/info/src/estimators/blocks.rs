//! Rows of a layer in blocks near one another in space, as registers, with what is known of each block's place.

use pulp::Simd;

use super::gaussian_kernel::{GROUP, least, square_distances};
use crate::simd::exp;

/// Rows in a block.
pub(super) const BLOCK: usize = 64;

/// Rows near one another, one unit after the other; the last block is filled up with rows of no weight.
#[derive(Debug)]
pub(super) struct Block {
    /// [units × BLOCK].
    pub(super) points: Vec<f64>,
    /// p(x|y), [labels × BLOCK].
    pub(super) weights: Vec<f64>,
    /// Labels that occur here.
    pub(super) present: Vec<usize>,
    /// Least and greatest of each unit.
    bounds: Vec<(f64, f64)>,
}

/// Orders rows so that every BLOCK of them lie near one another.
pub(super) fn put_near(order: &mut [usize], points: &[f64], units: usize) {
    let blocks = order.len().div_ceil(BLOCK);
    if blocks < 2 {
        return;
    }
    let width = |unit: usize| {
        let (low, high) = bounds(order, points, units, unit);
        high - low
    };
    let widest = (0..units)
        .map(|unit| (width(unit), unit))
        .fold((f64::NEG_INFINITY, 0), |best, next| if next.0 > best.0 { next } else { best })
        .1;
    let middle = blocks / 2 * BLOCK;
    order.select_nth_unstable_by(middle, |&a, &b| {
        points[a * units + widest].total_cmp(&points[b * units + widest]).then(a.cmp(&b))
    });
    let (low, high) = order.split_at_mut(middle);
    put_near(low, points, units);
    put_near(high, points, units);
}

fn bounds(rows: &[usize], points: &[f64], units: usize, unit: usize) -> (f64, f64) {
    let values = rows.iter().map(|row| points[row * units + unit]);
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

impl Block {
    pub(super) fn new(rows: &[usize], points: &[f64], units: usize, weights: &[f64], labels: usize) -> Self {
        let mut block = Self {
            points: vec![0.0; units * BLOCK],
            weights: vec![0.0; labels * BLOCK],
            present: Vec::new(),
            bounds: Vec::new(),
        };
        for unit in 0..units {
            for lane in 0..BLOCK {
                block.points[unit * BLOCK + lane] = points[rows[lane.min(rows.len() - 1)] * units + unit];
            }
            block.bounds.push(bounds(rows, points, units, unit));
        }
        for y in 0..labels {
            for (lane, row) in rows.iter().enumerate() {
                block.weights[y * BLOCK + lane] = weights[row * labels + y];
            }
            if block.weights[y * BLOCK..(y + 1) * BLOCK].iter().any(|&w| w > 0.0) {
                block.present.push(y);
            }
        }
        block
    }

    /// The least square distance between a point of this block and one of another.
    pub(super) fn gap(&self, other: &Self) -> f64 {
        let between = |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.1).max(b.0 - a.1).max(0.0).powi(2);
        self.bounds.iter().zip(&other.bounds).map(between).sum()
    }

    /// The least square distance between a point of this block and another.
    pub(super) fn gap_to(&self, point: &[f64]) -> f64 {
        let between = |(bound, &value): (&(f64, f64), &f64)| (bound.0 - value).max(value - bound.1).max(0.0).powi(2);
        self.bounds.iter().zip(point).map(between).sum()
    }
}

/// A block's points and weights as registers.
pub(super) struct Registers<'a, S: Simd> {
    /// [units × BLOCK].
    points: &'a [S::f64s],
    /// [labels × BLOCK].
    weights: &'a [S::f64s],
    present: &'a [usize],
}

impl<'a, S: Simd> Registers<'a, S> {
    /// Registers of a feature.
    pub(super) const STRIDE: usize = BLOCK / S::F64_LANES;

    #[inline(always)]
    pub(super) fn new(block: &'a Block) -> Self {
        Self {
            points: S::as_simd_f64s(&block.points).0,
            weights: S::as_simd_f64s(&block.weights).0,
            present: &block.present,
        }
    }

    /// Calls `with` for each register of kernels e^(offset − ‖point − ·‖²) that is in reach, and adds them to `sums`,
    /// weighted, one register for each label.
    #[inline(always)]
    pub(super) fn add_kernels(
        &self,
        simd: S,
        point: &[f64],
        offset: f64,
        reach: f64,
        sums: &mut [S::f64s],
        mut with: impl FnMut(usize, &[S::f64s; GROUP]),
    ) {
        for at in (0..Self::STRIDE).step_by(GROUP) {
            let squares = square_distances(simd, point, self.points, Self::STRIDE, at);
            if least(simd, &squares) > reach {
                continue;
            }
            let mut kernels = squares;
            for kernel in &mut kernels {
                *kernel = exp(simd, simd.sub_f64s(simd.splat_f64s(offset), *kernel));
            }
            for &y in self.present {
                let weights = &self.weights[y * Self::STRIDE + at..][..GROUP];
                for (&weight, &kernel) in weights.iter().zip(&kernels) {
                    sums[y] = simd.mul_add_e_f64s(weight, kernel, sums[y]);
                }
            }
            with(at, &kernels);
        }
    }
}
