//! The horizontal gap by layer and epoch: bits of I(X;T) that a layer holds beyond what its I(T;Y) needs.

use anyhow::Result;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::bound::gaps::GapRow;
use crate::bound::layers::Control;
use crate::drawing::{Drawing, Sheet, colour, distinct, layer_legend, marker};

/// Draws every condition, activation and training fraction through the first encoder: means over networks, with 95 %
/// intervals.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(gaps: &[GapRow], drawing: Drawing) -> Result<()> {
    let Some(first) = gaps.first() else { return Ok(()) };
    let shown: Vec<&GapRow> =
        gaps.iter().filter(|row| row.encoder == first.encoder && row.control == Control::Layer).collect();
    let activations = distinct(shown.iter().map(|row| row.activation.clone()));
    let columns = distinct(shown.iter().map(|row| (row.condition.clone(), row.train_fraction)));
    let layers = shown.iter().map(|row| row.layer).max().unwrap_or(1);
    let last = shown.iter().map(|row| row.epoch).max().unwrap_or(1) as f64;
    let most = shown.iter().fold(1.0_f64, |most, row| most.max(row.horizontal_gap_bits)).ceil();
    let conditions = distinct(columns.iter().map(|column| column.0.clone())).len();
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for activation in &activations {
        for (condition, fraction) in &columns {
            let mut panel: Vec<Plot> = Vec::new();
            for layer in 1..=layers {
                let of: Vec<&&GapRow> = shown
                    .iter()
                    .filter(|r| r.activation == *activation && r.condition == *condition)
                    .filter(|r| r.train_fraction == *fraction && r.layer == layer)
                    .collect();
                // Epoch 0 has no logarithm: it stands half a decade before epoch 1.
                let place = |epoch: usize| if epoch == 0 { 0.3 } else { epoch as f64 };
                let points: Vec<(f64, f64)> =
                    of.iter().map(|row| (place(row.epoch), row.horizontal_gap_bits)).collect();
                let errors = of.iter().map(|row| {
                    let reach = |end: Option<f64>| end.map_or(0.0, |end| (row.horizontal_gap_bits - end).abs());
                    (reach(row.horizontal_gap_bits_lower), reach(row.horizontal_gap_bits_upper))
                });
                panel.push(LinePlot::new().with_data(points.clone()).with_color(colour(layer - 1)).into());
                panel.push(
                    ScatterPlot::new()
                        .with_data(points)
                        .with_y_err_asymmetric(errors)
                        .with_color(colour(layer - 1))
                        .with_marker(marker(layer - 1))
                        .with_size(4.0)
                        .into(),
                );
            }
            let title = if conditions > 1 {
                format!("{condition}, {activation}")
            } else {
                format!("{activation}, {} % train", fraction * 100.0)
            };
            layouts.push(
                Layout::auto_from_plots(&panel)
                    .with_title(title)
                    .with_x_label("epoch (leftmost: 0)")
                    .with_y_label("bits of I(X;T) beyond the bound")
                    .with_log_x()
                    .with_x_axis_min(0.2)
                    .with_x_axis_max(last * 1.5)
                    .with_y_axis_min(0.0)
                    .with_y_axis_max(most),
            );
            plots.push(panel);
        }
    }
    Sheet::new(
        format!("Horizontal gap to the bound, {} networks, {}", first.replicas, first.encoder),
        columns.len(),
        plots,
        layouts,
    )
    .legend(layer_legend(layers, colour))
    .save("horizontal_gap", drawing)
}
