//! Heavy tails: multivariate Student-t with ν degrees of freedom, made of correlated Gaussians divided by one common χ².
//!
//! I is that of the Gaussians plus f(ν) + f(ν + m + n) − f(ν + m) − f(ν + n) nats, f(x) = ln Γ(x/2) − (x/2) ψ(x/2), for m and n
//! columns (Arellano-Valle et al. 2013; Czyż et al. 2023, eq. 4): dependent even where the Gaussians are not.

use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand_distr::{ChiSquared, Distribution};
use statrs::function::gamma::{digamma, ln_gamma};

use super::Problem;
use super::gaussian::{correlated, correlation};

/// The problems.
pub fn problems() -> Vec<Problem> {
    let asinh = |t: Array2<f64>| t.mapv(f64::asinh);
    vec![
        student("", 1, 1, 0.0, |t| t),
        student("", 1, 1, 0.5, |t| t),
        student("", 1, 3, 0.5, |t| t),
        student("", 2, 5, 1.0, |t| t).representative(),
        student("", 5, 2, 1.0, |t| t),
        student("asinh of ", 1, 1, 0.5, asinh),
        student("asinh of ", 3, 2, 1.0, asinh),
    ]
}

/// So many columns a side, ν degrees of freedom, so many bits in the Gaussians; and a distortion.
fn student(prefix: &str, columns: usize, nu: u32, bits: f64, of: fn(Array2<f64>) -> Array2<f64>) -> Problem {
    let (d, nu_f) = (columns as f64, f64::from(nu));
    let f = |x: f64| ln_gamma(x / 2.0) - x / 2.0 * digamma(x / 2.0);
    let more = (f(nu_f) + f(nu_f + 2.0 * d) - 2.0 * f(nu_f + d)) / std::f64::consts::LN_2;
    let rho = correlation(bits, columns);
    let name = format!("{prefix}Student-t {columns} + {columns}, ν = {nu}, ρ = {rho:.2}");
    Problem::new("Student-t", name, bits + more, move |n, rng: &mut ChaCha8Rng| {
        let (mut a, mut b) = correlated(n, columns, columns, rho, rng);
        let chi_squared = ChiSquared::new(nu_f).expect("degrees of freedom are above 0");
        for (mut a, mut b) in a.outer_iter_mut().zip(b.outer_iter_mut()) {
            let factor = (nu_f / chi_squared.sample(rng)).sqrt();
            a *= factor;
            b *= factor;
        }
        (of(a), of(b))
    })
}
