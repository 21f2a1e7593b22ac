//! RQ5: what does the size of the training sample do to the layers, and what do finite-sample bounds say?
//!
//! The paper (arXiv 1703.00810, §3.6, figure 7): more data moves the converged layers up along the bound, small samples
//! over-compress: their I(T;Y) peaks, then falls. Here: the same with the bound certified, early stopping, and the paper's
//! finite-sample bounds beside what happened.
//!
//! | file | what |
//! |---|---|
//! | this one | the question: its settings, its tables, in order |
//! | [`samples`] | one layer at one training fraction: `samples.csv` |
//! | [`verdict`] | the rules, fixed beforehand, and what they decide |

pub mod figure;
pub mod samples;
pub mod verdict;

use anyhow::Result;
use toml::{Table, Value};

use super::{About, Answer, NoFlags, Question};
use crate::bound::layers::LayerRow;
use crate::bound::{CurveRow, gaps};
use crate::config::{RunArgs, nested};
use crate::drawing::Drawing;
use crate::figures;
use crate::learning::Learning;
use crate::results::Results;
use crate::rows::{self, Table as _, TrainingRow};
use crate::run::Settings;
use crate::tasks::{self, input_entropies};
use samples::SampleRow;
use verdict::{CLAIMS, SampleRule, judge};

/// RQ5.
#[derive(Debug)]
pub struct Rq5(Settings<SampleRule>);

impl Question for Rq5 {
    const ABOUT: About = About {
        id: "rq5",
        title: "What does the size of the training sample do?",
        paper: "More data moves converged layers up along the bound; small samples over-compress (§3.6, figures 3 and 7).",
        program: "Trains networks on several shares of the patterns, tests every layer against the certified bound, and writes \
                  layers.csv, curve.csv, gaps.csv, samples.csv, verdict.csv (and training.csv, run.json) and figures into the \
                  results folder.",
        claims: &CLAIMS,
        tables: &[samples::SampleRow::FILE],
        defaults: include_str!("../../../configs/rq5.toml"),
    };
    type Flags = NoFlags;
    type Rule = SampleRule;

    fn new(args: &RunArgs, _: &NoFlags) -> Result<Self> {
        args.settings_implying(Self::ABOUT.defaults, guessing).map(Self)
    }

    fn settings(&self) -> &Settings<SampleRule> {
        &self.0
    }

    fn answer(&self, results: &Results, drawing: Drawing) -> Result<Answer> {
        let Self(settings) = self;
        let tasks = settings.tasks()?;
        let mut layers: Vec<LayerRow> = results.rows()?;
        let training: Vec<TrainingRow> = results.rows()?;
        rows::keep_trained(&mut layers, &training, &settings.last_epochs()?)?;
        let curve: Vec<CurveRow> = results.rows()?;
        let paths = samples::collect(&layers, &training, &tasks)?;
        let samples: Vec<SampleRow> = paths.iter().map(|paths| paths.row(settings.verdict.delta)).collect();
        let mut claims = judge(&paths, &input_entropies(&tasks), settings.verdict);
        Learning::new(&training, &tasks, settings.verdict.learned_share).guard(&mut claims);
        let gaps = gaps::rows(&layers);
        results.write(&gaps)?;
        results.write(&samples)?;

        figure::draw(&samples, &curve, drawing)?;
        figures::gaps::draw(&gaps, drawing)?;
        let after = "The rules, fixed before the run: experiments/src/questions/rq5/verdict.rs.".to_owned();
        Ok(Answer { claims, after, ..Answer::default() })
    }
}

/// What a task other than the paper's implies: the error of guessing its likeliest label.
fn guessing(settings: &Table) -> Result<Table> {
    if tasks::is_the_papers(settings) {
        return Ok(Table::new());
    }
    let task = tasks::of_table(settings)?;
    Ok(nested("verdict.vacuous_error", Value::Float(1.0 - task.guess())))
}
