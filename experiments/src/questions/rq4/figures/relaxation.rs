//! Compression time of hidden layers against the bits they lose, and the laws fitted to them.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::depth_legend;
use crate::drawing::{Drawing, colour, distinct, marker, panels};
use crate::questions::rq4::relaxation::{LawRow, Layers, RelaxationRow};

/// Points of a curve.
const POINTS: usize = 16;
/// Dashes of the four laws.
const DASHES: [Option<&str>; 4] = [Some("1 4"), Some("8 4"), Some("8 4 2 4"), None];

/// Draws a panel for every cell.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[RelaxationRow], laws: &[LawRow], drawing: Drawing) -> Result<()> {
    let hidden: Vec<&RelaxationRow> = rows.iter().filter(|row| !row.is_output).collect();
    let groups = distinct(hidden.iter().map(|row| row.group.clone()));
    let mut depths = distinct(hidden.iter().map(|row| row.depth));
    depths.sort_unstable();
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for group in &groups {
        let of_group: Vec<&&RelaxationRow> = hidden.iter().filter(|row| row.group == *group).collect();
        let bits = || of_group.iter().map(|row| row.delta_s_bits);
        let (low, high) = (bits().fold(f64::INFINITY, f64::min), bits().fold(0.0, f64::max));
        let epochs = || of_group.iter().map(|row| row.compression_epochs as f64);
        let (fast, slow) = (epochs().fold(f64::INFINITY, f64::min), epochs().fold(1.0, f64::max));
        let mut panel: Vec<Plot> = Vec::new();
        for &depth in &depths {
            let points: Vec<(f64, f64)> = of_group
                .iter()
                .filter(|row| row.depth == depth)
                .map(|row| (row.delta_s_bits, row.compression_epochs as f64))
                .collect();
            if !points.is_empty() {
                let scatter = ScatterPlot::new().with_data(points).with_color(colour(depth - 1));
                panel.push(scatter.with_marker(marker(depth - 1)).with_size(3.0).with_marker_opacity(0.6).into());
            }
        }
        let of_laws = laws.iter().filter(|law| law.group == *group && law.layers == Layers::Hidden);
        for (law, dash) in of_laws.zip(DASHES) {
            let at = |k: usize| low + (high - low) * k as f64 / (POINTS - 1) as f64;
            let curve: Vec<(f64, f64)> = (0..POINTS)
                .map(|k| (at(k), law.law.at(law.a, law.b, at(k))))
                .filter(|point| point.1 >= fast && point.1 <= slow)
                .collect();
            let line = LinePlot::new().with_data(curve).with_color("#222222").with_stroke_width(1.5);
            let line = match dash {
                Some("1 4") => line.with_dotted(),
                Some("8 4") => line.with_dashed(),
                Some(_) => line.with_dashdot(),
                None => line,
            };
            panel.push(line.into());
        }
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(group.clone())
                .with_x_label("ΔS: bits of I(X;T) lost")
                .with_y_label("epochs of compression")
                .with_log_y(),
        );
        plots.push(panel);
    }
    if plots.is_empty() {
        return Ok(());
    }
    let mut legend = depth_legend(&depths, |k| LegendShape::Marker(marker(k)));
    for (law, dash) in infoplane_info::scaling::Law::ALL.into_iter().zip(DASHES) {
        legend.push(LegendEntry {
            label: law.to_string(),
            color: "#222222".to_owned(),
            shape: LegendShape::Line,
            dasharray: dash.map(str::to_owned),
        });
    }
    let title = "Compression time of hidden layers against what they lose";
    panels(title, plots, layouts, legend).save("relaxation", drawing)
}
