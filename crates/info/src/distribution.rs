//! A checked joint distribution p(x, y) of two discrete variables, and its Shannon quantities in bits.
//!
//! H(X) = −Σ p log₂ p and I(X;Y) = Σ p(x,y) log₂ [p(x,y) / p(x)p(y)] with 0·log 0 = 0
//! (Shannon 1948; Cover & Thomas 2006, eqs. 2.1 and 2.28).

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, CowArray, Ix2};
use thiserror::Error;

use crate::conditional::Conditional;

/// How far a distribution's sum may lie from 1: rounding, not a mistake.
const SUM_TOLERANCE: f64 = 1e-9;

/// Why numbers are not a distribution.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DistributionError {
    /// A table with no rows or no columns.
    #[error("a distribution needs at least one x and one y, but the table is {rows} x {columns}")]
    Empty {
        /// Rows (values of x).
        rows: usize,
        /// Columns (values of y).
        columns: usize,
    },
    /// A negative or non-finite entry.
    #[error("entry (row {row}, column {column}) is {value}; probabilities must be finite and at least 0")]
    Entry {
        /// Row of the entry, from 0.
        row: usize,
        /// Column of the entry, from 0.
        column: usize,
        /// The offending value.
        value: f64,
    },
    /// Probabilities that do not add up to one.
    #[error("{what} adds up to {sum}, not to 1; normalise it first")]
    NotNormalised {
        /// Which distribution.
        what: String,
        /// Its sum.
        sum: f64,
    },
    /// Two parts that speak of different numbers of x.
    #[error("p(x) has {p_x} values but p(y|x) has {p_y_given_x} rows")]
    Lengths {
        /// Length of p(x).
        p_x: usize,
        /// Rows of p(y|x).
        p_y_given_x: usize,
    },
}

/// p(x, y), kept as p(x) and p(y|x): rows x, columns y; of labels, and of x's that share their p(y|x), no table is kept.
///
/// # Example
/// ```
/// use infoplane_info::JointDistribution;
/// use ndarray::array;
///
/// // Two fair coins that agree three times in four: 1 − H(¼) bits.
/// let joint = JointDistribution::new(array![[0.375, 0.125], [0.125, 0.375]].view())?;
/// assert!((joint.mutual_information() - 0.188_721_875_540_867).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct JointDistribution {
    p_x: Array1<f64>,
    p_y_given_x: Conditional,
    p_y: Array1<f64>,
    h_y_given_each_x: Array1<f64>,
    plogp_of_each_x: Array1<f64>,
}

impl JointDistribution {
    /// From the table p(x, y), shape [|X| × |Y|]. An x of probability 0 is given the conditional p(y).
    ///
    /// # Errors
    /// If the table is empty, has a negative or non-finite entry, or does not add up to 1.
    pub fn new(p_xy: ArrayView2<f64>) -> Result<Self, DistributionError> {
        check_entries(p_xy)?;
        check_sum(|| "p(x, y)".to_owned(), p_xy.sum())?;
        let p_x = p_xy.sum_axis(Axis(1));
        let p_y = p_xy.sum_axis(Axis(0));
        let mut p_y_given_x = p_xy.to_owned();
        for (mut row, &p) in p_y_given_x.outer_iter_mut().zip(&p_x) {
            if p > 0.0 {
                row /= p;
            } else {
                row.assign(&p_y);
            }
        }
        Ok(Self::checked(p_x, Conditional::Table(p_y_given_x)))
    }

    /// From p(x), shape [|X|], and p(y|x), shape [|X| × |Y|].
    ///
    /// # Errors
    /// If the shapes differ, an entry is negative or non-finite, or a distribution does not add up to 1.
    pub fn from_conditional(p_x: Array1<f64>, p_y_given_x: Array2<f64>) -> Result<Self, DistributionError> {
        if p_x.len() != p_y_given_x.nrows() {
            return Err(DistributionError::Lengths { p_x: p_x.len(), p_y_given_x: p_y_given_x.nrows() });
        }
        check_entries(p_x.view().insert_axis(Axis(1)))?;
        check_entries(p_y_given_x.view())?;
        check_sum(|| "p(x)".to_owned(), p_x.sum())?;
        for (x, row) in p_y_given_x.outer_iter().enumerate() {
            check_sum(|| format!("p(y|x = {x})"), row.sum())?;
        }
        Ok(Self::checked(p_x, Conditional::Table(p_y_given_x)))
    }

    /// n equally likely x, each with one label of 0 to `n_y` − 1 for certain. Takes memory in proportion to n, whatever `n_y`.
    ///
    /// # Errors
    /// If there is no x.
    ///
    /// # Panics
    /// If a label is `n_y` or more.
    pub fn of_labels(labels: Vec<u32>, n_y: usize) -> Result<Self, DistributionError> {
        let rows = (0..n_y as u32).map(|y| vec![(y, 1.0)]).collect::<Vec<_>>();
        Self::of_groups(labels, &rows, n_y)
    }

    /// n equally likely x, of which each has the p(y|x) of its group: entries (y, p) of positive probability by ascending y. Takes memory
    /// in proportion to n and these entries.
    ///
    /// # Errors
    /// If there is no x, an entry is negative or not finite, or a group's do not add up to 1.
    ///
    /// # Panics
    /// If a group or a y is not there.
    pub fn of_groups(group: Vec<u32>, rows: &[Vec<(u32, f64)>], n_y: usize) -> Result<Self, DistributionError> {
        let n = group.len();
        if n == 0 || n_y == 0 {
            return Err(DistributionError::Empty { rows: n, columns: n_y });
        }
        for (row, entries) in rows.iter().enumerate() {
            if let Some(&(y, value)) = entries.iter().find(|(_, p)| !(p.is_finite() && *p >= 0.0)) {
                return Err(DistributionError::Entry { row, column: y as usize, value });
            }
            check_sum(|| format!("p(y) of group {row}"), entries.iter().map(|entry| entry.1).sum())?;
        }
        Ok(Self::checked(Array1::from_elem(n, 1.0 / n as f64), Conditional::groups(group, rows, n_y)))
    }

    /// The distribution over some of the x's, in this order (repetitions allowed), with probabilities p(x) of their own.
    ///
    /// # Errors
    /// If p(x) has another length, is negative or not finite somewhere, or does not add up to 1.
    ///
    /// # Panics
    /// If there is no such x.
    pub fn select(&self, x: &[usize], p_x: Array1<f64>) -> Result<Self, DistributionError> {
        if p_x.len() != x.len() {
            return Err(DistributionError::Lengths { p_x: p_x.len(), p_y_given_x: x.len() });
        }
        check_entries(p_x.view().insert_axis(Axis(1)))?;
        check_sum(|| "p(x)".to_owned(), p_x.sum())?;
        Ok(Self::checked(p_x, self.p_y_given_x.select(x)))
    }

    /// n equally likely x with a binary Y, from p(y = 1|x), shape \[n].
    ///
    /// # Errors
    /// If there is no x, or a value lies outside [0, 1].
    pub fn uniform_binary(p_y1_given_x: &[f64]) -> Result<Self, DistributionError> {
        let n = p_y1_given_x.len();
        let p_y_given_x =
            Array2::from_shape_fn((n, 2), |(x, y)| if y == 1 { p_y1_given_x[x] } else { 1.0 - p_y1_given_x[x] });
        check_entries(p_y_given_x.view())?;
        Self::from_conditional(Array1::from_elem(n, 1.0 / n as f64), p_y_given_x)
    }

    fn checked(p_x: Array1<f64>, p_y_given_x: Conditional) -> Self {
        let p_y = p_y_given_x.marginal(p_x.view());
        let h_y_given_each_x = p_y_given_x.entropies();
        let plogp_of_each_x = p_x.mapv(plogp);
        Self { p_x, p_y_given_x, p_y, h_y_given_each_x, plogp_of_each_x }
    }

    /// Number of values of x.
    pub fn n_x(&self) -> usize {
        self.p_x.len()
    }

    /// Number of values of y.
    pub fn n_y(&self) -> usize {
        self.p_y.len()
    }

    /// p(x), shape [|X|].
    pub fn p_x(&self) -> ArrayView1<'_, f64> {
        self.p_x.view()
    }

    /// p(y), shape [|Y|].
    pub fn p_y(&self) -> ArrayView1<'_, f64> {
        self.p_y.view()
    }

    /// The table p(y|x), shape [|X| × |Y|]. Where none is kept it is made, and may be large: what takes few entries of it asks for
    /// [`Self::entries`] or [`Self::p`].
    pub fn p_y_given_x(&self) -> CowArray<'_, f64, Ix2> {
        self.p_y_given_x.table(self.n_y())
    }

    /// The y's that x can have, ascending, each with p(y|x) > 0.
    ///
    /// # Panics
    /// If there is no such x.
    pub fn entries(&self, x: usize) -> impl Iterator<Item = (usize, f64)> {
        self.p_y_given_x.entries(x)
    }

    /// p(y|x).
    ///
    /// # Panics
    /// If there is no such x or y.
    pub fn p(&self, x: usize, y: usize) -> f64 {
        self.p_y_given_x.p(x, y)
    }

    /// The label of an x that has one for certain.
    ///
    /// # Panics
    /// If there is no such x.
    pub fn certain_label(&self, x: usize) -> Option<usize> {
        self.entries(x).find(|&(_, p)| p == 1.0).map(|(y, _)| y)
    }

    /// How p(y|x) is kept.
    pub(crate) fn conditional(&self) -> &Conditional {
        &self.p_y_given_x
    }

    /// H(Y|X = x) in bits for each x, shape [|X|].
    pub fn h_y_given_each_x(&self) -> ArrayView1<'_, f64> {
        self.h_y_given_each_x.view()
    }

    /// p(x) log₂ p(x) for each x, shape [|X|].
    pub fn plogp_of_each_x(&self) -> ArrayView1<'_, f64> {
        self.plogp_of_each_x.view()
    }

    /// H(X) in bits.
    pub fn h_x(&self) -> f64 {
        // +0.0 turns the −0.0 of a certain outcome into 0.
        -self.plogp_of_each_x.sum() + 0.0
    }

    /// H(Y) in bits.
    pub fn h_y(&self) -> f64 {
        entropy(self.p_y.view())
    }

    /// I(X;Y) = H(Y) − H(Y|X) in bits.
    pub fn mutual_information(&self) -> f64 {
        (self.h_y() - self.p_x.dot(&self.h_y_given_each_x)).max(0.0)
    }
}

/// H(p) = −Σ p log₂ p in bits, with 0·log 0 = 0.
pub fn entropy(p: ArrayView1<f64>) -> f64 {
    // +0.0 turns the −0.0 of a certain outcome into 0.
    -p.iter().map(|&p| plogp(p)).sum::<f64>() + 0.0
}

/// p log₂ p, and 0 at p = 0.
pub(crate) fn plogp(p: f64) -> f64 {
    if p > 0.0 { p * p.log2() } else { 0.0 }
}

fn check_entries(table: ArrayView2<f64>) -> Result<(), DistributionError> {
    let (rows, columns) = table.dim();
    if rows == 0 || columns == 0 {
        return Err(DistributionError::Empty { rows, columns });
    }
    match table.indexed_iter().find(|(_, value)| !(value.is_finite() && **value >= 0.0)) {
        Some(((row, column), &value)) => Err(DistributionError::Entry { row, column, value }),
        None => Ok(()),
    }
}

fn check_sum(what: impl FnOnce() -> String, sum: f64) -> Result<(), DistributionError> {
    if (sum - 1.0).abs() <= SUM_TOLERANCE {
        Ok(())
    } else {
        Err(DistributionError::NotNormalised { what: what(), sum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    #[test]
    fn binary_symmetric_channel_is_one_minus_the_binary_entropy() {
        let joint = JointDistribution::uniform_binary(&[0.1, 0.9]).unwrap();
        let h = -(0.1_f64 * 0.1_f64.log2() + 0.9 * 0.9_f64.log2());
        assert_abs_diff_eq!(joint.mutual_information(), 1.0 - h, epsilon = 1e-15);
        assert_abs_diff_eq!(joint.h_x(), 1.0, epsilon = 1e-15);
    }

    #[test]
    fn independent_variables_share_nothing_and_both_constructors_agree() {
        let p_xy = array![[0.06, 0.14], [0.24, 0.56]];
        let joint = JointDistribution::new(p_xy.view()).unwrap();
        assert_abs_diff_eq!(joint.mutual_information(), 0.0, epsilon = 1e-15);
        let again = JointDistribution::from_conditional(array![0.2, 0.8], array![[0.3, 0.7], [0.3, 0.7]]).unwrap();
        assert_abs_diff_eq!(joint.h_y(), again.h_y(), epsilon = 1e-15);
    }

    #[test]
    fn labels_and_groups_are_the_table_they_stand_for_to_the_bit() {
        let group = vec![2, 0, 1, 1, 2, 0, 0, 2, 1, 2, 2];
        let rows = [vec![(0, 0.3), (2, 0.7)], vec![(1, 1.0)], vec![(0, 0.1), (1, 0.2), (3, 0.7)]];
        let groups = JointDistribution::of_groups(group.clone(), &rows, 4).unwrap();
        let mut table = Array2::zeros((11, 4));
        for (x, &of) in group.iter().enumerate() {
            rows[of as usize].iter().for_each(|&(y, p)| table[[x, y as usize]] = p);
        }
        let dense = JointDistribution::from_conditional(Array1::from_elem(11, 1.0 / 11.0), table.clone()).unwrap();
        assert_eq!(groups.p_y_given_x(), table);
        assert_eq!((groups.p_y(), groups.h_y_given_each_x()), (dense.p_y(), dense.h_y_given_each_x()));
        assert_eq!(groups.mutual_information(), dense.mutual_information());
        assert_eq!((groups.p(0, 3), groups.p(0, 2), groups.certain_label(2)), (0.7, 0.0, Some(1)));
        let half = |joint: &JointDistribution| joint.select(&[4, 2, 1], array![0.5, 0.25, 0.25]).unwrap();
        assert_eq!(half(&groups).p_y_given_x(), half(&dense).p_y_given_x());
        for partition in
            [crate::Partition::from_labels(&[0, 0, 1, 2, 1, 0, 3, 3, 3, 3, 4]), crate::Partition::from_labels(&[0; 11])]
        {
            assert_eq!(partition.information(&groups), partition.information(&dense));
        }
        let labels = JointDistribution::of_labels(vec![1, 0, 1], 2).unwrap();
        assert_eq!(labels.mutual_information(), labels.h_y());
        assert!(JointDistribution::of_labels(Vec::new(), 2).is_err());
        assert!(JointDistribution::of_groups(vec![0], &[vec![(0, 0.5)]], 1).is_err());
    }

    #[test]
    fn what_is_not_a_distribution_is_refused_with_its_place() {
        let negative = JointDistribution::new(array![[0.5, -0.1], [0.3, 0.3]].view()).unwrap_err();
        assert!(negative.to_string().contains("row 0, column 1"), "{negative}");
        let sum = JointDistribution::new(array![[0.5, 0.4]].view()).unwrap_err();
        assert!(sum.to_string().contains("adds up to 0.9"), "{sum}");
        assert!(JointDistribution::uniform_binary(&[]).is_err());
        assert!(JointDistribution::uniform_binary(&[1.5]).is_err());
        assert!(JointDistribution::uniform_binary(&[f64::NAN]).is_err());
    }
}
