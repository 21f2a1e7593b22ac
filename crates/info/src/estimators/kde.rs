//! Kernel-density bounds on the information of T plus isotropic Gaussian noise of variance σ².
//!
//! Kolchinsky & Tracey 2017 (Entropy 19, 361): T + noise is a mixture of Gaussians centred on the t's. With
//! K_ij = exp(−‖t_i − t_j‖²/2σ²) its information about X lies below
//!     −Σ_i p_i ln Σ_j p_j K_ij          (`bound=upper`; the Kullback–Leibler distance between components)
//! and above the same with 8σ² in place of 2σ² (`bound=lower`; the Bhattacharyya distance), in nats. The noise entropy
//! (d/2) ln 2πeσ² is in both the mixture's entropy and its components', and cancels.
//! I(T;Y) = Î(all) − Σ_y p(y) Î(y), where Î(y) is the same over p(x|y): a difference of two bounds, itself no bound.
//! With --x, equal x's are counted as rows of their own; T is taken as a function of X.
//!
//! Rows that repeat are merged first, with their weights, so saturated layers cost little. O(n²) time, O(n) memory; sums run in
//! one order whatever the number of threads.

use std::fmt;

use ndarray::{Array2, ArrayView2, Axis};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::partition::Partition;

/// Points worked on together: their kernels stay in the nearest cache while the features go by.
const CHUNK: usize = 512;

/// Kernel-density bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kde {
    /// Variance σ² of the noise.
    pub variance: f64,
    /// Which of the two bounds.
    pub bound: Bound,
}

/// Which bound on I(X;T).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Kernel exp(−‖·‖²/2σ²).
    Upper,
    /// Kernel exp(−‖·‖²/8σ²).
    Lower,
}

impl Kde {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let variance = settings.take_positive("variance")?.ok_or_else(|| settings.missing("variance=…"))?;
        let bound = match settings.take::<String>("bound")?.as_deref() {
            None | Some("upper") => Bound::Upper,
            Some("lower") => Bound::Lower,
            Some(other) => return Err(settings.value_error("bound", other, "the choices are upper, lower")),
        };
        Ok(Self { variance, bound })
    }

    /// I(X;T) and I(T;Y) in bits.
    fn bits(&self, sample: &Sample) -> Result<(f64, f64), EstimateError> {
        let scale = match self.bound {
            Bound::Upper => 1.0 / (2.0 * self.variance),
            Bound::Lower => 1.0 / (8.0 * self.variance),
        };
        let mixture = Mixture::new(sample.t, sample, scale.sqrt());
        let logs = mixture.log_densities();
        let n_y = sample.joint.n_y();
        // Column 0: all of X; column 1 + y: the x's of label y, weighted by p(x|y).
        let term = |column: usize| {
            (0..mixture.rows())
                .filter(|&i| mixture.weights[[i, column]] > 0.0)
                .map(|i| -mixture.weights[[i, column]] * logs[[i, column]])
                .sum::<f64>()
        };
        let i_xt = term(0);
        let within: f64 = (0..n_y).map(|y| sample.joint.p_y()[y] * term(1 + y)).filter(|bits| !bits.is_nan()).sum();
        if !i_xt.is_finite() || !within.is_finite() {
            return Err(EstimateError::Degenerate {
                what: "the kernel density",
                advice: "choose a variance nearer to the scale of the activations",
            });
        }
        let ln_2 = std::f64::consts::LN_2;
        // Rounding can carry an information of 0 a little below.
        Ok(((i_xt / ln_2).max(0.0), (i_xt - within) / ln_2))
    }
}

/// Distinct rows with their weights under p(x) and under each p(x|y), scaled so that the kernel is exp(−‖·‖²).
struct Mixture {
    /// Scaled rows, one feature after the other, [d × m].
    points: Array2<f64>,
    /// [m × (1 + |Y|)].
    weights: Array2<f64>,
}

impl Mixture {
    fn new(t: ArrayView2<f64>, sample: &Sample, scale: f64) -> Self {
        let same = Partition::of_rows(t);
        let joint = sample.joint;
        let mut weights = Array2::zeros((same.cells(), 1 + joint.n_y()));
        let mut first = vec![usize::MAX; same.cells()];
        for (row, &cell) in same.cell().iter().enumerate() {
            let cell = cell as usize;
            if first[cell] == usize::MAX {
                first[cell] = row;
            }
            let p_x = joint.p_x()[row];
            weights[[cell, 0]] += p_x;
            for y in 0..joint.n_y() {
                let p_y = joint.p_y()[y];
                if p_y > 0.0 {
                    weights[[cell, 1 + y]] += p_x * joint.p_y_given_x()[[row, y]] / p_y;
                }
            }
        }
        let points = t.select(Axis(0), &first).reversed_axes().mapv(|value| value * scale);
        Self { points, weights }
    }

    fn rows(&self) -> usize {
        self.points.ncols()
    }

    /// ln Σ_j w_j K_ij for every point i and every column of weights.
    fn log_densities(&self) -> Array2<f64> {
        let (m, columns) = (self.rows(), self.weights.ncols());
        let by_column: Vec<Vec<f64>> = self.weights.columns().into_iter().map(|column| column.to_vec()).collect();
        let points: Vec<f64> = self.points.iter().copied().collect();
        let logs: Vec<f64> = (0..m)
            .into_par_iter()
            .map_init(
                || vec![0.0; m],
                |kernel, i| {
                    let level = pulp::Arch::new();
                    level.dispatch(Kernel { points: &points, center: i, out: kernel });
                    let log = |weights: &Vec<f64>| level.dispatch(Dot { a: weights, b: kernel }).ln();
                    by_column.iter().map(log).collect::<Vec<f64>>()
                },
            )
            .flatten_iter()
            .collect();
        Array2::from_shape_fn((m, columns), |(i, column)| logs[i * columns + column])
    }
}

/// out[j] = exp(−Σ_f (points[f, j] − points[f, center])²).
struct Kernel<'a> {
    points: &'a [f64],
    center: usize,
    out: &'a mut [f64],
}

impl WithSimd for Kernel<'_> {
    type Output = ();

    // Plain loops of one length: the compiler vectorises them at the level of the dispatch.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let m = self.out.len();
        for (chunk, out) in self.out.chunks_mut(CHUNK).enumerate() {
            out.fill(0.0);
            let (first, count) = (chunk * CHUNK, out.len());
            for column in self.points.chunks_exact(m) {
                let center = column[self.center];
                for (sum, &value) in out.iter_mut().zip(&column[first..first + count]) {
                    let d = value - center;
                    *sum = d.mul_add(d, *sum);
                }
            }
            for value in out.iter_mut() {
                *value = exp_minus(*value);
            }
        }
    }
}

/// e⁻ˣ for x ≥ 0, to about one unit in the last place: e⁻ˣ = 2ⁿ·eʳ with |r| ≤ ½ ln 2, eʳ by its Taylor polynomial of degree 13.
/// 0 beyond 708.
#[inline(always)]
fn exp_minus(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // Adding 1.5·2⁵² rounds to the nearest whole number and leaves it in the low bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let limited = if x > 708.0 { -708.0 } else { -x };
    let shifted = limited.mul_add(std::f64::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, limited));
    // Pairs, then pairs of pairs (Estrin's scheme): a chain of fourteen would wait on itself.
    let pair = |low: f64, high: f64| r.mul_add(high, low);
    let square = r * r;
    let fourth = square * square;
    let low = square.mul_add(pair(0.5, 1.0 / 6.0), pair(1.0, 1.0));
    let middle = square.mul_add(pair(1.0 / 720.0, 1.0 / 5_040.0), pair(1.0 / 24.0, 1.0 / 120.0));
    let high = square.mul_add(pair(1.0 / 3_628_800.0, 1.0 / 39_916_800.0), pair(1.0 / 40_320.0, 1.0 / 362_880.0));
    let highest = pair(1.0 / 479_001_600.0, 1.0 / 6_227_020_800.0);
    let p = fourth.mul_add(fourth.mul_add(fourth.mul_add(highest, high), middle), low);
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    if x > 708.0 { 0.0 } else { p * power }
}

/// Σ a·b.
struct Dot<'a> {
    a: &'a [f64],
    b: &'a [f64],
}

impl WithSimd for Dot<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let ((a, a_tail), (b, b_tail)) = (S::as_simd_f64s(self.a), S::as_simd_f64s(self.b));
        let mut sum = simd.splat_f64s(0.0);
        for (a, b) in a.iter().zip(b) {
            sum = simd.mul_add_e_f64s(*a, *b, sum);
        }
        simd.reduce_sum_f64s(sum) + a_tail.iter().zip(b_tail).map(|(a, b)| a * b).sum::<f64>()
    }
}

impl Estimator for Kde {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let (i_xt, i_ty) = self.bits(sample)?;
        let mut i_xt = Estimate::point(i_xt);
        match self.bound {
            Bound::Upper => i_xt.upper = Some(i_xt.bits),
            Bound::Lower => i_xt.lower = Some(i_xt.bits),
        }
        Ok(Information { i_xt, i_ty: Estimate::point(i_ty) })
    }
}

impl fmt::Display for Kde {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self.bound {
            Bound::Upper => "upper",
            Bound::Lower => "lower",
        };
        write!(f, "variance={},bound={bound}", self.variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    /// The formula as it stands in the paper, without tricks.
    fn by_the_book(t: &Array2<f64>, rows: &[usize], scale: f64) -> f64 {
        let n = rows.len() as f64;
        let distance = |i: usize, j: usize| (&t.row(i) - &t.row(j)).mapv(|d| d * d).sum();
        let density = |i: usize| rows.iter().map(|&j| (-distance(i, j) / scale).exp()).sum::<f64>() / n;
        -rows.iter().map(|&i| density(i).ln()).sum::<f64>() / n / std::f64::consts::LN_2
    }

    #[test]
    fn agrees_with_the_formula_to_a_billionth_of_a_bit_repeated_rows_included() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let n = 203;
        let mut t = Array2::from_shape_simple_fn((n, 3), || rng.random_range(-1.0..1.0));
        for row in 0..50 {
            let copy = t.row(row % 7).to_owned();
            t.row_mut(100 + row).assign(&copy);
        }
        let labels: Vec<f64> = (0..n).map(|_| f64::from(rng.random_range(0..2))).collect();
        let joint = JointDistribution::uniform_binary(&labels).unwrap();
        let sample = Sample::new(t.view(), &joint).unwrap();
        for variance in [1e-4, 1e-2, 0.1, 10.0] {
            for (bound, factor) in [(Bound::Upper, 2.0), (Bound::Lower, 8.0)] {
                let got = Kde { variance, bound }.estimate(&sample).unwrap();
                let of = |y: f64| (0..n).filter(|&i| labels[i] == y).collect::<Vec<_>>();
                let all = by_the_book(&t, &(0..n).collect::<Vec<_>>(), factor * variance);
                let within: f64 = [0.0, 1.0]
                    .map(|y| of(y).len() as f64 / n as f64 * by_the_book(&t, &of(y), factor * variance))
                    .iter()
                    .sum();
                approx::assert_abs_diff_eq!(got.i_xt.bits, all, epsilon = 1e-11);
                approx::assert_abs_diff_eq!(got.i_ty.bits, all - within, epsilon = 1e-11);
            }
        }
    }

    #[test]
    fn the_exponential_is_good_to_two_units_in_the_last_place() {
        for i in 0..100_000 {
            let x = 707.0 * f64::from(i) / 100_000.0;
            assert!((exp_minus(x) / (-x).exp() - 1.0).abs() < 2.0 * f64::EPSILON, "exp(-{x})");
        }
        assert_eq!((exp_minus(0.0), exp_minus(1e9)), (1.0, 0.0));
    }

    #[test]
    fn far_apart_points_are_all_told_apart_and_equal_ones_not_at_all() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 0.0, 1.0]).unwrap();
        let far = ndarray::array![[0.0], [100.0], [200.0], [300.0]];
        let kde = Kde { variance: 1e-3, bound: Bound::Upper };
        let information = kde.estimate(&Sample::new(far.view(), &joint).unwrap()).unwrap();
        approx::assert_abs_diff_eq!(information.i_xt.bits, 2.0, epsilon = 1e-14);
        let same = ndarray::array![[7.0], [7.0], [7.0], [7.0]];
        assert_eq!(kde.estimate(&Sample::new(same.view(), &joint).unwrap()).unwrap().i_xt.bits, 0.0);
    }
}
