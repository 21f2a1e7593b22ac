//! How weights move after the transition, read from `displacement.csv`; how alike the networks end, and how the entropy of
//! their weights grows, from `weights.csv`.
//!
//! A random walk (Wiener process) has ⟨‖W(t₀+Δ) − W(t₀)‖²⟩ ∝ Δ^α with α = 1, straight motion α = 2, motion that comes to rest
//! α → 0; diffusion in a rough landscape grows with log Δ. α is the slope of log squared displacement against log Δ, of each
//! network and layer; the share of networks that a log Δ law fits better than a power law stands beside it.
//!
//! Successive moves of a random walk are uncorrelated, so the cosine between them is 0 on average; of steady motion it is 1. Full batch has no
//! noise to walk by, and no transition: it is the control, from a tenth of training on.
//!
//! The paper (§3.4): diffusion maximises the entropy of the weights under the training error. The joint density of a layer's
//! weights over initialisations, samples and shuffles cannot be had from a dozen networks; what can is the entropy of each
//! weight over networks as if Gaussian ([`gaussian_entropy`]), on average over the layer's weights, in bits a weight: an
//! **upper bound** on the joint entropy per weight (the Gaussian has the most entropy of its variance; dependence only takes
//! away), exact if the weights are Gaussian and independent. Its gain from the start to the transition (drift) and from the
//! transition to the end (diffusion), over the networks whose layer has a transition, has intervals over networks.

use std::collections::{BTreeMap, HashSet};

use infoplane_info::scaling::{line, line_error};
use infoplane_info::statistics::{Interval, bootstrap, gaussian_entropy};
use infoplane_model::random::{Purpose, stream};
use serde::{Deserialize, Serialize};

use super::causes::mean;
use crate::drawing::distinct;
use crate::rows::{DisplacementRow, WeightMoment, WeightRow, table};
use crate::verdict::intervals::{LEVEL, RESAMPLES, interval};

/// Fewest recorded epochs that make a slope.
const LEAST_POINTS: usize = 5;

/// One layer of a condition: a row of `diffusion.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct DiffusionRow {
    pub condition: String,
    pub activation: String,
    pub layer: usize,
    pub replicas: usize,
    pub exponent: f64,
    pub exponent_lower: Option<f64>,
    pub exponent_upper: Option<f64>,
    pub share_log_time: f64,
    pub has_transition: bool,
    pub increment_cosine: Option<f64>,
    pub increment_cosine_lower: Option<f64>,
    pub increment_cosine_upper: Option<f64>,
    pub weight_correlation: Option<f64>,
    pub weight_correlation_lower: Option<f64>,
    pub weight_correlation_upper: Option<f64>,
    pub weight_entropy_bits: Option<f64>,
    pub drift_entropy_gain_bits: Option<f64>,
    pub drift_entropy_gain_bits_lower: Option<f64>,
    pub drift_entropy_gain_bits_upper: Option<f64>,
    pub diffusion_entropy_gain_bits: Option<f64>,
    pub diffusion_entropy_gain_bits_lower: Option<f64>,
    pub diffusion_entropy_gain_bits_upper: Option<f64>,
}

table!(DiffusionRow = "diffusion.csv");

/// One layer's moves in one network.
#[derive(Debug, Default)]
struct Moves {
    /// log time since the transition, and squared displacement.
    path: Vec<(f64, f64)>,
    /// Cosines of moves that follow each other.
    cosines: Vec<f64>,
}

/// How the weights of a condition's hidden layers move and end: a value of each network, mean over its layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Wandering {
    /// Name of the condition.
    pub condition: String,
    /// Whether any layer has a transition; if none has, moves are since a tenth of training.
    pub has_transition: bool,
    /// Exponents of squared displacement.
    pub exponents: Vec<f64>,
    /// Cosines of successive moves.
    pub cosines: Vec<f64>,
    /// Correlations with other networks' weights.
    pub correlations: Vec<f64>,
}

/// Of each condition, in the order of first appearance.
pub fn wanderings(displacements: &[DisplacementRow], weights: &[WeightRow]) -> Vec<Wandering> {
    let conditions = distinct(displacements.iter().map(|row| row.condition.as_str()));
    let of_condition = |condition: &str| {
        let of =
            || displacements.iter().filter(move |row| row.condition == condition && row.squared_displacement > 0.0);
        let output = of().map(|row| row.layer).max().unwrap_or(0);
        let has_transition = of().any(|row| row.has_transition);
        let mut moves: BTreeMap<(usize, usize), Moves> = BTreeMap::new();
        for row in of().filter(|row| row.layer < output && row.has_transition == has_transition) {
            moves.entry((row.replica, row.layer)).or_default().push(row);
        }
        moves.retain(|_, moves| moves.path.len() >= LEAST_POINTS);
        let over_layers = |value: &dyn Fn(&Moves) -> Option<f64>| -> Vec<f64> {
            let mut of_network: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
            moves.iter().for_each(|((replica, _), of)| of_network.entry(*replica).or_default().extend(value(of)));
            of_network.values().filter_map(|values| mean(values)).collect()
        };
        let activation = of().map(|row| row.activation.as_str()).next().unwrap_or_default();
        let ends: Vec<Vec<f64>> = (1..output)
            .map(|layer| correlations(&layers_of(weights, condition, activation, layer).moment(WeightMoment::End)))
            .collect();
        let networks = ends.iter().map(Vec::len).min().unwrap_or(0);
        Wandering {
            condition: condition.to_owned(),
            has_transition,
            exponents: over_layers(&|of| Some(of.exponent())),
            cosines: over_layers(&|of| mean(&of.cosines)),
            correlations: (0..networks)
                .filter_map(|k| mean(&ends.iter().map(|of| of[k]).collect::<Vec<_>>()))
                .collect(),
        }
    };
    conditions.into_iter().map(of_condition).collect()
}

impl Moves {
    fn push(&mut self, row: &DisplacementRow) {
        let since = (row.epoch - row.since_epoch) as f64;
        self.path.push((since.ln(), row.squared_displacement));
        self.cosines.extend(row.increment_cosine);
    }

    /// The slope of log squared displacement against log time.
    fn exponent(&self) -> f64 {
        line(&self.path.iter().map(|(log_t, d)| (*log_t, d.ln())).collect::<Vec<_>>()).0
    }
}

/// Exponents of every condition and layer, with 95 % intervals over networks: of those that have a transition, or, if none has, of all,
/// since a tenth of training.
pub fn rows(displacements: &[DisplacementRow], weights: &[WeightRow]) -> Vec<DiffusionRow> {
    type Key<'a> = (&'a str, &'a str, usize);
    let with: HashSet<Key> = displacements.iter().filter(|row| row.has_transition).map(of).collect();
    let mut order: Vec<Key> = Vec::new();
    let mut moves: BTreeMap<Key, BTreeMap<usize, Moves>> = BTreeMap::new();
    for row in displacements.iter().filter(|row| row.squared_displacement > 0.0) {
        let key = of(row);
        if row.has_transition != with.contains(&key) {
            continue;
        }
        let of_layer = moves.entry(key).or_insert_with(|| {
            order.push(key);
            BTreeMap::new()
        });
        of_layer.entry(row.replica).or_default().push(row);
    }
    let mut rows = Vec::new();
    for key in order {
        let networks: Vec<&Moves> = moves[&key].values().filter(|moves| moves.path.len() >= LEAST_POINTS).collect();
        if networks.is_empty() {
            continue;
        }
        let exponents: Vec<f64> = networks.iter().map(|of| of.exponent()).collect();
        let cosines: Vec<f64> = networks.iter().filter_map(|of| mean(&of.cosines)).collect();
        let log_time = networks.iter().filter(|of| fits_log_time_better(&of.path)).count();
        let exponent = interval(&exponents);
        let cosine = (!cosines.is_empty()).then(|| interval(&cosines));
        let (condition, activation, layer) = key;
        let layers = layers_of(weights, condition, activation, layer);
        let end = layers.moment(WeightMoment::End);
        let correlations = correlations(&end);
        let correlation = (!correlations.is_empty()).then(|| interval(&correlations));
        let drift = layers.gain(WeightMoment::Start, WeightMoment::Transition);
        let diffusion = layers.gain(WeightMoment::Transition, WeightMoment::End);
        rows.push(DiffusionRow {
            condition: condition.to_owned(),
            activation: activation.to_owned(),
            layer,
            replicas: networks.len(),
            exponent: exponent.mean,
            exponent_lower: exponent.lower,
            exponent_upper: exponent.upper,
            share_log_time: log_time as f64 / networks.len() as f64,
            has_transition: with.contains(&key),
            increment_cosine: cosine.map(|i| i.mean),
            increment_cosine_lower: cosine.and_then(|i| i.lower),
            increment_cosine_upper: cosine.and_then(|i| i.upper),
            weight_correlation: correlation.map(|i| i.mean),
            weight_correlation_lower: correlation.and_then(|i| i.lower),
            weight_correlation_upper: correlation.and_then(|i| i.upper),
            weight_entropy_bits: entropy(&end.iter().collect::<Vec<_>>()),
            drift_entropy_gain_bits: drift.map(|gain| gain.mean),
            drift_entropy_gain_bits_lower: drift.and_then(|gain| gain.lower),
            drift_entropy_gain_bits_upper: drift.and_then(|gain| gain.upper),
            diffusion_entropy_gain_bits: diffusion.map(|gain| gain.mean),
            diffusion_entropy_gain_bits_lower: diffusion.and_then(|gain| gain.lower),
            diffusion_entropy_gain_bits_upper: diffusion.and_then(|gain| gain.upper),
        });
    }
    rows
}

fn of(row: &DisplacementRow) -> (&str, &str, usize) {
    (&row.condition, &row.activation, row.layer)
}

/// Whether D = a + b·log Δ leaves a smaller squared error, on D itself, than the power law fitted on logarithms.
fn fits_log_time_better(path: &[(f64, f64)]) -> bool {
    let logs: Vec<(f64, f64)> = path.iter().map(|(log_t, d)| (*log_t, d.ln())).collect();
    let (slope, intercept) = line(&logs);
    let power: f64 = path.iter().map(|(log_t, d)| (d - (intercept + slope * log_t).exp()).powi(2)).sum();
    line_error(path) < power
}

/// A layer's weights, network by network, at each moment they were looked at.
struct LayerWeights(BTreeMap<usize, BTreeMap<WeightMoment, Vec<f64>>>);

fn layers_of(weights: &[WeightRow], condition: &str, activation: &str, layer: usize) -> LayerWeights {
    let mut networks: BTreeMap<usize, BTreeMap<WeightMoment, Vec<f64>>> = BTreeMap::new();
    for row in weights.iter().filter(|w| w.condition == condition && w.activation == activation && w.layer == layer) {
        networks.entry(row.replica).or_default().entry(row.moment).or_default().push(f64::from(row.weight));
    }
    LayerWeights(networks)
}

impl LayerWeights {
    /// Every network's weights at a moment.
    fn moment(&self, moment: WeightMoment) -> Vec<Vec<f64>> {
        self.0.values().filter_map(|network| network.get(&moment).cloned()).collect()
    }

    /// Entropy per weight gained between two moments, over the networks that have a transition.
    fn gain(&self, from: WeightMoment, to: WeightMoment) -> Option<Interval> {
        let with_transition = self.0.values().filter(|network| network.contains_key(&WeightMoment::Transition));
        let (before, after): (Vec<&Vec<f64>>, Vec<&Vec<f64>>) =
            with_transition.filter_map(|network| Some((network.get(&from)?, network.get(&to)?))).unzip();
        let of =
            |networks: &[&Vec<f64>], drawn: &[usize]| entropy(&drawn.iter().map(|&r| networks[r]).collect::<Vec<_>>());
        let gain = |drawn: &[usize]| Some(of(&after, drawn)? - of(&before, drawn)?);
        // Resampling repeats networks, which lowers both entropies alike: the gain stays in its place.
        gain(&(0..before.len()).collect::<Vec<_>>())?;
        let statistic = |drawn: &[usize]| gain(drawn).unwrap_or(f64::NAN);
        Some(bootstrap(before.len(), RESAMPLES, LEVEL, &mut stream(0, Purpose::Bootstrap), statistic))
    }
}

/// Gaussian entropy of each weight over networks, on average over the weights.
fn entropy(networks: &[&Vec<f64>]) -> Option<f64> {
    let weights = networks.first()?.len();
    let bits: Option<Vec<f64>> = (0..weights)
        .map(|w| gaussian_entropy(&networks.iter().map(|network| network[w]).collect::<Vec<_>>()))
        .collect();
    bits.map(|bits| bits.iter().sum::<f64>() / weights as f64)
}

/// Mean Pearson correlation of each network's weights with those of every other.
fn correlations(networks: &[Vec<f64>]) -> Vec<f64> {
    let with_others = |k: usize| {
        let others = networks.iter().enumerate().filter(|(other, _)| *other != k);
        let correlations: Vec<f64> = others.filter_map(|(_, other)| pearson(&networks[k], other)).collect();
        mean(&correlations)
    };
    (0..networks.len()).filter_map(with_others).collect()
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
    use rand_distr::{Distribution, StandardNormal};

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
                has_transition: true,
                squared_displacement: law(since as f64),
                increment_cosine: None,
            })
            .collect();
        super::rows(&rows, &[]).remove(0)
    }

    #[test]
    fn weights_that_spread_to_twice_their_width_gain_a_bit_each() {
        let weights: Vec<WeightRow> = (0..40)
            .flat_map(|replica| {
                let mut rng = stream(replica, Purpose::Noise);
                let drawn: Vec<f64> = (0..30).map(|_| StandardNormal.sample(&mut rng)).collect();
                let moments = [(WeightMoment::Start, 0.5), (WeightMoment::Transition, 0.5), (WeightMoment::End, 1.0)];
                moments.into_iter().flat_map(move |(moment, width)| {
                    let row = move |(index, z): (usize, f64)| WeightRow {
                        condition: "c".into(),
                        activation: "tanh".into(),
                        train_fraction: 0.5,
                        replica: replica as usize,
                        layer: 1,
                        moment,
                        index,
                        weight: (width * z) as f32,
                    };
                    drawn.clone().into_iter().enumerate().map(row)
                })
            })
            .collect();
        let layers = layers_of(&weights, "c", "tanh", 1);
        let gain = |from, to| layers.gain(from, to).unwrap();
        let diffusion = gain(WeightMoment::Transition, WeightMoment::End);
        approx::assert_abs_diff_eq!(diffusion.mean, 1.0, epsilon = 1e-6);
        approx::assert_abs_diff_eq!(diffusion.lower.unwrap(), 1.0, epsilon = 1e-6);
        assert_eq!(gain(WeightMoment::Start, WeightMoment::Transition).mean, 0.0);
        let end = layers.moment(WeightMoment::End);
        // ½ log₂(2πe) bits each, to within the error of 30 estimates from 40 draws.
        approx::assert_abs_diff_eq!(entropy(&end.iter().collect::<Vec<_>>()).unwrap(), 2.047, epsilon = 0.1);
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
