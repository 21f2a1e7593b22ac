//! Intervals over networks: one value for each, and how far their mean can be trusted.

use infoplane_info::statistics::{Interval, Resamples};
use infoplane_model::random::{Purpose, stream};

/// Bootstrap resamples behind every interval.
pub const RESAMPLES: usize = 2000;
/// Coverage of every interval.
pub const LEVEL: f64 = 0.95;

/// The mean of one value per network, with its bootstrap interval. The draws depend on nothing but the number of values.
pub fn interval(values: &[f64]) -> Interval {
    resamples(values.len()).mean(values, LEVEL)
}

/// The draws behind [`interval`], for many means over the same networks.
pub fn resamples(networks: usize) -> Resamples {
    Resamples::new(networks, RESAMPLES, &mut stream(0, Purpose::Bootstrap))
}
