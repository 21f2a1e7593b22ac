//! Layers over all of a finite X, as the questions measure them: 2¹² patterns, each as likely, two units that are functions of
//! how many of six inputs each are on. Everything is known in closed form: a unit takes seven values with binomial shares.
//!
//! - far apart: tanh(½(k − 3)), unsaturated: I(X;T) = 2 H(Bin(6, ½)), whatever is narrower than the gaps;
//! - saturated: tanh(4(k − 3)): the same truth, but three values on either side nearer than any bin;
//! - rounded inside to 2⁴ levels, of the saturated one: what the rounding leaves of it;
//! - Gaussian noise inside: h(mixture of seven Gaussians) − h(noise) per unit, by quadrature;
//! - uniform noise as wide as a bin, then the bin: H(bin) − H(bin|k) per unit.
//!
//! Y is whether more than half of the twelve are on: a function of X, and of T where T keeps both counts.

use infoplane_info::JointDistribution;
use ndarray::Array2;

use super::{Noise, Problem, Quantity, entropy_by_quadrature, gaussian_entropy};

/// Patterns.
pub const PATTERNS: usize = 1 << 12;
/// Inputs of a unit.
const INPUTS: u32 = 6;

/// A unit's value when so many of its inputs are on.
type Unit = fn(u32) -> f64;

/// The problems.
pub fn problems() -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, unit) in [("far apart", far as Unit), ("saturated", saturated), ("rounded to 4 bits", rounded)] {
        let of_input = 2.0 * entropy(&values(unit));
        problems.push(Problem::layer(format!("X and T, {name}"), of_input, Quantity::OfInput, move || layer(unit)));
        let of_label = with_label(unit);
        problems.push(Problem::layer(format!("T and Y, {name}"), of_label, Quantity::OfLabel, move || layer(unit)));
    }
    for (name, noise, of_unit) in [
        ("X and T, Gaussian noise inside, σ = 0.1", Noise::Gaussian(0.1), in_gaussian_noise(0.1)),
        ("X and T, uniform noise inside, w = 0.35", Noise::Uniform(0.35), in_uniform_noise(0.35)),
    ] {
        problems.push(Problem::layer(name, 2.0 * of_unit, Quantity::OfInput, || layer(far)).with_noise(noise));
    }
    problems
}

fn far(on: u32) -> f64 {
    (0.5 * (f64::from(on) - 3.0)).tanh()
}

fn saturated(on: u32) -> f64 {
    (4.0 * (f64::from(on) - 3.0)).tanh()
}

/// To 16 levels between the least and the greatest value.
fn rounded(on: u32) -> f64 {
    (saturated(on) / saturated(6) * 7.5 + 7.5).round()
}

/// All patterns through two units, [4096 × 2], and their labels.
fn layer(unit: Unit) -> (Array2<f64>, JointDistribution) {
    let on = |pattern: usize, side: u32| (pattern >> (INPUTS * side) & ((1 << INPUTS) - 1)).count_ones();
    let t = Array2::from_shape_fn((PATTERNS, 2), |(pattern, side)| unit(on(pattern, side as u32)));
    let labels: Vec<f64> = (0..PATTERNS).map(|pattern| f64::from(u8::from(pattern.count_ones() > INPUTS))).collect();
    (t, JointDistribution::uniform_binary(&labels).expect("labels of 0 and 1 are a distribution"))
}

/// Binomial shares of 0 to 6 inputs on.
fn shares() -> [f64; 7] {
    [1.0, 6.0, 15.0, 20.0, 15.0, 6.0, 1.0].map(|ways| ways / 64.0)
}

/// The shares of a unit's distinct values.
fn values(unit: Unit) -> Vec<f64> {
    let mut of_value: Vec<(f64, f64)> = Vec::new();
    for (on, share) in shares().into_iter().enumerate() {
        let value = unit(on as u32);
        match of_value.iter_mut().find(|(other, _)| *other == value) {
            Some((_, sum)) => *sum += share,
            None => of_value.push((value, share)),
        }
    }
    of_value.into_iter().map(|(_, share)| share).collect()
}

fn entropy(shares: &[f64]) -> f64 {
    shares.iter().filter(|&&p| p > 0.0).map(|p| -p * p.log2()).sum()
}

/// I(T;Y) = H(Y) − Σ_t p(t) H(Y|t), over the distinct pairs of values.
fn with_label(unit: Unit) -> f64 {
    let mut cells: Vec<((f64, f64), [f64; 2])> = Vec::new();
    let mut of_label = [0.0; 2];
    for (one, p) in shares().into_iter().enumerate() {
        for (other, q) in shares().into_iter().enumerate() {
            let (t, y) = ((unit(one as u32), unit(other as u32)), usize::from(one + other > INPUTS as usize));
            of_label[y] += p * q;
            match cells.iter_mut().find(|(cell, _)| *cell == t) {
                Some((_, shares)) => shares[y] += p * q,
                None => cells.push((t, [f64::from(u8::from(y == 0)) * p * q, f64::from(u8::from(y == 1)) * p * q])),
            }
        }
    }
    let within = |[a, b]: [f64; 2]| (a + b) * entropy(&[a / (a + b), b / (a + b)]);
    entropy(&of_label) - cells.into_iter().map(|(_, shares)| within(shares)).sum::<f64>()
}

/// h(T + noise) − h(noise) of one unit.
fn in_gaussian_noise(sigma: f64) -> f64 {
    let density = |t: f64| -> f64 {
        let kernel = |on: usize| (-0.5 * ((t - far(on as u32)) / sigma).powi(2)).exp();
        let sum: f64 = shares().into_iter().enumerate().map(|(on, p)| p * kernel(on)).sum();
        sum / (sigma * (2.0 * std::f64::consts::PI).sqrt())
    };
    entropy_by_quadrature(-2.5, 2.5, density) - gaussian_entropy(sigma)
}

/// H(bin) − H(bin|k) of one unit: T + U lies in bin ⌊T/w − ½⌋ or the next, with shares linear in T.
fn in_uniform_noise(width: f64) -> f64 {
    let mut bins = std::collections::BTreeMap::new();
    let mut within = 0.0;
    for (on, p) in shares().into_iter().enumerate() {
        let place = far(on as u32) / width - 0.5;
        let above = place - place.floor();
        *bins.entry(place.floor() as i64).or_insert(0.0) += p * (1.0 - above);
        *bins.entry(place.floor() as i64 + 1).or_insert(0.0) += p * above;
        within += p * entropy(&[above, 1.0 - above]);
    }
    entropy(&bins.into_values().collect::<Vec<f64>>()) - within
}
