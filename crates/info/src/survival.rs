//! How long until something happens, when for some it had not happened yet by the time one stopped looking.
//!
//! A time is an event (it was reached then) or censored (not reached by then). Means over those that reached it are wrong:
//! they leave out the slow ones. Instead, with d_i events among the n_i still at risk at the i-th event time:
//!
//! - S(t) = Π_{t_i ≤ t} (1 − d_i/n_i), the share still waiting (Kaplan & Meier 1958); censored times count as at risk until
//!   just after the events of the same time.
//! - its interval: exp(−exp(ln(−ln S) ± z σ)), σ² = Σ_{t_i ≤ t} d_i/(n_i(n_i − d_i)) / (ln S)² (Greenwood 1926, on the log-log
//!   scale, where it stays within [0, 1]).
//! - the median: the first time at which S ≤ ½; its interval, the times whose interval of S holds ½ (Brookmeyer & Crowley
//!   1982). Any of the three may not exist: with half still waiting at the end there is no median, only a lower bound.
//! - concordance: of the pairs whose order is known, the share in which the greater predictor has the shorter time (Harrell
//!   1982): ½ is no relation, 1 is perfect.
//!
//! Assumes that censoring says nothing about the time, as when training ends at a fixed epoch.

use statrs::distribution::{ContinuousCDF, Normal};

/// Rounding left in a product of shares.
const ROUNDING: f64 = 1e-12;

/// A time, and whether it is that of the event or only when one stopped looking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// The time.
    pub time: f64,
    /// Whether the event came then.
    pub event: bool,
}

/// The curve from one event time to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The event time t_i.
    pub time: f64,
    /// n_i.
    pub at_risk: usize,
    /// d_i.
    pub events: usize,
    /// S from t_i on.
    pub survival: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end of its interval.
    pub upper: f64,
}

/// A median with its interval, as far as they exist.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MedianTime {
    /// First time by which half have had the event.
    pub median: Option<f64>,
    /// Lower end of its interval.
    pub lower: Option<f64>,
    /// Upper end of its interval; none if the data do not bound it.
    pub upper: Option<f64>,
}

/// The Kaplan–Meier curve, a step per event time in ascending order, with intervals of a coverage, 0.95 by habit. No steps
/// without events.
///
/// # Example
/// ```
/// use infoplane_info::survival::{Observation, kaplan_meier, median_time};
///
/// // Three networks reach the goal; the fourth had not when training ended.
/// let after = |time: f64, event: bool| Observation { time, event };
/// let curve = kaplan_meier(&[after(10.0, true), after(20.0, true), after(30.0, true), after(50.0, false)], 0.95);
/// assert_eq!(curve.iter().map(|step| step.survival).collect::<Vec<_>>(), [0.75, 0.5, 0.25]);
/// assert_eq!(median_time(&curve).median, Some(20.0));
/// ```
pub fn kaplan_meier(observations: &[Observation], level: f64) -> Vec<Step> {
    let z = Normal::standard().inverse_cdf(f64::midpoint(1.0, level));
    let mut sorted = observations.to_vec();
    sorted.sort_by(|a, b| a.time.total_cmp(&b.time));
    let (mut at_risk, mut survival, mut greenwood) = (sorted.len(), 1.0, 0.0);
    let mut curve = Vec::new();
    for tied in sorted.chunk_by(|a, b| a.time == b.time) {
        let events = tied.iter().filter(|observation| observation.event).count();
        if events > 0 {
            let (n, d) = (at_risk as f64, events as f64);
            survival *= 1.0 - d / n;
            greenwood += d / (n * (n - d));
            let (lower, upper) = log_log(survival, greenwood, z);
            curve.push(Step { time: tied[0].time, at_risk, events, survival, lower, upper });
        }
        at_risk -= tied.len();
    }
    curve
}

/// The interval of S; where none is left, S = 0 is known.
fn log_log(survival: f64, greenwood: f64, z: f64) -> (f64, f64) {
    if survival <= ROUNDING {
        return (0.0, 0.0);
    }
    let reach = z * greenwood.sqrt() / survival.ln().abs();
    let end = |sign: f64| survival.powf((sign * reach).exp());
    (end(1.0), end(-1.0))
}

/// The median of a curve.
pub fn median_time(curve: &[Step]) -> MedianTime {
    let first = |share: fn(&Step) -> f64| curve.iter().find(|step| share(step) <= 0.5 + ROUNDING).map(|step| step.time);
    MedianTime { median: first(|s| s.survival), lower: first(|s| s.lower), upper: first(|s| s.upper) }
}

/// Of two, each with a predictor, whether the one of the greater predictor comes first; none if the predictors tie or the order
/// cannot be known. An event comes before whatever is censored at the same time.
pub fn greater_first(a: (f64, Observation), b: (f64, Observation)) -> Option<bool> {
    let before = |x: Observation, y: Observation| x.event && (x.time < y.time || (x.time == y.time && !y.event));
    let (greater, lesser) = if a.0 > b.0 { (a.1, b.1) } else { (b.1, a.1) };
    if a.0 == b.0 {
        None
    } else if before(greater, lesser) {
        Some(true)
    } else {
        before(lesser, greater).then_some(false)
    }
}

/// Harrell's concordance of a predictor with shorter times. None if no pair's order is known.
pub fn concordance(predicted: &[(f64, Observation)]) -> Option<f64> {
    let pairs = predicted.iter().enumerate().flat_map(|(k, a)| predicted[..k].iter().map(move |b| (*a, *b)));
    let known: Vec<bool> = pairs.filter_map(|(a, b)| greater_first(a, b)).collect();
    let agree = known.iter().filter(|&&first| first).count();
    (!known.is_empty()).then(|| agree as f64 / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::{Distribution, Exp};

    fn observations(events: &[f64], censored: &[f64]) -> Vec<Observation> {
        let of = |event: bool| move |&time: &f64| Observation { time, event };
        events.iter().map(of(true)).chain(censored.iter().map(of(false))).collect()
    }

    /// Remission of 21 patients on 6-mercaptopurine (Freireich 1963), the standard example.
    #[test]
    fn the_textbook_curve() {
        let weeks = observations(
            &[6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0],
            &[6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0],
        );
        let curve = kaplan_meier(&weeks, 0.95);
        // R: survfit(Surv(weeks, event) ~ 1, conf.type = "log-log")
        let expected = [
            (6.0, 0.857_143, 0.619_718, 0.951_552),
            (7.0, 0.806_723, 0.563_147, 0.922_809),
            (10.0, 0.752_941, 0.503_200, 0.889_362),
            (13.0, 0.690_196, 0.431_610, 0.849_066),
            (16.0, 0.627_451, 0.367_511, 0.804_912),
            (22.0, 0.537_815, 0.267_779, 0.746_791),
            (23.0, 0.448_179, 0.188_052, 0.680_143),
        ];
        assert_eq!(curve.len(), expected.len());
        for (step, (time, survival, lower, upper)) in curve.iter().zip(expected) {
            assert_eq!(step.time, time);
            assert_abs_diff_eq!(step.survival, survival, epsilon = 1e-6);
            assert_abs_diff_eq!(step.lower, lower, epsilon = 1e-4);
            assert_abs_diff_eq!(step.upper, upper, epsilon = 1e-4);
        }
        assert_eq!(median_time(&curve), MedianTime { median: Some(23.0), lower: Some(13.0), upper: None });
    }

    #[test]
    fn a_known_median_is_found_through_heavy_censoring_and_covered_as_often_as_said() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        // Median 100; observation ends anywhere, and a third are censored.
        let (truth, time) = (100.0, Exp::new(std::f64::consts::LN_2 / 100.0).unwrap());
        let end = Exp::new(0.0035).unwrap();
        let (mut covered, mut sum, mut censored) = (0, 0.0, 0);
        let trials = 500_usize;
        for _ in 0..trials {
            let sample: Vec<Observation> = (0..40)
                .map(|_| {
                    let (time, end) = (time.sample(&mut rng), end.sample(&mut rng));
                    Observation { time: time.min(end), event: time <= end }
                })
                .collect();
            censored += sample.iter().filter(|o| !o.event).count();
            let found = median_time(&kaplan_meier(&sample, 0.95));
            sum += found.median.unwrap_or(300.0);
            let above = found.upper.is_none_or(|upper| truth <= upper);
            covered += usize::from(found.lower.is_some_and(|lower| lower <= truth) && above);
        }
        assert!((0.28..0.40).contains(&(censored as f64 / (40 * trials) as f64)));
        let mean = sum / trials as f64;
        assert!((95.0..112.0).contains(&mean), "{mean}");
        assert!((460..=495).contains(&covered), "{covered} of {trials}");
    }

    #[test]
    fn without_half_of_the_events_there_is_no_median_and_without_any_no_curve() {
        let few = median_time(&kaplan_meier(&observations(&[1.0, 2.0], &[5.0; 8]), 0.95));
        assert_eq!((few.median, few.upper), (None, None));
        assert!(kaplan_meier(&observations(&[], &[5.0; 8]), 0.95).is_empty());
        let all_at_once = median_time(&kaplan_meier(&observations(&[7.0; 20], &[]), 0.95));
        assert_eq!(all_at_once, MedianTime { median: Some(7.0), lower: Some(7.0), upper: Some(7.0) });
    }

    #[test]
    fn concordance_knows_only_the_pairs_whose_order_is_known() {
        let event = |time| Observation { time, event: true };
        let censored = |time| Observation { time, event: false };
        assert_eq!(concordance(&[(3.0, event(1.0)), (2.0, event(2.0)), (1.0, censored(2.0))]), Some(1.0));
        assert_eq!(concordance(&[(1.0, event(1.0)), (2.0, event(2.0))]), Some(0.0));
        // Censored first, the order of the two is unknown.
        assert_eq!(concordance(&[(1.0, censored(1.0)), (2.0, event(2.0))]), None);
        assert_eq!(concordance(&[(1.0, event(1.0)), (1.0, event(2.0))]), None);
    }
}
