//! Entropy from counts by Nemenman, Shafee & Bialek (2002, arXiv physics/0108025): the posterior mean of H under a mixture of
//! symmetric Dirichlet priors that is nearly uniform in H.
//!
//! Counts n_i, N = Σ n_i, K symbols in all, of which some may be unseen; κ = Kβ. In nats:
//! - evidence (eq. 9): P(n|β) = Γ(κ)/Γ(N + κ) · Π_i Γ(n_i + β)/Γ(β);
//! - posterior mean at β (Wolpert & Wolf 1995): ψ(N + κ + 1) − Σ_i (n_i + β)/(N + κ) · ψ(n_i + β + 1);
//! - prior (eq. 7): dξ/dβ with ξ(β) = ψ(κ + 1) − ψ(β + 1), the mean entropy a priori.
//!
//! The integral over ln β is taken by the trapezoidal rule over where the integrand is not negligible, which converges
//! exponentially for a smooth peak. K matters: a K that is too small (such as the symbols seen, where many are not) makes the
//! estimate too small.

use statrs::function::gamma::{digamma, ln_gamma};

/// Points of the trapezoidal rule.
const POINTS: usize = 1000;
/// ln β is looked for in ±this: at the ends the prior has fallen to e⁻²⁵.
const WIDEST: f64 = 25.0;
/// Integrands below e^−40 of the greatest are left out.
const NEGLIGIBLE: f64 = 40.0;
/// From here on asymptotic series are exact to rounding, where differences of Γ functions would cancel.
const LARGE: f64 = 30.0;

/// The posterior mean of the entropy in nats, from positive counts, of a variable that has `symbols` values.
pub(super) fn entropy(counts: &[usize], symbols: usize) -> f64 {
    let posterior = Posterior::new(counts, symbols);
    let best = posterior.peak();
    let most = posterior.ln_integrand(best);
    let edge = |outside: f64| {
        let (mut inside, mut outside) = (best, outside);
        if posterior.ln_integrand(outside) > most - NEGLIGIBLE {
            return outside;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(inside, outside);
            let matters = posterior.ln_integrand(middle) > most - NEGLIGIBLE;
            *(if matters { &mut inside } else { &mut outside }) = middle;
        }
        outside
    };
    let (low, high) = (edge(-WIDEST), edge(WIDEST));
    let (mut mass, mut mean) = (0.0, 0.0);
    for point in 0..=POINTS {
        let ln_beta = low + (high - low) * point as f64 / POINTS as f64;
        let weight = (posterior.ln_integrand(ln_beta) - most).exp();
        mass += weight;
        mean += weight * posterior.mean_entropy(ln_beta.exp());
    }
    mean / mass
}

struct Posterior {
    /// Counts and how many symbols have each.
    counts: Vec<(f64, f64)>,
    total: f64,
    symbols: f64,
    unseen: f64,
}

impl Posterior {
    fn new(counts: &[usize], symbols: usize) -> Self {
        let mut sorted = counts.to_vec();
        sorted.sort_unstable();
        let grouped = sorted.chunk_by(|a, b| a == b).map(|same| (same[0] as f64, same.len() as f64)).collect();
        let total = counts.iter().sum::<usize>() as f64;
        Self { counts: grouped, total, symbols: symbols as f64, unseen: symbols.saturating_sub(counts.len()) as f64 }
    }

    /// ln of evidence times prior times β, up to a constant, at ln β.
    fn ln_integrand(&self, ln_beta: f64) -> f64 {
        let beta = ln_beta.exp();
        let seen: f64 = self.counts.iter().map(|&(n, times)| times * ln_rising(beta, n)).sum();
        seen - ln_rising(self.symbols * beta, self.total) + prior(self.symbols, beta).ln() + ln_beta
    }

    fn mean_entropy(&self, beta: f64) -> f64 {
        let all = self.total + self.symbols * beta;
        let term = |n: f64| (n + beta) / all * digamma(n + beta + 1.0);
        let seen: f64 = self.counts.iter().map(|&(n, times)| times * term(n)).sum();
        digamma(all + 1.0) - seen - self.unseen * term(0.0)
    }

    /// The ln β of the greatest integrand: the best of a grid, then golden sections around it.
    fn peak(&self) -> f64 {
        let grid = |i: usize| -WIDEST + WIDEST / 100.0 * i as f64;
        let better = |a: f64, b: f64| self.ln_integrand(a) >= self.ln_integrand(b);
        let best = (1..=200).fold(grid(0), |best, i| if better(best, grid(i)) { best } else { grid(i) });
        let (mut low, mut high) = (best - WIDEST / 100.0, best + WIDEST / 100.0);
        let golden = 0.5 * (5_f64.sqrt() - 1.0);
        for _ in 0..40 {
            let (a, b) = (high - golden * (high - low), low + golden * (high - low));
            if better(a, b) { high = b } else { low = a }
        }
        f64::midpoint(low, high).clamp(-WIDEST, WIDEST)
    }
}

/// ln Γ(b + n)/Γ(b).
fn ln_rising(b: f64, n: f64) -> f64 {
    if b < LARGE {
        return ln_gamma(b + n) - ln_gamma(b);
    }
    // Stirling's series of both, the large terms taken together.
    let rest = |z: f64| (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / (z * z)) / (z * z)) / (z * z)) / z;
    (b - 0.5) * (n / b).ln_1p() + n * (b + n).ln() - n + rest(b + n) - rest(b)
}

/// dξ/dβ = K ψ′(Kβ + 1) − ψ′(β + 1).
fn prior(symbols: f64, beta: f64) -> f64 {
    if beta < LARGE {
        return symbols * trigamma(symbols * beta + 1.0) - trigamma(beta + 1.0);
    }
    // ψ′(z + 1) = 1/z − 1/2z² + 1/6z³ − 1/30z⁵ + 1/42z⁷: the first terms cancel.
    let difference = |power: i32| (1.0 - symbols.powi(1 - power)) / beta.powi(power);
    difference(2) / 2.0 - difference(3) / 6.0 + difference(5) / 30.0 - difference(7) / 42.0
}

/// ψ′(z) for z > 0: shifted up by its recurrence, then its asymptotic series (Abramowitz & Stegun 6.4.6, 6.4.12).
fn trigamma(z: f64) -> f64 {
    let (mut z, mut sum) = (z, 0.0);
    while z < LARGE {
        sum += 1.0 / (z * z);
        z += 1.0;
    }
    let s = 1.0 / (z * z);
    sum + 1.0 / z + 0.5 * s + (1.0 / 6.0 - (1.0 / 30.0 - (1.0 / 42.0 - s / 30.0) * s) * s) * s / z
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn special_functions_have_their_known_values() {
        use std::f64::consts::PI;
        assert_relative_eq!(trigamma(1.0), PI * PI / 6.0, max_relative = 1e-14);
        assert_relative_eq!(trigamma(0.5), PI * PI / 2.0, max_relative = 1e-14);
        // Σ ln(b + j).
        for b in [0.3, 29.9, 30.1, 1e9] {
            let sum: f64 = (0..50).map(|j| (b + f64::from(j)).ln()).sum();
            assert_relative_eq!(ln_rising(b, 50.0), sum, max_relative = 1e-13);
        }
        // Both branches of the prior agree where they meet.
        let exact = 7.0 * trigamma(7.0 * 40.0 + 1.0) - trigamma(41.0);
        assert_relative_eq!(prior(7.0, 40.0), exact, max_relative = 1e-11);
    }

    #[test]
    fn stating_the_alphabet_mends_what_unseen_symbols_hide() {
        // 200 draws from 1000 equally likely symbols, of which few repeat: ln 1000 = 6.908.
        let counts: Vec<usize> = (0..181).map(|i| if i < 19 { 2 } else { 1 }).collect();
        let (seen, stated) = (entropy(&counts, 181), entropy(&counts, 1000));
        assert!(seen < 5.2 && (stated - 1000_f64.ln()).abs() < 0.2, "{seen} {stated}");
    }
}
