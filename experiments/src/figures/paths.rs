//! One network whose layers have names: the path of each through the information plane, coloured by epoch, and the bound where it is
//! known. For models that are not of this workspace; axes reach as far as the data.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot};
use kuva::render::plots::Plot;

use super::trajectories::{colour_bar, plane, shade};
use crate::bound::CurveRow;
use crate::drawing::{Drawing, Sheet, marker, plane_layout};
use crate::trajectories::TrajectoryRow;

/// The colour of paths' signs in the legend.
const GREY: &str = "#555555";
/// The colour of the bound.
const BLACK: &str = "#000000";

/// Draws `information_plane.svg` and `.png` of one estimator: `rows` of the layers, which are called `names` in their order, and `curve`,
/// the bound, which may be empty.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(
    rows: &[TrajectoryRow],
    names: &[String],
    curve: &[CurveRow],
    estimator: &str,
    drawing: Drawing,
) -> Result<()> {
    let shown: Vec<&TrajectoryRow> = rows.iter().filter(|row| row.estimator == estimator).collect();
    let Some(first) = shown.first() else { return Ok(()) };
    let last_epoch = shown.iter().map(|row| row.epoch).max().unwrap_or(1).max(2) as f64;
    let shade = |epoch: f64| shade(epoch, last_epoch);
    let most = |of: fn(&TrajectoryRow) -> f64| shown.iter().fold(1.0_f64, |most, row| most.max(of(row)));
    let (most_x, most_y) = (most(|row| row.i_xt_bits).ceil(), most(|row| row.i_ty_bits));

    let mut panel = plane(&shown, &shade);
    let mut legend: Vec<LegendEntry> = names
        .iter()
        .enumerate()
        .map(|(layer, name)| LegendEntry {
            label: name.clone(),
            color: GREY.to_owned(),
            shape: LegendShape::Marker(marker(layer)),
            dasharray: None,
        })
        .collect();
    let mut bound: Vec<(f64, f64)> = curve.iter().map(|row| (row.i_xt_bits, row.i_ty_bits)).collect();
    if !bound.is_empty() {
        bound.push((0.0, 0.0));
        bound.sort_by(|a, b| a.0.total_cmp(&b.0));
        // From its end on, more of X tells nothing more of Y.
        bound.extend(bound.last().map(|end| (most_x.max(end.0), end.1)));
        panel.insert(0, LinePlot::new().with_data(bound.clone()).with_color(BLACK).with_stroke_width(1.0).into());
        legend.push(LegendEntry {
            label: "bound".to_owned(),
            color: BLACK.to_owned(),
            shape: LegendShape::Line,
            dasharray: None,
        });
    }
    let most_y = bound.last().map_or(most_y, |end| end.1.max(most_y));
    let layout = plane_layout(&panel, format!("{}, {}", first.condition, first.activation), most_x)
        .with_x_tick_step(if most_x > 4.0 { 2.0 } else { 0.5 })
        .with_y_axis_max(1.05 * most_y)
        .with_y_tick_step(if most_y > 1.5 { 0.5 } else { 0.2 });
    let (bar, bar_layout) = colour_bar(last_epoch, &shade);
    let plots: Vec<Vec<Plot>> = vec![panel, bar];
    Sheet::new(format!("{}, {estimator}", first.dataset), 2, plots, vec![layout, bar_layout])
        .cell(480.0, 400.0)
        .last_column(130.0)
        .legend(legend)
        .save("information_plane", drawing)
}
