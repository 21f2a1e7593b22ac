//! Bounds on the information of labels and a layer that is Gaussian within each class: a mixture of as many Gaussians as classes.
//!
//! Kolchinsky & Tracey 2017 (Entropy 19, 361, eqs. 10–12): with weights p_k and components N(μ_k, Σ_k),
//! I = −Σ_k p_k ln Σ_j p_j e^{−D(k‖j)} bounds I(T;Y) in nats
//! - from above with D the Kullback–Leibler divergence ½[tr Σ_j⁻¹Σ_k + δᵀΣ_j⁻¹δ − d + ln |Σ_j|/|Σ_k|] (`bound=upper`),
//! - from below with the Bhattacharyya distance ⅛ δᵀΣ̄⁻¹δ + ½ ln |Σ̄|/√(|Σ_k||Σ_j|), Σ̄ = (Σ_k + Σ_j)/2 (`bound=lower`).
//!
//! Means and covariances are the classes' own, so each class needs more rows than there are columns. Bounds only where classes
//! are Gaussian. ([`super::kde`] is the same with one narrow Gaussian around every row.) I(X;T) is infinite: T is continuous,
//! and a function of X. Of two samples, the one whose rows repeat is the labels.

use std::fmt;

use nalgebra::{DMatrix, DVector};
use ndarray::ArrayView2;
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

use super::kde::Bound;
use super::ksg::check_pair;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::partition::Partition;

/// One Gaussian for each class.
///
/// # Example
/// ```
/// use infoplane_info::estimators::gaussian_mixture::GaussianMixture;
/// use infoplane_info::estimators::kde::Bound;
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// // Two classes far apart: I(T;Y) is one bit.
/// let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0])?;
/// let layer = array![[0.0], [0.1], [0.2], [50.0], [50.1], [50.2]];
/// let information = GaussianMixture { bound: Bound::Lower }.estimate(&Sample::new(layer.view(), &joint)?)?;
/// assert!((information.i_ty.bits - 1.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GaussianMixture {
    /// Which of the two bounds.
    pub bound: Bound,
}

struct Component {
    weight: f64,
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
    inverse: DMatrix<f64>,
    ln_det: f64,
}

impl GaussianMixture {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self { bound: Bound::from_settings(settings)? })
    }

    fn bits(self, t: ArrayView2<f64>, classes: &Partition) -> Result<f64, EstimateError> {
        let components: Vec<Component> =
            (0..classes.cells() as u32).map(|class| component(t, classes, class)).collect::<Result<_, _>>()?;
        let mut nats = 0.0;
        for k in &components {
            let mut sum = 0.0;
            for j in &components {
                sum += j.weight * (-self.distance(k, j)?).exp();
            }
            nats -= k.weight * sum.ln();
        }
        Ok(nats / std::f64::consts::LN_2)
    }

    fn distance(self, k: &Component, j: &Component) -> Result<f64, EstimateError> {
        let apart = &k.mean - &j.mean;
        match self.bound {
            Bound::Upper => {
                let spread = (&j.inverse * &k.covariance).trace() - apart.len() as f64;
                Ok(0.5 * (spread + apart.dot(&(&j.inverse * &apart)) + j.ln_det - k.ln_det))
            }
            Bound::Lower => {
                let (inverse, ln_det) = invert((&k.covariance + &j.covariance) / 2.0)?;
                Ok(0.125 * apart.dot(&(inverse * &apart)) + 0.5 * (ln_det - f64::midpoint(k.ln_det, j.ln_det)))
            }
        }
    }
}

/// What speaks against classes being Gaussian, in words: the class and Mardia's test (1970, Biometrika 57, 519) that reject it most,
/// where that is beyond chance over all classes and both tests; none if nothing does.
///
/// Rows of a class beyond the first thousand are left out. Few rows reject little.
///
/// # Errors
/// If labels are not certain, or a class has too few rows for a covariance.
pub fn against_gaussian_classes(sample: &Sample) -> Result<Option<String>, EstimateError> {
    let labels = sample.labels()?;
    let mut worst: Option<(f64, String)> = None;
    let mut classes = 0;
    for class in 0..sample.joint.n_y() {
        let rows: Vec<usize> = (0..labels.len()).filter(|&row| labels[row] == class).take(MOST_TESTED).collect();
        if rows.is_empty() {
            continue;
        }
        classes += 1;
        for (what, p_value) in mardia(sample.t, &rows)? {
            if worst.as_ref().is_none_or(|(least, _)| p_value < *least) {
                let (n, p) =
                    (rows.len(), if p_value < 1e-4 { "< 0.0001".to_owned() } else { format!("= {p_value:.4}") });
                worst = Some((p_value, format!("Mardia's test of {what} on {n} rows of a class, p {p}")));
            }
        }
    }
    Ok(worst.filter(|(p_value, _)| *p_value * f64::from(2 * classes) < REJECTED).map(|(_, why)| why))
}

/// Rows of a class that are tested: pairs of them are compared.
const MOST_TESTED: usize = 1000;
/// Chance that Gaussian classes are rejected.
const REJECTED: f64 = 0.001;

/// The p-values of multivariate skewness, Σ_ij (z_i·z_j)³/n² (χ²), and kurtosis, Σ_i |z_i|⁴/n (Gaussian), z the whitened rows.
fn mardia(t: ArrayView2<f64>, rows: &[usize]) -> Result<[(&'static str, f64); 2], EstimateError> {
    let (n, d) = (rows.len() as f64, t.ncols() as f64);
    let mean = DVector::from_fn(t.ncols(), |column, _| rows.iter().map(|&row| t[[row, column]]).sum::<f64>() / n);
    let centred = DMatrix::from_fn(t.ncols(), rows.len(), |column, row| t[[rows[row], column]] - mean[column]);
    let covariance = &centred * centred.transpose() / n;
    let cholesky = covariance.cholesky().ok_or(SINGULAR)?;
    let white = cholesky.l().solve_lower_triangular(&centred).ok_or(SINGULAR)?;
    let products = white.transpose() * &white;
    let skewness = products.iter().map(|product| product.powi(3)).sum::<f64>() / (n * n);
    let kurtosis = products.diagonal().iter().map(|square| square * square).sum::<f64>() / n;
    let degrees = d * (d + 1.0) * (d + 2.0) / 6.0;
    let chi = ChiSquared::new(degrees).map_or(1.0, |chi| chi.sf(n * skewness / 6.0));
    let off = (kurtosis - d * (d + 2.0) * (n - 1.0) / (n + 1.0)) / (8.0 * d * (d + 2.0) / n).sqrt();
    Ok([("skewness", chi), ("kurtosis", 2.0 * Normal::standard().sf(off.abs()))])
}

const SINGULAR: EstimateError = EstimateError::Degenerate {
    what: "the covariance of a class",
    advice: "every class needs more rows than there are columns, and no column may be constant in it",
};

/// Σ⁻¹ and ln |Σ|.
fn invert(covariance: DMatrix<f64>) -> Result<(DMatrix<f64>, f64), EstimateError> {
    let cholesky = covariance.cholesky().ok_or(SINGULAR)?;
    let ln_det = 2.0 * cholesky.l_dirty().diagonal().iter().map(|v| v.ln()).sum::<f64>();
    Ok((cholesky.inverse(), ln_det))
}

fn component(t: ArrayView2<f64>, classes: &Partition, class: u32) -> Result<Component, EstimateError> {
    let rows: Vec<usize> = (0..t.nrows()).filter(|&row| classes.cell()[row] == class).collect();
    let (n, d) = (rows.len() as f64, t.ncols());
    let mean = DVector::from_fn(d, |column, _| rows.iter().map(|&row| t[[row, column]]).sum::<f64>() / n);
    let centred = DMatrix::from_fn(rows.len(), d, |row, column| t[[rows[row], column]] - mean[column]);
    let covariance = centred.transpose() * &centred / (n - 1.0).max(1.0);
    let (inverse, ln_det) = invert(covariance.clone())?;
    Ok(Component { weight: n / t.nrows() as f64, mean, covariance, inverse, ln_det })
}

impl Estimator for GaussianMixture {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels: Vec<u64> = sample.labels()?.into_iter().map(|label| label as u64).collect();
        let bits = self.bits(sample.t, &Partition::from_labels(&labels))?;
        Ok(Information { i_xt: sample.of_function(|_| Ok(Estimate::infinite()))?, i_ty: self.bound.of(bits) })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, 1)?;
        let (of_a, of_b) = (Partition::of_rows(a), Partition::of_rows(b));
        let bits = if of_a.cells() <= of_b.cells() { self.bits(b, &of_a)? } else { self.bits(a, &of_b)? };
        Ok(self.bound.of(bits))
    }
}

impl fmt::Display for GaussianMixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bound={}", self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn two_classes_of_equal_variance_have_their_closed_form() {
        // Variance 2 each (of n − 1), means 0 and 4: KL = 16/(2·2) = 4 nats, Bhattacharyya 16/(8·2) = 1.
        let (a, b) = (array![[0.0], [0.0], [1.0], [1.0]], array![[-1.0], [1.0], [3.0], [5.0]]);
        for (bound, distance) in [(Bound::Upper, 4.0_f64), (Bound::Lower, 1.0)] {
            let closed = -(0.5 + 0.5 * (-distance).exp()).log2();
            let mixture = GaussianMixture { bound };
            approx::assert_abs_diff_eq!(mixture.pair(a.view(), b.view()).unwrap().bits, closed, epsilon = 1e-12);
            approx::assert_abs_diff_eq!(mixture.pair(b.view(), a.view()).unwrap().bits, closed, epsilon = 1e-12);
        }
    }

    #[test]
    fn classes_that_are_not_gaussian_are_told_from_those_that_are() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let joint = crate::JointDistribution::uniform_binary(&[0.0, 1.0].repeat(150)).unwrap();
        let mut rejected = 0;
        for _ in 0..20 {
            let t = Array2::from_shape_fn((300, 3), |(row, _)| {
                let e: f64 = StandardNormal.sample(&mut rng);
                e + (row % 2) as f64
            });
            let of = |t: &Array2<f64>| against_gaussian_classes(&Sample::new(t.view(), &joint).unwrap()).unwrap();
            rejected += usize::from(of(&t).is_some());
            assert!(of(&t.mapv(|v| (3.0 * v).tanh())).unwrap().contains("Mardia"));
            assert!(of(&t.mapv(f64::exp)).is_some());
        }
        assert!(rejected <= 2, "{rejected} of 20 Gaussian layers");
    }

    #[test]
    fn the_truth_of_gaussian_classes_lies_between_and_singular_ones_are_refused() {
        // A sign in noise of σ = 1: 0.4860 bits by quadrature.
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let a = Array2::from_shape_fn((20_000, 1), |(row, _)| if row % 2 == 0 { 1.0 } else { -1.0 });
        let b = a.mapv(|a| {
            a + {
                let e: f64 = StandardNormal.sample(&mut rng);
                e
            }
        });
        let bits = |bound| GaussianMixture { bound }.pair(a.view(), b.view()).unwrap().bits;
        let (lower, upper) = (bits(Bound::Lower), bits(Bound::Upper));
        assert!(lower < 0.486 && 0.486 < upper && upper - lower < 0.7, "{lower} {upper}");
        let mixture = GaussianMixture { bound: Bound::Upper };
        let error = mixture.pair(b.slice(ndarray::s![..50, ..]), b.slice(ndarray::s![..50, ..])).unwrap_err();
        assert!(matches!(error, EstimateError::Degenerate { .. }), "{error}");
    }
}
