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
//! `mixture.rs` says how the sums are computed, and why nothing that matters is left out of them.

use std::fmt;

use super::mixture::Mixture;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};

/// Kernel-density bounds.
///
/// # Example
/// ```
/// use infoplane_info::estimators::kde::{Bound, Kde};
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 1.0])?;
/// let layer = array![[-1.0], [1.0]];
/// let of = |bound| Kde { variance: 0.25, bound }.estimate(&Sample::new(layer.view(), &joint)?);
/// let (lower, upper) = (of(Bound::Lower)?.i_xt.bits, of(Bound::Upper)?.i_xt.bits);
/// // Two points four standard deviations apart: nearly the one bit there is.
/// assert!(0.8 < lower && lower < upper && upper <= 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

impl Bound {
    /// `bound=upper` unless `bound=lower`.
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        match settings.take::<String>("bound")?.as_deref() {
            None | Some("upper") => Ok(Self::Upper),
            Some("lower") => Ok(Self::Lower),
            Some(other) => Err(settings.value_error("bound", other, "the choices are upper, lower")),
        }
    }

    /// A number that is this bound.
    pub(super) fn of(self, bits: f64) -> Estimate {
        match self {
            Self::Upper => Estimate { upper: Some(bits), ..Estimate::point(bits) },
            Self::Lower => Estimate { lower: Some(bits), ..Estimate::point(bits) },
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upper => "upper",
            Self::Lower => "lower",
        })
    }
}

impl Kde {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let variance = settings.take_positive("variance")?.ok_or_else(|| settings.missing("variance=…"))?;
        Ok(Self { variance, bound: Bound::from_settings(settings)? })
    }

    /// I(X;T) and I(T;Y) in bits.
    fn bits(&self, sample: &Sample) -> Result<(f64, f64), EstimateError> {
        let scale = match self.bound {
            Bound::Upper => 1.0 / (2.0 * self.variance),
            Bound::Lower => 1.0 / (8.0 * self.variance),
        };
        let p_y = sample.joint.p_y().to_vec();
        let mixture = Mixture::new(sample.t, sample.joint, scale.sqrt());
        let densities = mixture.at_its_rows();
        let i_xt = densities.cross_entropy(&p_y);
        let of_labels = densities.cross_entropy_of_labels();
        let within: f64 = p_y.iter().zip(of_labels).filter(|(p, _)| **p > 0.0).map(|(p, nats)| p * nats).sum();
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

impl Estimator for Kde {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let (i_xt, i_ty) = self.bits(sample)?;
        Ok(Information { i_xt: self.bound.of(i_xt), i_ty: Estimate::point(i_ty) })
    }
}

impl fmt::Display for Kde {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "variance={},bound={}", self.variance, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::Array2;
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
