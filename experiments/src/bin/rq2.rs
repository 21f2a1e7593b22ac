//! RQ2: how does SGD split into a fitting (drift) and a compression (diffusion) phase, and what drives them?
//!
//! The paper (arXiv 1703.00810, §3.4, figure 4): the norm of the mean mini-batch gradient falls below that of its standard
//! deviation, and this transition from drift to diffusion is where compression begins and what causes it. Here: the paper's
//! figure as the paper defines it, the two epochs side by side, and an experiment in which each condition changes one thing.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use infoplane_experiments::bound;
use infoplane_experiments::calibration::trust;
use infoplane_experiments::config::RunArgs;
use infoplane_experiments::figures;
use infoplane_experiments::report;
use infoplane_experiments::rows::{self, DisplacementRow, GradientRow, InformationRow, TrainingRow, WeightRow};
use infoplane_experiments::run::{Settings, patterns_per_update};
use infoplane_experiments::sgd_phases::verdict::{CLAIMS, PhaseRule, judge};
use infoplane_experiments::sgd_phases::{self, causes, diffusion, idnns, timing};
use infoplane_experiments::tasks::{Labelling, count};
use infoplane_experiments::terminal::{exit, tell};
use infoplane_experiments::trajectories;
use infoplane_experiments::verdict::{ClaimRow, print};
use infoplane_experiments::weights;
use infoplane_model::GradientMode;

const DEFAULTS: &str = include_str!("../../configs/rq2.toml");

/// How does SGD split into drift and diffusion, and does the transition cause compression?
///
/// Trains the conditions of a designed experiment, takes the mini-batch gradients of every layer at every recorded epoch, and
/// writes gradients.csv (and gradients_idnns.csv, the authors' convention), phases.csv, causes.csv, diffusion.csv, verdict.csv (and information_plane.csv, training.csv,
/// displacement.csv, weights.csv, run.json) and figures into the results folder. The defaults, commented, are in
/// experiments/configs/rq2.toml.
#[derive(Debug, Parser)]
#[command(name = "rq2", version)]
struct Cli {
    #[command(flatten)]
    args: RunArgs,
    /// Start every network from these weights (.npz with W1, b1, W2, …; W is in × out), without the other conditions; all
    /// patterns train unless grid.train_fractions is set. With --epochs 0: the statistics at these weights, of one network
    /// unless --replicas is set, on hard labels unless task.labels is set, so that nothing is drawn
    #[arg(long, value_name = "FILE.npz")]
    weights: Option<PathBuf>,
    /// The order of patterns: `shuffled` afresh each epoch, or as in the `file`
    #[arg(long, value_name = "ORDER")]
    order: Option<Order>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Order {
    Shuffled,
    File,
}

fn main() -> ExitCode {
    exit("rq2", || answer(Cli::parse()))
}

fn answer(cli: Cli) -> Result<()> {
    let rq2 = settings(&cli)?;
    if cli.args.show_config {
        return rq2.show();
    }
    let conditions = rq2.condition_names();
    let Some(results) = rq2.complete("rq2", &cli.args)? else { return Ok(()) };
    bound::write_curves(rq2.conditions()?.into_iter().map(|(_, settings)| settings.task), &results)?;

    // From here on everything is made from the CSVs.
    let mut gradients: Vec<GradientRow> = rows::read_if_there(&results.file("gradients.csv"))?;
    let displacements: Vec<DisplacementRow> = rows::read_if_there(&results.file("displacement.csv"))?;
    let weights: Vec<WeightRow> = rows::read_if_there(&results.file("weights.csv"))?;
    let mut information: Vec<InformationRow> = rows::read(&results.file("information_plane.csv"))?;
    let training: Vec<TrainingRow> = rows::read(&results.file("training.csv"))?;
    let last_epochs = rq2.last_epochs()?;
    rows::keep_trained(&mut gradients, &training, &last_epochs)?;
    rows::keep_trained(&mut information, &training, &last_epochs)?;
    let (paths, trajectories) = (sgd_phases::collect(&gradients), trajectories::collect(&information));
    let estimator = trajectories.first().map_or_else(String::new, |t| t.estimator.clone());

    let timings = timing::rows(&paths, &trajectories, &estimator, rq2.verdict.compression_bits);
    let causes = causes::rows(&batch_sizes(&rq2)?, &trajectories, &paths, &training, rq2.verdict.matched_loss_bits);
    let diffusion = diffusion::rows(&displacements, &weights);
    let claims = judge(&conditions, &timings, &causes, &training, &rq2.verdict);
    rows::write(&results.file("gradients_idnns.csv"), &idnns::rows(&gradients))?;
    rows::write(&results.file("phases.csv"), &timings)?;
    rows::write(&results.file("causes.csv"), &causes)?;
    rows::write(&results.file("diffusion.csv"), &diffusion)?;
    rows::write(&results.file("verdict.csv"), &claims)?;

    let drawing = cli.args.drawing(results.folder());
    figures::gradients::draw(&gradients, &timings, &conditions[0], drawing)?;
    figures::causes::draw(&causes, drawing)?;
    figures::batch_size::draw(&causes, &rq2.verdict.batch_sizes(&conditions[0]), drawing)?;
    figures::displacement::draw(&displacements, &conditions, drawing)?;
    print_verdict(&claims);
    trust::tell(claims.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(&cli.args, results.folder());
    Ok(())
}

/// The settings, with what --weights and --order imply.
fn settings(cli: &Cli) -> Result<Settings<PhaseRule>> {
    let mut rq2: Settings<PhaseRule> = cli.args.settings(DEFAULTS)?;
    if let Some(order) = cli.order {
        rq2.train.shuffle = matches!(order, Order::Shuffled);
    }
    if let Some(path) = &cli.weights {
        rq2.model.hidden = weights::hidden_widths(path)?;
        rq2.model.weights = path.display().to_string();
        rq2.condition.clear();
        rq2.verdict.more_noise.clear();
        rq2.verdict.without_noise.clear();
        rq2.verdict.isotropic_noise.clear();
        let is_set = |key: &str| cli.args.settings.iter().any(|setting| setting.starts_with(key));
        if !is_set("grid.train_fractions") {
            rq2.grid.train_fractions = vec![1.0];
        }
        if rq2.train.epochs == 0 {
            // Without training there are no moving weights.
            rq2.measure.gradients = GradientMode::Frozen;
            if !is_set("task.labels") {
                rq2.task.labels = Labelling::Hard;
            }
            if cli.args.replicas.is_none() && !is_set("run.") {
                rq2.run.replicas = 1;
            }
        }
    }
    Ok(rq2)
}

/// Every condition's name, and the patterns that an update sees.
fn batch_sizes(rq2: &Settings<PhaseRule>) -> Result<Vec<(String, usize)>> {
    let patterns = |(name, settings): (String, Settings<PhaseRule>)| {
        let fraction = settings.grid.train_fractions.first().copied().unwrap_or(1.0);
        let rows = count(fraction, settings.task.load()?.joint.n_x());
        Ok((name, patterns_per_update(&settings.train, rows)))
    };
    rq2.conditions()?.into_iter().map(patterns).collect()
}

fn print_verdict(claims: &[ClaimRow]) {
    tell!("RQ2: how does SGD split into drift and diffusion, and what drives them?\n");
    tell!("{}", print::table(&CLAIMS, &claims.iter().collect::<Vec<_>>()));
    tell!("Verdict\n{}", print::answers(&CLAIMS, claims).trim_end());
    tell!("The rules, fixed before the run: experiments/src/sgd_phases/verdict.rs.");
}
