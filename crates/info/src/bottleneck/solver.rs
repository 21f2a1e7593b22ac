//! The Information Bottleneck at one β: min I(X;T) − β I(T;Y) over all encoders p(t|x) (Tishby, Pereira & Bialek 1999).
//!
//! At fixed β it is a rate–distortion problem over decoders t on the Y-simplex, convex in their weights:
//! L_β = min_w −Σ_s p(s) ln Σ_t w_t exp(−β KL[p(y|s) ‖ t]) − β I(X;Y) (nats). x's with equal p(y|x) are merged first ([`Problem`]);
//! then `binary` solves it for two values of Y, `many_valued` for more.
//!
//! β is natural: dI(T;Y)/dI(X;T) = 1/β on the curve, whatever the base of the logarithm.

use ndarray::{Array1, Array2};

use super::BottleneckError;
use super::certificate::Proof;
use super::divergence::kl;
use super::kernel::{Atom, beta_kl};
use super::many_valued::TOLERANCE;
use super::polish::{Support, decoder_of};
use super::problem::Problem;
use super::simplex::Work;

/// A wider gap than this, in bits, is open.
pub(super) const OPEN_BITS: f64 = 1e-6;
/// Relative rounding of I(X;T) and β I(T;Y), which are sums of many terms.
const ROUNDING: f64 = 2.0 * f64::EPSILON;

/// The optimum at one β, with how far it can be from the truth. Information in bits.
#[derive(Debug, Clone)]
pub struct Solution {
    /// The trade-off: L = I(X;T) − β I(T;Y).
    pub beta: f64,
    /// I(X;T) in bits.
    pub i_xt: f64,
    /// I(T;Y) in bits.
    pub i_ty: f64,
    /// L in bits: no encoder does better than this minus `gap_bits`.
    pub lagrangian: f64,
    /// The duality gap in bits.
    pub gap_bits: f64,
    /// What stands behind the gap.
    pub proof: Proof,
    /// p(t), shape \[m].
    pub p_t: Array1<f64>,
    /// p(y|t), shape [m × |Y|].
    pub decoder: Array2<f64>,
    /// p(t|s), shape [n × m] row by row.
    pub(super) p_t_given_s: Vec<f64>,
    pub(super) support: Support,
}

/// What an optimum is worth, for more than two values of Y.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Effort {
    /// The gap aimed at first, in nats.
    pub tolerance: f64,
    /// How long a proof is looked for.
    pub proof: Work,
}

impl Effort {
    /// For one of many optima.
    pub const LITTLE: Self = Self { tolerance: TOLERANCE.0, proof: Work::Little };
    /// For one by itself.
    pub const MUCH: Self = Self { proof: Work::Much, ..Self::LITTLE };

    /// No finer than this, in nats.
    pub fn to(self, tolerance: f64) -> Self {
        Self { tolerance: tolerance.clamp(TOLERANCE.0, TOLERANCE.1), ..self }
    }
}

impl Solution {
    /// Whether the gap stayed open: wider than 1e-6 bits. Then the optimum can be another.
    pub fn is_open(&self) -> bool {
        self.gap_bits.is_nan() || self.gap_bits > OPEN_BITS
    }

    /// Number of values of T.
    pub fn atoms(&self) -> usize {
        self.p_t.len()
    }

    /// A proven (see `proof`) lower bound on L over all encoders, in bits.
    pub fn lagrangian_lower(&self) -> f64 {
        self.lagrangian - self.gap_bits
    }

    /// Of these encoders the one with the least Lagrangian at this β, with this β's certificate.
    pub(super) fn the_best_of(&self, all: &[Self]) -> Self {
        let at = |other: &Self| other.i_xt - self.beta * other.i_ty;
        let best = all.iter().min_by(|a, b| at(a).total_cmp(&at(b))).unwrap_or(self);
        if at(best) >= at(self) {
            return self.clone();
        }
        let gap_bits = (at(best) - self.lagrangian_lower()).max(0.0);
        Self { beta: self.beta, lagrangian: at(best), gap_bits, proof: self.proof, ..best.clone() }
    }

    /// p(t|x) over the original x's, shape [|X| × m].
    pub fn encoder(&self, problem: &Problem) -> Array2<f64> {
        problem.expand_encoder(&self.p_t_given_s, &self.p_t.to_vec())
    }
}

impl Problem {
    /// The optimum at β.
    ///
    /// # Errors
    /// If β is negative or not a number.
    pub fn solve(&self, beta: f64) -> Result<Solution, BottleneckError> {
        self.solve_near(beta, None)
    }

    /// The optimum at β, starting from the optimum at a β nearby: the same answer, sooner.
    ///
    /// # Errors
    /// If β is negative or not a number.
    pub fn solve_near(&self, beta: f64, near: Option<&Solution>) -> Result<Solution, BottleneckError> {
        self.solve_with(beta, near, if near.is_some() { Effort::LITTLE } else { Effort::MUCH })
    }

    /// The same, with so much effort.
    pub(super) fn solve_with(
        &self,
        beta: f64,
        near: Option<&Solution>,
        effort: Effort,
    ) -> Result<Solution, BottleneckError> {
        if !(beta.is_finite() && beta >= 0.0) {
            return Err(BottleneckError::Beta { beta });
        }
        Ok(if beta <= 1.0 || self.classes() < 2 {
            // I(T;Y) ≤ I(X;T): for β ≤ 1 nothing beats saying nothing.
            self.answer(beta, self.trivial(), 0.0, Proof::Rigorous, true)
        } else if self.is_binary() {
            self.solve_binary(beta, near)
        } else {
            self.solve_many_valued(beta, near, effort)
        })
    }

    /// The optima at several β's, in the order given. What one β finds serves all: of the encoders found, each β is given the one
    /// with its least Lagrangian, so I(X;T) and I(T;Y) never fall as β grows.
    ///
    /// # Errors
    /// If a β is negative or not a number.
    pub fn solve_all(&self, betas: &[f64]) -> Result<Vec<Solution>, BottleneckError> {
        let mut order: Vec<usize> = (0..betas.len()).collect();
        order.sort_by(|&a, &b| betas[b].total_cmp(&betas[a]));
        let mut found: Vec<Solution> = Vec::with_capacity(betas.len());
        for &at in &order {
            // For binary Y the same answer comes as fast from nothing known.
            let near = found.last().filter(|_| !self.is_binary());
            found.push(self.solve_near(betas[at], near)?);
        }
        let own: Vec<Solution> = found.iter().map(|own| own.the_best_of(&found)).collect();
        let mut optima: Vec<(usize, Solution)> = order.into_iter().zip(own).collect();
        optima.sort_by_key(|(at, _)| *at);
        Ok(optima.into_iter().map(|(_, optimum)| optimum).collect())
    }

    /// One atom at p(y).
    pub(super) fn trivial(&self) -> Support {
        Support { atoms: vec![Atom::new(self.p_y.clone())], w: vec![1.0] }
    }

    /// Evaluates a support; `lower` bounds I(X;T) + β (I(X;Y) − I(T;Y)) from below (nats).
    pub(super) fn answer(&self, beta: f64, support: Support, lower: f64, proof: Proof, is_proven: bool) -> Solution {
        let (n, m) = (self.classes(), support.w.len());
        let mut p_t_given_s = vec![0.0; n * m];
        for (s, row) in p_t_given_s.chunks_exact_mut(m).enumerate() {
            let exponents: Vec<f64> = support.atoms.iter().map(|atom| -beta_kl(self, s, atom, beta)).collect();
            let top = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for ((value, e), w) in row.iter_mut().zip(&exponents).zip(&support.w) {
                // Less than this costs nothing, whatever KL: no decoder is made of numbers that underflow.
                *value = Some(w * (e - top).exp()).filter(|share| *share > 1e-200).unwrap_or(0.0);
            }
            let sum: f64 = row.iter().sum();
            if sum > 0.0 {
                row.iter_mut().for_each(|value| *value /= sum);
            } else {
                // Its nearest atom has no weight worth a double: the heaviest atom takes it.
                row[0] = 1.0;
            }
        }
        let column = |t: usize| -> Vec<f64> { (0..n).map(|s| self.p[s] * p_t_given_s[s * m + t]).collect() };
        let (mut p_t, mut decoders) = (Vec::with_capacity(m), Vec::with_capacity(m * self.k));
        let (mut i_xt, mut i_ty, mut lost) = (0.0, 0.0, 0.0);
        for t in 0..m {
            let p_ts = column(t);
            let total: f64 = p_ts.iter().sum();
            let decoder = if total > 0.0 { decoder_of(self, &p_ts) } else { support.atoms[t].s.clone() };
            if total > 0.0 {
                // For more y's the logarithms of k numbers at each s would take longest of all.
                let atom = (self.k > 2).then(|| Atom::new(decoder.clone()));
                let divergence = |s: usize| match &atom {
                    Some(atom) => beta_kl(self, s, atom, 1.0),
                    None => kl(self.row(s), &decoder),
                };
                for s in 0..n {
                    if p_ts[s] > 0.0 {
                        i_xt += p_ts[s] * (p_t_given_s[s * m + t] / total).ln();
                        lost += p_ts[s] * divergence(s);
                    }
                }
                i_ty += total * kl(&decoder, &self.p_y);
            }
            p_t.push(total);
            decoders.extend(decoder);
        }
        let bits = std::f64::consts::LN_2.recip();
        let i_xt = if m == 1 { 0.0 } else { i_xt.clamp(0.0, self.h_s) };
        let i_ty = if m == 1 { 0.0 } else { i_ty.clamp(0.0, self.i_xy) };
        let excess = i_xt + beta * if m == 1 { self.i_xy } else { lost.max(0.0) };
        Solution {
            beta,
            i_xt: i_xt * bits,
            i_ty: i_ty * bits,
            lagrangian: (i_xt - beta * i_ty) * bits,
            gap_bits: if is_proven {
                0.0
            } else {
                ((excess - lower).max(0.0) + ROUNDING * (i_xt + beta * i_ty)) * bits
            },
            proof,
            p_t: p_t.into(),
            decoder: self.expand_decoder(&decoders, m),
            p_t_given_s,
            support,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bottleneck::paper_task;
    use crate::distribution::JointDistribution;
    use approx::assert_abs_diff_eq;

    #[test]
    fn binary_symmetric_channel_to_nine_digits() {
        let problem = Problem::new(&JointDistribution::uniform_binary(&[0.1, 0.9]).unwrap());
        let solution = problem.solve(2.0).unwrap();
        assert_abs_diff_eq!(solution.i_xt, 0.6964327290, epsilon = 1e-9);
        assert_abs_diff_eq!(solution.i_ty, 0.4072338336, epsilon = 1e-9);
        assert!(solution.gap_bits < 1e-10, "{}", solution.gap_bits);
        assert_eq!(solution.proof, Proof::Rigorous);
    }

    #[test]
    fn the_papers_task_matches_independent_golden_values() {
        for (i_xy, beta, i_xt, i_ty) in [
            (0.9, 2.0, 0.9437328142, 0.7778593731),
            (0.9, 10.0, 1.3136426741, 0.8829850906),
            (0.99, 1.1, 0.9818061159, 0.9709841954),
        ] {
            let problem = Problem::new(&paper_task::joint(i_xy));
            let solution = problem.solve(beta).unwrap();
            assert!(solution.gap_bits < 1e-10, "{i_xy} {beta}: gap {}", solution.gap_bits);
            assert_abs_diff_eq!(solution.i_xt, i_xt, epsilon = 1e-9);
            assert_abs_diff_eq!(solution.i_ty, i_ty, epsilon = 1e-9);
        }
    }
}
