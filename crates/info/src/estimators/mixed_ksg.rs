//! Nearest-neighbour information of mixtures of discrete and continuous variables.
//!
//! Gao, Kannan, Oh & Viswanath 2017 (arXiv 1709.06212), algorithm 1, maximum norm, in nats: with ρ_i the distance of row i to
//! its k-th neighbour in (a, b), k̃_i = k if ρ_i > 0, else the number of rows at distance 0; n_a, n_b the rows within ρ_i (itself
//! included): Î = (1/N) Σ_i [ψ(k̃_i) + ln N − ψ(n_a,i) − ψ(n_b,i)]. This is the authors' published code, which has ψ where the
//! paper has logarithms (less bias at small counts), and in which a distance counts as within if it is at most ρ_i − 10⁻¹⁵,
//! and as 0 if at most 10⁻¹⁵.
//!
//! On a lattice (whole numbers, decimals, quantised units) many rows lie at exactly ρ_i > 0, and the published code counts k of them
//! beside none of their images in a and b: 3.2 bits about a label of one bit. Here, where values tie, rows with ρ_i > 0 are counted
//! as [`super::ksg`] counts them, with noise of 10⁻⁸ of a column's spread that puts them in some order. Columns are measured in units of their spread (`columns.rs`), distances are
//! compared to their last digits, and rows that are copies of another count once. `standardise=false` is the published code.
//!
//! Labels are classes, farther from each other than any two t's; a row has at most as many neighbours as its class has others, and
//! rows whose label occurs once are left out.
//!
//! Consistent for any mixture, so also for discrete T; for a deterministic continuous layer I(X;T) is infinite, and says so.

use std::fmt;

use ndarray::{Array2, ArrayView2, Axis};
use statrs::function::gamma::digamma;

use super::columns::Columns;
use super::ksg::{Labelled, NOISE, by_values, check_pair, in_place, that_count, without_copies};
use super::neighbours::{Near, Neighbours};
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::description::Description;

/// Distances that count as none.
const NOTHING: f64 = 1e-15;

/// k nearest neighbours.
///
/// # Example
/// ```
/// use infoplane_info::estimators::mixed_ksg::MixedKsg;
/// use infoplane_info::Estimator;
/// use ndarray::Array2;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
/// use rand_distr::{Distribution, StandardNormal};
///
/// // 1000 pairs of correlation 0.8: I = −½ log₂(1 − 0.64) = 0.737 bits.
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
/// let a = Array2::from_shape_simple_fn((1000, 1), &mut normal);
/// let b = a.mapv(|a| 0.8 * a + 0.6 * normal());
/// let information = MixedKsg::default().pair(a.view(), b.view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixedKsg {
    /// Neighbours.
    pub k: usize,
    /// Whether columns are put on one scale, and ties at the k-th neighbour counted; else the published code.
    pub standardise: bool,
}

impl Default for MixedKsg {
    fn default() -> Self {
        Self { k: 3, standardise: true }
    }
}

impl MixedKsg {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let k = settings.take_count("k", 1)?.unwrap_or(3);
        Ok(Self { k, standardise: settings.take_switch("standardise")?.unwrap_or(true) })
    }

    fn columns(&self, sample: ArrayView2<f64>) -> Columns {
        if self.standardise { Columns::standardised(sample) } else { Columns::new(sample) }
    }

    /// I(T;Y) of rows [n × d] and their classes.
    pub(super) fn of_classes(&self, t: ArrayView2<f64>, labels: &[usize]) -> Result<Estimate, EstimateError> {
        Ok(mean(&self.classes_by_row(t, labels)?.1))
    }

    /// The same in bits for each of the rows that count.
    fn classes_by_row(&self, t: ArrayView2<f64>, labels: &[usize]) -> Result<(Vec<usize>, Vec<f64>), EstimateError> {
        check_pair(t, t, self.k)?;
        let Labelled { rows, t, labels } = that_count(t, labels, self.standardise)?;
        let mut of_label = vec![0_usize; labels.iter().max().map_or(0, |most| most + 1)];
        labels.iter().for_each(|&label| of_label[label] += 1);
        let k = |row: usize| self.k.min(of_label[labels[row]] - 1);
        let (columns, classes) = (self.columns(t.view()), Columns::of_classes(&labels));
        let repeats = self.standardise && Description::of(t.view()).has_ties();
        let in_order = repeats.then(|| {
            let y = Array2::from_shape_fn((labels.len(), 1), |(row, _)| labels[row] as f64);
            let order = by_values(t.view(), y.view());
            (columns.with_noise(NOISE, &order, 1), classes.clone())
        });
        Ok((rows, self.of_columns([&columns, &classes], in_order, k)))
    }

    /// I(A;B) in bits for each of the rows that count.
    fn pair_by_row(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<(Vec<usize>, Vec<f64>), EstimateError> {
        check_pair(a, b, self.k)?;
        let (kept, repeats) = if self.standardise { without_copies(a, b) } else { (None, false) };
        if let Some(kept) = kept {
            let once = self.pair_by_row(a.select(Axis(0), &kept).view(), b.select(Axis(0), &kept).view())?;
            return Ok((kept, once.1));
        }
        let columns = [self.columns(a), self.columns(b)];
        let in_order = repeats.then(|| {
            let order = by_values(a, b);
            (columns[0].with_noise(NOISE, &order, 1), columns[1].with_noise(NOISE, &order, 2))
        });
        let bits = self.of_columns([&columns[0], &columns[1]], in_order, |_| self.k);
        Ok(((0..a.nrows()).collect(), bits))
    }

    /// The rows' terms in bits; those with ρ > 0 from columns whose ties are in order, where there are such.
    fn of_columns(
        &self,
        [a, b]: [&Columns; 2],
        in_order: Option<(Columns, Columns)>,
        k: impl Fn(usize) -> usize + Sync,
    ) -> Vec<f64> {
        let n = a.rows() as f64;
        let tolerance = a.tolerance().max(b.tolerance()).max(NOTHING);
        let term =
            |k: usize, [n_a, n_b]: [usize; 2]| digamma(k as f64) + n.ln() - digamma(n_a as f64) - digamma(n_b as f64);
        // The published code's reach, and below the radius also where that is too large to notice 10⁻¹⁵.
        let apart = |row: usize, near: &Near<2>, radius: f64| {
            let reach = radius - NOTHING.max(4.0 * f64::EPSILON * radius);
            term(k(row), near.each.map(|side| side.at_most(reach)))
        };
        let radius = |row: usize, near: &Near<2>| near.joint.kth_nearest(k(row));
        let ordered = in_order.map(|(a, b)| {
            Neighbours::new([&a, &b], self.k).of_each_row(|row, near| apart(row, near, radius(row, near)))
        });
        let terms = Neighbours::new([a, b], self.k).of_each_row(|row, near| {
            let radius = radius(row, near);
            if radius <= tolerance {
                return term(near.joint.at_most(tolerance), near.each.map(|side| side.at_most(tolerance)));
            }
            ordered.as_ref().map_or_else(|| apart(row, near, radius), |ordered| ordered[row])
        });
        terms.into_iter().map(|nats| nats / std::f64::consts::LN_2).collect()
    }
}

fn mean(bits: &[f64]) -> Estimate {
    Estimate::point(bits.iter().sum::<f64>() / bits.len() as f64)
}

impl Estimator for MixedKsg {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels = sample.labels()?;
        let i_xt = sample.of_function(|x| self.pair(x, sample.t))?;
        Ok(Information { i_xt, i_ty: self.of_classes(sample.t, &labels)? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        Ok(mean(&self.pair_by_row(a, b)?.1))
    }

    fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
        let labels = sample.labels()?;
        let (rows, bits) = self.classes_by_row(sample.t, &labels)?;
        Ok(in_place(&rows, bits, labels.len()))
    }

    fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
        let (rows, bits) = self.pair_by_row(a, b)?;
        Ok(in_place(&rows, bits, a.nrows()))
    }
}

impl fmt::Display for MixedKsg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k={}", self.k)?;
        if self.standardise { Ok(()) } else { f.write_str(",standardise=false") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_about_labels_does_not_depend_on_the_unit_of_t() {
        let t = Array2::from_shape_fn((60, 1), |(i, _)| (i as f64 * 0.7).sin() + f64::from(u8::from(i % 2 == 1)));
        let labels: Vec<f64> = (0..60).map(|i| f64::from(i % 2)).collect();
        let joint = crate::JointDistribution::uniform_binary(&labels).unwrap();
        let of = |scale: f64| {
            let t = &t * scale;
            MixedKsg::default().estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap().i_ty.bits
        };
        assert!(of(1.0) > 0.1);
        for scale in [1e-3, 20.0, 1e3] {
            approx::assert_abs_diff_eq!(of(scale), of(1.0), epsilon = 1e-9);
        }
    }
    use crate::JointDistribution;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn a_discrete_channel_and_a_mixture_have_their_truths() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let n = 2000;
        // Binary symmetric channel with error 0.1.
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..2)));
        let b = Array2::from_shape_fn((n, 1), |(i, _)| if rng.random_bool(0.1) { 1.0 - a[[i, 0]] } else { a[[i, 0]] });
        let truth = 1.0 + 0.1 * 0.1_f64.log2() + 0.9 * 0.9_f64.log2();
        let got = MixedKsg::default().pair(a.view(), b.view()).unwrap().bits;
        assert!((got - truth).abs() < 0.05, "{got} instead of {truth}");
        // Gao et al.'s example: A on {0..4}, B uniform on [A, A + 2]: ln 5 − (4/5) ln 2 nats.
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..5)));
        let b = Array2::from_shape_fn((n, 1), |(i, _)| a[[i, 0]] + rng.random_range(0.0..2.0));
        let truth = (5_f64.ln() - 0.8 * 2_f64.ln()) / std::f64::consts::LN_2;
        let got = MixedKsg::default().pair(a.view(), b.view()).unwrap().bits;
        assert!((got - truth).abs() < 0.1, "{got} instead of {truth}");
    }

    #[test]
    fn a_continuous_layer_is_infinite() {
        let t = Array2::from_shape_fn((6, 1), |(i, _)| i as f64 * 0.37);
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 0.0, 1.0, 1.0, 0.0]).unwrap();
        let information =
            MixedKsg { k: 1, ..MixedKsg::default() }.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        assert_eq!(information.i_xt.bits, f64::INFINITY);
    }
}
