//! Does compression start where drift turns into diffusion? Epochs of both, layer by layer and network by network.
//!
//! A layer's compression starts, in one network, at the first recorded epoch after its greatest I(X;T) at which it has lost a
//! tenth of what it will lose; only where it loses at least `compression_bits`.

use infoplane_info::statistics::{Interval, bootstrap, spearman};
use infoplane_model::random::{Purpose, stream};
use serde::{Deserialize, Serialize};

use super::gradient_path::GradientPath;
use crate::rows::table;
use crate::trajectories::Trajectory;
use crate::verdict::intervals::{LEVEL, RESAMPLES, share};

/// Share of the loss of I(X;T) that counts as its start.
const START_SHARE: f64 = 0.1;

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
    /// Change point of log SNR against log epoch; empty if too few epochs were recorded.
    pub change_point_epoch: Option<usize>,
    /// Estimator of I(X;T).
    pub estimator: String,
    /// Epoch at which compression starts; empty if the layer does not compress.
    pub compression_epoch: Option<usize>,
}

table!(TimingRow = "phases.csv");

/// Pairs each gradient path with the trajectory of the same layer through one estimator.
pub fn rows(
    paths: &[GradientPath],
    trajectories: &[Trajectory],
    estimator: &str,
    compression_bits: f64,
) -> Vec<TimingRow> {
    paths
        .iter()
        .filter_map(|path| {
            let trajectory = trajectories.iter().find(|t| {
                t.estimator == estimator
                    && t.condition == path.condition
                    && t.activation == path.activation
                    && t.layer == path.layer
            })?;
            let r = trajectory.replicas.iter().position(|&replica| replica == path.replica)?;
            Some(TimingRow {
                condition: path.condition.clone(),
                activation: path.activation.clone(),
                replica: path.replica,
                layer: path.layer,
                is_output: trajectory.is_output,
                crossing_epoch: path.crossing(),
                change_point_epoch: path.change_point(),
                estimator: estimator.to_owned(),
                compression_epoch: compression_start(
                    &trajectory.epochs,
                    &trajectory.i_xt.row(r).to_vec(),
                    compression_bits,
                ),
            })
        })
        .collect()
}

fn compression_start(epochs: &[usize], i_xt: &[f64], least_bits: f64) -> Option<usize> {
    let end = *i_xt.last()?;
    let peak = (0..i_xt.len()).fold(0, |best, k| if i_xt[k] > i_xt[best] { k } else { best });
    let lost = i_xt[peak] - end;
    if lost < least_bits {
        return None;
    }
    (peak..i_xt.len()).find(|&k| i_xt[k] <= i_xt[peak] - START_SHARE * lost).map(|k| epochs[k])
}

/// How the two epochs go together over the hidden layers of a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Share of layers × networks with a crossing.
    pub share_crossing: Interval,
    /// Mean of log₁₀(compression epoch / crossing epoch); none if no layer has both.
    pub log_ratio: Option<Interval>,
    /// Spearman's rank correlation of the two epochs; none if fewer than three layers have both.
    pub rank_correlation: Option<Interval>,
}

/// Over the hidden layers of a condition, with intervals over networks.
pub fn summarise(rows: &[TimingRow], condition: &str) -> Option<Timing> {
    let rows: Vec<&TimingRow> = rows.iter().filter(|row| row.condition == condition && !row.is_output).collect();
    let mut replicas: Vec<usize> = rows.iter().map(|row| row.replica).collect();
    replicas.sort_unstable();
    replicas.dedup();
    if replicas.is_empty() {
        return None;
    }
    let pairs: Vec<Vec<(f64, f64)>> = replicas
        .iter()
        .map(|&replica| {
            let both =
                |row: &&&TimingRow| Some(((row.crossing_epoch?.max(1)) as f64, (row.compression_epoch?.max(1)) as f64));
            rows.iter().filter(|row| row.replica == replica).filter_map(|row| both(&row)).collect()
        })
        .collect();
    let crossed: Vec<f64> = replicas
        .iter()
        .map(|&replica| {
            let of_replica: Vec<_> = rows.iter().filter(|row| row.replica == replica).collect();
            of_replica.iter().filter(|row| row.crossing_epoch.is_some()).count() as f64 / of_replica.len() as f64
        })
        .collect();
    let over = |statistic: &dyn Fn(&[usize]) -> f64| {
        bootstrap(replicas.len(), RESAMPLES, LEVEL, &mut stream(0, Purpose::Bootstrap), statistic)
    };
    let drawn_pairs = |drawn: &[usize]| drawn.iter().flat_map(|&r| pairs[r].iter().copied()).collect::<Vec<_>>();
    let count = pairs.iter().map(Vec::len).sum::<usize>();
    Some(Timing {
        share_crossing: share(&crossed),
        log_ratio: (count > 0).then(|| {
            over(&|drawn| {
                let pairs = drawn_pairs(drawn);
                pairs.iter().map(|(crossing, start)| (start / crossing).log10()).sum::<f64>() / pairs.len() as f64
            })
        }),
        rank_correlation: (count > 2).then(|| over(&|drawn| spearman(&drawn_pairs(drawn)).unwrap_or(f64::NAN))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_starts_when_a_tenth_is_lost() {
        let epochs = [0, 1, 2, 3, 4, 5];
        assert_eq!(compression_start(&epochs, &[1.0, 5.0, 4.9, 4.5, 2.0, 1.0], 0.5), Some(3));
        assert_eq!(compression_start(&epochs, &[1.0, 2.0, 3.0, 4.0, 5.0, 5.0], 0.5), None);
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
                    change_point_epoch: None,
                    estimator: "e".into(),
                    compression_epoch: Some(100 * (replica + 1) * layer),
                })
            })
            .collect();
        let timing = summarise(&rows, "c").unwrap();
        approx::assert_abs_diff_eq!(timing.log_ratio.unwrap().mean, 1.0, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(timing.rank_correlation.unwrap().mean, 1.0, epsilon = 1e-12);
        assert_eq!(timing.share_crossing.mean, 1.0);
        assert!(summarise(&rows, "other").is_none());
    }
}
