//! RQ2: how does SGD split into a fitting (drift) and a compression (diffusion) phase, and what drives them?
//!
//! The paper (arXiv 1703.00810, §3.4, figure 4): the norm of the mean mini-batch gradient falls below that of its standard
//! deviation, and this transition from drift to diffusion is where compression begins and what causes it. Here: the paper's
//! figure as the paper defines it, the two epochs side by side, and an experiment in which each condition changes one thing.
//!
//! | file | what |
//! |---|---|
//! | this one | the question: its settings, its tables, in order |
//! | [`gradient_path`] | one layer's gradients, and its transition from drift to diffusion |
//! | [`timing`] | the transition beside the start of compression |
//! | [`causes`] | what each condition does to compression |
//! | [`diffusion`] | how weights move after the transition |
//! | [`idnns`] | the authors' own figure, as their code draws it |
//! | [`verdict`] | the rules, fixed beforehand, and what they decide |

pub mod causes;
pub mod diffusion;
pub mod figures;
pub mod gradient_path;
pub mod idnns;
pub mod timing;
pub mod verdict;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use toml::{Table, Value};

use super::{About, Answer, Question};
use crate::config::{RunArgs, merge, nested};
use crate::drawing::Drawing;
use crate::results::Results;
use crate::rows::{self, DisplacementRow, GradientRow, InformationRow, Table as _, TrainingRow, WeightRow};
use crate::run::{Settings, patterns_per_update};
use crate::tasks::{count, input_entropies};
use crate::verdict::multiverse;
use crate::{bound, trajectories, weights};
use causes::CauseRow;
use timing::TimingRow;
use verdict::{CLAIMS, Evidence, PhaseRule, judge};

/// RQ2.
#[derive(Debug)]
pub struct Rq2(Settings<PhaseRule>);

/// RQ2's own flags.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Start every network from these weights (.npz with W1, b1, W2, …; W is in × out), without the built-in conditions; all
    /// patterns train unless grid.train_fractions is set. With --epochs 0: the statistics at these weights, of one network
    /// unless run.replicas is set, on hard labels unless task.labels is set, so that nothing is drawn
    #[arg(long, value_name = "FILE.npz")]
    weights: Option<PathBuf>,
    /// The order of patterns: `shuffled` afresh each epoch, or as in the `file`
    #[arg(long, value_name = "ORDER")]
    order: Option<Order>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    Shuffled,
    File,
}

impl Question for Rq2 {
    const ABOUT: About = About {
        id: "rq2",
        title: "Does the drift→diffusion transition of SGD cause compression?",
        paper: "The mean of the mini-batch gradients falls below their standard deviation; there compression begins, driven \
                by the noise (§3.4, figure 4).",
        program: "Trains the conditions of a designed experiment, takes the mini-batch gradients of every layer at every \
                  recorded epoch, and writes gradients.csv (and gradients_idnns.csv, the authors' convention), phases.csv, \
                  causes.csv, diffusion.csv, verdict.csv (and information_plane.csv, training.csv, displacement.csv, \
                  weights.csv, run.json) and figures into the results folder.",
        claims: &CLAIMS,
        tables: &[causes::CauseRow::FILE, diffusion::DiffusionRow::FILE],
        defaults: include_str!("../../../configs/rq2.toml"),
    };
    type Flags = Flags;
    type Rule = PhaseRule;

    fn new(args: &RunArgs, flags: &Flags) -> Result<Self> {
        let args = flags.as_settings(args)?;
        let implied = |settings: &Table| match &flags.weights {
            Some(path) => implied_by_weights(path, settings),
            None => Ok(Table::new()),
        };
        args.settings_implying(Self::ABOUT.defaults, implied).map(Self)
    }

    fn settings(&self) -> &Settings<PhaseRule> {
        &self.0
    }

    fn complete(&mut self, args: &RunArgs) -> Result<Option<Results>> {
        for (name, settings) in self.0.conditions()? {
            let (activations, fractions) = (settings.grid.activations.len(), settings.grid.train_fractions.len());
            ensure!(
                activations <= 1 && fractions <= 1,
                "rq2 compares conditions by their names, and `{name}` has {activations} activations and {fractions} training fractions: \
                 write a [[condition]] for each"
            );
        }
        self.0.complete(Self::ABOUT.id, args)
    }

    fn answer(&self, results: &Results, drawing: Drawing) -> Result<Answer> {
        let Self(settings) = self;
        let conditions = settings.condition_names();
        bound::write_curves(settings.conditions()?.into_iter().map(|(_, settings)| settings.task), results)?;
        let mut gradients: Vec<GradientRow> = results.rows_if_there()?;
        let displacements: Vec<DisplacementRow> = results.rows_if_there()?;
        let weights: Vec<WeightRow> = results.rows_if_there()?;
        let mut information: Vec<InformationRow> = results.rows()?;
        let training: Vec<TrainingRow> = results.rows()?;
        let last_epochs = settings.last_epochs()?;
        rows::keep_trained(&mut gradients, &training, &last_epochs)?;
        rows::keep_trained(&mut information, &training, &last_epochs)?;
        let (paths, trajectories) = (gradient_path::collect(&gradients), trajectories::collect(&information));
        let (wanderings, diffusion) =
            (diffusion::wanderings(&displacements, &weights), diffusion::rows(&displacements, &weights));
        let saturated = causes::saturated(&trajectories, &input_entropies(&settings.tasks()?));
        let batches = batch_sizes(settings)?;
        let timings = |rule: &PhaseRule| timing::rows(&paths, &trajectories, rule);
        let causes =
            |rule: &PhaseRule| causes::rows(&batches, &trajectories, &paths, &training, rule.matched_loss_bits);
        let judged = |rule: &PhaseRule, timings: &[TimingRow], causes: &[CauseRow]| {
            let evidence = Evidence {
                conditions: &conditions,
                timings,
                causes,
                saturated: &saturated,
                wanderings: &wanderings,
                diffusion: &diffusion,
                training: &training,
            };
            judge(&evidence, rule)
        };

        let rule = &settings.verdict;
        let universes = multiverse::universes(rule, &CLAIMS, |rule| judged(rule, &timings(rule), &causes(rule)))?;
        let (mut timings, causes) = (timings(rule), causes(rule));
        let claims = judged(rule, &timings, &causes);
        results.write(&idnns::rows(&gradients))?;
        results.write(&timings)?;
        results.write(&causes)?;
        results.write(&diffusion)?;

        // Information through the first estimator is what is drawn.
        let first = timings.first().map(|row| row.estimator.clone());
        timings.retain(|row| Some(&row.estimator) == first.as_ref());
        figures::gradients::draw(&gradients, &timings, &conditions[0], drawing)?;
        figures::causes::draw(&causes, drawing)?;
        figures::batch_size::draw(&causes, &rule.batch_sizes(&conditions[0]), drawing)?;
        figures::displacement::draw(&displacements, &conditions, drawing)?;
        let after = "The rules, fixed before the run: experiments/src/questions/rq2/verdict.rs.".to_owned();
        Ok(Answer { claims, universes, after, ..Answer::default() })
    }
}

impl Flags {
    /// The flags as the settings that they are short for.
    fn as_settings(&self, args: &RunArgs) -> Result<RunArgs> {
        let mut args = args.clone();
        if let Some(order) = self.order {
            args.settings.push(format!("train.shuffle={}", order == Order::Shuffled));
        }
        if let Some(path) = &self.weights {
            let path = path.to_str().context("--weights: the path is not valid UTF-8")?;
            args.settings.push(format!("model.weights={}", Value::String(path.to_owned())));
        }
        Ok(args)
    }
}

/// What given weights imply, unless somebody says otherwise: their widths, one condition, all patterns; and without training, nothing drawn.
fn implied_by_weights(path: &Path, settings: &Table) -> Result<Table> {
    let mut implied = Table::new();
    let mut set = |key: &str, value: Value| merge(&mut implied, nested(key, value));
    let empty = || Value::Array(Vec::new());
    set("model.hidden", Value::try_from(weights::hidden_widths(path)?)?);
    set("condition", empty());
    set("verdict.more_noise", empty());
    set("verdict.without_noise", Value::String(String::new()));
    set("verdict.isotropic_noise", Value::String(String::new()));
    set("grid.train_fractions", Value::try_from([1.0])?);
    let epochs = settings.get("train").and_then(|train| train.get("epochs")).and_then(Value::as_integer);
    if epochs == Some(0) {
        // Without training there are no moving weights.
        set("measure.gradients", Value::String("frozen".to_owned()));
        set("task.labels", Value::String("hard".to_owned()));
        set("run.replicas", Value::Integer(1));
    }
    Ok(implied)
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
