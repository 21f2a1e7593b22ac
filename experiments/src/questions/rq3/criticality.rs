//! Do layers settle near phase transitions of the curve, as the paper suggests (§3.5)? `criticality.csv`.
//!
//! A layer with an identified β* between two neighbouring transitions β_k < β* < β_{k+1} is at the relative **place**
//! min(ln β*/β_k, ln β_{k+1}/β*) / ½ ln(β_{k+1}/β_k): 0 at a transition, 1 half-way between two. If a layer's β* knows nothing of
//! transitions, its place between its neighbours is uniform, ½ on average, wherever transitions crowd: that is the null of the
//! verdict. Beside it the plain **distance** min_k |ln β*/β_k| and the same of random β's, log-uniform over the range of
//! transitions (drawn once, seeded); layers with β* outside that range are counted and left out.

use infoplane_model::random::{Purpose, stream};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::bound::TransitionRow;
use crate::bound::gaps::{groups, key};
use crate::bound::layers::{Control, LayerRow};
use crate::rows::table;
use crate::verdict::interval;

/// Random β's that stand for chance.
const DRAWS: usize = 10_000;

/// One condition's hidden layers through one encoder, at the first or last epoch. Intervals are 95 % bootstrap intervals over
/// networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct CriticalityRow {
    pub dataset: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: f64,
    pub encoder: String,
    pub epoch: usize,
    pub transitions: usize,
    pub layers: usize,
    pub layers_not_identified: usize,
    pub layers_out_of_range: usize,
    pub replicas: usize,
    pub place: Option<f64>,
    pub place_lower: Option<f64>,
    pub place_upper: Option<f64>,
    pub distance: Option<f64>,
    pub distance_lower: Option<f64>,
    pub distance_upper: Option<f64>,
    pub random_distance: Option<f64>,
}

table!(CriticalityRow = "criticality.csv");

/// Where a β is among transitions (ascending logarithms): its distance to the nearest, and its relative place.
fn locate(log_beta: f64, transitions: &[f64]) -> Option<(f64, f64)> {
    let above = transitions.partition_point(|&t| t <= log_beta);
    let (low, high) = (*transitions.get(above.checked_sub(1)?)?, *transitions.get(above)?);
    let distance = (log_beta - low).min(high - log_beta);
    Some((distance, distance / (0.5 * (high - low))))
}

/// Tests the hidden layers of every condition, at its first and last epoch.
pub fn rows(layers: &[LayerRow], transitions: &[TransitionRow]) -> Vec<CriticalityRow> {
    let Some(output) = layers.iter().map(|row| row.layer).max() else { return Vec::new() };
    let hidden = layers.iter().filter(|row| row.layer < output && row.control == Control::Layer);
    let mut rows = Vec::new();
    for condition in groups(hidden, key) {
        let epochs = condition.iter().map(|row| row.epoch);
        let (Some(first), Some(last)) = (epochs.clone().min(), epochs.max()) else { continue };
        let ends = if first == last { vec![last] } else { vec![first, last] };
        for epoch in ends {
            let at_epoch: Vec<&LayerRow> = condition.iter().copied().filter(|row| row.epoch == epoch).collect();
            rows.push(test(&at_epoch, transitions));
        }
    }
    rows
}

fn test(layers: &[&LayerRow], transitions: &[TransitionRow]) -> CriticalityRow {
    let first = layers[0];
    let of_task = transitions.iter().filter(|t| t.dataset == first.dataset);
    let at: Vec<f64> = of_task.map(|t| (t.beta_lower * t.beta_upper).sqrt().ln()).collect();
    let identified: Vec<(usize, f64)> = layers.iter().filter_map(|row| Some((row.replica, row.beta?.ln()))).collect();
    let located: Vec<(usize, (f64, f64))> =
        identified.iter().filter_map(|&(replica, beta)| Some((replica, locate(beta, &at)?))).collect();
    // Layers of one network are not independent: networks are what is resampled.
    let by_network = |value: fn((f64, f64)) -> f64| -> Vec<f64> {
        let mut replicas: Vec<usize> = located.iter().map(|entry| entry.0).collect();
        replicas.dedup();
        let mean = |replica: &usize| {
            let of: Vec<f64> = located.iter().filter(|e| e.0 == *replica).map(|e| value(e.1)).collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        replicas.iter().map(mean).collect()
    };
    let (places, distances) = (by_network(|located| located.1), by_network(|located| located.0));
    let known = (!places.is_empty()).then(|| (interval(&places), interval(&distances)));
    let random_distance = at.first().zip(at.last()).filter(|(low, high)| low < high).map(|(&low, &high)| {
        let mut rng = stream(0, Purpose::MonteCarlo);
        let drawn = (0..DRAWS).filter_map(|_| locate(rng.random_range(low..high), &at));
        let (sum, count) = drawn.fold((0.0, 0), |(sum, count), (distance, _)| (sum + distance, count + 1));
        sum / f64::from(count)
    });
    CriticalityRow {
        dataset: first.dataset.clone(),
        condition: first.condition.clone(),
        activation: first.activation.clone(),
        train_fraction: first.train_fraction,
        encoder: first.encoder.clone(),
        epoch: first.epoch,
        transitions: at.len(),
        layers: located.len(),
        layers_not_identified: layers.len() - identified.len(),
        layers_out_of_range: identified.len() - located.len(),
        replicas: places.len(),
        place: known.map(|k| k.0.mean),
        place_lower: known.and_then(|k| k.0.lower),
        place_upper: known.and_then(|k| k.0.upper),
        distance: known.map(|k| k.1.mean),
        distance_lower: known.and_then(|k| k.1.lower),
        distance_upper: known.and_then(|k| k.1.upper),
        random_distance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_places_are_half_way_on_average_and_transitions_themselves_are_at_zero() {
        let transitions = [0.0, 0.1, 0.9, 1.0, 4.0];
        let mut rng = stream(1, Purpose::MonteCarlo);
        let places: Vec<f64> =
            (0..4000).filter_map(|_| Some(locate(rng.random_range(0.0..4.0), &transitions)?.1)).collect();
        approx::assert_abs_diff_eq!(places.iter().sum::<f64>() / 4000.0, 0.5, epsilon = 0.02);
        assert_eq!(locate(0.9, &transitions), Some((0.0, 0.0)));
        assert_eq!(locate(-1.0, &transitions), None);
        assert_eq!(locate(5.0, &transitions), None);
    }
}
