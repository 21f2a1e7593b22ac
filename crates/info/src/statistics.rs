//! What verdicts are made of: statistics over replicas with their bootstrap intervals.

use rand::{Rng, RngExt};

/// A mean with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The statistic on the data themselves.
    pub mean: f64,
    /// Lower end of the interval.
    pub lower: f64,
    /// Upper end of the interval.
    pub upper: f64,
}

/// A statistic of replicas with its percentile-bootstrap interval (Efron & Tibshirani 1993, ch. 13).
///
/// `statistic` is given the indices of the replicas drawn, with repetition; `level` is the coverage, 0.95 by habit.
/// The same generator gives the same interval. With fewer than two replicas there is no interval: both ends are NaN.
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
        return Interval { mean, lower: f64::NAN, upper: f64::NAN };
    }
    let mut drawn = all;
    let mut values: Vec<f64> = (0..resamples)
        .map(|_| {
            for index in &mut drawn {
                *index = rng.random_range(0..replicas);
            }
            statistic(&drawn)
        })
        .filter(|value| !value.is_nan())
        .collect();
    values.sort_by(f64::total_cmp);
    Interval {
        mean,
        lower: quantile(&values, (1.0 - level) / 2.0),
        upper: quantile(&values, f64::midpoint(1.0, level)),
    }
}

/// The q-quantile of sorted values, by linear interpolation (Hyndman & Fan 1996, type 7); NaN of nothing.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let place = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    #[test]
    fn the_interval_of_a_mean_covers_its_truth_about_as_often_as_it_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let covered = (0..400)
            .filter(|_| {
                let sample: Vec<f64> = (0..30).map(|_| rng.random_range(0.0..1.0)).collect();
                let interval =
                    bootstrap(30, 400, 0.95, &mut rng, |drawn| drawn.iter().map(|&i| sample[i]).sum::<f64>() / 30.0);
                interval.lower <= 0.5 && 0.5 <= interval.upper
            })
            .count();
        // 95 % of 400 is 380; the percentile bootstrap of 30 falls a little short.
        assert!((360..=396).contains(&covered), "{covered} of 400");
    }

    #[test]
    fn one_replica_has_no_interval() {
        let interval = bootstrap(1, 10, 0.95, &mut ChaCha8Rng::seed_from_u64(1), |_| 3.0);
        assert!(interval.mean == 3.0 && interval.lower.is_nan() && interval.upper.is_nan());
    }

    #[test]
    fn quantiles_interpolate() {
        assert_abs_diff_eq!(quantile(&[0.0, 1.0, 2.0, 3.0], 0.5), 1.5, epsilon = 1e-15);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
