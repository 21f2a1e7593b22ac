//! A run is a list of independent jobs. Each writes its own tables; a finished job is never run again.
//!
//! | `jobs/…` | what it is |
//! |---|---|
//! | `00003/` | a finished job: its tables, and a manifest that knows a changed one ([`seal`]) |
//! | `00003.part/` | a job in progress, with a checkpoint to go on from ([`tables`]) |
//! | `00003.lock` | held by the process that works on it ([`mod@claim`]) |
//!
//! Folders get their last name when whole. Tables are merged in job order: the merged bytes depend neither on the number of
//! threads, processes or machines, nor on what was interrupted.

pub mod claim;
pub mod seal;
pub mod selection;
mod share;
pub mod tables;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::files::atomically;
use crate::interrupt;
use crate::terminal::say;
use crate::threads;
use claim::{Claim, claim, holder, wait};
use selection::{JobArgs, listed};
pub use share::Left;
pub use tables::{Stopped, Tables};

/// A run that was asked to stop before its end.
#[derive(Debug, Error)]
#[error(
    "stopped: {finished} of {count} jobs are finished, those in progress are kept as far as they were; the same command goes on"
)]
pub struct Interrupted {
    finished: usize,
    count: usize,
}

/// The list of jobs of a run, by folder.
#[derive(Debug)]
pub struct Jobs {
    folder: PathBuf,
    count: usize,
    /// Version and settings they belong to.
    identity: String,
    every: Duration,
    locked: bool,
}

/// How a job is found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Missing,
    Finished,
    /// Why.
    Damaged(String),
}

impl Jobs {
    /// `count` jobs of a run with this identity, kept below `folder` until merged.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn new(folder: &Path, count: usize, identity: String, args: &JobArgs) -> Result<Self> {
        let folder = folder.join("jobs");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder, count, identity, every: args.checkpoint, locked: !args.unlocked })
    }

    fn path(&self, job: usize, suffix: &str) -> PathBuf {
        self.folder.join(format!("{job:05}{suffix}"))
    }

    fn state(&self, job: usize) -> State {
        let folder = self.path(job, "");
        if !folder.exists() {
            return State::Missing;
        }
        seal::flaw(&folder, &self.identity, job).map_or(State::Finished, State::Damaged)
    }

    /// Which of these jobs are finished and unharmed, by any process.
    pub fn finished(&self, jobs: &[usize]) -> Vec<usize> {
        jobs.par_iter().copied().filter(|&job| self.state(job) == State::Finished).collect()
    }

    /// How many jobs there are that were finished once; their files are not read.
    pub fn count_finished(&self) -> usize {
        (0..self.count).filter(|&job| self.path(job, "").is_dir()).count()
    }

    /// The jobs that are not finished, or not unharmed, each with why.
    pub fn unfinished(&self) -> Vec<(usize, String)> {
        let why = |job| match self.state(job) {
            State::Finished => None,
            State::Damaged(flaw) => Some((job, flaw)),
            State::Missing => Some((job, "it is not there".to_owned())),
        };
        (0..self.count).into_par_iter().filter_map(why).collect()
    }

    /// Runs those of these jobs that are not finished, in order, on so many threads. `work` is given the state of a job's last
    /// checkpoint, if it has one. The first error stops the others, at their next checkpoint; what has finished is kept.
    ///
    /// # Errors
    /// The first job's error; [`Interrupted`], if the user asked to stop; or if other processes still work on some.
    pub fn run<W: Serialize + DeserializeOwned>(
        &self,
        jobs: &[usize],
        threads: usize,
        work: impl Fn(usize, Option<W>, &mut Tables) -> Result<()> + Sync,
    ) -> Result<()> {
        let _watch = interrupt::watch();
        let mut pending = jobs.to_vec();
        loop {
            let elsewhere = self.pass(&pending, threads, &work)?;
            if interrupt::asked() {
                return Err(Interrupted { finished: self.count_finished(), count: self.count }.into());
            }
            let Some(&first) = elsewhere.first() else { return Ok(()) };
            if elsewhere.len() == pending.len() {
                bail!(
                    "jobs {} are being worked on by {}{}: nothing is left to do here; run the same command again when they are \
                     finished",
                    listed(&elsewhere),
                    holder(&self.path(first, ".lock")),
                    if elsewhere.len() > 1 { " and maybe others" } else { "" }
                );
            }
            // Who held them may have died since.
            pending = elsewhere;
        }
    }

    /// Goes through the jobs once; those that other processes work on are left, and returned.
    fn pass<W: Serialize + DeserializeOwned>(
        &self,
        jobs: &[usize],
        threads: usize,
        work: &(impl Fn(usize, Option<W>, &mut Tables) -> Result<()> + Sync),
    ) -> Result<Vec<usize>> {
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (failure, elsewhere) = (Mutex::new(None), Mutex::new(Vec::new()));
        let stop = || failed.load(Ordering::Relaxed) || interrupt::asked();
        std::thread::scope(|scope| {
            let worker = || {
                while !stop() {
                    let Some(&job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    match self.take(job, &stop, work) {
                        Ok(true) => (),
                        Ok(false) => elsewhere.lock().unwrap_or_else(PoisonError::into_inner).push(job),
                        Err(error) if error.is::<Stopped>() => (),
                        Err(error) => {
                            failed.store(true, Ordering::Relaxed);
                            // A poisoned lock still holds the first failure.
                            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        }
                    }
                }
            };
            // This thread works, too, so that there is one where no other can be had.
            for _ in 1..threads.clamp(1, jobs.len().max(1)) {
                if threads::spawn(scope, worker).is_none() {
                    break;
                }
            }
            worker();
        });
        if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let mut elsewhere = elsewhere.into_inner().unwrap_or_else(PoisonError::into_inner);
        elsewhere.sort_unstable();
        Ok(elsewhere)
    }

    /// Sees to it that a job is finished; `false` if another process works on it.
    fn take<W: Serialize + DeserializeOwned>(
        &self,
        job: usize,
        stop: &(dyn Fn() -> bool + Sync),
        work: &impl Fn(usize, Option<W>, &mut Tables) -> Result<()>,
    ) -> Result<bool> {
        let Some(_claim) = self.claim(job)? else { return Ok(false) };
        let done = self.path(job, "");
        match self.state(job) {
            State::Finished => return Ok(true),
            State::Missing => (),
            State::Damaged(flaw) => {
                say!("job {job} is done again: {flaw}");
                fs::remove_dir_all(&done).with_context(|| format!("cannot remove {}", done.display()))?;
            }
        }
        let keeping = tables::Keeping { identity: &self.identity, every: self.every, stop };
        let (mut tables, saved) = Tables::open(self.path(job, ".part"), keeping)?;
        work(job, saved, &mut tables)?;
        tables.finish(job, &done)?;
        Ok(true)
    }

    fn claim(&self, job: usize) -> Result<Option<Claim>> {
        if self.locked { claim(&self.path(job, ".lock")) } else { Ok(Some(Claim::unlocked())) }
    }

    /// The right to merge, once nobody else has it.
    ///
    /// # Errors
    /// If the lock cannot be had.
    pub fn claim_merge(&self) -> Result<Claim> {
        if self.locked { wait(&self.folder.join("merge.lock")) } else { Ok(Claim::unlocked()) }
    }

    /// The notes of all jobs, in job order.
    ///
    /// # Errors
    /// If a job's notes cannot be read.
    pub fn notes(&self) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for job in 0..self.count {
            let path = self.path(job, "").join(tables::NOTES);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            notes.extend(text.lines().map(str::to_owned));
        }
        Ok(notes)
    }

    /// Concatenates a table of all jobs, in job order, under one header; no file if no job wrote it.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn merge(&self, table: &str, to: &Path) -> Result<()> {
        let parts: Vec<PathBuf> = (0..self.count).map(|job| self.path(job, "").join(table)).collect();
        let mut parts = parts.into_iter().filter(|path| path.exists()).peekable();
        if parts.peek().is_none() {
            return Ok(());
        }
        atomically(to, |merged| {
            for (k, path) in parts.enumerate() {
                let mut file = io::BufReader::new(File::open(path)?);
                if k > 0 {
                    skip_line(&mut file)?;
                }
                io::copy(&mut file, merged)?;
            }
            Ok(())
        })
        .with_context(|| format!("cannot merge the jobs' {table}"))
    }
}

/// Throws the jobs' own files below a folder away, once merged.
///
/// # Errors
/// If they cannot be removed.
pub fn clear(folder: &Path) -> Result<()> {
    let folder = folder.join("jobs");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Our headers have no quoted line breaks.
fn skip_line(reader: &mut impl Read) -> io::Result<()> {
    let mut byte = [0];
    while reader.read(&mut byte)? == 1 && byte[0] != b'\n' {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::table;
    use serde::Deserialize;
    use std::sync::atomic::AtomicUsize;

    #[derive(Serialize, Deserialize)]
    struct Row {
        job: usize,
        row: usize,
    }

    table!(Row = "numbers.csv");

    fn jobs(folder: &Path, count: usize) -> Jobs {
        let every = Duration::ZERO;
        let args = JobArgs { jobs: None, merge: false, plan: false, checkpoint: every, unlocked: false };
        Jobs::new(folder, count, "settings of this test".to_owned(), &args).unwrap()
    }

    /// Three rows, with a checkpoint behind each; `breaks` says behind which row of which job it fails.
    fn rows(job: usize, from: Option<usize>, tables: &mut Tables, breaks: Option<(usize, usize)>) -> Result<()> {
        for row in from.unwrap_or(0)..3 {
            tables.write(&Row { job, row })?;
            tables.note(format!("note {row} of {job}"));
            tables.keep(|| row + 1)?;
            if breaks == Some((job, row)) {
                // What a killed job leaves behind its last checkpoint.
                tables.write(&Row { job: 77, row: 77 })?;
                bail!("job {job} broke");
            }
        }
        Ok(())
    }

    fn merged(jobs: &Jobs, folder: &Path) -> String {
        let path = folder.join("numbers.csv");
        jobs.merge("numbers.csv", &path).unwrap();
        fs::read_to_string(path).unwrap()
    }

    fn expected(count: usize) -> String {
        let lines = (0..count).flat_map(|job| (0..3).map(move |row| format!("{job},{row}\n")));
        std::iter::once("job,row\n".to_owned()).chain(lines).collect()
    }

    #[test]
    fn a_failed_run_is_completed_from_its_checkpoints_and_merges_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path(), 5);
        let all = [0, 1, 2, 3, 4];
        let error = jobs.run(&all, 1, |job, from, tables| rows(job, from, tables, Some((3, 1))));
        assert_eq!(error.unwrap_err().to_string(), "job 3 broke");
        assert_eq!(jobs.finished(&all), [0, 1, 2]);
        let ran = AtomicUsize::new(0);
        let again = |job: usize, from: Option<usize>, tables: &mut Tables| {
            ran.fetch_add(1, Ordering::Relaxed);
            assert_eq!((job, from), if job == 3 { (3, Some(2)) } else { (4, None) });
            rows(job, from, tables, None)
        };
        jobs.run(&all, 2, again).unwrap();
        assert_eq!(ran.into_inner(), 2);
        assert_eq!(merged(&jobs, folder.path()), expected(5));
        assert_eq!(jobs.notes().unwrap().len(), 15);
        clear(folder.path()).unwrap();
        assert!(!folder.path().join("jobs").exists());
    }

    #[test]
    fn a_checkpoint_that_is_damaged_or_whose_tables_are_is_not_taken_up() {
        for file in ["checkpoint", "numbers.csv"] {
            let folder = tempfile::tempdir().unwrap();
            let jobs = jobs(folder.path(), 1);
            jobs.run(&[0], 1, |job, from, tables| rows(job, from, tables, Some((0, 1)))).unwrap_err();
            let path = jobs.path(0, ".part").join(file);
            let mut bytes = fs::read(&path).unwrap();
            bytes[9] ^= 1;
            fs::write(path, bytes).unwrap();
            let again = |job: usize, from: Option<usize>, tables: &mut Tables| {
                assert_eq!(from, None, "{file}");
                rows(job, from, tables, None)
            };
            jobs.run(&[0], 1, again).unwrap();
            assert_eq!(merged(&jobs, folder.path()), expected(1));
        }
    }

    #[test]
    fn a_finished_job_that_was_changed_is_done_again_alone() {
        type Change = fn(&mut Vec<u8>);
        let changes: [(&str, Change); 5] = [
            ("numbers.csv", |bytes| bytes.truncate(bytes.len() - 3)),
            ("numbers.csv", |bytes| bytes[9] ^= 1),
            ("notes.txt", Vec::clear),
            ("manifest.json", |bytes| bytes.truncate(20)),
            // The place of a letter of the settings.
            ("manifest.json", |bytes| bytes[20] ^= 1),
        ];
        for (file, change) in changes {
            let folder = tempfile::tempdir().unwrap();
            let jobs = jobs(folder.path(), 3);
            jobs.run(&[0, 1, 2], 2, |job, from, tables| rows(job, from, tables, None)).unwrap();
            let path = jobs.path(1, "").join(file);
            let mut bytes = fs::read(&path).unwrap();
            change(&mut bytes);
            fs::write(&path, bytes).unwrap();
            assert_eq!(jobs.unfinished().len(), 1, "{file}");
            let again = |job: usize, from: Option<usize>, tables: &mut Tables| {
                assert_eq!(job, 1);
                rows(job, from, tables, None)
            };
            jobs.run(&[0, 1, 2], 2, again).unwrap();
            assert_eq!(merged(&jobs, folder.path()), expected(3));
        }
    }

    #[test]
    fn a_job_that_another_process_works_on_is_left_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(folder.path(), 3);
        let held = claim(&jobs.path(1, ".lock")).unwrap().unwrap();
        let run = || jobs.run(&[0, 1, 2], 2, |job, from, tables| rows(job, from, tables, None));
        let error = run().unwrap_err().to_string();
        assert!(error.contains("jobs 1 are being worked on by process"), "{error}");
        assert_eq!(jobs.finished(&[0, 1, 2]), [0, 2]);
        drop(held);
        run().unwrap();
        assert_eq!(merged(&jobs, folder.path()), expected(3));
    }
}
