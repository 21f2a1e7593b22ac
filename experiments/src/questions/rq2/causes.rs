//! What drives compression: each condition beside the first, the reference, network by network (the same seeds).
//!
//! Compression is that of RQ1 (cross-fitted, after the fit, mean over hidden layers). It is read twice: at the end, where
//! conditions have made the same number of updates, and at the same training loss: the first recorded epoch at which a
//! network's loss is as low as `matched_loss_bits`; networks that never get there are left out, and the others counted.
//! Effects are differences from the reference's network of the same seed.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::gradient_path::GradientPath;
use crate::rows::{TrainingRow, table};
use crate::trajectories::Trajectory;
use crate::verdict::interval;

/// One condition through one estimator: a row of `causes.csv`. Intervals are 95 % bootstrap intervals of means over networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct CauseRow {
    pub condition: String,
    pub activation: String,
    pub batch_size: usize,
    pub estimator: String,
    pub replicas: usize,
    pub updates: usize,
    pub final_loss_bits: f64,
    pub train_accuracy: f64,
    pub compression_bits: f64,
    pub compression_bits_lower: Option<f64>,
    pub compression_bits_upper: Option<f64>,
    pub effect_bits: f64,
    pub effect_bits_lower: Option<f64>,
    pub effect_bits_upper: Option<f64>,
    pub matched_loss_bits: f64,
    pub matched_loss_replicas: usize,
    pub matched_loss_compression_bits: Option<f64>,
    pub matched_loss_compression_bits_lower: Option<f64>,
    pub matched_loss_compression_bits_upper: Option<f64>,
    pub matched_loss_pairs: usize,
    pub matched_loss_effect_bits: Option<f64>,
    pub matched_loss_effect_bits_lower: Option<f64>,
    pub matched_loss_effect_bits_upper: Option<f64>,
    pub crossing_updates: Option<f64>,
    pub saturation: Option<f64>,
    pub weight_norm_growth: f64,
}

table!(CauseRow = "causes.csv");

/// The table of effects, conditions in their order, each with its batch size (patterns an update sees); losses are matched at a
/// training loss in bits.
pub fn rows(
    conditions: &[(String, usize)],
    trajectories: &[Trajectory],
    paths: &[GradientPath],
    training: &[TrainingRow],
    matched_loss: f64,
) -> Vec<CauseRow> {
    let ends: Vec<(&str, usize, End)> =
        conditions.iter().filter_map(|(name, batch)| Some((name.as_str(), *batch, End::of(name, training)?))).collect();
    let mut estimators: Vec<&str> = Vec::new();
    for trajectory in trajectories {
        if !estimators.contains(&trajectory.estimator.as_str()) {
            estimators.push(&trajectory.estimator);
        }
    }
    let mut rows = Vec::new();
    for estimator in estimators {
        let mut reference: Option<[ByNetwork; 2]> = None;
        for &(name, batch_size, ref end) in &ends {
            let layers: Vec<&Trajectory> = trajectories
                .iter()
                .filter(|t| t.condition == name && t.estimator == estimator && !t.is_output && !t.replicas.is_empty())
                .collect();
            let Some(first) = layers.first() else { continue };
            let lost = compression(&layers);
            let at_loss = at_matched_loss(name, &layers, training, matched_loss);
            let [reference, reference_at_loss] = reference.get_or_insert_with(|| [lost.clone(), at_loss.clone()]);
            let values = |map: &ByNetwork| map.values().copied().collect::<Vec<f64>>();
            let (compression, effect) = (interval(&values(&lost)), interval(&paired(&lost, reference)));
            let of_some = |values: &[f64]| (!values.is_empty()).then(|| interval(values));
            let (matched, matched_pairs) = (of_some(&values(&at_loss)), paired(&at_loss, reference_at_loss));
            let matched_effect = of_some(&matched_pairs);
            let hidden = |path: &&GradientPath| path.condition == name && layers.iter().any(|t| t.layer == path.layer);
            let crossings: Vec<f64> = paths
                .iter()
                .filter(hidden)
                .filter_map(|path| Some(path.crossing()? as f64 * end.updates as f64 / end.epoch as f64))
                .collect();
            let growth: Vec<f64> = paths
                .iter()
                .filter(hidden)
                .filter_map(|path| Some(path.weight_norm.last()? / path.weight_norm.first()?))
                .collect();
            let saturation: Vec<f64> =
                paths.iter().filter(hidden).filter_map(|path| path.saturation.last().copied().flatten()).collect();
            rows.push(CauseRow {
                condition: name.to_owned(),
                activation: first.activation.clone(),
                batch_size,
                estimator: estimator.to_owned(),
                replicas: lost.len(),
                updates: end.updates,
                final_loss_bits: end.loss,
                train_accuracy: end.accuracy,
                compression_bits: compression.mean,
                compression_bits_lower: compression.lower,
                compression_bits_upper: compression.upper,
                effect_bits: effect.mean,
                effect_bits_lower: effect.lower,
                effect_bits_upper: effect.upper,
                matched_loss_bits: matched_loss,
                matched_loss_replicas: at_loss.len(),
                matched_loss_compression_bits: matched.map(|i| i.mean),
                matched_loss_compression_bits_lower: matched.and_then(|i| i.lower),
                matched_loss_compression_bits_upper: matched.and_then(|i| i.upper),
                matched_loss_pairs: matched_pairs.len(),
                matched_loss_effect_bits: matched_effect.map(|i| i.mean),
                matched_loss_effect_bits_lower: matched_effect.and_then(|i| i.lower),
                matched_loss_effect_bits_upper: matched_effect.and_then(|i| i.upper),
                crossing_updates: median(crossings),
                saturation: mean(&saturation),
                weight_norm_growth: mean(&growth).unwrap_or(f64::NAN),
            });
        }
    }
    rows
}

/// The conditions and estimators of which more than half of the hidden layers are at the ceiling; `h_x` is H(X) in bits of each task.
pub fn saturated(trajectories: &[Trajectory], h_x: &BTreeMap<String, f64>) -> HashSet<(String, String)> {
    let mut layers: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for trajectory in trajectories.iter().filter(|t| !t.is_output && !t.replicas.is_empty()) {
        let of = layers.entry((&trajectory.condition, &trajectory.estimator)).or_default();
        let h_x = h_x.get(&trajectory.dataset).copied().unwrap_or(f64::INFINITY);
        *of = (of.0 + 1, of.1 + usize::from(trajectory.is_saturated(h_x)));
    }
    let most = layers.into_iter().filter(|(_, (all, saturated))| 2 * saturated > *all);
    most.map(|((condition, estimator), _)| (condition.to_owned(), estimator.to_owned())).collect()
}

/// The end of a condition's training, on average over its networks.
struct End {
    epoch: usize,
    updates: usize,
    loss: f64,
    accuracy: f64,
}

impl End {
    fn of(condition: &str, training: &[TrainingRow]) -> Option<Self> {
        let rows: Vec<&TrainingRow> = training.iter().filter(|row| row.condition == condition).collect();
        let epoch = rows.iter().map(|row| row.epoch).max()?;
        let last: Vec<&&TrainingRow> = rows.iter().filter(|row| row.epoch == epoch).collect();
        let over = |value: fn(&TrainingRow) -> f64| last.iter().map(|row| value(row)).sum::<f64>() / last.len() as f64;
        Some(Self {
            epoch,
            updates: last.first()?.updates,
            loss: over(|row| row.train_loss_bits),
            accuracy: over(|row| row.train_accuracy),
        })
    }
}

/// Bits by network.
type ByNetwork = BTreeMap<usize, f64>;

/// Differences from the reference, of the networks that both have.
fn paired(bits: &ByNetwork, reference: &ByNetwork) -> Vec<f64> {
    bits.iter().filter_map(|(replica, bits)| Some(bits - reference.get(replica)?)).collect()
}

/// Mean cross-fitted compression over layers, by network.
fn compression(layers: &[&Trajectory]) -> ByNetwork {
    let mut sums = ByNetwork::new();
    for layer in layers {
        for (replica, phases) in layer.replicas.iter().zip(layer.phases()) {
            *sums.entry(*replica).or_default() += phases.compression / layers.len() as f64;
        }
    }
    sums
}

/// Mean compression over layers until a network's loss is as low as asked, of the networks that get there.
fn at_matched_loss(condition: &str, layers: &[&Trajectory], training: &[TrainingRow], loss: f64) -> ByNetwork {
    let mut reached: BTreeMap<usize, usize> = BTreeMap::new();
    for row in training.iter().filter(|row| row.condition == condition && row.train_loss_bits <= loss) {
        let epoch = reached.entry(row.replica).or_insert(row.epoch);
        *epoch = (*epoch).min(row.epoch);
    }
    let by_layer: Vec<ByNetwork> = layers.iter().map(|layer| layer.compression_until(&reached)).collect();
    let mean = |replica: usize| {
        let bits: Option<Vec<f64>> = by_layer.iter().map(|layer| layer.get(&replica).copied()).collect();
        bits.map(|bits| (replica, bits.iter().sum::<f64>() / bits.len() as f64))
    };
    reached.into_keys().filter_map(mean).collect()
}

/// The mean; none of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    infoplane_info::statistics::quantile(&values, 0.5)
}
