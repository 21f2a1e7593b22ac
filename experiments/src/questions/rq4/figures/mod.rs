//! RQ4's figures.

pub mod depth_planes;
pub mod relaxation;
pub mod survival;

use kuva::plot::{LegendEntry, LegendShape};

use crate::drawing::colour;

/// A legend of depths.
pub(super) fn depth_legend(depths: &[usize], shape: impl Fn(usize) -> LegendShape) -> Vec<LegendEntry> {
    let plural = |depth: usize| if depth == 1 { "" } else { "s" };
    let entry = |&depth: &usize| LegendEntry {
        label: format!("{depth} hidden layer{}", plural(depth)),
        color: colour(depth - 1).to_owned(),
        shape: shape(depth - 1),
        dasharray: None,
    };
    depths.iter().map(entry).collect()
}
