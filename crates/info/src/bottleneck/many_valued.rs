//! The optimum for more than two values of Y, by column generation (nats).
//!
//! From every p(y|x) as a decoder (T = X), or from the optimum at a β nearby, in rounds:
//! - the best weights on the decoders at hand ([`optimise`]); then weights and decoders descend together ([`descend`]), and decoders
//!   that have become one are merged;
//! - climbs over the landscape D, from the decoders and the p(y|x) where it is highest, at the end from all of them and from mixtures;
//! - multipliers lowered where D > 1 bound the cost from below ([`Multipliers`]). If that closes the gap, a proof is tried for a few
//!   values of Y, by branch and bound ([`simplex`]); else the summits above 1 become decoders.
//!
//! Rounds only add and improve: the cost never rises, and from T = X it starts where reverse annealing does.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::certificate::Proof;
use super::decoders::Decoders;
use super::descent::descend;
use super::kernel::{Atom, Gibbs, centroid};
use super::multipliers::Multipliers;
use super::polish::Support;
use super::problem::Problem;
use super::simplex::{self, Outcome, Work};
use super::solver::{Effort, Solution};
use super::weights::{Slope, optimise};

/// The gap aimed at unless less is asked for; each round ten times as much is enough, up to the second.
pub(super) const TOLERANCE: (f64, f64) = (4e-10, 3e-7);
const ROUNDS: usize = 24;
/// ln D that is taken to be known at best, in a proof.
const PROVEN: f64 = 4e-9;
/// Climbs stop short of a summit by up to about this, in ln D.
const RESOLUTION: f64 = 1e-10;
/// Steps of descent before the first round, in it, and in any; each round has as many more as the first had: what is learnt of the curvature
/// is lost between rounds.
const STEPS: (usize, usize, usize) = (30, 150, 600);
/// Decoders nearer than this many widths of a kernel are one: at first, and later if the cost does not rise.
const NEAR: (f64, f64) = (0.15, 0.2);
/// A summit nearer than this to a decoder is that decoder's own; two nearer than this are one. In widths of a kernel.
const SAME: (f64, f64) = (0.01, 0.1);
/// What merging decoders, or leaving one out, may cost.
const ROUNDING: f64 = 1e-13;
/// The weights are found by themselves where n m² is no more than this.
const WEIGHED: usize = 20_000_000;
/// Climbs start from so many of the p(y|x) where D is highest: in a round, and at the end.
const ROWS: (usize, usize) = (100, 400);
/// At the end, from so many mixtures of each kind too.
const MIXTURES: usize = 64;

/// The best answer so far: what it costs no less than, and on what that rests.
struct Best {
    gap: f64,
    proof: Proof,
    support: Support,
}

impl Problem {
    /// The optimum at β > 1 for more than two values of Y.
    pub(super) fn solve_many_valued(&self, beta: f64, near: Option<&Solution>, effort: Effort) -> Solution {
        let rows: Vec<Atom> = (0..self.classes()).map(|s| Atom::new(self.row(s).to_vec())).collect();
        let says_nothing = Multipliers::new(self, beta, &self.ln_z(beta, &self.trivial()));
        let tempts =
            beta > self.local_stability() || rows.iter().any(|row| says_nothing.landscape.ln_d(row) > TOLERANCE.0);
        if !tempts && let Ok(best) = self.gap_closed(beta, self.trivial(), &rows, TOLERANCE.0, effort.proof) {
            return self.answered(beta, best);
        }
        let mut support = match near.filter(|near| near.atoms() > 1) {
            Some(near) => near.support.clone(),
            None => self.start_from_every_row(beta, &rows),
        };
        let mut best: Option<Best> = None;
        for round in 0..ROUNDS {
            let tolerance = (effort.tolerance * 10.0_f64.powi(round as i32)).min(TOLERANCE.1);
            self.improve(beta, &mut support, round);
            match self.gap_closed(beta, support.clone(), &rows, tolerance, effort.proof) {
                Ok(found) => {
                    best = Some(found);
                    break;
                }
                Err((found, summits)) => {
                    if best.as_ref().is_none_or(|best| found.gap < best.gap) {
                        best = Some(found);
                    }
                    self.add(beta, &mut support, summits);
                }
            }
        }
        let nothing = || Best { gap: f64::INFINITY, proof: Proof::MultiStart { starts: 0 }, support: support.clone() };
        self.answered(beta, best.unwrap_or_else(nothing))
    }

    fn answered(&self, beta: f64, best: Best) -> Solution {
        let lower = self.cost(beta, &best.support) - best.gap;
        let found = self.answer(beta, best.support, lower, best.proof, false);
        if found.lagrangian < 0.0 { found } else { self.answer(beta, self.trivial(), lower, best.proof, false) }
    }

    fn ln_z(&self, beta: f64, support: &Support) -> Vec<f64> {
        Gibbs::new(self, &support.atoms, beta).ln_z(&support.w)
    }

    /// T = X, descended a little; decoders that are nearly one merged.
    fn start_from_every_row(&self, beta: f64, rows: &[Atom]) -> Support {
        let mut support = Support { atoms: rows.to_vec(), w: self.p.clone() };
        descend(self, beta, &mut support, STEPS.0);
        support.merge(beta, NEAR.0);
        support
    }

    /// Better weights, fewer decoders, better decoders.
    fn improve(&self, beta: f64, support: &mut Support, round: usize) {
        let m = support.w.len();
        if self.classes() * m * m <= WEIGHED {
            self.reweigh_many(beta, support);
        }
        descend(self, beta, support, (STEPS.1 * (1 + round)).min(STEPS.2));
        let mut merged = support.clone();
        merged.merge(beta, NEAR.1 * 0.4_f64.powi(round as i32));
        if merged.w.len() < support.w.len() && self.cost(beta, &merged) <= self.cost(beta, support) + ROUNDING {
            *support = merged;
        }
    }

    /// Adds decoders with the share of the weights, of several, that costs least.
    fn add(&self, beta: f64, support: &mut Support, missing: Vec<Atom>) {
        if missing.is_empty() {
            return;
        }
        let with = |share: f64| {
            let mut with = support.clone();
            with.w.iter_mut().for_each(|w| *w *= 1.0 - share);
            with.w.extend(missing.iter().map(|_| share / missing.len() as f64));
            with.atoms.extend(missing.iter().cloned());
            with
        };
        let tried = (1..=8).map(|power| with(10.0_f64.powi(-power)));
        let costs = tried.map(|tried| (self.cost(beta, &tried), tried));
        if let Some((_, best)) = costs.min_by(|a, b| a.0.total_cmp(&b.0)) {
            *support = best;
        }
    }

    /// The best weights; decoders that are worth nothing with them are left out.
    fn reweigh_many(&self, beta: f64, support: &mut Support) {
        let gibbs = Gibbs::new(self, &support.atoms, beta);
        let mut w = support.w.clone();
        optimise(&self.p, &gibbs, &mut w, 1e-13);
        let sum: f64 = w.iter().sum();
        w.iter_mut().for_each(|w| *w /= sum);
        let mut better = Support { w, ..support.clone() };
        if self.cost(beta, &better) > self.cost(beta, support) {
            better = support.clone();
        }
        let slope = Slope::new(&self.p, &gibbs, &better.w);
        let keep: Vec<bool> = (0..better.w.len()).map(|j| !slope.is_idle(&better.w, j)).collect();
        let mut fewer = better.clone();
        fewer.retain(&keep);
        let sum: f64 = fewer.w.iter().sum();
        fewer.w.iter_mut().for_each(|w| *w /= sum);
        let is_as_good = !fewer.w.is_empty() && self.cost(beta, &fewer) <= self.cost(beta, &better) + ROUNDING;
        *support = if is_as_good { fewer } else { better };
    }

    /// The gap of a support if it is within the tolerance; else the gap and the decoders that are missing.
    fn gap_closed(
        &self,
        beta: f64,
        support: Support,
        rows: &[Atom],
        tolerance: f64,
        work: Work,
    ) -> Result<Best, (Best, Vec<Atom>)> {
        let cost = self.cost(beta, &support);
        let mut exact = Multipliers::new(self, beta, &self.ln_z(beta, &support));
        exact.climb(&support.atoms);
        let heights = Decoders::of(rows, self.k).climb(self, beta, &exact.landscape.ln_lambda).totals();
        let mut by_height: Vec<(f64, &Atom)> = heights.into_iter().zip(rows).collect();
        by_height.sort_by(|a, b| b.0.total_cmp(&a.0));
        let highest = |most: usize| by_height.iter().take(most).map(|(_, row)| (*row).clone()).collect::<Vec<Atom>>();
        exact.climb(&highest(ROWS.0));
        let width = 1.0 / (2.0 * beta.sqrt());
        let missing = |multipliers: &Multipliers| -> Vec<Atom> {
            let mut missing: Vec<Atom> = Vec::new();
            for summit in multipliers.summits.iter().take_while(|summit| summit.ln_d > 0.3 * TOLERANCE.0) {
                let known = support.atoms.iter().any(|atom| atom.is_within(&summit.atom, SAME.0 * width));
                if !known && !missing.iter().any(|atom| atom.is_within(&summit.atom, SAME.1 * width)) {
                    missing.push(summit.atom.clone());
                }
            }
            missing
        };
        let mut atoms = missing(&exact);
        let mut lowered = exact.clone().lowered(TOLERANCE.0);
        let mut starts = rows.len().min(ROWS.0) + support.w.len();
        let gap = |multipliers: &Multipliers, ln_max_d: f64| cost - multipliers.lower_bound(ln_max_d);
        if gap(&lowered, lowered.highest()) <= tolerance {
            let more = self.mixtures(rows, &support);
            starts = rows.len().min(ROWS.1) + more.len() + support.w.len();
            lowered.climb(&highest(ROWS.1));
            lowered.climb(&more);
            lowered.climb_sideways(&support.atoms);
            lowered.climb_to_the_last();
            atoms = missing(&lowered);
            lowered = lowered.lowered(TOLERANCE.0);
        }
        let sampled = gap(&lowered, lowered.highest()) + RESOLUTION;
        let best = Best { gap: sampled, proof: Proof::MultiStart { starts }, support: support.clone() };
        if sampled > tolerance {
            if atoms.is_empty() {
                exact.climb(&lowered.summits.iter().map(|summit| summit.atom.clone()).collect::<Vec<_>>());
                atoms = missing(&exact);
            }
            return Err((best, atoms));
        }
        if self.k > simplex::MOST_VALUES {
            return Ok(best);
        }
        match simplex::bound(&lowered.landscape, lowered.highest(), PROVEN, work) {
            Outcome::Proven(ln_max_d) => Ok(Best { gap: gap(&lowered, ln_max_d), proof: Proof::Rigorous, ..best }),
            Outcome::GivenUp => Ok(best),
            Outcome::Above(atom) => {
                lowered.climb(&[atom]);
                let gap = gap(&lowered, lowered.highest()) + RESOLUTION;
                if gap <= tolerance { Ok(Best { gap, ..best }) } else { Err((Best { gap, ..best }, missing(&lowered))) }
            }
        }
    }

    /// Mixtures of two rows, of two decoders, and of all rows: summits lie in the hull of the rows.
    fn mixtures(&self, rows: &[Atom], support: &Support) -> Vec<Atom> {
        let mut rng = ChaCha8Rng::seed_from_u64(rows.len() as u64);
        let mut mixtures = Vec::with_capacity(3 * MIXTURES);
        for _ in 0..MIXTURES {
            for among in [rows, &support.atoms] {
                let (a, b) = (rng.random_range(0..among.len()), rng.random_range(0..among.len()));
                mixtures.push(Atom::new(among[a].s.iter().zip(&among[b].s).map(|(a, b)| a + b).collect()));
            }
            let shares: Vec<f64> =
                rows.iter().map(|_| -rng.random_range(1e-12..1.0_f64).ln()).map(|e| e * e * e).collect();
            mixtures.push(Atom::new(centroid(self, &shares)));
        }
        mixtures
    }
}
