//! Newton's method on weights and decoders together: min over (w, t) of −Σ_s p(s) ln Z_{w,t}(s) + Σ w.
//!
//! Decoders move on the sphere z = √p(y|t), where a kernel is about as wide everywhere (KL ≈ 2|Δz|²) and an edge of the
//! simplex is a mirror, not a wall. With e = (q − t)/√t in an orthonormal basis B of the tangent space:
//! ∇ ln K = 2β e and ∇² ln K = −2β (Bᵀ diag(q/t) B + 1). A Levenberg term keeps the matrix positive definite; steps
//! stop short of w = 0, and atoms whose best weight is 0 are left out. At a stationary point D(t) = 1 and ∇D(t) = 0.

use super::kernel::{Atom, Gibbs, centroid};
use super::problem::Problem;
use super::skyline::Skyline;
use super::weights::{Slope, first_partners};

/// Weighted decoders: a candidate solution at one β.
#[derive(Debug, Clone)]
pub(super) struct Support {
    pub(super) atoms: Vec<Atom>,
    pub(super) w: Vec<f64>,
}

impl Support {
    /// Sorted along p(y = 1|t), so that near atoms are neighbours in the matrices.
    pub(super) fn sort(&mut self) {
        let mut order: Vec<usize> = (0..self.w.len()).collect();
        let last = |j: usize| self.atoms[j].ln_s.last().copied().unwrap_or(0.0) - self.atoms[j].ln_s[0];
        order.sort_by(|&a, &b| last(a).total_cmp(&last(b)));
        self.atoms = order.iter().map(|&j| self.atoms[j].clone()).collect();
        self.w = order.iter().map(|&j| self.w[j]).collect();
    }

    /// Keeps the atoms for which `keep` holds.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut kept = keep.iter();
        self.atoms.retain(|_| kept.next().copied().unwrap_or(true));
        let mut kept = keep.iter();
        self.w.retain(|_| kept.next().copied().unwrap_or(true));
    }

    /// Merges atoms closer than `radius` kernel widths into their mean.
    pub(super) fn merge(&mut self, beta: f64, radius: f64) {
        let mut merged: Vec<(Vec<f64>, Atom, f64)> = Vec::new();
        for (atom, &w) in self.atoms.iter().zip(&self.w) {
            let near =
                merged.iter_mut().rev().find(|(_, other, _)| atom.is_within(other, radius / (2.0 * beta.sqrt())));
            let part = atom.s.iter().map(|s| s.sqrt() * w);
            if let Some((sum, centre, weight)) = near {
                sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
                *weight += w;
                *centre = Atom::new(sum.iter().map(|z| z * z).collect());
            } else {
                merged.push((part.collect(), atom.clone(), w));
            }
        }
        self.w = merged.iter().map(|m| m.2).collect();
        self.atoms = merged.into_iter().map(|m| m.1).collect();
    }
}

/// The state of one iterate: kernel, weights' slope, tangent quantities.
struct Iterate {
    gibbs: Gibbs,
    slope: Slope,
    value: f64,
    /// ∇D(t)/2√β in the tangent basis, shape [m × d].
    tilt: Vec<f64>,
    error: f64,
}

fn evaluate(problem: &Problem, beta: f64, support: &Support) -> Iterate {
    let gibbs = Gibbs::new(problem, &support.atoms, beta);
    let slope = Slope::new(&problem.p, &gibbs, &support.w);
    let ln_z = gibbs.ln_z(&support.w);
    let value = support.w.iter().sum::<f64>() - problem.p.iter().zip(&ln_z).map(|(p, l)| p * l).sum::<f64>();
    let z = gibbs.scaled_z(&support.w);
    let d = problem.k - 1;
    let mut mean = vec![0.0; support.w.len() * problem.k];
    for s in 0..problem.classes() {
        let (lo, row) = gibbs.row(s);
        for (j, k) in row.iter().enumerate() {
            let share = problem.p[s] * k / z[s];
            for (mean, (q, t)) in
                mean[(lo + j) * problem.k..].iter_mut().zip(problem.row(s).iter().zip(&support.atoms[lo + j].s))
            {
                *mean += share * (q - t);
            }
        }
    }
    let mut tilt = Vec::with_capacity(support.w.len() * d);
    for (atom, mean) in support.atoms.iter().zip(mean.chunks_exact(problem.k)) {
        let e: Vec<f64> = mean.iter().zip(&atom.s).map(|(m, s)| m / s.sqrt()).collect();
        tilt.extend(to_tangent(&tangent(atom), &e, d).map(|t| t * beta.sqrt()));
    }
    let worst_d = slope.d.iter().map(|d| (1.0 - d).abs()).fold(0.0, f64::max);
    let error = tilt.iter().map(|t| t.abs()).fold(worst_d, f64::max);
    Iterate { gibbs, slope, value, tilt, error }
}

/// Newton to the nearest stationary point of the support, at most `iterations` steps. Never worsens the objective.
pub(super) fn polish(problem: &Problem, beta: f64, support: &mut Support, iterations: usize) {
    support.sort();
    let mut now = evaluate(problem, beta, support);
    let mut stalled = 0;
    for _ in 0..iterations {
        if now.error < 3e-15 || stalled > 2 {
            break;
        }
        let Some((mut next, mut there)) = step(problem, beta, support, &now) else { break };
        stalled = if there.error > 0.5 * now.error && now.value - there.value < 1e-13 { stalled + 1 } else { 0 };
        let mut keep: Vec<bool> = (0..next.w.len()).map(|j| !there.slope.is_idle(&next.w, j)).collect();
        if keep.iter().any(|keep| !keep) && keep.iter().any(|&keep| keep) {
            next.retain(&keep);
            there = evaluate(problem, beta, &next);
        }
        keep.clear();
        let before = next.w.len();
        next.merge(beta, 1e-3);
        if next.w.len() < before {
            there = evaluate(problem, beta, &next);
        }
        *support = next;
        now = there;
    }
    let sum: f64 = support.w.iter().sum();
    support.w.iter_mut().for_each(|w| *w /= sum);
}

/// One damped Newton step that lowers the objective (or, at rounding, the error); `None` if there is none.
fn step(problem: &Problem, beta: f64, support: &Support, now: &Iterate) -> Option<(Support, Iterate)> {
    let (m, d) = (support.w.len(), problem.k - 1);
    let b = d + 1;
    let bases: Vec<Vec<f64>> = support.atoms.iter().map(tangent).collect();
    let (hessian, scale) = assemble(problem, beta, support, now, &bases);
    let mut gradient = vec![0.0; m * b];
    for j in 0..m {
        gradient[j * b] = 1.0 - now.slope.d[j];
        for i in 0..d {
            gradient[j * b + 1 + i] = -support.w[j] * 2.0 * beta.sqrt() * now.tilt[j * d + i];
        }
    }
    let mut damping = 0.0;
    for _ in 0..24 {
        let mut matrix = hessian.clone();
        for (i, scale) in scale.iter().enumerate() {
            *matrix.at(i, i) += damping * scale;
        }
        if matrix.factorise() {
            let mut delta: Vec<f64> = gradient.iter().map(|g| -g).collect();
            matrix.solve(&mut delta);
            let predicted: f64 = -0.5 * delta.iter().zip(&gradient).map(|(d, g)| d * g).sum::<f64>();
            let size = (0..m)
                .map(|j| {
                    let turn = delta[j * b + 1..(j + 1) * b].iter().map(|t| t * t).sum::<f64>().sqrt() * beta.sqrt();
                    let fall = if delta[j * b] < 0.0 { -0.995 * support.w[j] / delta[j * b] } else { 1.0 };
                    fall.min(if turn > 0.7 { 0.7 / turn } else { 1.0 })
                })
                .fold(1.0, f64::min);
            let mut next = support.clone();
            for j in 0..m {
                next.w[j] += size * delta[j * b];
                let z: Vec<f64> = (0..problem.k)
                    .map(|y| {
                        let turn: f64 = (0..d).map(|i| bases[j][i * problem.k + y] * delta[j * b + 1 + i]).sum();
                        support.atoms[j].s[y].sqrt() + size * turn
                    })
                    .collect();
                next.atoms[j] = Atom::new(z.iter().map(|z| z * z).collect());
            }
            let there = evaluate(problem, beta, &next);
            let lower = there.value <= now.value - 0.01 * size * predicted;
            let at_rounding = predicted < 1e-12 && there.value <= now.value + 1e-14 && there.error < now.error;
            if there.value.is_finite() && ((lower && predicted >= 1e-15) || at_rounding) {
                return Some((next, there));
            }
            if predicted < 1e-15 && damping > 0.0 {
                return None;
            }
        }
        damping = if damping == 0.0 { 1e-8 } else { damping * 10.0 };
    }
    None
}

/// The Hessian, atoms in blocks (w, d tangent coordinates), and the natural scale of its diagonal.
fn assemble(problem: &Problem, beta: f64, support: &Support, now: &Iterate, bases: &[Vec<f64>]) -> (Skyline, Vec<f64>) {
    let (m, d, k) = (support.w.len(), problem.k - 1, problem.k);
    let b = d + 1;
    let first = first_partners(problem.classes(), &now.gibbs, m);
    let mut hessian = Skyline::new((0..m * b).map(|i| first[i / b] * b).collect());
    let z = now.gibbs.scaled_z(&support.w);
    // Σ p S e eᵀ (lower triangle) and Σ p S q of each atom.
    let mut spread = vec![0.0; m * d * d];
    let mut mean = vec![0.0; m * k];
    let mut v = Vec::new();
    let root: Vec<Vec<f64>> = support.atoms.iter().map(|a| a.s.iter().map(|s| s.sqrt()).collect()).collect();
    let mut e = vec![0.0; k];
    for s in 0..problem.classes() {
        let (lo, row) = now.gibbs.row(s);
        let (p, q) = (problem.p[s], problem.row(s));
        v.clear();
        for (offset, kernel) in row.iter().enumerate() {
            let j = lo + offset;
            let share = kernel / z[s];
            v.push(share);
            for y in 0..k {
                e[y] = (q[y] - support.atoms[j].s[y]) / root[j][y];
                mean[j * k + y] += p * share * q[y];
            }
            let start = v.len();
            v.extend(to_tangent(&bases[j], &e, d));
            for i in 0..d {
                for l in 0..=i {
                    spread[(j * d + i) * d + l] += p * share * v[start + i] * v[start + l];
                }
            }
            for value in &mut v[start..] {
                *value *= support.w[j] * share * 2.0 * beta;
            }
        }
        for i in 0..v.len() {
            let factor = p * v[i];
            if factor != 0.0 {
                let (from, target) = hessian.row_mut(lo * b + i);
                for (target, value) in target[lo * b - from..].iter_mut().zip(&v[..=i]) {
                    *target += factor * value;
                }
            }
        }
    }
    let mut scale = vec![0.0; m * b];
    for j in 0..m {
        scale[j * b] = now.slope.h[j];
        for i in 0..d {
            *hessian.at(j * b + 1 + i, j * b) -= 2.0 * beta.sqrt() * now.tilt[j * d + i];
            for l in 0..=i {
                let stretch: f64 = (0..k)
                    .map(|y| bases[j][i * k + y] * bases[j][l * k + y] * mean[j * k + y] / support.atoms[j].s[y])
                    .sum();
                let unit = if i == l { now.slope.d[j] } else { 0.0 };
                *hessian.at(j * b + 1 + i, j * b + 1 + l) -=
                    support.w[j] * (4.0 * beta * beta * spread[(j * d + i) * d + l] - 2.0 * beta * (stretch + unit));
            }
            scale[j * b + 1 + i] = 4.0 * beta * support.w[j] * (1.0 + beta * spread[(j * d + i) * d + i]);
        }
    }
    (hessian, scale)
}

/// An orthonormal basis of the tangent space at z = √t, shape [(k − 1) × k]: the other columns of a Householder matrix.
fn tangent(atom: &Atom) -> Vec<f64> {
    let k = atom.s.len();
    let mut v: Vec<f64> = atom.s.iter().map(|s| s.sqrt()).collect();
    v[0] += 1.0;
    let half_square = 0.5 * v.iter().map(|v| v * v).sum::<f64>();
    let mut basis = vec![0.0; (k - 1) * k];
    for i in 1..k {
        for y in 0..k {
            basis[(i - 1) * k + y] = f64::from(u8::from(i == y)) - v[i] * v[y] / half_square;
        }
    }
    basis
}

fn to_tangent<'a>(basis: &'a [f64], e: &'a [f64], d: usize) -> impl Iterator<Item = f64> + 'a {
    (0..d).map(move |i| basis[i * (d + 1)..(i + 1) * (d + 1)].iter().zip(e).map(|(b, e)| b * e).sum())
}

/// Σ_s p(s) p(t|s) p(y|s) / p(t): the decoder that fits what the atom encodes.
pub(super) fn decoder_of(problem: &Problem, p_ts: &[f64]) -> Vec<f64> {
    let total: f64 = p_ts.iter().sum();
    let mut mean = centroid(problem, p_ts);
    mean.iter_mut().for_each(|value| *value /= total.max(f64::MIN_POSITIVE));
    mean
}
