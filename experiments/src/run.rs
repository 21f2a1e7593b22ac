//! The part every question shares between its settings and its CSVs: a grid of conditions, cut into jobs, trained, merged.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::binning::Binning;
use infoplane_model::{Activation, TrainSettings};

use crate::config::{ComputeSettings, GridSettings, MeasureSettings, ReplicaSettings, RunArgs};
use crate::jobs::{Jobs, say};
use crate::progress::Progress;
use crate::results::{Results, RunRecord};
use crate::tasks::TaskSettings;
use crate::training::{Job, ModelSettings};

/// The tables every grid of trainings writes.
const TABLES: [&str; 2] = ["information_plane", "training"];

/// A checked grid of trainings: every activation × training fraction × replica.
#[derive(Debug)]
pub struct GridRun<'a> {
    /// The conditions.
    pub grid: &'a GridSettings,
    /// The replicas.
    pub run: &'a ReplicaSettings,
    /// The task.
    pub task: &'a TaskSettings,
    /// The network.
    pub model: &'a ModelSettings,
    /// The training.
    pub train: &'a TrainSettings,
    /// What is recorded.
    pub measure: &'a MeasureSettings,
    /// Where it is computed.
    pub compute: &'a ComputeSettings,
}

impl GridRun<'_> {
    /// Trains what is not trained yet and merges the tables into the results folder. Every setting is checked, and the
    /// folder claimed, before any training.
    ///
    /// # Errors
    /// If a setting is impossible, the folder is not ours to write, or a job fails (finished jobs are kept).
    pub fn complete(&self, question: &str, args: &RunArgs, config: &impl serde::Serialize) -> Result<Results> {
        let started = Instant::now();
        let seeds = self.run.checked_seeds()?;
        let epochs = self.measure.checked_epochs(self.train.epochs)?;
        self.grid.check()?;
        self.train.check().context("the settings under [train] are not usable")?;
        ensure!(self.compute.block > 0, "compute.block = 0: a block has at least one replica");
        self.compute.backend.open(self.compute.device)?;
        check_estimators(&self.grid.activations, &self.measure.estimators)?;
        let task = self.task.load()?;
        for &activation in &self.grid.activations {
            self.model.network(&task, activation)?;
        }

        let folder = args.output.clone().unwrap_or_else(|| PathBuf::from("results").join(question).join(&args.preset));
        let results = Results::claim(folder, config)?;
        if results.is_complete() {
            say(&format!("{} is complete: nothing is trained again", results.folder().display()));
            return Ok(results);
        }
        let threads = args.threads.or_else(|| std::thread::available_parallelism().ok().map(NonZero::get)).unwrap_or(1);
        let plan = self.plan(&seeds, &epochs);
        let jobs = Jobs::new(results.folder(), plan.len());
        let cost = |job: &Job| (job.replicas.len() * self.train.epochs) as u64;
        let done: u64 = plan.iter().enumerate().filter(|(k, _)| jobs.is_done(*k)).map(|(_, job)| cost(job)).sum();
        if done > 0 {
            let finished = (0..plan.len()).filter(|&k| jobs.is_done(k)).count();
            say(&format!("resuming: {finished} of {} jobs were finished before and are kept", plan.len()));
        }
        let progress = Progress::new(plan.iter().map(cost).sum(), done);
        let outcome = jobs.run(threads, |k, tables| plan[k].run(&task, &progress, tables));
        progress.finish();
        outcome?;

        for table in TABLES {
            jobs.merge(table, &results.file(&format!("{table}.csv")))?;
        }
        let notes = jobs.notes()?;
        for note in &notes {
            say(&format!("note: {note}"));
        }
        let device = format!("{} device {}", self.compute.backend, self.compute.device);
        let record = RunRecord::new(question, device, threads, started.elapsed(), &seeds, &notes, results.config());
        results.complete(&record)?;
        jobs.clear()?;
        Ok(results)
    }

    /// Conditions outside, blocks of replicas inside.
    fn plan<'a>(&'a self, seeds: &[u64], epochs: &'a [usize]) -> Vec<Job<'a>> {
        let numbered: Vec<(usize, u64)> = seeds.iter().copied().enumerate().collect();
        let block = if self.compute.backend.is_cpu() { self.compute.block } else { numbered.len() };
        let mut plan = Vec::new();
        for &activation in &self.grid.activations {
            for &train_fraction in &self.grid.train_fractions {
                for replicas in numbered.chunks(block) {
                    plan.push(Job {
                        activation,
                        train_fraction,
                        split: self.task.split,
                        replicas: replicas.to_vec(),
                        model: self.model,
                        train: self.train,
                        epochs,
                        estimators: &self.measure.estimators,
                        compute: self.compute,
                    });
                }
            }
        }
        plan
    }
}

/// Refuses bins whose range an activation can leave: that is known before training.
fn check_estimators(activations: &[Activation], estimators: &[EstimatorKind]) -> Result<()> {
    for estimator in estimators {
        let EstimatorKind::Binning(binning @ Binning::Range { .. }) = estimator else { continue };
        // The output layer lies in [0, 1] whatever the hidden layers do.
        let (low, high) = binning.range();
        for activation in activations {
            let (least, most) = activation.range();
            if least < low || most > high || low > 0.0 || high < 1.0 {
                bail!(
                    "the estimator {estimator} of measure.estimators cannot hold the activations of {activation} layers, \
                     {least} to {most}, and of the output, 0 to 1; binning:width=… has no range"
                );
            }
        }
    }
    Ok(())
}
