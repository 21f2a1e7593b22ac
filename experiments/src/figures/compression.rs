//! What the verdict depends on, in one look: bits of I(X;T) each layer loses after its fit, by estimator and activation.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, Sheet, colour, distinct, errors, marker};
use crate::trajectories::phases::PhaseRow;

/// Draws every activation and training fraction, with 95 % intervals over replicas.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[PhaseRow], drawing: Drawing) -> Result<()> {
    let activations = distinct(rows.iter().map(|row| row.activation.clone()));
    let fractions = distinct(rows.iter().map(|row| row.train_fraction));
    let estimators = distinct(rows.iter().map(|row| row.estimator.clone()));
    let Some(first) = rows.first() else { return Ok(()) };
    let known = |end: fn(&PhaseRow) -> Option<f64>| rows.iter().filter_map(end);
    let low = known(|row| row.compression_bits_lower).fold(0.0_f64, f64::min).floor();
    let high = known(|row| row.compression_bits_upper).fold(1.0_f64, f64::max).ceil();

    let mut plots = Vec::new();
    let mut layouts = Vec::new();
    for activation in &activations {
        for &fraction in &fractions {
            let mut panel: Vec<Plot> = vec![
                LinePlot::new().with_data(vec![(0.5, 0.0), (7.5, 0.0)]).with_color("#888888").with_dashed().into(),
            ];
            for (k, estimator) in estimators.iter().enumerate() {
                let layers: Vec<&PhaseRow> = rows
                    .iter()
                    .filter(|r| {
                        r.activation == *activation && r.train_fraction == fraction && r.estimator == *estimator
                    })
                    .collect();
                // Estimators stand side by side, so that their intervals do not hide each other.
                let shift = (k as f64 - (estimators.len() - 1) as f64 / 2.0) * 0.12;
                let points: Vec<(f64, f64)> =
                    layers.iter().map(|row| (row.layer as f64 + shift, row.compression_bits)).collect();
                let errors = layers
                    .iter()
                    .map(|row| errors(row.compression_bits, row.compression_bits_lower, row.compression_bits_upper));
                panel.push(
                    ScatterPlot::new()
                        .with_data(points)
                        .with_y_err_asymmetric(errors)
                        .with_color(colour(k))
                        .with_marker(marker(k))
                        .with_size(4.0)
                        .into(),
                );
            }
            let layers = rows.iter().map(|row| row.layer).max().unwrap_or(1) as f64;
            layouts.push(
                Layout::auto_from_plots(&panel)
                    .with_title(format!("{activation}, {} % train", fraction * 100.0))
                    .with_x_label("layer (the last is the output)")
                    .with_y_label("bits of I(X;T) lost after the fit")
                    .with_x_axis_min(0.5)
                    .with_x_axis_max(layers + 0.5)
                    .with_x_tick_step(1.0)
                    .with_y_axis_min(low)
                    .with_y_axis_max(high),
            );
            plots.push(panel);
        }
    }
    let legend = estimators
        .iter()
        .enumerate()
        .map(|(k, estimator)| LegendEntry {
            label: estimator.clone(),
            color: colour(k).to_owned(),
            shape: LegendShape::Marker(marker(k)),
            dasharray: None,
        })
        .collect();
    Sheet::new(
        format!("Compression after the fit, {} networks, 95 % intervals", first.replicas),
        fractions.len(),
        plots,
        layouts,
    )
    .legend(legend)
    .save("compression", drawing)
}
