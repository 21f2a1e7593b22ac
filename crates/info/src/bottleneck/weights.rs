//! The best weights for given decoders: min_{w ≥ 0} −Σ_s p(s) ln Z_w(s) + Σ_t w_t, a convex problem whose minimum has
//! Σ w = 1 of itself (−Σ p ln Z falls by ln c when w grows by c).
//!
//! Primal–dual interior point with backtracking (Boyd & Vandenberghe 2004, §11.7; the same convex problem is the
//! non-parametric maximum likelihood of mixtures: Koenker & Mizera 2014). Newton matrix H = Kᵀ diag(p/Z²) K.

use super::kernel::Gibbs;
use super::skyline::Skyline;

const ITERATIONS: usize = 80;

/// What the weights do: the scaled kernel S = K/Z, its gradient and curvature.
#[derive(Debug, Clone)]
pub(super) struct Slope {
    /// D(t) = Σ_s p(s) K(s, t)/Z(s), shape \[m].
    pub(super) d: Vec<f64>,
    /// Σ_s p(s) (K(s, t)/Z(s))², shape \[m].
    pub(super) h: Vec<f64>,
    /// −Σ p ln(scaled Z) + Σ w.
    pub(super) value: f64,
    z: Vec<f64>,
}

impl Slope {
    pub(super) fn new(p: &[f64], gibbs: &Gibbs, w: &[f64]) -> Self {
        let z = gibbs.scaled_z(w);
        let (mut d, mut h) = (vec![0.0; w.len()], vec![0.0; w.len()]);
        for s in 0..p.len() {
            let (lo, row) = gibbs.row(s);
            for (j, k) in row.iter().enumerate() {
                let share = k / z[s];
                d[lo + j] += p[s] * share;
                h[lo + j] += p[s] * share * share;
            }
        }
        let value = w.iter().sum::<f64>() - p.iter().zip(&z).map(|(p, z)| p * z.ln()).sum::<f64>();
        Self { d, h, value, z }
    }

    /// Whether leaving out atom j lowers the objective: its optimal weight is 0.
    pub(super) fn is_idle(&self, w: &[f64], j: usize) -> bool {
        w[j] * self.h[j] < 2.0 * (1.0 - self.d[j])
    }
}

/// Improves `w` until no candidate's D exceeds 1 by more than `tolerance`.
pub(super) fn optimise(p: &[f64], gibbs: &Gibbs, w: &mut [f64], tolerance: f64) {
    let m = w.len();
    let first = first_partners(p.len(), gibbs, m);
    let even = 0.2 / m as f64;
    let sum: f64 = w.iter().sum();
    w.iter_mut().for_each(|w| *w = *w / sum * 0.8 + even);
    let mut slope = Slope::new(p, gibbs, w);
    let mut y: Vec<f64> = slope.d.iter().map(|d| (1.0 - d).max(0.1)).collect();
    let mut sigma = 0.1;
    for _ in 0..ITERATIONS {
        let complementarity = w.iter().zip(&y).map(|(w, y)| w * y).sum::<f64>();
        let worst = slope.d.iter().copied().fold(0.0, f64::max) - 1.0;
        if worst <= tolerance && complementarity <= tolerance {
            return;
        }
        let mu = (sigma * complementarity / m as f64).max(1e-18);
        let mut hessian = Skyline::new(first.clone());
        for s in 0..p.len() {
            let (lo, row) = gibbs.row(s);
            let scale = p[s] / (slope.z[s] * slope.z[s]);
            for i in 0..row.len() {
                let (from, target) = hessian.row_mut(lo + i);
                let factor = scale * row[i];
                if factor != 0.0 {
                    for (target, k) in target[lo - from..].iter_mut().zip(&row[..=i]) {
                        *target += factor * k;
                    }
                }
            }
        }
        for j in 0..m {
            *hessian.at(j, j) += y[j] / w[j] + 1e-14 * slope.h[j];
        }
        if !hessian.factorise() {
            return;
        }
        let mut step: Vec<f64> = (0..m).map(|j| mu / w[j] - (1.0 - slope.d[j])).collect();
        let descent_of = step.clone();
        hessian.solve(&mut step);
        let descent: f64 = step.iter().zip(&descent_of).map(|(a, b)| a * b).sum();
        let mut size = step.iter().zip(&*w).filter(|(d, _)| **d < 0.0).map(|(d, w)| -0.99 * w / d).fold(1.0, f64::min);
        let barrier = |slope: &Slope, w: &[f64]| slope.value - mu * w.iter().map(|w| w.ln()).sum::<f64>();
        let now = barrier(&slope, w);
        let mut accepted = None;
        for _ in 0..30 {
            let trial: Vec<f64> = w.iter().zip(&step).map(|(w, d)| w + size * d).collect();
            let there = Slope::new(p, gibbs, &trial);
            if barrier(&there, &trial) <= now - 1e-4 * size * descent + 1e-14 {
                accepted = Some((trial, there));
                break;
            }
            size *= 0.5;
        }
        let Some((trial, there)) = accepted else { return };
        let mut dual = 1.0_f64;
        let y_step: Vec<f64> = (0..m).map(|j| mu / w[j] - y[j] - y[j] / w[j] * step[j]).collect();
        for j in 0..m {
            if y_step[j] < 0.0 {
                dual = dual.min(-0.99 * y[j] / y_step[j]);
            }
        }
        for j in 0..m {
            // Stay in the neighbourhood of the central path (Wächter & Biegler 2006, eq. 16).
            y[j] = (y[j] + dual * y_step[j]).clamp(1e-10 * mu / trial[j], 1e10 * mu / trial[j]);
        }
        sigma = if size > 0.9 && dual > 0.9 { 0.03 } else { 0.3 };
        w.copy_from_slice(&trial);
        slope = there;
    }
}

/// The first atom that shares a row with each atom, shape \[m].
pub(super) fn first_partners(n: usize, gibbs: &Gibbs, m: usize) -> Vec<usize> {
    let mut first: Vec<usize> = (0..m).collect();
    for s in 0..n {
        let (lo, row) = gibbs.row(s);
        for first in &mut first[lo..lo + row.len()] {
            *first = (*first).min(lo);
        }
    }
    first
}
