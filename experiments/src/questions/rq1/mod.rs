//! RQ1: do layers follow predictable trajectories in the information plane during training?
//!
//! The paper (arXiv 1703.00810, §3.3, figures 2 and 3): yes; every layer first fits (I(T;Y) rises), then compresses
//! (I(X;T) falls). Here: networks of each activation and training fraction are trained, every layer is measured through
//! several estimators, and the rule of [`verdict`], fixed before the run, decides.

pub mod measured;
pub mod verdict;

use anyhow::Result;
use rayon::prelude::*;

use super::{About, Answer, NoFlags, Question};
use crate::config::RunArgs;
use crate::drawing::Drawing;
use crate::results::Results;
use crate::rows::{self, InformationRow, Table as _, TrainingRow};
use crate::run::Settings;
use crate::tasks::input_entropies;
use crate::trajectories::phases::{PhaseRow, Since};
use crate::trajectories::{self, Trajectory, TrajectoryRow};
use crate::verdict::multiverse;
use crate::{bound, figures};
use measured::measure;
use verdict::{CLAIMS, Quorum, VerdictRule, judge};

/// RQ1.
#[derive(Debug)]
pub struct Rq1(Settings<VerdictRule>);

impl Question for Rq1 {
    const ABOUT: About = About {
        id: "rq1",
        title: "Do layers follow predictable trajectories: fit, then compress?",
        paper: "Every layer first fits (I(T;Y) rises), then compresses (I(X;T) falls), along a path that all networks \
                share (§3.3, figures 2 and 3).",
        program: "Trains networks of every activation and training fraction, measures every layer during training, and writes \
                  information_plane.csv, training.csv, trajectories.csv, phases.csv, verdict.csv, run.json and figures (SVG \
                  and PNG) into the results folder.",
        claims: &CLAIMS,
        tables: &[PhaseRow::FILE],
        defaults: include_str!("../../../configs/rq1.toml"),
    };
    type Flags = NoFlags;
    type Rule = VerdictRule;

    fn new(args: &RunArgs, _: &NoFlags) -> Result<Self> {
        args.settings(Self::ABOUT.defaults).map(Self)
    }

    fn settings(&self) -> &Settings<VerdictRule> {
        &self.0
    }

    fn answer(&self, results: &Results, drawing: Drawing) -> Result<Answer> {
        let Self(settings) = self;
        bound::write_curves(settings.conditions()?.into_iter().map(|(_, settings)| settings.task), results)?;
        let mut rows: Vec<InformationRow> = results.rows()?;
        let training: Vec<TrainingRow> = results.rows()?;
        rows::keep_trained(&mut rows, &training, &settings.last_epochs()?)?;
        let trajectories = trajectories::collect(&rows);
        let means: Vec<TrajectoryRow> = trajectories.iter().flat_map(Trajectory::rows).collect();
        let phases: Vec<PhaseRow> = trajectories.par_iter().map(Trajectory::phase_row).collect();
        let h_x = input_entropies(&settings.tasks()?);
        let measured = measure(&trajectories, &training, &h_x);
        let claims = judge(&measured, settings.verdict);
        let universes = multiverse::universes(&settings.verdict, &CLAIMS, |rule| judge(&measured, *rule))?;
        results.write(&means)?;
        results.write(&phases)?;

        if let Some(first) = trajectories.first() {
            // One condition is drawn; all are in the tables, and in the multiverse.
            let is_drawn = |condition: &str| condition == first.condition;
            let drawn: Vec<Trajectory> = trajectories.iter().filter(|t| is_drawn(&t.condition)).cloned().collect();
            let fraction = drawn.iter().map(|t| t.train_fraction).max_by(f64::total_cmp).unwrap_or(1.0);
            figures::information_plane::draw(&drawn, fraction, &first.estimator, drawing)?;
            let means: Vec<TrajectoryRow> = means.into_iter().filter(|row| is_drawn(&row.condition)).collect();
            figures::trajectories::draw(&means, &first.estimator, drawing)?;
            let phases: Vec<PhaseRow> = phases.into_iter().filter(|row| is_drawn(&row.condition)).collect();
            figures::compression::draw(&phases, drawing)?;
        }
        Ok(Answer { claims, universes, after: in_words(settings.verdict), ..Answer::default() })
    }
}

fn in_words(rule: VerdictRule) -> String {
    let since = match rule.since {
        Since::Fit => "their fit",
        Since::Peak => "their greatest I(X;T)",
    };
    let layers = match rule.layers {
        Quorum::Most => "more than half of the hidden layers lose",
        Quorum::Every => "every hidden layer loses",
        Quorum::Mean => "hidden layers lose on average",
    };
    format!(
        "The rule, fixed before the run, for networks that have learned (training accuracy at least {}): predictable if at least\n\
         {} of a path is foretold by the other networks; compressing if {layers} at least {} bits\n\
         of I(X;T) after {since}. 95 % intervals over networks.",
        rule.train_accuracy, rule.predictability, rule.compression_bits,
    )
}
