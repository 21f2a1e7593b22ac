//! Information through a Gaussian copula: what survives any monotone distortion of each unit.
//!
//! Each column is replaced by the normal scores of its ranks, Φ⁻¹((rank − ½)/n), equal values sharing the mean of their ranks,
//! and I = −½ Σ_i log₂(1 − ρ_i²) over the canonical correlations ρ_i of the two sides (Hotelling 1936; the copula: Ince et al.
//! 2017, Human Brain Mapping 38, 1541). That is [`super::gaussian`] on the scores.
//!
//! Exact as n → ∞ where the copula is Gaussian, whatever the marginals; else a lower bound if the marginals are Gaussian after
//! all (Foster & Grassberger 2011), and blind to dependence without correlation. Biased upwards by about d_a·d_b/(2n ln 2)
//! bits. Labels are columns of 0 and 1, one for each class but the first, and at most H(Y) can be known of them. Infinite where one
//! side is a linear function of the other.

use std::fmt;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, Normal};

use super::correlation::turned;
use super::gaussian::Gaussian;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::statistics::ranks;

/// Canonical correlations of normal scores.
///
/// # Example
/// ```
/// use infoplane_info::estimators::cca::Cca;
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
/// // Whatever is done to one column, as long as its order stays.
/// let information = Cca.pair(a.mapv(f64::exp).view(), b.mapv(|b| b.powi(3)).view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cca;

impl Cca {
    #[allow(clippy::unnecessary_wraps)] // as every estimator's
    pub(super) fn from_settings(_: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self)
    }
}

impl Estimator for Cca {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let i_xt = match sample.inputs {
            Some(x) => self.pair(x, sample.t)?,
            // Every row an x of its own, and T a function of it.
            None => sample.of_function(|x| self.pair(x, sample.t))?,
        };
        Ok(Information { i_xt, i_ty: Gaussian::with_labels(normal_scores(sample.t).view(), sample)? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        Gaussian.pair(normal_scores(a).view(), normal_scores(b).view())
    }
}

/// Φ⁻¹((rank − ½)/n) of each column, equal values sharing the mean of their ranks. What is not a number stays as it is, to be
/// refused.
pub fn normal_scores(sample: ArrayView2<f64>) -> Array2<f64> {
    let normal = Normal::standard();
    if sample.is_empty() || sample.iter().any(|value| !value.is_finite()) {
        return sample.to_owned();
    }
    let n = sample.nrows();
    // Of every rank and of every rank between two: ties share a mean, which is a whole or a half.
    let of_rank: Vec<f64> =
        (2..=2 * n).map(|twice| normal.inverse_cdf((twice as f64 / 2.0 - 0.5) / n as f64)).collect();
    let mut columns = turned(sample);
    columns.par_chunks_exact_mut(n).for_each(|column| {
        let ranks = ranks(column);
        for (score, rank) in column.iter_mut().zip(ranks) {
            *score = of_rank[(2.0 * rank) as usize - 2];
        }
    });
    // Rows again, which is how every estimator reads a sample.
    let columns = ArrayView2::from_shape((sample.ncols(), n), &columns).expect("as many as there were");
    columns.t().as_standard_layout().into_owned()
}

impl fmt::Display for Cca {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn monotone_distortions_change_nothing_and_the_truth_is_found() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let (n, rho) = (5000, 0.7_f64);
        let a = Array2::from_shape_simple_fn((n, 2), &mut normal);
        let b = Array2::from_shape_fn((n, 2), |(i, j)| rho * a[[i, j]] + (1.0 - rho * rho).sqrt() * normal());
        let truth = -(1.0 - rho * rho).log2();
        let plain = Cca.pair(a.view(), b.view()).unwrap().bits;
        assert!((plain - truth).abs() < 0.05, "{plain} instead of {truth}");
        let distorted = Cca.pair(a.mapv(f64::exp).view(), b.mapv(|v| v.powi(3)).view()).unwrap().bits;
        approx::assert_abs_diff_eq!(plain, distorted, epsilon = 1e-10);
        assert!(Gaussian.pair(a.mapv(f64::exp).view(), b.mapv(|v| v.powi(3)).view()).unwrap().bits < truth - 0.2);
    }
}
