//! Compression against batch size: after as many updates, and at the same training loss.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, Sheet, colour, distinct, errors, marker};
use crate::questions::rq2::causes::CauseRow;

/// Bits and the ends of their interval.
type Bits = (Option<f64>, Option<f64>, Option<f64>);

/// Draws the conditions that differ in their batch size alone, every estimator beside the other, with 95 % intervals.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[CauseRow], conditions: &[String], drawing: Drawing) -> Result<()> {
    let rows: Vec<&CauseRow> = rows.iter().filter(|row| conditions.contains(&row.condition)).collect();
    if distinct(rows.iter().map(|row| row.batch_size)).len() < 2 {
        return Ok(());
    }
    let estimators = distinct(rows.iter().map(|row| row.estimator.clone()));
    let same_updates: fn(&CauseRow) -> Bits =
        |row| (Some(row.compression_bits), row.compression_bits_lower, row.compression_bits_upper);
    let same_loss: fn(&CauseRow) -> Bits = |row| {
        let (lower, upper) = (row.matched_loss_compression_bits_lower, row.matched_loss_compression_bits_upper);
        (row.matched_loss_compression_bits, lower, upper)
    };
    let reached = rows.iter().any(|row| row.matched_loss_compression_bits.is_some());
    let at_loss = format!("at a training loss of {} bits", rows[0].matched_loss_bits);
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    let panels = [("after as many updates", same_updates), (at_loss.as_str(), same_loss)];
    for (title, bits) in panels.into_iter().take(if reached { 2 } else { 1 }) {
        let panel: Vec<Plot> = estimators
            .iter()
            .enumerate()
            .map(|(k, estimator)| {
                // Estimators stand side by side, so that their intervals do not hide each other.
                let shift = 1.0 + 0.06 * (k as f64 - (estimators.len() - 1) as f64 / 2.0);
                let mut points: Vec<(f64, f64, (f64, f64))> = rows
                    .iter()
                    .filter(|row| row.estimator == *estimator)
                    .filter_map(|row| {
                        let (mean, lower, upper) = bits(row);
                        Some((row.batch_size as f64 * shift, mean?, errors(mean?, lower, upper)))
                    })
                    .collect();
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                ScatterPlot::new()
                    .with_data(points.iter().map(|point| (point.0, point.1)).collect::<Vec<_>>())
                    .with_y_err_asymmetric(points.iter().map(|point| point.2))
                    .with_color(colour(k))
                    .with_marker(marker(k))
                    .with_size(5.0)
                    .into()
            })
            .collect();
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(title)
                .with_x_label("batch size (the last: all training patterns)")
                .with_y_label("bits of I(X;T) lost after the fit")
                .with_log_x(),
        );
        plots.push(panel);
    }
    let legend = estimators.iter().enumerate().map(|(k, estimator)| LegendEntry {
        label: estimator.clone(),
        color: colour(k).to_owned(),
        shape: LegendShape::Marker(marker(k)),
        dasharray: None,
    });
    Sheet::new("Compression against batch size, mean over hidden layers, 95 % intervals", plots.len(), plots, layouts)
        .cell(460.0, 380.0)
        .legend(legend.collect())
        .save("batch_size", drawing)
}
