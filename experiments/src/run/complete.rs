//! Carrying a run out: what is not done yet is done, here or by several processes, and merged.

use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{Resolved, Settings};
use crate::bound::{self, Bound, CurveRow, TransitionRow};
use crate::config::RunArgs;
use crate::jobs::{self, Jobs, Left, seal};
use crate::progress::Progress;
use crate::results::{Results, RunRecord};
use crate::rows::{Table as _, TrainingRow};
use crate::slurm::Plan;
use crate::sources;
use crate::tasks::Task;
use crate::terminal::{say, tell};
use crate::threads;
use crate::training::{Job, TABLES};
use crate::verdict::Rule;

impl<V: Rule> Settings<V> {
    /// Does what is not done yet and merges the tables into the results folder. Every setting is checked, and the folder
    /// claimed, before any training. `None`: what was asked for is done, but it is not the whole run.
    ///
    /// # Errors
    /// If a setting is impossible, the folder is not ours to write, or a job fails (finished jobs are kept).
    pub fn complete(&self, question: &str, args: &RunArgs) -> Result<Option<Results>> {
        let started = Instant::now();
        let files = self.files()?;
        let sources = sources::of(&files)?;
        let conditions = self.resolve()?;
        let folder = args.folder(question);
        let count: usize = conditions.iter().map(|condition| condition.jobs(&[], &folder).len()).sum();
        if args.work.plan {
            tell!("{}", Plan::new(count, folder));
            return Ok(None);
        }
        let changed = sources::differences(&sources, &sources::of(&files)?);
        ensure!(changed.is_empty(), "files have changed while they were read: {}", changed.join("; "));
        let results = Results::claim(folder, self, sources)?;
        if results.is_complete() {
            results.check_tables()?;
            say!("{} is complete: nothing is trained again", results.folder().display());
            // Left by a process killed between marking the run complete and this.
            jobs::clear(results.folder())?;
            return Ok(Some(results));
        }
        let own: Vec<&str> = conditions
            .iter()
            .filter(|condition| args.epochs.is_some_and(|epochs| epochs != condition.settings.train.epochs))
            .map(|condition| condition.name.as_str())
            .collect();
        if let Some(first) = own.first() {
            say!(
                "note: {} of {} conditions keep epochs of their own, whatever --epochs says (like `{first}`)",
                own.len(),
                conditions.len()
            );
        }
        let mut said: Vec<&str> = Vec::new();
        for note in conditions.iter().flat_map(|condition| &condition.task.notes) {
            if !said.contains(&note.as_str()) {
                say!("read {note}");
                said.push(note);
            }
        }
        let jobs = Jobs::new(results.folder(), count, results.identity(), &args.work)?;
        let bounds = bounds(&conditions);
        let threads = threads::of(args.threads);
        let left = jobs.share(
            &args.work,
            || results.is_complete(),
            |selected, finished| {
                let plan: Vec<(&Task, Job)> =
                    conditions.iter().flat_map(|condition| condition.jobs(&bounds, results.folder())).collect();
                train(&plan, &jobs, selected, finished, threads, args.watch)
            },
        )?;
        let _merging = match left {
            Left::Merging(claim) => claim,
            Left::Nothing => return Ok(Some(results)),
            Left::Others => return Ok(None),
        };
        for table in TABLES {
            jobs.merge(table, &results.file(table))?;
        }
        if !bounds.is_empty() {
            bound::write(bounds.iter(), &results)?;
        }
        let notes = jobs.notes()?;
        for note in &notes {
            say!("note: {note}");
        }
        ensure!(
            results.file(TrainingRow::FILE).exists(),
            "no network had finite numbers at any recorded epoch, so there is nothing to judge; a smaller train.learning_rate, or \
             inputs on a smaller scale, may help"
        );
        let tables = TABLES.into_iter().chain([CurveRow::FILE, TransitionRow::FILE]).map(str::to_owned);
        let tables = seal::sums(results.folder(), tables).context("cannot read the merged tables")?;
        let device = format!("{} device {}", self.compute.backend, self.compute.device);
        let seeds = self.run.checked_seeds()?;
        let record = RunRecord::new(question, device, threads, started.elapsed(), &seeds, &notes, results.config());
        let mut sources = results.sources().clone();
        sources.extend(sources::of(&args.config)?);
        let record = RunRecord { tables, sources, ..record };
        results.complete(&record)?;
        jobs::clear(results.folder())?;
        Ok(Some(results))
    }
}

/// One certified curve for each task and each way to test against it.
fn bounds<V>(conditions: &[Resolved<V>]) -> Vec<Bound> {
    let mut bounds: Vec<Bound> = Vec::new();
    for condition in conditions {
        if let Some(settings) = &condition.settings.bound
            && !bounds.iter().any(|bound| bound.is_of(&condition.task, settings))
        {
            bounds.push(Bound::new(&condition.task, settings));
        }
    }
    bounds
}

fn train(
    plan: &[(&Task, Job)],
    jobs: &Jobs,
    selected: &[usize],
    finished: &[usize],
    threads: usize,
    watch: bool,
) -> Result<()> {
    let pending: Vec<usize> = selected.iter().copied().filter(|job| finished.binary_search(job).is_err()).collect();
    let cost = |&k: &usize| plan[k].1.epoch_cost(plan[k].0) * plan[k].1.train.epochs as u64;
    let progress = Progress::new(selected.iter().map(cost).sum(), finished.iter().map(cost).sum(), watch);
    let outcome = jobs.run(&pending, threads, |k, saved, tables| plan[k].1.run(plan[k].0, &progress, saved, tables));
    progress.finish();
    outcome
}
