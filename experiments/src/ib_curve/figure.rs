//! The bound as a figure: the curve, its ceilings I(X;T) and I(X;Y), and the places asked for.

use crate::files::write_atomically;
use std::path::Path;

use anyhow::{Context, Result};
use infoplane_info::bottleneck::{Curve, Problem};
use kuva::backend::svg::SvgBackend;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

/// The curve is drawn as well as this many bits, or with so many knots.
const WIDTH_BITS: f64 = 1e-5;
const KNOTS: usize = 300;

/// Draws the curve, with marks at (I(X;T), I(T;Y)).
///
/// # Errors
/// If the file cannot be written.
pub fn draw(path: &Path, problem: &Problem, marks: Vec<(f64, f64)>) -> Result<()> {
    let curve = Curve::refined(problem, WIDTH_BITS, KNOTS)?;
    let (h_s, i_xy) = curve.end();
    let right = h_s.max(1e-3) * 1.05;
    let line = (0..=400).map(|i| f64::from(i) / 400.0 * right).map(|x| (x, curve.lower(x)));
    let mut plots: Vec<Plot> = vec![
        LinePlot::new()
            .with_data(vec![(0.0, 0.0), (i_xy, i_xy), (right, i_xy)])
            .with_color("gray")
            .with_dashed()
            .with_legend("I(T;Y) ≤ I(X;T), I(X;Y)")
            .into(),
        LinePlot::new().with_data(line).with_color("steelblue").with_stroke_width(2.0).with_legend("IB bound").into(),
    ];
    if !marks.is_empty() {
        plots.push(
            ScatterPlot::new().with_data(marks).with_color("crimson").with_size(4.0).with_legend("asked for").into(),
        );
    }
    let layout = Layout::auto_from_plots(&plots)
        .with_title("Information Bottleneck bound")
        .with_x_label("I(X;T) / bits")
        .with_y_label("I(T;Y) / bits");
    let svg = SvgBackend.render_scene(&render_multiple(plots, layout));
    write_atomically(path, svg.as_bytes()).context("the figure cannot be written")
}
