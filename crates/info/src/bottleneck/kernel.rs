//! The Gibbs kernel K(s, t) = exp(−β KL[p(y|s) ‖ p(y|t)]), its normaliser Z_w(s) = Σ_t w_t K(s, t), and the landscape
//! D(t) = Σ_s p(s) K(s, t) / Z_w(s), whose maximum over all decoders is the certificate (nats throughout).

use super::divergence::kl;
use super::problem::Problem;

/// Exponents below this give exactly nothing beside 1.
const NOTHING: f64 = -700.0;
/// Beside its row's largest kernel, a smaller one than this is not kept: e^−45 < 3e-20.
const NEGLIGIBLE: f64 = -45.0;
/// What all rows that are counted as free may cost together, in nats.
const FREE: f64 = 2e-12;
/// The least entry of a decoder: KL stays finite.
const FLOOR: f64 = 1e-60;

/// One decoder p(y|t), with its logarithms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    pub(super) s: Vec<f64>,
    pub(super) ln_s: Vec<f64>,
}

impl Atom {
    /// From any non-negative numbers: floored and normalised.
    pub(super) fn new(mut s: Vec<f64>) -> Self {
        let sum: f64 = s.iter().sum();
        s.iter_mut().for_each(|value| *value = (*value / sum).max(FLOOR));
        let ln_s = s.iter().map(|s| s.ln()).collect();
        Self { s, ln_s }
    }

    /// Binary: from u = ln p(y = 1|t) / p(y = 0|t).
    pub(super) fn from_logit(u: f64) -> Self {
        let (small, large) = ((-u.abs()).exp(), 1.0 + (-u.abs()).exp());
        let (ln_small, ln_large) = (-u.abs() - (-u.abs()).exp().ln_1p(), -(-u.abs()).exp().ln_1p());
        let (s, ln_s) = ([small / large, 1.0 / large], [ln_small, ln_large]);
        if u > 0.0 {
            Self { s: s.to_vec(), ln_s: ln_s.to_vec() }
        } else {
            Self { s: vec![s[1], s[0]], ln_s: vec![ln_s[1], ln_s[0]] }
        }
    }

    /// Binary: u = ln p(y = 1|t) / p(y = 0|t).
    pub(super) fn logit(&self) -> f64 {
        self.ln_s[1] - self.ln_s[0]
    }

    /// The chord between √s and √s': about KL = 2·chord² when they are near; kernels have standard deviation 1/(2√β).
    pub(super) fn distance(&self, other: &Self) -> f64 {
        self.s.iter().zip(&other.s).map(|(a, b)| (a.sqrt() - b.sqrt()).powi(2)).sum::<f64>().sqrt()
    }

    /// Whether that distance is less than the radius; most that are not are known after a few y's.
    pub(super) fn is_within(&self, other: &Self, radius: f64) -> bool {
        let mut left = radius * radius;
        self.s.iter().zip(&other.s).all(|(a, b)| {
            left -= (a.sqrt() - b.sqrt()).powi(2);
            left > 0.0
        })
    }
}

/// β KL[p(y|s) ‖ t], to full relative precision where it matters.
pub(super) fn beta_kl(problem: &Problem, s: usize, atom: &Atom, beta: f64) -> f64 {
    let row = problem.row(s);
    let cheap = problem.neg_h[s] - row.iter().zip(&atom.ln_s).map(|(q, l)| q * l).sum::<f64>();
    if cheap > 0.05 { beta * cheap } else { beta * kl(row, &atom.s) }
}

/// K(s, t), each row divided by its largest entry; of each row only the stretch [lo, hi) that is not negligible.
#[derive(Debug, Clone)]
pub(super) struct Gibbs {
    m: usize,
    data: Vec<f64>,
    window: Vec<(usize, usize)>,
    ln_scale: Vec<f64>,
}

impl Gibbs {
    pub(super) fn new(problem: &Problem, atoms: &[Atom], beta: f64) -> Self {
        let (n, m) = (problem.classes(), atoms.len());
        let mut data = vec![0.0; n * m];
        let (mut window, mut ln_scale) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for (s, row) in data.chunks_exact_mut(m).enumerate() {
            for (value, atom) in row.iter_mut().zip(atoms) {
                *value = -beta_kl(problem, s, atom, beta);
            }
            let scale = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let lo = row.iter().position(|&v| v - scale > NEGLIGIBLE).unwrap_or(0);
            let hi = row.iter().rposition(|&v| v - scale > NEGLIGIBLE).map_or(m, |last| last + 1);
            for value in row.iter_mut() {
                *value = if *value - scale > NEGLIGIBLE { (*value - scale).exp() } else { 0.0 };
            }
            window.push((lo, hi));
            ln_scale.push(scale);
        }
        Self { m, data, window, ln_scale }
    }

    /// The kept stretch of row s and where it starts.
    pub(super) fn row(&self, s: usize) -> (usize, &[f64]) {
        let (lo, hi) = self.window[s];
        (lo, &self.data[s * self.m + lo..s * self.m + hi])
    }

    /// Z_w(s) divided by the row's scale, shape \[n].
    pub(super) fn scaled_z(&self, w: &[f64]) -> Vec<f64> {
        (0..self.window.len())
            .map(|s| {
                let (lo, row) = self.row(s);
                row.iter().zip(&w[lo..]).map(|(k, w)| k * w).sum::<f64>().max(1e-300)
            })
            .collect()
    }

    /// ln Z_w(s), shape \[n].
    pub(super) fn ln_z(&self, w: &[f64]) -> Vec<f64> {
        self.scaled_z(w).iter().zip(&self.ln_scale).map(|(z, scale)| z.ln() + scale).collect()
    }
}

/// ln D over all decoders, for given multipliers ln λ(s) = ln p(s)/Z(s).
#[derive(Debug, Clone)]
pub(super) struct Landscape<'a> {
    pub(super) problem: &'a Problem,
    pub(super) beta: f64,
    pub(super) ln_lambda: Vec<f64>,
}

impl<'a> Landscape<'a> {
    /// The best multipliers known for these ln Z, and Σ p ln(λ/p), the dual value before division by the maximum of D.
    ///
    /// Any λ with Σ_s λ(s) K(s, t) ≤ 1 for all t gives F ≥ Σ p ln(λ/p). λ = p/Z is the best where weights are optimal;
    /// for an s so rare that it costs nothing, λ = p (as if Z were 1) keeps it from needing an atom of its own.
    pub(super) fn new(problem: &'a Problem, beta: f64, ln_z: &[f64]) -> (Self, f64) {
        let mut dual = 0.0;
        let free = FREE / problem.p.len() as f64;
        let ln_lambda = problem
            .p
            .iter()
            .zip(ln_z)
            .map(|(&p, &ln_z)| {
                if p * -ln_z <= free && ln_z < -1.0 {
                    p.ln()
                } else {
                    dual -= p * ln_z;
                    p.ln() - ln_z
                }
            })
            .collect();
        (Self { problem, beta, ln_lambda }, dual)
    }

    /// The multipliers λ = p/Z as they are.
    pub(super) fn plain(problem: &'a Problem, beta: f64, ln_z: &[f64]) -> Self {
        Self { problem, beta, ln_lambda: problem.p.iter().zip(ln_z).map(|(p, ln_z)| p.ln() - ln_z).collect() }
    }

    /// ln D(t).
    pub(super) fn ln_d(&self, atom: &Atom) -> f64 {
        let mut sum = 0.0;
        if self.problem.k == 2 {
            let (slope, base) = (atom.ln_s[1] - atom.ln_s[0], atom.ln_s[0]);
            let precise = self.beta > 30.0;
            for s in 0..self.ln_lambda.len() {
                let cheap = self.problem.neg_h[s] - base - self.problem.q[2 * s + 1] * slope;
                let near = precise && cheap < 0.05;
                let kl = if near { kl(self.problem.row(s), &atom.s) } else { cheap };
                let exponent = self.ln_lambda[s] - self.beta * kl;
                // exp is slow where it underflows, and for steep β most terms would.
                sum += if exponent > NOTHING { exponent.exp() } else { 0.0 };
            }
        } else {
            for s in 0..self.ln_lambda.len() {
                sum += (self.ln_lambda[s] - beta_kl(self.problem, s, atom, self.beta)).exp();
            }
        }
        if sum.is_finite() && sum > 1e-290 { sum.ln() } else { self.responsibilities(atom).1 }
    }

    /// The share of each s in D(t), shape \[n], and ln D(t), safe from overflow.
    pub(super) fn responsibilities(&self, atom: &Atom) -> (Vec<f64>, f64) {
        let mut r: Vec<f64> =
            self.ln_lambda.iter().enumerate().map(|(s, l)| l - beta_kl(self.problem, s, atom, self.beta)).collect();
        let top = r.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        r.iter_mut().for_each(|value| *value = if *value - top > NOTHING { (*value - top).exp() } else { 0.0 });
        let sum: f64 = r.iter().sum();
        r.iter_mut().for_each(|value| *value /= sum);
        (r, top + sum.ln())
    }
}

/// Σ_s share(s) p(y|s), shape [k].
pub(super) fn centroid(problem: &Problem, share: &[f64]) -> Vec<f64> {
    let mut mean = vec![0.0; problem.k];
    for (row, share) in problem.q.chunks_exact(problem.k).zip(share) {
        for (sum, q) in mean.iter_mut().zip(row) {
            *sum += share * q;
        }
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn logits_come_back() {
        for u in [-40.0, -1.0, 0.0, 3.0, 40.0] {
            assert_relative_eq!(Atom::from_logit(u).logit(), u, max_relative = 1e-15);
        }
    }
}
