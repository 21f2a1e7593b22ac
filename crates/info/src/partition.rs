//! A partition of the x's into cells: the deterministic encoder T = cell(x), and its exact information.
//!
//! With p(x, y) known, nothing is estimated: I(X;T) = H(T), and
//! I(T;Y) = H(Y) − Σ_t p(t) H(Y|t) with p(y|t) = Σ_{x∈t} p(x) p(y|x) / p(t).
//! Binning, quantised networks and the deterministic bottleneck all end in a partition.

use ndarray::{ArrayView1, ArrayView2};

use crate::distribution::{JointDistribution, plogp};
use crate::estimators::{Estimate, Information};

/// Which cell each x falls in; cells are numbered from 0 in order of first appearance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    cell: Vec<u32>,
    cells: usize,
}

impl Partition {
    /// The cell of each x, shape [|X|].
    pub fn cell(&self) -> &[u32] {
        &self.cell
    }

    /// Number of (non-empty) cells.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// Groups equal labels.
    pub fn from_labels(labels: &[u64]) -> Self {
        let (cell, cells) = number_in_order(labels);
        Self { cell, cells }
    }

    /// Groups equal rows of numbers (0 and −0 are equal).
    pub fn of_rows(rows: ArrayView2<f64>) -> Self {
        let mut refinement = Refinement::new(rows.nrows());
        for column in rows.columns() {
            let bits: Vec<u64> = column.iter().map(|&value| (value + 0.0).to_bits()).collect();
            let (codes, _) = number_in_order(&bits);
            refinement.split_by(&codes.into_iter().map(i64::from).collect::<Vec<_>>());
        }
        refinement.finish()
    }

    /// The cells of both partitions together: rows share one only if they share both.
    ///
    /// # Panics
    /// If the partitions speak of different numbers of rows.
    #[must_use]
    pub fn refine(&self, other: &Self) -> Self {
        assert_eq!(self.cell.len(), other.cell.len(), "partitions of different numbers of rows");
        let width = other.cells as u64;
        let labels: Vec<u64> =
            self.cell.iter().zip(&other.cell).map(|(&a, &b)| u64::from(a) * width + u64::from(b)).collect();
        Self::from_labels(&labels)
    }

    /// H(T) in bits, under the probabilities of the rows.
    pub fn entropy(&self, p: ArrayView1<f64>) -> f64 {
        let mut p_t = vec![0.0; self.cells];
        for (&t, &p) in self.cell.iter().zip(p) {
            p_t[t as usize] += p;
        }
        -p_t.into_iter().map(plogp).sum::<f64>() + 0.0
    }

    /// How many rows each cell has.
    pub fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.cells];
        for &t in &self.cell {
            counts[t as usize] += 1;
        }
        counts
    }

    /// Exact I(X;T) and I(T;Y) in bits of T = cell(x) under p(x, y).
    ///
    /// # Panics
    /// If the partition and the distribution speak of different numbers of x.
    pub fn information(&self, joint: &JointDistribution) -> Information {
        assert_eq!(
            self.cell.len(),
            joint.n_x(),
            "a partition of {} x's under a p(x, y) of {}",
            self.cell.len(),
            joint.n_x()
        );
        let n_y = joint.n_y();
        let (p_x, p_y_given_x, h_y_given_x) = (joint.p_x(), joint.p_y_given_x(), joint.h_y_given_each_x());
        let mut members = vec![0_u32; self.cells];
        let mut last = vec![0_usize; self.cells];
        let mut p_t = vec![0.0; self.cells];
        let mut p_ty = vec![0.0; self.cells * n_y];
        for (x, &t) in self.cell.iter().enumerate() {
            let t = t as usize;
            members[t] += 1;
            last[t] = x;
            p_t[t] += p_x[x];
            for y in 0..n_y {
                p_ty[t * n_y + y] += p_x[x] * p_y_given_x[[x, y]];
            }
        }
        let (mut h_t, mut h_y_given_t) = (0.0, 0.0);
        for t in 0..self.cells {
            let plogp_t = plogp(p_t[t]);
            h_t -= plogp_t;
            // A cell of one x needs no logarithms beyond those p(x, y) has already taken.
            h_y_given_t += if members[t] == 1 {
                p_t[t] * h_y_given_x[last[t]]
            } else {
                plogp_t - p_ty[t * n_y..(t + 1) * n_y].iter().map(|&p| plogp(p)).sum::<f64>()
            };
        }
        // Rounding alone can carry the two a few 1e-16 past their bounds.
        let i_xt = h_t.max(0.0);
        let i_ty = (joint.h_y() - h_y_given_t).clamp(0.0, joint.mutual_information().min(i_xt));
        Information { i_xt: Estimate::exact(i_xt), i_ty: Estimate::exact(i_ty) }
    }
}

/// Refines a partition one discrete feature at a time, by exact mixed-radix codes: no two different rows ever collide.
#[derive(Debug, Clone)]
pub struct Refinement {
    code: Vec<u64>,
    radix: u64,
}

impl Refinement {
    /// The trivial partition of n rows: one cell.
    pub fn new(n: usize) -> Self {
        Self { code: vec![0; n], radix: 1 }
    }

    /// Splits every cell by the values of one more feature, shape [n].
    pub fn split_by(&mut self, feature: &[i64]) {
        let (Some(&low), Some(&high)) = (feature.iter().min(), feature.iter().max()) else { return };
        let span = high.abs_diff(low).checked_add(1);
        if let Some(radix) = span.and_then(|span| self.radix.checked_mul(span)) {
            let span = radix / self.radix;
            for (code, &value) in self.code.iter_mut().zip(feature) {
                *code = *code * span + value.abs_diff(low);
            }
            self.radix = radix;
        } else {
            // Too wide for 64 bits: renumber what there is (at most n cells, n values), then go on.
            let (code, cells) = number_in_order(&self.code);
            let values: Vec<u64> = feature.iter().map(|value| value.abs_diff(low)).collect();
            let (value, values) = number_in_order(&values);
            self.code = code.iter().zip(&value).map(|(&c, &v)| u64::from(c) * values as u64 + u64::from(v)).collect();
            self.radix = (cells as u64).max(1) * (values as u64).max(1);
        }
    }

    /// The partition reached.
    pub fn finish(self) -> Partition {
        Partition::from_labels(&self.code)
    }
}

/// Numbers equal labels alike, in order of first appearance; returns the numbers and how many there are.
pub(crate) fn number_in_order(labels: &[u64]) -> (Vec<u32>, usize) {
    const EMPTY: u32 = u32::MAX;
    // Open addressing with Fibonacci hashing: at most half full, and full keys are compared.
    let bits = (labels.len().max(1) * 2).next_power_of_two().trailing_zeros();
    let mask = (1_usize << bits) - 1;
    let mut slots = vec![EMPTY; 1 << bits];
    let mut distinct: Vec<u64> = Vec::new();
    let numbers = labels
        .iter()
        .map(|&label| {
            let mut slot = (label.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize;
            loop {
                match slots[slot] {
                    EMPTY => {
                        slots[slot] = distinct.len() as u32;
                        distinct.push(label);
                        return slots[slot];
                    }
                    number if distinct[number as usize] == label => return number,
                    _ => slot = (slot + 1) & mask,
                }
            }
        })
        .collect();
    (numbers, distinct.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn the_identity_keeps_everything_and_one_cell_keeps_nothing() {
        let joint = JointDistribution::uniform_binary(&[0.1, 0.3, 0.8, 0.9]).unwrap();
        let all = Partition::from_labels(&[0, 1, 2, 3]).information(&joint);
        assert_abs_diff_eq!(all.i_xt.bits, 2.0, epsilon = 1e-15);
        assert_abs_diff_eq!(all.i_ty.bits, joint.mutual_information(), epsilon = 1e-15);
        let none = Partition::from_labels(&[7; 4]).information(&joint);
        assert_eq!((none.i_xt.bits, none.i_ty.bits), (0.0, 0.0));
    }

    #[test]
    fn two_cells_by_hand() {
        let joint = JointDistribution::uniform_binary(&[0.0, 0.5, 1.0, 1.0]).unwrap();
        let info = Partition::from_labels(&[5, 5, 9, 9]).information(&joint);
        let h = |p: f64| -plogp(p) - plogp(1.0 - p);
        assert_abs_diff_eq!(info.i_xt.bits, 1.0, epsilon = 1e-15);
        assert_abs_diff_eq!(info.i_ty.bits, h(0.625) - 0.5 * h(0.25), epsilon = 1e-15);
    }

    proptest! {
        #[test]
        fn refinement_never_merges_rows_that_differ(rows in prop::collection::vec(prop::collection::vec(prop_oneof![-3_i64..3, any::<i64>()], 5), 1..60)) {
            let mut refinement = Refinement::new(rows.len());
            for feature in 0..5 {
                refinement.split_by(&rows.iter().map(|row| row[feature]).collect::<Vec<_>>());
            }
            let cell = refinement.finish();
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    prop_assert_eq!(a == b, cell.cell()[i] == cell.cell()[j]);
                }
            }
        }

        #[test]
        fn merging_cells_loses_information(labels in prop::collection::vec(0_u64..8, 20), p in prop::collection::vec(0.0_f64..=1.0, 20)) {
            let joint = JointDistribution::uniform_binary(&p).unwrap();
            let fine = Partition::from_labels(&labels).information(&joint);
            let coarse = Partition::from_labels(&labels.iter().map(|l| l / 2).collect::<Vec<_>>()).information(&joint);
            prop_assert!(coarse.i_xt.bits <= fine.i_xt.bits + 1e-12);
            prop_assert!(coarse.i_ty.bits <= fine.i_ty.bits + 1e-12);
            prop_assert!(fine.i_ty.bits <= fine.i_xt.bits && fine.i_ty.bits <= joint.mutual_information());
        }
    }
}
