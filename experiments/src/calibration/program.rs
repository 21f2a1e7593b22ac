//! The program `calibrate`: a run like those of the questions, completed and then judged from its CSVs alone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use toml::Table;

use super::advice::Calibration;
use super::guide;
use super::run::{Asking, CalibrationRow, PeakBytes, blocks};
use super::settings::CalibrationSettings;
use super::summary::{SummaryRow, at_common_rows, summarise};
use crate::drawing::{Drawing, FigureStyle};
use crate::exit::exit;
use crate::jobs::selection::JobArgs;
use crate::jobs::{self, Jobs, Left, seal};
use crate::progress::Progress;
use crate::results::{Results, RunRecord};
use crate::rows::Table as _;
use crate::slurm::Plan;
use crate::sources::Sources;
use crate::terminal::{say, tell};
use crate::{figures, threads};

/// Calibrates estimators on problems with known answers.
///
/// Writes calibration.csv (every estimate), summary.csv (error, spread, coverage of the stated intervals, seconds and bytes on
/// one thread), guide.csv (which estimator when), a heat map by family and one of the errors by problem, and how errors fall as
/// rows grow. A calibration that was stopped is gone on with by the same command.
#[derive(Debug, Parser)]
#[command(name = "calibrate", version)]
struct Arguments {
    /// NAME[:key=value,…] (repeatable) [default: all]
    #[arg(long = "estimator", value_name = "NAME")]
    estimators: Vec<String>,
    /// Rows drawn of every problem (repeatable) [default: 500, 2000; and 5000, 20000 of one problem of each family]
    #[arg(long, value_name = "N")]
    rows: Vec<usize>,
    /// Draws of each
    #[arg(long, value_name = "N", default_value_t = 10)]
    seeds: u64,
    /// The first of their seeds: others than the committed calibration's, from 0, say whether it holds on fresh draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    first_seed: u64,
    /// Random halves of the least number of rows for 95 % intervals, whose coverage is measured; 0 for none
    #[arg(long, value_name = "N", default_value_t = 20)]
    bootstrap: usize,
    /// Only problems whose name or family contains this
    #[arg(long, value_name = "WORDS", default_value = "")]
    problem: String,
    /// Where results go
    #[arg(long, value_name = "FOLDER", default_value = "results/calibrate")]
    output: PathBuf,
    /// Threads, of which each estimate has one for itself; estimates do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// What figures are for
    #[arg(long, value_enum, default_value_t, value_name = "STYLE")]
    figure_style: FigureStyle,
    /// Which part of the run is done here
    #[command(flatten)]
    work: JobArgs,
}

/// The program, from this process's words to its exit code. Only who has chosen the allocator can count bytes.
pub fn main(peak_bytes: PeakBytes) -> ExitCode {
    let arguments = Arguments::parse();
    exit("calibrate", || {
        let Some(results) = complete(&arguments, peak_bytes)? else { return Ok(()) };
        judge(&results, arguments.figure_style)
    })
}

impl Arguments {
    fn settings(&self) -> Result<CalibrationSettings> {
        let Self { seeds, first_seed, bootstrap, problem, .. } = self;
        let (seeds, first_seed, bootstrap, problem) = (*seeds, *first_seed, *bootstrap, problem.clone());
        let settings = CalibrationSettings::new(&self.estimators, &self.rows)?;
        let settings = CalibrationSettings { seeds, first_seed, bootstrap, problem, ..settings };
        settings.check()?;
        Ok(settings)
    }
}

/// Asks what is not asked yet and merges the answers. `None`: what was asked for is done, but it is not the whole run.
fn complete(arguments: &Arguments, peak_bytes: PeakBytes) -> Result<Option<Results>> {
    let started = Instant::now();
    let settings = arguments.settings()?;
    let (candidates, problems) = (settings.candidates()?, settings.problems()?);
    let blocks = blocks(&problems, &settings);
    if arguments.work.plan {
        tell!("{}", Plan::new(blocks.len(), arguments.output.clone()));
        return Ok(None);
    }
    refuse_questions(&arguments.output)?;
    let results = Results::claim(arguments.output.clone(), &settings, Sources::new())?;
    if results.is_complete() {
        results.check_tables()?;
        say!("{} is complete: nothing is asked again", results.folder().display());
        // Left by a process killed between marking the run complete and this.
        jobs::clear(results.folder())?;
        return Ok(Some(results));
    }
    let jobs = Jobs::new(results.folder(), blocks.len(), results.identity(), &arguments.work)?;
    let threads = threads::of(arguments.threads);
    let left = jobs.share(
        &arguments.work,
        || results.is_complete(),
        |selected, finished| {
            let cost = |&job: &usize| blocks[job].cost();
            let mut pending = selected.to_vec();
            pending.retain(|job| finished.binary_search(job).is_err());
            // What takes longest should not be waited for in the end.
            pending.sort_by_key(|job| std::cmp::Reverse(cost(job)));
            let progress = &Progress::new(selected.iter().map(cost).sum(), finished.iter().map(cost).sum(), false);
            let asking = Asking { candidates: &candidates, settings: &settings, peak_bytes, progress };
            let outcome = jobs.run(&pending, threads, |job, saved, tables| blocks[job].run(asking, saved, tables));
            progress.finish();
            outcome
        },
    )?;
    let _merging = match left {
        Left::Merging(claim) => claim,
        Left::Nothing => return Ok(Some(results)),
        Left::Others => return Ok(None),
    };
    jobs.merge(CalibrationRow::FILE, &results.file(CalibrationRow::FILE))?;
    ensure!(
        results.file(CalibrationRow::FILE).exists(),
        "none of these estimators is about any of these problems, so there is nothing to judge; leave out --problem or --estimator"
    );
    let tables = seal::sums(results.folder(), std::iter::once(CalibrationRow::FILE.to_owned()))
        .context("cannot read the merged table")?;
    let seeds: Vec<u64> = (settings.first_seed..settings.first_seed + settings.seeds).collect();
    let device = "one thread of the CPU for each estimate".to_owned();
    let record = RunRecord::new("calibrate", device, threads, started.elapsed(), &seeds, &[], results.config());
    results.complete(&RunRecord { tables, ..record })?;
    jobs::clear(results.folder())?;
    Ok(Some(results))
}

/// Refuses the folder of a question, whose settings have nothing in common with these.
fn refuse_questions(folder: &Path) -> Result<()> {
    let config = std::fs::read_to_string(folder.join("config.toml")).ok().and_then(|text| text.parse::<Table>().ok());
    ensure!(
        config.is_none_or(|config| config.contains_key("estimators")),
        "{} is the folder of a run, whose calibration.csv would be written over; choose another --output",
        folder.display()
    );
    Ok(())
}

/// From the merged table to the words, by files alone.
fn judge(results: &Results, style: FigureStyle) -> Result<()> {
    let calibration: Vec<CalibrationRow> = results.rows()?;
    let holds = guide::coverage(Calibration::committed(), &calibration);
    results.write(&summarise(&calibration))?;
    let summary: Vec<SummaryRow> = results.rows()?;
    let drawing = Drawing { folder: results.folder(), style };
    figures::calibration::draw(&summary, drawing)?;
    figures::convergence::draw(&summary, drawing)?;
    report(&summary);
    let calibration = Calibration::new(summary);
    let guide = guide::guide(&calibration);
    results.write(&guide)?;
    tell!(
        "\nWhich estimator when (a summary committed as results/reference/calibrate is what `estimate --estimator auto` goes by)\n"
    );
    tell!("{}", guide::markdown(&guide));
    tell!("{}", guide::costs(&calibration));
    tell!(
        "What the committed calibration takes for these draws, and whether its 95 % intervals hold the truth\n\n{holds}"
    );
    tell!("Files: {}", results.folder().display());
    Ok(())
}

/// Of each estimator on the problems that come at one number of rows, or over all of X: on how many it is trusted, its mean and
/// worst bias, and where.
fn report(summary: &[SummaryRow]) {
    tell!("{:<44} {:>8} {:>9} {:>9}  worst on", "estimator", "trusted", "mean |e|", "worst |e|");
    let mut names: Vec<&str> = Vec::new();
    for row in summary {
        if !names.contains(&row.estimator.as_str()) {
            names.push(&row.estimator);
        }
    }
    for name in names {
        let of: Vec<&SummaryRow> = at_common_rows(summary).filter(|row| row.estimator == name).collect();
        let errors: Vec<(f64, &SummaryRow)> =
            of.iter().filter_map(|row| row.bias_bits.filter(|e| e.is_finite()).map(|e| (e.abs(), *row))).collect();
        let trusted = of.iter().filter(|row| row.is_trusted()).count();
        let mean = errors.iter().map(|(error, _)| error).sum::<f64>() / errors.len().max(1) as f64;
        let worst = errors.iter().max_by(|a, b| a.0.total_cmp(&b.0));
        let (error, problem) = worst.map_or((0.0, ""), |(error, row)| (*error, row.problem.as_str()));
        tell!("{name:<44} {trusted:>4}/{:<3} {mean:>9.3} {error:>9.3}  {problem}", of.len());
    }
}
