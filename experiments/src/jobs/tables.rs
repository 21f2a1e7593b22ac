//! The tables one job writes, and its checkpoints.
//!
//! A job in progress lies in `jobs/k.part/`. A checkpoint there has the state of the work and the length of every table at
//! that moment, so a job taken up again cuts its tables back to them and goes on: the bytes are those of a job never stopped.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::seal::{Sum, Summed, seal, sum_up};
use crate::files::{sync_folder, write_atomically};
use crate::rows;
use crate::terminal::say;

const CHECKPOINT: &str = "checkpoint";
pub(super) const NOTES: &str = "notes.txt";

/// A job that was asked to stop, and did, at a checkpoint.
#[derive(Debug, Error)]
#[error("stopped at a checkpoint")]
pub struct Stopped;

/// The tables one job writes, by name.
pub struct Tables<'a> {
    folder: PathBuf,
    writers: BTreeMap<String, csv::Writer<Summed<File>>>,
    notes: Vec<String>,
    keeping: Keeping<'a>,
    kept: Instant,
}

/// How a job in progress is kept.
#[derive(Clone, Copy)]
pub(super) struct Keeping<'a> {
    /// Version and settings the job belongs to.
    pub identity: &'a str,
    /// Time between checkpoints.
    pub every: Duration,
    /// Whether to stop at the next occasion.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// `checkpoint`: CBOR behind its CRC-32.
#[derive(Serialize, Deserialize)]
struct Checkpoint<W> {
    identity: String,
    tables: BTreeMap<String, Sum>,
    notes: Vec<String>,
    work: W,
}

impl std::fmt::Debug for Tables<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tables").field("folder", &self.folder).field("writers", &self.writers).finish_non_exhaustive()
    }
}

impl<'a> Tables<'a> {
    /// The tables of the job in progress in a folder, and the state of its work if an earlier process left one.
    pub(super) fn open<W: DeserializeOwned>(folder: PathBuf, keeping: Keeping<'a>) -> Result<(Self, Option<W>)> {
        let fresh =
            |folder| Self { folder, writers: BTreeMap::new(), notes: Vec::new(), keeping, kept: Instant::now() };
        if folder.join(CHECKPOINT).exists() {
            let mut tables = fresh(folder.clone());
            match tables.take_up() {
                Ok(work) => return Ok((tables, Some(work))),
                Err(error) => say!("{} cannot be taken up and starts again: {error:#}", folder.display()),
            }
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok((fresh(folder), None))
    }

    fn take_up<W: DeserializeOwned>(&mut self) -> Result<W> {
        let bytes = fs::read(self.folder.join(CHECKPOINT))?;
        let (sum, cbor) = bytes.split_first_chunk::<4>().context("its checkpoint is cut short")?;
        ensure!(crc32fast::hash(cbor) == u32::from_le_bytes(*sum), "its checkpoint is damaged");
        let checkpoint: Checkpoint<W> = ciborium::from_reader(cbor)?;
        let here = self.keeping.identity;
        ensure!(checkpoint.identity == here, "it belongs to {}, not to {here}", checkpoint.identity);
        for (name, sum) in checkpoint.tables {
            let path = self.table(&name);
            let mut file = File::options().read(true).write(true).open(&path)?;
            let (bytes, hasher) = sum_up(&mut file, sum.bytes)?;
            if (Sum { bytes, crc32: hasher.clone().finalize() }) != sum {
                bail!("its {name} was changed since");
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            let headed =
                csv::WriterBuilder::new().has_headers(bytes == 0).from_writer(Summed::new(file, (bytes, hasher)));
            self.writers.insert(name, headed);
        }
        self.notes = checkpoint.notes;
        Ok(checkpoint.work)
    }

    fn table(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Appends a row to its table.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write<R: rows::Table>(&mut self, row: &R) -> Result<()> {
        let table = R::FILE;
        let explain = |path: &Path| format!("cannot write {}", path.display());
        if !self.writers.contains_key(table) {
            let path = self.table(table);
            let file = File::create(&path).with_context(|| explain(&path))?;
            let summed = Summed::new(file, (0, crc32fast::Hasher::new()));
            self.writers.insert(table.to_owned(), csv::Writer::from_writer(summed));
        }
        if let Some(writer) = self.writers.get_mut(table) {
            writer.serialize(row).with_context(|| explain(&self.folder.join(table)))?;
        }
        Ok(())
    }

    /// Something the user must hear about one network, without stopping the others.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Makes a checkpoint if it is time to, of this state of the work.
    ///
    /// # Errors
    /// If it cannot be written, or, as [`Stopped`], if the job shall stop.
    pub fn keep<W: Serialize>(&mut self, work: impl FnOnce() -> W) -> Result<()> {
        let stop = (self.keeping.stop)();
        if stop || self.kept.elapsed() >= self.keeping.every {
            self.checkpoint(work())
                .with_context(|| format!("cannot write a checkpoint into {}", self.folder.display()))?;
            self.kept = Instant::now();
        }
        if stop { Err(Stopped.into()) } else { Ok(()) }
    }

    fn checkpoint<W: Serialize>(&mut self, work: W) -> Result<()> {
        let mut tables = BTreeMap::new();
        for (name, writer) in &mut self.writers {
            writer.flush()?;
            writer.get_ref().get_ref().sync_data()?;
            tables.insert(name.clone(), writer.get_ref().sum());
        }
        let checkpoint =
            Checkpoint { identity: self.keeping.identity.to_owned(), tables, notes: self.notes.clone(), work };
        let mut bytes = vec![0; 4];
        ciborium::into_writer(&checkpoint, &mut bytes)?;
        let sum = crc32fast::hash(&bytes[4..]).to_le_bytes();
        bytes[..4].copy_from_slice(&sum);
        write_atomically(&self.folder.join(CHECKPOINT), &bytes)
    }

    /// Seals the tables and gives the folder the name of a finished job.
    pub(super) fn finish(self, job: usize, to: &Path) -> Result<()> {
        let explain = || format!("cannot finish {}", to.display());
        let mut files = BTreeMap::new();
        for (name, writer) in self.writers {
            let summed = writer.into_inner().map_err(|error| anyhow!("{error}")).with_context(explain)?;
            summed.get_ref().sync_all().with_context(explain)?;
            files.insert(name, summed.sum());
        }
        let notes = self.notes.join("\n");
        write_atomically(&self.folder.join(NOTES), notes.as_bytes())?;
        files.insert(NOTES.to_owned(), Sum { bytes: notes.len() as u64, crc32: crc32fast::hash(notes.as_bytes()) });
        seal(&self.folder, self.keeping.identity, job, files)?;
        fs::rename(&self.folder, to).with_context(explain)?;
        if let Some(above) = to.parent() {
            sync_folder(above);
        }
        // Only now: a job killed before its last name still has it.
        let checkpoint = to.join(CHECKPOINT);
        if checkpoint.exists() {
            fs::remove_file(&checkpoint).with_context(|| format!("cannot remove {}", checkpoint.display()))?;
        }
        Ok(())
    }
}
