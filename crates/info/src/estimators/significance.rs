//! Is it more than chance? A permutation null for any estimator, and a bootstrap interval.
//!
//! Permuting the labels among rows leaves both variables as they are and cuts whatever ties them. The p-value is
//! (1 + #{Î of permuted ≥ Î}) / (1 + permutations) (Phipson & Smyth 2010): never 0.

use ndarray::{Array2, ArrayView2, Axis};
use rand::Rng;
use rand::seq::SliceRandom;

use super::{EstimateError, Estimator, Sample};
use crate::distribution::JointDistribution;
use crate::statistics::{Interval, bootstrap};

/// I(T;Y) under permuted labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Null {
    /// p-value of the estimate.
    pub p_value: f64,
    /// Mean of the permuted estimates, in bits: the estimator's bias where there is nothing.
    pub mean_bits: f64,
}

/// The permutation null of I(T;Y).
///
/// # Errors
/// If the estimator fails.
pub fn permutation<R: Rng>(
    estimator: &dyn Estimator,
    sample: &Sample,
    permutations: usize,
    rng: &mut R,
) -> Result<Null, EstimateError> {
    let observed = estimator.estimate(sample)?.i_ty.bits;
    let mut order: Vec<usize> = (0..sample.joint.n_x()).collect();
    let (mut as_great, mut sum) = (0, 0.0);
    for _ in 0..permutations {
        order.shuffle(rng);
        let p_y_given_x = sample.joint.p_y_given_x().select(Axis(0), &order);
        let joint = reweighted(sample, p_y_given_x);
        let bits = estimator.estimate(&Sample { joint: &joint, ..*sample })?.i_ty.bits;
        sum += bits;
        as_great += usize::from(bits >= observed - 1e-12);
    }
    Ok(Null { p_value: (1 + as_great) as f64 / (1 + permutations) as f64, mean_bits: sum / permutations.max(1) as f64 })
}

/// The permutation null of I(A;B): rows of B are permuted.
///
/// # Errors
/// If the estimator fails.
pub fn permutation_of_pair<R: Rng>(
    estimator: &dyn Estimator,
    a: ArrayView2<f64>,
    b: ArrayView2<f64>,
    permutations: usize,
    rng: &mut R,
) -> Result<Null, EstimateError> {
    let observed = estimator.pair(a, b)?.bits;
    let mut order: Vec<usize> = (0..b.nrows()).collect();
    let (mut as_great, mut sum) = (0, 0.0);
    for _ in 0..permutations {
        order.shuffle(rng);
        let bits = estimator.pair(a, b.select(Axis(0), &order).view())?.bits;
        sum += bits;
        as_great += usize::from(bits >= observed - 1e-12);
    }
    Ok(Null { p_value: (1 + as_great) as f64 / (1 + permutations) as f64, mean_bits: sum / permutations.max(1) as f64 })
}

/// A 95 % bootstrap interval of I(T;Y) over rows. Rows drawn twice are ties, which nearest-neighbour estimators do not take.
///
/// # Errors
/// If the estimator fails on the data themselves.
pub fn bootstrap_interval<R: Rng>(
    estimator: &dyn Estimator,
    sample: &Sample,
    resamples: usize,
    rng: &mut R,
) -> Result<Interval, EstimateError> {
    estimator.estimate(sample)?;
    Ok(bootstrap(sample.joint.n_x(), resamples, 0.95, rng, |drawn| {
        let t = sample.t.select(Axis(0), drawn);
        let joint = reweighted(sample, sample.joint.p_y_given_x().select(Axis(0), drawn));
        let drawn = Sample::new(t.view(), &joint).and_then(|sample| estimator.estimate(&sample));
        drawn.map_or(f64::NAN, |information| information.i_ty.bits)
    }))
}

/// p(x) as it was, with other conditionals.
fn reweighted(sample: &Sample, p_y_given_x: Array2<f64>) -> JointDistribution {
    JointDistribution::from_conditional(sample.joint.p_x().to_owned(), p_y_given_x)
        .expect("rows of a distribution are distributions")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::binning::{Binning, Bins};
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn dependence_is_significant_and_independence_is_not_more_often_than_stated() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let bins = Binning::from(Bins::OwnRange { count: 4 });
        let mut small = 0;
        for _ in 0..60 {
            let t = Array2::from_shape_simple_fn((80, 1), || rng.random_range(0.0..1.0));
            let y: Vec<f64> = (0..80).map(|_| f64::from(rng.random_range(0..2))).collect();
            let joint = JointDistribution::uniform_binary(&y).unwrap();
            let null = permutation(&bins, &Sample::new(t.view(), &joint).unwrap(), 39, &mut rng).unwrap();
            small += usize::from(null.p_value <= 0.1);
        }
        assert!(small <= 14, "{small} of 60 independent samples have p ≤ 0.1");
        let t = Array2::from_shape_fn((80, 1), |(i, _)| i as f64);
        let y: Vec<f64> = (0..80).map(|i| f64::from(u8::from(i >= 40))).collect();
        let joint = JointDistribution::uniform_binary(&y).unwrap();
        let sample = Sample::new(t.view(), &joint).unwrap();
        assert_eq!(permutation(&bins, &sample, 99, &mut rng).unwrap().p_value, 0.01);
        let interval = bootstrap_interval(&bins, &sample, 100, &mut rng).unwrap();
        assert!(interval.lower.unwrap() > 0.7);
    }
}
