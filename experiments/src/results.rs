//! The folder of a run: `config.toml` says what it holds, `run.json` that it is complete.
//!
//! A folder belongs to one configuration. Run again, it is completed (finished jobs are kept) or, if complete, only looked
//! at again; with another configuration it is refused.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use toml::{Table, Value};

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct Results {
    folder: PathBuf,
    config: Table,
}

/// What `run.json` says about a complete run.
#[derive(Debug, Serialize)]
pub struct RunRecord<'a> {
    /// The question, like rq1.
    pub question: &'a str,
    /// The command that makes it again.
    pub command: String,
    /// infoplane's version.
    pub version: &'a str,
    /// burn's version.
    pub burn: &'a str,
    /// The commit built from, where known.
    pub git_commit: Option<String>,
    /// Backend and device.
    pub device: String,
    /// The machine's architecture and system.
    pub machine: String,
    /// Threads used; the results do not depend on it.
    pub threads: usize,
    /// Seconds of wall time, this time.
    pub wall_seconds: f64,
    /// Seeds of the replicas.
    pub seeds: &'a [u64],
    /// What went wrong with single networks.
    pub notes: &'a [String],
    /// The full configuration.
    pub config: &'a Table,
}

impl Results {
    /// Claims a folder for a configuration: made if it is not there, checked if it is.
    ///
    /// # Errors
    /// If the folder cannot be written, or holds results of another configuration.
    pub fn claim(folder: PathBuf, config: &impl Serialize) -> Result<Self> {
        let config = Table::try_from(config).context("the configuration cannot be written as TOML")?;
        let shown = folder.display();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the results folder {shown}"))?;
        let path = folder.join("config.toml");
        if path.exists() {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let there: Table = text.parse().with_context(|| {
                format!("{} is damaged; delete the folder or choose another --output", path.display())
            })?;
            let differences = differences("", &there, &config);
            if !differences.is_empty() {
                bail!(
                    "{shown} holds results of other settings ({}); choose another --output, or delete that folder",
                    differences.join("; ")
                );
            }
        } else {
            write_atomically(&path, toml::to_string(&config)?.as_bytes())
                .with_context(|| format!("cannot write into the results folder {shown}"))?;
        }
        Ok(Self { folder, config })
    }

    /// A file of this run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The configuration the folder belongs to.
    pub fn config(&self) -> &Table {
        &self.config
    }

    /// Whether the run is complete.
    pub fn is_complete(&self) -> bool {
        self.file("run.json").exists()
    }

    /// Marks the run complete.
    ///
    /// # Errors
    /// If run.json cannot be written.
    pub fn complete(&self, record: &RunRecord) -> Result<()> {
        write_atomically(&self.file("run.json"), &serde_json::to_vec_pretty(record)?)
    }
}

impl<'a> RunRecord<'a> {
    /// The record of a run of this build, on this machine, by this command.
    pub fn new(
        question: &'a str,
        device: String,
        threads: usize,
        wall: Duration,
        seeds: &'a [u64],
        notes: &'a [String],
        config: &'a Table,
    ) -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        Self {
            question,
            command: format!("cargo run --release --bin {question} -- {}", arguments.join(" ")).trim_end().to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            burn: "0.22.1",
            git_commit: git_commit(),
            device,
            machine: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            threads,
            wall_seconds: wall.as_secs_f64(),
            seeds,
            notes,
            config,
        }
    }
}

fn git_commit() -> Option<String> {
    let output = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Writes a whole file: a temporary beside it, flushed to disk, then renamed.
///
/// # Errors
/// If the file cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Where two configurations differ, as `key: there / here`.
fn differences(prefix: &str, there: &Table, here: &Table) -> Vec<String> {
    let mut keys: Vec<&String> = there.keys().chain(here.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.into_iter()
        .flat_map(|key| match (there.get(key), here.get(key)) {
            (Some(Value::Table(a)), Some(Value::Table(b))) => differences(&format!("{prefix}{key}."), a, b),
            (a, b) if a == b => Vec::new(),
            (a, b) => {
                let show = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                vec![format!("{prefix}{key} is {} there and {} now", show(a), show(b))]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let config = |epochs: i64| {
            Table::from_iter([(
                "train".to_owned(),
                Value::Table(Table::from_iter([("epochs".to_owned(), epochs.into())])),
            )])
        };
        let results = Results::claim(folder.path().join("a"), &config(3)).unwrap();
        assert!(!results.is_complete());
        Results::claim(folder.path().join("a"), &config(3)).unwrap();
        let error = Results::claim(folder.path().join("a"), &config(4)).unwrap_err().to_string();
        assert!(error.contains("train.epochs is 3 there and 4 now"), "{error}");
    }
}
