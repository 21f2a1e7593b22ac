//! Intervals over networks: one value for each, and how far their mean can be trusted.

use infoplane_info::statistics::{Interval, Resamples, wilson};
use infoplane_model::random::{Purpose, stream};

/// Bootstrap resamples behind every interval.
pub const RESAMPLES: usize = 2000;
/// Coverage of every interval.
pub const LEVEL: f64 = 0.95;

/// The mean of one value per network, with its studentised bootstrap interval ([`Resamples::mean`]). The draws depend on nothing but the
/// number of values. Networks that are all equal have no interval.
pub fn interval(values: &[f64]) -> Interval {
    resamples(values.len()).mean(values, LEVEL)
}

/// The mean of one share per network, with its interval within 0 and 1; of networks that are all equal, Wilson's, as if each were one trial.
pub fn share(values: &[f64]) -> Interval {
    within_0_and_1(interval(values), values.len())
}

/// An interval of a share over so many networks, cut to 0 and 1; Wilson's, if it has none.
pub fn within_0_and_1(share: Interval, networks: usize) -> Interval {
    match (share.lower, share.upper) {
        (Some(lower), Some(upper)) if lower < upper => {
            Interval { lower: Some(lower.max(0.0)), upper: Some(upper.min(1.0)), ..share }
        }
        _ => Interval { mean: share.mean, ..wilson(share.mean * networks as f64, networks, LEVEL) },
    }
}

/// The draws behind [`interval`], for many means over the same networks.
pub fn resamples(networks: usize) -> Resamples {
    Resamples::new(networks, RESAMPLES, &mut stream(0, Purpose::Bootstrap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_that_do_not_vary_are_not_known_for_certain() {
        let all = share(&[1.0; 20]);
        assert!((all.lower.unwrap() - 0.839).abs() < 1e-3 && all.upper == Some(1.0), "{all:?}");
        assert_eq!(interval(&[1.0; 20]).lower, None);
        let some = share(&[1.0, 1.0, 1.0, 0.8, 1.0, 1.0, 0.9, 1.0]);
        assert!(some.upper == Some(1.0) && some.lower.unwrap() < 0.93, "{some:?}");
    }
}
