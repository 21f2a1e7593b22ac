//! Noise inside the layer, exactly: uniform noise as wide as a bin is added to every unit, and the sum is binned.
//!
//! T = ⌊(t(x) + U)/w⌋ per unit, with U uniform on [−w/2, w/2): subtractive dithering's encoder (Schuchman 1964; Gray & Stockham
//! 1993). A unit at t falls in one of two neighbouring bins, with probabilities linear in t, so p(t|x) is soft, discrete and
//! known exactly: I(X;T) = H(T) − H(T|X) and I(T;Y) have no error at all. The standard deviation of the noise is w/√12.
//!
//! Why not Gaussian noise: it reaches six or more bins of its own width per unit, 6^d cells for every x; the density of
//! [`noisy`](super::noisy) needs no bins, but leaves T continuous, and a continuous T has no place among the encoders that the
//! bound is tested with. Even here an x has up to 2^d cells: layers of more than [`MOST_CELLS`] cells in all are refused.

use std::fmt;

use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::Encoder;
use crate::refinement::number_in_order;

/// Pairs of an x and a cell that are still enumerated: 2^17, as 4096 x's with five units.
pub const MOST_CELLS: usize = 1 << 17;

/// Uniform noise and bins of one width.
///
/// # Example
/// ```
/// use infoplane_info::estimators::dithered::Dithered;
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 1.0])?;
/// // Half a width apart: a half of T's values tells nothing.
/// let layer = array![[0.0], [0.5]];
/// let information = Dithered { width: 1.0 }.estimate(&Sample::new(layer.view(), &joint)?)?;
/// assert!((information.i_xt.bits - 0.5).abs() < 0.2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dithered {
    /// Width of the noise and of the bins, in units of activation.
    pub width: f64,
}

impl Dithered {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let width = settings.take_positive("width")?.ok_or_else(|| settings.missing("width=…"))?;
        Ok(Self { width })
    }

    /// p(t|x).
    ///
    /// # Errors
    /// If there are too many cells to enumerate, or a bin's number would overflow.
    pub fn encoder(&self, sample: &Sample) -> Result<Encoder, EstimateError> {
        let (n, units) = sample.t.dim();
        let pairs = u32::try_from(units).ok().and_then(|units| n.checked_mul(2_usize.checked_pow(units)?));
        if pairs.is_none_or(|pairs| pairs > MOST_CELLS) {
            return Err(EstimateError::Intractable { units, rows: n, most: MOST_CELLS });
        }
        // Cells one unit at a time, numbered afresh after each: no two different cells ever share a number.
        let mut rows = vec![vec![(0_u64, 1.0_f64)]; n];
        for (unit, values) in sample.t.columns().into_iter().enumerate() {
            let mut bins: Vec<i64> = Vec::with_capacity(2 * n);
            let mut shares = Vec::with_capacity(n);
            for (row, &value) in values.iter().enumerate() {
                let place = value / self.width - 0.5;
                if place.abs() >= 9e18 {
                    let reach = 9e18 * self.width;
                    return Err(EstimateError::OutOfRange { row, unit, value, low: -reach, high: reach });
                }
                shares.push(place - place.floor());
                bins.extend([place.floor() as i64, place.floor() as i64 + 1]);
            }
            let (numbers, count) = number_in_order(&bins.iter().map(|&bin| bin as u64).collect::<Vec<_>>());
            let mut labels = Vec::new();
            for (x, row) in rows.iter_mut().enumerate() {
                let halves = [(numbers[2 * x], 1.0 - shares[x]), (numbers[2 * x + 1], shares[x])];
                *row = row
                    .iter()
                    .flat_map(|&(t, p)| halves.map(|(bin, share)| (t * count as u64 + u64::from(bin), p * share)))
                    .filter(|entry| entry.1 > 0.0)
                    .collect();
                labels.extend(row.iter().map(|entry| entry.0));
            }
            let (numbers, _) = number_in_order(&labels);
            for (entry, number) in rows.iter_mut().flatten().zip(numbers) {
                entry.0 = u64::from(number);
            }
        }
        Ok(Encoder::from_rows(rows))
    }
}

impl Estimator for Dithered {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let encoder = self.encoder(sample)?;
        let mut information = encoder.information(sample.joint);
        if let Some(x) = sample.same_x {
            // Rows of one x that differ in t are noise too: I(X;T) = I(row;T) − I(row;T|X).
            let more = encoder.entropy_given(x, sample.joint) - encoder.entropy_given_x(sample.joint);
            information.i_xt = Estimate::exact((information.i_xt.bits - more).max(0.0));
        }
        Ok(information)
    }

    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        self.encoder(sample).map(Some)
    }
}

impl fmt::Display for Dithered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "width={}", self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use approx::assert_abs_diff_eq;
    use ndarray::{Array2, array};

    #[test]
    fn a_unit_falls_in_two_bins_with_shares_linear_in_its_value() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 1.0]).unwrap();
        // In the middle of a bin, noise cannot leave it; at an edge, it falls either way.
        let t = array![[0.5], [1.0], [1.25]];
        let encoder = Dithered { width: 1.0 }.encoder(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        let shares = |x: usize| encoder.row(x).iter().map(|entry| entry.1).collect::<Vec<_>>();
        assert_eq!((shares(0), shares(1), shares(2)), (vec![1.0], vec![0.5, 0.5], vec![0.25, 0.75]));
        assert_eq!(encoder.row(0)[0].0, encoder.row(1)[0].0);
    }

    #[test]
    fn it_is_what_drawing_the_noise_gives() {
        use rand::{RngExt, SeedableRng};
        let joint = JointDistribution::uniform_binary(&[0.1, 0.8, 0.4, 0.9]).unwrap();
        let t = array![[0.1, -0.7], [0.33, 0.2], [0.9, 0.21], [-0.4, -0.6]];
        let exact = Dithered { width: 0.5 }.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        let mut rng = rand::rngs::ChaCha8Rng::seed_from_u64(3);
        let draws = 100_000;
        let mut counts = std::collections::BTreeMap::new();
        for x in 0..4 {
            for _ in 0..draws {
                let mut bin = |unit: usize| ((t[[x, unit]] + rng.random_range(-0.25..0.25)) / 0.5).floor() as i64;
                *counts.entry([bin(0), bin(1)]).or_insert([0.0; 4]).get_mut(x).unwrap() += 1.0 / f64::from(draws);
            }
        }
        let table: Vec<[f64; 4]> = counts.into_values().collect();
        let drawn = Encoder::of_table(&Array2::from_shape_fn((4, table.len()), |(x, cell)| table[cell][x]));
        let drawn = drawn.information(&joint);
        assert_abs_diff_eq!(exact.i_xt.bits, drawn.i_xt.bits, epsilon = 5e-3);
        assert_abs_diff_eq!(exact.i_ty.bits, drawn.i_ty.bits, epsilon = 5e-3);
    }

    #[test]
    fn rows_of_one_x_are_one_x() {
        use crate::Partition;
        let joint = JointDistribution::uniform_binary(&[0.1, 0.8, 0.4, 0.9]).unwrap();
        let (t, x) = (array![[0.5], [1.5], [2.5], [3.5]], array![[0.0], [0.0], [1.0], [1.0]]);
        let same_x = Partition::of_rows(x.view());
        let sample = Sample::new(t.view(), &joint).unwrap().with_inputs(x.view(), &same_x).unwrap();
        // Each x has two t's of its own.
        assert_abs_diff_eq!(Dithered { width: 1.0 }.estimate(&sample).unwrap().i_xt.bits, 1.0, epsilon = 1e-12);
    }

    #[test]
    fn layers_too_wide_to_enumerate_are_refused() {
        let joint = JointDistribution::uniform_binary(&vec![0.5; 4096]).unwrap();
        let t = Array2::from_shape_fn((4096, 6), |(x, unit)| (x * unit) as f64 * 1e-3);
        let error = Dithered { width: 0.1 }.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap_err();
        assert!(error.to_string().contains("6 units"), "{error}");
    }
}
