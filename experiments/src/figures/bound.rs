//! The paper's figure 6: converged layers in the information plane beside the certified curve; for every layer with an
//! identified β*, the place on the curve with the slope 1/β*, as a short tangent in the layer's colour.

use anyhow::Result;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::plots::Plot;

use crate::bound::CurveRow;
use crate::bound::gaps::GapRow;
use crate::bound::layers::Control;
use crate::drawing::{Drawing, Sheet, colour, distinct, layer_legend, marker, plane_layout};

/// Half the length of a tangent at most, in bits of I(X;T) and of I(T;Y).
const TANGENT: (f64, f64) = (0.8, 0.06);

/// Draws every condition and activation at its last epoch, through the first encoder: means over networks.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(gaps: &[GapRow], curve: &[CurveRow], drawing: Drawing) -> Result<()> {
    let Some(first) = gaps.first() else { return Ok(()) };
    let shown: Vec<&GapRow> =
        gaps.iter().filter(|row| row.encoder == first.encoder && row.control == Control::Layer).collect();
    let activations = distinct(shown.iter().map(|row| row.activation.clone()));
    let conditions = distinct(shown.iter().map(|row| row.condition.clone()));
    let layers = shown.iter().map(|row| row.layer).max().unwrap_or(1);
    let most = shown.iter().fold(1.0_f64, |most, row| most.max(row.i_xt_bits)).ceil();
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for activation in &activations {
        for condition in &conditions {
            let of: Vec<&&GapRow> =
                shown.iter().filter(|r| r.activation == *activation && r.condition == *condition).collect();
            let Some(last) = of.iter().map(|row| row.epoch).max() else { continue };
            let dataset = &of[0].dataset;
            let mut panel: Vec<Plot> = vec![curve_line(curve, dataset, most).into()];
            for row in of.iter().filter(|row| row.epoch == last) {
                if let Some(tangent) = row.beta_median.and_then(|beta| tangent(curve, dataset, beta)) {
                    let line = LinePlot::new().with_data(tangent).with_color(colour(row.layer - 1));
                    panel.push(line.with_stroke_width(2.0).into());
                }
            }
            for row in of.iter().filter(|row| row.epoch == last) {
                panel.push(
                    ScatterPlot::new()
                        .with_data(vec![(row.i_xt_bits, row.i_ty_bits)])
                        .with_color(colour(row.layer - 1))
                        .with_marker(marker(row.layer - 1))
                        .with_size(6.0)
                        .into(),
                );
            }
            layouts.push(plane_layout(&panel, format!("{condition}, {activation}"), most));
            plots.push(panel);
        }
    }
    Sheet::new(
        format!("Layers beside the bound, {} networks, {}", first.replicas, first.encoder),
        conditions.len(),
        plots,
        layouts,
    )
    .legend(layer_legend(layers, colour))
    .save("bound", drawing)
}

/// The curve of a task, from (0, 0) to its end and on.
pub(crate) fn curve_line(curve: &[CurveRow], dataset: &str, most: f64) -> LinePlot {
    let knots: Vec<&CurveRow> = curve.iter().filter(|row| row.dataset == dataset).collect();
    let mut points = vec![(0.0, 0.0)];
    // Thousands of knots would only thicken the file.
    let step = knots.len().div_ceil(200).max(1);
    points.extend(knots.iter().step_by(step).map(|row| (row.i_xt_bits, row.i_ty_bits)));
    // The last row is the end; from there on, more I(X;T) brings nothing.
    if let Some(end) = knots.last() {
        points.extend([(end.i_xt_bits, end.i_ty_bits), (most, end.i_ty_bits)]);
    }
    LinePlot::new().with_data(points).with_color("#333333").with_stroke_width(1.5)
}

/// A short piece of the line of slope 1/β that touches the curve.
fn tangent(curve: &[CurveRow], dataset: &str, beta: f64) -> Option<Vec<(f64, f64)>> {
    let knots =
        curve.iter().filter(|row| row.dataset == dataset).filter_map(|row| Some((row, (row.beta? / beta).ln().abs())));
    let (at, _) = knots.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let reach = TANGENT.0.min(TANGENT.1 * beta).min(at.i_xt_bits);
    Some([-reach, reach].map(|step| (at.i_xt_bits + step, at.i_ty_bits + step / beta)).to_vec())
}
