//! Squared displacement of the weights since the transition, by condition: a random walk is a line of slope 1.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::gradients::geometric_mean;
use crate::drawing::{Drawing, colour, panels};
use crate::rows::DisplacementRow;

/// Draws every condition that has a transition, by layer: geometric means over networks.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[DisplacementRow], conditions: &[String], drawing: Drawing) -> Result<()> {
    let layers = rows.iter().map(|row| row.layer).max().unwrap_or(0);
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for condition in conditions {
        let panel: Vec<Plot> = (1..=layers)
            .filter_map(|layer| {
                let of_layer = rows.iter().filter(|row| row.condition == *condition && row.layer == layer);
                let points = of_layer.map(|row| (row.epoch - row.since_epoch, row.squared_displacement));
                let path = geometric_mean(points);
                (!path.is_empty()).then(|| {
                    LinePlot::new().with_data(path).with_color(colour(layer - 1)).with_stroke_width(1.5).into()
                })
            })
            .collect();
        if panel.is_empty() {
            continue;
        }
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(condition.clone())
                .with_x_label("epochs since the transition")
                .with_y_label("squared displacement")
                .with_log_x()
                .with_log_y(),
        );
        plots.push(panel);
    }
    if plots.is_empty() {
        return Ok(());
    }
    let legend = (1..=layers)
        .map(|layer| LegendEntry {
            label: format!("layer {layer}"),
            color: colour(layer - 1).to_owned(),
            shape: LegendShape::Line,
            dasharray: None,
        })
        .collect();
    let title = "Squared displacement of the weights since the transition";
    panels(title, plots, layouts, legend).save("displacement", drawing)
}
