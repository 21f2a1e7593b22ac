//! What layers are made of: a linear layer with noise, a saturating one, and one without any noise.

use ndarray::Array2;

use super::Problem;
use super::gaussian::normal;

/// The problems.
pub fn problems() -> Vec<Problem> {
    vec![
        linear(10, 5, 0.5),
        tanh("tanh layer, 3 units, noise before", 3, 0.5),
        Problem::new("deterministic", "tanh unit, no noise", f64::INFINITY, |n, rng| {
            let a = normal(n, 1, rng);
            let b = a.mapv(|v| (2.0 * v).tanh());
            (a, b)
        }),
        Problem::new("deterministic", "tanh layer 5 → 3, no noise", f64::INFINITY, |n, rng| {
            let a = normal(n, 5, rng);
            let b = a.dot(&orthonormal_columns(5, 3)).mapv(f64::tanh);
            (a, b)
        }),
    ]
}

/// Linear student and teacher: T = XW + σ·noise with orthonormal columns of W and X ~ N(0, I):
/// I = ½ log₂ det(I + WᵀW/σ²) = (units/2) log₂(1 + 1/σ²).
fn linear(inputs: usize, units: usize, sigma: f64) -> Problem {
    let truth = 0.5 * units as f64 * (1.0 + 1.0 / (sigma * sigma)).log2();
    let name = format!("linear layer {inputs} → {units}, σ = {sigma}");
    Problem::new("layer", name, truth, move |n, rng| {
        let x = normal(n, inputs, rng);
        let t = x.dot(&orthonormal_columns(inputs, units)) + normal(n, units, rng) * sigma;
        (x, t)
    })
}

/// T = tanh(2(x + σ·noise)), unit by unit: a homeomorphism of a Gaussian channel.
fn tanh(name: &str, units: usize, sigma: f64) -> Problem {
    let truth = 0.5 * units as f64 * (1.0 + 1.0 / (sigma * sigma)).log2();
    Problem::new("layer", name, truth, move |n, rng| {
        let x = normal(n, units, rng);
        let t = (&x + normal(n, units, rng) * sigma).mapv(|v| (2.0 * v).tanh());
        (x, t)
    })
}

/// The first columns of the reflection I − 2uuᵀ/u·u with u = (1, 2, …): orthonormal, and dense.
fn orthonormal_columns(inputs: usize, units: usize) -> Array2<f64> {
    let square: f64 = (1..=inputs).map(|i| (i * i) as f64).sum();
    Array2::from_shape_fn((inputs, units), |(i, j)| {
        f64::from(u8::from(i == j)) - 2.0 * ((i + 1) * (j + 1)) as f64 / square
    })
}
