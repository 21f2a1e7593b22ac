//! Multipliers λ(x): a lower bound on the cost −Σ p ln Z, and what stands in its way.
//!
//! Any λ ≥ 0 proves −Σ p ln Z ≥ Σ p ln(λ/p) − ln max D_λ, D_λ(t) = Σ_x λ(x) K(x, t) (nats). λ = p/Z is the best at the optimum. Away
//! from it, dividing all λ by the highest D punishes everyone for one place where weights are a little short. So **λ is lowered
//! where D > 1 only**: for each summit, those x's that have the largest part of D for the least p(x), since the bound loses p(x)
//! for each nat. An x of probability 1e-20 without a decoder of its own costs 1e-20 so, not its −ln Z.

use super::climbs::{Summit, climb, climb_sideways, climb_to_the_last};
use super::kernel::{Atom, Landscape};
use super::problem::Problem;

/// Of D at a summit, this part is lowered.
const PART: f64 = 0.5;
/// Lowered at most so often.
const ROUNDS: usize = 12;
/// Lowered a little further than first order says is needed.
const MARGIN: f64 = 1.001;
/// Summits below this, in ln D, will not matter.
const LOW: f64 = -1.0;

/// Multipliers with the summits of their landscape that are known.
#[derive(Debug, Clone)]
pub(super) struct Multipliers<'a> {
    pub(super) landscape: Landscape<'a>,
    /// Σ p ln(λ/p).
    value: f64,
    /// The highest first.
    pub(super) summits: Vec<Summit>,
}

impl<'a> Multipliers<'a> {
    /// λ = p/Z, no summit known yet.
    pub(super) fn new(problem: &'a Problem, beta: f64, ln_z: &[f64]) -> Self {
        let landscape = Landscape::plain(problem, beta, ln_z);
        let value = -problem.p.iter().zip(ln_z).map(|(p, ln_z)| p * ln_z).sum::<f64>();
        Self { landscape, value, summits: Vec::new() }
    }

    /// The summits that these starts reach too.
    pub(super) fn climb(&mut self, starts: &[Atom]) {
        climb(&self.landscape, starts, &mut self.summits);
        self.summits.sort_by(|a, b| b.ln_d.total_cmp(&a.ln_d));
    }

    /// The summits beside these places, where they are none themselves.
    pub(super) fn climb_sideways(&mut self, places: &[Atom]) {
        climb_sideways(&self.landscape, places, &mut self.summits);
        self.summits.sort_by(|a, b| b.ln_d.total_cmp(&a.ln_d));
    }

    /// The highest summits to the last bit.
    pub(super) fn climb_to_the_last(&mut self) {
        climb_to_the_last(&self.landscape, &mut self.summits);
    }

    /// The highest known ln D, at least 0.
    pub(super) fn highest(&self) -> f64 {
        self.summits.first().map_or(0.0, |summit| summit.ln_d.max(0.0))
    }

    /// What the cost cannot fall below, if ln D is nowhere above this.
    pub(super) fn lower_bound(&self, ln_max_d: f64) -> f64 {
        self.value - ln_max_d
    }

    /// The starts that found summits which may matter.
    pub(super) fn places(&self) -> Vec<Atom> {
        self.summits.iter().filter(|summit| summit.ln_d > LOW).map(|summit| summit.atom.clone()).collect()
    }

    /// Lowered where D > 1, for as long as that raises the bound.
    pub(super) fn lowered(self, tolerance: f64) -> Self {
        let mut best = self.capped();
        for _ in 0..ROUNDS {
            if best.highest() <= tolerance {
                break;
            }
            let mut next = best.lowered_once(tolerance);
            next.climb(&best.places());
            if next.lower_bound(next.highest()) <= best.lower_bound(best.highest()) {
                break;
            }
            best = next;
        }
        best
    }

    /// With every λ(x) ≤ 1: D(p(y|x)) ≥ λ(x), so a larger one proves nothing.
    fn capped(self) -> Self {
        if self.landscape.ln_lambda.iter().all(|&ln| ln <= 0.0) {
            return self;
        }
        let mut capped = Self { landscape: self.landscape.clone(), value: self.value, summits: Vec::new() };
        for (ln, p) in capped.landscape.ln_lambda.iter_mut().zip(&self.landscape.problem.p) {
            capped.value -= p * ln.max(0.0);
            *ln = ln.min(0.0);
        }
        capped.climb(&self.places());
        capped
    }

    fn lowered_once(&self, tolerance: f64) -> Self {
        let p = &self.landscape.problem.p;
        let mut by = vec![0.0_f64; p.len()];
        for summit in self.summits.iter().take_while(|summit| summit.ln_d > tolerance) {
            let (share, _) = self.landscape.responsibilities(&summit.atom);
            let mut order: Vec<usize> = (0..p.len()).filter(|&x| share[x] > 1e-9).collect();
            order.sort_by(|&a, &b| (share[b] / p[b]).total_cmp(&(share[a] / p[a])));
            let mut part = 0.0;
            let mut cheapest = Vec::new();
            for x in order {
                if part >= PART {
                    break;
                }
                part += share[x];
                cheapest.push(x);
            }
            for x in cheapest {
                by[x] = by[x].max(MARGIN * summit.ln_d / part);
            }
        }
        let value = self.value - p.iter().zip(&by).map(|(p, by)| p * by).sum::<f64>();
        let mut landscape = self.landscape.clone();
        landscape.ln_lambda.iter_mut().zip(&by).for_each(|(ln, by)| *ln -= by);
        Self { landscape, value, summits: Vec::new() }
    }
}
