//! Discrete variables, mixtures of discrete and continuous, and uniform noise.

use ndarray::Array2;
use rand::RngExt;

use super::{Kind, Noise, Problem, entropy_by_quadrature, gaussian_entropy};

/// The problems.
pub fn problems() -> Vec<Problem> {
    vec![
        binary_symmetric(0.1),
        symbols(8, 0.5),
        symbols(64, 0.5).representative(),
        labels_and_uniforms(),
        signs_in_noise(0.5).representative(),
        signs_in_noise(1.0),
        uniform_noise(0.1),
        uniform_noise(0.25).representative(),
        uniform_noise(0.75),
    ]
}

/// Binary symmetric channel: I = 1 − h(δ).
fn binary_symmetric(delta: f64) -> Problem {
    let h = -delta * delta.log2() - (1.0 - delta) * (1.0 - delta).log2();
    Problem::new("discrete", format!("binary symmetric channel, δ = {delta}"), 1.0 - h, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(u8::from(rng.random_bool(0.5))));
        let b = a.mapv(|a| if rng.random_bool(delta) { 1.0 - a } else { a });
        (a, b)
    })
    .of_kind(Kind::Discrete)
}

/// K symbols, equally likely; B is A with probability q, else any: I = log₂ K + c log₂ c + (K − 1) w log₂ w, w = (1 − q)/K,
/// c = q + w. Of 64 symbols most of the 4096 pairs are never seen.
fn symbols(k: u32, kept: f64) -> Problem {
    let wrong = (1.0 - kept) / f64::from(k);
    let right = kept + wrong;
    let truth = f64::from(k).log2() + right * right.log2() + f64::from(k - 1) * wrong * wrong.log2();
    Problem::new("discrete", format!("{k} symbols, {kept} kept"), truth, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..k)));
        let b = a.mapv(|a| if rng.random_bool(kept) { a } else { f64::from(rng.random_range(0..k)) });
        (a, b)
    })
    .of_kind(Kind::Discrete)
}

/// A uniform on {0, …, 4}, B uniform on [A, A + 2]: I = log₂ 5 − 4/5 (Gao et al. 2017).
fn labels_and_uniforms() -> Problem {
    Problem::new("mixture", "label 0…4, uniform on [A, A + 2]", 5_f64.log2() - 0.8, |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || f64::from(rng.random_range(0..5)));
        let b = a.mapv(|a| a + rng.random_range(0.0..2.0));
        (a, b)
    })
    .of_kind(Kind::Mixed)
}

/// A = ±1, B = A + σ·noise, two Gaussians: I = h(B) − h(noise) by quadrature.
fn signs_in_noise(sigma: f64) -> Problem {
    let density = |b: f64| {
        let one = |mean: f64| (-0.5 * ((b - mean) / sigma).powi(2)).exp();
        (one(1.0) + one(-1.0)) / (2.0 * sigma * (2.0 * std::f64::consts::PI).sqrt())
    };
    let reach = 1.0 + 12.0 * sigma;
    let truth = entropy_by_quadrature(-reach, reach, density) - gaussian_entropy(sigma);
    Problem::new("mixture", format!("sign in Gaussian noise, σ = {sigma}"), truth, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || if rng.random_bool(0.5) { 1.0 } else { -1.0 });
        (a.clone(), a)
    })
    .of_kind(Kind::Mixed)
    .with_noise(Noise::Gaussian(sigma))
}

/// A uniform on [0, 1], B = A + uniform on [−ε, ε]: I = ε − ln 2ε nats for ε ≤ ½, 1/4ε beyond (Czyż et al. 2023).
fn uniform_noise(epsilon: f64) -> Problem {
    let nats = if epsilon <= 0.5 { epsilon - (2.0 * epsilon).ln() } else { 0.25 / epsilon };
    let name = format!("uniform in uniform noise, ε = {epsilon}");
    Problem::new("additive noise", name, nats / std::f64::consts::LN_2, move |n, rng| {
        let a = Array2::from_shape_simple_fn((n, 1), || rng.random_range(0.0..1.0));
        let b = a.mapv(|a| a + rng.random_range(-epsilon..epsilon));
        (a, b)
    })
}
