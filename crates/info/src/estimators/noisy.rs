//! Noisy networks: the information of T = t(X) + Gaussian noise, by Monte Carlo, with a standard error.
//!
//! Goldfeld et al. 2019 (arXiv 1810.05728): with noise of standard deviation σ in the network, p(T|x) is a Gaussian around t(x)
//! and p(T) = Σ_x p(x) N(T; t(x), σ²I) a known mixture. I(X;T) = E ln p(T|X)/p(T) and I(T;Y) = E ln p(T|Y)/p(T) are means over
//! draws of (X, Y, noise). Of a network trained without noise, it measures the network so disturbed, the noise of earlier layers
//! left out. Beside the estimate stand the deterministic bounds of [`super::kde`] at the same variance.
//!
//! **A network with noise after every layer** is given as several rows t for each x, each with another draw of the noise below
//! ([`Sample::same_x`] says which rows are one x): p(T|x) is the mixture over them. A draw of T comes from one of them, so a
//! mixture that holds this row is too high there, and one without it too low on average (Jensen): the first gives an upper
//! bound of I(X;T) and the estimate, the second a lower bound, both but for the error of the draws; they meet as rows are added.

use std::fmt;

use ndarray::Axis;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use super::kde::{Bound, Kde};
use super::mixture::Mixture;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::partition::Partition;

/// Activations longer than this, in units of σ√2, leave noise fewer than seven digits.
const FINEST: f64 = 1e8;

/// Gaussian noise on every unit.
///
/// # Example
/// ```
/// use infoplane_info::estimators::noisy::Noisy;
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 1.0])?;
/// let layer = array![[-1.0], [1.0]];
/// let noisy = Noisy { sigma: 1.0, samples: 4000, seed: 0, bounds: true };
/// let i_xt = noisy.estimate(&Sample::new(layer.view(), &joint)?)?.i_xt;
/// // The binary-input Gaussian channel at 0 dB has 0.4859 bits.
/// assert!((i_xt.bits - 0.4859).abs() < 4.0 * i_xt.standard_error.unwrap());
/// assert!(i_xt.lower.unwrap() < 0.4859 && 0.4859 < i_xt.upper.unwrap());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noisy {
    /// Standard deviation of the noise, in units of activation.
    pub sigma: f64,
    /// Draws.
    pub samples: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Whether the deterministic bounds are computed too; they take about as long as the draws.
    pub bounds: bool,
}

impl Noisy {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self {
            sigma: settings.take_positive("sigma")?.ok_or_else(|| settings.missing("sigma=…"))?,
            samples: settings.take_count("samples", 2)?.unwrap_or(4000),
            seed: settings.take("seed")?.unwrap_or(0),
            bounds: settings.take("bounds")?.unwrap_or(true),
        })
    }
}

/// One draw.
struct Draw {
    /// The row it comes from.
    x: usize,
    y: usize,
    noise: Vec<f64>,
}

impl Noisy {
    /// All draws come from one stream, in order; only their densities are computed in parallel.
    fn draws(&self, sample: &Sample) -> Vec<Draw> {
        let (p_x, p_y_given_x) = (sample.joint.p_x(), sample.joint.p_y_given_x());
        let (n, d) = sample.t.dim();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let cumulative: Vec<f64> = p_x
            .iter()
            .scan(0.0, |sum, &p| {
                *sum += p;
                Some(*sum)
            })
            .collect();
        let draw = |_| {
            let u: f64 = rng.random();
            let x = cumulative.partition_point(|&c| c <= u).min(n - 1);
            let mut left: f64 = rng.random();
            let row = p_y_given_x.index_axis(Axis(0), x);
            let y = row.iter().position(|&p| {
                left -= p;
                left < 0.0
            });
            let y = y.or_else(|| row.iter().rposition(|&p| p > 0.0)).unwrap_or(0);
            Draw { x, y, noise: (0..d).map(|_| StandardNormal.sample(&mut rng)).collect() }
        };
        (0..self.samples).map(draw).collect()
    }
}

impl Estimator for Noisy {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let (p_x, p_y, p_y_given_x) = (sample.joint.p_x(), sample.joint.p_y(), sample.joint.p_y_given_x());
        let (n, d) = sample.t.dim();
        // Kernels are e^−‖·‖², so lengths are in units of σ√2.
        let scale = std::f64::consts::FRAC_1_SQRT_2 / self.sigma;
        let greatest = sample.t.fold(0.0, |greatest: f64, t| greatest.max(t.abs()));
        if greatest * scale > FINEST {
            return Err(EstimateError::NoiseTooSmall { sigma: self.sigma, greatest });
        }
        let mixture = Mixture::new(sample.t, sample.joint, scale);
        let several = sample.same_x.filter(|same_x| same_x.cells() < n).map(SeveralRows::of);
        let terms: Vec<[f64; 3]> = self
            .draws(sample)
            .par_iter()
            .map_init(
                || (vec![0.0; d], vec![0.0; p_y.len()]),
                |(point, of_labels), draw| {
                    for ((value, t), noise) in point.iter_mut().zip(sample.t.row(draw.x)).zip(&draw.noise) {
                        *value = t * scale + noise * std::f64::consts::FRAC_1_SQRT_2;
                    }
                    // Relative to the component drawn: times e^½‖noise‖², so that nothing underflows.
                    let offset = draw.noise.iter().map(|e| 0.5 * e * e).sum();
                    let p_xy = p_x[draw.x] * p_y_given_x[[draw.x, draw.y]];
                    mixture.densities_at(point, offset, p_xy, of_labels);
                    let all: f64 = p_y.iter().zip(of_labels.iter()).map(|(p, density)| p * density).sum();
                    let of_x = several.as_ref().map(|rows| rows.density(sample, draw.x, point, scale, offset));
                    let (with, without) = of_x.unwrap_or((1.0, 1.0));
                    [(with / all).ln(), (without / all).ln(), (of_labels[draw.y] / all).ln()]
                },
            )
            .collect();
        let of = |k: usize| mean_with_error(&terms.iter().map(|term| term[k]).collect::<Vec<_>>());
        let (mut i_xt, i_ty) = (of(0), of(2));
        if several.is_some() {
            // Where an x has one row alone, leaving it out leaves nothing.
            let without = of(1);
            let wide =
                |estimate: &Estimate, sign: f64| estimate.bits + sign * 2.0 * estimate.standard_error.unwrap_or(0.0);
            i_xt.lower = Some(if without.bits.is_finite() { wide(&without, -1.0).max(0.0) } else { 0.0 });
            i_xt.upper = Some(wide(&i_xt, 1.0));
        } else if self.bounds {
            let bound = |bound| Kde { variance: self.sigma * self.sigma, bound }.estimate(sample);
            i_xt.lower = Some(bound(Bound::Lower)?.i_xt.bits);
            i_xt.upper = Some(bound(Bound::Upper)?.i_xt.bits);
        }
        if !(i_xt.bits.is_finite() && i_ty.bits.is_finite()) {
            return Err(EstimateError::Degenerate {
                what: "the density of the noisy layer",
                advice: "choose a sigma nearer to the scale of the activations",
            });
        }
        Ok(Information { i_xt, i_ty })
    }
}

/// The rows of every x, where some x has several.
struct SeveralRows<'a> {
    same_x: &'a Partition,
    of_x: Vec<Vec<usize>>,
}

impl<'a> SeveralRows<'a> {
    fn of(same_x: &'a Partition) -> Self {
        let mut of_x = vec![Vec::new(); same_x.cells()];
        for (row, &x) in same_x.cell().iter().enumerate() {
            of_x[x as usize].push(row);
        }
        Self { same_x, of_x }
    }

    /// p(point|x), relative to a kernel's height, as the mixture over the rows of x: with the row `own` that the point was drawn
    /// from, and without it. A kernel is e^(offset − ‖point − t·scale‖²), and that of `own` is 1.
    fn density(&self, sample: &Sample, own: usize, point: &[f64], scale: f64, offset: f64) -> (f64, f64) {
        let p_x = sample.joint.p_x();
        let (mut others, mut weight) = (0.0, 0.0);
        for &row in self.of_x[self.same_x.cell()[own] as usize].iter().filter(|&&row| row != own) {
            let squares: f64 = point.iter().zip(sample.t.row(row)).map(|(q, t)| (q - t * scale).powi(2)).sum();
            others += p_x[row] * (offset - squares).exp();
            weight += p_x[row];
        }
        ((p_x[own] + others) / (p_x[own] + weight), others / weight)
    }
}

/// Mean and standard error, nats to bits.
fn mean_with_error(nats: &[f64]) -> Estimate {
    let n = nats.len() as f64;
    let mean = nats.iter().sum::<f64>() / n;
    let variance = nats.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let bits = |nats: f64| nats / std::f64::consts::LN_2;
    Estimate { standard_error: Some(bits((variance / n).sqrt())), ..Estimate::point(bits(mean)) }
}

impl fmt::Display for Noisy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sigma={},samples={},seed={}", self.sigma, self.samples, self.seed)?;
        if self.bounds { Ok(()) } else { f.write_str(",bounds=false") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::{Array2, array};

    #[test]
    fn a_gaussian_channel_has_its_capacity_within_the_error() {
        // X on 4001 normal quantiles, noise σ = ½: I(X;T) = ½ log₂(1 + 4).
        use statrs::distribution::{ContinuousCDF, Normal};
        let n = 4001;
        let normal = Normal::standard();
        let t = Array2::from_shape_fn((n, 1), |(i, _)| normal.inverse_cdf((i as f64 + 0.5) / n as f64));
        let joint = JointDistribution::uniform_binary(&vec![0.5; n]).unwrap();
        let sample = Sample::new(t.view(), &joint).unwrap();
        let information = Noisy { sigma: 0.5, samples: 4000, seed: 1, bounds: true }.estimate(&sample).unwrap();
        let (truth, error) = (0.5 * 5_f64.log2(), information.i_xt.standard_error.unwrap());
        assert!((information.i_xt.bits - truth).abs() < 4.0 * error && error < 0.03, "{information:?}");
        assert!(information.i_xt.lower.unwrap() <= truth && truth <= information.i_xt.upper.unwrap());
        approx::assert_abs_diff_eq!(information.i_ty.bits, 0.0, epsilon = 1e-12);
    }

    #[test]
    fn two_far_points_are_one_bit_each_way() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0]).unwrap();
        let t = array![[0.0, 0.0], [50.0, 50.0]];
        let information = Noisy { sigma: 0.1, samples: 100, seed: 0, bounds: true }
            .estimate(&Sample::new(t.view(), &joint).unwrap())
            .unwrap();
        approx::assert_abs_diff_eq!(information.i_xt.bits, 1.0, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(information.i_ty.bits, 1.0, epsilon = 1e-12);
    }

    #[test]
    fn noise_below_the_last_digit_of_the_activations_is_refused() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0]).unwrap();
        let t = array![[0.0], [1.0]];
        let noisy = |sigma| Noisy { sigma, samples: 1000, seed: 0, bounds: true };
        let sample = Sample::new(t.view(), &joint).unwrap();
        let information = noisy(1e-7).estimate(&sample).unwrap();
        assert!((information.i_xt.bits - 1.0).abs() < 1e-5, "{information:?}");
        let error = noisy(1e-17).estimate(&sample).unwrap_err().to_string();
        assert!(error.contains("choose a sigma"), "{error}");
    }

    /// X is one of four points ±1 ± 3; S = X + u with u = ±1 alike, T = S + σZ: by quadrature over T.
    #[test]
    fn noise_below_is_not_information_about_x() {
        let points = [-4.0, -2.0, 2.0, 4.0];
        let sigma = 0.7;
        let density = |t: f64, centres: &[f64]| {
            let kernel = |c: &f64| (-0.5 * ((t - c) / sigma).powi(2)).exp() / (sigma * std::f64::consts::TAU.sqrt());
            centres.iter().map(kernel).sum::<f64>() / centres.len() as f64
        };
        let all: Vec<f64> = points.iter().flat_map(|x| [x - 1.0, x + 1.0]).collect();
        let step = 1e-3;
        let truth: f64 = (-12_000..12_000)
            .map(|k| f64::from(k) * step)
            .flat_map(|t| points.map(|x| (density(t, &[x - 1.0, x + 1.0]), density(t, &all))))
            .filter(|&(given, _)| given > 0.0)
            .map(|(given, any)| 0.25 * given * (given / any).log2() * step)
            .sum();

        // 40 draws of u for each x, half of them +1.
        let draws = 40;
        let t = Array2::from_shape_fn((4 * draws, 1), |(row, _)| {
            points[row % 4] + if row / 4 % 2 == 0 { 1.0 } else { -1.0 }
        });
        let labels: Vec<f64> = (0..4 * draws).map(|row| f64::from(u8::from(row % 4 > 1))).collect();
        let joint = JointDistribution::uniform_binary(&labels).unwrap();
        let same_x = Partition::from_labels(&(0..4 * draws as u64).map(|row| row % 4).collect::<Vec<_>>());
        let x = Array2::from_shape_fn((4 * draws, 1), |(row, _)| points[row % 4]);
        let sample = Sample::new(t.view(), &joint).unwrap().with_inputs(x.view(), &same_x).unwrap();
        let information = Noisy { sigma, samples: 20_000, seed: 3, bounds: true }.estimate(&sample).unwrap();
        let (i_xt, error) = (information.i_xt, information.i_xt.standard_error.unwrap());
        assert!((i_xt.bits - truth).abs() < 0.01 + 4.0 * error, "{i_xt:?}, truth {truth}");
        assert!(i_xt.lower.unwrap() <= truth && truth <= i_xt.upper.unwrap(), "{i_xt:?}, truth {truth}");
        assert!(i_xt.upper.unwrap() - i_xt.lower.unwrap() < 0.1, "{i_xt:?}");
        // Rows taken for x's of their own would count the noise below as well.
        let naive = Noisy { sigma, samples: 20_000, seed: 3, bounds: false };
        let naive = naive.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        assert!(naive.i_xt.bits > truth + 0.3, "{naive:?}");
    }
}
