//! Which share of the networks has reached the goal by when, by depth: in epochs, and in gradient computation.
//!
//! One minus the Kaplan–Meier curve; a curve that ends below 1 has failures, censored at the end of training.

use anyhow::Result;
use infoplane_info::survival::{Observation, kaplan_meier};
use kuva::plot::{LegendShape, LinePlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::depth_legend;
use crate::drawing::{Drawing, Sheet, colour, distinct};
use crate::questions::rq4::thresholds::{Threshold, TimeRow, Unit};
use crate::verdict::intervals::LEVEL;

/// Draws a row of panels for every cell.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[TimeRow], goal: Threshold, drawing: Drawing) -> Result<()> {
    let rows: Vec<&TimeRow> = rows.iter().filter(|row| row.is_about(goal)).collect();
    let groups = distinct(rows.iter().map(|row| row.group.clone()));
    let depths = distinct(rows.iter().map(|row| row.depth));
    let units: [(&str, Unit); 2] =
        [("epoch", TimeRow::in_epochs), ("gradient computation, 10⁹ operations", TimeRow::in_gflop)];
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for group in &groups {
        for (label, unit) in units {
            let of_group: Vec<&&TimeRow> = rows.iter().filter(|row| row.group == *group).collect();
            let times = || of_group.iter().map(|row| unit(row).time).filter(|&time| time > 0.0);
            let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(0.0, f64::max));
            if first >= last {
                continue;
            }
            let panel: Vec<Plot> = depths
                .iter()
                .filter_map(|&depth| {
                    let times: Vec<Observation> =
                        of_group.iter().filter(|row| row.depth == depth).map(|row| unit(row)).collect();
                    let steps = staircase(&times, first);
                    (!times.is_empty()).then(|| {
                        LinePlot::new().with_data(steps).with_color(colour(depth - 1)).with_stroke_width(2.0).into()
                    })
                })
                .collect();
            layouts.push(
                Layout::auto_from_plots(&panel)
                    .with_title(group.clone())
                    .with_x_label(label)
                    .with_y_label("share that has reached it")
                    .with_log_x()
                    .with_y_axis_min(0.0)
                    .with_y_axis_max(1.05)
                    .with_y_tick_step(0.2),
            );
            plots.push(panel);
        }
    }
    if plots.is_empty() {
        return Ok(());
    }
    Sheet::new(format!("Networks that have reached the goal, {goal}"), 2, plots, layouts)
        .cell(420.0, 280.0)
        .legend(depth_legend(&depths, |_| LegendShape::Line))
        .save("survival", drawing)
}

/// Corners of the curve from the first time drawn to the last observed.
fn staircase(times: &[Observation], first: f64) -> Vec<(f64, f64)> {
    let last = times.iter().fold(first, |last, time| last.max(time.time));
    let mut corners = vec![(first, 0.0)];
    let mut share = 0.0;
    for step in kaplan_meier(times, LEVEL) {
        let time = step.time.max(first);
        corners.push((time, share));
        share = 1.0 - step.survival;
        corners.push((time, share));
    }
    corners.push((last, share));
    corners
}
