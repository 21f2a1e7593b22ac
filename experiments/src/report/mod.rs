//! One page to look at: `report.html`, self-contained, made from the files of finished runs alone.
//!
//! | file | what |
//! |---|---|
//! | this one | from folders to the page |
//! | [`found`] | finished runs below a folder, and which of them speaks for its question |
//! | [`questions`] | the five questions, the paper's claims, and which lines of a verdict stand on the front page |
//! | [`tables`] | result files as they stand, cell by cell |
//! | [`planes`] | every network's path through the information plane, packed |
//! | [`gradients`] | RQ2's gradient norms as means over networks |
//! | [`page`] | the page's text, style and programs (`page/`), and the data in it, escaped |
//!
//! In the browser [Chart.js](https://www.chartjs.org) draws (MIT; `vendor/`, as its authors published it): point shapes, tooltips,
//! logarithmic axes and legends that switch layers are its own, so that the page has no drawing code; 300 points in two panels
//! move at the screen's rate. uPlot is a quarter of its 210 kB, but knows neither shapes nor what lies under the pointer in a
//! scatter plot; Plotly and ECharts are five times as large.

pub mod found;
pub mod gradients;
pub mod page;
pub mod planes;
pub mod questions;
pub mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use crate::bound::CurveRow;
use crate::config::RunArgs;
use crate::terminal::{say, tell};
use crate::{files, rows};
use found::Run;
use gradients::GradientPaths;
use planes::Planes;
use questions::Answer;

/// A curve needs no more points than this to look smooth.
const CURVE_POINTS: usize = 300;

/// Everything the page shows.
#[derive(Debug, Serialize)]
pub struct Report {
    version: &'static str,
    questions: Vec<Answer>,
    planes: Vec<Planes>,
    /// Points (I(X;T), I(T;Y)) of the certified bound, by task.
    curves: BTreeMap<String, Vec<(f64, f64)>>,
    gradients: Option<GradientPaths>,
    /// `run.json` of every run on the page, by name.
    runs: BTreeMap<String, Value>,
}

impl Report {
    /// Gathers what the finished runs below these folders have.
    ///
    /// # Errors
    /// If a folder or a file of a finished run cannot be read.
    pub fn gather(folders: &[PathBuf]) -> Result<Self> {
        let runs = found::runs(folders)?;
        if runs.is_empty() {
            let shown: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
            say!("note: there is no finished run in {}; the page says how to make one", shown.join(", "));
        }
        let questions = questions::answers(&runs)?;
        let planes = planes::pack(&found::with_planes(&runs))?;
        let curves = curves(&runs)?;
        let gradients = gradients::read(&runs)?;
        let shown = |run: &&Run| {
            questions.iter().any(|answer| answer.run.as_ref() == Some(&run.name))
                || planes.iter().any(|planes| planes.run == run.name)
                || gradients.as_ref().is_some_and(|gradients| gradients.run == run.name)
        };
        let runs = runs.iter().filter(shown).map(|run| (run.name.clone(), run.record.clone())).collect();
        Ok(Self { version: env!("CARGO_PKG_VERSION"), questions, planes, curves, gradients, runs })
    }

    /// Writes the page.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        files::write_atomically(file, page::html(self)?.as_bytes())
    }
}

/// Writes the report a run ends with: of everything below `results/`, or, if the run went to a folder of its own, of that run
/// alone, into that folder. The run is finished: what keeps the page from being made is said, and no error.
pub fn after_run(args: &RunArgs, folder: &Path) {
    let everything = Path::new("results");
    let below = if args.output.is_none() { everything } else { folder };
    let file = below.join("report.html");
    match Report::gather(&[below.to_owned()]).and_then(|report| report.write(&file)) {
        Ok(()) => tell!("Report: {}", file.display()),
        Err(error) => say!("no report.html: {error:#}"),
    }
}

/// The curve of every task that any run has certified.
fn curves(runs: &[Run]) -> Result<BTreeMap<String, Vec<(f64, f64)>>> {
    let mut curves: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for run in runs {
        let mut of_run: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for row in rows::of_if_there::<CurveRow>(&run.folder)? {
            of_run.entry(row.dataset).or_insert_with(|| vec![(0.0, 0.0)]).push((row.i_xt_bits, row.i_ty_bits));
        }
        for (dataset, mut points) in of_run {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            curves.entry(dataset).or_insert_with(|| thinned(&points));
        }
    }
    Ok(curves)
}

/// So many of the points, evenly spaced along I(T;Y), and both ends.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let step = points.last().map_or(0.0, |end| end.1) / CURVE_POINTS as f64;
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for &(i_xt, i_ty) in points {
        if kept.last().is_none_or(|last| i_ty - last.1 >= step || i_xt - last.0 >= 0.1) {
            kept.push((i_xt, i_ty));
        }
    }
    if kept.last() != points.last() {
        kept.extend(points.last());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_its_shape() {
        let points: Vec<(f64, f64)> = (0..=10_000).map(|i| f64::from(i) / 1e4).map(|x| (x, x.sqrt())).collect();
        let few = thinned(&points);
        assert!(few.len() <= CURVE_POINTS + 1, "{}", few.len());
        assert_eq!((few[0], few[few.len() - 1]), (points[0], points[10_000]));
        assert!(few.windows(2).all(|pair| pair[1].1 - pair[0].1 <= 0.011));
        assert!(thinned(&[]).is_empty());
    }
}
