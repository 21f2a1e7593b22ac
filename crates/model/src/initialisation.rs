//! Initial weights. Biases start at 0.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal, Uniform};
use serde::{Deserialize, Serialize};

/// How the weights W [fan_in × fan_out] of a layer are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Initialisation {
    /// Normal of standard deviation 1/√fan_in, redrawn beyond two standard deviations: the paper's public code.
    TruncatedNormal,
    /// Uniform on ±√(6/(fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16).
    Xavier,
    /// Normal of standard deviation √(2/fan_in) (He et al. 2015, eq. 10).
    He,
}

impl Initialisation {
    /// Appends the weights of one layer, row by row.
    pub fn draw<R: Rng>(self, fan_in: usize, fan_out: usize, rng: &mut R, weights: &mut Vec<f32>) {
        let count = fan_in * fan_out;
        let (inputs, outputs) = (fan_in as f64, fan_out as f64);
        weights.extend((0..count).map(|_| {
            let weight = match self {
                Self::TruncatedNormal => {
                    let mut normal: f64 = StandardNormal.sample(rng);
                    while normal.abs() > 2.0 {
                        normal = StandardNormal.sample(rng);
                    }
                    normal / inputs.sqrt()
                }
                Self::Xavier => {
                    let limit = (6.0 / (inputs + outputs)).sqrt();
                    Uniform::new_inclusive(-1.0, 1.0).map_or(0.0, |uniform| uniform.sample(rng)) * limit
                }
                Self::He => {
                    let normal: f64 = StandardNormal.sample(rng);
                    normal * (2.0 / inputs).sqrt()
                }
            };
            weight as f32
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    #[test]
    fn standard_deviations_are_as_published() {
        // A normal cut at two standard deviations has 0.8796 of its standard deviation left; a uniform ±a has a/√3.
        let expected = |init: Initialisation| match init {
            Initialisation::TruncatedNormal => 0.879_626 / 200_f64.sqrt(),
            Initialisation::Xavier => (6.0_f64 / 300.0).sqrt() / 3_f64.sqrt(),
            Initialisation::He => (2.0_f64 / 200.0).sqrt(),
        };
        for init in [Initialisation::TruncatedNormal, Initialisation::Xavier, Initialisation::He] {
            let mut weights = Vec::new();
            init.draw(200, 100, &mut stream(1, Purpose::Weights), &mut weights);
            let n = weights.len() as f64;
            let mean = weights.iter().map(|&w| f64::from(w)).sum::<f64>() / n;
            let sd = (weights.iter().map(|&w| (f64::from(w) - mean).powi(2)).sum::<f64>() / n).sqrt();
            assert!((sd / expected(init) - 1.0).abs() < 0.02, "{init:?}: {sd} instead of {}", expected(init));
            assert!(mean.abs() < 4.0 * sd / n.sqrt());
        }
    }
}
