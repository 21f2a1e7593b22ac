//! A run is a list of independent jobs. Each writes its own tables; a finished job is never run again.
//!
//! Job k writes CSV tables into `jobs/.k.tmp/`, which is renamed to `jobs/k/` when whole, so a killed run leaves only
//! finished jobs and rubbish that is thrown away. Tables are merged in job order: the merged bytes depend neither on the
//! number of threads nor on whether the run was interrupted.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow};
use serde::Serialize;

/// The tables one job writes, by name.
#[derive(Debug)]
pub struct Tables {
    folder: PathBuf,
    writers: BTreeMap<&'static str, csv::Writer<BufWriter<File>>>,
    notes: Vec<String>,
}

impl Tables {
    fn new(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder, writers: BTreeMap::new(), notes: Vec::new() })
    }

    /// Appends a row to a table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, table: &'static str, row: &impl Serialize) -> Result<()> {
        let path = self.folder.join(format!("{table}.csv"));
        let explain = || format!("cannot write {}", path.display());
        if !self.writers.contains_key(table) {
            let file = BufWriter::new(File::create(&path).with_context(explain)?);
            self.writers.insert(table, csv::Writer::from_writer(file));
        }
        if let Some(writer) = self.writers.get_mut(table) {
            writer.serialize(row).with_context(explain)?;
        }
        Ok(())
    }

    /// Something the user must hear about one network, without stopping the others.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn finish(self, to: &Path) -> Result<()> {
        let explain = || format!("cannot finish {}", to.display());
        for writer in self.writers.into_values() {
            let file = writer.into_inner().map_err(|error| anyhow!("{error}")).with_context(explain)?;
            file.into_inner()
                .map_err(|error| anyhow!("{error}"))
                .with_context(explain)?
                .sync_all()
                .with_context(explain)?;
        }
        crate::results::write_atomically(&self.folder.join("notes.txt"), self.notes.join("\n").as_bytes())?;
        fs::rename(&self.folder, to).with_context(explain)
    }
}

/// The list of jobs of a run, by folder.
#[derive(Debug)]
pub struct Jobs {
    folder: PathBuf,
    count: usize,
}

impl Jobs {
    /// `count` jobs whose results are kept under `folder` until merged.
    pub fn new(folder: &Path, count: usize) -> Self {
        Self { folder: folder.join("jobs"), count }
    }

    fn done(&self, job: usize) -> PathBuf {
        self.folder.join(format!("{job:05}"))
    }

    /// Whether a job has finished, now or in an earlier run.
    pub fn is_done(&self, job: usize) -> bool {
        self.done(job).is_dir()
    }

    /// Runs the jobs that are not done, in order, on so many threads. The first error stops the others from starting; what
    /// has finished is kept.
    ///
    /// # Errors
    /// The first job's error.
    pub fn run(&self, threads: usize, work: impl Fn(usize, &mut Tables) -> Result<()> + Sync) -> Result<()> {
        let pending: Vec<usize> = (0..self.count).filter(|&job| !self.is_done(job)).collect();
        let (next, stop, failure) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(None));
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, pending.len().max(1)) {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        let Some(&job) = pending.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        let outcome = Tables::new(self.folder.join(format!(".{job:05}.tmp"))).and_then(|mut tables| {
                            work(job, &mut tables)?;
                            tables.finish(&self.done(job))
                        });
                        if let Err(error) = outcome {
                            stop.store(true, Ordering::Relaxed);
                            // A poisoned lock still holds the first failure.
                            failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                        }
                    }
                });
            }
        });
        failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// The notes of all jobs, in job order.
    ///
    /// # Errors
    /// If a job's notes cannot be read.
    pub fn notes(&self) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        for job in 0..self.count {
            let path = self.done(job).join("notes.txt");
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
        let explain = || format!("cannot merge the jobs' {table} tables into {}", to.display());
        if !(0..self.count).any(|job| self.done(job).join(format!("{table}.csv")).exists()) {
            return Ok(());
        }
        let temporary = to.with_extension("csv.tmp");
        let mut merged = BufWriter::new(File::create(&temporary).with_context(explain)?);
        let mut first = true;
        for job in 0..self.count {
            let path = self.done(job).join(format!("{table}.csv"));
            if !path.exists() {
                continue;
            }
            let mut file = io::BufReader::new(File::open(&path).with_context(explain)?);
            if !std::mem::take(&mut first) {
                skip_line(&mut file).with_context(explain)?;
            }
            io::copy(&mut file, &mut merged).with_context(explain)?;
        }
        let file = merged.into_inner().map_err(io::IntoInnerError::into_error).with_context(explain)?;
        file.sync_all().and_then(|()| fs::rename(&temporary, to)).with_context(explain)
    }

    /// Throws the jobs' own files away, once merged.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub fn clear(&self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| format!("cannot remove {}", self.folder.display()))
    }
}

/// Our headers have no quoted line breaks.
fn skip_line(reader: &mut impl Read) -> io::Result<()> {
    let mut byte = [0];
    while reader.read(&mut byte)? == 1 && byte[0] != b'\n' {}
    Ok(())
}

/// Writes text to the terminal's error stream, so that standard output stays clean.
pub fn say(text: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[derive(Serialize)]
    struct Row {
        job: usize,
        row: usize,
    }

    fn write_two(job: usize, tables: &mut Tables) -> Result<()> {
        (0..2).try_for_each(|row| tables.write("numbers", &Row { job, row }))
    }

    #[test]
    fn a_failed_run_is_completed_without_repeating_and_merges_to_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = Jobs::new(folder.path(), 5);
        let error = jobs.run(1, |job, tables| if job == 3 { bail!("job 3 broke") } else { write_two(job, tables) });
        assert_eq!(error.unwrap_err().to_string(), "job 3 broke");
        assert!((0..3).all(|job| jobs.is_done(job)) && !jobs.is_done(3));
        jobs.run(2, |job, tables| {
            assert!(job >= 3, "job {job} ran again");
            tables.note(format!("note of {job}"));
            write_two(job, tables)
        })
        .unwrap();
        let merged = folder.path().join("numbers.csv");
        jobs.merge("numbers", &merged).unwrap();
        assert_eq!(fs::read_to_string(merged).unwrap(), "job,row\n0,0\n0,1\n1,0\n1,1\n2,0\n2,1\n3,0\n3,1\n4,0\n4,1\n");
        assert_eq!(jobs.notes().unwrap(), ["note of 3", "note of 4"]);
        jobs.clear().unwrap();
    }
}
