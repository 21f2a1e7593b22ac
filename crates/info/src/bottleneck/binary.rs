//! The optimum for binary Y, where the certificate is a proof (nats).
//!
//! In turn: the best weights on a grid of decoders; Newton on weights and decoders ([`polish`]); a bound on max D ([`bound`]); then the
//! decoders where D > 1 are added, until the gap is closed.

use super::certificate::{Bound, bound};
use super::kernel::{Atom, Gibbs, Landscape, beta_kl};
use super::polish::{Support, polish};
use super::problem::Problem;
use super::solver::Solution;
use super::weights::{Slope, optimise};

/// Bound aimed at for ln max D, in nats: half of what 1e-10 bits allow.
const TOLERANCE: f64 = 2e-11;
const ROUNDS: usize = 25;
/// Of more atoms than this, some to spare are not worth the time.
const MOST_SETTLED: usize = 64;
/// What a spare atom may be worth, relative to the Lagrangian's scale.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

impl Problem {
    /// The optimum at β > 1 for binary Y.
    pub(super) fn solve_binary(&self, beta: f64, near: Option<&Solution>) -> Solution {
        let mut best: Option<Solution> = None;
        let mut support = if let Some(near) = near.filter(|near| near.atoms() > 1) {
            near.support.clone()
        } else {
            let answer = self.certified(beta, &self.trivial());
            if answer.0.gap_bits <= TOLERANCE * 2.0 {
                return answer.0;
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
            self.add_peaks(beta, &mut support, found.peaks);
        }
        // `best` is only empty if no round ran.
        let best = best.unwrap_or_else(|| self.certified(beta, &self.trivial()).0);
        self.settled(best)
    }

    /// The same optimum without spare atoms: near a transition the Lagrangian is flat, and some are left over by chance.
    fn settled(&self, best: Solution) -> Solution {
        let lower = (best.lagrangian_lower() + best.beta * self.i_xy_bits()) * std::f64::consts::LN_2;
        if best.lagrangian >= 0.0 {
            return self.answer(best.beta, self.trivial(), lower, best.proof, false);
        }
        if best.atoms() > MOST_SETTLED {
            return best;
        }
        let support = self.with_fewest_atoms(best.beta, best.support.clone(), ROUNDING);
        if support.w.len() == best.atoms() {
            return best;
        }
        let settled = self.answer(best.beta, support, lower, best.proof, false);
        if settled.gap_bits <= best.gap_bits { settled } else { best }
    }

    /// Adds decoders and finds the weights again.
    fn add_peaks(&self, beta: f64, support: &mut Support, peaks: Vec<Atom>) {
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

    /// Candidates from nothing known: a grid, or the rows themselves where they stand apart.
    fn first_support(&self, beta: f64) -> Support {
        let n = self.classes();
        let rows = || (0..n).map(|s| Atom::new(self.row(s).to_vec())).collect::<Vec<_>>();
        let identity = Support { atoms: rows(), w: self.p.clone() };
        if self.rows_stand_apart(beta) {
            return identity;
        }
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
        let mut support = Support { atoms, w };
        support.sort();
        self.reweigh(beta, &mut support, 1e-7);
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

    /// The encoder of a support, what it reaches, and its certificate.
    fn certified(&self, beta: f64, support: &Support) -> (Solution, Bound) {
        let ln_z = Gibbs::new(self, &support.atoms, beta).ln_z(&support.w);
        let (landscape, dual) = Landscape::new(self, beta, &ln_z);
        let found = bound(&landscape, &support.atoms, TOLERANCE);
        let lower = dual - found.ln_max_d;
        (self.answer(beta, support.clone(), lower, found.proof, false), found)
    }
}
