//! The deterministic bottleneck: T a function of X, trading H(T) for I(T;Y).
//!
//! Strouse & Schwab 2017 (arXiv 1604.00268): minimise H(T) − β I(T;Y). For binary Y an optimal encoder has cells that are
//! intervals of p(y = 1|x) (Kurkoski & Yagi 2014), so the best k-cell quantiser, of greatest I(T;Y), is found exactly by dynamic
//! programming over the x's in that order, for all k at once: O(k n²).

use super::problem::Problem;
use crate::distribution::plogp;

/// The best quantiser of X into so many cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantiser {
    /// First class (in order of p(y = 1|s)) of each cell, ascending.
    pub starts: Vec<usize>,
    /// H(T) in bits.
    pub h_t: f64,
    /// I(T;Y) in bits: the greatest that so many cells can keep.
    pub i_ty: f64,
}

impl Problem {
    /// The best quantisers into 1, 2, …, `most` cells (fewer if there are fewer classes of x). None unless Y is binary.
    pub fn best_quantisers(&self, most: usize) -> Option<Vec<Quantiser>> {
        if !self.is_binary() {
            return None;
        }
        let n = self.classes();
        // Prefix sums of p(s, y), to price the cell [a, b).
        let mut sums = vec![[0.0; 2]; n + 1];
        for s in 0..n {
            let q = self.row(s).last().copied().unwrap_or(1.0);
            sums[s + 1] = [sums[s][0] + self.p_s()[s] * (1.0 - q), sums[s][1] + self.p_s()[s] * q];
        }
        // Σ_y p(t, y) log₂ p(y|t): what a cell adds to −H(Y|T).
        let value = |a: usize, b: usize| {
            let (zero, one) = (sums[b][0] - sums[a][0], sums[b][1] - sums[a][1]);
            plogp(zero) + plogp(one) - plogp(zero + one)
        };
        let h_y = -plogp(sums[n][0]) - plogp(sums[n][1]);
        let mut best: Vec<f64> = (0..=n).map(|b| value(0, b)).collect();
        let mut cuts: Vec<Vec<usize>> = Vec::new();
        let mut quantisers = Vec::new();
        for cells in 1..=most.min(n) {
            if cells > 1 {
                let mut next = vec![f64::NEG_INFINITY; n + 1];
                let mut cut = vec![0; n + 1];
                for b in cells..=n {
                    for a in cells - 1..b {
                        let total = best[a] + value(a, b);
                        if total > next[b] {
                            (next[b], cut[b]) = (total, a);
                        }
                    }
                }
                best = next;
                cuts.push(cut);
            }
            let mut starts = Vec::new();
            let mut end = n;
            for cut in cuts.iter().rev() {
                end = cut[end];
                starts.push(end);
            }
            starts.push(0);
            starts.reverse();
            let ends = starts.iter().skip(1).copied().chain([n]);
            let mass = |a: usize, b: usize| sums[b][0] - sums[a][0] + sums[b][1] - sums[a][1];
            let h_t = -starts.iter().zip(ends).map(|(&a, b)| plogp(mass(a, b))).sum::<f64>() + 0.0;
            quantisers.push(Quantiser { starts, h_t, i_ty: (h_y + best[n]).max(0.0) });
        }
        Some(quantisers)
    }

    /// The quantiser of least H(T) − β I(T;Y) among those of [`Problem::best_quantisers`] with up to `most` cells.
    pub fn deterministic(&self, beta: f64, most: usize) -> Option<Quantiser> {
        let lagrangian = |q: &Quantiser| q.h_t - beta * q.i_ty;
        self.best_quantisers(most)?.into_iter().min_by(|a, b| lagrangian(a).total_cmp(&lagrangian(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JointDistribution, Partition};

    #[test]
    fn no_partition_at_all_beats_the_best_intervals() {
        let p = [0.05, 0.2, 0.45, 0.6, 0.83, 0.97];
        let joint = JointDistribution::uniform_binary(&p).unwrap();
        let problem = Problem::new(&joint);
        let best = problem.best_quantisers(6).unwrap();
        assert_eq!(best.len(), 6);
        for (k, quantiser) in best.iter().enumerate() {
            let cells = k as u64 + 1;
            // Every assignment of six x's to k cells.
            let all = (0..cells.pow(6)).map(|code| {
                let labels: Vec<u64> = (0..6).map(|x| code / cells.pow(x) % cells).collect();
                Partition::from_labels(&labels).information(&joint).i_ty.bits
            });
            let most = all.fold(0.0, f64::max);
            approx::assert_abs_diff_eq!(quantiser.i_ty, most, epsilon = 1e-12);
            assert_eq!(quantiser.starts.len(), k + 1);
        }
        approx::assert_abs_diff_eq!(best[5].i_ty, joint.mutual_information(), epsilon = 1e-12);
        assert_eq!(problem.deterministic(1e-3, 6).unwrap().starts, [0]);
    }
}
