//! Nearest-neighbour information of continuous variables.
//!
//! Kraskov, Stögbauer & Grassberger 2004 (Phys. Rev. E 69, 066138), maximum norm, in nats:
//! - variant 1, eq. 8: ψ(k) + ψ(N) − ⟨ψ(n_a + 1) + ψ(n_b + 1)⟩, n the rows strictly nearer than the k-th neighbour in (a, b);
//! - variant 2, eq. 9: ψ(k) − 1/k + ψ(N) − ⟨ψ(n_a) + ψ(n_b)⟩, n the rows within the k neighbours' own reach in a and in b.
//!
//! Columns are measured in units of their spread (`columns.rs`), as scikit-learn and JIDT do; `standardise=false` leaves them
//! as they are. Rows that are copies of another count once.
//!
//! Where values tie, Gaussian noise breaks the ties, of `noise=` (10⁻⁸) times a column's spread, as in Kraskov et al. and all their
//! followers: it changes the information of what repeats by nothing that could be seen. `noise=0` refuses rows that repeat.
//!
//! Infinite where one variable is a function of the other: for a deterministic layer of a continuous X the formula would give a
//! plausible number that only grows with N. So of a layer, I(X;T) is *infinite* where T is a continuous function of X, and H(T) where it
//! is a discrete one; and I(T;Y) with discrete labels is Ross's (2014, PLoS ONE 9, e87357):
//! ψ(k) + ψ(N) − ⟨ψ(N_y) + ψ(m)⟩, m the rows as near as the k-th neighbour of the same label. It can come out negative. Rows whose
//! label occurs once have no such neighbour and are left out, of N and m too (as in scikit-learn). Among rows equally far, any order is
//! as likely, and ψ(m) is its mean over all of them: what noise would give on average.

use std::fmt;

use ndarray::{ArrayView2, Axis};
use statrs::function::gamma::digamma;

use super::columns::Columns;
use super::neighbours::{Near, Neighbours};
use super::sample::check_finite;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::description::Description;
use crate::partition::Partition;

/// k nearest neighbours.
///
/// # Example
/// ```
/// use infoplane_info::estimators::ksg::Ksg;
/// use infoplane_info::Estimator;
/// use ndarray::Array2;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
/// use rand_distr::{Distribution, StandardNormal};
///
/// // 1000 pairs of correlation 0.8: I = −½ log₂(1 − 0.64) = 0.737 bits, in whatever units.
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
/// let a = Array2::from_shape_simple_fn((1000, 1), &mut normal);
/// let b = a.mapv(|a| 1e6 * (0.8 * a + 0.6 * normal()));
/// let information = Ksg::default().pair(a.view(), b.view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ksg {
    /// Neighbours.
    pub k: usize,
    /// 1 or 2, as in the paper.
    pub variant: usize,
    /// Whether columns are put on one scale.
    pub standardise: bool,
    /// Standard deviation of the noise that breaks ties, in units of a column's spread; 0 for none.
    pub noise: f64,
}

/// Far below any spread, far above the last digits.
pub(super) const NOISE: f64 = 1e-8;

impl Default for Ksg {
    fn default() -> Self {
        Self { k: 3, variant: 1, standardise: true, noise: NOISE }
    }
}

impl Ksg {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let k = settings.take_count("k", 1)?.unwrap_or(3);
        let standardise = settings.take_switch("standardise")?.unwrap_or(true);
        // Data left as they are have no unit that noise could be small in.
        let noise = settings.take_share("noise")?.unwrap_or(if standardise { NOISE } else { 0.0 });
        if noise > 0.0 && !standardise {
            return Err(settings.value_error(
                "noise",
                &noise.to_string(),
                "is in units of a column's spread: leave out standardise=false",
            ));
        }
        match settings.take_count("variant", 1)?.unwrap_or(1) {
            variant @ (1 | 2) => Ok(Self { k, variant, standardise, noise }),
            other => Err(settings.value_error("variant", &other.to_string(), "the choices are 1, 2")),
        }
    }

    /// ψ of the neighbours in a and in b of a row, one sum; none if the k-th lies at distance 0.
    fn term(&self, row: usize, near: &Near<2>, samples: [&Columns; 2]) -> Option<f64> {
        let radius = near.joint.kth_nearest(self.k);
        if radius == 0.0 {
            return None;
        }
        let [a, b] = if self.variant == 1 {
            // The row itself is nearer too.
            near.each.map(|side| side.below(radius))
        } else {
            // The reach of the k nearest in each space by itself.
            let inside = near.joint.within(radius);
            let reach = samples.map(|sample| inside.iter().map(|&j| sample.distance(row, j)).fold(0.0, f64::max));
            [0, 1].map(|side| (near.each[side].at_most(reach[side]) - 1).max(1))
        };
        Some(digamma(a as f64) + digamma(b as f64))
    }
}

/// Checks two samples and that they have enough rows.
pub(super) fn check_pair(a: ArrayView2<f64>, b: ArrayView2<f64>, k: usize) -> Result<(), EstimateError> {
    if a.nrows() != b.nrows() {
        return Err(EstimateError::PairRows { first: a.nrows(), second: b.nrows() });
    }
    if a.nrows() <= k {
        return Err(EstimateError::TooFewSamples { k, samples: a.nrows() });
    }
    for sample in [a, b] {
        if sample.ncols() == 0 {
            return Err(EstimateError::NoUnits);
        }
        check_finite(sample)?;
        // Row by row, as samples lie in memory.
        let mut ranges = vec![(f64::INFINITY, f64::NEG_INFINITY); sample.ncols()];
        for row in sample.rows() {
            for ((least, most), &v) in ranges.iter_mut().zip(row) {
                (*least, *most) = (least.min(v), most.max(v));
            }
        }
        for (unit, (least, most)) in ranges.into_iter().enumerate() {
            if most > least && most - least < LEAST_SPREAD {
                return Err(EstimateError::TooAlike { unit, spread: most - least });
            }
        }
    }
    Ok(())
}

/// Squares of smaller differences are no numbers any more.
const LEAST_SPREAD: f64 = 1e-100;

/// A k-th neighbour at distance 0, which a continuous variable does not have: the repeated rows of a saturated layer, say.
pub(super) const REPEATED: EstimateError = EstimateError::Degenerate {
    what: "the distance to the k-th neighbour (rows repeat)",
    advice: "let noise break the ties (leave out noise=0 and standardise=false), or use mixed-ksg, which is made for repeated values",
};

/// The rows of two samples without those that are copies of another, and whether values still repeat; none if no row is a copy.
pub(super) fn without_copies(a: ArrayView2<f64>, b: ArrayView2<f64>) -> (Option<Vec<usize>>, bool) {
    let described = [a, b].map(Description::of);
    let repeats = described.iter().any(Description::has_ties);
    // Copies are copies on both sides.
    if described.iter().all(|side| side.copies == 0) {
        return (None, repeats);
    }
    let both = Partition::of_rows(a).refine(&Partition::of_rows(b));
    let kept = both.first_of_each();
    // Where the sides repeat in different rows, no row is a copy, but values tie.
    if kept.len() == a.nrows() {
        return (None, true);
    }
    let left = [a, b].map(|side| Description::of(side.select(Axis(0), &kept).view()));
    let repeats = left.iter().any(|side| side.copies > 0 || side.has_ties());
    (Some(kept), repeats)
}

/// The rows of labelled ones that are no copies of an earlier one, with its label; none if the rows have no copies (see
/// [`Description::copies`]).
pub(super) fn labelled_without_copies(t: ArrayView2<f64>, labels: &[usize]) -> Option<Vec<usize>> {
    if Description::of(t).copies == 0 {
        return None;
    }
    let classes = Partition::from_labels(&labels.iter().map(|&label| label as u64).collect::<Vec<_>>());
    Some(Partition::of_rows(t).refine(&classes).first_of_each())
}

/// Rows in an order that does not depend on how they come: by their values.
pub(super) fn by_values(a: ArrayView2<f64>, b: ArrayView2<f64>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..a.nrows()).collect();
    let of = |row: usize| a.row(row).into_iter().chain(b.row(row));
    order.sort_by(|&i, &j| {
        let unequal = of(i).zip(of(j)).map(|(x, y)| x.total_cmp(y)).find(|order| order.is_ne());
        unequal.unwrap_or(std::cmp::Ordering::Equal)
    });
    order
}

/// Rows whose label occurs more than once, and their labels.
pub(super) fn with_company(labels: &[usize]) -> Vec<usize> {
    let mut of_label = vec![0_usize; labels.iter().max().map_or(0, |most| most + 1)];
    labels.iter().for_each(|&label| of_label[label] += 1);
    (0..labels.len()).filter(|&row| of_label[labels[row]] > 1).collect()
}

/// The rows that count beside labels: those whose label occurs more than once, copies once.
#[derive(Debug)]
pub(super) struct Labelled {
    pub rows: Vec<usize>,
    /// Their T, [rows × d].
    pub t: ndarray::Array2<f64>,
    /// Their labels.
    pub labels: Vec<usize>,
}

/// Of T [n × d] and n labels.
pub(super) fn that_count(t: ArrayView2<f64>, labels: &[usize], standardise: bool) -> Result<Labelled, EstimateError> {
    let kept = if standardise { labelled_without_copies(t, labels) } else { None };
    let rows = kept.unwrap_or_else(|| (0..labels.len()).collect());
    let once: Vec<usize> = rows.iter().map(|&row| labels[row]).collect();
    let rows: Vec<usize> = with_company(&once).into_iter().map(|place| rows[place]).collect();
    if rows.is_empty() {
        return Err(EstimateError::LabelsOccurOnce);
    }
    Ok(Labelled { t: t.select(Axis(0), &rows), labels: rows.iter().map(|&row| labels[row]).collect(), rows })
}

fn bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}

impl Estimator for Ksg {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels = sample.labels()?;
        let i_xt = sample.of_function(|x| self.pair(x, sample.t))?;
        Ok(Information { i_xt, i_ty: self.ross(sample.t, &labels)? })
    }

    fn conditional(
        &self,
        a: ArrayView2<f64>,
        b: ArrayView2<f64>,
        given: ArrayView2<f64>,
    ) -> Result<Estimate, EstimateError> {
        super::conditional::nearest(self, a, b, given)
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        let Measured { a, b, .. } = self.measured(a, b)?;
        self.of_columns(&a, &b)
    }

    fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
        let labels = sample.labels()?;
        let (rows, bits) = self.ross_by_row(sample.t, &labels)?;
        Ok(in_place(&rows, bits, labels.len()))
    }

    fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
        let n = a.nrows();
        let Measured { a, b, rows } = self.measured(a, b)?;
        let offset = self.offset(a.rows());
        let of_rows = self.terms(&a, &b)?.into_iter().map(|term| bits(offset - term)).collect();
        Ok(in_place(&rows, of_rows, n))
    }
}

/// Two samples as they are measured: on one scale, ties broken.
#[derive(Debug)]
pub(super) struct Measured {
    pub a: Columns,
    pub b: Columns,
    /// The rows that count, copies once.
    pub rows: Vec<usize>,
}

/// Values of some of n rows.
pub(super) fn in_place(rows: &[usize], values: Vec<f64>, n: usize) -> Vec<Option<f64>> {
    let mut of_rows = vec![None; n];
    rows.iter().zip(values).for_each(|(&row, value)| of_rows[row] = Some(value));
    of_rows
}

impl Ksg {
    pub(super) fn measured(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Measured, EstimateError> {
        check_pair(a, b, self.k)?;
        let rows = (0..a.nrows()).collect();
        if !self.standardise {
            return Ok(Measured { a: Columns::new(a), b: Columns::new(b), rows });
        }
        let (kept, repeats) = without_copies(a, b);
        if let Some(rows) = kept {
            let once = self.measured(a.select(Axis(0), &rows).view(), b.select(Axis(0), &rows).view())?;
            return Ok(Measured { rows, ..once });
        }
        let (of_a, of_b) = (Columns::standardised(a), Columns::standardised(b));
        if repeats && self.noise > 0.0 {
            let order = by_values(a, b);
            let (a, b) = (of_a.with_noise(self.noise, &order, 1), of_b.with_noise(self.noise, &order, 2));
            return Ok(Measured { a, b, rows });
        }
        Ok(Measured { a: of_a, b: of_b, rows })
    }

    /// What does not depend on the row, in nats.
    fn offset(&self, n: usize) -> f64 {
        let k = self.k as f64;
        digamma(k) - if self.variant == 1 { 0.0 } else { 1.0 / k } + digamma(n as f64)
    }

    fn terms(&self, a: &Columns, b: &Columns) -> Result<Vec<f64>, EstimateError> {
        let terms = Neighbours::new([a, b], self.k).of_each_row(|row, near| self.term(row, near, [a, b]));
        terms.into_iter().collect::<Option<_>>().ok_or(REPEATED)
    }

    pub(super) fn of_columns(&self, a: &Columns, b: &Columns) -> Result<Estimate, EstimateError> {
        let mean = self.terms(a, b)?.iter().sum::<f64>() / a.rows() as f64;
        Ok(Estimate::point(bits(self.offset(a.rows()) - mean)))
    }

    /// Ross's estimator of a continuous and a discrete variable.
    fn ross(&self, t: ArrayView2<f64>, labels: &[usize]) -> Result<Estimate, EstimateError> {
        let (_, bits) = self.ross_by_row(t, labels)?;
        Ok(Estimate::point(bits.iter().sum::<f64>() / bits.len() as f64))
    }

    /// The same in bits for each of the rows that count.
    fn ross_by_row(&self, t: ArrayView2<f64>, labels: &[usize]) -> Result<(Vec<usize>, Vec<f64>), EstimateError> {
        check_pair(t, t, self.k)?;
        let Labelled { rows, t, labels } = that_count(t, labels, self.standardise)?;
        let columns = if self.standardise { Columns::standardised(t.view()) } else { Columns::new(t.view()) };
        let mut of_label = vec![0_usize; labels.iter().max().map_or(0, |most| most + 1)];
        labels.iter().for_each(|&label| of_label[label] += 1);
        let psi: Vec<f64> = (0..=labels.len()).map(|m| if m == 0 { 0.0 } else { digamma(m as f64) }).collect();
        let classes = Columns::of_classes(&labels);
        let terms = Neighbours::new([&columns, &classes], self.k).of_each_row(|row, near| {
            // Together with its class: the rows of the same label.
            let (all, same) = (near.each[0], near.joint);
            let own = of_label[labels[row]];
            let k = self.k.min(own - 1);
            let radius = same.kth_nearest(k);
            let margin = if self.standardise { columns.tolerance().max(4.0 * f64::EPSILON * radius) } else { 0.0 };
            if self.noise == 0.0 && radius <= margin {
                return None;
            }
            let (same_below, all_below) = (same.below(radius - margin), all.below(radius - margin));
            let (same_up_to, all_up_to) = (same.at_most(radius + margin), all.at_most(radius + margin));
            // The row itself lies at distance 0: among those nearer, or among those that tie.
            let itself = usize::from(radius > margin);
            let (tied, others) =
                (same_up_to - same_below - (1 - itself), all_up_to - all_below - (same_up_to - same_below));
            let nearer = all_below - itself;
            let rank = k - (same_below - itself);
            Some(psi[k] - psi[own] - mean_psi(nearer, rank, tied, others, &psi))
        });
        let terms: Option<Vec<f64>> = terms.into_iter().collect();
        let of_rows = terms.ok_or(REPEATED)?.into_iter().map(|term| bits(psi[labels.len()] + term));
        Ok((rows, of_rows.collect()))
    }
}

/// The mean of ψ(m) over all orders of `tied` rows of the same label and `others` of other labels, all equally far: m is `nearer` and
/// the place of the `rank`-th of the same label, which is `rank` + q with the negative hypergeometric probability of q others before it.
fn mean_psi(nearer: usize, rank: usize, tied: usize, others: usize, psi: &[f64]) -> f64 {
    let (j, c, o) = (rank as f64, tied as f64, others as f64);
    let mut p: f64 = (0..rank).map(|i| (c - i as f64) / (c + o - i as f64)).product();
    let mut mean = 0.0;
    for q in 0..=others {
        mean += p * psi[nearer + rank + q];
        let q = q as f64;
        p *= (j + q) / (q + 1.0) * (o - q) / (c + o - j - q).max(1.0);
    }
    mean
}

impl fmt::Display for Ksg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k={}", self.k)?;
        if self.variant != 1 {
            write!(f, ",variant={}", self.variant)?;
        }
        if !self.standardise {
            return write!(f, ",standardise=false");
        }
        if self.noise == NOISE { Ok(()) } else { write!(f, ",noise={}", self.noise) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::{Array2, array, concatenate};
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn correlated_gaussians_have_their_closed_form() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (n, samples, rho) = (500, 20, 0.8_f64);
        let truth = -0.5 * (1.0 - rho * rho).log2();
        let mut means = [0.0; 2];
        for _ in 0..samples {
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            let a = Array2::from_shape_simple_fn((n, 1), &mut normal);
            let b = Array2::from_shape_fn((n, 1), |(i, _)| rho * a[[i, 0]] + (1.0 - rho * rho).sqrt() * normal());
            for variant in [1, 2] {
                means[variant - 1] +=
                    Ksg { k: 3, variant, ..Ksg::default() }.pair(a.view(), b.view()).unwrap().bits / f64::from(samples);
            }
        }
        for (mean, variant) in means.iter().zip([1, 2]) {
            assert!((mean - truth).abs() < 0.03, "variant {variant}: {mean} instead of {truth}");
        }
    }

    #[test]
    fn a_function_of_a_continuous_variable_is_infinite_and_repeated_rows_are_refused() {
        let one = Ksg { k: 1, ..Ksg::default() };
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 0.0, 1.0, 1.0]).unwrap();
        let t = array![[0.1], [0.9], [0.2], [0.8], [0.7]];
        let information = one.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        assert_eq!(information.i_xt.bits, f64::INFINITY);
        assert!(information.i_ty.bits.is_finite());
        let same = array![[1.0], [1.0], [1.0]];
        let raw = Ksg { standardise: false, noise: 0.0, ..one };
        assert!(matches!(raw.pair(same.view(), same.view()), Err(EstimateError::Degenerate { .. })));
        assert!(Ksg { k: 5, ..Ksg::default() }.pair(t.view(), t.view()).is_err());
        let soft = JointDistribution::uniform_binary(&[0.5; 5]).unwrap();
        assert_eq!(one.estimate(&Sample::new(t.view(), &soft).unwrap()), Err(EstimateError::SoftLabels));
    }

    #[test]
    fn orders_of_ties_are_averaged_exactly() {
        let psi: Vec<f64> = (0..20).map(|m| if m == 0 { 0.0 } else { digamma(f64::from(m)) }).collect();
        // Two of the same label among two others: of the 6 orders the first of the same is first in 3, second in 2, third in 1.
        let by_hand = (3.0 * psi[6] + 2.0 * psi[7] + psi[8]) / 6.0;
        approx::assert_abs_diff_eq!(mean_psi(5, 1, 2, 2, &psi), by_hand, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(
            mean_psi(5, 2, 2, 2, &psi),
            (psi[7] + 2.0 * psi[8] + 3.0 * psi[9]) / 6.0,
            epsilon = 1e-12
        );
        assert_eq!(mean_psi(4, 1, 1, 0, &psi), psi[5]);
    }

    #[test]
    fn values_that_repeat_on_one_side_only_are_no_copies() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let a: Vec<f64> = (0..300).map(|_| StandardNormal.sample(&mut rng)).collect();
        let a = Array2::from_shape_fn((600, 1), |(row, _)| a[row / 2]);
        let b = Array2::from_shape_simple_fn((600, 1), || -> f64 { StandardNormal.sample(&mut rng) });
        let bits = Ksg::default().pair(a.view(), b.view()).unwrap().bits;
        assert!(bits.abs() < 0.2, "{bits}");
    }

    #[test]
    fn units_copies_and_ties_change_nothing_that_matters() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let a = Array2::from_shape_simple_fn((600, 1), &mut normal);
        let b = a.mapv(|a| 0.8 * a + 0.6 * normal());
        let bits = |a: &Array2<f64>, b: &Array2<f64>| Ksg::default().pair(a.view(), b.view()).unwrap().bits;
        let once = bits(&a, &b);
        for unit in [1e-9, 1e9] {
            approx::assert_abs_diff_eq!(bits(&(&a * unit), &b), once, epsilon = 1e-9);
        }
        let twice = |v: &Array2<f64>| concatenate![Axis(0), *v, *v];
        assert_eq!(bits(&twice(&a), &twice(&b)), once);
        let tenth = |v: &Array2<f64>| v.mapv(|v| (10.0 * v).round() / 10.0);
        assert!((bits(&tenth(&a), &tenth(&b)) - once).abs() < 0.1);
        // Rows of one side alone that repeat are ties, not copies.
        let again = a.select(Axis(0), &(0..600).map(|row| row % 300).collect::<Vec<_>>());
        assert!(bits(&again, &b).abs() < once);
        // Cut off at 0: −½ log₂(1 − ρ²) is the most, and the order of rows does not matter.
        let cut = b.mapv(|b| b.max(0.0));
        let order: Vec<usize> = (0..600).rev().collect();
        assert!((0.3..once).contains(&bits(&a, &cut)));
        // Single rows: their mean, and nothing of copies.
        let rows = Ksg::default().pointwise_of_pair(twice(&a).view(), twice(&b).view()).unwrap();
        let said: Vec<f64> = rows.iter().copied().flatten().collect();
        assert_eq!(said.len(), 600);
        approx::assert_abs_diff_eq!(said.iter().sum::<f64>() / 600.0, once, epsilon = 1e-9);
        approx::assert_abs_diff_eq!(
            bits(&a.select(Axis(0), &order), &cut.select(Axis(0), &order)),
            bits(&a, &cut),
            epsilon = 1e-9
        );
    }
}
