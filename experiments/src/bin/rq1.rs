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
use infoplane_experiments::trajectories::verdict::{CLAIMS, VerdictRule, judge};
use infoplane_experiments::trajectories::{self, Trajectory, TrajectoryRow};
use infoplane_experiments::verdict::{ClaimRow, print};
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
    let h_x = rq1.tasks()?.iter().map(|task| (task.name.clone(), task.joint.h_x())).collect();
    let claims = judge(&trajectories, &training, &h_x, rq1.verdict);
    rows::write(&results.file("trajectories.csv"), &means)?;
    rows::write(&results.file("phases.csv"), &phases)?;
    rows::write(&results.file("verdict.csv"), &claims)?;

    let drawing = args.drawing(results.folder());
    if let (Some(first), Some(fraction)) =
        (trajectories.first(), rq1.grid.train_fractions.iter().copied().max_by(f64::total_cmp))
    {
        figures::information_plane::draw(&trajectories, fraction, &first.estimator, drawing)?;
        figures::trajectories::draw(&means, &first.estimator, drawing)?;
        figures::compression::draw(&phases, drawing)?;
    }
    print_verdict(&claims, rq1.verdict);
    trust::tell(claims.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(args, results.folder());
    Ok(())
}

fn print_verdict(claims: &[ClaimRow], rule: VerdictRule) {
    tell!("RQ1: do layers follow predictable trajectories in the information plane: fit, then compress?\n");
    tell!("{}", print::table(&CLAIMS, &claims.iter().collect::<Vec<_>>()));
    tell!("Verdict\n{}", print::answers(&CLAIMS, claims).trim_end());
    tell!(
        "The rule, fixed before the run, for networks that have learned (training accuracy at least {}): predictable if at least\n\
         {} of a path is foretold by the other networks; compressing if more than half of the hidden layers lose at least {} bits\n\
         of I(X;T) after their fit. 95 % intervals over networks.",
        rule.train_accuracy,
        rule.predictability,
        rule.compression_bits,
    );
}
