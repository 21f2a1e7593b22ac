//! The onset: the greatest β at which saying nothing is optimal, 1/η_KL of the strong data-processing constant.
//!
//! Saying nothing is optimal if and only if D(t) ≤ 1 for every decoder t, with D(t) = Σ p(s) exp(−β [KL(p(y|s)‖t) −
//! KL(p(y|s)‖p(y))]): the multipliers λ are known exactly. D touches 1 at t = p(y). For binary Y this is **proven** with
//! u = logit t, c = logit p(y), V = Var p(y = 1|s), R the range of p(y = 1|s) and σ′ = σ(1 − σ):
//! - near c: ln D″ = β² Var_tilted − βσ′(u) < 0 for |u − c| < h = ln(β*/β)/(βR + 1), where β* = σ′(c)/V = 1/λ₂, since
//!   tilting by u − c changes the variance by at most e^{βR|u−c|} and σ′ falls by at most e^{−|u−c|}; so ln D < 0 there;
//! - elsewhere: the bound between nodes of the certificate must stay below 0.
//!
//! Near a continuous onset (β → 1/λ₂) ln D at ±h is of the order of (1 − β/β*)³: below about 1e-5 it drowns in rounding, and
//! the answer is "not proven".

use super::certificate::most_between;
use super::divergence::kl;
use super::kernel::{Atom, Landscape};
use super::problem::Problem;

/// ln D is computed to about this, relative to β.
const ROUNDING: f64 = 2e-15;
const MOST_NODES: usize = 200_000;

impl Problem {
    /// Whether at this β no encoder has L < 0: a proof if `true`, nothing if `false`. Binary Y only.
    pub(super) fn is_trivial_proven(&self, beta: f64) -> bool {
        if self.k < 2 || beta <= 1.0 {
            return true;
        }
        let local = self.local_stability();
        if self.k > 2 || beta >= local {
            return false;
        }
        let ln_z: Vec<f64> = (0..self.classes()).map(|s| -beta * kl(self.row(s), &self.p_y)).collect();
        let landscape = Landscape::plain(self, beta, &ln_z);
        let ln_d = |u: f64| landscape.ln_d(&Atom::from_logit(u));
        let centre = (self.p_y[1] / self.p_y[0]).ln();
        // Rows ascend in p(y = 1|s).
        let range = self.row(self.classes() - 1)[1] - self.row(0)[1];
        let half = (local / beta).ln() / (beta * range + 1.0);
        let below = -ROUNDING * (1.0 + beta);
        let end = centre.abs() + 32.0 + beta.ln();
        let tail = beta * (-end).exp();
        if ln_d(-end) + tail > below || ln_d(end) + tail > below {
            return false;
        }
        let mut stack = Vec::new();
        for (a, b) in [(-end, centre - half), (centre + half, end)] {
            stack.push((a, ln_d(a), b, ln_d(b)));
        }
        let mut nodes = 0;
        while let Some((a, at_a, b, at_b)) = stack.pop() {
            nodes += 1;
            if at_a > below || at_b > below || nodes > MOST_NODES {
                return false;
            }
            if most_between(beta, (a, at_a), (b, at_b)) > below {
                let middle = f64::midpoint(a, b);
                if middle <= a || middle >= b {
                    return false;
                }
                let at_middle = ln_d(middle);
                stack.push((middle, at_middle, b, at_b));
                stack.push((a, at_a, middle, at_middle));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;

    #[test]
    fn the_proof_reaches_the_onset_of_a_channel_and_stops_there() {
        for delta in [0.02_f64, 0.1, 0.3] {
            let problem = Problem::new(&JointDistribution::uniform_binary(&[delta, 1.0 - delta]).unwrap());
            let onset = 1.0 / (1.0 - 2.0 * delta).powi(2);
            assert!(problem.is_trivial_proven(onset * (1.0 - 1e-4)), "{delta}");
            assert!(!problem.is_trivial_proven(onset * (1.0 + 1e-9)), "{delta}");
        }
    }
}
