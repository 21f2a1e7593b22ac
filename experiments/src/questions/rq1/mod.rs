//! RQ1: do layers follow predictable trajectories in the information plane during training?
//!
//! The paper (arXiv 1703.00810, §3.3, figures 2 and 3): yes; every layer first fits (I(T;Y) rises), then compresses
//! (I(X;T) falls). Here: networks of each activation and training fraction are trained, every layer is measured through
//! several estimators, and the rule of [`verdict`], fixed before the run, decides.

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
use crate::trajectories::phases::PhaseRow;
use crate::trajectories::{self, Trajectory, TrajectoryRow};
use crate::{bound, figures};
use verdict::{CLAIMS, VerdictRule, judge};

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
        let claims = judge(&trajectories, &training, &h_x, settings.verdict);
        results.write(&means)?;
        results.write(&phases)?;

        if let (Some(first), Some(fraction)) =
            (trajectories.first(), settings.grid.train_fractions.iter().copied().max_by(f64::total_cmp))
        {
            figures::information_plane::draw(&trajectories, fraction, &first.estimator, drawing)?;
            figures::trajectories::draw(&means, &first.estimator, drawing)?;
            figures::compression::draw(&phases, drawing)?;
        }
        Ok(Answer { claims, after: in_words(settings.verdict), ..Answer::default() })
    }
}

fn in_words(rule: VerdictRule) -> String {
    format!(
        "The rule, fixed before the run, for networks that have learned (training accuracy at least {}): predictable if at least\n\
         {} of a path is foretold by the other networks; compressing if more than half of the hidden layers lose at least {} bits\n\
         of I(X;T) after their fit. 95 % intervals over networks.",
        rule.train_accuracy, rule.predictability, rule.compression_bits,
    )
}
