//! Many decoders at once: one pass over all x's, a block of decoders at a time (nats).
//!
//! Decoders lie side by side in blocks of eight: a block holds ln p(y|t) of its t's for the first y, then for the second. A pass
//! computes K(s, t) = exp(−β KL[p(y|s)‖p(y|t)]) for a few s together, block by block in registers, and sums λ(s) K(s, t) p(y|s) over
//! s. With λ = p/Z that is one step of Blahut–Arimoto for all t together; with λ held fixed it is one step uphill on the landscape
//! D for each t by itself.

use pulp::{Simd, WithSimd};

use super::kernel::Atom;
use super::problem::Problem;
use crate::simd::{exp, run};

/// Decoders in a block: two registers of four.
const BLOCK: usize = 8;
/// Registers in a block.
const PAIR: usize = 2;
/// x's that are worked on together.
const ROWS: usize = 4;
/// Exponents above this would overflow their sums; what they stand for is above every tolerance anyway.
const MOST: f64 = 600.0;
/// Below this a kernel is nothing, and its products stay clear of subnormal numbers, which are slow.
const NOTHING: f64 = -500.0;
/// Less than this, relative to all of p(t), is kept as this: logarithms stay finite.
const LEAST: f64 = 1e-60;
/// ln p(y|t) of padding: nothing beside any decoder.
const NOWHERE: f64 = -1e4;

/// Where y of decoder t lies.
fn place(k: usize, t: usize, y: usize) -> usize {
    (t / BLOCK * k + y) * BLOCK + t % BLOCK
}

/// Decoders side by side.
#[derive(Debug, Clone)]
pub(super) struct Decoders {
    /// How many there are; the last block is filled up.
    pub(super) m: usize,
    k: usize,
    /// ln p(y|t), in blocks.
    ln: Vec<f64>,
}

/// What a pass sums up for each decoder.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    m: usize,
    k: usize,
    /// Σ_s λ(s) K(s, t) p(y|s), in blocks.
    joint: Vec<f64>,
}

impl Decoders {
    pub(super) fn of(atoms: &[Atom], k: usize) -> Self {
        let mut decoders = Self::with_room(atoms.len(), k);
        for (t, atom) in atoms.iter().enumerate() {
            for (y, &ln) in atom.ln_s.iter().enumerate() {
                decoders.ln[place(k, t, y)] = ln;
            }
        }
        decoders
    }

    fn with_room(m: usize, k: usize) -> Self {
        Self { m, k, ln: vec![NOWHERE; m.div_ceil(BLOCK) * BLOCK * k] }
    }

    /// Decoder t.
    pub(super) fn atom(&self, t: usize) -> Atom {
        Atom::new((0..self.k).map(|y| self.ln[place(self.k, t, y)].exp()).collect())
    }

    /// The decoders of these numbers.
    pub(super) fn kept(&self, keep: &[usize]) -> Self {
        let mut kept = Self::with_room(keep.len(), self.k);
        for (to, &from) in keep.iter().enumerate() {
            for y in 0..self.k {
                kept.ln[place(self.k, to, y)] = self.ln[place(self.k, from, y)];
            }
        }
        kept
    }

    /// From each decoder so many times the way to `next`, in ln p(y|t); where that is 0, the one of `instead`. All have shape \[m].
    pub(super) fn towards(&self, next: &Self, instead: &Self, strides: &[f64]) -> Self {
        let mut there = Self::with_room(self.m, self.k);
        for (t, &stride) in strides.iter().enumerate() {
            let ln = |y: usize| match place(self.k, t, y) {
                at if stride == 0.0 => instead.ln[at],
                at => self.ln[at] + stride * (next.ln[at] - self.ln[at]),
            };
            let ln_sum = if stride > 1.0 { (0..self.k).map(|y| ln(y).exp()).sum::<f64>().ln() } else { 0.0 };
            for y in 0..self.k {
                there.ln[place(self.k, t, y)] = (ln(y) - ln_sum).max(LEAST.ln());
            }
        }
        there
    }

    /// From √p(t, y), shape [m × k]: decoders, and the weights p(t).
    pub(super) fn of_roots(a: &[f64], k: usize) -> (Self, Vec<f64>) {
        let w: Vec<f64> = a.chunks_exact(k).map(|a| a.iter().map(|a| a * a).sum::<f64>().max(1e-300)).collect();
        let mut decoders = Self::with_room(w.len(), k);
        for (t, (a, w)) in a.chunks_exact(k).zip(&w).enumerate() {
            for (y, a) in a.iter().enumerate() {
                decoders.ln[place(k, t, y)] = (a * a / w).max(LEAST).ln();
            }
        }
        (decoders, w)
    }

    /// One step of Blahut–Arimoto for weights `w`, shape \[m]: p(t, y) after it, and −Σ p ln Z before it.
    pub(super) fn encode(&self, problem: &Problem, beta: f64, w: &[f64]) -> (Sums, f64) {
        let mut weights = vec![0.0; self.m.div_ceil(BLOCK) * BLOCK];
        weights[..self.m].copy_from_slice(w);
        self.pass(problem, beta, Lambda::Normalised { weights: &weights })
    }

    /// One step uphill for each decoder by itself, with these ln λ, shape \[n].
    pub(super) fn climb(&self, problem: &Problem, beta: f64, ln_lambda: &[f64]) -> Sums {
        self.pass(problem, beta, Lambda::Fixed { ln_lambda }).0
    }

    fn pass(&self, problem: &Problem, beta: f64, lambda: Lambda) -> (Sums, f64) {
        let mut joint = vec![0.0; self.ln.len()];
        let cost = run(Pass { problem, beta, decoders: self, lambda, sums: &mut joint });
        (Sums { m: self.m, k: self.k, joint }, cost)
    }
}

impl Sums {
    /// Σ_y of each decoder, shape \[m]: p(t) after a step of Blahut–Arimoto, D(t) before a step uphill.
    pub(super) fn totals(&self) -> Vec<f64> {
        (0..self.m).map(|t| (0..self.k).map(|y| self.joint[place(self.k, t, y)]).sum()).collect()
    }

    /// The sum of decoder t at y.
    pub(super) fn at(&self, t: usize, y: usize) -> f64 {
        self.joint[place(self.k, t, y)]
    }

    /// The decoders that these sums are proportional to; `totals` are their own.
    pub(super) fn decoders(&self, totals: &[f64]) -> Decoders {
        let mut decoders = Decoders::with_room(self.m, self.k);
        for (t, total) in totals.iter().enumerate() {
            for y in 0..self.k {
                let at = place(self.k, t, y);
                decoders.ln[at] = (self.joint[at] / total).max(LEAST).ln();
            }
        }
        decoders
    }
}

/// Where λ comes from.
#[derive(Clone, Copy)]
enum Lambda<'a> {
    /// p(s)/Z(s), with these p(t).
    Normalised { weights: &'a [f64] },
    /// As given.
    Fixed { ln_lambda: &'a [f64] },
}

struct Pass<'a> {
    problem: &'a Problem,
    beta: f64,
    decoders: &'a Decoders,
    lambda: Lambda<'a>,
    sums: &'a mut [f64],
}

impl WithSimd for Pass<'_> {
    /// −Σ p ln Z for normalised λ, 0 for fixed ones.
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> f64 {
        let width = self.decoders.m.div_ceil(BLOCK) * PAIR;
        let mut rows = vec![simd.splat_f64s(0.0); ROWS * width];
        let mut factors = vec![0.0; ROWS * self.decoders.k];
        let n = self.problem.classes();
        let mut cost = 0.0;
        for first in (0..n - n % ROWS).step_by(ROWS) {
            cost += self.together::<S, ROWS>(simd, first, &mut rows, &mut factors);
        }
        for s in n - n % ROWS..n {
            cost += self.together::<S, 1>(simd, s, &mut rows, &mut factors);
        }
        cost
    }
}

impl Pass<'_> {
    /// The x's from `first` on, R of them. `rows` is room for as many rows of kernels, `factors` for as many β p(y|s).
    #[inline(always)]
    fn together<S: Simd, const R: usize>(
        &mut self,
        simd: S,
        first: usize,
        rows: &mut [S::f64s],
        factors: &mut [f64],
    ) -> f64 {
        debug_assert_eq!(S::F64_LANES * PAIR, BLOCK);
        let (problem, beta, k) = (self.problem, self.beta, self.decoders.k);
        let width = rows.len() / ROWS;
        let q: [&[f64]; R] = std::array::from_fn(|r| problem.row(first + r));
        for (factors, q) in factors.chunks_exact_mut(k).zip(q) {
            factors.iter_mut().zip(q).for_each(|(factor, q)| *factor = beta * q);
        }
        let factors: [&[f64]; R] = std::array::from_fn(|r| &factors[r * k..][..k]);
        let (ln, _) = S::as_simd_f64s(&self.decoders.ln);
        for (block, ln) in ln.chunks_exact(k * PAIR).enumerate() {
            let mut exponent: [[S::f64s; PAIR]; R] =
                std::array::from_fn(|r| [simd.splat_f64s(-beta * problem.neg_h[first + r]); PAIR]);
            for (y, ln) in ln.chunks_exact(PAIR).enumerate() {
                for r in 0..R {
                    let factor = simd.splat_f64s(factors[r][y]);
                    for i in 0..PAIR {
                        exponent[r][i] = simd.mul_add_e_f64s(factor, ln[i], exponent[r][i]);
                    }
                }
            }
            for r in 0..R {
                rows[r * width + block * PAIR..][..PAIR].copy_from_slice(&exponent[r]);
            }
        }
        let mut cost = 0.0;
        for (r, row) in rows.chunks_exact_mut(width).take(R).enumerate() {
            cost += self.multiply(simd, first + r, row);
        }
        let (sums, _) = S::as_mut_simd_f64s(self.sums);
        for (block, sums) in sums.chunks_exact_mut(k * PAIR).enumerate() {
            let shares: [[S::f64s; PAIR]; R] =
                std::array::from_fn(|r| std::array::from_fn(|i| rows[r * width + block * PAIR + i]));
            for (y, sums) in sums.chunks_exact_mut(PAIR).enumerate() {
                // In registers: stored after every x, sums would wait on memory.
                let mut sum: [S::f64s; PAIR] = std::array::from_fn(|i| sums[i]);
                for r in 0..R {
                    let q = simd.splat_f64s(q[r][y]);
                    for i in 0..PAIR {
                        sum[i] = simd.mul_add_e_f64s(q, shares[r][i], sum[i]);
                    }
                }
                sums.copy_from_slice(&sum);
            }
        }
        cost
    }

    /// From the exponents of K(s, t) to λ(s) K(s, t), times p(t) for normalised λ; returns −p ln Z for those.
    #[inline(always)]
    fn multiply<S: Simd>(&self, simd: S, s: usize, row: &mut [S::f64s]) -> f64 {
        let nothing = simd.splat_f64s(NOTHING);
        match self.lambda {
            Lambda::Normalised { weights } => {
                let (weights, _) = S::as_simd_f64s(weights);
                let top = row.iter().fold(simd.splat_f64s(f64::NEG_INFINITY), |top, &value| simd.max_f64s(top, value));
                let top = simd.splat_f64s(simd.reduce_max_f64s(top));
                let mut z = simd.splat_f64s(0.0);
                for (value, &w) in row.iter_mut().zip(weights) {
                    *value = simd.mul_f64s(w, exp(simd, simd.max_f64s(nothing, simd.sub_f64s(*value, top))));
                    z = simd.add_f64s(z, *value);
                }
                let (p, z) = (self.problem.p[s], simd.reduce_sum_f64s(z).max(1e-300));
                let share = simd.splat_f64s(p / z);
                row.iter_mut().for_each(|value| *value = simd.mul_f64s(*value, share));
                -p * (z.ln() + simd.reduce_max_f64s(top))
            }
            Lambda::Fixed { ln_lambda } => {
                let (ln_lambda, most) = (simd.splat_f64s(ln_lambda[s]), simd.splat_f64s(MOST));
                for value in row {
                    let exponent = simd.min_f64s(most, simd.add_f64s(*value, ln_lambda));
                    *value = exp(simd, simd.max_f64s(nothing, exponent));
                }
                0.0
            }
        }
    }
}
