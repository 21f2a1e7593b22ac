//! RQ4: what do more hidden layers buy?
//!
//! The paper (arXiv 1703.00810, §3.5, figure 5): more hidden layers reach the goal in far fewer epochs, since relaxation takes
//! a time exponential in what is compressed, and layers divide it among them. Here: one to six hidden layers, in families of
//! equal widths and of equal parameters beside the paper's, with the paper's one learning rate and with each depth's own;
//! epochs and gradient computation to stated levels, failures censored; and the law of compression times itself.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use infoplane_experiments::bound;
use infoplane_experiments::calibration::trust;
use infoplane_experiments::config::{RunArgs, typed};
use infoplane_experiments::depth::generalisation::{self, DepthRow};
use infoplane_experiments::depth::network::Network;
use infoplane_experiments::depth::rule::DepthRule;
use infoplane_experiments::depth::thresholds::{self, Path as NetworkPath};
use infoplane_experiments::depth::tuning::{self, RateRow};
use infoplane_experiments::depth::verdict::{CLAIMS, judge};
use infoplane_experiments::depth::{Arm, DepthSettings, relaxation};
use infoplane_experiments::figures;
use infoplane_experiments::report;
use infoplane_experiments::results::Results;
use infoplane_experiments::rows::{self, InformationRow, TrainingRow};
use infoplane_experiments::run::{self, Settings};
use infoplane_experiments::tasks::count;
use infoplane_experiments::terminal::{exit, say, tell};
use infoplane_experiments::trajectories::{self, Trajectory, TrajectoryRow};
use infoplane_experiments::verdict::{ClaimRow, print};
use infoplane_experiments::version;
use toml::Table;

const DEFAULTS: &str = include_str!("../../configs/rq4.toml");

/// Settings that every question has, and from where rq4 takes them instead.
const ELSEWHERE: [(&str, &str, &str); 4] = [
    ("model", "hidden", "[[family]]"),
    ("grid", "activations", "[[cell]]"),
    ("train", "optimizer", "[[cell]]"),
    ("train", "learning_rate", "[tuning]"),
];

/// What do more hidden layers buy?
///
/// Trains networks of one to six hidden layers, with learning rates fixed and tuned for each depth by pilot networks, and
/// writes depth.csv, time_to_threshold.csv, survival.csv, relaxation.csv, relaxation_laws.csv, learning_rates.csv,
/// verdict.csv (and information_plane.csv, training.csv, run.json) and figures into the results folder; the pilots' own
/// results lie in pilot/ below it. The defaults, commented, are in experiments/configs/rq4.toml.
#[derive(Debug, Parser)]
#[command(name = "rq4", version)]
struct Cli {
    #[command(flatten)]
    args: RunArgs,
}

fn main() -> ExitCode {
    exit("rq4", || answer(&Cli::parse().args))
}

fn answer(args: &RunArgs) -> Result<()> {
    let mut table = args.table(DEFAULTS)?;
    let defaults: Table = DEFAULTS.parse()?;
    for (name, key, home) in ELSEWHERE {
        let of = |table: &Table| table.get(name).and_then(|inner| inner.get(key)).cloned();
        ensure!(of(&table) == of(&defaults), "rq4 takes {name}.{key} from {home}: change it there");
    }
    let depth = DepthSettings::split(&mut table)?;
    let rq4: Settings<DepthRule> = typed(table)?;
    if args.show_config {
        tell!("{}", version::stamp(&format!("{}\n{}", toml::to_string(&rq4)?, toml::to_string(&depth)?)).trim_end());
        if let Err(error) = checked(&rq4, &depth) {
            run::tell_unusable(&error);
        }
        return Ok(());
    }
    let (arms, untuned) = checked(&rq4, &depth)?;
    let patterns = training_patterns(&rq4)?;
    let pilot_args = &RunArgs { output: Some(args.folder("rq4").join("pilot")), ..args.clone() };
    if args.work.plan {
        if let Some(pilots) = tuning::pilots(&rq4, &depth, &arms)? {
            pilots.complete("rq4", pilot_args)?;
        }
        return untuned.complete("rq4", args).map(|_| ());
    }

    let Some((rates, tried)) = learning_rates(&rq4, &depth, &arms, pilot_args)? else { return Ok(()) };
    let Some(results) = tuning::with_rates(&rq4, &arms, &rates)?.complete("rq4", args)? else { return Ok(()) };
    bound::write_curves(std::iter::once(rq4.task.clone()), &results)?;
    let (networks, h_y) = networks(&rq4, &arms, &rates, patterns)?;

    // From here on everything is made from the CSVs.
    let information: Vec<InformationRow> = rows::read(&results.file("information_plane.csv"))?;
    let training: Vec<TrainingRow> = rows::read(&results.file("training.csv"))?;
    let estimator = rq4.measure.estimators.first().map_or_else(String::new, ToString::to_string);
    let paths = thresholds::paths(&information, &training, &estimator);
    let ends = generalisation::ends(&training, h_y);

    let times = thresholds::times(&networks, &paths, &rq4.verdict.thresholds);
    let depths = generalisation::rows(&networks, &paths, &ends, &times, rq4.verdict.goal())?;
    let relaxations = relaxation::rows(&networks, &paths, &rq4.verdict);
    let laws = relaxation::laws(&relaxations);
    let claims = judge(&depths, &times, &laws, &ends, (&training, &estimator), &rq4.verdict);
    rows::write(&results.file("learning_rates.csv"), &tried)?;
    rows::write(&results.file("depth.csv"), &depths)?;
    rows::write(&results.file("time_to_threshold.csv"), &times)?;
    rows::write(&results.file("survival.csv"), &thresholds::survival(&times))?;
    rows::write(&results.file("relaxation.csv"), &relaxations)?;
    rows::write(&results.file("relaxation_laws.csv"), &laws)?;
    rows::write(&results.file("verdict.csv"), &claims)?;

    let of_first: Vec<InformationRow> = information.into_iter().filter(|row| row.estimator == estimator).collect();
    let means: Vec<TrajectoryRow> = trajectories::collect(&of_first).iter().flat_map(Trajectory::rows).collect();
    let drawing = args.drawing(results.folder());
    figures::depth_planes::draw(&means, &depths, drawing)?;
    figures::survival::draw(&times, rq4.verdict.goal(), drawing)?;
    figures::relaxation::draw(&relaxations, &laws, drawing)?;
    print_depths(&depths);
    print_verdict(&claims, &rq4.verdict);
    trust::tell(claims.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(args, results.folder());
    Ok(())
}

/// The arms, and the run as it is before learning rates are chosen.
fn checked(rq4: &Settings<DepthRule>, depth: &DepthSettings) -> Result<(Vec<Arm>, Settings<DepthRule>)> {
    ensure!(rq4.condition.is_empty(), "rq4 makes its own conditions: change [[family]], [[cell]] and [tuning]");
    let arms = depth.arms()?;
    let untuned = tuning::with_rates(rq4, &arms, &vec![rq4.train.learning_rate; arms.len()])?;
    untuned.check()?;
    Ok((arms, untuned))
}

/// Every arm's learning rate, from the pilots where it is tuned, and what was tried. `None`: a part of the pilots, or merging
/// them, was all that was asked for.
fn learning_rates(
    rq4: &Settings<DepthRule>,
    depth: &DepthSettings,
    arms: &[Arm],
    args: &RunArgs,
) -> Result<Option<(Vec<f64>, Vec<RateRow>)>> {
    let goal = rq4.verdict.goal();
    let Some(pilots) = tuning::pilots(rq4, depth, arms)? else {
        return tuning::choose(depth, arms, &BTreeMap::new(), goal).map(Some);
    };
    let is_merged = Results::is_complete_at(&args.folder("rq4"));
    match pilots.complete("rq4", args).context("the pilots")? {
        Some(results) if is_merged || !args.work.merge => {
            tuning::choose(depth, arms, &pilot_paths(results.folder())?, goal).map(Some)
        }
        Some(_) => {
            say!("the pilots are merged; the jobs of the run itself can be done");
            Ok(None)
        }
        None => Ok(None),
    }
}

fn pilot_paths(folder: &Path) -> Result<BTreeMap<String, Vec<NetworkPath>>> {
    let information: Vec<InformationRow> = rows::read(&folder.join("information_plane.csv"))?;
    let training: Vec<TrainingRow> = rows::read(&folder.join("training.csv"))?;
    let estimator = information.first().map_or_else(String::new, |row| row.estimator.clone());
    Ok(thresholds::paths(&information, &training, &estimator))
}

/// How many patterns train.
fn training_patterns(rq4: &Settings<DepthRule>) -> Result<usize> {
    match rq4.grid.train_fractions[..] {
        [fraction] if fraction < 1.0 => Ok(count(fraction, rq4.task.load()?.joint.n_x())),
        _ => bail!("grid.train_fractions: rq4 needs one fraction, below 1, so that patterns are left to test on"),
    }
}

/// Every arm's network, and H(Y).
fn networks(rq4: &Settings<DepthRule>, arms: &[Arm], rates: &[f64], patterns: usize) -> Result<(Vec<Network>, f64)> {
    let task = rq4.task.load()?;
    let network = |(arm, &rate): (&Arm, &f64)| {
        let mut model = rq4.model.clone();
        model.hidden.clone_from(&arm.hidden);
        Ok(Network::new(arm, model.network(&task, arm.activation)?.stack(), rate, patterns))
    };
    let networks = arms.iter().zip(rates).map(network).collect::<Result<_>>()?;
    Ok((networks, task.joint.h_y()))
}

fn interval(value: Option<f64>, lower: Option<f64>, upper: Option<f64>, digits: usize) -> String {
    let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
    format!("{} [{}, {}]", show(value), show(lower), show(upper))
}

fn print_depths(depths: &[DepthRow]) {
    tell!("RQ4: what do more hidden layers buy?\n");
    let goal = depths.first().map_or("", |row| row.goal.as_str());
    tell!("Goal: {goal}. Medians with failures censored, 95 % intervals.\n");
    tell!(
        "{:<32} {:>6} {:>7} {:>8} {:>20} {:>24} {:>8}",
        "cell",
        "hidden",
        "rate",
        "reached",
        "epochs",
        "gradient GFLOP",
        "test acc"
    );
    for row in depths {
        tell!(
            "{:<32} {:>6} {:>7} {:>8} {:>20} {:>24} {:>8.3}",
            row.group,
            row.depth,
            row.learning_rate,
            format!("{}/{}", row.goal_reached, row.replicas),
            interval(row.goal_epochs, row.goal_epochs_lower, row.goal_epochs_upper, 0),
            interval(row.goal_gflop, row.goal_gflop_lower, row.goal_gflop_upper, 2),
            row.test_accuracy,
        );
    }
}

/// The claims about the goal and those about no level; the others are in verdict.csv.
fn print_verdict(claims: &[ClaimRow], rule: &DepthRule) {
    let goal = rule.goal().to_string();
    let shown: Vec<&ClaimRow> = claims.iter().filter(|row| row.level.is_empty() || row.level == goal).collect();
    tell!("\n{}", print::table(&CLAIMS, &shown));
    tell!("Verdict, over all levels\n{}", print::answers(&CLAIMS, claims).trim_end());
    tell!("The other levels: verdict.csv. The rules, fixed before the run: experiments/src/depth/verdict.rs.");
}
