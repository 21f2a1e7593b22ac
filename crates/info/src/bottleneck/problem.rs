//! The reduced problem: what of p(x, y) the bottleneck can see.
//!
//! An optimal encoder sees x only through S = p(y|x) (the Gibbs form of Tishby, Pereira & Bialek 1999), and y only
//! through p(x|y). So x's with equal p(y|x), and y's with proportional p(y|x) for all x, are merged: nothing is lost,
//! I(S;Y) = I(X;Y), and the curve ends at (H(S), I(X;Y)): S is the minimal sufficient statistic. x's and y's of
//! probability 0 are dropped. Inside, information is in nats; at the interface, in bits.

use ndarray::Array2;

use super::divergence::kl;
use crate::distribution::JointDistribution;

/// Entries of p(y|x) this close (relative) are one number computed twice.
const SAME: f64 = 8.0 * f64::EPSILON;
/// Marks an x of probability 0.
const NO_CLASS: usize = usize::MAX;

/// A bottleneck problem: p(x, y) reduced to its classes S of equal p(y|x).
///
/// # Example
/// ```
/// use infoplane_info::JointDistribution;
/// use infoplane_info::bottleneck::Problem;
///
/// let problem = Problem::new(&JointDistribution::uniform_binary(&[0.1, 0.4, 0.9, 0.9])?);
/// assert_eq!(problem.classes(), 3);
/// let optimum = problem.solve(5.0)?;
/// // No encoder at all does better than this by more than the gap.
/// assert!(optimum.gap_bits < 1e-10 && optimum.i_ty < problem.i_xy_bits());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Problem {
    /// p(s), shape \[n].
    pub(super) p: Vec<f64>,
    /// p(y|s), shape [n × k] row by row, over the merged y's. For binary Y rows ascend in p(y = 1|s).
    pub(super) q: Vec<f64>,
    /// Σ_y q ln q of each row, shape \[n].
    pub(super) neg_h: Vec<f64>,
    /// Merged p(y), shape [k].
    pub(super) p_y: Vec<f64>,
    /// Number of merged y's.
    pub(super) k: usize,
    /// I(X;Y) in nats.
    pub(super) i_xy: f64,
    /// H(S) in nats.
    pub(super) h_s: f64,
    h_x_bits: f64,
    class_of_x: Vec<usize>,
    class_of_y: Vec<usize>,
    /// p(y | merged y), shape [|Y|].
    share_of_y: Vec<f64>,
}

impl Problem {
    /// Reduces p(x, y).
    pub fn new(joint: &JointDistribution) -> Self {
        let (p_x, p_y, table) = (joint.p_x(), joint.p_y(), joint.p_y_given_x());
        let (class_of_y, share_of_y, k) = merge_columns(joint);
        let mut rows: Vec<(usize, Vec<f64>)> = (0..joint.n_x())
            .filter(|&x| p_x[x] > 0.0)
            .map(|x| {
                let mut row = vec![0.0; k];
                for y in 0..joint.n_y() {
                    if class_of_y[y] < k {
                        row[class_of_y[y]] += table[[x, y]];
                    }
                }
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|value| *value /= sum);
                (x, row)
            })
            .collect();
        // Lexicographic from the last y: for binary Y this ascends in p(y = 1|x).
        rows.sort_by(|(_, a), (_, b)| {
            a.iter()
                .rev()
                .zip(b.iter().rev())
                .map(|(a, b)| a.total_cmp(b))
                .find(|o| o.is_ne())
                .unwrap_or(a.len().cmp(&b.len()))
        });
        let mut class_of_x = vec![NO_CLASS; joint.n_x()];
        let (mut p, mut q, mut neg_h): (Vec<f64>, Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new(), Vec::new());
        for (x, row) in &rows {
            let last = p.len().saturating_sub(1);
            if !p.is_empty() && row.iter().zip(&q[last * k..]).all(|(a, b)| (a - b).abs() <= SAME * a.max(*b)) {
                p[last] += p_x[*x];
            } else {
                p.push(p_x[*x]);
                q.extend_from_slice(row);
                neg_h.push(row.iter().map(|&q| if q > 0.0 { q * q.ln() } else { 0.0 }).sum());
            }
            class_of_x[*x] = p.len() - 1;
        }
        let total: f64 = p.iter().sum();
        p.iter_mut().for_each(|p| *p /= total);
        let mut merged_p_y = vec![0.0; k];
        for (row, p) in q.chunks_exact(k).zip(&p) {
            for (sum, q) in merged_p_y.iter_mut().zip(row) {
                *sum += p * q;
            }
        }
        debug_assert!(p_y.len() == class_of_y.len());
        let i_xy = q.chunks_exact(k).zip(&p).map(|(row, p)| p * kl(row, &merged_p_y)).sum();
        let h_s = -p.iter().map(|&p| p * p.ln()).sum::<f64>() + 0.0;
        Self { p, q, neg_h, p_y: merged_p_y, k, i_xy, h_s, h_x_bits: joint.h_x(), class_of_x, class_of_y, share_of_y }
    }

    /// Number of classes of x with equal p(y|x).
    pub fn classes(&self) -> usize {
        self.p.len()
    }

    /// Whether Y takes two values once proportional y's are merged: then every certificate is rigorous.
    pub fn is_binary(&self) -> bool {
        self.k <= 2
    }

    /// I(X;Y) in bits: the ceiling of I(T;Y).
    pub fn i_xy_bits(&self) -> f64 {
        self.i_xy / std::f64::consts::LN_2
    }

    /// H(S) in bits: the least I(X;T) that reaches I(X;Y).
    pub fn h_s_bits(&self) -> f64 {
        self.h_s / std::f64::consts::LN_2
    }

    /// H(X) in bits: the most I(X;T) there is.
    pub fn h_x_bits(&self) -> f64 {
        self.h_x_bits.max(self.h_s_bits())
    }

    /// p(s), shape \[n].
    pub fn p_s(&self) -> &[f64] {
        &self.p
    }

    /// The class of each x, shape [|X|]; `None` for an x of probability 0.
    pub fn class_of_x(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.class_of_x.iter().map(|&class| (class != NO_CLASS).then_some(class))
    }

    /// Row s of p(y|s).
    pub(super) fn row(&self, s: usize) -> &[f64] {
        &self.q[s * self.k..(s + 1) * self.k]
    }

    /// p(t|x), shape [|X| × m], from p(t|s), shape [n × m] row by row. An x of probability 0 is given p(t).
    pub(super) fn expand_encoder(&self, p_t_given_s: &[f64], p_t: &[f64]) -> Array2<f64> {
        let m = p_t.len();
        Array2::from_shape_fn((self.class_of_x.len(), m), |(x, t)| match self.class_of_x[x] {
            NO_CLASS => p_t[t],
            s => p_t_given_s[s * m + t],
        })
    }

    /// p(y|t) over the original y's, shape [m × |Y|], from the merged one.
    pub(super) fn expand_decoder(&self, decoder: &[f64], m: usize) -> Array2<f64> {
        Array2::from_shape_fn((m, self.class_of_y.len()), |(t, y)| match self.class_of_y[y] {
            NO_CLASS => 0.0,
            class => decoder[t * self.k + class] * self.share_of_y[y],
        })
    }
}

/// Merges y's whose p(y|x) are proportional over all x: the class of each y, its share of the class, the number of classes.
fn merge_columns(joint: &JointDistribution) -> (Vec<usize>, Vec<f64>, usize) {
    let (p_x, p_y, table) = (joint.p_x(), joint.p_y(), joint.p_y_given_x());
    let proportional = |a: usize, b: usize| {
        (0..joint.n_x()).filter(|&x| p_x[x] > 0.0).all(|x| {
            let (a, b) = (table[[x, a]] / p_y[a], table[[x, b]] / p_y[b]);
            (a - b).abs() <= SAME * a.max(b)
        })
    };
    let mut class_of_y = vec![NO_CLASS; joint.n_y()];
    let mut representatives: Vec<usize> = Vec::new();
    for y in (0..joint.n_y()).filter(|&y| p_y[y] > 0.0) {
        let found = representatives.iter().position(|&first| proportional(first, y));
        class_of_y[y] = found.unwrap_or_else(|| {
            representatives.push(y);
            representatives.len() - 1
        });
    }
    let mut sums = vec![0.0; representatives.len()];
    for (&class, &p) in class_of_y.iter().zip(&p_y) {
        if class != NO_CLASS {
            sums[class] += p;
        }
    }
    let share = class_of_y.iter().zip(&p_y).map(|(&c, &p)| if c == NO_CLASS { 0.0 } else { p / sums[c] }).collect();
    (class_of_y, share, representatives.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use ndarray::array;

    #[test]
    fn equal_rows_proportional_columns_and_nothing_are_merged_away() {
        let p_xy = array![
            [0.1, 0.05, 0.0, 0.05],
            [0.2, 0.1, 0.0, 0.1],
            [0.05, 0.1, 0.0, 0.1],
            [0.0, 0.0, 0.0, 0.0],
            [0.15, 0.0, 0.0, 0.0]
        ];
        let joint = JointDistribution::new(p_xy.view()).unwrap();
        let problem = Problem::new(&joint);
        assert_eq!((problem.classes(), problem.k), (3, 2));
        assert!(problem.is_binary());
        assert_abs_diff_eq!(problem.i_xy_bits(), joint.mutual_information(), epsilon = 1e-14);
        assert_eq!(problem.class_of_x().nth(3), Some(None));
        let decoder = problem.expand_decoder(&[0.4, 0.6], 1);
        for (found, expected) in decoder.iter().zip([0.4, 0.3, 0.0, 0.3]) {
            assert_abs_diff_eq!(*found, expected, epsilon = 1e-15);
        }
    }
}
