//! The best weights and decoders near those at hand: weights and decoders descend together to a fixed point of the self-consistent
//! equations.
//!
//! In a(t, y) = √p(t, y) the cost −Σ p ln Z + Σ w has no constraints, and its gradient comes out of one step of Blahut–Arimoto,
//! p′(t, y): ∇ = 2a(1 − (1 − β)D) − 2β p′/a, D(t) = Σ_y p′(t, y)/Σ_y p(t, y). That step itself is nearly the one against the
//! gradient of length 1/4 along each a(t), and 1/4β across it. From there L-BFGS (Nocedal 1980) takes what it learns about the
//! curvature of the last steps: where decoders overlap, Blahut–Arimoto alone crawls. No step raises the cost; steps grow while
//! that pays (the weak Wolfe conditions, by halving and doubling: Lewis & Overton 2013), so an atom of little weight is not stuck.

use std::collections::VecDeque;

use super::decoders::Decoders;
use super::kernel::Atom;
use super::polish::Support;
use super::problem::Problem;
use super::skyline::dot;

/// Steps remembered: more pay where a pass over many x's costs more than they do.
const DEPTH: (usize, usize) = (16, 40);
/// Steps of Blahut–Arimoto before L-BFGS, which needs every p(t, y) to be of the right size.
const PLAIN: usize = 2;
/// A state is at rest if a step of Blahut–Arimoto would go no farther, in √p(t, y).
const AT_REST: f64 = 1e-13;
/// Relative rounding of the cost.
const ROUNDING: f64 = 4.0 * f64::EPSILON;
/// Beside the whole of p(t), less is nothing: the decoder is left out.
const IDLE: f64 = 1e-18;
/// Decrease that a step must bring, and flattening that it should, relative to the slope at its start.
const WOLFE: (f64, f64) = (1e-4, 0.9);
/// Trials of a step's length at most; where they lead nowhere, Blahut–Arimoto does.
const TRIALS: usize = 8;

/// Descends by at most `most` steps.
pub(super) fn descend(problem: &Problem, beta: f64, support: &mut Support, most: usize) {
    let k = problem.k;
    let start = support.atoms.iter().zip(&support.w).flat_map(|(atom, w)| atom.s.iter().map(move |s| (s * w).sqrt()));
    let mut now = State::new(problem, beta, start.collect());
    let mut memory = Memory { depth: (problem.classes() / 8).clamp(DEPTH.0, DEPTH.1), pairs: VecDeque::new() };
    for step in 0..most {
        if now.moves() < AT_REST {
            break;
        }
        let learnt = if step < PLAIN { None } else { memory.step(problem, beta, &now) };
        let next = learnt.unwrap_or_else(|| {
            memory.pairs.clear();
            now.after_blahut_arimoto(problem, beta)
        });
        if next.cost.is_nan() || next.cost > now.cost + ROUNDING * now.cost.abs() {
            break;
        }
        memory.learn(&now, &next);
        now = next;
    }
    let w: Vec<f64> = now.a.chunks_exact(k).map(|a| dot(a, a)).collect();
    let sum: f64 = w.iter().sum();
    let kept: Vec<usize> = (0..w.len()).filter(|&t| w[t] > IDLE * sum).collect();
    let atom = |t: usize| Atom::new(now.a[t * k..(t + 1) * k].iter().map(|a| a * a).collect());
    *support =
        Support { atoms: kept.iter().map(|&t| atom(t)).collect(), w: kept.iter().map(|&t| w[t] / sum).collect() };
}

/// a(t, y), shape [m × k], with the cost there, its gradient, and √p′(t, y).
struct State {
    a: Vec<f64>,
    cost: f64,
    gradient: Vec<f64>,
    plain: Vec<f64>,
}

impl State {
    fn new(problem: &Problem, beta: f64, a: Vec<f64>) -> Self {
        let k = problem.k;
        let (decoders, w) = Decoders::of_roots(&a, k);
        let (sums, cost) = decoders.encode(problem, beta, &w);
        let cost = cost + w.iter().sum::<f64>();
        let (mut gradient, mut plain) = (vec![0.0; a.len()], vec![0.0; a.len()]);
        for (t, (total, w)) in sums.totals().into_iter().zip(&w).enumerate() {
            let pull = 1.0 - (1.0 - beta) * total / w;
            for y in 0..k {
                let (at, joint) = (t * k + y, sums.at(t, y));
                let root = if a[at].abs() < 1e-150 { 1e-150 } else { a[at] };
                gradient[at] = 2.0 * a[at] * pull - 2.0 * beta * joint / root;
                plain[at] = joint.sqrt();
            }
        }
        Self { a, cost, gradient, plain }
    }

    /// How far a step of Blahut–Arimoto goes.
    fn moves(&self) -> f64 {
        self.plain.iter().zip(&self.a).map(|(plain, a)| (plain - a.abs()).powi(2)).sum::<f64>().sqrt()
    }

    fn after_blahut_arimoto(&self, problem: &Problem, beta: f64) -> Self {
        Self::new(problem, beta, self.plain.clone())
    }

    /// A vector divided by 4 along each a(t), by 4β across it.
    fn preconditioned(&self, beta: f64, k: usize, vector: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(vector.len());
        for (a, v) in self.a.chunks_exact(k).zip(vector.chunks_exact(k)) {
            let along = dot(a, v) / dot(a, a).max(1e-300) * (1.0 - 1.0 / beta);
            out.extend(v.iter().zip(a).map(|(v, a)| 0.25 * (v / beta + along * a)));
        }
        out
    }
}

/// A step along the direction that satisfies the conditions, or the best that lowers the cost.
fn search(problem: &Problem, beta: f64, now: &State, direction: &[f64], slope: f64) -> Option<State> {
    let (mut low, mut high, mut size) = (0.0, f64::INFINITY, 1.0);
    let mut best: Option<State> = None;
    for _ in 0..TRIALS {
        let trial = State::new(problem, beta, now.a.iter().zip(direction).map(|(a, d)| a + size * d).collect());
        if trial.cost.is_nan() || trial.cost > now.cost + WOLFE.0 * size * slope + 1e-15 * now.cost.abs() {
            high = size;
        } else {
            let is_flat = dot(&trial.gradient, direction) >= WOLFE.1 * slope;
            low = size;
            if best.as_ref().is_none_or(|best| trial.cost <= best.cost) {
                best = Some(trial);
            }
            if is_flat {
                break;
            }
        }
        size = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * low };
    }
    best
}

/// How the last steps changed the state and its gradient, with 1/(Δa·Δ∇).
struct Memory {
    depth: usize,
    pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)>,
}

impl Memory {
    fn learn(&mut self, from: &State, to: &State) {
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let (step, change) = (difference(&to.a, &from.a), difference(&to.gradient, &from.gradient));
        let product = dot(&step, &change);
        if product > 1e-10 * dot(&step, &step) {
            if self.pairs.len() == self.depth {
                self.pairs.pop_front();
            }
            self.pairs.push_back((step, change, 1.0 / product));
        }
    }

    /// A step along −H ∇; none if nothing is known of H, or if it leads nowhere.
    fn step(&self, problem: &Problem, beta: f64, now: &State) -> Option<State> {
        if self.pairs.is_empty() {
            return None;
        }
        let direction = self.direction(now, beta, problem.k);
        let slope = dot(&direction, &now.gradient);
        if slope < 0.0 { search(problem, beta, now, &direction, slope) } else { None }
    }

    /// −H ∇, by the two loops (Nocedal 1980).
    fn direction(&self, now: &State, beta: f64, k: usize) -> Vec<f64> {
        let mut q: Vec<f64> = now.gradient.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for (step, change, inverse) in self.pairs.iter().rev() {
            let share = inverse * dot(step, &q);
            q.iter_mut().zip(change).for_each(|(q, c)| *q -= share * c);
            shares.push(share);
        }
        let mut r = now.preconditioned(beta, k, &q);
        for ((step, change, inverse), share) in self.pairs.iter().zip(shares.iter().rev()) {
            let back = share - inverse * dot(change, &r);
            r.iter_mut().zip(step).for_each(|(r, s)| *r += back * s);
        }
        r
    }
}
