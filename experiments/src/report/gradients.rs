//! RQ2's gradient norms as the page shows them: geometric means over networks, by condition and layer.

use anyhow::Result;
use serde::Serialize;

use super::found::Run;
use crate::drawing::distinct;
use crate::questions::rq2::figures::gradients::{geometric_mean, median};
use crate::questions::rq2::timing::TimingRow;
use crate::rows::{self, GradientRow, Table as _};

/// Digits that are kept of a mean.
const DIGITS: usize = 5;

/// The gradients of one run.
#[derive(Debug, Serialize)]
pub struct GradientPaths {
    /// Its name.
    pub run: String,
    paths: Vec<GradientPath>,
}

/// Kernels of one layer in one condition.
#[derive(Debug, Serialize)]
struct GradientPath {
    condition: String,
    layer: usize,
    /// (epoch, ‖⟨g⟩‖ / ‖W‖).
    mean: Vec<(f64, f64)>,
    /// (epoch, ‖σ(g)‖ / ‖W‖).
    std: Vec<(f64, f64)>,
    /// (epoch, ‖⟨g⟩‖ / ‖σ(g)‖).
    snr: Vec<(f64, f64)>,
    /// Median epoch of the transition.
    transition: Option<f64>,
    /// Median epoch at which compression starts.
    compression: Option<f64>,
}

/// The gradients of the first run of RQ2 that has them.
///
/// # Errors
/// If a file cannot be read.
pub fn read(runs: &[Run]) -> Result<Option<GradientPaths>> {
    let Some(run) = runs.iter().find(|run| run.question == "rq2" && run.folder.join(GradientRow::FILE).exists()) else {
        return Ok(None);
    };
    let mut rows: Vec<GradientRow> = rows::of(&run.folder)?;
    rows.retain(|row| row.part == "kernel" && row.epoch > 0);
    let mut timings: Vec<TimingRow> = rows::of_if_there(&run.folder)?;
    // The first estimator is the one that is drawn.
    let first = timings.first().map(|row| row.estimator.clone());
    timings.retain(|row| Some(&row.estimator) == first.as_ref());
    let mut paths = Vec::new();
    for (condition, layer) in distinct(rows.iter().map(|row| (row.condition.clone(), row.layer))) {
        let of: Vec<&GradientRow> =
            rows.iter().filter(|row| row.condition == condition && row.layer == layer).collect();
        let path = |value: fn(&GradientRow) -> Option<f64>| {
            let points = geometric_mean(of.iter().filter_map(|row| Some((row.epoch, value(row)?))));
            points.into_iter().map(|(epoch, mean)| (epoch, significant(mean))).collect()
        };
        let timing = || timings.iter().filter(|t| t.condition == condition && t.layer == layer);
        paths.push(GradientPath {
            layer,
            mean: path(|row| row.gradient_mean_normalised),
            std: path(|row| row.gradient_std_normalised),
            snr: path(|row| row.snr),
            transition: median(timing().filter_map(|t| t.crossing_epoch)),
            compression: median(timing().filter_map(|t| t.compression_epoch)),
            condition,
        });
    }
    Ok(Some(GradientPaths { run: run.name.clone(), paths }))
}

fn significant(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    #[test]
    fn means_are_rounded_not_cut() {
        assert_eq!(super::significant(0.012_345_67), 0.012_346);
        assert_eq!(super::significant(1234.0), 1234.0);
    }
}
