//! Matrix-based Rényi information: entropies from the eigenvalues of kernel matrices, no densities.
//!
//! Giraldo, Rao & Príncipe 2015 (arXiv 1211.2459): with a Gaussian kernel matrix K of n rows and A = K/n (trace 1),
//! S_α(A) = 1/(1 − α) log₂ tr A^α. Joint: the entrywise product, S_α(A, B) = S_α(n A∘B); and Î = S(A) + S(B) − S(A, B)
//! (Yu et al. 2019, arXiv 1808.07912). α = 1.01 stands for Shannon's.
//!
//! What it says is driven by the kernel's width σ in exp(−‖·‖²/2σ²). `width=σ` gives it; otherwise that of Wickstrøm et al.
//! 2019 (arXiv 1909.11396): of 75 widths between 0.1 and 10 times the mean distance of the rows, the one whose kernel is best
//! aligned with the labels', ⟨K, K_Y⟩/‖K‖‖K_Y‖. Without labels (a pair of samples) the mean distance itself. Labels have
//! the kernel 1[y = y′]; without --x, rows are inputs of their own, and so is K_X the identity.
//!
//! It is no estimate of Shannon's information of the variables: it saturates at log₂ n, and for wide kernels goes to 0.
//! O(n³), so at most `rows` rows are used, drawn at random: I(X;T) and I(T;Y) are then those of so many.

use std::fmt;

use nalgebra::DMatrix;
use ndarray::{Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::index::sample as draw;
use rayon::prelude::*;

use super::ksg::check_pair;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};

/// Widths tried.
const WIDTHS: usize = 75;

/// Entropies of order α of kernel matrices.
///
/// # Example
/// ```
/// use infoplane_info::estimators::renyi::Renyi;
/// use infoplane_info::Estimator;
/// use ndarray::Array2;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
/// use rand_distr::{Distribution, StandardNormal};
///
/// // 1000 pairs of correlation 0.8: I = −½ log₂(1 − 0.64) = 0.737 bits.
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
/// let a = Array2::from_shape_simple_fn((1000, 1), &mut normal);
/// let b = a.mapv(|a| 0.8 * a + 0.6 * normal());
/// let of = |width| Renyi { alpha: 1.01, width: Some(width), rows: 200 }.pair(a.view(), b.view());
/// // What it says depends on the kernel.
/// assert!(of(0.2)?.bits > 2.0 * of(2.0)?.bits);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Renyi {
    /// Order.
    pub alpha: f64,
    /// Kernel width, if given.
    pub width: Option<f64>,
    /// Rows used at most.
    pub rows: usize,
}

impl Renyi {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let alpha = settings.take_positive("alpha")?.unwrap_or(1.01);
        if (alpha - 1.0).abs() < 1e-6 {
            return Err(settings.value_error("alpha", &alpha.to_string(), "is undefined at 1; take 1.01"));
        }
        let width = settings.take_positive("width")?;
        Ok(Self { alpha, width, rows: settings.take_count("rows", 2)?.unwrap_or(500) })
    }

    /// Which rows are used.
    fn drawn(&self, n: usize) -> Vec<usize> {
        if n <= self.rows {
            return (0..n).collect();
        }
        let mut drawn = draw(&mut ChaCha8Rng::seed_from_u64(0), n, self.rows).into_vec();
        drawn.sort_unstable();
        drawn
    }

    /// The kernel of a sample, its width as given, or aligned with the labels' kernel, or the mean distance.
    fn kernel(&self, sample: ArrayView2<f64>, labels: Option<&DMatrix<f64>>) -> DMatrix<f64> {
        let squares = square_distances(sample);
        let of = |width: f64| squares.map(|square| (-0.5 * square / (width * width)).exp());
        let n = squares.nrows() as f64;
        let mean = squares.iter().map(|square| square.sqrt()).sum::<f64>() / (n * (n - 1.0));
        if mean == 0.0 {
            // All rows alike, at any width.
            return of(1.0);
        }
        let width = match (self.width, labels) {
            (Some(width), _) => width,
            (None, None) => mean,
            (None, Some(labels)) => {
                let candidates = (0..WIDTHS).map(|i| mean * (0.1 + 9.9 * i as f64 / (WIDTHS - 1) as f64));
                let candidates: Vec<f64> = candidates.collect();
                let alignments: Vec<f64> = candidates.par_iter().map(|&width| alignment(&of(width), labels)).collect();
                let best = (0..WIDTHS).fold(0, |best, i| if alignments[i] > alignments[best] { i } else { best });
                candidates[best]
            }
        };
        of(width)
    }

    /// S_α of K/n in bits.
    ///
    /// # Errors
    /// If an order is so high that nothing is left of the eigenvalues' powers.
    fn entropy(&self, kernel: &DMatrix<f64>) -> Result<f64, EstimateError> {
        let n = kernel.nrows() as f64;
        let eigenvalues = kernel.clone().symmetric_eigenvalues();
        let trace: f64 = eigenvalues.iter().map(|value| (value / n).max(0.0).powf(self.alpha)).sum();
        Some(trace.log2() / (1.0 - self.alpha)).filter(|bits| bits.is_finite()).ok_or(EstimateError::Degenerate {
            what: "the entropy of the kernel's eigenvalues",
            advice: "take an alpha nearer to 1",
        })
    }

    fn information(&self, a: &DMatrix<f64>, b: &DMatrix<f64>) -> Result<f64, EstimateError> {
        Ok(self.entropy(a)? + self.entropy(b)? - self.entropy(&a.component_mul(b))?)
    }
}

/// ‖t_i − t_j‖², [n × n].
fn square_distances(sample: ArrayView2<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(sample.nrows(), sample.nrows(), |i, j| {
        sample.row(i).iter().zip(sample.row(j)).map(|(a, b)| (a - b).powi(2)).sum()
    })
}

/// Cosine of the angle between two matrices.
fn alignment(a: &DMatrix<f64>, b: &DMatrix<f64>) -> f64 {
    a.dot(b) / (a.norm() * b.norm())
}

impl Estimator for Renyi {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let (labels, drawn) = (sample.labels()?, self.drawn(sample.t.nrows()));
        check_pair(sample.t, sample.t, 1)?;
        let rows = |values: ArrayView2<f64>| -> Array2<f64> { values.select(Axis(0), &drawn) };
        let n = drawn.len();
        let same = |i: usize, j: usize| f64::from(u8::from(labels[drawn[i]] == labels[drawn[j]]));
        let of_labels = DMatrix::from_fn(n, n, same);
        let of_t = self.kernel(rows(sample.t).view(), Some(&of_labels));
        let i_xt = match sample.inputs {
            Some(x) => self.information(&self.kernel(rows(x).view(), Some(&of_labels)), &of_t)?,
            None => self.entropy(&of_t)?,
        };
        Ok(Information { i_xt: Estimate::point(i_xt), i_ty: Estimate::point(self.information(&of_t, &of_labels)?) })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, 1)?;
        let drawn = self.drawn(a.nrows());
        let kernel = |sample: ArrayView2<f64>| self.kernel(sample.select(Axis(0), &drawn).view(), None);
        Ok(Estimate::point(self.information(&kernel(a), &kernel(b))?))
    }
}

impl fmt::Display for Renyi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alpha={}", self.alpha)?;
        self.width.map_or(Ok(()), |width| write!(f, ",width={width}"))?;
        write!(f, ",rows={}", self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::array;

    fn renyi(alpha: f64, width: f64) -> Renyi {
        Renyi { alpha, width: Some(width), rows: 500 }
    }

    #[test]
    fn far_clusters_are_their_partition_and_a_wide_kernel_sees_nothing() {
        // Two far pairs of equal rows: A has eigenvalues ½, ½; any order gives 1 bit.
        let t = array![[0.0], [0.0], [90.0], [90.0]];
        let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0]).unwrap();
        let sample = Sample::new(t.view(), &joint).unwrap();
        for alpha in [0.5, 1.01, 2.0] {
            let information = renyi(alpha, 1.0).estimate(&sample).unwrap();
            approx::assert_abs_diff_eq!(information.i_xt.bits, 1.0, epsilon = 1e-10);
            approx::assert_abs_diff_eq!(information.i_ty.bits, 1.0, epsilon = 1e-10);
        }
        assert!(renyi(1.01, 1e6).estimate(&sample).unwrap().i_xt.bits.abs() < 1e-5);
    }

    #[test]
    fn order_two_is_the_sum_of_squares_and_two_points_have_their_closed_form() {
        // Eigenvalues of [1 k; k 1]/2 are (1 ± k)/2.
        let t = array![[0.0], [1.0]];
        let k = (-0.5_f64).exp();
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0]).unwrap();
        let got = renyi(2.0, 1.0).estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        approx::assert_abs_diff_eq!(got.i_xt.bits, -(0.5 * (1.0 + k * k)).log2(), epsilon = 1e-12);
    }

    #[test]
    fn one_row_and_an_order_that_leaves_nothing_are_refused() {
        let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0]).unwrap();
        let t = array![[0.0], [1.0], [2.0], [3.0]];
        assert!(renyi(1e5, 1.0).estimate(&Sample::new(t.view(), &joint).unwrap()).is_err());
        let alone = JointDistribution::uniform_binary(&[0.0]).unwrap();
        assert!(renyi(2.0, 1.0).estimate(&Sample::new(array![[1.0]].view(), &alone).unwrap()).is_err());
    }

    #[test]
    fn the_aligned_width_tells_the_labels_apart() {
        let t = Array2::from_shape_fn((40, 1), |(i, _)| if i < 20 { i as f64 * 0.01 } else { 3.0 + i as f64 * 0.01 });
        let labels: Vec<f64> = (0..40).map(|i| f64::from(u8::from(i >= 20))).collect();
        let joint = JointDistribution::uniform_binary(&labels).unwrap();
        let sample = Sample::new(t.view(), &joint).unwrap();
        let information = Renyi { alpha: 1.01, width: None, rows: 500 }.estimate(&sample).unwrap();
        assert!(information.i_ty.bits > 0.95, "{information:?}");
        let few = Renyi { alpha: 1.01, width: None, rows: 10 };
        assert!(few.estimate(&sample).unwrap().i_xt.bits <= 10_f64.log2());
    }
}
