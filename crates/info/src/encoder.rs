//! A discrete encoder p(t|x), sparse: of each x only the t's that it can become.
//!
//! A [`Partition`] is the deterministic one; noise inside a layer makes soft ones (see [`dithered`](crate::estimators::dithered)).
//! With p(x, y) known its information is exact: I(X;T) = H(T) − H(T|X), and I(T;Y) = H(Y) − Σ_t p(t) H(Y|t) with
//! p(y|t) = Σ_x p(x) p(t|x) p(y|x) / p(t).

use ndarray::Array2;

use crate::Partition;
use crate::distribution::{JointDistribution, plogp};
use crate::information::{Estimate, Information};

/// p(t|x) row by row. Names of t's are arbitrary numbers.
///
/// # Example
/// ```
/// use infoplane_info::{Encoder, JointDistribution};
/// use ndarray::array;
///
/// // A bit sent through a channel that erases half of what it is given.
/// let joint = JointDistribution::uniform_binary(&[0.0, 1.0])?;
/// let information = Encoder::of_table(&array![[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]).information(&joint);
/// assert_eq!((information.i_xt.bits, information.i_ty.bits), (0.5, 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    /// Row x is entries `starts[x]..starts[x + 1]`.
    starts: Vec<usize>,
    entries: Vec<(u64, f64)>,
}

impl Encoder {
    /// From the t's each x can become, with their probabilities, which add up to 1; no t twice.
    pub fn from_rows(rows: impl IntoIterator<Item = impl IntoIterator<Item = (u64, f64)>>) -> Self {
        let (mut starts, mut entries) = (vec![0], Vec::new());
        for row in rows {
            entries.extend(row.into_iter().filter(|&(_, p)| p > 0.0));
            starts.push(entries.len());
        }
        Self { starts, entries }
    }

    /// From the table p(t|x), shape [|X| × |T|].
    pub fn of_table(table: &Array2<f64>) -> Self {
        Self::from_rows(table.outer_iter().map(|row| row.to_vec().into_iter().zip(0..).map(|(p, t)| (t, p))))
    }

    /// T = cell(x).
    pub fn of_partition(partition: &Partition) -> Self {
        Self::from_rows(partition.cell().iter().map(|&t| [(u64::from(t), 1.0)]))
    }

    /// Number of x's.
    pub fn n_x(&self) -> usize {
        self.starts.len() - 1
    }

    /// The t's that x can become, with their probabilities.
    pub fn row(&self, x: usize) -> &[(u64, f64)] {
        &self.entries[self.starts[x]..self.starts[x + 1]]
    }

    /// The encoder that does to x what this one does to `order[x]`: cells of the same sizes, filled by chance if the order is
    /// random.
    #[must_use]
    pub fn permuted(&self, order: &[usize]) -> Self {
        Self::from_rows(order.iter().map(|&x| self.row(x).iter().copied()))
    }

    /// H(T|X) in bits.
    pub fn entropy_given_x(&self, joint: &JointDistribution) -> f64 {
        let h = |x: usize| -self.row(x).iter().map(|&(_, p)| plogp(p)).sum::<f64>();
        joint.p_x().iter().enumerate().map(|(x, p)| p * h(x)).sum::<f64>() + 0.0
    }

    /// H(T|X̄) in bits, where rows of one cell of the partition are one and the same x̄.
    pub fn entropy_given(&self, x: &Partition, joint: &JointDistribution) -> f64 {
        let of_row = |(row, &cell): (usize, &u32)| {
            self.row(row).iter().map(move |&(t, p)| (cell, t, p * joint.p_x()[row])).collect::<Vec<_>>()
        };
        let mut entries: Vec<(u32, u64, f64)> = x.cell().iter().enumerate().flat_map(of_row).collect();
        entries.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        let both = entries.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
        let h_both = -both.map(|same| plogp(same.iter().map(|entry| entry.2).sum())).sum::<f64>();
        (h_both - x.entropy(joint.p_x())).max(0.0)
    }

    /// Every (t, x, p(t, x)), sorted by t, then by x.
    pub fn joint_entries(&self, joint: &JointDistribution) -> Vec<(u64, u32, f64)> {
        let of_row = |x: usize| self.row(x).iter().map(move |&(t, p)| (t, x as u32, p * joint.p_x()[x]));
        let mut entries: Vec<(u64, u32, f64)> =
            (0..self.n_x()).flat_map(of_row).filter(|entry| entry.2 > 0.0).collect();
        entries.sort_unstable_by_key(|&(t, x, _)| (t, x));
        entries
    }

    /// Of each x, Σ_t,y p(t|x) p(y|x) log₂ p(t,y)/(p(t) p(y)) in bits: what its t says of its y. The mean over p(x) is I(T;Y).
    pub fn pointwise(&self, joint: &JointDistribution) -> Vec<f64> {
        let (table, p_y) = (joint.p_y_given_x(), joint.p_y());
        let mut of_x = vec![0.0; self.n_x()];
        for cell in self.joint_entries(joint).chunk_by(|a, b| a.0 == b.0) {
            let p_t: f64 = cell.iter().map(|entry| entry.2).sum();
            for y in 0..joint.n_y() {
                let p_ty: f64 = cell.iter().map(|&(_, x, p)| p * table[[x as usize, y]]).sum();
                for &(_, x, p) in cell.iter().filter(|_| p_ty > 0.0) {
                    let x = x as usize;
                    of_x[x] += p / joint.p_x()[x] * table[[x, y]] * (p_ty / (p_t * p_y[y])).log2();
                }
            }
        }
        of_x
    }

    /// Exact I(X;T) and I(T;Y) in bits.
    ///
    /// # Panics
    /// If the encoder and the distribution speak of different numbers of x.
    pub fn information(&self, joint: &JointDistribution) -> Information {
        assert_eq!(self.n_x(), joint.n_x(), "an encoder of {} x's under a p(x, y) of {}", self.n_x(), joint.n_x());
        let table = joint.p_y_given_x();
        let (mut h_t, mut h_y_given_t) = (0.0, 0.0);
        for cell in self.joint_entries(joint).chunk_by(|a, b| a.0 == b.0) {
            let p_t: f64 = cell.iter().map(|entry| entry.2).sum();
            h_t -= plogp(p_t);
            h_y_given_t += plogp(p_t);
            for y in 0..joint.n_y() {
                h_y_given_t -= plogp(cell.iter().map(|&(_, x, p)| p * table[[x as usize, y]]).sum());
            }
        }
        // Rounding alone can carry the two a few 1e-16 past their bounds.
        let i_xt = (h_t - self.entropy_given_x(joint)).max(0.0);
        let i_ty = (joint.h_y() - h_y_given_t).clamp(0.0, joint.mutual_information().min(i_xt));
        Information { i_xt: Estimate::exact(i_xt), i_ty: Estimate::exact(i_ty) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    #[test]
    fn a_partition_and_a_table_have_the_information_they_have_elsewhere() {
        let joint = JointDistribution::uniform_binary(&[0.1, 0.9, 0.4, 0.8]).unwrap();
        let partition = Partition::from_labels(&[5, 7, 5, 7]);
        let (sparse, dense) = (Encoder::of_partition(&partition).information(&joint), partition.information(&joint));
        assert_abs_diff_eq!(sparse.i_xt.bits, dense.i_xt.bits, epsilon = 1e-15);
        assert_abs_diff_eq!(sparse.i_ty.bits, dense.i_ty.bits, epsilon = 1e-15);
        let table = array![[0.5, 0.5, 0.0], [0.0, 0.25, 0.75], [1.0, 0.0, 0.0], [0.2, 0.3, 0.5]];
        let soft = Encoder::of_table(&table).information(&joint);
        let (i_xt, i_ty) = crate::bottleneck::blahut_arimoto::information(&joint, &table);
        assert_abs_diff_eq!(soft.i_xt.bits, i_xt, epsilon = 1e-15);
        assert_abs_diff_eq!(soft.i_ty.bits, i_ty, epsilon = 1e-15);
    }

    #[test]
    fn permuting_keeps_the_cells_and_moves_the_x() {
        let encoder = Encoder::of_partition(&Partition::from_labels(&[0, 0, 0, 1]));
        let moved = encoder.permuted(&[3, 0, 1, 2]);
        assert_eq!((moved.row(0), moved.row(1)), (encoder.row(3), encoder.row(0)));
        let joint = JointDistribution::uniform_binary(&[0.1, 0.9, 0.4, 0.8]).unwrap();
        assert_eq!(moved.information(&joint).i_xt, encoder.information(&joint).i_xt);
    }
}
