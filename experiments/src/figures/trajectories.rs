//! The paper's figure 3: mean trajectories of the layers, coloured by epoch, side by side for each training fraction.

use std::sync::Arc;

use anyhow::Result;
use kuva::plot::colormap::ColorMap;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::{Layout, TickFormat};
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, Sheet, distinct, layer_legend, marker, plane_layout};
use crate::trajectories::TrajectoryRow;

/// Steps of the colour bar.
const BAR_STEPS: usize = 128;

/// Draws every activation and training fraction through one estimator.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[TrajectoryRow], estimator: &str, drawing: Drawing) -> Result<()> {
    let shown: Vec<&TrajectoryRow> = rows.iter().filter(|row| row.estimator == estimator).collect();
    let activations = distinct(shown.iter().map(|row| row.activation.clone()));
    let fractions = distinct(shown.iter().map(|row| row.train_fraction));
    let layers = distinct(shown.iter().map(|row| row.layer));
    let Some(first) = shown.first() else { return Ok(()) };
    let last_epoch = shown.iter().map(|row| row.epoch).max().unwrap_or(1).max(2) as f64;
    let most = shown.iter().fold(1.0_f64, |most, row| most.max(row.i_xt_bits)).ceil();
    let shade = |epoch: f64| shade(epoch, last_epoch);

    let mut plots = Vec::new();
    let mut layouts = Vec::new();
    for activation in &activations {
        for &fraction in &fractions {
            let of_condition: Vec<&TrajectoryRow> = shown
                .iter()
                .copied()
                .filter(|row| row.activation == *activation && row.train_fraction == fraction)
                .collect();
            let panel = plane(&of_condition, &shade);
            layouts.push(plane_layout(&panel, format!("{activation}, {} % train", fraction * 100.0), most));
            plots.push(panel);
        }
        let (bar, bar_layout) = colour_bar(last_epoch, &shade);
        layouts.push(bar_layout);
        plots.push(bar);
    }
    let columns = fractions.len() + 1;
    Sheet::new(format!("Mean trajectories of {} networks, {estimator}", first.replicas), columns, plots, layouts)
        .last_column(130.0)
        .legend(layer_legend(layers.len(), |_| "#555555"))
        .save("trajectories", drawing)
}

/// The path of every layer through the plane, coloured by epoch.
pub(crate) fn plane(rows: &[&TrajectoryRow], shade: &impl Fn(f64) -> String) -> Vec<Plot> {
    let mut panel: Vec<Plot> = Vec::new();
    for layer in distinct(rows.iter().map(|row| row.layer)) {
        let path: Vec<&&TrajectoryRow> = rows.iter().filter(|row| row.layer == layer).collect();
        let points: Vec<(f64, f64)> = path.iter().map(|row| (row.i_xt_bits, row.i_ty_bits)).collect();
        panel.push(LinePlot::new().with_data(points.clone()).with_color("#bbbbbb").with_stroke_width(1.0).into());
        panel.push(
            ScatterPlot::new()
                .with_data(points)
                .with_colors(path.iter().map(|row| shade(row.epoch as f64)))
                .with_marker(marker(layer - 1))
                .with_size(3.5)
                .into(),
        );
    }
    panel
}

/// The colour of an epoch. Epoch 0 has no logarithm; it shares the colour of epoch 1.
pub(crate) fn shade(epoch: f64, last_epoch: f64) -> String {
    ColorMap::Viridis.map(epoch.max(1.0).ln() / last_epoch.ln())
}

/// The scale of colours, as a column of short lines.
pub(crate) fn colour_bar(last_epoch: f64, shade: &impl Fn(f64) -> String) -> (Vec<Plot>, Layout) {
    let bar: Vec<Plot> = (0..BAR_STEPS)
        .map(|step| {
            let epoch = |step: usize| last_epoch.powf(step as f64 / BAR_STEPS as f64);
            let line: Vec<(f64, f64)> = vec![(0.5, epoch(step)), (0.5, epoch(step + 1))];
            LinePlot::new().with_data(line).with_color(shade(epoch(step))).with_stroke_width(40.0).into()
        })
        .collect();
    let layout = Layout::auto_from_plots(&bar)
        .with_title("epoch")
        .with_log_y()
        .with_y_axis_min(1.0)
        .with_y_axis_max(last_epoch)
        .with_x_axis_min(0.0)
        .with_x_axis_max(1.0)
        .with_x_tick_format(TickFormat::Custom(Arc::new(|_| String::new())))
        .with_show_grid(false);
    (bar, layout)
}
