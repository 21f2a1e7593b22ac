//! Discrete variables, and mixtures of discrete and continuous.

use ndarray::Array2;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::Problem;

/// The problems.
pub fn problems() -> Vec<Problem> {
    vec![binary_symmetric(0.1), labels_and_uniforms(), signs_in_noise(0.5), signs_in_noise(1.0), uniform_noise(0.25)]
}

/// Binary symmetric channel: I = 1 − h(δ).
fn binary_symmetric(delta: f64) -> Problem {
    let h = -delta * delta.log2() - (1.0 - delta) * (1.0 - delta).log2();
    Problem::new("discrete", format!("binary symmetric channel, δ = {delta}"), 1.0 - h, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(u8::from(rng.random_bool(0.5))));
        let b = a.mapv(|a| if rng.random_bool(delta) { 1.0 - a } else { a });
        (a, b)
    })
}

/// A uniform on {0, …, 4}, B uniform on [A, A + 2]: I = log₂ 5 − 4/5 (Gao et al. 2017).
fn labels_and_uniforms() -> Problem {
    Problem::new("mixture", "label 0…4, uniform on [A, A + 2]", 5_f64.log2() - 0.8, |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..5)));
        let b = a.mapv(|a| a + rng.random_range(0.0..2.0));
        (a, b)
    })
}

/// A = ±1, B = A + σ·noise, two Gaussians: I = h(B) − ½ log₂ 2πeσ² by quadrature.
fn signs_in_noise(sigma: f64) -> Problem {
    let density = |b: f64| {
        let one = |mean: f64| (-0.5 * ((b - mean) / sigma).powi(2)).exp();
        (one(1.0) + one(-1.0)) / (2.0 * sigma * (2.0 * std::f64::consts::PI).sqrt())
    };
    // The trapezoidal rule over ±(1 + 12σ): exact to rounding for an analytic density that has died away.
    let (reach, steps) = (1.0 + 12.0 * sigma, 4000);
    let step = 2.0 * reach / f64::from(steps);
    let of = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    let entropy: f64 = (0..=steps).map(|i| step * of(density(-reach + step * f64::from(i)))).sum();
    let truth = entropy - 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * sigma * sigma).log2();
    Problem::new("mixture", format!("sign in Gaussian noise, σ = {sigma}"), truth, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || if rng.random_bool(0.5) { 1.0 } else { -1.0 });
        let b = a.mapv(|a| {
            let noise: f64 = StandardNormal.sample(rng);
            a + sigma * noise
        });
        (a, b)
    })
}

/// A uniform on [0, 1], B = A + uniform on [−ε, ε]: I = ε + ln(1/2ε) nats for ε ≤ ½ (Czyż et al. 2023).
fn uniform_noise(epsilon: f64) -> Problem {
    let truth = (epsilon - (2.0 * epsilon).ln()) / std::f64::consts::LN_2;
    Problem::new("additive noise", format!("uniform in uniform noise, ε = {epsilon}"), truth, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || rng.random_range(0.0..1.0));
        let b = a.mapv(|a| a + rng.random_range(-epsilon..epsilon));
        (a, b)
    })
}
