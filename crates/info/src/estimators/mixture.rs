//! A mixture of Gaussians centred on the rows of a layer, Σ_x p(x|y) e^−‖q − t(x)‖² for every label y, computed fast.
//!
//! What [`super::kde`] sums at the rows themselves and [`super::noisy`] at noisy draws of them. Three things make it fast, and
//! none of them changes the result by more than 10⁻¹² bits:
//! - rows that repeat are merged, with their weights;
//! - rows are put in blocks near one another in space (recursive median splits along the widest unit, [`super::blocks`]), and
//!   a block out of reach of a point, or of another block, is passed over;
//! - at the rows themselves each pair's kernel is computed once, for both.
//!
//! *Why passing over is exact.* The density at row i holds its own kernel, e⁰, with its weight w_i; what is passed over there is
//! at most δ = Σ_j w_j e^−reach ≤ e^−reach. Its share in −Σ_i w_i ln D_i is at most Σ_i w_i δ/w_i = n e^−reach, and the reach is
//! chosen as [`MARGIN`] + ln n: together under e^−[`MARGIN`] < 10⁻¹² nats, whatever the variance and the data.
//!
//! O(n²) time at worst, O(n) memory; sums run in one order whatever the number of threads.

use ndarray::{ArrayView2, Axis};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::blocks::{BLOCK, Block, Registers, put_near};
use super::gaussian_kernel::GROUP;
use crate::distribution::JointDistribution;
use crate::partition::Partition;
use crate::simd::run;

/// Parts into which the pairs of blocks are cut, each with its own sums: a fixed number, so that threads change nothing.
const PARTS: usize = 16;
/// ln of what all that is passed over may come to, in nats.
const MARGIN: f64 = 28.0;

/// Distinct rows with their weights p(x|y).
#[derive(Debug)]
pub(super) struct Mixture {
    units: usize,
    labels: usize,
    rows: usize,
    blocks: Vec<Block>,
}

/// Densities at each distinct row, block by block.
#[derive(Debug)]
pub(super) struct Densities<'a> {
    mixture: &'a Mixture,
    /// [blocks × labels × BLOCK].
    values: Vec<f64>,
}

impl Mixture {
    /// Of rows t [n × d], multiplied by `scale`.
    pub(super) fn new(t: ArrayView2<f64>, joint: &JointDistribution, scale: f64) -> Self {
        let same = Partition::of_rows(t);
        let (units, labels, rows) = (t.ncols(), joint.n_y(), same.cells());
        let mut first = vec![usize::MAX; rows];
        let mut weights = vec![0.0; rows * labels];
        for (row, &cell) in same.cell().iter().enumerate() {
            let cell = cell as usize;
            if first[cell] == usize::MAX {
                first[cell] = row;
            }
            for (y, p) in joint.entries(row).filter(|&(y, _)| joint.p_y()[y] > 0.0) {
                weights[cell * labels + y] += joint.p_x()[row] * p / joint.p_y()[y];
            }
        }
        let points: Vec<f64> = t.select(Axis(0), &first).iter().map(|value| value * scale).collect();
        let mut order: Vec<usize> = (0..rows).collect();
        put_near(&mut order, &points, units);
        let blocks = order.chunks(BLOCK).map(|rows| Block::new(rows, &points, units, &weights, labels)).collect();
        Self { units, labels, rows, blocks }
    }

    /// Σ_x p(x|y) e^−‖t_i − t(x)‖² for every distinct row t_i and label y; nothing is lost (see above).
    pub(super) fn at_its_rows(&self) -> Densities<'_> {
        let reach = MARGIN + (self.rows as f64).ln();
        let parts: Vec<Vec<f64>> = (0..PARTS.min(self.blocks.len()))
            .into_par_iter()
            .map(|part| run(PairsOfBlocks { mixture: self, part, reach }))
            .collect();
        let mut parts = parts.into_iter();
        let mut values = parts.next().unwrap_or_default();
        for part in parts {
            values.iter_mut().zip(&part).for_each(|(sum, value)| *sum += value);
        }
        Densities { mixture: self, values }
    }

    /// Σ_x p(x|y) e^(offset − ‖point − t(x)‖²) for each label y, into `out`. Passes over kernels below
    /// e^−[`MARGIN`]·`least`: at most that share of a density that holds a term of size `least` or more.
    pub(super) fn densities_at(&self, point: &[f64], offset: f64, least: f64, out: &mut [f64]) {
        run(AtPoint { mixture: self, point, offset, reach: offset + MARGIN - least.ln(), out });
    }

    fn floats_of_a_block(&self) -> usize {
        self.labels * BLOCK
    }
}

impl Densities<'_> {
    /// −Σ_x p(x|y) ln density of y at t(x), in nats, for each y.
    pub(super) fn cross_entropy_of_labels(&self) -> Vec<f64> {
        (0..self.mixture.labels)
            .map(|y| {
                self.sum(|weights, densities| {
                    weights[y * BLOCK..]
                        .iter()
                        .zip(&densities[y * BLOCK..])
                        .take(BLOCK)
                        .filter(|(w, _)| **w > 0.0)
                        .map(|(w, density)| -w * density.ln())
                        .sum()
                })
            })
            .collect()
    }

    /// −Σ_x p(x) ln Σ_y p(y) density of y at t(x), in nats.
    pub(super) fn cross_entropy(&self, p_y: &[f64]) -> f64 {
        let mixed = |values: &[f64], lane: usize| {
            p_y.iter().enumerate().map(|(y, p)| p * values[y * BLOCK + lane]).sum::<f64>()
        };
        self.sum(|weights, densities| {
            (0..BLOCK)
                .map(|lane| (mixed(weights, lane), lane))
                .filter(|(w, _)| *w > 0.0)
                .map(|(w, lane)| -w * mixed(densities, lane).ln())
                .sum()
        })
    }

    /// The sum over blocks of something of their weights and densities, each [labels × BLOCK].
    fn sum(&self, of_block: impl Fn(&[f64], &[f64]) -> f64) -> f64 {
        let densities = self.values.chunks_exact(self.mixture.floats_of_a_block());
        self.mixture.blocks.iter().zip(densities).map(|(block, densities)| of_block(&block.weights, densities)).sum()
    }
}

/// The densities that one part of the pairs of blocks adds up to, [blocks × labels × BLOCK].
struct PairsOfBlocks<'a> {
    mixture: &'a Mixture,
    part: usize,
    reach: f64,
}

impl WithSimd for PairsOfBlocks<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let Mixture { units, labels, ref blocks, .. } = *self.mixture;
        let size = self.mixture.floats_of_a_block();
        let mut sums = vec![0.0; blocks.len() * size];
        let mut point = vec![0.0; units];
        let mut of_row = vec![simd.splat_f64s(0.0); labels];
        for a in (self.part..blocks.len()).step_by(PARTS) {
            let block = &blocks[a];
            for (b, other) in blocks.iter().enumerate().skip(a) {
                if block.gap(other) > self.reach {
                    continue;
                }
                let registers = Registers::<S>::new(other);
                for row in 0..BLOCK {
                    for (unit, value) in point.iter_mut().enumerate() {
                        *value = block.points[unit * BLOCK + row];
                    }
                    if other.gap_to(&point) > self.reach {
                        continue;
                    }
                    of_row.fill(simd.splat_f64s(0.0));
                    let of_other = S::as_mut_simd_f64s(&mut sums[b * size..(b + 1) * size]).0;
                    registers.add_kernels(simd, &point, 0.0, self.reach, &mut of_row, |at, kernels| {
                        if a == b {
                            return;
                        }
                        for &y in &block.present {
                            let weight = simd.splat_f64s(block.weights[y * BLOCK + row]);
                            let sums = &mut of_other[y * Registers::<S>::STRIDE + at..][..GROUP];
                            for (sum, &kernel) in sums.iter_mut().zip(kernels) {
                                *sum = simd.mul_add_e_f64s(weight, kernel, *sum);
                            }
                        }
                    });
                    for &y in &other.present {
                        sums[a * size + y * BLOCK + row] += simd.reduce_sum_f64s(of_row[y]);
                    }
                }
            }
        }
        sums
    }
}

/// Densities at one point.
struct AtPoint<'a> {
    mixture: &'a Mixture,
    point: &'a [f64],
    offset: f64,
    reach: f64,
    out: &'a mut [f64],
}

impl WithSimd for AtPoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut sums = vec![simd.splat_f64s(0.0); self.mixture.labels];
        for block in &self.mixture.blocks {
            if block.gap_to(self.point) <= self.reach {
                let registers = Registers::<S>::new(block);
                registers.add_kernels(simd, self.point, self.offset, self.reach, &mut sums, |_, _| {});
            }
        }
        for (out, sum) in self.out.iter_mut().zip(sums) {
            *out = simd.reduce_sum_f64s(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    /// 500 rows of 3 units, soft labels; spread over 10 lengths, so that many blocks are out of reach of one another.
    fn layer() -> (Array2<f64>, JointDistribution) {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let t = Array2::from_shape_simple_fn((500, 3), || rng.random_range(-10.0..10.0));
        let p: Vec<f64> = (0..500).map(|_| rng.random_range(0.0..1.0)).collect();
        (t, JointDistribution::uniform_binary(&p).unwrap())
    }

    #[test]
    fn what_is_passed_over_is_nothing_that_matters() {
        let (t, joint) = layer();
        for scale in [0.1, 1.0, 10.0] {
            let mixture = Mixture::new(t.view(), &joint, scale);
            let square =
                |i: usize, j: usize| (0..3).map(|unit| (scale * (t[[i, unit]] - t[[j, unit]])).powi(2)).sum::<f64>();
            let density = |i: usize, weight: &dyn Fn(usize) -> f64| {
                (0..500).map(|j| weight(j) * (-square(i, j)).exp()).sum::<f64>()
            };
            let expected: f64 = (0..500).map(|i| -density(i, &|_| 0.002).ln() * 0.002).sum();
            let densities = mixture.at_its_rows();
            approx::assert_abs_diff_eq!(densities.cross_entropy(&joint.p_y().to_vec()), expected, epsilon = 1e-11);
            let of_one = |j: usize| joint.p_x()[j] * joint.p(j, 1) / joint.p_y()[1];
            let expected: f64 = (0..500).map(|i| -of_one(i) * density(i, &of_one).ln()).sum();
            approx::assert_abs_diff_eq!(densities.cross_entropy_of_labels()[1], expected, epsilon = 1e-11);
            let mut out = [0.0; 2];
            mixture.densities_at(&[scale * t[[7, 0]], scale * t[[7, 1]], scale * t[[7, 2]]], 1.5, 0.002, &mut out);
            approx::assert_relative_eq!(out[1], 1.5_f64.exp() * density(7, &of_one), max_relative = 1e-11);
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let (t, joint) = layer();
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| Mixture::new(t.view(), &joint, 0.3).at_its_rows().cross_entropy_of_labels())
        };
        assert_eq!(with(1), with(3));
    }
}
