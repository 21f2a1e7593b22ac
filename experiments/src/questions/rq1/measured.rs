//! What the rule of RQ1 is applied to: the hidden layers of one condition through one estimator, measured once whatever the rule.

use std::collections::BTreeMap;

use infoplane_info::statistics::Interval;
use rayon::prelude::*;

use crate::learning::final_accuracy;
use crate::rows::{OfCondition, TrainingRow};
use crate::trajectories::Trajectory;
use crate::trajectories::phases::{Fall, Since, Squares, predictability};
use crate::verdict::{Place, interval};

/// Share of its loss of I(X;T) by which a layer's compression counts as over.
const OVER: f64 = 0.9;

/// One layer.
#[derive(Debug)]
struct Layer<'a> {
    trajectory: &'a Trajectory,
    /// Every replica's fall from the fit on, and of all of training.
    falls: [Vec<Fall>; 2],
    /// Means of what they lose.
    lost: [Interval; 2],
    /// Whether its I(X;T) is all of H(X) from its fit to its end.
    is_saturated: bool,
}

/// The hidden layers of one condition through one estimator.
#[derive(Debug)]
pub struct Measured<'a> {
    layers: Vec<Layer<'a>>,
    /// Mean training accuracy at the last epoch.
    pub train_accuracy: f64,
    /// Training accuracy, by network and epoch.
    accuracies: BTreeMap<(usize, usize), f64>,
    /// How much of a path the other networks predict; none if nothing moves.
    pub predictability: Option<Interval>,
}

/// Every condition through every estimator, in the order of first appearance; `h_x` is H(X) in bits of each task.
pub fn measure<'a>(
    trajectories: &'a [Trajectory],
    training: &[TrainingRow],
    h_x: &BTreeMap<String, f64>,
) -> Vec<Measured<'a>> {
    let mut conditions: Vec<Vec<&Trajectory>> = Vec::new();
    for trajectory in trajectories.iter().filter(|t| !t.is_output && !t.replicas.is_empty()) {
        let is_same = |of: &Trajectory| of.key() == trajectory.key() && of.estimator == trajectory.estimator;
        match conditions.iter_mut().find(|condition| is_same(condition[0])) {
            Some(condition) => condition.push(trajectory),
            None => conditions.push(vec![trajectory]),
        }
    }
    let measured = |layers: Vec<&'a Trajectory>| {
        let key = layers[0].key();
        let h_x = h_x.get(key.dataset).copied().unwrap_or(f64::INFINITY);
        let of: Vec<&TrainingRow> = training.iter().filter(|row| row.key() == key).collect();
        let squares: Vec<Vec<Squares>> = layers.iter().map(|layer| layer.squares()).collect();
        Measured {
            train_accuracy: final_accuracy(&of, |_| true),
            accuracies: of.iter().map(|row| ((row.replica, row.epoch), row.train_accuracy)).collect(),
            predictability: predictability(&squares),
            layers: layers.into_iter().map(|trajectory| Layer::new(trajectory, h_x)).collect(),
        }
    };
    conditions.into_par_iter().map(measured).collect()
}

impl<'a> Layer<'a> {
    fn new(trajectory: &'a Trajectory, h_x: f64) -> Self {
        let falls = [Since::Fit, Since::Peak].map(|since| trajectory.falls(since));
        let lost = falls.each_ref().map(|falls| interval(&falls.iter().map(|fall| fall.lost).collect::<Vec<_>>()));
        Self { trajectory, falls, lost, is_saturated: trajectory.is_saturated(h_x) }
    }
}

impl Measured<'_> {
    /// Where it was measured.
    pub fn place(&self) -> Place {
        let first = self.layers[0].trajectory;
        Place { layers: "hidden layers".to_owned(), estimator: first.estimator.clone(), ..first.place() }
    }

    /// Number of hidden layers.
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Number of hidden layers at the ceiling of the estimator.
    pub fn saturated(&self) -> usize {
        self.layers.iter().filter(|layer| layer.is_saturated).count()
    }

    /// The loss of each hidden layer that is not at the ceiling, in bits, mean over networks.
    pub fn lost(&self, since: Since) -> impl Iterator<Item = Interval> {
        self.layers.iter().filter(|layer| !layer.is_saturated).map(move |layer| layer.lost[since as usize])
    }

    /// The mean loss over the hidden layers of each network, in bits.
    pub fn mean_lost(&self, since: Since) -> Vec<f64> {
        let networks = self.layers.iter().map(|layer| layer.trajectory.replicas.len()).min().unwrap_or(0);
        let falls = |r: usize| self.layers.iter().map(move |layer| layer.falls[since as usize][r].lost);
        (0..networks).map(|r| falls(r).sum::<f64>() / self.layers.len() as f64).collect()
    }

    /// Of each network in which a hidden layer loses as many bits: the share of all epochs between where the fall is counted from and where
    /// nine tenths of it are over, mean over those layers.
    pub fn epochs_of_compression(&self, since: Since, bits: f64) -> Vec<f64> {
        self.over_falling(since, bits, |layer, r, fall| {
            let epochs = &layer.epochs;
            let over = layer.lost_by(r, fall, OVER)?;
            Some((epochs[over] - epochs[fall.from]) as f64 / *epochs.last()? as f64)
        })
    }

    /// The same from where the fall is counted from to the end of training, whether anything falls any more or not.
    pub fn epochs_after_fit(&self, since: Since, bits: f64) -> Vec<f64> {
        self.over_falling(since, bits, |layer, _, fall| {
            let last = *layer.epochs.last()?;
            Some((last - layer.epochs[fall.from]) as f64 / last as f64)
        })
    }

    /// Of each network in which a hidden layer loses as many bits: its training error when this share of the loss has come, mean over those
    /// layers.
    pub fn error_at_start(&self, since: Since, bits: f64, share: f64) -> Vec<f64> {
        self.over_falling(since, bits, |layer, r, fall| {
            let at = (layer.replicas[r], layer.epochs[layer.lost_by(r, fall, share)?]);
            self.accuracies.get(&at).map(|accuracy| 1.0 - accuracy)
        })
    }

    /// A value of each network, mean over its hidden layers that lose as many bits; networks without any are left out.
    fn over_falling(
        &self,
        since: Since,
        bits: f64,
        value: impl Fn(&Trajectory, usize, Fall) -> Option<f64>,
    ) -> Vec<f64> {
        let networks = self.layers.iter().map(|layer| layer.trajectory.replicas.len()).min().unwrap_or(0);
        let of_network = |r: usize| {
            let layers = self.layers.iter().filter(|layer| !layer.is_saturated);
            let falling = layers.filter_map(|layer| {
                let fall = layer.falls[since as usize][r];
                if fall.lost >= bits { value(layer.trajectory, r, fall) } else { None }
            });
            let values: Vec<f64> = falling.collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        (0..networks).filter_map(of_network).collect()
    }
}
