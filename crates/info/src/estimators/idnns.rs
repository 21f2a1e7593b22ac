//! The bins of the paper's public code, kept exactly: for comparison, not for trust.
//!
//! Edges e = linspace(−1, 1, n) in f32; the bin of v is (number of edges ≤ v) − 1, so n edges make n − 1 intervals and one
//! more bin for v ≥ 1. Its quirk is reproduced too: v < −1 has number −1, which wraps round to the **last** bin, together
//! with v ≥ 1. Harmless for tanh; for ReLU every value above 1 lands in one bin, which looks like compression.

use std::fmt;

use ndarray::ArrayView1;
use pulp::{Simd, WithSimd};

use super::settings::{SettingError, Settings};
use super::{EstimateError, Estimator, Information, Sample};
use crate::encoder::Encoder;
use crate::partition::Partition;
use crate::refinement::Refinement;
use crate::simd::run;

/// `edges` equally spaced edges on [−1, 1].
///
/// # Example
/// ```
/// use infoplane_info::estimators::idnns::Idnns;
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0])?;
/// let layer = array![[-0.9], [-0.89], [0.5], [0.9]];
/// let information = Idnns::new(30).estimate(&Sample::new(layer.view(), &joint)?)?;
/// assert_eq!((information.i_xt.bits, information.i_ty.bits), (1.5, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idnns {
    edges: usize,
}

impl Idnns {
    /// `edges` ≥ 2 equally spaced edges on [−1, 1]; the paper's code has 30.
    pub fn new(edges: usize) -> Self {
        Self { edges: edges.max(2) }
    }

    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self::new(settings.take_count("edges", 2)?.unwrap_or(30)))
    }

    /// The partition of the x's by the bins of all units together.
    pub fn partition(&self, sample: &Sample) -> Partition {
        let mut refinement = Refinement::new(sample.t.nrows());
        let mut bins = vec![0.0; sample.t.nrows()];
        for values in sample.t.columns() {
            run(Digitize { edges: *self, values, numbers: &mut bins });
            refinement.split_by(&bins);
        }
        refinement.finish()
    }

    /// Edge number i as numpy's linspace has it, in f32.
    #[inline(always)]
    fn edge(self, i: f64) -> f32 {
        let last = (self.edges - 1) as f64;
        if i == last { 1.0 } else { (-1.0 + i * (2.0 / last)) as f32 }
    }

    /// The bin of a value, a whole number. No branches: a loop over it is vectorised.
    #[inline(always)]
    fn bin(self, value: f32) -> f64 {
        let last = (self.edges - 1) as f64;
        // The equal spacing gives the bin up to one; the edges themselves decide.
        let guess = f64::from(((value + 1.0) * 0.5 * last as f32).floor()).min(last - 1.0);
        let low = if self.edge(guess) > value { guess - 1.0 } else { guess };
        let bin = if self.edge(low + 1.0) <= value { low + 1.0 } else { low };
        if (-1.0..1.0).contains(&value) { bin } else { last }
    }
}

/// The bins of one unit's values.
struct Digitize<'a> {
    edges: Idnns,
    values: ArrayView1<'a, f64>,
    numbers: &'a mut [f64],
}

impl WithSimd for Digitize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        match self.values.to_slice() {
            Some(values) => {
                for (bin, &value) in self.numbers.iter_mut().zip(values) {
                    *bin = self.edges.bin(value as f32);
                }
            }
            None => {
                for (bin, &value) in self.numbers.iter_mut().zip(self.values) {
                    *bin = self.edges.bin(value as f32);
                }
            }
        }
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
        write!(f, "edges={}", self.edges)
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
            let edges: Vec<f32> = (0..count).map(|i| idnns.edge(i as f64)).collect();
            for &edge in &edges {
                for value in [edge.next_down(), edge, edge.next_up(), edge * 0.99, -7.0, 7.0] {
                    assert_eq!(idnns.bin(value) as i64, digitize(&edges, value), "{value} with {count} edges");
                }
            }
        }
    }
}
