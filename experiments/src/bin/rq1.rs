//! RQ1: do layers follow predictable trajectories in the information plane during training?
//!
//! The paper (arXiv 1703.00810, §3.3, figures 2 and 3): yes; every layer first fits (I(T;Y) rises), then compresses
//! (I(X;T) falls). Here: networks of each activation and training fraction are trained, every layer is measured through
//! several estimators, and the rule of `trajectories::verdict`, fixed before the run, decides.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use infoplane_experiments::bound;
use infoplane_experiments::calibration::trust;
use infoplane_experiments::config::RunArgs;
use infoplane_experiments::figures;
use infoplane_experiments::report;
use infoplane_experiments::rows::{self, InformationRow, TrainingRow};
use infoplane_experiments::run::Settings;
use infoplane_experiments::terminal::{exit, tell};
use infoplane_experiments::trajectories::phases::PhaseRow;
use infoplane_experiments::trajectories::verdict::{Outcome, VerdictRow, VerdictRule, judge, summarise};
use infoplane_experiments::trajectories::{self, Trajectory, TrajectoryRow};
use rayon::prelude::*;

const DEFAULTS: &str = include_str!("../../configs/rq1.toml");

/// Do layers follow predictable trajectories in the information plane: fit, then compress?
///
/// Trains networks of every activation and training fraction, measures every layer during training, and writes
/// information_plane.csv, training.csv, trajectories.csv, phases.csv, verdict.csv, run.json and figures (SVG and PNG)
/// into the results folder. The defaults, commented, are in experiments/configs/rq1.toml.
#[derive(Debug, Parser)]
#[command(name = "rq1", version)]
struct Cli {
    #[command(flatten)]
    args: RunArgs,
}

fn main() -> ExitCode {
    exit("rq1", || answer(&Cli::parse().args))
}

fn answer(args: &RunArgs) -> Result<()> {
    let rq1: Settings<VerdictRule> = args.settings(DEFAULTS)?;
    if args.show_config {
        return rq1.show();
    }
    let Some(results) = rq1.complete("rq1", args)? else { return Ok(()) };
    bound::write_curves(rq1.conditions()?.into_iter().map(|(_, settings)| settings.task), &results)?;

    // From here on everything is made from the CSVs.
    let mut rows: Vec<InformationRow> = rows::read(&results.file("information_plane.csv"))?;
    let training: Vec<TrainingRow> = rows::read(&results.file("training.csv"))?;
    rows::keep_trained(&mut rows, &training, &rq1.last_epochs()?)?;
    let trajectories = trajectories::collect(&rows);
    let means: Vec<TrajectoryRow> = trajectories.iter().flat_map(Trajectory::rows).collect();
    let phases: Vec<PhaseRow> = trajectories.par_iter().map(Trajectory::phase_row).collect();
    let verdicts = judge(&trajectories, &training, rq1.verdict);
    rows::write(&results.file("trajectories.csv"), &means)?;
    rows::write(&results.file("phases.csv"), &phases)?;
    rows::write(&results.file("verdict.csv"), &verdicts)?;

    let drawing = args.drawing(results.folder());
    if let (Some(first), Some(fraction)) =
        (trajectories.first(), rq1.grid.train_fractions.iter().copied().max_by(f64::total_cmp))
    {
        figures::information_plane::draw(&trajectories, fraction, &first.estimator, drawing)?;
        figures::trajectories::draw(&means, &first.estimator, drawing)?;
        figures::compression::draw(&phases, drawing)?;
    }
    print_verdict(&verdicts, rq1.verdict);
    trust::tell(verdicts.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(args, results.folder());
    Ok(())
}

fn print_verdict(rows: &[VerdictRow], rule: VerdictRule) {
    let word = |outcome| match outcome {
        Outcome::Supported => "yes",
        Outcome::Refuted => "no",
        Outcome::Inconclusive => "open",
    };
    tell!("RQ1: do layers follow predictable trajectories in the information plane: fit, then compress?\n");
    // A run of one condition need not name it.
    let alone = rows.iter().all(|row| row.condition == rows[0].condition);
    let width = if alone { 0 } else { rows.iter().map(|row| row.condition.chars().count() + 2).max().unwrap_or(0) };
    let named = |name: &str| if alone { String::new() } else { format!("{name:<width$}") };
    tell!(
        "{}{:<10} {:>5}  {:<27} {:>20} {:<4}  {:>20}  {:>8} {:<4}",
        named("condition"),
        "activation",
        "train",
        "estimator",
        "predictable [95 %]",
        "",
        "bits lost [95 %]",
        "layers",
        ""
    );
    for row in rows {
        let interval = |mean: Option<f64>, lower: Option<f64>, upper: Option<f64>| {
            let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
            format!("{} [{}, {}]", show(mean), show(lower), show(upper))
        };
        tell!(
            "{}{:<10} {:>3} %  {:<27} {:>20} {:<4}  {:>20}  {:>8} {:<4}",
            named(&row.condition),
            row.activation,
            row.train_fraction * 100.0,
            row.estimator,
            interval(row.predictability, row.predictability_lower, row.predictability_upper),
            word(row.predictable),
            interval(Some(row.compression_bits), row.compression_bits_lower, row.compression_bits_upper),
            format!("{} of {}", row.layers_compressing, row.hidden_layers),
            word(row.compresses),
        );
    }
    tell!("\nVerdict");
    tell!("  Are trajectories predictable?      {}.", summarise(rows, |row| row.predictable).sentence);
    tell!("  Do layers fit, and then compress?  {}.", summarise(rows, |row| row.compresses).sentence);
    tell!(
        "Rule, fixed before the run, on networks that have learned (training accuracy at least {}): predictable if at least {}\n\
         of a path is foretold by the other networks; compressing if more than half of the hidden layers lose at least {} bits\n\
         of I(X;T) after their fit (95 % intervals over {} replicas).",
        rule.train_accuracy,
        rule.predictability,
        rule.compression_bits,
        rows.iter().map(|row| row.replicas).max().unwrap_or(0),
    );
}
