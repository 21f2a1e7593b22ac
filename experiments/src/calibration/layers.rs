//! What layers are made of, on a continuous X: a linear layer with noise, a saturating one, its bins, and one without noise.

use ndarray::Array2;
use statrs::distribution::{ContinuousCDF, Normal};

use super::gaussian::normal;
use super::{Kind, Noise, Problem, entropy_by_quadrature, gaussian_entropy};

/// The problems.
pub fn problems() -> Vec<Problem> {
    vec![
        linear(10, 5, 0.5).representative(),
        tanh("tanh layer, 3 units, noise before", 3, 0.5),
        tanh_in_noise(2.0, 0.5),
        tanh_in_bins(0.5),
        tanh_in_bins(2.0).representative(),
        tanh_in_bins(10.0),
        Problem::new("deterministic", "tanh unit, no noise", f64::INFINITY, |n, rng| {
            let a = normal(n, 1, rng);
            let b = a.mapv(|v| (2.0 * v).tanh());
            (a, b)
        })
        .representative(),
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
        let t = x.dot(&orthonormal_columns(inputs, units));
        (x, t)
    })
    .with_noise(Noise::Gaussian(sigma))
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

/// T = tanh(wx) + σ·noise: I = h(T) − h(noise), p(T) and h(T) by quadrature.
fn tanh_in_noise(w: f64, sigma: f64) -> Problem {
    let peak = (2.0 * std::f64::consts::PI).sqrt().recip();
    let nodes: Vec<(f64, f64)> = (-200..=200)
        .map(|i| f64::from(i) * 0.05)
        .map(|x| ((w * x).tanh(), 0.05 * peak * (-0.5 * x * x).exp()))
        .collect();
    let density = |t: f64| -> f64 {
        nodes.iter().map(|(mean, p)| p * peak / sigma * (-0.5 * ((t - mean) / sigma).powi(2)).exp()).sum()
    };
    let reach = 1.0 + 12.0 * sigma;
    let truth = entropy_by_quadrature(-reach, reach, density) - gaussian_entropy(sigma);
    Problem::new("layer", format!("tanh unit, noise after, σ = {sigma}"), truth, move |n, rng| {
        let x = normal(n, 1, rng);
        let t = x.mapv(|x| (w * x).tanh());
        (x, t)
    })
    .with_noise(Noise::Gaussian(sigma))
}

/// B is the bin, of 30 on [−1, 1], of tanh(wx): I = H(B), from Φ at the edges.
fn tanh_in_bins(w: f64) -> Problem {
    const BINS: i32 = 30;
    let normal_law = Normal::standard();
    let below = |edge: i32| normal_law.cdf((2.0 * f64::from(edge) / f64::from(BINS) - 1.0).atanh() / w);
    let p = (0..BINS).map(|bin| below(bin + 1) - below(bin));
    let truth = p.filter(|&p| p > 0.0).map(|p| -p * p.log2()).sum();
    Problem::new("binned unit", format!("bin of a tanh unit, w = {w}"), truth, move |n, rng| {
        let x = normal(n, 1, rng);
        let bin = x.mapv(|x| (f64::midpoint((w * x).tanh(), 1.0) * f64::from(BINS)).floor().min(f64::from(BINS - 1)));
        (x, bin)
    })
    .of_kind(Kind::Mixed)
}

/// The first columns of the reflection I − 2uuᵀ/u·u with u = (1, 2, …): orthonormal, and dense.
fn orthonormal_columns(inputs: usize, units: usize) -> Array2<f64> {
    let square: f64 = (1..=inputs).map(|i| (i * i) as f64).sum();
    Array2::from_shape_fn((inputs, units), |(i, j)| {
        f64::from(u8::from(i == j)) - 2.0 * ((i + 1) * (j + 1)) as f64 / square
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_of_a_unit_have_the_entropies_computed_elsewhere() {
        // By scipy, 31 edges on [−1, 1].
        for (w, entropy) in [(0.5, 4.631195), (1.0, 4.877066), (2.0, 4.157342), (10.0, 2.044173), (100.0, 1.150617)] {
            approx::assert_abs_diff_eq!(tanh_in_bins(w).truth_bits, entropy, epsilon = 1e-5);
        }
    }
}
