//! How figures are drawn: each as SVG and PNG from one description (`sheet.rs`), for a paper or slides.
//!
//! Layers are told apart by shape **and** by colour (Okabe & Ito's palette, safe for colour-blind readers); epochs by the
//! viridis scale, on a logarithmic axis, as in the paper.

mod dashes;
mod sheet;

use kuva::plot::scatter::MarkerShape;
use kuva::plot::{LegendEntry, LegendShape};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

pub(crate) use sheet::Sheet;
pub use sheet::{Drawing, FigureStyle};

/// Okabe & Ito (2008), without yellow, which is too light for small marks on white.
const PALETTE: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
const MARKERS: [MarkerShape; 7] = [
    MarkerShape::Circle,
    MarkerShape::Square,
    MarkerShape::Triangle,
    MarkerShape::Diamond,
    MarkerShape::TriangleDown,
    MarkerShape::Pentagon,
    MarkerShape::Star,
];
/// Panels side by side in a grid.
const COLUMNS: usize = 3;

/// The colour of the k-th of a few things.
pub(crate) fn colour(k: usize) -> &'static str {
    PALETTE[k % PALETTE.len()]
}

/// The shape of the k-th of a few things.
pub(crate) fn marker(k: usize) -> MarkerShape {
    MARKERS[k % MARKERS.len()]
}

/// Axes of the information plane.
pub(crate) fn plane_layout(panel: &[Plot], title: String, most_bits: f64) -> Layout {
    Layout::auto_from_plots(panel)
        .with_title(title)
        .with_x_label("I(X;T) in bits")
        .with_y_label("I(T;Y) in bits")
        .with_x_axis_min(0.0)
        .with_x_axis_max(most_bits + 0.5)
        .with_x_tick_step(2.0)
        .with_y_axis_min(0.0)
        .with_y_axis_max(1.05)
        .with_y_tick_step(0.2)
}

/// A legend of layers, 1 next to the input.
pub(crate) fn layer_legend(layers: usize, colour: impl Fn(usize) -> &'static str) -> Vec<LegendEntry> {
    (1..=layers)
        .map(|layer| LegendEntry {
            label: if layer == layers { "output".to_owned() } else { format!("layer {layer}") },
            color: colour(layer - 1).to_owned(),
            shape: LegendShape::Marker(marker(layer - 1)),
            dasharray: None,
        })
        .collect()
}

/// A grid of panels with one legend.
pub(crate) fn panels(title: &str, plots: Vec<Vec<Plot>>, layouts: Vec<Layout>, legend: Vec<LegendEntry>) -> Sheet {
    Sheet::new(title, COLUMNS.min(plots.len()), plots, layouts).legend(legend)
}

/// How far the ends of an interval lie below and above; nowhere, where there are none.
pub(crate) fn errors(mean: f64, lower: Option<f64>, upper: Option<f64>) -> (f64, f64) {
    let reach = |end: Option<f64>| end.map_or(0.0, |end| (mean - end).abs());
    (reach(lower), reach(upper))
}

/// The distinct values of a list, in order of first appearance.
pub(crate) fn distinct<T: PartialEq + Clone>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}
