//! Does compression start where drift turns into diffusion? Epochs of both, layer by layer and network by network.
//!
//! A layer's compression starts, in one network, at the first recorded epoch after its greatest I(X;T), of all or from the fit on
//! (`since`), at which it has lost `start_share` of what it will lose; only where it loses at least `compression_bits`.

use infoplane_info::statistics::{Interval, bootstrap, spearman};
use infoplane_model::random::{Purpose, stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::gradient_path::{GradientPath, TransitionRule};
use super::verdict::PhaseRule;
use crate::rows::table;
use crate::trajectories::Trajectory;
use crate::trajectories::phases::{Fall, Since};
use crate::verdict::intervals::{LEVEL, RESAMPLES, share};

/// The two epochs of one layer of one network: a row of `phases.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimingRow {
    /// Name of the condition.
    pub condition: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// Number of the network.
    pub replica: usize,
    /// Layer, from 1.
    pub layer: usize,
    /// Whether it is the last.
    pub is_output: bool,
    /// Recorded epoch at which drift has turned into diffusion (SNR = 1); empty if there is none.
    pub crossing_epoch: Option<usize>,
    /// First recorded epoch with SNR below 1 after one above; empty if there is none.
    pub first_below_epoch: Option<usize>,
    /// Recorded epoch from which on SNR stays below 1; empty if it never does, or always.
    pub last_above_epoch: Option<usize>,
    /// Change point of log SNR against log epoch; empty if too few epochs were recorded.
    pub change_point_epoch: Option<usize>,
    /// Estimator of I(X;T).
    pub estimator: String,
    /// Epoch at which compression starts; empty if the layer does not compress.
    pub compression_epoch: Option<usize>,
}

table!(TimingRow = "phases.csv");

impl TimingRow {
    /// The transition by a rule.
    pub fn transition_epoch(&self, rule: TransitionRule) -> Option<usize> {
        match rule {
            TransitionRule::Parting => self.crossing_epoch,
            TransitionRule::FirstBelow => self.first_below_epoch,
            TransitionRule::LastAbove => self.last_above_epoch,
            TransitionRule::ChangePoint => self.change_point_epoch,
        }
    }
}

/// Pairs each gradient path with the trajectories of the same layer, through every estimator that was asked at every recorded epoch.
pub fn rows(paths: &[GradientPath], trajectories: &[Trajectory], rule: &PhaseRule) -> Vec<TimingRow> {
    let is_same = |t: &Trajectory, path: &GradientPath| {
        t.condition == path.condition && t.activation == path.activation && t.layer == path.layer
    };
    let of_path = |path: &GradientPath| -> Vec<TimingRow> {
        let of: Vec<&Trajectory> = trajectories.iter().filter(|t| is_same(t, path)).collect();
        let epochs = of.iter().map(|t| t.epochs.len()).max();
        let dense = of.into_iter().filter(|t| Some(t.epochs.len()) == epochs);
        // Whatever estimator: gradients pass as they do.
        let (crossing_epoch, change_point_epoch) = (path.crossing(), path.change_point());
        let (first_below_epoch, last_above_epoch) = (path.first_below(), path.last_above());
        let row = |trajectory: &Trajectory| {
            let r = trajectory.replicas.iter().position(|&replica| replica == path.replica)?;
            Some(TimingRow {
                condition: path.condition.clone(),
                activation: path.activation.clone(),
                replica: path.replica,
                layer: path.layer,
                is_output: trajectory.is_output,
                crossing_epoch,
                first_below_epoch,
                last_above_epoch,
                change_point_epoch,
                estimator: trajectory.estimator.clone(),
                compression_epoch: compression_start(trajectory, r, rule),
            })
        };
        dense.filter_map(row).collect()
    };
    paths.par_iter().flat_map_iter(of_path).collect()
}

fn compression_start(trajectory: &Trajectory, r: usize, rule: &PhaseRule) -> Option<usize> {
    let i_xt = trajectory.i_xt.row(r);
    let from = match rule.since {
        Since::Peak => 0,
        Since::Fit => {
            let fit = trajectory.phases()[r].fit_epoch;
            trajectory.epochs.iter().position(|&epoch| epoch == fit)?
        }
    };
    let peak = (from..i_xt.len()).fold(from, |best, k| if i_xt[k] > i_xt[best] { k } else { best });
    let fall = Fall { from: peak, lost: i_xt[peak] - i_xt.last()? };
    if fall.lost < rule.compression_bits {
        return None;
    }
    trajectory.lost_by(r, fall, rule.start_share).map(|k| trajectory.epochs[k])
}

/// How the two epochs go together over the hidden layers of a condition, through one estimator.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Share of layers × networks with a transition.
    pub share_crossing: Interval,
    /// Networks of which a layer has both epochs.
    pub networks: usize,
    /// Mean of log₁₀(compression epoch / transition epoch); none if no layer has both.
    pub log_ratio: Option<Interval>,
    /// Spearman's rank correlation of the two epochs; none if fewer than three layers have both.
    pub rank_correlation: Option<Interval>,
}

/// Over the hidden layers of a condition through one estimator, with intervals over networks.
pub fn summarise(rows: &[&TimingRow], rule: TransitionRule) -> Option<Timing> {
    let rows: Vec<&TimingRow> = rows.iter().copied().filter(|row| !row.is_output).collect();
    let mut replicas: Vec<usize> = rows.iter().map(|row| row.replica).collect();
    replicas.sort_unstable();
    replicas.dedup();
    if replicas.is_empty() {
        return None;
    }
    let of_replica = |replica: usize| rows.iter().filter(move |row| row.replica == replica);
    let both =
        |row: &&&TimingRow| Some(((row.transition_epoch(rule)?.max(1)) as f64, (row.compression_epoch?.max(1)) as f64));
    let pairs: Vec<Vec<(f64, f64)>> =
        replicas.iter().map(|&replica| of_replica(replica).filter_map(|row| both(&row)).collect()).collect();
    let crossed: Vec<f64> = replicas
        .iter()
        .map(|&replica| {
            let with = of_replica(replica).filter(|row| row.transition_epoch(rule).is_some());
            with.count() as f64 / of_replica(replica).count() as f64
        })
        .collect();
    let over = |statistic: &dyn Fn(&[usize]) -> f64| {
        bootstrap(replicas.len(), RESAMPLES, LEVEL, &mut stream(0, Purpose::Bootstrap), statistic)
    };
    let drawn_pairs = |drawn: &[usize]| drawn.iter().flat_map(|&r| pairs[r].iter().copied()).collect::<Vec<_>>();
    let count = pairs.iter().map(Vec::len).sum::<usize>();
    // Sums of logarithms, and how many, of each network.
    let logs: Vec<(f64, f64)> = pairs
        .iter()
        .map(|of| (of.iter().map(|(transition, start)| (start / transition).log10()).sum(), of.len() as f64))
        .collect();
    Some(Timing {
        share_crossing: share(&crossed),
        networks: pairs.iter().filter(|of| !of.is_empty()).count(),
        log_ratio: (count > 0).then(|| {
            over(&|drawn| {
                let (sum, count) = drawn.iter().fold((0.0, 0.0), |(s, n), &r| (s + logs[r].0, n + logs[r].1));
                sum / count
            })
        }),
        rank_correlation: (count > 2).then(|| over(&|drawn| spearman(&drawn_pairs(drawn)).unwrap_or(f64::NAN))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn compression_starts_when_a_share_is_lost_after_the_peak_or_the_fit() {
        let start = |i_xt: [f64; 6], since, start_share| {
            let trajectory = Trajectory {
                dataset: "d".into(),
                architecture: "a".into(),
                condition: "c".into(),
                activation: "tanh".into(),
                train_fraction: 0.5,
                estimator: "e".into(),
                layer: 1,
                is_output: false,
                epochs: (0..6).collect(),
                replicas: vec![0, 1],
                i_xt: Array2::from_shape_fn((2, 6), |(_, e)| i_xt[e]),
                i_ty: Array2::from_shape_fn((2, 6), |(_, e)| [0.0, 0.1, 0.2, 1.0, 1.0, 1.0][e]),
            };
            let rule = PhaseRule { since, start_share, ..PhaseRule::planted() };
            compression_start(&trajectory, 0, &rule)
        };
        let path = [1.0, 5.0, 4.9, 4.5, 2.0, 1.0];
        assert_eq!(start(path, Since::Peak, 0.1), Some(3));
        assert_eq!(start(path, Since::Peak, 0.5), Some(4));
        // The fit is at epoch 3, from which on 3.5 bits are lost.
        assert_eq!(start(path, Since::Fit, 0.1), Some(4));
        assert_eq!(start([1.0, 2.0, 3.0, 4.0, 5.0, 5.0], Since::Peak, 0.1), None);
    }

    #[test]
    fn planted_lags_are_measured() {
        let rows: Vec<TimingRow> = (0..10)
            .flat_map(|replica| {
                (1..=3).map(move |layer| TimingRow {
                    condition: "c".into(),
                    activation: "tanh".into(),
                    replica,
                    layer,
                    is_output: layer == 3,
                    crossing_epoch: Some(10 * (replica + 1) * layer),
                    first_below_epoch: Some((replica + 1) * layer),
                    last_above_epoch: None,
                    change_point_epoch: None,
                    estimator: "e".into(),
                    compression_epoch: Some(100 * (replica + 1) * layer),
                })
            })
            .collect();
        let rows: Vec<&TimingRow> = rows.iter().collect();
        let timing = summarise(&rows, TransitionRule::Parting).unwrap();
        approx::assert_abs_diff_eq!(timing.log_ratio.unwrap().mean, 1.0, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(timing.rank_correlation.unwrap().mean, 1.0, epsilon = 1e-12);
        assert_eq!((timing.share_crossing.mean, timing.networks), (1.0, 10));
        let earlier = summarise(&rows, TransitionRule::FirstBelow).unwrap();
        approx::assert_abs_diff_eq!(earlier.log_ratio.unwrap().mean, 2.0, epsilon = 1e-12);
        let none = summarise(&rows, TransitionRule::LastAbove).unwrap();
        assert_eq!((none.share_crossing.mean, none.log_ratio, none.rank_correlation), (0.0, None, None));
        assert!(summarise(&[], TransitionRule::Parting).is_none());
    }
}
