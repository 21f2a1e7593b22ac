//! Is it more than chance, and how sure is it? A permutation null and a resampling interval for any estimator.
//!
//! Permuting the labels among rows leaves both variables as they are and cuts whatever ties them. The p-value is
//! (1 + #{Î of permuted ≥ Î}) / (1 + permutations) (Phipson & Smyth 2010): never 0.
//!
//! The interval is a bootstrap by halves (half-sampling: McCarthy 1969; subsampling: Politis & Romano 1994): random halves of
//! the rows, drawn without repetition, scatter about their mean as estimates from all rows scatter about theirs, since the
//! variance of a mean of n/2 out of n is σ²/(n/2)·(1 − ½) = σ²/n. Unlike the bootstrap with repetition it makes no ties, which
//! nearest-neighbour estimators do not take and binned ones are biased by. It says how an estimate varies with the sample, not
//! how far the estimator is off.
//!
//! Rows that are copies of one another (see [`Description::copies`](crate::description::Description::copies)) are one draw: both are made of the rows without them.

use ndarray::{Array2, ArrayView2, Axis};
use rand::Rng;
use rand::seq::SliceRandom;

use super::ksg::without_copies;
use super::{EstimateError, Estimator, Sample};
use crate::distribution::JointDistribution;
use crate::statistics::{Interval, quantile};

/// I(T;Y) under permuted labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Null {
    /// p-value of the estimate.
    pub p_value: f64,
    /// Mean of the permuted estimates, in bits: the estimator's bias where there is nothing.
    pub mean_bits: f64,
}

/// The permutation null of I(T;Y), of the rows without copies.
///
/// # Errors
/// If the estimator fails.
///
/// # Example
/// ```
/// use infoplane_info::estimators::EstimatorKind;
/// use infoplane_info::estimators::significance::permutation;
/// use infoplane_info::{JointDistribution, Sample};
/// use ndarray::Array2;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
///
/// // A layer that says half of the label.
/// let labels: Vec<f64> = (0..64).map(|x| f64::from(x % 2)).collect();
/// let joint = JointDistribution::uniform_binary(&labels)?;
/// let layer = Array2::from_shape_fn((64, 1), |(x, _)| (x % 4) as f64);
/// let estimator: EstimatorKind = "plugin".parse()?;
/// let null = permutation(&estimator, &Sample::new(layer.view(), &joint)?, 99, &mut ChaCha8Rng::seed_from_u64(0))?;
/// assert!(null.p_value <= 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn permutation<R: Rng>(
    estimator: &dyn Estimator,
    sample: &Sample,
    permutations: usize,
    rng: &mut R,
) -> Result<Null, EstimateError> {
    if let Some(rows) = sample.without_copies() {
        return permutation(estimator, &sample.select(&rows)?.sample(), permutations, rng);
    }
    let observed = estimator.estimate(sample)?.i_ty.bits;
    let mut order: Vec<usize> = (0..sample.joint.n_x()).collect();
    let (mut as_great, mut sum) = (0, 0.0);
    for _ in 0..permutations {
        order.shuffle(rng);
        let joint = permuted(sample, &order);
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
    if let Some([a, b]) = pair_without_copies(a, b) {
        return permutation_of_pair(estimator, a.view(), b.view(), permutations, rng);
    }
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

/// A 95 % interval of I(T;Y) from so many random halves of the rows.
///
/// # Errors
/// If the estimator fails, on all rows or on a half.
pub fn interval<R: Rng>(
    estimator: &dyn Estimator,
    sample: &Sample,
    halves: usize,
    rng: &mut R,
) -> Result<Interval, EstimateError> {
    let rows = sample.without_copies().unwrap_or_else(|| (0..sample.t.nrows()).collect());
    let estimate = estimator.estimate(sample)?.i_ty.bits;
    about(estimate, &rows, halves, rng, |half| Ok(estimator.estimate(&sample.select(half)?.sample())?.i_ty.bits))
}

/// A 95 % interval of I(A;B) from so many random halves of the rows.
///
/// # Errors
/// If the estimator fails, on all rows or on a half.
pub fn interval_of_pair<R: Rng>(
    estimator: &dyn Estimator,
    a: ArrayView2<f64>,
    b: ArrayView2<f64>,
    halves: usize,
    rng: &mut R,
) -> Result<Interval, EstimateError> {
    let estimate = estimator.pair(a, b)?.bits;
    if let Some([a, b]) = pair_without_copies(a, b) {
        let spread = interval_of_pair(estimator, a.view(), b.view(), halves, rng)?;
        let moved = |end: Option<f64>| end.map(|end| end + estimate - spread.mean);
        return Ok(Interval { mean: estimate, lower: moved(spread.lower), upper: moved(spread.upper) });
    }
    about(estimate, &(0..a.nrows()).collect::<Vec<_>>(), halves, rng, |half| {
        Ok(estimator.pair(a.select(Axis(0), half).view(), b.select(Axis(0), half).view())?.bits)
    })
}

/// Rows of two samples that are no copies of an earlier one in both, if one has copies.
fn pair_without_copies(a: ArrayView2<f64>, b: ArrayView2<f64>) -> Option<[Array2<f64>; 2]> {
    let rows = without_copies(a, b).0?;
    (rows.len() < a.nrows()).then(|| [a.select(Axis(0), &rows), b.select(Axis(0), &rows)])
}

/// The estimate with the scatter of its halves about their mean.
fn about<R: Rng>(
    estimate: f64,
    rows: &[usize],
    halves: usize,
    rng: &mut R,
    mut of_half: impl FnMut(&[usize]) -> Result<f64, EstimateError>,
) -> Result<Interval, EstimateError> {
    let mut order = rows.to_vec();
    let mut values = Vec::with_capacity(halves);
    for _ in 0..halves {
        let (half, _) = order.partial_shuffle(rng, rows.len() / 2);
        half.sort_unstable();
        values.push(of_half(half)?);
    }
    values.sort_by(f64::total_cmp);
    let mean = values.iter().sum::<f64>() / halves.max(1) as f64;
    let end = |q: f64| quantile(&values, q).map(|value| estimate + value - mean);
    Ok(Interval { mean: estimate, lower: end(0.025), upper: end(0.975) })
}

/// p(x) as it was, with the conditionals in another order.
fn permuted(sample: &Sample, order: &[usize]) -> JointDistribution {
    sample.joint.select(order, sample.joint.p_x().to_owned()).expect("p(x) of a distribution is one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimators::EstimatorKind;
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
        let interval = interval(&bins, &sample, 100, &mut rng).unwrap();
        assert!(interval.lower.unwrap() > 0.7);
    }

    #[test]
    fn copies_of_rows_make_nothing_significant() {
        use rand_distr::{Distribution, StandardNormal};
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let ksg: EstimatorKind = "ksg:k=3".parse().unwrap();
        let (mut small, mut of_pairs) = (0, 0);
        for _ in 0..30 {
            let once: Vec<(f64, f64)> =
                (0..60).map(|_| (StandardNormal.sample(&mut rng), f64::from(rng.random_range(0..2)))).collect();
            let rows = once.repeat(4);
            let t = Array2::from_shape_fn((rows.len(), 1), |(row, _)| rows[row].0);
            let y: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let joint = JointDistribution::uniform_binary(&y).unwrap();
            let null = permutation(&ksg, &Sample::new(t.view(), &joint).unwrap(), 19, &mut rng).unwrap();
            small += usize::from(null.p_value <= 0.1);
            let other: Vec<f64> = (0..60).map(|_| StandardNormal.sample(&mut rng)).collect();
            let b = Array2::from_shape_fn((rows.len(), 1), |(row, _)| other[row % 60]);
            of_pairs +=
                usize::from(permutation_of_pair(&ksg, t.view(), b.view(), 19, &mut rng).unwrap().p_value <= 0.1);
        }
        assert!(small <= 9 && of_pairs <= 9, "{small} and {of_pairs} of 30 independent samples have p ≤ 0.1");
    }

    #[test]
    fn intervals_cover_the_truth_about_as_often_as_they_say() {
        use rand_distr::{Distribution, StandardNormal};
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (rho, mut covered) = (0.6_f64, [0; 2]);
        let truth = -0.5 * (1.0 - rho * rho).log2();
        for _ in 0..50 {
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            let a = Array2::from_shape_simple_fn((200, 1), &mut normal);
            let b = Array2::from_shape_fn((200, 1), |(row, _)| rho * a[[row, 0]] + (1.0 - rho * rho).sqrt() * normal());
            for (estimator, covered) in ["gaussian", "ksg:k=5"].iter().zip(&mut covered) {
                let estimator: EstimatorKind = estimator.parse().unwrap();
                let interval = interval_of_pair(&estimator, a.view(), b.view(), 40, &mut rng).unwrap();
                *covered += usize::from((interval.lower.unwrap()..=interval.upper.unwrap()).contains(&truth));
            }
        }
        // 47.5 of 50 are promised; forty halves of 200 rows give a few less.
        assert!(covered.iter().all(|&covered| covered >= 42), "{covered:?} of 50");
    }
}
