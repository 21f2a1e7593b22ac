//! What verdicts are made of: statistics over replicas with their bootstrap intervals.

use std::f64::consts::{E, LN_2, PI};

use rand::{Rng, RngExt};
use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::digamma;

/// A mean with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The statistic on the data themselves.
    pub mean: f64,
    /// Lower end of the interval; none of fewer than two replicas.
    pub lower: Option<f64>,
    /// Upper end of the interval; none of fewer than two replicas.
    pub upper: Option<f64>,
}

/// A statistic of replicas with its percentile-bootstrap interval (Efron & Tibshirani 1993, ch. 13).
///
/// `statistic` is given the indices of the replicas drawn, with repetition; `level` is the coverage, 0.95 by habit.
/// The same generator gives the same interval. With fewer than two replicas there is no interval.
pub fn bootstrap<R: Rng>(
    replicas: usize,
    resamples: usize,
    level: f64,
    rng: &mut R,
    statistic: impl Fn(&[usize]) -> f64,
) -> Interval {
    let all: Vec<usize> = (0..replicas).collect();
    let mean = statistic(&all);
    if replicas < 2 {
        return Interval { mean, lower: None, upper: None };
    }
    let mut drawn = all;
    let values = (0..resamples).map(|_| {
        for index in &mut drawn {
            *index = rng.random_range(0..replicas);
        }
        statistic(&drawn)
    });
    percentile_interval(mean, values.collect(), level)
}

/// The interval between the quantiles of resampled statistics.
fn percentile_interval(mean: f64, mut resampled: Vec<f64>, level: f64) -> Interval {
    resampled.retain(|value| !value.is_nan());
    resampled.sort_unstable_by(f64::total_cmp);
    Interval {
        mean,
        lower: quantile(&resampled, (1.0 - level) / 2.0),
        upper: quantile(&resampled, f64::midpoint(1.0, level)),
    }
}

/// Replicas drawn with repetition, drawn once for many means: the bootstrap of [`bootstrap`] with the same draws for each.
#[derive(Debug, Clone)]
pub struct Resamples {
    replicas: usize,
    drawn: Vec<u32>,
}

impl Resamples {
    /// `resamples` draws of as many replicas as there are.
    pub fn new<R: Rng>(replicas: usize, resamples: usize, rng: &mut R) -> Self {
        let count = if replicas < 2 { 0 } else { resamples * replicas };
        Self { replicas, drawn: (0..count).map(|_| rng.random_range(0..replicas) as u32).collect() }
    }

    /// The mean of one value per replica with its percentile interval at this coverage.
    ///
    /// # Panics
    /// If there is not one value for each replica.
    pub fn mean(&self, values: &[f64], level: f64) -> Interval {
        assert_eq!(values.len(), self.replicas, "one value for each replica");
        let n = self.replicas as f64;
        let draws = self.drawn.chunks_exact(self.replicas.max(1));
        let means = draws.map(|drawn| drawn.iter().map(|&r| values[r as usize]).sum::<f64>() / n).collect();
        percentile_interval(values.iter().sum::<f64>() / n, means, level)
    }
}

/// The q-quantile of sorted values, by linear interpolation (Hyndman & Fan 1996, type 7); none of nothing.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    if sorted.is_empty() {
        return None;
    }
    let place = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// Spearman's rank correlation, ties at their mean rank (Spearman 1904); none of fewer than three pairs, or if a side does
/// not vary.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let first = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let second = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let middle = (pairs.len() + 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let scale = (product(&first, &first) * product(&second, &second)).sqrt();
    (scale > 0.0).then(|| product(&first, &second) / scale)
}

/// A share of so many trials, with Wilson's score interval (Wilson 1927), which does not collapse at 0 and 1. No trials have no
/// interval, and a share that is no number.
///
/// # Example
/// ```
/// use infoplane_info::statistics::wilson;
///
/// // Ten of ten does not say always.
/// let share = wilson(10, 10, 0.95);
/// assert!((share.lower.unwrap() - 0.722).abs() < 1e-3 && share.upper == Some(1.0));
/// ```
pub fn wilson(successes: usize, trials: usize, level: f64) -> Interval {
    let (n, share) = (trials as f64, successes as f64 / trials as f64);
    if trials == 0 {
        return Interval { mean: f64::NAN, lower: None, upper: None };
    }
    let z2 = Normal::standard().inverse_cdf(f64::midpoint(1.0, level)).powi(2);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let reach = (z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n))).sqrt() / (1.0 + z2 / n);
    Interval { mean: share, lower: Some((centre - reach).max(0.0)), upper: Some((centre + reach).min(1.0)) }
}

/// Differential entropy of a Gaussian, in bits, from n draws of it: ½ log₂(2πe) + (ln(S/2) − ψ((n−1)/2)) / (2 ln 2), with S the
/// sum of squares about their mean; of all unbiased estimates the one of least variance (Ahmed & Gokhale 1989). Draws of
/// anything else have at most this entropy, but for the error of the estimate: the Gaussian has the most of its variance.
/// None of fewer than two draws, or of equal ones.
pub fn gaussian_entropy(draws: &[f64]) -> Option<f64> {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let squares: f64 = draws.iter().map(|x| (x - mean).powi(2)).sum();
    (n >= 2.0 && squares > 0.0)
        .then(|| 0.5 * (2.0 * PI * E).log2() + ((squares / 2.0).ln() - digamma((n - 1.0) / 2.0)) / (2.0 * LN_2))
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = start as f64 + (tied.len() + 1) as f64 / 2.0;
        for &place in tied {
            ranks[place] = rank;
        }
        start += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::Distribution;

    #[test]
    fn the_interval_of_a_mean_covers_its_truth_about_as_often_as_it_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let covered = (0..400)
            .filter(|_| {
                let sample: Vec<f64> = (0..30).map(|_| rng.random_range(0.0..1.0)).collect();
                let interval =
                    bootstrap(30, 400, 0.95, &mut rng, |drawn| drawn.iter().map(|&i| sample[i]).sum::<f64>() / 30.0);
                interval.lower.unwrap() <= 0.5 && 0.5 <= interval.upper.unwrap()
            })
            .count();
        // 95 % of 400 is 380; the percentile bootstrap of 30 falls a little short.
        assert!((360..=396).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn draws_used_again_give_the_intervals_of_fresh_ones() {
        let values: Vec<f64> = (0..17).map(|i| f64::from(i).sin()).collect();
        let seeded = || ChaCha8Rng::seed_from_u64(3);
        let mean = |drawn: &[usize]| drawn.iter().map(|&i| values[i]).sum::<f64>() / 17.0;
        let fresh = bootstrap(17, 300, 0.9, &mut seeded(), mean);
        assert_eq!(Resamples::new(17, 300, &mut seeded()).mean(&values, 0.9), fresh);
        assert_eq!(
            Resamples::new(1, 300, &mut seeded()).mean(&[2.0], 0.9),
            bootstrap(1, 300, 0.9, &mut seeded(), |_| 2.0)
        );
    }

    #[test]
    fn one_replica_has_no_interval() {
        let interval = bootstrap(1, 10, 0.95, &mut ChaCha8Rng::seed_from_u64(1), |_| 3.0);
        assert_eq!(interval, Interval { mean: 3.0, lower: None, upper: None });
    }

    #[test]
    fn quantiles_interpolate() {
        assert_abs_diff_eq!(quantile(&[0.0, 1.0, 2.0, 3.0], 0.5).unwrap(), 1.5, epsilon = 1e-15);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn shares_at_their_ends_still_have_intervals() {
        // scipy.stats.binomtest(k, 20).proportion_ci(method="wilson")
        for (successes, lower, upper) in [(0, 0.0, 0.161_125), (20, 0.838_875, 1.0), (7, 0.181_192, 0.567_146)] {
            let interval = wilson(successes, 20, 0.95);
            assert_abs_diff_eq!(interval.lower.unwrap(), lower, epsilon = 1e-5);
            assert_abs_diff_eq!(interval.upper.unwrap(), upper, epsilon = 1e-5);
        }
        assert_eq!(wilson(0, 0, 0.95).lower, None);
    }

    #[test]
    fn the_entropy_of_few_gaussian_draws_is_unbiased() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let normal = rand_distr::Normal::new(1.0, 0.3).unwrap();
        let trials = 20_000;
        let mean =
            (0..trials).map(|_| gaussian_entropy(&[0; 4].map(|_| normal.sample(&mut rng))).unwrap()).sum::<f64>()
                / f64::from(trials);
        // ½ log₂(2πe · 0.09); one estimate of four draws has a standard deviation of 0.7 bits.
        assert_abs_diff_eq!(mean, 0.5 * (2.0 * PI * E * 0.09).log2(), epsilon = 0.02);
        assert_eq!(gaussian_entropy(&[1.0]), None);
        assert_eq!(gaussian_entropy(&[2.0, 2.0]), None);
    }

    #[test]
    fn rank_correlation_sees_order_alone() {
        let pairs: Vec<(f64, f64)> = (0..9).map(|k| (f64::from(k), f64::from(k).exp())).collect();
        assert_abs_diff_eq!(spearman(&pairs).unwrap(), 1.0, epsilon = 1e-15);
        // scipy.stats.spearmanr([1, 2, 2, 4, 5], [3, 1, 2, 2, 9])
        let tied = [(1.0, 3.0), (2.0, 1.0), (2.0, 2.0), (4.0, 2.0), (5.0, 9.0)];
        assert_abs_diff_eq!(spearman(&tied).unwrap(), 0.289_473_684_210_526_4, epsilon = 1e-12);
        assert_eq!(spearman(&[(1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]), None);
    }
}
