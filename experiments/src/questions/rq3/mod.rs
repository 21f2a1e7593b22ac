//! RQ3: do converged layers lie on the Information Bottleneck bound, and satisfy its equations?
//!
//! The paper (arXiv 1703.00810, §3.5, figure 6): yes, each at a β of its own, near critical points. Here: every layer as a
//! binned, a quantised and a noisy encoder, against a curve certified in both directions, at several I(X;Y), beside the same
//! before training, with shuffled labels and with random cells.
//!
//! | file | what |
//! |---|---|
//! | this one | the question: its settings, its tables, in order |
//! | [`conditions`] | the conditions on a task of one's own |
//! | [`criticality`] | how far layers are from transitions, beside chance: `criticality.csv` |
//! | [`verdict`] | the rules, fixed beforehand, and what they decide |

pub mod conditions;
pub mod criticality;
pub mod verdict;

use anyhow::Result;

use super::{About, Answer, NoFlags, Question};
use crate::bound::layers::LayerRow;
use crate::bound::{CurveRow, TransitionRow, gaps};
use crate::config::RunArgs;
use crate::drawing::Drawing;
use crate::figures;
use crate::learning::Learning;
use crate::results::Results;
use crate::rows::{self, Table as _, TrainingRow};
use crate::run::Settings;
use crate::tasks::{Labelling, input_entropies};
use verdict::{BoundRule, CLAIMS, guard_hard_labels, judge, moral};

/// RQ3.
#[derive(Debug)]
pub struct Rq3(Settings<BoundRule>);

impl Question for Rq3 {
    const ABOUT: About = About {
        id: "rq3",
        title: "Do converged layers lie on the Information Bottleneck bound?",
        paper: "They do, each at a β of its own, and satisfy its self-consistent equations (§3.5, figure 6).",
        program: "Trains networks on tasks of several I(X;Y), tests every layer as an encoder against the certified bound, and \
                  writes layers.csv, curve.csv, transitions.csv, gaps.csv, criticality.csv, verdict.csv (and training.csv, \
                  run.json) and figures into the results folder.",
        claims: &CLAIMS,
        tables: &[gaps::GapRow::FILE, criticality::CriticalityRow::FILE, TransitionRow::FILE],
        defaults: include_str!("../../../configs/rq3.toml"),
    };
    type Flags = NoFlags;
    type Rule = BoundRule;

    fn new(args: &RunArgs, _: &NoFlags) -> Result<Self> {
        args.settings_implying(Self::ABOUT.defaults, |settings| Ok(conditions::of_own_task(settings))).map(Self)
    }

    fn settings(&self) -> &Settings<BoundRule> {
        &self.0
    }

    fn answer(&self, results: &Results, drawing: Drawing) -> Result<Answer> {
        let Self(settings) = self;
        let mut layers: Vec<LayerRow> = results.rows()?;
        let training: Vec<TrainingRow> = results.rows()?;
        rows::keep_trained(&mut layers, &training, &settings.last_epochs()?)?;
        let curve: Vec<CurveRow> = results.rows()?;
        let transitions: Vec<TransitionRow> = results.rows_if_there()?;
        let gaps = gaps::rows(&layers);
        let criticality = criticality::rows(&layers, &transitions);
        let controls = controls(settings)?;
        let controls: Vec<&str> = controls.iter().map(String::as_str).collect();
        let tasks = settings.tasks()?;
        let mut claims = judge(&layers, &criticality, &controls, &input_entropies(&tasks), &settings.verdict);
        guard_hard_labels(&mut claims, &tasks);
        Learning::new(&training, &tasks, settings.verdict.learned_share).guard(&mut claims);
        results.write(&gaps)?;
        results.write(&criticality)?;

        figures::bound::draw(&gaps, &curve, drawing)?;
        figures::gaps::draw(&gaps, drawing)?;
        let moral = moral(&claims).map_or_else(String::new, |moral| format!("  {moral}.\n"));
        let after = format!(
            "{moral}Controls are hard and shuffled labels. The rules, fixed before the run: \
             experiments/src/questions/rq3/verdict.rs."
        );
        Ok(Answer { claims, after, ..Answer::default() })
    }
}

/// Conditions whose answer means something only beside others': the paper's task with hard labels, and shuffled labels.
fn controls(rq3: &Settings<BoundRule>) -> Result<Vec<String>> {
    let is_control = |name: &str, settings: &Settings<BoundRule>| {
        settings.task.dataset.is_empty() && settings.task.labels == Labelling::Hard || name == rq3.verdict.shuffled
    };
    let conditions = rq3.conditions()?.into_iter();
    Ok(conditions.filter(|(name, settings)| is_control(name, settings)).map(|(name, _)| name).collect())
}
