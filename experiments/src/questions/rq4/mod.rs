//! RQ4: what do more hidden layers buy?
//!
//! The paper (arXiv 1703.00810, §3.5, figure 5): more hidden layers reach the goal in far fewer epochs, since relaxation takes
//! a time exponential in what is compressed, and layers divide it among them. Here: one to six hidden layers, in families of
//! equal widths and of equal parameters beside the paper's, with the paper's one learning rate and with each depth's own;
//! epochs and gradient computation to stated levels, failures censored; and the law of compression times itself.
//!
//! | file | what |
//! |---|---|
//! | this one | the question: its settings, its pilots, its tables, in order |
//! | [`plan`] | families of widths × activation × optimiser × learning rate, fixed or tuned |
//! | [`tuning`] | the learning rate of each depth, from pilot networks with seeds of their own |
//! | [`network`] | a network of the plan, and what training it costs |
//! | [`thresholds`] | epochs and gradient computation until a level is reached, or not reached |
//! | [`relaxation`] | compression time of each layer against the bits it loses, and the law that ties them |
//! | [`generalisation`] | where each depth ends: on the training labels and on patterns it has not seen |
//! | [`rule`], [`verdict`] | the thresholds, fixed beforehand; the rules, and what they decide |

pub mod figures;
pub mod generalisation;
pub mod network;
pub mod plan;
pub mod relaxation;
pub mod rule;
pub mod thresholds;
pub mod tuning;
pub mod verdict;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use super::{About, Answer, NoFlags, Question};
use crate::bound;
use crate::config::{RunArgs, nested, typed};
use crate::drawing::Drawing;
use crate::learning::Learning;
use crate::results::Results;
use crate::rows::{self, InformationRow, Table as _, TrainingRow};
use crate::run::{self, Settings};
use crate::tasks::{self, Task, count};
use crate::terminal::{say, tell};
use crate::trajectories::{self, Trajectory, TrajectoryRow};
use crate::version;
use generalisation::DepthRow;
use network::Network;
use plan::{Arm, DepthSettings};
use rule::DepthRule;
use thresholds::{Path as NetworkPath, Threshold};
use tuning::RateRow;
use verdict::{CLAIMS, guard_learned, judge};

/// RQ4.
#[derive(Debug)]
pub struct Rq4 {
    settings: Settings<DepthRule>,
    depth: DepthSettings,
    /// Every arm's learning rate, and what was tried; none before the pilots are complete.
    rates: Option<(Vec<f64>, Vec<RateRow>)>,
}

/// Settings that every question has, and from where rq4 takes them instead.
const ELSEWHERE: [(&str, &str, &str); 4] = [
    ("model", "hidden", "[[family]]"),
    ("grid", "activations", "[[cell]]"),
    ("train", "optimizer", "[[cell]]"),
    ("train", "learning_rate", "[tuning]"),
];

impl Question for Rq4 {
    const ABOUT: About = About {
        id: "rq4",
        title: "What do more hidden layers buy?",
        paper: "Far fewer epochs to the same goal, since relaxation takes a time exponential in what is compressed and layers \
                share it (§3.5, figure 5).",
        program: "Trains networks of one to six hidden layers, with learning rates fixed and tuned for each depth by pilot \
                  networks, and writes depth.csv, time_to_threshold.csv, survival.csv, relaxation.csv, relaxation_laws.csv, \
                  learning_rates.csv, verdict.csv (and information_plane.csv, training.csv, run.json) and figures into the \
                  results folder; the pilots' own results lie in pilot/ below it.",
        claims: &CLAIMS,
        tables: &[
            generalisation::DepthRow::FILE,
            thresholds::SurvivalRow::FILE,
            relaxation::LawRow::FILE,
            tuning::RateRow::FILE,
        ],
        defaults: include_str!("../../../configs/rq4.toml"),
    };
    type Flags = NoFlags;
    type Rule = DepthRule;

    fn new(args: &RunArgs, _: &NoFlags) -> Result<Self> {
        let mut table = args.table_implying(Self::ABOUT.defaults, levels_of_task)?;
        let defaults: Table = Self::ABOUT.defaults.parse()?;
        for (name, key, home) in ELSEWHERE {
            let of = |table: &Table| table.get(name).and_then(|inner| inner.get(key)).cloned();
            ensure!(of(&table) == of(&defaults), "rq4 takes {name}.{key} from {home}: change it there");
        }
        let depth = DepthSettings::split(&mut table)?;
        Ok(Self { settings: typed(table)?, depth, rates: None })
    }

    fn settings(&self) -> &Settings<DepthRule> {
        &self.settings
    }

    fn show(&self) -> Result<()> {
        let text = format!("{}\n{}", toml::to_string(&self.settings)?, toml::to_string(&self.depth)?);
        tell!("{}", version::stamp(&text).trim_end());
        if let Err(error) = self.untuned() {
            run::tell_unusable(&error);
        }
        Ok(())
    }

    /// The pilots first, whose learning rates the run itself then has.
    fn complete(&mut self, args: &RunArgs) -> Result<Option<Results>> {
        let (arms, untuned) = self.untuned()?;
        self.train_fraction()?;
        let pilot_args = &RunArgs { output: Some(args.folder("rq4").join("pilot")), ..args.clone() };
        if args.work.plan {
            if let Some(pilots) = tuning::pilots(&self.settings, &self.depth, &arms)? {
                pilots.complete("rq4", pilot_args)?;
            }
            return untuned.complete("rq4", args);
        }
        let Some(rates) = learning_rates(&self.settings, &self.depth, &arms, pilot_args)? else { return Ok(None) };
        let tuned = tuning::with_rates(&self.settings, &arms, &rates.0)?;
        self.rates = Some(rates);
        tuned.complete("rq4", args)
    }

    fn answer(&self, results: &Results, drawing: Drawing) -> Result<Answer> {
        let rule = &self.settings.verdict;
        let (rates, tried) = self.rates.as_ref().context("the learning rates are not chosen")?;
        bound::write_curves(std::iter::once(self.settings.task.clone()), results)?;
        let task = Arc::new(self.settings.task.load()?);
        let networks = self.networks(rates, &task)?;
        let information: Vec<InformationRow> = results.rows()?;
        let training: Vec<TrainingRow> = results.rows()?;
        let first = self.settings.measure.estimators.first();
        let estimator = first.map_or_else(String::new, ToString::to_string);
        let paths = thresholds::paths(&information, &training, &estimator);
        let ends = generalisation::ends(&training, task.joint.h_y());

        let times = thresholds::times(&networks, &paths, &rule.thresholds);
        let depths = generalisation::rows(&networks, &paths, &ends, &times, rule.goal())?;
        let relaxations = relaxation::rows(&networks, &paths, rule);
        let laws = relaxation::laws(&relaxations);
        let mut claims = judge(&depths, &times, &laws, &ends, (&training, &estimator), rule);
        let learning = Learning::new(&training, &[task], rule.learned_share);
        guard_learned(&mut claims, &depths, &learning);
        results.write(tried)?;
        results.write(&depths)?;
        results.write(&times)?;
        results.write(&thresholds::survival(&times))?;
        results.write(&relaxations)?;
        results.write(&laws)?;

        let of_first: Vec<InformationRow> = information.into_iter().filter(|row| row.estimator == estimator).collect();
        let means: Vec<TrajectoryRow> = trajectories::collect(&of_first).iter().flat_map(Trajectory::rows).collect();
        figures::depth_planes::draw(&means, &depths, drawing)?;
        figures::survival::draw(&times, rule.goal(), drawing)?;
        figures::relaxation::draw(&relaxations, &laws, drawing)?;
        Ok(Answer {
            claims,
            before: table(&depths),
            after: "The other levels: verdict.csv. The rules, fixed before the run: experiments/src/questions/rq4/verdict.rs."
                .to_owned(),
            printed_level: Some(rule.goal().to_string()),
            ..Answer::default()
        })
    }
}

impl Rq4 {
    /// The arms, and the run as it is before learning rates are chosen.
    fn untuned(&self) -> Result<(Vec<Arm>, Settings<DepthRule>)> {
        let settings = &self.settings;
        ensure!(
            settings.condition.is_empty(),
            "rq4 makes its own conditions: change [[family]], [[cell]] and [tuning]"
        );
        let arms = self.depth.arms()?;
        let untuned = tuning::with_rates(settings, &arms, &vec![settings.train.learning_rate; arms.len()])?;
        untuned.check()?;
        Ok((arms, untuned))
    }

    /// The one share of patterns that train.
    fn train_fraction(&self) -> Result<f64> {
        match self.settings.grid.train_fractions[..] {
            [fraction] if fraction < 1.0 => Ok(fraction),
            _ => bail!("grid.train_fractions: rq4 needs one fraction, below 1, so that patterns are left to test on"),
        }
    }

    /// Every arm's network.
    fn networks(&self, rates: &[f64], task: &Task) -> Result<Vec<Network>> {
        let patterns = count(self.train_fraction()?, task.joint.n_x());
        let network = |(arm, &rate): (&Arm, &f64)| {
            let mut model = self.settings.model.clone();
            model.hidden.clone_from(&arm.hidden);
            Ok(Network::new(arm, model.network(task, arm.activation)?.stack(), rate, patterns))
        };
        self.depth.arms()?.iter().zip(rates).map(network).collect()
    }
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
    let information: Vec<InformationRow> = rows::of(folder)?;
    let training: Vec<TrainingRow> = rows::of(folder)?;
    let estimator = information.first().map_or_else(String::new, |row| row.estimator.clone());
    Ok(thresholds::paths(&information, &training, &estimator))
}

fn interval(value: Option<f64>, lower: Option<f64>, upper: Option<f64>, digits: usize) -> String {
    let show = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"));
    format!("{} [{}, {}]", show(value), show(lower), show(upper))
}

/// What a task other than the paper's implies: the same levels, as shares of what it has (its I(X;Y), the way from guessing to the best
/// classifier, its H(X)).
fn levels_of_task(settings: &Table) -> Result<Table> {
    let thresholds = settings.get("verdict").and_then(|verdict| verdict.get("thresholds"));
    let Some(thresholds) = thresholds.filter(|_| !tasks::is_the_papers(settings)) else { return Ok(Table::new()) };
    let task = tasks::of_table(settings)?;
    let levels: Vec<Threshold> = thresholds.clone().try_into()?;
    let levels: Vec<Threshold> = levels.iter().map(|level| level.on_task(&task)).collect();
    Ok(nested("verdict.thresholds", Value::try_from(levels)?))
}

/// Every depth of every cell, a line each.
fn table(depths: &[DepthRow]) -> String {
    let goal = depths.first().map_or("", |row| row.goal.as_str());
    let mut lines = format!(
        "Goal: {goal}. Medians with failures censored, 95 % intervals.\n\n\
         {:<32} {:>6} {:>7} {:>8} {:>20} {:>24} {:>8}\n",
        "cell", "hidden", "rate", "reached", "epochs", "gradient GFLOP", "test acc"
    );
    for row in depths {
        let _ = writeln!(
            lines,
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
    lines
}
