//! Compression by condition: bits of I(X;T) lost after the fit, mean over hidden layers, after the same number of updates.

use anyhow::Result;
use kuva::plot::ScatterPlot;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, Sheet, colour, distinct, errors, marker};
use crate::questions::rq2::causes::CauseRow;

/// Draws every condition, every estimator beside the other, with 95 % intervals over networks.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[CauseRow], drawing: Drawing) -> Result<()> {
    let conditions = distinct(rows.iter().map(|row| row.condition.clone()));
    let estimators = distinct(rows.iter().map(|row| row.estimator.clone()));
    if rows.is_empty() {
        return Ok(());
    }
    let panel: Vec<Plot> = estimators
        .iter()
        .enumerate()
        .map(|(k, estimator)| {
            let of_estimator: Vec<&CauseRow> = rows.iter().filter(|row| row.estimator == *estimator).collect();
            let place = |row: &CauseRow| conditions.iter().position(|name| *name == row.condition).unwrap_or(0) as f64;
            let shift = (k as f64 - (estimators.len() - 1) as f64 / 2.0) * 0.14;
            let points: Vec<(f64, f64)> =
                of_estimator.iter().map(|row| (place(row) + 1.0 + shift, row.compression_bits)).collect();
            let errors = of_estimator
                .iter()
                .map(|row| errors(row.compression_bits, row.compression_bits_lower, row.compression_bits_upper));
            ScatterPlot::new()
                .with_data(points)
                .with_y_err_asymmetric(errors)
                .with_color(colour(k))
                .with_marker(marker(k))
                .with_size(5.0)
                .with_legend(estimator.as_str())
                .into()
        })
        .collect();
    let layout = Layout::auto_from_plots(&panel)
        .with_y_label("bits of I(X;T) lost after the fit")
        .with_x_categories(conditions.clone())
        .with_x_tick_rotate(-35.0);
    Sheet::new("Compression by condition, mean over hidden layers, 95 % intervals", 1, vec![panel], vec![layout])
        .cell(1000.0, 480.0)
        .save("causes", drawing)
}
