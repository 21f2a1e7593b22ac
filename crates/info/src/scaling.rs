//! By which law does a time t grow with x? Four laws, fitted alike and weighed against each other.
//!
//! | law | t(x) |
//! |---|---|
//! | constant | a |
//! | linear | a + b x |
//! | power | a xᵇ |
//! | exponential | a exp(b x) |
//!
//! Times differ by factors, so errors are log-normal: every law minimises Σ (ln t − ln t(x))², and their likelihoods can be
//! compared. Weights w ∝ exp(−AICc/2), AICc = n ln(RSS/n) + 2k + 2k(k+1)/(n−k−1), k with the variance counted (Hurvich & Tsai
//! 1989; Burnham & Anderson 2002, §2.9). Needs x > 0 and t > 0. Points that belong together (layers of one network) make
//! weights too sure of themselves: resample whole networks, and count how often a law is best.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A law of growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// t = a.
    Constant,
    /// t = a + b x.
    Linear,
    /// t = a xᵇ.
    Power,
    /// t = a exp(b x).
    Exponential,
}

/// A law fitted to points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The law.
    pub law: Law,
    /// Its a.
    pub a: f64,
    /// Its b; 0 for the constant.
    pub b: f64,
    /// Σ (ln t − ln t(x))².
    pub squares: f64,
    /// AICc.
    pub aicc: f64,
    /// Akaike weight among the laws compared.
    pub weight: f64,
}

/// Fewest points that four laws can be told apart by: AICc needs n > k + 1, and a point to spare.
const LEAST_POINTS: usize = 6;
/// No fit is credited with a relative error below this: it would be rounding.
const LEAST_ERROR: f64 = 1e-9;
/// Trial offsets of the linear law, and by how many powers of e they reach beyond the range of x.
const TRIALS: u32 = 60;
const REACH: f64 = 12.0;
/// Golden-section steps between two trials.
const STEPS: usize = 60;

impl Law {
    /// Every law.
    pub const ALL: [Self; 4] = [Self::Constant, Self::Linear, Self::Power, Self::Exponential];

    /// t(x).
    pub fn at(self, a: f64, b: f64, x: f64) -> f64 {
        match self {
            Self::Constant => a,
            Self::Linear => a + b * x,
            Self::Power => a * x.powf(b),
            Self::Exponential => a * (b * x).exp(),
        }
    }

    /// Free numbers, the variance included.
    fn parameters(self) -> f64 {
        if self == Self::Constant { 2.0 } else { 3.0 }
    }

    /// a, b and the squares left.
    fn least_squares(self, points: &[(f64, f64)]) -> (f64, f64, f64) {
        let logs = |x: fn(f64) -> f64| points.iter().map(|&(at, t)| (x(at), t.ln())).collect::<Vec<_>>();
        match self {
            Self::Constant => {
                let logs = logs(|_| 0.0);
                (line(&logs).1.exp(), 0.0, line_error(&logs))
            }
            Self::Power | Self::Exponential => {
                let logs = logs(if self == Self::Power { f64::ln } else { |x| x });
                let (slope, intercept) = line(&logs);
                (intercept.exp(), slope, line_error(&logs))
            }
            Self::Linear => linear(points),
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Power => "power",
            Self::Exponential => "exponential",
        })
    }
}

/// Fits every law, with weights. None of fewer than six points, of points that are not positive, or if x does not vary.
///
/// # Example
/// ```
/// use infoplane_info::scaling::{Law, best, compare};
///
/// let points: Vec<(f64, f64)> = (1..9).map(|x| (f64::from(x), 3.0 * f64::from(x).exp2())).collect();
/// assert_eq!(best(&compare(&points).unwrap()), Law::Exponential);
/// ```
pub fn compare(points: &[(f64, f64)]) -> Option<[Fit; 4]> {
    let positive = points.iter().all(|&(x, t)| x > 0.0 && t > 0.0 && x.is_finite() && t.is_finite());
    if points.len() < LEAST_POINTS || !positive || points.iter().all(|point| point.0 == points[0].0) {
        return None;
    }
    let n = points.len() as f64;
    let mut fits = Law::ALL.map(|law| {
        let (a, b, squares) = law.least_squares(points);
        let k = law.parameters();
        let variance = (squares / n).max(LEAST_ERROR * LEAST_ERROR);
        let aicc = n * variance.ln() + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
        Fit { law, a, b, squares, aicc, weight: 0.0 }
    });
    let least = fits.iter().fold(f64::INFINITY, |least, fit| least.min(fit.aicc));
    let total: f64 = fits.iter().map(|fit| (-(fit.aicc - least) / 2.0).exp()).sum();
    for fit in &mut fits {
        fit.weight = (-(fit.aicc - least) / 2.0).exp() / total;
    }
    Some(fits)
}

/// The law of least AICc; the first of equals.
pub fn best(fits: &[Fit; 4]) -> Law {
    fits.iter().fold(fits[0], |best, fit| if fit.aicc < best.aicc { *fit } else { best }).law
}

/// The linear law: t = b(c + x), rising, with c above −min x, or t = b(c − x), falling, with c above max x; given c, b has a
/// closed form, and c is searched on a logarithmic scale.
fn linear(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let ends = points.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), point| (low.min(point.0), high.max(point.0)));
    let search = |sign: f64| {
        let edge = if sign > 0.0 { -ends.0 } else { ends.1 };
        let profile = |log_room: f64| {
            let c = edge + log_room.exp();
            let logs = |&(x, t): &(f64, f64)| t.ln() - (c + sign * x).ln();
            let log_b = points.iter().map(logs).sum::<f64>() / points.len() as f64;
            let squares: f64 = points.iter().map(|point| (logs(point) - log_b).powi(2)).sum();
            (log_b.exp() * c, sign * log_b.exp(), squares)
        };
        let (low, step) = ((ends.1 - ends.0).ln() - REACH, 2.0 * REACH / f64::from(TRIALS));
        let error = |trial: u32| profile(low + step * f64::from(trial)).2;
        let best = (0..=TRIALS).fold(0, |best, trial| if error(trial) < error(best) { trial } else { best });
        let middle = low + step * f64::from(best);
        profile(golden_section(middle - step, middle + step, |log_room| profile(log_room).2))
    };
    let (rising, falling) = (search(1.0), search(-1.0));
    if falling.2 < rising.2 { falling } else { rising }
}

/// The minimum of a function with one valley (Kiefer 1953).
fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let share = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..STEPS {
        let (left, right) = (high - share * (high - low), low + share * (high - low));
        if f(left) < f(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high)
}

/// Slope and intercept of the least-squares line.
pub fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let (mean_x, mean_y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let covariance: f64 = points.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    let variance: f64 = points.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
    (slope, mean_y - slope * mean_x)
}

/// Squared error of the least-squares line.
pub fn line_error(points: &[(f64, f64)]) -> f64 {
    let (slope, intercept) = line(points);
    points.iter().map(|p| (p.1 - intercept - slope * p.0).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::{assert_abs_diff_eq, assert_relative_eq};
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, Normal};

    /// n points of a law with log-normal errors of this size, x uniform over a range like that of compression in bits.
    fn planted(law: Law, a: f64, b: f64, error: f64, n: usize, seed: u64) -> Vec<(f64, f64)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let noise = Normal::new(0.0, error).unwrap();
        (0..n)
            .map(|_| {
                let x = rng.random_range(0.5..6.0);
                (x, law.at(a, b, x) * noise.sample(&mut rng).exp())
            })
            .collect()
    }

    fn of(fits: &[Fit; 4], law: Law) -> Fit {
        *fits.iter().find(|fit| fit.law == law).unwrap()
    }

    #[test]
    fn every_law_is_recovered_exactly_without_noise() {
        for (law, a, b) in [
            (Law::Exponential, 40.0, 0.69),
            (Law::Exponential, 4000.0, -0.5),
            (Law::Power, 100.0, 1.7),
            (Law::Linear, 50.0, 300.0),
            (Law::Linear, -100.0, 300.0),
            (Law::Linear, 900.0, -120.0),
        ] {
            let fits = compare(&planted(law, a, b, 0.0, 60, 1)).unwrap();
            assert_eq!(best(&fits), law);
            let fit = of(&fits, law);
            assert_relative_eq!(fit.a, a, max_relative = 1e-6);
            assert_relative_eq!(fit.b, b, max_relative = 1e-6);
            assert!(fit.weight > 0.999);
        }
    }

    #[test]
    fn a_planted_exponential_is_recovered_through_noise_and_a_planted_line_is_never_called_one() {
        let (mut rates, mut weights) = (Vec::new(), 0.0);
        for seed in 0..50 {
            let fits = compare(&planted(Law::Exponential, 40.0, 0.69, 0.5, 300, seed)).unwrap();
            let exponential = of(&fits, Law::Exponential);
            assert!(exponential.weight > 0.95, "seed {seed}: {fits:?}");
            rates.push(exponential.b);
            for (a, b) in [(50.0, 300.0), (0.0, 300.0)] {
                let fits = compare(&planted(Law::Linear, a, b, 0.5, 300, seed)).unwrap();
                let weight = of(&fits, Law::Exponential).weight;
                assert!(weight < 0.95, "seed {seed}: {fits:?}");
                weights += weight;
            }
        }
        assert!(weights / 100.0 < 0.05, "{weights}");
        // One rate has a standard error of 0.5/(1.59·√300) = 0.018.
        assert_abs_diff_eq!(rates.iter().sum::<f64>() / 50.0, 0.69, epsilon = 0.01);
    }

    #[test]
    fn times_that_do_not_depend_on_x_are_constant() {
        // A law of one number more wins by chance where a χ² of one degree of freedom exceeds 2: about one time in six.
        let constant = (0..50).filter(|&seed| {
            best(&compare(&planted(Law::Constant, 300.0, 0.0, 0.5, 300, seed)).unwrap()) == Law::Constant
        });
        let times = constant.count();
        assert!(times >= 35, "{times} of 50");
    }

    #[test]
    fn too_little_is_refused() {
        assert_eq!(compare(&[(1.0, 1.0); 5]), None);
        assert_eq!(compare(&[(1.0, 1.0); 9]), None);
        let mut points = planted(Law::Linear, 1.0, 1.0, 0.1, 9, 1);
        points[3].1 = 0.0;
        assert_eq!(compare(&points), None);
    }
}
