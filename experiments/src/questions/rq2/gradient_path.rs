//! One layer's gradients over training, from `gradients.csv`, and its transition from drift to diffusion.

use infoplane_info::gradient::transition;
use infoplane_info::scaling::line_error;
use serde::{Deserialize, Serialize};

use crate::rows::GradientRow;

/// Which epoch is the transition from drift to diffusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransitionRule {
    /// The epoch that best parts ratios above 1 from ratios below 1 ([`transition`]).
    Parting,
    /// The first with a ratio below 1 after one above.
    FirstBelow,
    /// The first after which no ratio reaches 1 again.
    LastAbove,
    /// Where the slope of log ratio against log epoch changes ([`GradientPath::change_point`]).
    ChangePoint,
}

/// Fewest recorded epochs on either side of a change point.
const LEAST_SEGMENT: usize = 3;

/// One layer of one network: its kernel's gradients, epoch by epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct GradientPath {
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Number of the network.
    pub replica: usize,
    /// Layer, from 1.
    pub layer: usize,
    /// Recorded epochs with gradients, ascending.
    pub epochs: Vec<usize>,
    /// ‖⟨g⟩‖.
    pub mean: Vec<f64>,
    /// ‖σ(g)‖.
    pub std: Vec<f64>,
    /// ‖W‖.
    pub weight_norm: Vec<f64>,
    /// Share of saturated units, for bounded activations.
    pub saturation: Vec<Option<f64>>,
}

/// Sorts rows into paths, in the order of first appearance.
pub fn collect(rows: &[GradientRow]) -> Vec<GradientPath> {
    let mut paths: Vec<GradientPath> = Vec::new();
    let mut place = std::collections::HashMap::new();
    for row in rows.iter().filter(|row| row.part == "kernel") {
        let key = (&row.condition, &row.activation, row.train_fraction.to_bits(), row.replica, row.layer);
        let index = *place.entry(key).or_insert_with(|| {
            paths.push(GradientPath {
                condition: row.condition.clone(),
                activation: row.activation.clone(),
                replica: row.replica,
                layer: row.layer,
                epochs: Vec::new(),
                mean: Vec::new(),
                std: Vec::new(),
                weight_norm: Vec::new(),
                saturation: Vec::new(),
            });
            paths.len() - 1
        });
        let path = &mut paths[index];
        path.epochs.push(row.epoch);
        path.mean.push(row.gradient_mean_norm);
        path.std.push(row.gradient_std_norm);
        path.weight_norm.push(row.weight_norm);
        path.saturation.push(row.saturation);
    }
    paths
}

impl GradientPath {
    /// The recorded epoch at which drift has turned into diffusion: SNR ≥ 1 before, below 1 from then on (see
    /// [`transition`], which a single dip does not fool).
    pub fn crossing(&self) -> Option<usize> {
        let snr: Vec<f64> = self.mean.iter().zip(&self.std).map(|(mean, std)| mean / std).collect();
        transition(&snr).map(|k| self.epochs[k])
    }

    /// The first recorded epoch with a ratio below 1 after one that is not.
    pub fn first_below(&self) -> Option<usize> {
        let above = (0..self.epochs.len()).find(|&k| !self.is_below(k))?;
        (above..self.epochs.len()).find(|&k| self.is_below(k)).map(|k| self.epochs[k])
    }

    /// The first recorded epoch from which on all ratios are below 1; none if they always are, or the last is not.
    pub fn last_above(&self) -> Option<usize> {
        let last = (0..self.epochs.len()).rfind(|&k| !self.is_below(k))?;
        self.epochs.get(last + 1).copied()
    }

    fn is_below(&self, k: usize) -> bool {
        self.mean[k] < self.std[k]
    }

    /// The recorded epoch that best cuts log SNR against log epoch into two straight lines (least squares; Hinkley 1969).
    pub fn change_point(&self) -> Option<usize> {
        let points: Vec<(f64, f64)> = (0..self.epochs.len())
            .filter(|&k| self.epochs[k] > 0 && self.mean[k] > 0.0 && self.std[k] > 0.0)
            .map(|k| ((self.epochs[k] as f64).ln(), (self.mean[k] / self.std[k]).ln()))
            .collect();
        let cut = (LEAST_SEGMENT..(points.len() + 1).saturating_sub(LEAST_SEGMENT)).min_by(|&a, &b| {
            let error = |cut: usize| line_error(&points[..cut]) + line_error(&points[cut..]);
            error(a).total_cmp(&error(b))
        })?;
        Some(points[cut].0.exp().round() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_transitions_are_found() {
        let epochs: Vec<usize> = (0..40).map(|k| (1.3_f64.powi(k)).round() as usize).collect();
        // SNR 10 until epoch 100, then falling as 1/epoch: below 1 from epoch 1000 on.
        let mean: Vec<f64> = epochs.iter().map(|&e| if e < 100 { 10.0 } else { 1000.0 / e as f64 }).collect();
        let n = epochs.len();
        let path = GradientPath {
            condition: "c".into(),
            activation: "tanh".into(),
            replica: 0,
            layer: 1,
            std: vec![1.0; n],
            weight_norm: vec![1.0; n],
            saturation: vec![None; n],
            mean,
            epochs: epochs.clone(),
        };
        let next = |than: f64| *epochs.iter().find(|&&e| e as f64 > than).unwrap();
        assert_eq!(path.crossing(), Some(next(1000.0)));
        let change = path.change_point().unwrap();
        assert!((70..=140).contains(&change), "{change}");
        assert_eq!((path.first_below(), path.last_above()), (Some(next(1000.0)), Some(next(1000.0))));
        // A single dip is the first below, and is no transition by the others.
        let mut dips = path.clone();
        dips.mean[5] = 0.5;
        assert_eq!(dips.first_below(), Some(epochs[5]));
        assert_eq!((dips.crossing(), dips.last_above()), (path.crossing(), path.last_above()));
        let never = GradientPath { mean: vec![2.0; n], ..path };
        assert_eq!((never.crossing(), never.first_below(), never.last_above()), (None, None, None));
    }
}
