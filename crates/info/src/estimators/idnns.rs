//! The bins of the paper's public code, kept exactly: for comparison, not for trust.
//!
//! Edges e = linspace(−1, 1, n) in f32; the bin of v is (number of edges ≤ v) − 1, so n edges make n − 1 intervals and one
//! more bin for v ≥ 1. Its quirk is reproduced too: v < −1 has number −1, which wraps round to the **last** bin, together
//! with v ≥ 1. Harmless for tanh; for ReLU every value above 1 lands in one bin, which looks like compression.

use std::fmt;

use super::settings::{SettingError, Settings};
use super::{EstimateError, Estimator, Information, Sample};
use crate::encoder::Encoder;
use crate::partition::Partition;
use crate::refinement::Refinement;

/// `edges` equally spaced edges on [−1, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Idnns {
    edges: Vec<f32>,
}

impl Idnns {
    /// `edges` ≥ 2 equally spaced edges on [−1, 1]; the paper's code has 30.
    pub fn new(edges: usize) -> Self {
        let step = 2.0 / (edges.max(2) - 1) as f64;
        let mut edges: Vec<f32> = (0..edges.max(2)).map(|i| (-1.0 + i as f64 * step) as f32).collect();
        *edges.last_mut().expect("at least two edges") = 1.0;
        Self { edges }
    }

    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self::new(settings.take_count("edges", 2)?.unwrap_or(30)))
    }

    /// The partition of the x's by the bins of all units together.
    pub fn partition(&self, sample: &Sample) -> Partition {
        let mut refinement = Refinement::new(sample.t.nrows());
        for values in sample.t.columns() {
            let bins: Vec<f64> = values.iter().map(|&value| self.bin(value as f32) as f64).collect();
            refinement.split_by(&bins);
        }
        refinement.finish()
    }

    fn bin(&self, value: f32) -> usize {
        let last = self.edges.len() - 1;
        if !(-1.0..1.0).contains(&value) {
            return last;
        }
        // The equal spacing gives the bin up to one; the edges themselves decide.
        let guess = (((value + 1.0) * 0.5 * last as f32) as usize).min(last - 1);
        let low = guess - usize::from(self.edges[guess] > value);
        low + usize::from(self.edges[low + 1] <= value)
    }
}

impl Estimator for Idnns {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        Ok(sample.discrete(&self.partition(sample)))
    }

    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        Ok(Some(Encoder::of_partition(&self.partition(sample))))
    }
}

impl fmt::Display for Idnns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edges={}", self.edges.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy.digitize(v, edges) − 1, with Python's wrap-round of −1.
    fn digitize(edges: &[f32], value: f32) -> i64 {
        let number = edges.iter().filter(|&&edge| edge <= value).count() as i64 - 1;
        if number < 0 { edges.len() as i64 - 1 } else { number }
    }

    #[test]
    fn agrees_with_digitize_on_and_around_every_edge() {
        for count in [2, 3, 30, 31, 100] {
            let idnns = Idnns::new(count);
            for &edge in &idnns.edges {
                for value in [edge.next_down(), edge, edge.next_up(), edge * 0.99, -7.0, 7.0] {
                    assert_eq!(idnns.bin(value) as i64, digitize(&idnns.edges, value), "{value} with {count} edges");
                }
            }
        }
    }
}
