//! Quantised networks: activations take 2ᵇ values per unit, and information is exact.
//!
//! Lorenzen, Igel & Nielsen 2022 (arXiv 2106.12912): the quantisation is part of the network, so T is discrete and I(X;T) =
//! H(T) is its true information, not an estimate. Here each layer's activations are rounded to 2ᵇ equally spaced levels
//! between the least and the greatest value of the layer. Of a network that was trained without, it measures the network so
//! quantised after training.

use std::fmt;

use super::settings::{SettingError, Settings};
use super::{EstimateError, Estimator, Information, Sample};
use crate::encoder::Encoder;
use crate::partition::Partition;
use crate::refinement::Refinement;

/// Activations of b bits.
///
/// # Example
/// ```
/// use infoplane_info::estimators::quantised::Quantised;
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0])?;
/// // A unit of one bit: two levels.
/// let layer = array![[-1.0], [-1.0], [1.0], [1.0]];
/// let information = Quantised { bits: 1 }.estimate(&Sample::new(layer.view(), &joint)?)?;
/// assert_eq!((information.i_xt.bits, information.i_ty.bits), (1.0, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantised {
    /// Bits per unit, 1 to 24.
    pub bits: u32,
}

impl Quantised {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        match settings.take_count("bits", 1)? {
            Some(bits) if bits <= 24 => Ok(Self { bits: bits as u32 }),
            Some(bits) => Err(settings.value_error("bits", &bits.to_string(), "must be at most 24")),
            None => Ok(Self { bits: 8 }),
        }
    }

    /// The partition of the x's by the levels of all units together.
    pub fn partition(&self, sample: &Sample) -> Partition {
        let (low, high) =
            sample.t.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &t| (low.min(t), high.max(t)));
        let levels = f64::from((1_u32 << self.bits) - 1);
        let mut refinement = Refinement::new(sample.t.nrows());
        if high > low {
            for values in sample.t.columns() {
                let level = |&t: &f64| ((t - low) / (high - low) * levels).round();
                refinement.split_by(&values.iter().map(level).collect::<Vec<_>>());
            }
        }
        refinement.finish()
    }
}

impl Estimator for Quantised {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        Ok(sample.discrete(&self.partition(sample)))
    }

    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        Ok(Some(Encoder::of_partition(&self.partition(sample))))
    }
}

impl fmt::Display for Quantised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bits={}", self.bits)
    }
}
