//! Which estimator errs where, in one look: mean minus truth by problem and estimator.

use std::sync::Arc;

use anyhow::Result;
use kuva::plot::Heatmap;
use kuva::plot::heatmap::ColorMap;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use super::{Drawing, Sheet, distinct};
use crate::calibration::SummaryRow;

/// Bits at which the colours end.
const MOST: f64 = 1.0;

/// Draws the errors at the greatest number of rows: blue too low, red too high, white right; grey where the estimator
/// refuses.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(rows: &[SummaryRow], drawing: Drawing) -> Result<()> {
    let Some(most_rows) = rows.iter().map(|row| row.rows).max() else { return Ok(()) };
    let estimators = distinct(rows.iter().map(|row| row.estimator.clone()));
    let mut problems = distinct(rows.iter().map(|row| (row.problem.clone(), row.truth_bits)));
    // The first row of a heat map is its lowest.
    problems.reverse();
    let error = |problem: &str, estimator: &str| {
        let row = rows.iter().find(|r| r.rows == most_rows && r.problem == problem && r.estimator == estimator);
        // What is refused lies outside the colours, at the end that no error is drawn at.
        row.and_then(|row| row.bias_bits).map_or(-2.0 * MOST, |bias| bias.clamp(-MOST, MOST))
    };
    let data: Vec<Vec<f64>> = problems
        .iter()
        .map(|(problem, _)| estimators.iter().map(|estimator| error(problem, estimator)).collect())
        .collect();
    let (low, high) = data.iter().flatten().fold((0.0_f64, 0.0_f64), |(low, high), &v| (low.min(v), high.max(v)));
    let colours = ColorMap::Custom(Arc::new(move |share: f64| colour(low + share * (high - low))));
    let plots: Vec<Plot> =
        vec![Heatmap::new().with_data(data).with_color_map(colours).with_legend("error, bits").into()];
    let label = |(problem, truth): &(String, f64)| format!("{problem} ({truth:.2})");
    let layout = Layout::auto_from_plots(&plots)
        .with_x_categories(estimators.clone())
        .with_y_categories(problems.iter().map(label).collect())
        .with_x_tick_rotate(-40.0);
    Sheet::new(
        format!("Mean error in bits (true bits in brackets), {most_rows} rows; grey: refused"),
        1,
        vec![plots],
        vec![layout],
    )
    .cell(260.0 + 56.0 * estimators.len() as f64, 160.0 + 18.0 * problems.len() as f64)
    .save("calibration", drawing)
}

/// White at 0, blue below, red above, grey for what was refused.
fn colour(error: f64) -> String {
    if error < -1.5 * MOST {
        return "#999999".to_owned();
    }
    let share = (error / MOST).clamp(-1.0, 1.0);
    let fade = |end: f64| (255.0 + (end - 255.0) * share.abs()).round() as u8;
    // Ends of ColorBrewer's RdBu.
    let (r, g, b) = if share < 0.0 { (33.0, 102.0, 172.0) } else { (178.0, 24.0, 43.0) };
    format!("rgb({},{},{})", fade(r), fade(g), fade(b))
}
