//! Entropy of a discrete variable from counts, corrected for the bias of finite samples. All in bits.
//!
//! n_i: how often symbol i was seen, N = Σ n_i, K symbols seen.
//! - Miller–Madow (Miller 1955): Ĥ = H_plug-in + (K − 1)/2N nats.
//! - Grassberger (2003, arXiv physics/0307138): Ĥ = ln N − (1/N) Σ n_i G(n_i),
//!   G(n) = ψ(n) + ½(−1)ⁿ [ψ((n+1)/2) − ψ(n/2)].
//! - Chao–Shen (2003): coverage C = 1 − f₁/N, p̃_i = C n_i/N, Ĥ = −Σ p̃ ln p̃ / (1 − (1 − p̃)ᴺ).
//! - NSB (Nemenman, Shafee & Bialek 2002): the posterior mean under a mixture of Dirichlet priors that is nearly uniform in
//!   entropy, over the K symbols seen: where many are unseen it falls short, as Chao–Shen does not.

use statrs::function::gamma::{digamma, ln_gamma};

use crate::distribution::plogp;

/// Which correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // named in the module's list
pub enum Correction {
    MillerMadow,
    Grassberger,
    ChaoShen,
    Nsb,
}

impl Correction {
    /// Every name.
    pub const NAMES: [&str; 4] = ["miller-madow", "grassberger", "chao-shen", "nsb"];
    const ALL: [Self; 4] = [Self::MillerMadow, Self::Grassberger, Self::ChaoShen, Self::Nsb];

    /// The correction of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|correction| correction.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The entropy in bits of counts; zeros among them are ignored.
    pub fn entropy(self, counts: &[usize]) -> f64 {
        let counts: Vec<f64> = counts.iter().filter(|&&n| n > 0).map(|&n| n as f64).collect();
        let total: f64 = counts.iter().sum();
        if counts.len() < 2 {
            // One symbol, or none: nothing was ever uncertain.
            return 0.0;
        }
        let nats = match self {
            Self::MillerMadow => {
                let plug_in = -counts.iter().map(|n| plogp(n / total)).sum::<f64>() * std::f64::consts::LN_2;
                plug_in + (counts.len() - 1) as f64 / (2.0 * total)
            }
            Self::Grassberger => {
                let g = |n: f64| {
                    let sign = if n % 2.0 == 0.0 { 1.0 } else { -1.0 };
                    digamma(n) + 0.5 * sign * (digamma(f64::midpoint(n, 1.0)) - digamma(n / 2.0))
                };
                total.ln() - counts.iter().map(|&n| n * g(n)).sum::<f64>() / total
            }
            Self::ChaoShen => {
                // If every symbol was seen once the coverage is taken as 1/N instead of 0 (as in the R package entropy).
                let singletons = counts.iter().filter(|&&n| n == 1.0).count() as f64;
                let coverage = 1.0 - if singletons == total { total - 1.0 } else { singletons } / total;
                let term = |n: &f64| {
                    let p = coverage * n / total;
                    // 1 − (1 − p)ᴺ without cancellation.
                    p * p.ln() / -(total * (-p).ln_1p()).exp_m1()
                };
                -counts.iter().map(term).sum::<f64>()
            }
            Self::Nsb => nsb(&counts, total),
        };
        nats / std::f64::consts::LN_2
    }
}

/// Posterior mean entropy in nats. The prior over the Dirichlet parameter β has density dξ/dβ, ξ(β) = ψ(Kβ+1) − ψ(β+1) the
/// mean entropy at β; the integral runs over ln β by the trapezoidal rule, which converges fast for a smooth peak.
fn nsb(counts: &[f64], total: f64) -> f64 {
    const POINTS: usize = 4000;
    let k = counts.len() as f64;
    let log_evidence = |beta: f64| {
        let kappa = k * beta;
        ln_gamma(kappa) - ln_gamma(total + kappa)
            + counts.iter().map(|n| ln_gamma(n + beta) - ln_gamma(beta)).sum::<f64>()
    };
    let mean_entropy = |beta: f64| {
        let kappa = k * beta;
        let sum: f64 = counts.iter().map(|n| (n + beta) * digamma(n + beta + 1.0)).sum();
        digamma(total + kappa + 1.0) - sum / (total + kappa)
    };
    // ξ′(β) by a central difference in ln β; it only weighs.
    let xi = |beta: f64| digamma(k * beta + 1.0) - digamma(beta + 1.0);
    let (low, high) = (-25.0_f64, 25.0_f64);
    let step = (high - low) / POINTS as f64;
    let points: Vec<(f64, f64)> = (0..=POINTS)
        .map(|i| {
            let log_beta = low + i as f64 * step;
            let density = (xi((log_beta + 0.5 * step).exp()) - xi((log_beta - 0.5 * step).exp())).max(0.0);
            let beta = log_beta.exp();
            (log_evidence(beta) + density.ln(), mean_entropy(beta))
        })
        .filter(|(weight, _)| weight.is_finite())
        .collect();
    let most = points.iter().fold(f64::NEG_INFINITY, |most, (weight, _)| most.max(*weight));
    let (mut mass, mut mean) = (0.0, 0.0);
    for (weight, entropy) in points {
        let weight = (weight - most).exp();
        mass += weight;
        mean += weight * entropy;
    }
    mean / mass
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn corrections_come_nearer_to_the_truth_than_the_plug_in() {
        // 300 draws from 64 equally likely symbols: H = 6 bits.
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut errors = [0.0; 5];
        for _ in 0..200 {
            let mut counts = vec![0_usize; 64];
            for _ in 0..300 {
                counts[rng.random_range(0..64)] += 1;
            }
            let plug_in = -counts.iter().map(|&n| plogp(n as f64 / 300.0)).sum::<f64>();
            errors[0] += (plug_in - 6.0) / 200.0;
            for (error, correction) in errors[1..].iter_mut().zip(Correction::ALL) {
                *error += (correction.entropy(&counts) - 6.0) / 200.0;
            }
        }
        assert!(errors[0] < -0.1, "{errors:?}");
        for (error, correction) in errors[1..].iter().zip(Correction::ALL) {
            assert!(error.abs() < 0.5 * errors[0].abs(), "{} is off by {error} bits", correction.name());
        }
    }

    #[test]
    fn one_symbol_has_no_entropy_and_many_counts_need_no_correction() {
        for correction in Correction::ALL {
            assert_eq!(correction.entropy(&[7, 0]), 0.0);
            approx::assert_abs_diff_eq!(correction.entropy(&[40_000, 40_000]), 1.0, epsilon = 1e-4);
        }
    }
}
