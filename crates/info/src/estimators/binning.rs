//! Binned mutual information: T is replaced by the bins its units fall in.
//!
//! I(X;T) = H(bin(T)) and I(T;Y) = H(Y) − H(Y|bin(T)), both exact for the binned variable since p(x, y) is known.
//! Shwartz-Ziv & Tishby 2017 (arXiv 1703.00810), §3.2: 30 bins on [−1, 1].
//!
//! What it measures is how many x's share a bin, so it depends on the width (Saxe et al. 2018; Goldfeld et al. 2019:
//! clustering, not information lost: a deterministic, injective layer loses none). Offer several widths.
//!
//! Bins of a fixed *width* have no range and hold any activation; bins over a *range* refuse values outside it, because
//! piling those up in the last bin invents compression (ReLU binned in [−1, 1]).

use std::fmt;

use ndarray::ArrayView1;

use super::settings::{SettingError, Settings};
use super::{EstimateError, Estimator, Information, Sample};
use crate::partition::{Partition, Refinement};

/// How one unit's values are put in bins.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Binning {
    /// v falls in bin ⌊v/width⌋, computed in f32 as the networks are.
    Width {
        /// Width of a bin, in units of activation.
        width: f32,
    },
    /// `bins` equal bins on [low, high], computed in f64; v = high joins the last bin, v outside is an error.
    Range {
        /// Number of bins.
        bins: usize,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

impl Binning {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let width = settings.take_positive("width")?;
        let bins = settings.take_count("bins", 1)?;
        let range = settings.take_range("range")?;
        match (width, bins, range) {
            (Some(width), None, None) => {
                let width32 = width as f32;
                if width32 > 0.0 && width32.is_finite() {
                    Ok(Self::Width { width: width32 })
                } else {
                    Err(settings.value_error("width", &width.to_string(), "is not above 0 as a 32-bit number"))
                }
            }
            (None, Some(bins), Some((low, high))) => Ok(Self::Range { bins, low, high }),
            _ => Err(settings.missing("either width=…, or bins=… with range=low..high")),
        }
    }

    /// The partition of the x's by the bins of all units together.
    ///
    /// # Errors
    /// If a value lies outside the range of the bins.
    pub fn partition(&self, sample: &Sample) -> Result<Partition, EstimateError> {
        let mut refinement = Refinement::new(sample.t.nrows());
        let mut bins = vec![0_i64; sample.t.nrows()];
        for (unit, values) in sample.t.columns().into_iter().enumerate() {
            self.bin(values, &mut bins).map_err(|row| {
                let (low, high) = self.range();
                EstimateError::OutOfRange { row, unit, value: values[row], low, high }
            })?;
            refinement.split_by(&bins);
        }
        Ok(refinement.finish())
    }

    /// The bin of each value of one unit; the row of a value that no bin holds otherwise.
    fn bin(&self, values: ArrayView1<f64>, bins: &mut [i64]) -> Result<(), usize> {
        match *self {
            Self::Width { width } => {
                for (row, (bin, &value)) in bins.iter_mut().zip(values).enumerate() {
                    let number = (value as f32 / width).floor();
                    // Beyond this a 32-bit quotient no longer fits the bin's number.
                    if number.abs() >= 9e18 {
                        return Err(row);
                    }
                    *bin = number as i64;
                }
            }
            Self::Range { bins: count, low, high } => {
                for (row, (bin, &value)) in bins.iter_mut().zip(values).enumerate() {
                    if !(low..=high).contains(&value) {
                        return Err(row);
                    }
                    *bin = (((value - low) / (high - low) * count as f64) as i64).min(count as i64 - 1);
                }
            }
        }
        Ok(())
    }

    /// The range of values the bins can hold.
    pub fn range(&self) -> (f64, f64) {
        match *self {
            Self::Width { width } => (-9e18 * f64::from(width), 9e18 * f64::from(width)),
            Self::Range { low, high, .. } => (low, high),
        }
    }
}

impl Estimator for Binning {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        Ok(self.partition(sample)?.information(sample.joint))
    }
}

impl fmt::Display for Binning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Width { width } => write!(f, "width={width}"),
            Self::Range { bins, low, high } => write!(f, "bins={bins},range={low}..{high}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::{Array2, array};

    fn cells(binning: Binning, t: &Array2<f64>) -> Result<Vec<u32>, EstimateError> {
        let joint = JointDistribution::uniform_binary(&vec![0.5; t.nrows()]).unwrap();
        Ok(binning.partition(&Sample::new(t.view(), &joint)?)?.cell().to_vec())
    }

    #[test]
    fn edges_belong_to_the_bin_above_and_the_top_edge_to_the_last_bin() {
        let t = array![[-1.0], [-0.5], [-0.4999], [0.0], [0.5], [1.0]];
        assert_eq!(cells(Binning::Range { bins: 4, low: -1.0, high: 1.0 }, &t).unwrap(), [0, 1, 1, 2, 3, 3]);
        assert_eq!(cells(Binning::Width { width: 0.5 }, &t).unwrap(), [0, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn values_outside_the_range_are_refused_with_their_place() {
        let t = array![[0.0, 0.0], [0.0, 1.5]];
        let error = cells(Binning::Range { bins: 4, low: -1.0, high: 1.0 }, &t).unwrap_err();
        assert_eq!(error, EstimateError::OutOfRange { row: 1, unit: 1, value: 1.5, low: -1.0, high: 1.0 });
        assert!(cells(Binning::Width { width: 1e-30 }, &array![[1.0]]).is_err());
    }

    #[test]
    fn one_tanh_unit_on_a_gaussian_matches_quadrature() {
        // H(T) of 30 bins on [−1, 1] for T = tanh(wX), X ~ N(0, 1): exact values computed independently from the normal CDF.
        // Here X is its 200 001 mid-quantiles, each equally likely.
        use statrs::distribution::{ContinuousCDF, Normal};
        let n = 200_001;
        let normal = Normal::standard();
        let joint = JointDistribution::uniform_binary(&vec![0.5; n]).unwrap();
        for (w, expected) in [(0.5, 4.631195), (1.0, 4.877066), (2.0, 4.157342), (10.0, 2.044173), (100.0, 1.150617)] {
            let t =
                Array2::from_shape_fn((n, 1), |(i, _)| (w * normal.inverse_cdf((i as f64 + 0.5) / n as f64)).tanh());
            let info = Binning::Range { bins: 30, low: -1.0, high: 1.0 }
                .estimate(&Sample::new(t.view(), &joint).unwrap())
                .unwrap();
            approx::assert_abs_diff_eq!(info.i_xt.bits, expected, epsilon = 1e-4);
        }
    }
}
