//! The paper's figure 4: norms of the mean and of the standard deviation of mini-batch gradients, each divided by ‖W‖, by
//! layer, against epochs, log-log; and the signal-to-noise ratio of every condition.
//!
//! Vertical lines: the median epoch of the transition at SNR = 1 (dashed) and at which its compression starts (dotted).

use std::collections::BTreeMap;

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::drawing::{Drawing, colour, distinct, panels};
use crate::questions::rq2::timing::TimingRow;
use crate::rows::GradientRow;

/// Draws the reference condition by layer, and all conditions' ratios.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[GradientRow], timings: &[TimingRow], reference: &str, drawing: Drawing) -> Result<()> {
    let kernels: Vec<&GradientRow> = rows.iter().filter(|row| row.part == "kernel" && row.epoch > 0).collect();
    if kernels.is_empty() {
        return Ok(());
    }
    by_layer(&kernels, timings, reference, drawing)?;
    by_condition(&kernels, drawing)
}

fn by_layer(rows: &[&GradientRow], timings: &[TimingRow], reference: &str, drawing: Drawing) -> Result<()> {
    let layers = distinct(rows.iter().map(|row| row.layer));
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for &layer in &layers {
        let of_layer = || rows.iter().filter(move |row| row.condition == reference && row.layer == layer);
        let mean = geometric_mean(of_layer().filter_map(|row| Some((row.epoch, row.gradient_mean_normalised?))));
        let std = geometric_mean(of_layer().filter_map(|row| Some((row.epoch, row.gradient_std_normalised?))));
        let ends = mean.iter().chain(&std).map(|point| point.1);
        let (low, high) = ends.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            continue;
        }
        let timing = || timings.iter().filter(move |t| t.condition == reference && t.layer == layer);
        let crossing = median(timing().filter_map(|t| t.crossing_epoch));
        let compression = median(timing().filter_map(|t| t.compression_epoch));
        let mut panel: Vec<Plot> = vec![
            LinePlot::new().with_data(mean).with_color(colour(0)).with_stroke_width(2.0).into(),
            LinePlot::new().with_data(std).with_color(colour(1)).with_stroke_width(2.0).with_dashdot().into(),
        ];
        let vertical = |epoch: f64| vec![(epoch, low), (epoch, high)];
        if let Some(epoch) = crossing {
            panel.push(LinePlot::new().with_data(vertical(epoch)).with_color("#555555").with_dashed().into());
        }
        if let Some(epoch) = compression {
            panel.push(LinePlot::new().with_data(vertical(epoch)).with_color("#555555").with_dotted().into());
        }
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(format!("layer {layer}"))
                .with_x_label("epoch")
                .with_y_label("gradient norm / ‖W‖")
                .with_log_x()
                .with_log_y(),
        );
        plots.push(panel);
    }
    let entry = |label: &str, k: usize, dasharray: Option<&str>| LegendEntry {
        label: label.to_owned(),
        color: if k < 2 { colour(k).to_owned() } else { "#555555".to_owned() },
        shape: LegendShape::Line,
        dasharray: dasharray.map(str::to_owned),
    };
    let legend = vec![
        entry("norm of mean", 0, None),
        entry("norm of std", 1, Some("8 4 2 4")),
        entry("transition", 2, Some("8 4")),
        entry("compression starts", 3, Some("2 4")),
    ];
    let title = format!("Drift and diffusion, condition {reference}: geometric means over networks");
    panels(&title, plots, layouts, legend).save("gradients", drawing)
}

fn by_condition(rows: &[&GradientRow], drawing: Drawing) -> Result<()> {
    let conditions = distinct(rows.iter().map(|row| row.condition.clone()));
    let output = rows.iter().map(|row| row.layer).max().unwrap_or(0);
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for condition in &conditions {
        let mut panel: Vec<Plot> = Vec::new();
        let mut last = 1.0_f64;
        for layer in 1..=output {
            let ratios = rows.iter().filter(|row| row.condition == *condition && row.layer == layer);
            let path = geometric_mean(ratios.filter_map(|row| Some((row.epoch, row.snr?))));
            last = path.iter().fold(last, |last, point| last.max(point.0));
            if !path.is_empty() {
                panel.push(LinePlot::new().with_data(path).with_color(colour(layer - 1)).with_stroke_width(1.5).into());
            }
        }
        if panel.is_empty() {
            // Full batches have no noise, and no ratio.
            continue;
        }
        panel.push(LinePlot::new().with_data(vec![(1.0, 1.0), (last, 1.0)]).with_color("#888888").with_dashed().into());
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(condition.clone())
                .with_x_label("epoch")
                .with_y_label("SNR")
                .with_log_x()
                .with_log_y(),
        );
        plots.push(panel);
    }
    if plots.is_empty() {
        return Ok(());
    }
    let legend = (1..=output)
        .map(|layer| LegendEntry {
            label: if layer == output { "output".to_owned() } else { format!("layer {layer}") },
            color: colour(layer - 1).to_owned(),
            shape: LegendShape::Line,
            dasharray: None,
        })
        .collect();
    let title = "Signal-to-noise ratio of the gradients by condition";
    panels(title, plots, layouts, legend).save("snr", drawing)
}

/// Geometric means by epoch, over whatever else differs; zeros have no logarithm and are left out.
pub(crate) fn geometric_mean(points: impl Iterator<Item = (usize, f64)>) -> Vec<(f64, f64)> {
    let mut sums: BTreeMap<usize, (f64, usize)> = BTreeMap::new();
    for (epoch, value) in points.filter(|point| point.1 > 0.0) {
        let sum = sums.entry(epoch).or_default();
        sum.0 += value.ln();
        sum.1 += 1;
    }
    sums.into_iter().map(|(epoch, (sum, count))| (epoch as f64, (sum / count as f64).exp())).collect()
}

pub(crate) fn median(epochs: impl Iterator<Item = usize>) -> Option<f64> {
    let mut epochs: Vec<f64> = epochs.map(|epoch| epoch as f64).collect();
    epochs.sort_by(f64::total_cmp);
    infoplane_info::statistics::quantile(&epochs, 0.5).filter(|epoch| *epoch > 0.0)
}
