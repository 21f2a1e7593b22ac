//! Which estimator can be trusted where, in one look: by family of problems; and its errors, problem by problem.

use std::sync::Arc;

use anyhow::Result;
use kuva::plot::Heatmap;
use kuva::plot::heatmap::ColorMap;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::calibration::summary::{SummaryRow, at_common_rows};
use crate::drawing::{Drawing, Sheet, distinct};

/// Bits at which the colours end.
const MOST: f64 = 1.0;
/// What stands where there is no number: below every value, grey.
const NOTHING: f64 = -2.0 * MOST;

/// Draws both at the greatest number of rows that all problems share.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(summary: &[SummaryRow], drawing: Drawing) -> Result<()> {
    let rows: Vec<&SummaryRow> = at_common_rows(summary).collect();
    let size = rows.iter().filter(|row| !row.is_layer()).map(|row| row.rows).max();
    let at = size.map_or_else(String::new, |size| format!(", {size} rows"));
    let estimators = distinct(rows.iter().map(|row| row.estimator.clone()));
    trusted(&rows, &estimators, &at, drawing)?;
    errors(&rows, &estimators, &at, drawing)
}

/// The share of a family's problems on which each estimator is trusted.
fn trusted(rows: &[&SummaryRow], estimators: &[String], at: &str, drawing: Drawing) -> Result<()> {
    let families = distinct(rows.iter().map(|row| row.family.clone()));
    let share = |estimator: &str, family: &str| {
        let of = || rows.iter().filter(|row| row.estimator == estimator && row.family == family);
        let (trusted, all) = (of().filter(|row| row.is_trusted()).count(), of().count());
        let refused = of().all(|row| row.refused == row.draws);
        if refused { -0.2 } else { trusted as f64 / all as f64 }
    };
    let map = Map {
        title: format!(
            "Trusted: error within 0.1 bits or a tenth of the truth{at}. Blue: on all problems, red: on none"
        ),
        legend: "share of problems, -1 none, 1 all",
        columns: families.clone(),
        rows: estimators.to_vec(),
        value: &|estimator, family| share(&estimators[estimator], &families[family]),
        nothing: -0.1,
        colour: |share| colour(1.0 - 2.0 * share),
    };
    map.draw(drawing, "calibration")
}

/// Mean minus truth of each estimator on each problem.
fn errors(rows: &[&SummaryRow], estimators: &[String], at: &str, drawing: Drawing) -> Result<()> {
    let problems = distinct(rows.iter().map(|row| (row.problem.clone(), row.truth_bits)));
    let error = |problem: usize, estimator: usize| {
        let row = rows.iter().find(|r| r.problem == problems[problem].0 && r.estimator == estimators[estimator]);
        row.and_then(|row| row.bias_bits).map_or(NOTHING, |bias| bias.clamp(-MOST, MOST))
    };
    let map = Map {
        title: format!("Mean error in bits (true bits in brackets){at}; grey: refused, or not what it is about"),
        legend: "error, bits",
        columns: estimators.to_vec(),
        rows: problems.iter().map(|(problem, truth)| format!("{problem} ({truth:.2})")).collect(),
        value: &error,
        colour,
        nothing: -1.5 * MOST,
    };
    map.draw(drawing, "errors")
}

/// A table of colours.
struct Map<'a> {
    title: String,
    legend: &'a str,
    columns: Vec<String>,
    rows: Vec<String>,
    value: &'a dyn Fn(usize, usize) -> f64,
    colour: fn(f64) -> String,
    /// Below this there is no number.
    nothing: f64,
}

impl Map<'_> {
    fn draw(self, drawing: Drawing, name: &str) -> Result<()> {
        let Self { columns, mut rows, value, colour, nothing, .. } = self;
        // The first row of a heat map is its lowest.
        let data: Vec<Vec<f64>> =
            (0..rows.len()).rev().map(|row| (0..columns.len()).map(|column| value(row, column)).collect()).collect();
        rows.reverse();
        let (low, high) = data.iter().flatten().fold((0.0_f64, 0.0_f64), |(low, high), &v| (low.min(v), high.max(v)));
        let colours = ColorMap::Custom(Arc::new(move |share: f64| {
            let value = low + share * (high - low);
            if value < nothing { "#cccccc".to_owned() } else { colour(value) }
        }));
        let plots: Vec<Plot> =
            vec![Heatmap::new().with_data(data).with_color_map(colours).with_legend(self.legend).into()];
        let widest = rows.iter().map(|row| row.chars().count()).max().unwrap_or(0) as f64;
        let (width, height) = (120.0 + 7.0 * widest + 34.0 * columns.len() as f64, 220.0 + 18.0 * rows.len() as f64);
        let layout = Layout::auto_from_plots(&plots)
            .with_x_categories(columns)
            .with_y_categories(rows)
            .with_x_tick_rotate(-40.0);
        Sheet::new(self.title, 1, vec![plots], vec![layout]).cell(width, height).save(name, drawing)
    }
}

/// White at 0, blue below, red above.
fn colour(error: f64) -> String {
    let share = (error / MOST).clamp(-1.0, 1.0);
    let fade = |end: f64| (255.0 + (end - 255.0) * share.abs()).round() as u8;
    // Ends of ColorBrewer's RdBu.
    let (r, g, b) = if share < 0.0 { (33.0, 102.0, 172.0) } else { (178.0, 24.0, 43.0) };
    format!("rgb({},{},{})", fade(r), fade(g), fade(b))
}
