//! Entropy of a discrete variable from counts, corrected for the bias of finite samples. All in bits.
//!
//! n_i: how often symbol i was seen, N = Σ n_i, K symbols seen.
//! - Miller–Madow (Miller 1955): Ĥ = H_plug-in + (K − 1)/2N nats.
//! - Grassberger (2003, arXiv physics/0307138): Ĥ = ln N − (1/N) Σ n_i G(n_i),
//!   G(n) = ψ(n) + ½(−1)ⁿ [ψ((n+1)/2) − ψ(n/2)].
//! - Chao–Shen (2003): coverage C = 1 − f₁/N, p̃_i = C n_i/N, Ĥ = −Σ p̃ ln p̃ / (1 − (1 − p̃)ᴺ).
//! - NSB (Nemenman, Shafee & Bialek 2002): `nsb.rs`, over the symbols seen, or over as many as there are known to be:
//!   of symbols seen alone it falls short where many are unseen, as Chao–Shen does not.

use statrs::function::gamma::digamma;

use super::nsb;
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

    /// The entropy in bits of counts; zeros among them are ignored. `symbols` is how many values the variable is known to
    /// have, which NSB alone makes use of.
    pub fn entropy(self, counts: &[usize], symbols: Option<usize>) -> f64 {
        let seen: Vec<usize> = counts.iter().copied().filter(|&n| n > 0).collect();
        let counts: Vec<f64> = seen.iter().map(|&n| n as f64).collect();
        let total: f64 = counts.iter().sum();
        if symbols.unwrap_or(counts.len()) < 2 || counts.is_empty() {
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
            Self::Nsb => nsb::entropy(&seen, symbols.unwrap_or(seen.len())),
        };
        nats / std::f64::consts::LN_2
    }
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
                *error += (correction.entropy(&counts, Some(64)) - 6.0) / 200.0;
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
            assert_eq!(correction.entropy(&[7, 0], None), 0.0);
            approx::assert_abs_diff_eq!(correction.entropy(&[40_000, 40_000], None), 1.0, epsilon = 1e-4);
        }
    }
}
