//! An upper bound on D over all decoders, by branch and bound over the simplex of Y: the proof for three values and a few more.
//!
//! D(s) = Σ_x λ(x) exp(−β KL[p(y|x)‖s]) is a sum of terms ∝ Π_y s_y^{β p(y|x)}: each is log-linear in ln s. Let s = Σ_i τ_i v_i
//! lie in the simplex with corners v_i. By Hoeffding's lemma ln s_y ≤ Σ_i τ_i ln v_iy + g_y, with
//! g_y = ⅛ (ln max_i v_iy − ln min_i v_iy)², so with convexity of the exponential
//!
//!   D(s) ≤ Σ_i τ_i Σ_x λ(x) K(x, v_i) exp(β Σ_y p(y|x) g_y) ≤ max_i of the inner sum:
//!
//! second order in the size of the simplex, and each term for itself. Terms grow with every s_y, so where a corner comes near the
//! edge of the simplex of Y, v_iy may be raised to any share of max_i v_iy: g stays finite. Simplices are halved along their
//! longest edge (in √s, where a kernel is about as wide everywhere) until the bound is below the tolerance. Nothing is sampled;
//! only rounding is left, of about 1e-16 β. Every λ(x) must be at most 1 (a larger one proves nothing): then no term is cut off
//! where exponents end.

use std::rc::Rc;

use pulp::{Simd, WithSimd};

use super::kernel::{Atom, Landscape};
use crate::simd::{exp, run};

/// Corners this much nearer the edge than the farthest are raised to this share of it.
const SHARE: f64 = 1.0 / 16.0;
/// What a simplex costs beside its terms, in terms.
const OVERHEAD: usize = 50;
/// Up to so many values of Y a proof is tried.
pub(super) const MOST_VALUES: usize = 5;
/// Rounding of a sum, and of exponents for each unit of β.
const ROUNDING: (f64, f64) = (1e-13, 2e-15);
const NOTHING: f64 = -700.0;
const LANES: usize = 8;

/// How long a proof is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Not at all.
    None,
    /// As one of many.
    Little,
    /// For itself.
    Much,
}

impl Work {
    /// Simplices after which the proof is given up: about half a second's, or a tenth of that.
    fn most(self, classes: usize, k: usize) -> usize {
        let each = (classes + OVERHEAD) * k;
        match self {
            Self::None => 0,
            Self::Little => 50_000_000 / each,
            Self::Much => 500_000_000 / each,
        }
    }
}

/// What branch and bound found.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// ln D is nowhere above this.
    Proven(f64),
    /// Here ln D is above the tolerance.
    Above(Atom),
    /// Too many simplices.
    GivenUp,
}

/// Bounds ln D over all decoders to within the tolerance, given that it is `known` somewhere.
pub(super) fn bound(landscape: &Landscape, known: f64, tolerance: f64, work: Work) -> Outcome {
    let k = landscape.problem.k;
    if work == Work::None || landscape.ln_lambda.iter().any(|&ln| ln > 0.0) {
        return Outcome::GivenUp;
    }
    let terms = Terms::new(landscape);
    let corners = (0..k).map(|y| Rc::new(terms.corner((0..k).map(|z| f64::from(u8::from(y == z))).collect())));
    let mut stack: Vec<Vec<Rc<Corner>>> = vec![corners.collect()];
    let enough = tolerance.max(known + 0.5 * tolerance);
    let most_cells = work.most(landscape.problem.classes(), k);
    let (mut most, mut cells) = (known, 0);
    while let Some(cell) = stack.pop() {
        cells += 1;
        if cells > most_cells {
            return Outcome::GivenUp;
        }
        let bound = terms.most_in(&cell, enough);
        if bound <= enough {
            most = most.max(bound);
            continue;
        }
        if bound.is_nan() {
            return Outcome::GivenUp;
        }
        let (a, b) = longest_edge(&cell);
        let middle: Vec<f64> = cell[a].s.iter().zip(&cell[b].s).map(|(a, b)| f64::midpoint(*a, *b)).collect();
        let middle = Rc::new(terms.corner(middle));
        if middle.ln_d > enough {
            return Outcome::Above(Atom::new(middle.s.clone()));
        }
        for replaced in [a, b] {
            let mut half = cell.clone();
            half[replaced] = Rc::clone(&middle);
            stack.push(half);
        }
    }
    Outcome::Proven(most + ROUNDING.0 + ROUNDING.1 * landscape.beta)
}

fn longest_edge(cell: &[Rc<Corner>]) -> (usize, usize) {
    let length =
        |a: usize, b: usize| -> f64 { cell[a].root.iter().zip(&cell[b].root).map(|(a, b)| (a - b) * (a - b)).sum() };
    let mut longest = ((0, 1), -1.0);
    for b in 1..cell.len() {
        for a in 0..b {
            let length = length(a, b);
            if length > longest.1 {
                longest = ((a, b), length);
            }
        }
    }
    longest.0
}

/// A corner of a simplex.
struct Corner {
    s: Vec<f64>,
    root: Vec<f64>,
    /// λ(x) K(x, s), shape [stride].
    terms: Vec<f64>,
    ln_d: f64,
}

/// What the terms are made of, x's side by side.
struct Terms {
    beta: f64,
    stride: usize,
    /// β p(y|x), shape [k × stride].
    powers: Vec<f64>,
    /// ln λ(x) + β Σ_y p(y|x) ln p(y|x), shape [stride]; nothing for padding.
    base: Vec<f64>,
}

impl Terms {
    fn new(landscape: &Landscape) -> Self {
        let (problem, beta) = (landscape.problem, landscape.beta);
        let (n, k) = (problem.classes(), problem.k);
        let stride = n.div_ceil(LANES) * LANES;
        let mut powers = vec![0.0; k * stride];
        let mut base = vec![-1e300; stride];
        for x in 0..n {
            base[x] = landscape.ln_lambda[x] - beta * problem.neg_h[x];
            for (y, q) in problem.row(x).iter().enumerate() {
                powers[y * stride + x] = beta * q;
            }
        }
        Self { beta, stride, powers, base }
    }

    /// λ(x) K(x, s) for any s ≥ 0, and their sum.
    fn at(&self, s: &[f64]) -> (Vec<f64>, f64) {
        let ln: Vec<f64> = s.iter().map(|s| s.max(1e-300).ln()).collect();
        let mut terms = vec![0.0; self.stride];
        let sum = run(Exponentials { factors: &ln, powers: &self.powers, base: &self.base, out: &mut terms });
        (terms, sum)
    }

    fn corner(&self, s: Vec<f64>) -> Corner {
        let (terms, sum) = self.at(&s);
        let root = s.iter().map(|s| s.sqrt()).collect();
        Corner { s, root, terms, ln_d: sum.max(1e-300).ln() }
    }

    /// An upper bound on ln D in a simplex; not refined where it is below `enough`.
    fn most_in(&self, cell: &[Rc<Corner>], enough: f64) -> f64 {
        let k = cell[0].s.len();
        let (mut floor, mut bend, mut is_raised, mut most_bend) = (vec![0.0; k], vec![0.0; k], false, 0.0_f64);
        for y in 0..k {
            let (low, high) = cell
                .iter()
                .fold((f64::INFINITY, 0.0_f64), |(low, high), corner| (low.min(corner.s[y]), high.max(corner.s[y])));
            floor[y] = high * SHARE;
            is_raised |= low < floor[y];
            let ratio = if high > 0.0 { (high / low.max(floor[y])).ln() } else { 0.0 };
            bend[y] = 0.125 * ratio * ratio;
            most_bend = most_bend.max(bend[y]);
        }
        if !is_raised {
            let quick = cell.iter().map(|corner| corner.ln_d).fold(f64::NEG_INFINITY, f64::max) + self.beta * most_bend;
            if quick <= enough {
                return quick;
            }
        }
        let mut stretch = vec![0.0; self.stride];
        run(Exponentials { factors: &bend, powers: &self.powers, base: &vec![0.0; self.stride], out: &mut stretch });
        let mut most = 0.0_f64;
        for corner in cell {
            let sum = if corner.s.iter().zip(&floor).any(|(s, floor)| s < floor) {
                let raised: Vec<f64> = corner.s.iter().zip(&floor).map(|(s, floor)| s.max(*floor)).collect();
                super::skyline::dot(&self.at(&raised).0, &stretch)
            } else {
                super::skyline::dot(&corner.terms, &stretch)
            };
            most = most.max(sum);
        }
        most.max(1e-300).ln()
    }
}

/// exp(base(x) + Σ_y factor(y) power(y, x)) for all x, and the sum.
struct Exponentials<'a> {
    factors: &'a [f64],
    powers: &'a [f64],
    base: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Exponentials<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (powers, base) = (S::as_simd_f64s(self.powers).0, S::as_simd_f64s(self.base).0);
        let out = S::as_mut_simd_f64s(self.out).0;
        let (least, most) = (simd.splat_f64s(NOTHING), simd.splat_f64s(-NOTHING));
        let mut sum = simd.splat_f64s(0.0);
        for (x, (out, &base)) in out.iter_mut().zip(base).enumerate() {
            let mut exponent = base;
            for (&factor, powers) in self.factors.iter().zip(powers.chunks_exact(self.base.len() / S::F64_LANES)) {
                exponent = simd.mul_add_e_f64s(simd.splat_f64s(factor), powers[x], exponent);
            }
            *out = exp(simd, simd.max_f64s(least, simd.min_f64s(most, exponent)));
            sum = simd.add_f64s(sum, *out);
        }
        simd.reduce_sum_f64s(sum)
    }
}
