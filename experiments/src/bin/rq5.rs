//! RQ5: what does the size of the training sample do to the layers, and what do finite-sample bounds say?
//!
//! The paper (arXiv 1703.00810, §3.6, figure 7): more data moves the converged layers up along the bound, small samples
//! over-compress: their I(T;Y) peaks, then falls. Here: the same with the bound certified, early stopping, and the paper's
//! finite-sample bounds beside what happened.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use infoplane_experiments::bound::layers::LayerRow;
use infoplane_experiments::bound::{CurveRow, gaps};
use infoplane_experiments::calibration::trust;
use infoplane_experiments::config::RunArgs;
use infoplane_experiments::figures;
use infoplane_experiments::learning::Learning;
use infoplane_experiments::report;
use infoplane_experiments::rows::{self, TrainingRow};
use infoplane_experiments::run::Settings;
use infoplane_experiments::sample_size::verdict::{CLAIMS, SampleRule, judge};
use infoplane_experiments::sample_size::{self, SampleRow};
use infoplane_experiments::terminal::{exit, tell};
use infoplane_experiments::verdict::{ClaimRow, print};

const DEFAULTS: &str = include_str!("../../configs/rq5.toml");

/// What does the size of the training sample do to the layers, and what do finite-sample bounds say?
///
/// Trains networks on several shares of the patterns, tests every layer against the certified bound, and writes layers.csv,
/// curve.csv, gaps.csv, samples.csv, verdict.csv (and training.csv, run.json) and figures into the results folder. The
/// defaults, commented, are in experiments/configs/rq5.toml.
#[derive(Debug, Parser)]
#[command(name = "rq5", version)]
struct Cli {
    #[command(flatten)]
    args: RunArgs,
}

fn main() -> ExitCode {
    exit("rq5", || answer(&Cli::parse().args))
}

fn answer(args: &RunArgs) -> Result<()> {
    let rq5: Settings<SampleRule> = args.settings(DEFAULTS)?;
    if args.show_config {
        return rq5.show();
    }
    let joint = rq5.task.load()?.joint;
    let Some(results) = rq5.complete("rq5", args)? else { return Ok(()) };

    // From here on everything is made from the CSVs.
    let mut layers: Vec<LayerRow> = rows::read(&results.file("layers.csv"))?;
    let training: Vec<TrainingRow> = rows::read(&results.file("training.csv"))?;
    rows::keep_trained(&mut layers, &training, &rq5.last_epochs()?)?;
    let curve: Vec<CurveRow> = rows::read(&results.file("curve.csv"))?;
    let paths = sample_size::collect(&layers, &training, joint.n_x());
    let samples: Vec<SampleRow> = paths.iter().map(|paths| paths.row(rq5.verdict.delta, joint.n_y())).collect();
    let mut claims = judge(&paths, rq5.verdict);
    Learning::new(&training, &rq5.tasks()?, rq5.verdict.learned_share).guard(&mut claims);
    let gaps = gaps::rows(&layers);
    rows::write(&results.file("gaps.csv"), &gaps)?;
    rows::write(&results.file("samples.csv"), &samples)?;
    rows::write(&results.file("verdict.csv"), &claims)?;

    let drawing = args.drawing(results.folder());
    figures::samples::draw(&samples, &curve, drawing)?;
    figures::gaps::draw(&gaps, drawing)?;
    print_verdict(&claims);
    trust::tell(claims.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(args, results.folder());
    Ok(())
}

fn print_verdict(claims: &[ClaimRow]) {
    tell!("RQ5: what does the size of the training sample do to the layers?\n");
    tell!("{}", print::table(&CLAIMS, &claims.iter().collect::<Vec<_>>()));
    tell!("Verdict\n{}", print::answers(&CLAIMS, claims).trim_end());
    tell!("The rules, fixed before the run: experiments/src/sample_size/verdict.rs.");
}
