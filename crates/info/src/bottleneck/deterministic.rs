//! The deterministic bottleneck: T a function of X, trading H(T) for I(T;Y).
//!
//! Strouse & Schwab 2017 (arXiv 1604.00268): minimise H(T) − β I(T;Y). An optimal encoder gives x to argmax_t [ln p(t) −
//! β KL(p(y|x)‖p(y|t))], linear in p(y|x): for binary Y its cells are intervals of p(y = 1|x) (Kurkoski & Yagi 2014 for
//! the quantiser of greatest I(T;Y)). Both objectives are sums over cells, so dynamic programming over the x's in that
//! order is exact: O(k n²) for the best quantisers into up to k cells, O(n²) for the best trade-off at one β.

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
        let cells = self.cells()?;
        let n = self.classes();
        let mut best: Vec<f64> = (0..=n).map(|b| cells.information(0, b)).collect();
        let mut cuts: Vec<Vec<usize>> = Vec::new();
        let mut quantisers = Vec::new();
        for count in 1..=most.min(n) {
            if count > 1 {
                let mut next = vec![f64::NEG_INFINITY; n + 1];
                let mut cut = vec![0; n + 1];
                for b in count..=n {
                    for a in count - 1..b {
                        let total = best[a] + cells.information(a, b);
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
            quantisers.push(cells.quantiser(starts));
        }
        Some(quantisers)
    }

    /// The function of X of least H(T) − β I(T;Y), over any number of cells. None unless Y is binary.
    pub fn deterministic(&self, beta: f64) -> Option<Quantiser> {
        let cells = self.cells()?;
        let n = self.classes();
        // least[b]: of the classes below b, cut into cells in the best way; the last of those cells starts at cut[b].
        let (mut least, mut cut) = (vec![f64::INFINITY; n + 1], vec![0; n + 1]);
        least[0] = 0.0;
        for b in 1..=n {
            for a in 0..b {
                let total = least[a] + cells.entropy(a, b) - beta * cells.information(a, b);
                if total < least[b] {
                    (least[b], cut[b]) = (total, a);
                }
            }
        }
        let mut starts = Vec::new();
        let mut end = n;
        while end > 0 {
            end = cut[end];
            starts.push(end);
        }
        starts.reverse();
        Some(cells.quantiser(starts))
    }

    fn cells(&self) -> Option<Cells> {
        if !self.is_binary() {
            return None;
        }
        let mut sums = vec![[0.0; 2]; self.classes() + 1];
        for s in 0..self.classes() {
            let q = self.row(s).last().copied().unwrap_or(1.0);
            sums[s + 1] = [sums[s][0] + self.p_s()[s] * (1.0 - q), sums[s][1] + self.p_s()[s] * q];
        }
        Some(Cells { sums })
    }
}

/// Prices of cells [a, b) of classes in the order of p(y = 1|s), from prefix sums of p(s, y).
struct Cells {
    sums: Vec<[f64; 2]>,
}

impl Cells {
    fn mass(&self, a: usize, b: usize) -> (f64, f64) {
        (self.sums[b][0] - self.sums[a][0], self.sums[b][1] - self.sums[a][1])
    }

    /// Σ_y p(t, y) log₂ p(y|t): what the cell adds to −H(Y|T).
    fn information(&self, a: usize, b: usize) -> f64 {
        let (zero, one) = self.mass(a, b);
        plogp(zero) + plogp(one) - plogp(zero + one)
    }

    /// −p(t) log₂ p(t): what the cell adds to H(T).
    fn entropy(&self, a: usize, b: usize) -> f64 {
        let (zero, one) = self.mass(a, b);
        -plogp(zero + one)
    }

    fn quantiser(&self, starts: Vec<usize>) -> Quantiser {
        let n = self.sums.len() - 1;
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([n]).collect();
        let over =
            |price: &dyn Fn(usize, usize) -> f64| starts.iter().zip(&ends).map(|(&a, &b)| price(a, b)).sum::<f64>();
        let h_y = -plogp(self.sums[n][0]) - plogp(self.sums[n][1]);
        let h_t = over(&|a, b| self.entropy(a, b)) + 0.0;
        let i_ty = (h_y + over(&|a, b| self.information(a, b))).max(0.0);
        Quantiser { starts, h_t, i_ty }
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
    }

    #[test]
    fn no_partition_at_all_beats_the_best_trade_off() {
        let joint = JointDistribution::uniform_binary(&[0.05, 0.2, 0.45, 0.6, 0.83, 0.97]).unwrap();
        let problem = Problem::new(&joint);
        let mut cells = Vec::new();
        for beta in [0.5, 2.0, 5.0, 12.0, 40.0, 1000.0] {
            // Every function of six x's to six values; H(T) = I(X;T).
            let all = (0..6_u64.pow(6)).map(|code| {
                let labels: Vec<u64> = (0..6).map(|x| code / 6_u64.pow(x) % 6).collect();
                let information = Partition::from_labels(&labels).information(&joint);
                information.i_xt.bits - beta * information.i_ty.bits
            });
            let least = all.fold(f64::INFINITY, f64::min);
            let best = problem.deterministic(beta).unwrap();
            approx::assert_abs_diff_eq!(best.h_t - beta * best.i_ty, least, epsilon = 1e-12 * beta);
            cells.push(best.starts.len());
        }
        assert!(cells.is_sorted() && cells[0] == 1 && cells[5] == 6, "{cells:?}");
    }
}
