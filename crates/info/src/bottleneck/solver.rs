//! The Information Bottleneck at one β: min I(X;T) − β I(T;Y) over all encoders p(t|x) (Tishby, Pereira & Bialek 1999).
//!
//! At fixed β it is a rate–distortion problem over decoders t on the Y-simplex, convex in their weights:
//! L_β = min_w −Σ_s p(s) ln Σ_t w_t exp(−β KL[p(y|s) ‖ t]) − β I(X;Y) (nats). In turn:
//! 1. merge x's with equal p(y|x) ([`Problem`]); 2. the best weights on many candidates; 3. Newton on weights and decoders;
//! 4. bound max D ([`Proof`]); 5. stop when the gap is closed, else add the decoders where D > 1 and go on.
//!
//! β is natural: dI(T;Y)/dI(X;T) = 1/β on the curve, whatever the base of the logarithm.

use ndarray::{Array1, Array2};

use super::BottleneckError;
use super::certificate::{Bound, Proof, bound};
use super::divergence::kl;
use super::kernel::{Atom, Gibbs, Landscape, beta_kl};
use super::polish::{Support, decoder_of, polish};
use super::problem::Problem;
use super::weights::{Slope, optimise};

/// Bound aimed at for ln max D, in nats: half of what 1e-10 bits allow.
const TOLERANCE: f64 = 2e-11;
const ROUNDS: usize = 25;
/// Of more atoms than this, some to spare are not worth the time.
const MOST_SETTLED: usize = 64;
/// What a spare atom may be worth, relative to the Lagrangian's scale.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

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

impl Solution {
    /// Number of values of T.
    pub fn atoms(&self) -> usize {
        self.p_t.len()
    }

    /// A proven (see `proof`) lower bound on L over all encoders, in bits.
    pub fn lagrangian_lower(&self) -> f64 {
        self.lagrangian - self.gap_bits
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
    /// If β is not a positive number.
    pub fn solve(&self, beta: f64) -> Result<Solution, BottleneckError> {
        self.solve_near(beta, None)
    }

    /// The optimum at β, starting from the optimum at a β nearby: the same answer, sooner.
    ///
    /// # Errors
    /// If β is not a positive number.
    pub fn solve_near(&self, beta: f64, near: Option<&Solution>) -> Result<Solution, BottleneckError> {
        if !(beta.is_finite() && beta > 0.0) {
            return Err(BottleneckError::Beta { beta });
        }
        let trivial = self.trivial(beta);
        if beta <= 1.0 || self.classes() < 2 {
            // I(T;Y) ≤ I(X;T): for β ≤ 1 nothing beats saying nothing.
            return Ok(self.answer(beta, trivial, 0.0, Proof::Rigorous, true));
        }
        let mut best: Option<Solution> = None;
        let mut support = if let Some(near) = near.filter(|near| near.atoms() > 1) {
            near.support.clone()
        } else {
            let answer = self.certified(beta, &trivial);
            if answer.0.gap_bits <= TOLERANCE * 2.0 {
                return Ok(answer.0);
            }
            best = Some(answer.0);
            self.first_support(beta)
        };
        for round in 0..ROUNDS {
            polish(self, beta, &mut support, if round < 3 { 40 } else { 80 });
            let (answer, found) = self.certified(beta, &support);
            let (gap, stuck) = (answer.gap_bits, found.peaks.is_empty());
            if best.as_ref().is_none_or(|best| gap < best.gap_bits) {
                best = Some(answer);
            }
            if gap <= 3.0 * TOLERANCE || (stuck && round > 0) {
                break;
            }
            self.add(beta, &mut support, found.peaks);
        }
        // `best` is only empty if no round ran.
        let best = best.unwrap_or_else(|| self.certified(beta, &self.trivial(beta)).0);
        Ok(self.settled(best))
    }

    /// The same optimum without spare atoms: near a transition the Lagrangian is flat, and some are left over by chance.
    fn settled(&self, best: Solution) -> Solution {
        let lower = (best.lagrangian_lower() + best.beta * self.i_xy_bits()) * std::f64::consts::LN_2;
        if best.lagrangian >= 0.0 {
            return self.answer(best.beta, self.trivial(best.beta), lower, best.proof, false);
        }
        // For more than two y's the optimal measure need not be unique: there is no number of atoms to settle at.
        if !self.is_binary() || best.atoms() > MOST_SETTLED {
            return best;
        }
        let support = self.with_fewest_atoms(best.beta, best.support.clone(), ROUNDING);
        if support.w.len() == best.atoms() {
            return best;
        }
        let settled = self.answer(best.beta, support, lower, best.proof, false);
        if settled.gap_bits <= best.gap_bits { settled } else { best }
    }

    /// One atom at p(y).
    fn trivial(&self, beta: f64) -> Support {
        debug_assert!(beta > 0.0);
        Support { atoms: vec![Atom::new(self.p_y.clone())], w: vec![1.0] }
    }

    /// Adds decoders and finds the weights again.
    fn add(&self, beta: f64, support: &mut Support, peaks: Vec<Atom>) {
        for peak in peaks {
            if !support.atoms.iter().any(|atom| atom.distance(&peak) * 2.0 * beta.sqrt() < 1e-6) {
                support.atoms.push(peak);
                support.w.push(1e-3);
            }
        }
        support.sort();
        self.reweigh(beta, support, 1e-12);
    }

    /// The best weights; atoms without any are left out.
    fn reweigh(&self, beta: f64, support: &mut Support, tolerance: f64) {
        let gibbs = Gibbs::new(self, &support.atoms, beta);
        optimise(&self.p, &gibbs, &mut support.w, tolerance);
        let mut slope = Slope::new(&self.p, &gibbs, &support.w);
        for _ in 0..4 {
            // w ← w D (Blahut–Arimoto) finds at once the tiny weight of an atom that only a rare x needs.
            support.w.iter_mut().zip(&slope.d).for_each(|(w, d)| *w = (*w * d).max(1e-290));
            slope = Slope::new(&self.p, &gibbs, &support.w);
        }
        let keep: Vec<bool> = (0..support.w.len()).map(|j| !slope.is_idle(&support.w, j)).collect();
        if keep.iter().any(|&keep| keep) {
            support.retain(&keep);
        }
    }

    /// Candidates from nothing known: a grid for binary Y, the rows themselves for more.
    fn first_support(&self, beta: f64) -> Support {
        let n = self.classes();
        let rows = || (0..n).map(|s| Atom::new(self.row(s).to_vec())).collect::<Vec<_>>();
        let identity = Support { atoms: rows(), w: self.p.clone() };
        if self.rows_stand_apart(beta) {
            return identity;
        }
        let mut support = if self.k == 2 {
            let angle = |s: usize| self.row(s)[1].sqrt().atan2(self.row(s)[0].sqrt());
            let (low, high) = (angle(0), angle(n - 1));
            let spacing = (0.3 / beta.sqrt()).min((high - low) / 30.0);
            let mut atoms: Vec<Atom> = Vec::new();
            let mut s = 0;
            for i in 0..=((high - low) / spacing).ceil() as usize {
                let at = (low + i as f64 * spacing).min(high);
                while s + 1 < n && angle(s + 1) < at {
                    s += 1;
                }
                // Where no row is near, no atom is.
                let near = (at - angle(s)).abs().min((angle((s + 1).min(n - 1)) - at).abs());
                if near <= 4.0 / beta.sqrt() {
                    atoms.push(Atom::new(vec![at.cos().powi(2), at.sin().powi(2)]));
                }
            }
            atoms.push(Atom::new(self.row(0).to_vec()));
            atoms.push(Atom::new(self.row(n - 1).to_vec()));
            let w = vec![1.0 / atoms.len() as f64; atoms.len()];
            Support { atoms, w }
        } else {
            let mut atoms = farthest_first(self, rows(), 160);
            atoms.push(Atom::new(self.p_y.clone()));
            let w = vec![1.0 / atoms.len() as f64; atoms.len()];
            Support { atoms, w }
        };
        support.sort();
        self.reweigh(beta, &mut support, 1e-7);
        if self.k > 2 {
            self.climb(beta, &mut support);
        }
        support.merge(beta, 0.75);
        support
    }

    /// Whether at this β every class is nearly its own atom.
    fn rows_stand_apart(&self, beta: f64) -> bool {
        let n = self.classes();
        (0..n).all(|s| {
            let atom = Atom::new(self.row(s).to_vec());
            let mut others = 0.0;
            for other in 0..n {
                if other != s {
                    others += (-beta_kl(self, other, &atom, beta)).exp();
                    if others > 0.02 {
                        return false;
                    }
                }
            }
            true
        })
    }

    /// |Y| > 2: lets every atom climb the landscape, and weighs again, until nothing moves much.
    fn climb(&self, beta: f64, support: &mut Support) {
        for _ in 0..6 {
            let ln_z = Gibbs::new(self, &support.atoms, beta).ln_z(&support.w);
            let (landscape, _) = Landscape::new(self, beta, &ln_z);
            for atom in &mut support.atoms {
                for _ in 0..20 {
                    *atom = landscape.ascend(atom).0;
                }
            }
            support.merge(beta, 0.1);
            self.reweigh(beta, support, 1e-7);
        }
    }

    /// The encoder of a support, what it reaches, and its certificate.
    fn certified(&self, beta: f64, support: &Support) -> (Solution, Bound) {
        let ln_z = Gibbs::new(self, &support.atoms, beta).ln_z(&support.w);
        let (landscape, dual) = Landscape::new(self, beta, &ln_z);
        let found = bound(&landscape, &support.atoms, TOLERANCE);
        let lower = dual - found.ln_max_d;
        (self.answer(beta, support.clone(), lower, found.proof, false), found)
    }

    /// Evaluates a support; `lower` bounds I(X;T) + β (I(X;Y) − I(T;Y)) from below (nats).
    fn answer(&self, beta: f64, support: Support, lower: f64, proof: Proof, is_proven: bool) -> Solution {
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
                for s in 0..n {
                    if p_ts[s] > 0.0 {
                        i_xt += p_ts[s] * (p_t_given_s[s * m + t] / total).ln();
                        lost += p_ts[s] * kl(self.row(s), &decoder);
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
            gap_bits: if is_proven { 0.0 } else { ((excess - lower) * bits).max(0.0) },
            proof,
            p_t: p_t.into(),
            decoder: self.expand_decoder(&decoders, m),
            p_t_given_s,
            support,
        }
    }
}

/// At most `most` rows, each the farthest from those before it.
fn farthest_first(problem: &Problem, rows: Vec<Atom>, most: usize) -> Vec<Atom> {
    if rows.len() <= most {
        return rows;
    }
    let centre = Atom::new(problem.p_y.clone());
    let mut distance: Vec<f64> = rows.iter().map(|row| row.distance(&centre)).collect();
    let mut chosen = Vec::with_capacity(most);
    for _ in 0..most {
        let far = (0..rows.len()).max_by(|&a, &b| distance[a].total_cmp(&distance[b])).unwrap_or(0);
        chosen.push(rows[far].clone());
        for (distance, row) in distance.iter_mut().zip(&rows) {
            *distance = distance.min(row.distance(&rows[far]));
        }
    }
    chosen
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
