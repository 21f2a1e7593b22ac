//! RQ1's verdict, on its two halves: are trajectories predictable, and do layers fit and then compress? The rules are fixed
//! before the run. A condition is an activation, a training fraction and an estimator.
//!
//! - Nothing is decided by networks that have not learned: mean final training accuracy below `train_accuracy`.
//! - Trajectories are **predictable** if the lower end of the 95 % interval of their predictability (see [`super::phases`];
//!   hidden layers together) is at least `predictability`; they are not if the upper end is below.
//! - A hidden layer **compresses** if the lower end of the 95 % interval of its cross-fitted compression after the fit is at
//!   least `compression_bits`; it does not if the upper end is below. A condition compresses if more than half of its hidden
//!   layers do; it does not if more than half do not. (The output is left out: nobody disputes that it compresses.)
//! - Over all conditions, each half is supported or refuted if all decided conditions agree; else it **depends on** every
//!   factor for which two conditions that differ in nothing else were decided differently.

use std::fmt;

use anyhow::{Result, ensure};
use infoplane_info::statistics::Interval;
use serde::{Deserialize, Serialize};

use super::phases::{Squares, predictability};
use super::{Trajectory, interval};
use crate::rows::TrainingRow;
use crate::run::Rule;

/// The thresholds of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictRule {
    /// Bits of I(X;T) a layer must lose after its fit.
    pub compression_bits: f64,
    /// Share of a path that the other replicas must foretell.
    pub predictability: f64,
    /// Final training accuracy below which nothing is decided.
    pub train_accuracy: f64,
}

impl Rule for VerdictRule {
    fn check(&self, _conditions: &[String]) -> Result<()> {
        ensure!(
            self.compression_bits.is_finite() && self.compression_bits >= 0.0,
            "verdict.compression_bits = {}: must be a finite number of at least 0",
            self.compression_bits
        );
        for (name, share) in [("predictability", self.predictability), ("train_accuracy", self.train_accuracy)] {
            ensure!((0.0..=1.0).contains(&share), "verdict.{name} = {share}: must lie between 0 and 1");
        }
        Ok(())
    }
}

/// What the rule decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Outcome {
    Supported,
    Refuted,
    Inconclusive,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supported => "supported",
            Self::Refuted => "refuted",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// One condition's verdict: a row of `verdict.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct VerdictRow {
    pub question: String,
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: f64,
    pub estimator: String,
    pub replicas: usize,
    pub train_accuracy: f64,
    pub hidden_layers: usize,
    pub layers_compressing: usize,
    pub layers_not_compressing: usize,
    pub compression_bits: f64,
    pub compression_bits_lower: Option<f64>,
    pub compression_bits_upper: Option<f64>,
    pub predictability: Option<f64>,
    pub predictability_lower: Option<f64>,
    pub predictability_upper: Option<f64>,
    pub predictable: Outcome,
    pub compresses: Outcome,
}

/// A half of the verdict over all conditions, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// One sentence.
    pub sentence: String,
    /// How many conditions support, refute, and leave open.
    pub counts: [usize; 3],
}

/// Judges every condition of the trajectories.
pub fn judge(trajectories: &[Trajectory], training: &[TrainingRow], rule: VerdictRule) -> Vec<VerdictRow> {
    let mut conditions: Vec<Vec<&Trajectory>> = Vec::new();
    for trajectory in trajectories.iter().filter(|t| !t.is_output && !t.replicas.is_empty()) {
        match conditions.iter_mut().find(|condition| condition[0].same_condition(trajectory)) {
            Some(condition) => condition.push(trajectory),
            None => conditions.push(vec![trajectory]),
        }
    }
    conditions.iter().map(|layers| judge_condition(layers, final_accuracy(layers[0], training), rule)).collect()
}

/// The mean training accuracy of a condition's replicas at its last epoch.
fn final_accuracy(condition: &Trajectory, training: &[TrainingRow]) -> f64 {
    let last = condition.epochs.last().copied();
    let accuracies: Vec<f64> = training
        .iter()
        .filter(|row| {
            row.dataset == condition.dataset
                && row.architecture == condition.architecture
                && row.condition == condition.condition
                && row.activation == condition.activation
                && row.train_fraction == condition.train_fraction
                && Some(row.epoch) == last
        })
        .map(|row| row.train_accuracy)
        .collect();
    accuracies.iter().sum::<f64>() / accuracies.len() as f64
}

fn judge_condition(layers: &[&Trajectory], train_accuracy: f64, rule: VerdictRule) -> VerdictRow {
    let compression: Vec<Vec<f64>> =
        layers.iter().map(|layer| layer.phases().iter().map(|p| p.compression).collect()).collect();
    let by_layer: Vec<Interval> = compression.iter().map(|values| interval(values)).collect();
    let compressing = by_layer.iter().filter(|i| i.lower.is_some_and(|bits| bits >= rule.compression_bits)).count();
    let not_compressing = by_layer.iter().filter(|i| i.upper.is_some_and(|bits| bits < rule.compression_bits)).count();

    let replicas = layers.iter().map(|layer| layer.replicas.len()).min().unwrap_or(0);
    let mean_over_layers: Vec<f64> =
        (0..replicas).map(|r| compression.iter().map(|layer| layer[r]).sum::<f64>() / layers.len() as f64).collect();
    let mean = interval(&mean_over_layers);
    let squares: Vec<Vec<Squares>> = layers.iter().map(|layer| layer.squares()).collect();
    let predictability = predictability(&squares);

    // Unknown accuracy (NaN) decides nothing either.
    let learned = train_accuracy >= rule.train_accuracy;
    let decide = |yes: bool, no: bool| match (learned, yes, no) {
        (true, true, _) => Outcome::Supported,
        (true, false, true) => Outcome::Refuted,
        _ => Outcome::Inconclusive,
    };
    let half = layers.len() / 2;
    let first = layers[0];
    VerdictRow {
        question: "rq1".to_owned(),
        dataset: first.dataset.clone(),
        architecture: first.architecture.clone(),
        condition: first.condition.clone(),
        activation: first.activation.clone(),
        train_fraction: first.train_fraction,
        estimator: first.estimator.clone(),
        replicas,
        train_accuracy,
        hidden_layers: layers.len(),
        layers_compressing: compressing,
        layers_not_compressing: not_compressing,
        compression_bits: mean.mean,
        compression_bits_lower: mean.lower,
        compression_bits_upper: mean.upper,
        predictability: predictability.map(|p| p.mean),
        predictability_lower: predictability.and_then(|p| p.lower),
        predictability_upper: predictability.and_then(|p| p.upper),
        predictable: decide(
            predictability.and_then(|p| p.lower).is_some_and(|share| share >= rule.predictability),
            predictability.and_then(|p| p.upper).is_some_and(|share| share < rule.predictability),
        ),
        compresses: decide(compressing > half, not_compressing > half),
    }
}

impl Trajectory {
    fn same_condition(&self, other: &Self) -> bool {
        self.dataset == other.dataset
            && self.architecture == other.architecture
            && self.condition == other.condition
            && self.activation == other.activation
            && self.train_fraction == other.train_fraction
            && self.estimator == other.estimator
    }
}

/// One half of the verdict over all conditions: what holds, or on what it depends.
pub fn summarise(rows: &[VerdictRow], half: fn(&VerdictRow) -> Outcome) -> Summary {
    let count = |outcome| rows.iter().filter(|row| half(row) == outcome).count();
    let counts = [count(Outcome::Supported), count(Outcome::Refuted), count(Outcome::Inconclusive)];
    let sentence = match counts {
        [0, 0, _] => "inconclusive: no condition decides".to_owned(),
        [_, 0, _] => "yes, in every condition that decides".to_owned(),
        [0, _, _] => "no, in no condition that decides".to_owned(),
        _ => format!("it depends on {}", deciding_factors(rows, half).join(" and ")),
    };
    Summary { sentence, counts }
}

/// The factors for which two conditions that differ in nothing else were decided differently.
fn deciding_factors(rows: &[VerdictRow], half: fn(&VerdictRow) -> Outcome) -> Vec<&'static str> {
    type Factor = (&'static str, fn(&VerdictRow) -> String);
    let factors: [Factor; 4] = [
        ("the task", |row| row.dataset.clone()),
        ("the activation", |row| row.activation.clone()),
        ("the training fraction", |row| row.train_fraction.to_string()),
        ("the estimator", |row| row.estimator.clone()),
    ];
    let decided: Vec<&VerdictRow> = rows.iter().filter(|row| half(row) != Outcome::Inconclusive).collect();
    let differ_only_in = |factor: usize, a: &VerdictRow, b: &VerdictRow| {
        factors.iter().enumerate().all(|(f, (_, value))| (value(a) != value(b)) == (f == factor))
    };
    let matters = |factor: usize| {
        decided.iter().any(|a| decided.iter().any(|b| half(a) != half(b) && differ_only_in(factor, a, b)))
    };
    let names: Vec<&str> = (0..factors.len()).filter(|&f| matters(f)).map(|f| factors[f].0).collect();
    if names.is_empty() { vec!["more than one factor at a time"] } else { names }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    const RULE: VerdictRule = VerdictRule { compression_bits: 0.5, predictability: 0.5, train_accuracy: 0.9 };

    fn planted(activation: &str, layer: usize, end: f64, spread: f64) -> Trajectory {
        Trajectory {
            dataset: "d".into(),
            architecture: "a".into(),
            condition: "c".into(),
            activation: activation.into(),
            train_fraction: 0.5,
            estimator: "e".into(),
            layer,
            is_output: layer == 4,
            epochs: vec![0, 1, 2, 3],
            replicas: (0..12).collect(),
            i_xt: Array2::from_shape_fn((12, 4), |(r, e)| [4.0, 8.0, 6.0, end][e] + spread * (r as f64 - 5.5)),
            i_ty: Array2::from_shape_fn((12, 4), |(_, e)| [0.0, 1.0, 1.0, 1.0][e]),
        }
    }

    #[test]
    fn planted_compression_is_supported_planted_growth_refuted_and_the_factor_named() {
        let mut trajectories: Vec<Trajectory> = (1..=4).map(|layer| planted("tanh", layer, 5.0, 0.01)).collect();
        trajectories.extend((1..=4).map(|layer| planted("relu", layer, 9.0, 0.01)));
        let rows = judge(&trajectories, &[learned("tanh", 0.99), learned("relu", 0.99)], RULE);
        assert_eq!([rows[0].compresses, rows[1].compresses], [Outcome::Supported, Outcome::Refuted]);
        assert_eq!([rows[0].predictable, rows[1].predictable], [Outcome::Supported; 2]);
        assert_eq!((rows[0].hidden_layers, rows[0].layers_compressing), (3, 3));
        approx::assert_abs_diff_eq!(rows[0].compression_bits, 3.0, epsilon = 1e-12);
        assert_eq!(summarise(&rows, |row| row.compresses).sentence, "it depends on the activation");
        assert_eq!(summarise(&rows, |row| row.predictable).counts, [2, 0, 0]);
    }

    #[test]
    fn paths_that_differ_wildly_between_replicas_are_not_predictable() {
        let rows = judge(&[planted("tanh", 1, 5.0, 10.0)], &[learned("tanh", 0.99)], RULE);
        assert_eq!((rows[0].predictable, rows[0].compresses), (Outcome::Refuted, Outcome::Supported));
    }

    #[test]
    fn networks_that_have_not_learned_decide_nothing() {
        let rows = judge(&[planted("tanh", 1, 5.0, 0.01)], &[learned("tanh", 0.6)], RULE);
        assert_eq!((rows[0].predictable, rows[0].compresses), (Outcome::Inconclusive, Outcome::Inconclusive));
        assert!(summarise(&rows, |row| row.compresses).sentence.starts_with("inconclusive"));
    }

    fn learned(activation: &str, train_accuracy: f64) -> TrainingRow {
        TrainingRow {
            dataset: "d".into(),
            architecture: "a".into(),
            condition: "c".into(),
            activation: activation.into(),
            train_fraction: 0.5,
            replica: 0,
            seed: 0,
            epoch: 3,
            updates: 3,
            train_loss_bits: 0.1,
            train_accuracy,
            test_loss_bits: None,
            test_accuracy: None,
        }
    }
}
