//! Information as if the variables were jointly Gaussian: the closed form on sample covariances.
//!
//! I(A;B) = −½ log₂ det C / (det C_A det C_B) with C the correlation matrix of (A, B) (Cover & Thomas 2006, §8.5). Exact for
//! Gaussian variables as n → ∞; for others it sees linear dependence alone. Infinite where one is a linear function of the
//! other; but of labels, which are columns of 0 and 1, one for each class but the first, no layer can say more than H(Y): where all
//! of them are linear functions of the layer, I(T;Y) is H(Y). Of a layer, I(X;T) needs inputs.

use std::fmt;

use nalgebra::DMatrix;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};

use super::correlation::{cholesky, correlation, standard_columns, trace_of_inverse};
use super::ksg::check_pair;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};

/// Eigenvalues of a correlation matrix below this share of the greatest are rounding, not variance.
const SINGULAR: f64 = 1e-12;

/// The closed form.
///
/// # Example
/// ```
/// use infoplane_info::estimators::gaussian::Gaussian;
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
/// let information = Gaussian.pair(a.view(), b.view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gaussian;

impl Gaussian {
    #[allow(clippy::unnecessary_wraps)] // as every estimator's
    pub(super) fn from_settings(_: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self)
    }
}

impl Estimator for Gaussian {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let i_xt = match sample.inputs {
            Some(x) => self.pair(x, sample.t)?,
            // Every row an x of its own, and T a function of it.
            None => sample.of_function(|x| self.pair(x, sample.t))?,
        };
        Ok(Information { i_xt, i_ty: Self::with_labels(sample.t, sample)? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        Ok(match linear(a, b)? {
            Linear::Bits(bits) => Estimate::point(bits),
            Linear::Function { .. } => Estimate::infinite(),
        })
    }
}

impl Gaussian {
    /// I(T;Y) of rows [n × d], a transform of the sample's, and its labels.
    pub(super) fn with_labels(t: ArrayView2<f64>, sample: &Sample) -> Result<Estimate, EstimateError> {
        match linear(t, sample.indicators()?.view())? {
            Linear::Bits(bits) => Ok(Estimate::point(bits)),
            Linear::Function { of_all: true } => Ok(Estimate::point(sample.joint.h_y())),
            Linear::Function { of_all: false } => Err(EstimateError::Degenerate {
                what: "the Gaussian formula, as some but not all classes are linear functions of the layer,",
                advice: "take ksg or mixed-ksg",
            }),
        }
    }
}

/// What linear dependence says.
enum Linear {
    /// So much.
    Bits(f64),
    /// One side has linear functions of the other; whether all of the second are.
    Function { of_all: bool },
}

fn linear(a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Linear, EstimateError> {
    check_pair(a, b, 1)?;
    let (rows, columns) = (a.nrows(), a.ncols() + b.ncols());
    if rows <= columns {
        return Err(EstimateError::TooFewRows { rows, columns });
    }
    let (a, b) = (standard_columns(a), standard_columns(b));
    let of_a = a.nrows();
    let both = ndarray::concatenate(Axis(0), &[a.view(), b.view()])
        .map_err(|_| EstimateError::PairRows { first: a.ncols(), second: b.ncols() })?;
    let both = correlation(both.view());
    if let Some(bits) = by_factors(&both, of_a) {
        return Ok(Linear::Bits(bits));
    }
    let (a, b) = (spectrum(both.slice(s![..of_a, ..of_a])), spectrum(both.slice(s![of_a.., of_a..])));
    let both = spectrum(both.view());
    // Directions without variance carry nothing; fewer together than apart: one is a function of the other.
    let lost = (a.len() + b.len()).saturating_sub(both.len());
    if lost > 0 {
        return Ok(Linear::Function { of_all: lost == b.len() });
    }
    let log_det = |spectrum: &[f64]| spectrum.iter().map(|value| value.log2()).sum::<f64>();
    Ok(Linear::Bits((0.5 * (log_det(&a) + log_det(&b) - log_det(&both))).max(0.0)))
}

/// The same by Cholesky factors, where no eigenvalue can be rounding: λ_max ≤ tr C and λ_min ≥ 1/tr C⁻¹, and parts of C lie between.
/// The first pivots of the whole are those of A, so the last alone are to be compared with those of B.
fn by_factors(both: &Array2<f64>, of_a: usize) -> Option<f64> {
    let whole = cholesky(both.clone())?;
    if trace_of_inverse(whole.view()) * both.nrows() as f64 * SINGULAR >= 1.0 {
        return None;
    }
    let b = cholesky(both.slice(s![of_a.., of_a..]).to_owned())?;
    let log_pivots = |pivots: ArrayView1<f64>| pivots.iter().map(|pivot| pivot.log2()).sum::<f64>();
    Some((log_pivots(b.diag()) - log_pivots(whole.diag().slice(s![of_a..]))).max(0.0))
}

/// Eigenvalues of a correlation matrix that are not rounding.
fn spectrum(correlation: ArrayView2<f64>) -> Vec<f64> {
    let d = correlation.nrows();
    if d == 0 {
        return Vec::new();
    }
    let eigenvalues = DMatrix::from_fn(d, d, |i, j| correlation[[i, j]]).symmetric_eigenvalues();
    let most = eigenvalues.iter().fold(0.0_f64, |most, &value| most.max(value));
    let mut kept: Vec<f64> = eigenvalues.iter().copied().filter(|&value| value > SINGULAR * most).collect();
    kept.sort_by(f64::total_cmp);
    kept
}

impl fmt::Display for Gaussian {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn two_columns_are_their_correlation() {
        let a = array![[1.0], [2.0], [3.0], [4.0]];
        let b = array![[1.0], [3.0], [2.0], [4.0]];
        // Their correlation is 0.8.
        let got = Gaussian.pair(a.view(), b.view()).unwrap().bits;
        approx::assert_abs_diff_eq!(got, -0.5 * (1.0 - 0.64_f64).log2(), epsilon = 1e-12);
        assert_eq!(Gaussian.pair(a.view(), (&a * 3.0 + 1.0).view()).unwrap().bits, f64::INFINITY);
        let constant = array![[5.0], [5.0], [5.0], [5.0]];
        assert_eq!(Gaussian.pair(a.view(), constant.view()).unwrap().bits, 0.0);
    }

    #[test]
    fn factors_and_eigenvalues_say_the_same() {
        for (n, d) in [(50, 3), (600, 90), (900, 200)] {
            let wave = |i: usize, j: usize| ((i * i % 7919 * (j + 3)) as f64 * 0.731).sin();
            let a = Array2::from_shape_fn((n, d), |(i, j)| wave(i, j));
            let b = Array2::from_shape_fn((n, 2), |(i, j)| a[[i, j]] + wave(i, d + j));
            let both = ndarray::concatenate![Axis(0), standard_columns(a.view()), standard_columns(b.view())];
            let both = correlation(both.view());
            let log_det = |part: ArrayView2<f64>| {
                let values = spectrum(part);
                assert_eq!(values.len(), part.nrows());
                values.iter().map(|value| value.log2()).sum::<f64>()
            };
            let apart = log_det(both.slice(s![..d, ..d])) + log_det(both.slice(s![d.., d..]));
            let by_eigenvalues = 0.5 * (apart - log_det(both.view()));
            approx::assert_relative_eq!(by_factors(&both, d).unwrap(), by_eigenvalues, max_relative = 1e-9);
        }
    }
}
