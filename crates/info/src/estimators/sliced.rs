//! Sliced mutual information: the mean information of one-dimensional projections.
//!
//! Goldfeld & Greenewald 2021 (arXiv 2110.05279): SI(A;B) = E I(θ·A; φ·B) over directions θ, φ uniform on the spheres. It is 0
//! only for independent variables and is estimated at the rate of one dimension, however many there are. It is *not* I(A;B):
//! it grows when a transformation brings information to where more directions see it, so data processing does not hold, and it
//! is finite for deterministic layers.
//!
//! Each slice by [`super::mixed_ksg`], which takes the ties of saturated layers. The standard error is over slices, given the
//! sample. Of discrete labels, Y is not projected. I(X;T) needs the inputs. Columns are put on one scale before they are projected
//! (`standardise=false`: not).

use std::fmt;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::ksg::check_pair;
use super::mixed_ksg::MixedKsg;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::description::spread;

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
/// let information = Sliced { projections: 5, ..Sliced::default() }.pair(a.view(), b.view())?;
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
    /// Whether columns are put on one scale before they are projected.
    pub standardise: bool,
}

impl Default for Sliced {
    fn default() -> Self {
        Self { projections: 100, k: 3, seed: 0, standardise: true }
    }
}

impl Sliced {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self {
            projections: settings.take_count("projections", 2)?.unwrap_or(100),
            k: settings.take_count("k", 1)?.unwrap_or(3),
            seed: settings.take("seed")?.unwrap_or(0),
            standardise: settings.take_switch("standardise")?.unwrap_or(true),
        })
    }

    /// The mean over slices of a side beside another, or beside classes; a side of one column is its own projection.
    fn mean(&self, a: ArrayView2<f64>, other: Other) -> Result<Estimate, EstimateError> {
        let (a, slice) = (self.scaled(a), MixedKsg { k: self.k, standardise: self.standardise });
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let narrow = match &other {
            Other::Sample(b) => b.ncols() == 1,
            Other::Classes(_) => true,
        };
        let slices = if a.ncols() == 1 && narrow { 1 } else { self.projections };
        let bits: Vec<f64> = (0..slices)
            .map(|_| {
                let a = project(a.view(), &mut rng);
                let estimate = match &other {
                    Other::Sample(b) => slice.pair(a.view(), project(b.view(), &mut rng).view())?,
                    Other::Classes(labels) => slice.of_classes(a.view(), labels)?,
                };
                Ok(estimate.bits)
            })
            .collect::<Result<_, EstimateError>>()?;
        let n = bits.len() as f64;
        let mean = bits.iter().sum::<f64>() / n;
        let variance = bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Ok(Estimate { standard_error: (slices > 1).then(|| (variance / n).sqrt()), ..Estimate::point(mean) })
    }

    /// Columns in units of their spread.
    fn scaled(&self, sample: ArrayView2<f64>) -> Array2<f64> {
        let mut scaled = sample.to_owned();
        if self.standardise {
            for mut column in scaled.columns_mut() {
                let mut sorted = column.to_vec();
                sorted.sort_unstable_by(f64::total_cmp);
                let unit = spread(&sorted);
                if unit > 0.0 {
                    column /= unit;
                }
            }
        }
        scaled
    }
}

/// What a sample is beside.
enum Other<'a> {
    Sample(Array2<f64>),
    Classes(&'a [usize]),
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
        let x = sample.inputs.ok_or(EstimateError::NoInputs)?;
        check_pair(sample.t, sample.t, self.k)?;
        Ok(Information { i_xt: self.pair(x, sample.t)?, i_ty: self.mean(sample.t, Other::Classes(&labels))? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, self.k)?;
        self.mean(a, Other::Sample(self.scaled(b)))
    }
}

impl fmt::Display for Sliced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "projections={},k={},seed={}", self.projections, self.k, self.seed)?;
        if self.standardise { Ok(()) } else { f.write_str(",standardise=false") }
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
        let got = Sliced { projections: 60, seed: 1, ..Sliced::default() }.pair(a.view(), b.view()).unwrap();
        assert!((got.bits - truth).abs() < 4.0 * got.standard_error.unwrap(), "{got:?} instead of {truth}");
    }
}
