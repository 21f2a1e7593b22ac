//! Nearest neighbours with the local non-uniformity correction (Gao, Ver Steeg & Galstyan 2015, AISTATS, arXiv 1411.2003, alg. 1).
//!
//! KSG takes the density for uniform within the box that reaches to the k-th neighbour. Where variables depend strongly the neighbours
//! lie along a line or a surface in that box, and KSG falls short, by any amount as the noise goes to 0. So the box is turned to the
//! principal axes of the k neighbours: with V its volume and V̄ that of the turned box,
//! I = I_KSG − ⟨ln(V̄/V)⟩ over the rows where V̄/V < α; elsewhere the box stands. α is what a uniform density falls below in 5 of
//! 1000 (alg. 2), so that where nothing is wrong next to nothing is corrected.
//!
//! At least as many neighbours as columns are needed to fill a box. Continuous variables only: it has no information about labels.

use std::fmt;

use nalgebra::DMatrix;
use ndarray::ArrayView2;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::ksg::{Ksg, Measured};
use super::neighbours::Neighbours;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};

/// Columns beyond which boxes are as good as empty.
const MOST_COLUMNS: usize = 20;
/// Uniform neighbourhoods drawn for α, and the share of them that may fall below it.
const DRAWS: usize = 4000;
const FALSE_ALARMS: f64 = 0.005;

const FLAT: EstimateError = EstimateError::Degenerate {
    what: "the box about a row's neighbours (it is flat: one sample is a function of the other)",
    advice: "the information of continuous samples is infinite then",
};

/// k nearest neighbours, in boxes that are turned.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lnc {
    /// Neighbours; without a number twice the columns of both samples, at least 5.
    pub k: Option<usize>,
    /// α; without a number from uniform draws.
    pub alpha: Option<f64>,
}

impl Lnc {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        Ok(Self { k: settings.take_count("k", 1)?, alpha: settings.take_share("alpha")? })
    }
}

impl Estimator for Lnc {
    fn estimate(&self, _: &Sample) -> Result<Information, EstimateError> {
        Err(EstimateError::PairsOnly)
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        let bits: Vec<f64> = self.pointwise_of_pair(a, b)?.into_iter().flatten().collect();
        Ok(Estimate::point(bits.iter().sum::<f64>() / bits.len() as f64))
    }

    fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
        let columns = a.ncols() + b.ncols();
        if columns > MOST_COLUMNS {
            return Err(EstimateError::TooManyColumns { columns, most: MOST_COLUMNS });
        }
        let k = self.k.unwrap_or_else(|| (2 * columns).max(5));
        if k < columns {
            return Err(EstimateError::TooFewNeighbours { k, columns });
        }
        let ksg = Ksg { k, ..Ksg::default() };
        let mut of_rows = ksg.pointwise_of_pair(a, b)?;
        let Measured { a, b, rows } = ksg.measured(a, b)?;
        let alpha = self.alpha.unwrap_or_else(|| alpha(k, columns));
        let both = a.beside(&b);
        let logs = Neighbours::new([&a, &b], k).of_each_row(|row, near| {
            let within = near.joint.within(near.joint.kth_nearest(k));
            let centre: Vec<f64> = both.row(row).collect();
            let others = within.into_iter().filter(|&other| other != row).take(k);
            let offsets: Vec<f64> =
                others.flat_map(|j| both.row(j).zip(&centre).map(|(v, c)| v - c).collect::<Vec<_>>()).collect();
            Some(log_ratio(&offsets, columns)).filter(|&log| log < alpha.ln()).unwrap_or(0.0)
        });
        if logs.iter().any(|log| !log.is_finite()) {
            return Err(FLAT);
        }
        for (row, log) in rows.into_iter().zip(logs) {
            of_rows[row] = of_rows[row].map(|bits| bits - log / std::f64::consts::LN_2);
        }
        Ok(of_rows)
    }
}

/// ln(V̄/V) of the boxes about 0 that hold so many offsets [k × d]: turned to their principal axes, and as they lie.
fn log_ratio(offsets: &[f64], d: usize) -> f64 {
    let points = DMatrix::from_row_slice(offsets.len() / d, d, offsets);
    let log_volume = |points: &DMatrix<f64>| points.column_iter().map(|axis| axis.amax().ln()).sum::<f64>();
    let axes = points.tr_mul(&points).symmetric_eigen().eigenvectors;
    log_volume(&(&points * axes)) - log_volume(&points)
}

/// The V̄/V that uniform points fall below in [`FALSE_ALARMS`] of draws.
fn alpha(k: usize, d: usize) -> f64 {
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    let mut ratios: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let points: Vec<f64> = (0..k * d).map(|_| rng.random_range(-1.0..1.0)).collect();
            log_ratio(&points, d)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[(FALSE_ALARMS * DRAWS as f64) as usize].exp()
}

impl fmt::Display for Lnc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = [self.k.map(|k| format!("k={k}")), self.alpha.map(|alpha| format!("alpha={alpha}"))];
        write!(f, "{}", settings.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand_distr::{Distribution, StandardNormal};

    /// ⟨Î⟩ over draws of 300 pairs of columns that are correlated by ρ each, and the same by KSG.
    fn means(rho: f64, columns: usize) -> [f64; 2] {
        let rng = &mut ChaCha8Rng::seed_from_u64(9);
        let mut sums = [0.0; 2];
        for _ in 0..5 {
            let mut normal = || -> f64 { StandardNormal.sample(rng) };
            let a = Array2::from_shape_simple_fn((300, columns), &mut normal);
            let b = a.mapv(|a| rho * a + (1.0 - rho * rho).sqrt() * normal());
            let ksg = Ksg { k: 5, ..Ksg::default() };
            sums[0] += Lnc::default().pair(a.view(), b.view()).unwrap().bits / 5.0;
            sums[1] += ksg.pair(a.view(), b.view()).unwrap().bits / 5.0;
        }
        sums
    }

    #[test]
    fn what_depends_strongly_is_found_where_ksg_falls_short() {
        for (rho, columns) in [(0.999_99_f64, 1), (0.9999, 2)] {
            let truth = -0.5 * columns as f64 * (1.0 - rho * rho).log2();
            let [corrected, ksg] = means(rho, columns);
            assert!((corrected - truth).abs() < 0.5 * (ksg - truth).abs(), "{corrected} and {ksg} of {truth}");
        }
    }

    #[test]
    fn where_nothing_is_wrong_next_to_nothing_is_corrected() {
        for columns in [1, 2] {
            let [corrected, ksg] = means(0.0, columns);
            assert!(ksg.abs() < 0.1 && (corrected - ksg).abs() < 0.1, "{columns}: {corrected} and {ksg}");
        }
    }

    #[test]
    fn boxes_by_hand_and_what_they_cannot_be_drawn_for() {
        // Near a diagonal: the box as it lies is 2 by 2, turned √2 times that by about an eighth of it.
        let ratio = log_ratio(&[1.0, 1.0, -1.0, -1.0, 0.5, 0.4], 2).exp();
        assert!((0.05..0.25).contains(&ratio), "{ratio}");
        approx::assert_abs_diff_eq!(log_ratio(&[2.0, 0.0, 0.0, 1.0, -1.0, 0.0], 2), 0.0, epsilon = 1e-12);
        let wide = Array2::<f64>::zeros((50, 15));
        let error = Lnc::default().pair(wide.view(), wide.view()).unwrap_err();
        assert!(matches!(error, EstimateError::TooManyColumns { columns: 30, .. }));
        let few =
            Lnc { k: Some(1), alpha: None }.pair(wide.slice(ndarray::s![.., ..1]), wide.slice(ndarray::s![.., ..1]));
        assert!(matches!(few, Err(EstimateError::TooFewNeighbours { k: 1, columns: 2 })));
    }
}
