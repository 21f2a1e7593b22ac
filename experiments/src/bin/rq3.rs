//! RQ3: do converged layers lie on the Information Bottleneck bound, and satisfy its equations?
//!
//! The paper (arXiv 1703.00810, §3.5, figure 6): yes, each at a β of its own, near critical points. Here: every layer as a
//! binned, a quantised and a noisy encoder, against a curve certified in both directions, at several I(X;Y), beside the same
//! before training, with shuffled labels and with random cells.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use infoplane_experiments::bound::layers::LayerRow;
use infoplane_experiments::bound::verdict::{BoundRule, CLAIMS, judge, moral};
use infoplane_experiments::bound::{CurveRow, TransitionRow, conditions, criticality, gaps};
use infoplane_experiments::calibration::trust;
use infoplane_experiments::config::{RunArgs, typed};
use infoplane_experiments::figures;
use infoplane_experiments::learning::Learning;
use infoplane_experiments::report;
use infoplane_experiments::rows::{self, TrainingRow};
use infoplane_experiments::run::Settings;
use infoplane_experiments::tasks::{Labelling, own_name};
use infoplane_experiments::terminal::{exit, tell};
use infoplane_experiments::verdict::{ClaimRow, print};
use toml::Value;

const DEFAULTS: &str = include_str!("../../configs/rq3.toml");

/// Do converged layers lie on the Information Bottleneck bound, and satisfy its equations?
///
/// Trains networks on tasks of several I(X;Y), tests every layer as an encoder against the certified bound, and writes
/// layers.csv, curve.csv, transitions.csv, gaps.csv, criticality.csv, verdict.csv (and training.csv, run.json) and figures
/// into the results folder. The defaults, commented, are in experiments/configs/rq3.toml.
#[derive(Debug, Parser)]
#[command(name = "rq3", version)]
struct Cli {
    #[command(flatten)]
    args: RunArgs,
}

fn main() -> ExitCode {
    exit("rq3", || answer(&Cli::parse().args))
}

/// The settings; on a task of one's own, in place of the paper's conditions, which are rules of its task, one of that task's name.
fn settings(args: &RunArgs) -> Result<Settings<BoundRule>> {
    let mut table = args.table(DEFAULTS)?;
    let dataset = table.get("task").and_then(|task| task.get("dataset")).and_then(Value::as_str).unwrap_or_default();
    if let Some(name) = own_name(dataset) {
        let built_in = RunArgs { config: None, settings: Vec::new(), ..args.clone() }.table(DEFAULTS)?;
        conditions::of_own_task(&mut table, &built_in, &name);
    }
    typed(table)
}

fn answer(args: &RunArgs) -> Result<()> {
    let rq3 = settings(args)?;
    if args.show_config {
        return rq3.show();
    }
    let Some(results) = rq3.complete("rq3", args)? else { return Ok(()) };

    // From here on everything is made from the CSVs.
    let mut layers: Vec<LayerRow> = rows::read(&results.file("layers.csv"))?;
    let training: Vec<TrainingRow> = rows::read(&results.file("training.csv"))?;
    rows::keep_trained(&mut layers, &training, &rq3.last_epochs()?)?;
    let curve: Vec<CurveRow> = rows::read(&results.file("curve.csv"))?;
    let transitions: Vec<TransitionRow> = rows::read_if_there(&results.file("transitions.csv"))?;
    let gaps = gaps::rows(&layers);
    let criticality = criticality::rows(&layers, &transitions);
    let mut claims =
        judge(&layers, &criticality, &controls(&rq3)?.iter().map(String::as_str).collect::<Vec<_>>(), &rq3.verdict);
    Learning::new(&training, &rq3.tasks()?, rq3.verdict.learned_share).guard(&mut claims);
    rows::write(&results.file("gaps.csv"), &gaps)?;
    rows::write(&results.file("criticality.csv"), &criticality)?;
    rows::write(&results.file("verdict.csv"), &claims)?;

    let drawing = args.drawing(results.folder());
    figures::bound::draw(&gaps, &curve, drawing)?;
    figures::gaps::draw(&gaps, drawing)?;
    print_verdict(&claims);
    trust::tell(claims.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(args, results.folder());
    Ok(())
}

/// Conditions whose answer means something only beside others': the paper's task with hard labels, and shuffled labels.
fn controls(rq3: &Settings<BoundRule>) -> Result<Vec<String>> {
    let is_control = |name: &str, settings: &Settings<BoundRule>| {
        settings.task.dataset.is_empty() && settings.task.labels == Labelling::Hard || name == rq3.verdict.shuffled
    };
    let conditions = rq3.conditions()?.into_iter();
    Ok(conditions.filter(|(name, settings)| is_control(name, settings)).map(|(name, _)| name).collect())
}

fn print_verdict(claims: &[ClaimRow]) {
    tell!("RQ3: do converged layers lie on the Information Bottleneck bound, and satisfy its equations?\n");
    tell!("{}", print::table(&CLAIMS, &claims.iter().collect::<Vec<_>>()));
    tell!("Verdict, without controls (hard and shuffled labels)\n{}", print::answers(&CLAIMS, claims).trim_end());
    if let Some(moral) = moral(claims) {
        tell!("  {moral}.");
    }
    tell!("The rules, fixed before the run: experiments/src/bound/verdict.rs.");
}
