//! Heavy tails: multivariate Student-t with ν degrees of freedom, made of correlated Gaussians divided by one common χ².
//!
//! I is that of the Gaussians plus f(ν) + f(ν + m + n) − f(ν + m) − f(ν + n) nats, f(x) = ln Γ(x/2) − (x/2) ψ(x/2), for m and n
//! columns (Arellano-Valle et al. 2013; Czyż et al. 2023, eq. 4): dependent even where the Gaussians are not.

use rand_distr::{ChiSquared, Distribution};
use statrs::function::gamma::{digamma, ln_gamma};

use super::Problem;
use super::gaussian::{correlated, correlation};

/// The problems.
pub fn problems() -> Vec<Problem> {
    vec![student(1, 1, 0.0), student(1, 1, 0.5), student(1, 3, 0.5), student(2, 5, 1.0), student(5, 2, 1.0)]
}

/// So many columns a side, ν degrees of freedom, so many bits in the Gaussians.
fn student(columns: usize, nu: u32, bits: f64) -> Problem {
    let (d, nu_f) = (columns as f64, f64::from(nu));
    let f = |x: f64| ln_gamma(x / 2.0) - x / 2.0 * digamma(x / 2.0);
    let more = (f(nu_f) + f(nu_f + 2.0 * d) - 2.0 * f(nu_f + d)) / std::f64::consts::LN_2;
    let rho = correlation(bits, columns);
    let name = format!("Student-t {columns} + {columns}, ν = {nu}, ρ = {rho:.2}");
    Problem::new("Student-t", name, bits + more, move |n, rng| {
        let (mut a, mut b) = correlated(n, columns, columns, rho, rng);
        let chi_squared = ChiSquared::new(nu_f).expect("degrees of freedom are above 0");
        for (mut a, mut b) in a.outer_iter_mut().zip(b.outer_iter_mut()) {
            let factor = (nu_f / chi_squared.sample(rng)).sqrt();
            a *= factor;
            b *= factor;
        }
        (a, b)
    })
}
