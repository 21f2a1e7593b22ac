//! Fitting and compression of one layer, replica by replica.
//!
//! Two numbers are read off a path with its own maximum, as the paper's eye does: the epoch of the greatest I(X;T) and the
//! bits lost after it. They cannot be negative, so noise alone makes them positive. The rule therefore uses **cross-fitted**
//! numbers: the epochs are found on the mean path of the *other half* of the replicas, and this replica is only read there.
//! (Leaving out one replica at a time would not do: of two epochs nearly tied for the peak, it picks the one where the
//! replica left out is low.)
//!
//! - fit: first epoch at which the other half's mean I(T;Y) has made 90 % of its rise (epoch 0 if it rises by < 0.05 bits:
//!   there was nothing to fit); and the rise this replica made until the other half's best epoch.
//! - compression: I(X;T) at the other half's greatest mean from the fit on, minus I(X;T) at the end. Negative if it grew.
//! - predictability: 1 − Σ(path − mean path of the other replicas)² / Σ(path − the others' mean over all epochs)², both
//!   sums over replicas, recorded epochs and the two coordinates: the share of a new network's path that the others foretell.

use std::collections::BTreeMap;

use infoplane_info::Standing;
use infoplane_info::statistics::{Interval, bootstrap};
use infoplane_model::random::{Purpose, stream};
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use super::Trajectory;
use crate::rows::table;
use crate::verdict::interval;
use crate::verdict::intervals::{LEVEL, RESAMPLES};

/// A rise of I(T;Y) smaller than this, in bits, is nothing to fit.
const LEAST_RISE_BITS: f64 = 0.05;
/// Share of the rise of I(T;Y) that counts as having fit.
const FIT_SHARE: f64 = 0.9;

/// From which moment on a loss of I(X;T) counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Since {
    /// The greatest I(X;T) from the fit on: phases in the paper's order.
    Fit,
    /// The greatest I(X;T) of all of training, before the fit or after it.
    Peak,
}

/// The phases of one replica's path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phases {
    /// Epoch of the replica's greatest I(X;T).
    pub peak_epoch: usize,
    /// Bits of I(X;T) gained from the first recorded epoch to the peak.
    pub gained: f64,
    /// Bits of I(X;T) lost from the peak to the end: never negative.
    pub lost: f64,
    /// Cross-fitted rise of I(T;Y), in bits.
    pub fit: f64,
    /// Cross-fitted epoch by which the layer has fit.
    pub fit_epoch: usize,
    /// Cross-fitted loss of I(X;T) after the fit, in bits: negative if I(X;T) grew.
    pub compression: f64,
    /// The same after the greatest I(X;T) of all of training.
    pub compression_from_peak: f64,
    /// Place of the other half's greatest mean I(X;T) from the fit on.
    peak_after_fit: usize,
    /// Place of its greatest of all.
    peak_of_others: usize,
}

impl Phases {
    /// Cross-fitted loss of I(X;T), in bits.
    pub fn lost_since(&self, since: Since) -> f64 {
        match since {
            Since::Fit => self.compression,
            Since::Peak => self.compression_from_peak,
        }
    }
}

impl Trajectory {
    /// The phases of every replica, in their order. A single replica is its own other half.
    pub fn phases(&self) -> Vec<Phases> {
        (0..self.replicas.len()).map(|r| self.phases_until(r, self.epochs.len() - 1)).collect()
    }

    /// Cross-fitted compression of each replica until the epoch given for it; replicas without one are left out.
    pub fn compression_until(&self, epochs: &BTreeMap<usize, usize>) -> BTreeMap<usize, f64> {
        self.replicas
            .iter()
            .enumerate()
            .filter_map(|(r, replica)| {
                let end = self.epochs.iter().rposition(|epoch| Some(epoch) <= epochs.get(replica))?;
                Some((*replica, self.phases_until(r, end).compression))
            })
            .collect()
    }

    /// The phases of one replica until a recorded epoch, given by its place.
    fn phases_until(&self, r: usize, end: usize) -> Phases {
        let path = self.i_xt.row(r);
        let peak = argmax(path.iter().take(end + 1).copied());
        let other_half = |other: usize| other % 2 != r % 2;
        let (others_xt, others_ty) = (mean_of(&self.i_xt, other_half), mean_of(&self.i_ty, other_half));
        let best_fit = argmax(others_ty.iter().take(end + 1).copied());
        let rise = others_ty[best_fit] - others_ty[0];
        let fitted = if rise < LEAST_RISE_BITS {
            0
        } else {
            others_ty.iter().position(|&i| i >= others_ty[0] + FIT_SHARE * rise).unwrap_or(0)
        };
        let peak_after_fit = fitted + argmax(others_xt.iter().take(end + 1).skip(fitted).copied());
        let peak_of_others = argmax(others_xt.iter().take(end + 1).copied());
        Phases {
            peak_epoch: self.epochs[peak],
            gained: path[peak] - path[0],
            lost: path[peak] - path[end],
            fit: self.i_ty[[r, best_fit]] - self.i_ty[[r, 0]],
            fit_epoch: self.epochs[fitted],
            compression: path[peak_after_fit] - path[end],
            compression_from_peak: path[peak_of_others] - path[end],
            peak_after_fit,
            peak_of_others,
        }
    }

    /// Whether the mean I(X;T) is all of `h_x`, H(X) in bits, nearly, from the fit to the end: every x is in a cell of its own, whatever the
    /// layer does.
    pub fn is_saturated(&self, h_x: f64) -> bool {
        let Some(fit) = self.phases().iter().map(|phases| phases.fit_epoch).min() else { return false };
        let means = self.epochs.iter().zip(self.i_xt.columns()).filter(|(epoch, _)| **epoch >= fit);
        let least = means.filter_map(|(_, column)| column.mean()).fold(f64::INFINITY, f64::min);
        matches!(Standing::saturation(least, h_x), Standing::Saturated(_))
    }

    /// From where on each replica's fall counts, and how far it falls: cross-fitted as [`Self::phases`].
    pub fn falls(&self, since: Since) -> Vec<Fall> {
        let end = self.epochs.len() - 1;
        let fall = |r: usize| {
            let phases = self.phases_until(r, end);
            let from = match since {
                Since::Fit => phases.peak_after_fit,
                Since::Peak => phases.peak_of_others,
            };
            Fall { from, lost: phases.lost_since(since) }
        };
        (0..self.replicas.len()).map(fall).collect()
    }

    /// The first recorded epoch, by its place, at which a replica has lost this share of what it loses in its fall.
    pub fn lost_by(&self, r: usize, fall: Fall, share: f64) -> Option<usize> {
        let path = self.i_xt.row(r);
        (fall.from..path.len()).find(|&k| path[k] <= path[fall.from] - share * fall.lost)
    }

    /// Squares left and squares in all of each replica's path, as foretold by the other replicas.
    pub fn squares(&self) -> Vec<Squares> {
        (0..self.replicas.len())
            .map(|r| {
                let mut squares = Squares { left: 0.0, total: 0.0 };
                for paths in [&self.i_xt, &self.i_ty] {
                    let foretold = mean_of(paths, |other| other != r);
                    let level = foretold.mean().unwrap_or(0.0);
                    for (value, foretold) in paths.row(r).iter().zip(&foretold) {
                        squares.left += (value - foretold).powi(2);
                        squares.total += (value - level).powi(2);
                    }
                }
                squares
            })
            .collect()
    }
}

/// A replica's loss of I(X;T).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fall {
    /// The recorded epoch it is counted from, by its place.
    pub from: usize,
    /// Bits lost from there to the end; negative if I(X;T) grew.
    pub lost: f64,
}

/// Squared distances of one replica's path, in bits².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    /// To the mean path of the other replicas.
    pub left: f64,
    /// To their mean over all epochs.
    pub total: f64,
}

/// The predictability of paths, with its interval over replicas, from the squares of every layer and replica: layers are taken
/// together, so that one that stands still counts for nothing. None if nothing moves at all, or there are no others to foretell.
pub fn predictability(squares: &[Vec<Squares>]) -> Option<Interval> {
    let replicas = squares.iter().map(Vec::len).min().unwrap_or(0);
    let moving = squares.iter().flatten().map(|s| s.total).sum::<f64>() > 0.0;
    (moving && replicas >= 2).then(|| {
        bootstrap(replicas, RESAMPLES, LEVEL, &mut stream(0, Purpose::Bootstrap), |drawn| {
            let drawn = || squares.iter().flat_map(|layer| drawn.iter().map(|&r| layer[r]));
            1.0 - drawn().map(|s| s.left).sum::<f64>() / drawn().map(|s| s.total).sum::<f64>()
        })
    })
}

/// Index of the greatest value; the first of equals.
fn argmax(values: impl Iterator<Item = f64>) -> usize {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (i, v)| if v > best.1 { (i, v) } else { best }).0
}

/// The mean path of the replicas chosen; of all where none is.
fn mean_of(paths: &Array2<f64>, chosen: impl Fn(usize) -> bool) -> Array1<f64> {
    let mut rows: Vec<usize> = (0..paths.nrows()).filter(|&r| chosen(r)).collect();
    if rows.is_empty() {
        rows = (0..paths.nrows()).collect();
    }
    paths.select(Axis(0), &rows).sum_axis(Axis(0)) / rows.len() as f64
}

/// One layer's phases over replicas: a row of `phases.csv`. Intervals are 95 % bootstrap intervals of the mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct PhaseRow {
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: f64,
    pub estimator: String,
    pub layer: usize,
    pub replicas: usize,
    pub peak_epoch: f64,
    pub peak_epoch_lower: Option<f64>,
    pub peak_epoch_upper: Option<f64>,
    pub gained_bits: f64,
    pub gained_bits_lower: Option<f64>,
    pub gained_bits_upper: Option<f64>,
    pub lost_bits: f64,
    pub lost_bits_lower: Option<f64>,
    pub lost_bits_upper: Option<f64>,
    pub fit_bits: f64,
    pub fit_bits_lower: Option<f64>,
    pub fit_bits_upper: Option<f64>,
    pub fit_epoch: f64,
    pub compression_bits: f64,
    pub compression_bits_lower: Option<f64>,
    pub compression_bits_upper: Option<f64>,
    pub predictability: Option<f64>,
    pub predictability_lower: Option<f64>,
    pub predictability_upper: Option<f64>,
}

table!(PhaseRow = "phases.csv");

impl Trajectory {
    /// The phases over all replicas.
    pub fn phase_row(&self) -> PhaseRow {
        let phases = self.phases();
        let over = |value: fn(&Phases) -> f64| interval(&phases.iter().map(value).collect::<Vec<_>>());
        let peak_epoch = over(|p| p.peak_epoch as f64);
        let (gained, lost) = (over(|p| p.gained), over(|p| p.lost));
        let (fit, fit_epoch, compression) = (over(|p| p.fit), over(|p| p.fit_epoch as f64), over(|p| p.compression));
        let predictability = predictability(&[self.squares()]);
        PhaseRow {
            dataset: self.dataset.clone(),
            architecture: self.architecture.clone(),
            condition: self.condition.clone(),
            activation: self.activation.clone(),
            train_fraction: self.train_fraction,
            estimator: self.estimator.clone(),
            layer: self.layer,
            replicas: self.replicas.len(),
            peak_epoch: peak_epoch.mean,
            peak_epoch_lower: peak_epoch.lower,
            peak_epoch_upper: peak_epoch.upper,
            gained_bits: gained.mean,
            gained_bits_lower: gained.lower,
            gained_bits_upper: gained.upper,
            lost_bits: lost.mean,
            lost_bits_lower: lost.lower,
            lost_bits_upper: lost.upper,
            fit_bits: fit.mean,
            fit_bits_lower: fit.lower,
            fit_bits_upper: fit.upper,
            fit_epoch: fit_epoch.mean,
            compression_bits: compression.mean,
            compression_bits_lower: compression.lower,
            compression_bits_upper: compression.upper,
            predictability: predictability.map(|p| p.mean),
            predictability_lower: predictability.and_then(|p| p.lower),
            predictability_upper: predictability.and_then(|p| p.upper),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    fn trajectory(i_xt: Array2<f64>, i_ty: Array2<f64>) -> Trajectory {
        Trajectory {
            dataset: "d".into(),
            architecture: "a".into(),
            condition: "c".into(),
            activation: "tanh".into(),
            train_fraction: 0.5,
            estimator: "e".into(),
            layer: 1,
            is_output: false,
            epochs: (0..i_xt.ncols()).map(|e| e * 10).collect(),
            replicas: (0..i_xt.nrows()).collect(),
            i_xt,
            i_ty,
        }
    }

    #[test]
    fn a_planted_rise_and_fall_is_found() {
        let i_xt = Array2::from_shape_fn((4, 5), |(r, e)| [2.0, 4.0, 8.0, 6.0, 5.0][e] + 0.1 * r as f64);
        let i_ty = Array2::from_shape_fn((4, 5), |(_, e)| [0.0, 0.5, 0.95, 1.0, 1.0][e]);
        for phases in trajectory(i_xt, i_ty).phases() {
            assert_eq!((phases.peak_epoch, phases.fit_epoch), (20, 20));
            approx::assert_abs_diff_eq!(phases.gained, 6.0, epsilon = 1e-12);
            approx::assert_abs_diff_eq!(phases.compression, 3.0, epsilon = 1e-12);
            approx::assert_abs_diff_eq!(phases.fit, 1.0, epsilon = 1e-12);
        }
    }

    #[test]
    fn a_fall_before_the_fit_is_not_compression_after_it() {
        let i_xt = Array2::from_shape_fn((3, 4), |(_, e)| [9.0, 3.0, 3.0, 3.0][e]);
        let i_ty = Array2::from_shape_fn((3, 4), |(_, e)| [0.0, 0.1, 0.2, 1.0][e]);
        let phases = trajectory(i_xt, i_ty).phases();
        assert!(phases.iter().all(|p| p.lost == 6.0 && p.compression == 0.0 && p.compression_from_peak == 6.0));
    }

    #[test]
    fn noise_alone_loses_bits_after_its_own_peak_but_not_when_cross_fitted() {
        let mut rng = stream(5, Purpose::Noise);
        let noise = Array2::from_shape_simple_fn((200, 40), || rng.random_range(-1.0..1.0));
        let row = trajectory(noise, Array2::zeros((200, 40))).phase_row();
        assert!(row.lost_bits_lower.unwrap() > 0.8);
        assert!(row.compression_bits_lower.unwrap() < 0.0 && 0.0 < row.compression_bits_upper.unwrap(), "{row:?}");
        assert!(row.predictability.unwrap() < 0.0, "{row:?}");
    }

    #[test]
    fn paths_that_repeat_are_foretold_and_levels_that_differ_are_not() {
        let same = Array2::from_shape_fn((5, 4), |(_, e)| e as f64);
        let shifted = Array2::from_shape_fn((5, 4), |(r, _)| r as f64);
        let still = || Array2::zeros((5, 4));
        approx::assert_abs_diff_eq!(
            trajectory(same, still()).phase_row().predictability.unwrap(),
            1.0,
            epsilon = 1e-12
        );
        approx::assert_abs_diff_eq!(
            trajectory(shifted, still()).phase_row().predictability.unwrap(),
            0.0,
            epsilon = 1e-12
        );
        assert_eq!(trajectory(still(), still()).phase_row().predictability, None);
    }
}
