//! Two samples as people bring them: in unlike units, rounded, cut off at 0.
//!
//! Rounded Gaussians: a sum over pairs of steps, each probability an integral over the one of the other's; cut off: with p(b|a) known,
//! I = h(B) − E h(B|a) with the atom at 0 as one symbol.

use ndarray::{Array2, Axis};
use statrs::distribution::{ContinuousCDF, Normal};

use super::gaussian::{correlated, correlation};
use super::{Kind, Problem, entropy_by_quadrature};

/// The problems.
pub fn problems() -> Vec<Problem> {
    let mut problems = vec![units(1, 1.2, 1e3).representative(), units(1, 1.2, 1e9), units(3, 2.0, 1e4)];
    problems.push(rounded(0.8, 1.0));
    problems.push(rounded(0.8, 0.1).representative());
    problems.push(rounded(0.95, 0.25));
    problems.push(cut(0.6));
    problems.push(cut(0.9));
    problems
}

/// One side's columns in other units, each by a power of the factor.
fn units(columns: usize, bits: f64, factor: f64) -> Problem {
    let rho = correlation(bits, columns);
    let name = format!("Gaussian {columns} + {columns}, {bits} bits, units {factor:e} apart");
    Problem::new("unlike units", name, bits, move |n, rng| {
        let (a, mut b) = correlated(n, columns, columns, rho, rng);
        for (at, mut column) in b.axis_iter_mut(Axis(1)).enumerate() {
            column *= factor.powi([1, -1, 0][at % 3]);
        }
        (a, b)
    })
}

/// Both sides to multiples of a step.
fn rounded(rho: f64, step: f64) -> Problem {
    const NODES: i32 = 24;
    let (law, width) = (Normal::standard(), step / f64::from(NODES));
    let most = (7.0 / step).ceil() as i32;
    let noise = (1.0 - rho * rho).sqrt();
    let peak = (2.0 * std::f64::consts::PI).sqrt().recip();
    let size = (2 * most + 1) as usize;
    let mut joint: Array2<f64> = Array2::zeros((size, size));
    for i in -most..=most {
        for node in 0..NODES {
            let a = step * (f64::from(i) - 0.5) + width * (f64::from(node) + 0.5);
            let p = width * peak * (-0.5 * a * a).exp();
            let below = |edge: f64| law.cdf((edge - rho * a) / noise);
            for j in -most..=most {
                let share = below(step * (f64::from(j) + 0.5)) - below(step * (f64::from(j) - 0.5));
                joint[[(i + most) as usize, (j + most) as usize]] += p * share;
            }
        }
    }
    let h = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    let of = |axis: usize| joint.sum_axis(Axis(axis)).iter().map(|&p| h(p)).sum::<f64>();
    let truth = of(0) + of(1) - joint.iter().map(|&p| h(p)).sum::<f64>();
    Problem::new("rounded pair", format!("Gaussian 1 + 1, ρ = {rho}, rounded to {step}"), truth, move |n, rng| {
        let (a, b) = correlated(n, 1, 1, rho, rng);
        (a.mapv(|v| (v / step).round() * step), b.mapv(|v| (v / step).round() * step))
    })
    .of_kind(Kind::Lattice)
}

/// The second side cut off at 0.
fn cut(rho: f64) -> Problem {
    let law = Normal::standard();
    let noise = (1.0 - rho * rho).sqrt();
    let peak = (2.0 * std::f64::consts::PI).sqrt().recip();
    let h = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    let of = |mean: f64, sd: f64| {
        let density = |b: f64| peak / sd * (-0.5 * ((b - mean) / sd).powi(2)).exp();
        h(law.cdf(-mean / sd)) + entropy_by_quadrature(0.0, (mean + 10.0 * sd).max(0.1), density)
    };
    let step = 0.02;
    let given: f64 = (-400..=400)
        .map(|i| f64::from(i) * step)
        .map(|a| step * peak * (-0.5 * a * a).exp() * of(rho * a, noise))
        .sum();
    let truth = of(0.0, 1.0) - given;
    Problem::new("cut off", format!("Gaussian 1 + 1, ρ = {rho}, one side cut off at 0"), truth, move |n, rng| {
        let (a, b) = correlated(n, 1, 1, rho, rng);
        (a, b.mapv(|v| v.max(0.0)))
    })
    .of_kind(Kind::Lattice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fine_steps_cost_nothing_and_a_cut_less_than_half() {
        let whole = -0.5 * (1.0 - 0.64_f64).log2();
        approx::assert_abs_diff_eq!(rounded(0.8, 0.1).truth_bits, whole, epsilon = 4e-3);
        assert!(rounded(0.8, 1.0).truth_bits < 0.9 * whole);
        let cut = cut(0.8).truth_bits;
        assert!(cut < whole && cut > 0.5 * whole, "{cut}");
    }
}
