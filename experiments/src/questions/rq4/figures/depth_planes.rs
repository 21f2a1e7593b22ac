//! The paper's figure 5: a panel for each depth, the mean trajectories of all its layers, coloured by epoch.

use anyhow::Result;

use crate::drawing::{Drawing, Sheet, layer_legend, plane_layout};
use crate::figures::trajectories::{colour_bar, plane, shade};
use crate::questions::rq4::generalisation::DepthRow;
use crate::trajectories::TrajectoryRow;

/// Panels side by side, besides the colour bar.
const COLUMNS: usize = 3;

/// Draws a figure for every cell.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[TrajectoryRow], depths: &[DepthRow], drawing: Drawing) -> Result<()> {
    let most = rows.iter().fold(1.0_f64, |most, row| most.max(row.i_xt_bits)).ceil();
    let last_epoch = rows.iter().map(|row| row.epoch).max().unwrap_or(1).max(2) as f64;
    let shade = |epoch: f64| shade(epoch, last_epoch);
    for group in depths.chunk_by(|a, b| a.group == b.group) {
        let (mut plots, mut layouts) = (Vec::new(), Vec::new());
        let mut layers = 0;
        for depth in group {
            let of_depth: Vec<&TrajectoryRow> = rows.iter().filter(|row| row.condition == depth.condition).collect();
            layers = of_depth.iter().fold(layers, |most, row| most.max(row.layer));
            let panel = plane(&of_depth, &shade);
            layouts.push(plane_layout(&panel, format!("{} hidden: {}", depth.depth, depth.architecture), most));
            plots.push(panel);
            if plots.len() % (COLUMNS + 1) == COLUMNS || depth.depth == group[group.len() - 1].depth {
                let (bar, layout) = colour_bar(last_epoch, &shade);
                layouts.push(layout);
                plots.push(bar);
            }
        }
        let columns = if group.len() < COLUMNS { group.len() + 1 } else { COLUMNS + 1 };
        let name = group[0].group.replace([' ', '-'], "_");
        let title = format!("{}: mean trajectories of {} networks a depth", group[0].group, group[0].replicas);
        let legend: Vec<_> = layer_legend(layers, |_| "#555555")
            .into_iter()
            .enumerate()
            .map(|(k, mut entry)| {
                // The output is the last of each panel, whichever number that is.
                entry.label = format!("layer {}", k + 1);
                entry
            })
            .collect();
        Sheet::new(title, columns, plots, layouts)
            .last_column(130.0)
            .legend(legend)
            .save(&format!("depth_{name}"), drawing)?;
    }
    Ok(())
}
