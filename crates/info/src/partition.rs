//! A partition of the x's into cells: the deterministic encoder T = cell(x), and its exact information.
//!
//! With p(x, y) known, nothing is estimated: I(X;T) = H(T), and
//! I(T;Y) = H(Y) − Σ_t p(t) H(Y|t) with p(y|t) = Σ_{x∈t} p(x) p(y|x) / p(t).
//! Binning, quantised networks and the deterministic bottleneck all end in a partition.

use ndarray::{ArrayView1, ArrayView2};

use crate::conditional::Conditional;
use crate::distribution::{JointDistribution, plogp};
use crate::information::{Estimate, Information};
use crate::refinement::{Refinement, number_in_order};

/// Which cell each x falls in; cells are numbered from 0 in order of first appearance.
///
/// # Example
/// ```
/// use infoplane_info::{JointDistribution, Partition};
///
/// let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0])?;
/// let information = Partition::from_labels(&[7, 7, 7, 9]).information(&joint);
/// assert!((information.i_xt.bits - (2.0 - 0.75 * 3_f64.log2())).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        Self::numbered(number_in_order(labels))
    }

    /// From cells numbered in order of first appearance, and how many there are.
    pub(crate) fn numbered((cell, cells): (Vec<u32>, usize)) -> Self {
        Self { cell, cells }
    }

    /// Groups equal rows of numbers (0 and −0 are equal).
    pub fn of_rows(rows: ArrayView2<f64>) -> Self {
        let mut refinement = Refinement::new(rows.nrows());
        for column in rows.columns() {
            let bits: Vec<u64> = column.iter().map(|&value| (value + 0.0).to_bits()).collect();
            let (codes, distinct) = number_in_order(&bits);
            if distinct == codes.len() {
                // Nor do whole rows repeat then, and numbers in order are what these are.
                return Self::numbered((codes, distinct));
            }
            refinement.split_by(&codes.into_iter().map(f64::from).collect::<Vec<_>>());
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

    /// The first row of each cell.
    pub fn first_of_each(&self) -> Vec<usize> {
        let mut seen = vec![false; self.cells];
        (0..self.cell.len()).filter(|&row| !std::mem::replace(&mut seen[self.cell[row] as usize], true)).collect()
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
        if self.cells == self.cell.len() {
            // Every x has a cell of its own: nothing is lost.
            return Information {
                i_xt: Estimate::exact(joint.h_x()),
                i_ty: Estimate::exact(joint.mutual_information()),
            };
        }
        let (mut h_t, mut h_y_given_t) = (0.0, 0.0);
        let (plogp_x, h_y_given_x) = (joint.plogp_of_each_x(), joint.h_y_given_each_x());
        let mut add = |cell: Cell, plogp_ty: &dyn Fn() -> f64| {
            // A cell of one x needs no logarithms beyond those p(x, y) has already taken.
            if cell.members == 1 {
                h_t -= plogp_x[cell.last as usize];
                h_y_given_t += cell.p * h_y_given_x[cell.last as usize];
            } else {
                let plogp_t = plogp(cell.p);
                h_t -= plogp_t;
                h_y_given_t += plogp_t - plogp_ty();
            }
        };
        match (joint.conditional(), joint.n_y()) {
            (Conditional::Table(table), n_y) => {
                let table = table.as_standard_layout();
                let table = table.as_slice().unwrap_or_default();
                // A known number of classes makes a loop of a few instructions.
                let (cells, p_ty) = if n_y == 2 { self.sums(joint, table, 2) } else { self.sums(joint, table, n_y) };
                for (cell, p_ty) in cells.into_iter().zip(p_ty.chunks_exact(n_y)) {
                    add(cell, &|| p_ty.iter().map(|&p| plogp(p)).sum());
                }
            }
            (Conditional::Groups { .. }, n_y) => self.each_cell(joint, n_y, add),
        }
        // Rounding alone can carry the two a few 1e-16 past their bounds.
        let i_xt = h_t.max(0.0);
        let i_ty = (joint.h_y() - h_y_given_t).clamp(0.0, joint.mutual_information().min(i_xt));
        Information { i_xt: Estimate::exact(i_xt), i_ty: Estimate::exact(i_ty) }
    }

    /// The cells, and p(t, y), [cells × n_y].
    #[inline(always)]
    fn sums(&self, joint: &JointDistribution, table: &[f64], n_y: usize) -> (Vec<Cell>, Vec<f64>) {
        let mut cells = vec![Cell::default(); self.cells];
        let mut p_ty = vec![0.0; self.cells * n_y];
        let rows = table.chunks_exact(n_y);
        for (x, ((&t, &p), p_y)) in self.cell.iter().zip(joint.p_x()).zip(rows).enumerate() {
            let cell = &mut cells[t as usize];
            cell.members += 1;
            cell.last = x as u32;
            cell.p += p;
            let sums = &mut p_ty[t as usize * n_y..][..n_y];
            for y in 0..n_y {
                sums[y] += p * p_y[y];
            }
        }
        (cells, p_ty)
    }
}

impl Partition {
    /// Cell after cell with its Σ_y p(t, y) log₂ p(t, y), in memory that grows with the rows alone. Terms are added in the order of
    /// x and of y, as over a table of p(t, y).
    fn each_cell(&self, joint: &JointDistribution, n_y: usize, mut add: impl FnMut(Cell, &dyn Fn() -> f64)) {
        let mut ends = vec![0_u32; self.cells + 1];
        self.cell.iter().for_each(|&t| ends[t as usize + 1] += 1);
        for t in 0..self.cells {
            ends[t + 1] += ends[t];
        }
        let mut next = ends.clone();
        let mut by_cell = vec![0_u32; self.cell.len()];
        for (x, &t) in self.cell.iter().enumerate() {
            by_cell[next[t as usize] as usize] = x as u32;
            next[t as usize] += 1;
        }
        let (p_x, mut p_ty, mut present) = (joint.p_x(), vec![0.0; n_y], Vec::new());
        for ends in ends.windows(2) {
            let mut cell = Cell::default();
            for &x in &by_cell[ends[0] as usize..ends[1] as usize] {
                let p = p_x[x as usize];
                cell = Cell { members: cell.members + 1, last: x, p: cell.p + p };
                for (y, q) in joint.entries(x as usize).filter(|_| p > 0.0) {
                    if p_ty[y] == 0.0 {
                        present.push(y);
                    }
                    p_ty[y] += p * q;
                }
            }
            present.sort_unstable();
            // One whose share was too small to add comes twice.
            present.dedup();
            add(cell, &|| present.iter().map(|&y| plogp(p_ty[y])).sum());
            present.drain(..).for_each(|y| p_ty[y] = 0.0);
        }
    }
}

/// The x's of one cell: how many, the last of them, and p(t).
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    members: u32,
    last: u32,
    p: f64,
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
