//! The paper's figure 2: every layer of every network in the information plane, at three epochs.
//!
//! Rows: activations. Columns: the first recorded epoch, the one nearest to 400 (or to the middle, on a logarithmic
//! scale, of shorter runs), and the last.

use anyhow::Result;
use kuva::plot::ScatterPlot;
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, Sheet, colour, distinct, layer_legend, marker, plane_layout};
use crate::trajectories::Trajectory;

/// The middle snapshot of the paper's figure 2.
const PAPER_MIDDLE_EPOCH: usize = 400;

/// Draws one training fraction through one estimator.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(trajectories: &[Trajectory], train_fraction: f64, estimator: &str, drawing: Drawing) -> Result<()> {
    let shown: Vec<&Trajectory> = trajectories
        .iter()
        .filter(|t| t.train_fraction == train_fraction && t.estimator == estimator && !t.replicas.is_empty())
        .collect();
    let activations = distinct(shown.iter().map(|t| t.activation.clone()));
    let Some(first) = shown.first() else { return Ok(()) };
    let epochs = three_epochs(&first.epochs);
    let most = shown.iter().flat_map(|t| &t.i_xt).fold(1.0_f64, |most, &bits| most.max(bits)).ceil();

    let mut plots = Vec::new();
    let mut layouts = Vec::new();
    for activation in &activations {
        for &epoch in &epochs {
            let panel: Vec<Plot> = shown
                .iter()
                .filter(|t| t.activation == *activation)
                .filter_map(|t| Some((t, t.epochs.iter().position(|&e| e == epoch)?)))
                .map(|(t, e)| {
                    let points: Vec<(f64, f64)> =
                        t.i_xt.column(e).iter().copied().zip(t.i_ty.column(e).iter().copied()).collect();
                    ScatterPlot::new()
                        .with_data(points)
                        .with_color(colour(t.layer - 1))
                        .with_marker(marker(t.layer - 1))
                        .with_size(3.5)
                        .with_marker_opacity(0.75)
                        .into()
                })
                .collect();
            layouts.push(plane_layout(&panel, format!("{activation}, epoch {epoch}"), most));
            plots.push(panel);
        }
    }
    let layers = shown.iter().map(|t| t.layer).max().unwrap_or(1);
    Sheet::new(
        format!(
            "{} networks in the information plane, {} % of the patterns train, {estimator}",
            first.replicas.len(),
            train_fraction * 100.0
        ),
        epochs.len(),
        plots,
        layouts,
    )
    .legend(layer_legend(layers, colour))
    .save("information_plane", drawing)
}

fn three_epochs(epochs: &[usize]) -> Vec<usize> {
    let last = *epochs.last().unwrap_or(&0);
    let target = if last >= 4 * PAPER_MIDDLE_EPOCH { PAPER_MIDDLE_EPOCH as f64 } else { (last as f64).sqrt() };
    let middle = epochs
        .iter()
        .copied()
        .min_by(|&a, &b| (a as f64 - target).abs().total_cmp(&(b as f64 - target).abs()))
        .unwrap_or(0);
    distinct([epochs.first().copied().unwrap_or(0), middle, last].into_iter())
}

#[cfg(test)]
mod tests {
    use super::three_epochs;

    #[test]
    fn the_middle_is_the_papers_or_the_runs() {
        assert_eq!(three_epochs(&[0, 1, 380, 410, 9000]), [0, 410, 9000]);
        assert_eq!(three_epochs(&[0, 1, 8, 100]), [0, 8, 100]);
        assert_eq!(three_epochs(&[0]), [0]);
    }
}
