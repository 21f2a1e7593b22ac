//! Binned mutual information: T is replaced by the bins its units fall in.
//!
//! I(X;T) = H(bin(T)) and I(T;Y) = H(Y) − H(Y|bin(T)), both exact for the binned variable since p(x, y) is known.
//! Shwartz-Ziv & Tishby 2017 (arXiv 1703.00810), §3.2: 30 bins on [−1, 1].
//!
//! What it measures is how many x's share a bin, so it depends on the width (Saxe et al. 2018; Goldfeld et al. 2019:
//! clustering, not information lost: a deterministic, injective layer loses none). Offer several widths.
//!
//! Bins of a fixed *width* have no range and hold any activation; bins over a *range* refuse values outside it, because
//! piling those up in the last bin invents compression (ReLU binned in [−1, 1]). Bins over the layer's *own* range, or at the
//! *quantiles* of each unit (Chelombiev, Houghton & O'Donnell 2019), move with the layer from epoch to epoch: the noise they
//! stand for is not the same at two epochs. Any of them can be laid on the *net input* instead of the activation, which
//! undoes the saturation of the nonlinearity (Saxe et al. 2018).

use std::borrow::Cow;
use std::fmt;

use ndarray::{Array1, ArrayView2};
use pulp::{Simd, WithSimd};

use super::ksg::check_pair;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::encoder::Encoder;
use crate::partition::Partition;
use crate::refinement::Refinement;
use crate::simd::run;

/// How one unit's values are put in bins, and which values.
///
/// # Example
/// ```
/// use infoplane_info::estimators::binning::{Binning, Bins};
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0])?;
/// let layer = array![[0.31], [0.33], [-0.12], [-0.5]];
/// let binning = Binning { bins: Bins::Width { width: 0.07 }, on_net_input: false };
/// let information = binning.estimate(&Sample::new(layer.view(), &joint)?)?;
/// // Two of four x's share a bin: H(T) is 1.5 bits, and Y is known from T.
/// assert_eq!((information.i_xt.bits, information.i_ty.bits), (1.5, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Binning {
    /// The bins.
    pub bins: Bins,
    /// Whether the net inputs are binned instead of the activations.
    pub on_net_input: bool,
}

/// How one unit's values are put in bins.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Bins {
    /// v falls in bin ⌊v/width⌋, computed in f32 as the networks are.
    Width {
        /// Width of a bin, in units of activation.
        width: f32,
    },
    /// `count` equal bins on [low, high], computed in f64; v = high joins the last bin, v outside is an error.
    Range {
        /// Number of bins.
        count: usize,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// `count` equal bins between the least and the greatest value of the layer.
    OwnRange {
        /// Number of bins.
        count: usize,
    },
    /// `count` bins per unit, as equally filled as ties allow: v falls in bin ⌊count · (share of values below v)⌋.
    Quantile {
        /// Number of bins.
        count: usize,
    },
}

impl From<Bins> for Binning {
    fn from(bins: Bins) -> Self {
        Self { bins, on_net_input: false }
    }
}

impl Binning {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let width = settings.take_positive("width")?;
        let count = settings.take_count("bins", 1)?;
        let own = settings.take_if("range", "own");
        let range = settings.take_range("range")?;
        let quantile = settings.take_count("quantile", 1)?;
        let on_net_input = match settings.take::<String>("on")?.as_deref() {
            None | Some("activation") => false,
            Some("net-input") => true,
            Some(other) => return Err(settings.value_error("on", other, "the choices are activation, net-input")),
        };
        let bins = match (width, count, own, range, quantile) {
            (Some(width), None, false, None, None) => {
                let width32 = width as f32;
                if !(width32 > 0.0 && width32.is_finite()) {
                    return Err(settings.value_error("width", &width.to_string(), "is not above 0 as a 32-bit number"));
                }
                Bins::Width { width: width32 }
            }
            (None, Some(count), false, Some((low, high)), None) => Bins::Range { count, low, high },
            (None, Some(count), true, None, None) => Bins::OwnRange { count },
            (None, None, false, None, Some(count)) => Bins::Quantile { count },
            _ => return Err(settings.missing("one of width=…, bins=… with range=low..high or range=own, quantile=…")),
        };
        Ok(Self { bins, on_net_input })
    }

    /// The partition of the x's by the bins of all units together.
    ///
    /// # Errors
    /// If a value lies outside the range of the bins, or net inputs are wanted but not known.
    pub fn partition(&self, sample: &Sample) -> Result<Partition, EstimateError> {
        self.cells(if self.on_net_input { sample.net_input.ok_or(EstimateError::NoNetInput)? } else { sample.t })
    }

    /// The partition of rows by the bins of all columns together.
    fn cells(&self, values: ArrayView2<f64>) -> Result<Partition, EstimateError> {
        let bins = match self.bins {
            Bins::OwnRange { count } => own_range(values, count),
            other => other,
        };
        let mut refinement = Refinement::new(values.nrows());
        let mut numbers = vec![0.0; values.nrows()];
        for (unit, values) in values.columns().into_iter().enumerate() {
            // Features over patterns lie feature by feature: no copy is made of them.
            let values = values.to_slice().map_or_else(|| Cow::Owned(values.to_vec()), Cow::Borrowed);
            bins.number(&values, &mut numbers).map_err(|row| {
                let (low, high) = bins.range();
                EstimateError::OutOfRange { row, unit, value: values[row], low, high }
            })?;
            refinement.split_by(&numbers);
        }
        Ok(refinement.finish())
    }
}

/// Equal bins between the least and the greatest value.
fn own_range(values: ArrayView2<f64>, count: usize) -> Bins {
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    // A layer that is constant falls in one bin, whatever its width.
    if high > low { Bins::Range { count, low, high } } else { Bins::Range { count: 1, low, high: low + 1.0 } }
}

/// Bins further from 0 than this are taken for a width that was mistyped.
const FARTHEST: f64 = 9e18;

/// The first value that is not inside; whether there is one is asked without branches, since there hardly ever is.
fn first_outside(values: &[f64], inside: impl Fn(f64) -> bool) -> Option<usize> {
    let all = values.iter().fold(true, |all, &value| all & inside(value));
    if all { None } else { values.iter().position(|&value| !inside(value)) }
}

/// The bin of each of one unit's values.
struct Floors<'a> {
    values: &'a [f64],
    bins: Bins,
    numbers: &'a mut [f64],
}

impl WithSimd for Floors<'_> {
    type Output = ();

    // Floors need SSE 4.1 to be fast.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let numbers = self.numbers.iter_mut().zip(self.values);
        match self.bins {
            Bins::Width { width } => numbers.for_each(|(n, &v)| *n = f64::from((v as f32 / width).floor())),
            Bins::Range { count, low, high } => {
                let (bins, last) = (count as f64, (count - 1) as f64);
                numbers.for_each(|(n, &v)| *n = ((v - low) / (high - low) * bins).floor().min(last));
            }
            Bins::OwnRange { .. } | Bins::Quantile { .. } => (),
        }
    }
}

impl Bins {
    /// The bin of each value of one unit; the row of a value that no bin holds otherwise.
    fn number(self, values: &[f64], numbers: &mut [f64]) -> Result<(), usize> {
        match self {
            Self::Width { .. } => {
                run(Floors { values, bins: self, numbers });
                if let Some(row) = first_outside(numbers, |n| n.abs() < FARTHEST) {
                    return Err(row);
                }
            }
            Self::Range { low, high, .. } => {
                run(Floors { values, bins: self, numbers });
                // The last bin takes in its upper edge, and no more.
                let inside = |value: f64| (low..=high).contains(&value);
                if let Some(row) = first_outside(values, inside) {
                    return Err(row);
                }
            }
            Self::Quantile { count } | Self::OwnRange { count } => {
                let mut sorted: Vec<f64> = values.to_vec();
                sorted.sort_by(f64::total_cmp);
                for (bin, value) in numbers.iter_mut().zip(values) {
                    let below = sorted.partition_point(|other| other < value);
                    *bin = (below * count / sorted.len()) as f64;
                }
            }
        }
        Ok(())
    }

    /// The range of values the bins can hold.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Width { width } => (-FARTHEST * f64::from(width), FARTHEST * f64::from(width)),
            Self::Range { low, high, .. } => (low, high),
            Self::OwnRange { .. } | Self::Quantile { .. } => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

impl Estimator for Binning {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        Ok(sample.discrete(&self.partition(sample)?))
    }

    fn wants_net_input(&self) -> bool {
        self.on_net_input
    }

    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        Ok(Some(Encoder::of_partition(&self.partition(sample)?)))
    }

    /// H(bin A) + H(bin B) − H(bin A, bin B) of the counts: biased upwards by about (cells of both − of each)/2n nats.
    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, 1)?;
        if self.on_net_input {
            return Err(EstimateError::NoNetInput);
        }
        let p = Array1::from_elem(a.nrows(), 1.0 / a.nrows() as f64);
        let (a, b) = (self.cells(a)?, self.cells(b)?);
        let bits = a.entropy(p.view()) + b.entropy(p.view()) - a.refine(&b).entropy(p.view());
        Ok(Estimate::point(bits.max(0.0)))
    }
}

impl fmt::Display for Binning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bins {
            Bins::Width { width } => write!(f, "width={width}"),
            Bins::Range { count, low, high } => write!(f, "bins={count},range={low}..{high}"),
            Bins::OwnRange { count } => write!(f, "bins={count},range=own"),
            Bins::Quantile { count } => write!(f, "quantile={count}"),
        }?;
        if self.on_net_input { f.write_str(",on=net-input") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::{Array2, array};

    fn cells(bins: Bins, t: &Array2<f64>) -> Result<Vec<u32>, EstimateError> {
        let joint = JointDistribution::uniform_binary(&vec![0.5; t.nrows()]).unwrap();
        Ok(Binning::from(bins).partition(&Sample::new(t.view(), &joint)?)?.cell().to_vec())
    }

    #[test]
    fn edges_belong_to_the_bin_above_and_the_top_edge_to_the_last_bin() {
        let t = array![[-1.0], [-0.5], [-0.4999], [0.0], [0.5], [1.0]];
        assert_eq!(cells(Bins::Range { count: 4, low: -1.0, high: 1.0 }, &t).unwrap(), [0, 1, 1, 2, 3, 3]);
        assert_eq!(cells(Bins::Width { width: 0.5 }, &t).unwrap(), [0, 1, 1, 2, 3, 4]);
    }

    #[test]
    fn values_outside_the_range_are_refused_with_their_place() {
        let t = array![[0.0, 0.0], [0.0, 1.5]];
        let error = cells(Bins::Range { count: 4, low: -1.0, high: 1.0 }, &t).unwrap_err();
        assert_eq!(error, EstimateError::OutOfRange { row: 1, unit: 1, value: 1.5, low: -1.0, high: 1.0 });
        assert!(cells(Bins::Width { width: 1e-30 }, &array![[1.0]]).is_err());
    }

    #[test]
    fn quantiles_fill_bins_evenly_and_keep_ties_together() {
        let t = array![[5.0], [1.0], [4.0], [1.0], [9.0], [2.0]];
        assert_eq!(cells(Bins::Quantile { count: 3 }, &t).unwrap(), [0, 1, 2, 1, 0, 2]);
        assert_eq!(cells(Bins::Quantile { count: 3 }, &array![[1.0], [1.0], [1.0]]).unwrap(), [0, 0, 0]);
    }

    #[test]
    fn the_own_range_needs_no_range_and_survives_a_constant_layer() {
        let own = Bins::OwnRange { count: 2 };
        assert_eq!(cells(own, &array![[-7.0], [0.0], [100.0]]).unwrap(), [0, 0, 1]);
        assert_eq!(cells(own, &array![[3.0], [3.0]]).unwrap(), [0, 0]);
    }

    #[test]
    fn a_pair_of_samples_has_the_information_of_its_bins() {
        let (a, b) = (array![[0.1], [0.2], [1.1], [1.2]], array![[5.0], [5.5], [7.0], [7.5]]);
        let binning = Binning::from(Bins::Width { width: 1.0 });
        approx::assert_abs_diff_eq!(binning.pair(a.view(), b.view()).unwrap().bits, 1.0, epsilon = 1e-15);
        assert_eq!(binning.pair(a.view(), (&b * 0.0).view()).unwrap().bits, 0.0);
    }

    #[test]
    fn bins_can_lie_on_the_net_input() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 1.0]).unwrap();
        let (t, z) = (array![[1.0], [1.0], [1.0]], array![[10.0], [20.0], [30.0]]);
        let binning = Binning { bins: Bins::Width { width: 1.0 }, on_net_input: true };
        let sample = Sample::new(t.view(), &joint).unwrap();
        assert_eq!(binning.estimate(&sample), Err(EstimateError::NoNetInput));
        let with = sample.with_net_input(z.view()).unwrap();
        approx::assert_abs_diff_eq!(binning.estimate(&with).unwrap().i_xt.bits, 3_f64.log2(), epsilon = 1e-12);
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
            let info = Binning::from(Bins::Range { count: 30, low: -1.0, high: 1.0 })
                .estimate(&Sample::new(t.view(), &joint).unwrap())
                .unwrap();
            approx::assert_abs_diff_eq!(info.i_xt.bits, expected, epsilon = 1e-4);
        }
    }
}
