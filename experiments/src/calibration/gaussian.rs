//! Gaussian variables: several strengths, 1 to 50 columns a side, dense and sparse; and independent ones.
//!
//! I = −½ Σ_i log₂(1 − ρ_i²) over canonical correlations ρ_i.

use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::Problem;

/// The problems.
pub fn problems() -> Vec<Problem> {
    let mut problems = vec![independent(1), independent(5).representative(), independent(25)];
    problems.extend([0.2, 1.0, 4.0].map(|bits| pairs(1, 1, bits)));
    problems.push(pairs(2, 2, 2.0));
    problems.push(pairs(5, 5, 2.0).representative());
    problems.extend([10, 25, 50].map(|columns| pairs(columns, columns, 2.0)));
    problems.extend([5, 25].map(|columns| pairs(columns, 2, 2.0)));
    problems.extend([3, 10].map(dense));
    problems
}

/// Standard normal numbers, [n × columns].
pub(super) fn normal(n: usize, columns: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, columns), || StandardNormal.sample(rng))
}

/// Columns of B correlated with those of A by ρ, as far as `active`; the others not at all.
pub(super) fn correlated(
    n: usize,
    columns: usize,
    active: usize,
    rho: f64,
    rng: &mut ChaCha8Rng,
) -> (Array2<f64>, Array2<f64>) {
    let a = normal(n, columns, rng);
    let mut b = normal(n, columns, rng);
    for column in 0..active {
        let mixed = &a.column(column) * rho + &b.column(column) * (1.0 - rho * rho).sqrt();
        b.column_mut(column).assign(&mixed);
    }
    (a, b)
}

/// The correlation with which so many pairs of columns have so many bits together.
pub(super) fn correlation(bits: f64, pairs: usize) -> f64 {
    (1.0 - (-2.0 * bits / pairs as f64).exp2()).sqrt()
}

fn independent(columns: usize) -> Problem {
    Problem::new("independent", format!("independent, {columns} + {columns}"), 0.0, move |n, rng| {
        (normal(n, columns, rng), normal(n, columns, rng))
    })
}

fn pairs(columns: usize, active: usize, bits: f64) -> Problem {
    let name = if active < columns {
        format!("Gaussian {columns} + {columns}, {active} pairs, {bits} bits")
    } else {
        format!("Gaussian {columns} + {columns}, {bits} bits")
    };
    let rho = correlation(bits, active);
    Problem::new("Gaussian", name, bits, move |n, rng| correlated(n, columns, active, rho, rng))
}

/// Dense: every two columns correlated by ½, through one factor with half their variance. The column means are sufficient, with
/// squared correlation (λ/(λ + (1 − λ)/d))² at λ = ½.
fn dense(columns: usize) -> Problem {
    let d = columns as f64;
    let rho = 0.5 / (0.5 + 0.5 / d);
    let truth = -0.5 * (1.0 - rho * rho).log2();
    Problem::new("Gaussian", format!("Gaussian {columns} + {columns}, dense"), truth, move |n, rng| {
        let factor = normal(n, 1, rng);
        let side = |rng: &mut ChaCha8Rng| (normal(n, columns, rng) + &factor) * 0.5_f64.sqrt();
        (side(rng), side(rng))
    })
}
