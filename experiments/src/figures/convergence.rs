//! How errors fall as rows grow: one panel for each family of problems, one line for each estimator.

use anyhow::Result;
use kuva::plot::{LegendEntry, LegendShape, LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;

use crate::calibration::summary::SummaryRow;
use crate::drawing::{Drawing, colour, distinct, marker, panels};

/// Errors below this are drawn there: a logarithmic axis has no 0.
const LEAST: f64 = 1e-3;
/// Errors above this are drawn there.
const MOST: f64 = 10.0;
/// Lines with a name, by the start of it: one colour for each idea, one mark for each of its estimators. The others are grey.
const IDEAS: [&[&str]; 6] = [
    &["ksg", "mixed-ksg"],
    &["infonce", "infonce-anchor", "nwj", "mine", "smile"],
    &["gaussian", "cca"],
    &["plugin", "plugin:correction=chao-shen", "plugin:correction=nsb"],
    &["binning:bins", "binning:quantile", "edge"],
    &["noisy", "kde"],
];
/// Ends of the axis of rows.
const LEAST_ROWS: f64 = 400.0;
const MOST_ROWS: f64 = 25_000.0;
const GREY: &str = "#cccccc";

/// Draws the problems that stand for their families, if they were drawn at several numbers of rows.
///
/// # Errors
/// If the files cannot be written.
pub fn draw(summary: &[SummaryRow], drawing: Drawing) -> Result<()> {
    let shown: Vec<&SummaryRow> = summary
        .iter()
        .filter(|row| row.representative && row.truth_bits.is_finite() && row.error_bits.is_some())
        .collect();
    let estimators = distinct(shown.iter().map(|row| row.estimator.clone()));
    let problems = distinct(shown.iter().map(|row| (row.family.clone(), row.problem.clone())));
    if problems.is_empty() || distinct(shown.iter().map(|row| row.rows)).len() < 2 {
        return Ok(());
    }
    let (mut plots, mut layouts) = (Vec::new(), Vec::new());
    for (family, problem) in problems {
        let mut panel: Vec<Plot> = Vec::new();
        // Grey lines first, so that they lie below.
        for named in [false, true] {
            for estimator in estimators.iter().filter(|estimator| style(estimator).is_some() == named) {
                let of = shown.iter().filter(|row| row.problem == problem && row.estimator == *estimator);
                let point = |row: &&SummaryRow| (row.rows as f64, row.error_bits.unwrap_or(MOST).clamp(LEAST, MOST));
                let points: Vec<(f64, f64)> = of.map(point).collect();
                let Some((idea, member)) = style(estimator) else {
                    panel.push(LinePlot::new().with_data(points).with_color(GREY).into());
                    continue;
                };
                panel.push(LinePlot::new().with_data(points.clone()).with_color(colour(idea)).into());
                let marks = ScatterPlot::new().with_data(points).with_color(colour(idea)).with_marker(marker(member));
                panel.push(marks.with_size(4.0).into());
            }
        }
        layouts.push(
            Layout::auto_from_plots(&panel)
                .with_title(format!("{family}: {problem}"))
                .with_x_label("rows")
                .with_y_label("error, bits")
                .with_log_x()
                .with_x_axis_min(LEAST_ROWS)
                .with_x_axis_max(MOST_ROWS)
                .with_log_y()
                .with_y_axis_min(LEAST)
                .with_y_axis_max(MOST),
        );
        plots.push(panel);
    }
    let named = estimators.iter().filter_map(|estimator| Some((estimator, style(estimator)?)));
    let entry = |(estimator, (idea, member)): (&String, (usize, usize))| LegendEntry {
        label: estimator.replace(",bounds=false", "").replace(",seed=0", ""),
        color: colour(idea).to_owned(),
        shape: LegendShape::Marker(marker(member)),
        dasharray: None,
    };
    let others =
        LegendEntry { label: "others".to_owned(), color: GREY.to_owned(), shape: LegendShape::Line, dasharray: None };
    let legend: Vec<LegendEntry> = named.map(entry).chain([others]).collect();
    panels("Root-mean-square error as rows grow", plots, layouts, legend).save("convergence", drawing)
}

/// Idea and member of an estimator: the longest start of its name in the list, alone or before a key.
fn style(estimator: &str) -> Option<(usize, usize)> {
    let is = |name: &str| {
        estimator
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || (rest.starts_with([':', '=']) && name != "plugin"))
    };
    let all = IDEAS
        .iter()
        .enumerate()
        .flat_map(|(idea, members)| members.iter().enumerate().map(move |(member, name)| (*name, (idea, member))));
    all.filter(|(name, _)| is(name)).max_by_key(|(name, _)| name.len()).map(|(_, style)| style)
}
