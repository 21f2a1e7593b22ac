//! Sliced mutual information: the mean information of one-dimensional projections.
//!
//! Goldfeld & Greenewald 2021 (arXiv 2110.05279): SI(A;B) = E I(θ·A; φ·B) over directions θ, φ uniform on the spheres. It is 0
//! only for independent variables and is estimated at the rate of one dimension, however many there are. It is *not* I(A;B):
//! it grows when a transformation brings information to where more directions see it, so data processing does not hold, and it
//! is finite for deterministic layers.
//!
//! Each slice by [`super::mixed_ksg`], which takes the ties of saturated layers. The standard error is over slices, given the
//! sample. Of discrete labels, Y is not projected. I(X;T) needs the inputs.

use std::fmt;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::ksg::check_pair;
use super::mixed_ksg::MixedKsg;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};

/// Random projections.
///
/// # Example
/// ```
/// use infoplane_info::estimators::sliced::Sliced;
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
/// // Of one column each, every slice is the pair itself.
/// let information = Sliced { projections: 5, k: 3, seed: 0 }.pair(a.view(), b.view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sliced {
    /// Slices.
    pub projections: usize,
    /// Neighbours in each slice.
    pub k: usize,
    /// Seed of the directions.
    pub seed: u64,
}

impl Sliced {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self {
            projections: settings.take_count("projections", 2)?.unwrap_or(100),
            k: settings.take_count("k", 1)?.unwrap_or(3),
            seed: settings.take("seed")?.unwrap_or(0),
        })
    }

    /// The mean over slices; a side of one column is its own projection.
    fn mean(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, self.k)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let slices = if a.ncols() == 1 && b.ncols() == 1 { 1 } else { self.projections };
        let bits: Vec<f64> = (0..slices)
            .map(|_| {
                let (a, b) = (project(a, &mut rng), project(b, &mut rng));
                Ok(MixedKsg { k: self.k }.pair(a.view(), b.view())?.bits)
            })
            .collect::<Result<_, EstimateError>>()?;
        let n = bits.len() as f64;
        let mean = bits.iter().sum::<f64>() / n;
        let variance = bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Ok(Estimate { standard_error: (slices > 1).then(|| (variance / n).sqrt()), ..Estimate::point(mean) })
    }
}

/// On a direction uniform on the sphere, [n × 1].
fn project(sample: ArrayView2<f64>, rng: &mut ChaCha8Rng) -> Array2<f64> {
    if sample.ncols() == 1 {
        return sample.to_owned();
    }
    let direction: Array1<f64> = (0..sample.ncols()).map(|_| -> f64 { StandardNormal.sample(rng) }).collect();
    let length = direction.dot(&direction).sqrt();
    sample.dot(&(direction / length)).insert_axis(Axis(1))
}

impl Estimator for Sliced {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels = sample.labels()?;
        let y = Array2::from_shape_fn((labels.len(), 1), |(row, _)| labels[row] as f64);
        let x = sample.inputs.ok_or(EstimateError::NoInputs)?;
        Ok(Information { i_xt: self.mean(x, sample.t)?, i_ty: self.mean(sample.t, y.view())? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        self.mean(a, b)
    }
}

impl fmt::Display for Sliced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projections={},k={},seed={}", self.projections, self.k, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaussians_have_the_mean_of_their_projections() {
        // A, B ~ N(0, I₂) with cross-covariance ρI: a slice has correlation ρ cos(θ − φ), so
        // SI = E[−½ log₂(1 − ρ² cos²)] over a uniform angle.
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let (n, rho) = (2000, 0.9_f64);
        let a = Array2::from_shape_simple_fn((n, 2), &mut normal);
        let b = Array2::from_shape_fn((n, 2), |(i, j)| rho * a[[i, j]] + (1.0 - rho * rho).sqrt() * normal());
        let angles = (0..1000).map(|i| std::f64::consts::PI * (f64::from(i) + 0.5) / 1000.0);
        let truth = angles.map(|angle| -0.5 * (1.0 - (rho * angle.cos()).powi(2)).log2()).sum::<f64>() / 1000.0;
        let got = Sliced { projections: 60, k: 3, seed: 1 }.pair(a.view(), b.view()).unwrap();
        assert!((got.bits - truth).abs() < 4.0 * got.standard_error.unwrap(), "{got:?} instead of {truth}");
    }
}
