//! Nearest-neighbour information of mixtures of discrete and continuous variables.
//!
//! Gao, Kannan, Oh & Viswanath 2017 (arXiv 1709.06212), algorithm 1, maximum norm, in nats: with ρ_i the distance of row i to
//! its k-th neighbour in (a, b), k̃_i = k if ρ_i > 0, else the number of rows at distance 0; n_a, n_b the rows within ρ_i (itself
//! included): Î = (1/N) Σ_i [ψ(k̃_i) + ln N − ψ(n_a,i) − ψ(n_b,i)]. This is the authors' published code, which has ψ where the
//! paper has logarithms (less bias at small counts), and in which a distance counts as within if it is at most ρ_i − 10⁻¹⁵,
//! and as 0 if at most 10⁻¹⁵.
//!
//! Labels are classes, farther from each other than any two t's.
//!
//! Consistent for any mixture, so also for discrete T; for a deterministic continuous layer I(X;T) is infinite, and says so.

use std::fmt;

use ndarray::{Array2, ArrayView2};
use statrs::function::gamma::digamma;

use super::ksg::check_pair;
use super::neighbours::{Columns, for_each_row, kth_nearest};
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::partition::Partition;

/// Distances that count as none.
const NOTHING: f64 = 1e-15;

/// k nearest neighbours.
///
/// # Example
/// ```
/// use infoplane_info::estimators::mixed_ksg::MixedKsg;
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
/// let information = MixedKsg { k: 3 }.pair(a.view(), b.view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixedKsg {
    /// Neighbours.
    pub k: usize,
}

impl MixedKsg {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self { k: settings.take_count("k", 1)?.unwrap_or(3) })
    }
}

impl Estimator for MixedKsg {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels = sample.labels()?;
        // Classes lie farther apart than any two t's: how near they are shall not depend on the unit in which T is measured.
        let (least, most) = sample.t.iter().fold((0.0_f64, 0.0_f64), |(low, high), &t| (low.min(t), high.max(t)));
        let apart = 1.0 + 2.0 * (most - least);
        let y = Array2::from_shape_fn((labels.len(), 1), |(row, _)| apart * labels[row] as f64);
        let distinct = Partition::of_rows(sample.t).cells();
        let i_xt = if sample.is_deterministic() && distinct * 2 > labels.len() {
            // Most rows are values of their own: a continuous layer.
            Estimate::infinite()
        } else {
            match sample.inputs {
                Some(x) => self.pair(x, sample.t)?,
                None => sample.discrete(&Partition::of_rows(sample.t)).i_xt,
            }
        };
        Ok(Information { i_xt, i_ty: self.pair(sample.t, y.view())? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, self.k)?;
        let (a, b) = (Columns::new(a), Columns::new(b));
        let n = a.rows() as f64;
        let terms = for_each_row(&a, &b, |row, distances| {
            let radius = kth_nearest(&distances.joint, row, self.k);
            let at_most = |d: &[f64], reach: f64| d.iter().filter(|&&d| d <= reach).count() as f64;
            let (k, reach) = if radius <= NOTHING {
                (at_most(&distances.joint, NOTHING), NOTHING)
            } else {
                // The published code's, and below the radius also where that is too large to notice 10⁻¹⁵.
                (self.k as f64, radius - NOTHING.max(4.0 * f64::EPSILON * radius))
            };
            digamma(k) + n.ln() - digamma(at_most(&distances.a, reach)) - digamma(at_most(&distances.b, reach))
        });
        Ok(Estimate::point(terms.iter().sum::<f64>() / n / std::f64::consts::LN_2))
    }
}

impl fmt::Display for MixedKsg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k={}", self.k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_about_labels_does_not_depend_on_the_unit_of_t() {
        let t = Array2::from_shape_fn((60, 1), |(i, _)| (i as f64 * 0.7).sin() + f64::from(u8::from(i % 2 == 1)));
        let labels: Vec<f64> = (0..60).map(|i| f64::from(i % 2)).collect();
        let joint = crate::JointDistribution::uniform_binary(&labels).unwrap();
        let of = |scale: f64| {
            let t = &t * scale;
            MixedKsg { k: 3 }.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap().i_ty.bits
        };
        assert!(of(1.0) > 0.1);
        for scale in [1e-3, 20.0, 1e3] {
            approx::assert_abs_diff_eq!(of(scale), of(1.0), epsilon = 1e-9);
        }
    }
    use crate::JointDistribution;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn a_discrete_channel_and_a_mixture_have_their_truths() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let n = 2000;
        // Binary symmetric channel with error 0.1.
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..2)));
        let b = Array2::from_shape_fn((n, 1), |(i, _)| if rng.random_bool(0.1) { 1.0 - a[[i, 0]] } else { a[[i, 0]] });
        let truth = 1.0 + 0.1 * 0.1_f64.log2() + 0.9 * 0.9_f64.log2();
        let got = MixedKsg { k: 3 }.pair(a.view(), b.view()).unwrap().bits;
        assert!((got - truth).abs() < 0.05, "{got} instead of {truth}");
        // Gao et al.'s example: A on {0..4}, B uniform on [A, A + 2]: ln 5 − (4/5) ln 2 nats.
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..5)));
        let b = Array2::from_shape_fn((n, 1), |(i, _)| a[[i, 0]] + rng.random_range(0.0..2.0));
        let truth = (5_f64.ln() - 0.8 * 2_f64.ln()) / std::f64::consts::LN_2;
        let got = MixedKsg { k: 3 }.pair(a.view(), b.view()).unwrap().bits;
        assert!((got - truth).abs() < 0.1, "{got} instead of {truth}");
    }

    #[test]
    fn a_continuous_layer_is_infinite() {
        let t = Array2::from_shape_fn((6, 1), |(i, _)| i as f64 * 0.37);
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 0.0, 1.0, 1.0, 0.0]).unwrap();
        let information = MixedKsg { k: 1 }.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        assert_eq!(information.i_xt.bits, f64::INFINITY);
    }
}
