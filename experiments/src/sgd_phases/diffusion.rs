//! How weights move after the transition, read from `displacement.csv`, and how alike the networks end, from `weights.csv`.
//!
//! A random walk (Wiener process) has ⟨‖W(t₀+Δ) − W(t₀)‖²⟩ ∝ Δ^α with α = 1, straight motion α = 2, motion that comes to rest
//! α → 0; diffusion in a rough landscape grows with log Δ. α is the slope of log squared displacement against log Δ, of each
//! network and layer; the share of networks that a log Δ law fits better than a power law stands beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{line, line_error};
use crate::rows::{DisplacementRow, WeightRow};
use crate::trajectories::interval;

/// Fewest recorded epochs that make a slope.
const LEAST_POINTS: usize = 5;

/// One layer of a condition: a row of `diffusion.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in the README, as a table
pub struct DiffusionRow {
    pub condition: String,
    pub activation: String,
    pub layer: usize,
    pub replicas: usize,
    pub exponent: f64,
    pub exponent_lower: Option<f64>,
    pub exponent_upper: Option<f64>,
    pub share_log_time: f64,
    pub weight_correlation: Option<f64>,
}

/// Exponents of every condition and layer, with 95 % bootstrap intervals over networks.
pub fn rows(displacements: &[DisplacementRow], weights: &[WeightRow]) -> Vec<DiffusionRow> {
    type Key<'a> = (&'a str, &'a str, usize);
    let mut order: Vec<Key> = Vec::new();
    let mut paths: BTreeMap<Key, BTreeMap<usize, Vec<(f64, f64)>>> = BTreeMap::new();
    for row in displacements.iter().filter(|row| row.squared_displacement > 0.0) {
        let key = (row.condition.as_str(), row.activation.as_str(), row.layer);
        let of_layer = paths.entry(key).or_insert_with(|| {
            order.push(key);
            BTreeMap::new()
        });
        let since = (row.epoch - row.since_epoch) as f64;
        of_layer.entry(row.replica).or_default().push((since.ln(), row.squared_displacement));
    }
    let mut rows = Vec::new();
    for key in order {
        let networks: Vec<&Vec<(f64, f64)>> = paths[&key].values().filter(|path| path.len() >= LEAST_POINTS).collect();
        if networks.is_empty() {
            continue;
        }
        let exponents: Vec<f64> = networks
            .iter()
            .map(|path| line(&path.iter().map(|(log_t, d)| (*log_t, d.ln())).collect::<Vec<_>>()).0)
            .collect();
        let log_time = networks.iter().filter(|path| fits_log_time_better(path)).count();
        let exponent = interval(&exponents);
        let (condition, activation, layer) = key;
        rows.push(DiffusionRow {
            condition: condition.to_owned(),
            activation: activation.to_owned(),
            layer,
            replicas: networks.len(),
            exponent: exponent.mean,
            exponent_lower: exponent.lower,
            exponent_upper: exponent.upper,
            share_log_time: log_time as f64 / networks.len() as f64,
            weight_correlation: correlation_between_networks(weights, condition, activation, layer),
        });
    }
    rows
}

/// Whether D = a + b·log Δ leaves a smaller squared error, on D itself, than the power law fitted on logarithms.
fn fits_log_time_better(path: &[(f64, f64)]) -> bool {
    let logs: Vec<(f64, f64)> = path.iter().map(|(log_t, d)| (*log_t, d.ln())).collect();
    let (slope, intercept) = line(&logs);
    let power: f64 = path.iter().map(|(log_t, d)| (d - (intercept + slope * log_t).exp()).powi(2)).sum();
    line_error(path) < power
}

/// Mean Pearson correlation of a layer's final weights over pairs of networks.
fn correlation_between_networks(weights: &[WeightRow], condition: &str, activation: &str, layer: usize) -> Option<f64> {
    let mut networks: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for row in weights.iter().filter(|w| w.condition == condition && w.activation == activation && w.layer == layer) {
        networks.entry(row.replica).or_default().push(f64::from(row.weight));
    }
    let networks: Vec<Vec<f64>> = networks.into_values().collect();
    let mut correlations = Vec::new();
    for (k, a) in networks.iter().enumerate() {
        correlations.extend(networks[..k].iter().filter_map(|b| pearson(a, b)));
    }
    (!correlations.is_empty()).then(|| correlations.iter().sum::<f64>() / correlations.len() as f64)
}

fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(x, y)| f(x - mean_a, y - mean_b)).sum::<f64>();
    let scale = (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    (scale > 0.0).then(|| sum(&|x, y| x * y) / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(law: impl Fn(f64) -> f64) -> DiffusionRow {
        let rows: Vec<DisplacementRow> = (0..4)
            .flat_map(|replica| (1..30).map(move |k| (replica, 1.4_f64.powi(k).round() as usize)))
            .map(|(replica, since)| DisplacementRow {
                dataset: "d".into(),
                architecture: "a".into(),
                condition: "c".into(),
                activation: "tanh".into(),
                train_fraction: 0.5,
                replica,
                seed: 0,
                epoch: 50 + since,
                layer: 1,
                since_epoch: 50,
                squared_displacement: law(since as f64),
            })
            .collect();
        super::rows(&rows, &[]).remove(0)
    }

    #[test]
    fn a_planted_random_walk_and_a_planted_logarithm_are_told_apart() {
        let walk = planted(|t| 0.3 * t);
        approx::assert_abs_diff_eq!(walk.exponent, 1.0, epsilon = 1e-9);
        assert_eq!((walk.share_log_time, walk.replicas), (0.0, 4));
        let logarithm = planted(|t| 0.1 + t.ln());
        assert!(logarithm.exponent < 0.7 && logarithm.share_log_time == 1.0, "{logarithm:?}");
    }
}
