//! The paper's figure 7: the converged places of each layer, joined from the smallest training sample to the largest, beside
//! the certified curve; and what finite-sample bounds promise beside what happened.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::samples::SampleRow;
use crate::bound::CurveRow;
use crate::drawing::{Drawing, Sheet, colour, distinct, layer_legend, marker, plane_layout};
use crate::figures::bound::curve_line;

/// Draws every activation through the first encoder.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(samples: &[SampleRow], curve: &[CurveRow], drawing: Drawing) -> Result<()> {
    let Some(first) = samples.first() else { return Ok(()) };
    let shown: Vec<&SampleRow> = samples.iter().filter(|row| row.encoder == first.encoder).collect();
    places(&shown, curve, drawing)?;
    bounds(&shown, drawing)
}

fn places(shown: &[&SampleRow], curve: &[CurveRow], drawing: Drawing) -> Result<()> {
    let first = shown[0];
    let activations = distinct(shown.iter().map(|row| row.activation.clone()));
    let layers = shown.iter().map(|row| row.layer).max().unwrap_or(1);
    let most = shown.iter().fold(1.0_f64, |most, row| most.max(row.i_xt_bits)).ceil();
    let fractions = shown.iter().map(|row| row.train_fraction);
    let (least, largest) = (fractions.clone().fold(1.0, f64::min), fractions.fold(0.0, f64::max));
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for activation in &activations {
        let mut panel: Vec<Plot> = vec![curve_line(curve, &first.dataset, most).into()];
        for layer in 1..=layers {
            let mut of: Vec<&&SampleRow> =
                shown.iter().filter(|r| r.activation == *activation && r.layer == layer).collect();
            of.sort_by(|a, b| a.train_fraction.total_cmp(&b.train_fraction));
            let points: Vec<(f64, f64)> = of.iter().map(|row| (row.i_xt_bits, row.i_ty_bits)).collect();
            panel.push(LinePlot::new().with_data(points.clone()).with_color(colour(layer - 1)).into());
            let sizes = of.iter().map(|row| 3.0 + 5.0 * row.train_fraction).collect::<Vec<f64>>();
            let dots = ScatterPlot::new().with_data(points).with_color(colour(layer - 1));
            panel.push(dots.with_marker(marker(layer - 1)).with_sizes(sizes).into());
        }
        layouts.push(plane_layout(&panel, activation.clone(), most));
        plots.push(panel);
    }
    Sheet::new(
        format!("Converged layers, {} % (small) to {} % (large) train", least * 100.0, largest * 100.0),
        activations.len(),
        plots,
        layouts,
    )
    .cell(420.0, 360.0)
    .legend(layer_legend(layers, colour))
    .save("training_size", drawing)
}

fn bounds(shown: &[&SampleRow], drawing: Drawing) -> Result<()> {
    let activations = distinct(shown.iter().map(|row| row.activation.clone()));
    let layers = shown.iter().map(|row| row.layer).max().unwrap_or(1);
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for activation in &activations {
        let line = |layer: usize, value: &dyn Fn(&SampleRow) -> Option<f64>| -> Vec<(f64, f64)> {
            let of = shown.iter().filter(|row| row.activation == *activation && row.layer == layer);
            let mut points: Vec<(f64, f64)> =
                of.filter_map(|row| Some((row.train_patterns as f64, value(row)?))).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            points
        };
        let mut panel: Vec<Plot> = Vec::new();
        for layer in 1..layers {
            let bound = line(layer, &|row| Some(row.generalisation_bound));
            panel.push(LinePlot::new().with_data(bound).with_color(colour(layer - 1)).with_dashed().into());
        }
        // The gap belongs to the network: it is the same in the rows of all of its layers. Below 10⁻³ there is nothing to see.
        let gap = line(1, &|row| row.generalisation_gap.map(|gap| gap.max(1e-3)));
        panel.push(LinePlot::new().with_data(gap).with_color("#000000").with_stroke_width(2.0).into());
        panel.push(LinePlot::new().with_data(line(1, &|_| Some(0.5))).with_color("#888888").with_dotted().into());
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(activation.clone())
                .with_x_label("training patterns")
                .with_y_label("error")
                .with_log_x()
                .with_log_y(),
        );
        plots.push(panel);
    }
    let mut legend: Vec<LegendEntry> = (1..layers)
        .map(|layer| LegendEntry {
            label: format!("bound, layer {layer}"),
            color: colour(layer - 1).to_owned(),
            shape: LegendShape::Line,
            dasharray: Some("8 4".to_owned()),
        })
        .collect();
    let entry = |label: &str, colour: &str, dasharray: Option<&str>| LegendEntry {
        label: label.to_owned(),
        color: colour.to_owned(),
        shape: LegendShape::Line,
        dasharray: dasharray.map(str::to_owned),
    };
    legend.push(entry("test − train", "#000000", None));
    legend.push(entry("guessing", "#888888", Some("2 4")));
    Sheet::new("The paper's bound on the generalisation error, and the error", activations.len(), plots, layouts)
        .cell(420.0, 360.0)
        .legend(legend)
        .save("generalisation", drawing)
}
