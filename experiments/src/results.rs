//! The folder of a run: `config.toml` says what it holds, `run.json` that it is complete.
//!
//! A folder belongs to one configuration and one version. Run again, it is completed (finished jobs are kept) or, if complete,
//! only looked at again; with another configuration it is refused, and begun by another version it is not gone on with.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::files::{write_atomically, write_new};
use crate::jobs::seal::{self, Sum};
use crate::rows::{self, InformationRow, Table as _, TrainingRow};
use crate::sources::{self, Sources};
use crate::verdict::ClaimRow;
use crate::{quoting, version};

/// What a run's numbers come from.
const SOURCES: &str = "sources.json";

/// Files that runs write, and those of `calibrate`.
const OURS: [&str; 6] =
    [InformationRow::FILE, TrainingRow::FILE, ClaimRow::FILE, "report.html", "calibration.csv", "summary.csv"];

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct Results {
    folder: PathBuf,
    config: Table,
    sources: Sources,
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
    /// The merged tables, which everything else is made from: how long they are, and their checksums.
    pub tables: BTreeMap<String, Sum>,
    /// The files that its numbers come from, and the configuration file: how long they are, and their checksums.
    pub sources: Sources,
    /// The full configuration.
    pub config: &'a Table,
}

impl Results {
    /// Claims a folder for a configuration and the files it reads: made if it is not there, checked if it is.
    ///
    /// # Errors
    /// If the folder cannot be written, holds results of another configuration, of other data or of a newer version, or was begun by another
    /// version and is not complete.
    pub fn claim(folder: PathBuf, config: &impl Serialize, sources: Sources) -> Result<Self> {
        let config = Table::try_from(config).context("the configuration cannot be written as TOML")?;
        let shown = folder.display().to_string();
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the results folder {shown}"))?;
        let path = folder.join("config.toml");
        let text = version::stamp(&toml::to_string(&config)?);
        ensure!(
            path.exists() || !Self::is_complete_at(&folder),
            "{shown} holds a complete run, but not the config.toml that says of what; choose another --output, or delete that folder"
        );
        if let Some(name) = OURS.into_iter().find(|name| !path.exists() && folder.join(name).exists()) {
            bail!(
                "{shown} has a {name}, but no config.toml: it is no folder of ours, and nothing in it is written over; choose another \
                 --output"
            );
        }
        // Before the configuration: whoever sees that sees these, too.
        if !path.exists() && !sources.is_empty() {
            write_new(&folder.join(SOURCES), &serde_json::to_vec_pretty(&sources)?)
                .with_context(|| format!("cannot write into the results folder {shown}"))?;
        }
        let is_new = !path.exists()
            && write_new(&path, text.as_bytes())
                .with_context(|| format!("cannot write into the results folder {shown}"))?;
        let results = Self { folder, config, sources };
        if !is_new {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let there = results.sources_there()?;
            // Some settings follow from the data: where the same files hold other data, that is the difference.
            if there.as_ref().is_some_and(|there| there.keys().eq(results.sources.keys())) {
                results.check_sources(there.as_ref())?;
            }
            results.check(&path, &text)?;
        }
        results.check_sources(results.sources_there()?.as_ref())?;
        Ok(results)
    }

    /// Whether what is in the folder is ours.
    fn check(&self, path: &Path, text: &str) -> Result<()> {
        let shown = self.folder.display();
        version::refuse_newer(path, text)?;
        let there: Table = text
            .parse()
            .with_context(|| format!("{} is damaged; delete the folder or choose another --output", path.display()))?;
        let differences = differences("", &there, &self.config);
        ensure!(
            differences.is_empty(),
            "{shown} holds results of other settings; choose another --output, or delete that folder. The differences:\n  {}",
            differences.join("\n  ")
        );
        match version::of(text) {
            Some(older) if older != version::HERE && !self.is_complete() => bail!(
                "{shown} was begun by infoplane {older} and this is {}, which may round differently: finish it with that version, \
                 choose another --output, or delete that folder",
                version::HERE
            ),
            _ => Ok(()),
        }
    }

    /// The data that the folder was begun with, if it says.
    fn sources_there(&self) -> Result<Option<Sources>> {
        let path = self.file(SOURCES);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let there = serde_json::from_slice(&text)
            .with_context(|| format!("{} is damaged; delete the folder or choose another --output", path.display()))?;
        Ok(Some(there))
    }

    /// Whether the data are those.
    fn check_sources(&self, there: Option<&Sources>) -> Result<()> {
        let shown = self.folder.display();
        let Some(there) = there else {
            ensure!(
                self.sources.is_empty(),
                "{shown} was begun without checksums of its data, so whether they have changed cannot be told; choose another --output, or \
                 delete that folder"
            );
            return Ok(());
        };
        let differences = sources::differences(there, &self.sources);
        ensure!(
            differences.is_empty(),
            "{shown} was begun with other data: files have changed since. Put them back, choose another --output, or delete that folder. \
             The differences:\n  {}",
            differences.join("\n  ")
        );
        Ok(())
    }

    /// Version, settings and data, as the folder's jobs remember them.
    pub fn identity(&self) -> String {
        let settings = crc32fast::hash(self.config.to_string().as_bytes());
        let data = self.sources.iter().fold(crc32fast::Hasher::new(), |mut hasher, (name, source)| {
            hasher.update(name.as_bytes());
            hasher.update(source.sha256.as_bytes());
            hasher
        });
        let data = if self.sources.is_empty() { String::new() } else { format!(" on data {:08x}", data.finalize()) };
        format!("infoplane {} with settings {settings:08x}{data}", version::HERE)
    }

    /// The files that its numbers come from.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// A file of this run.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The rows of a table.
    ///
    /// # Errors
    /// As [`rows::read`].
    pub fn rows<R: rows::Table>(&self) -> Result<Vec<R>> {
        rows::of(&self.folder)
    }

    /// The rows of a table that the run may have had no reason to write.
    ///
    /// # Errors
    /// As [`rows::read`].
    pub fn rows_if_there<R: rows::Table>(&self) -> Result<Vec<R>> {
        rows::of_if_there(&self.folder)
    }

    /// Writes a table.
    ///
    /// # Errors
    /// As [`rows::write`].
    pub fn write<R: rows::Table>(&self, rows: &[R]) -> Result<()> {
        rows::write(&self.file(R::FILE), rows)
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
        Self::is_complete_at(&self.folder)
    }

    /// Whether there is a complete run in a folder, whoever's.
    pub fn is_complete_at(folder: &Path) -> bool {
        folder.join("run.json").exists()
    }

    /// Checks that a complete run's tables are as they were merged.
    ///
    /// # Errors
    /// If one is missing or was changed since: what would be judged is no longer what was measured.
    pub fn check_tables(&self) -> Result<()> {
        #[derive(Deserialize)]
        struct Recorded {
            #[serde(default)]
            tables: BTreeMap<String, Sum>,
        }
        let (shown, path) = (self.folder.display(), self.file("run.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let recorded: Recorded = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged; delete the folder or choose another --output", path.display()))?;
        match seal::flaw_of(&self.folder, &recorded.tables) {
            Some(flaw) => {
                bail!("{shown} is complete, but {flaw}; put the file back, or delete the folder to run again")
            }
            None => Ok(()),
        }
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
    /// The record of a run of this build, on this machine, by this command; its tables not summed up yet.
    pub fn new(
        question: &'a str,
        device: String,
        threads: usize,
        wall: Duration,
        seeds: &'a [u64],
        notes: &'a [String],
        config: &'a Table,
    ) -> Self {
        // Whether the jobs were merged by a process of their own has no bearing on the results.
        let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        let arguments: Vec<String> =
            words.filter(|word| word != "--merge").map(|word| quoting::shell(&word).into_owned()).collect();
        Self {
            question,
            command: format!("cargo run --release --bin {question} -- {}", arguments.join(" ")).trim_end().to_owned(),
            version: version::HERE,
            burn: "0.22.1",
            git_commit: git_commit(),
            device,
            machine: format!("{} {}", std::env::consts::ARCH, std::env::consts::OS),
            threads,
            wall_seconds: wall.as_secs_f64(),
            seeds,
            notes,
            tables: BTreeMap::new(),
            sources: Sources::new(),
            config,
        }
    }
}

/// The commit of the source folder this program was built in, wherever it runs; with `-dirty` if that has changes.
fn git_commit() -> Option<String> {
    let describe = ["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
    let output = std::process::Command::new("git").args(describe).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
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
        let data = Sources::new;
        let results = Results::claim(folder.path().join("a"), &config(3), data()).unwrap();
        assert!(!results.is_complete());
        Results::claim(folder.path().join("a"), &config(3), data()).unwrap();
        let error = Results::claim(folder.path().join("a"), &config(4), data()).unwrap_err().to_string();
        assert!(error.contains("train.epochs is 3 there and 4 now"), "{error}");

        // Begun by an older version: looked at when complete, not gone on with; by a newer one: neither.
        let path = results.file("config.toml");
        let ours = fs::read_to_string(&path).unwrap();
        let claim = || Results::claim(folder.path().join("a"), &config(3), data()).map_err(|error| error.to_string());
        fs::write(&path, ours.replace(version::HERE, "0.0.9")).unwrap();
        assert!(claim().unwrap_err().contains("begun by infoplane 0.0.9"));
        fs::write(results.file("run.json"), "{}").unwrap();
        claim().unwrap();
        fs::write(&path, ours.replace(version::HERE, "0.10.0")).unwrap();
        assert!(claim().unwrap_err().contains("infoplane 0.10.0, which is newer"));
    }

    #[test]
    fn a_folder_belongs_to_the_data_it_was_begun_with() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own.csv");
        let claim = |text: &str| {
            fs::write(&own, text).unwrap();
            Results::claim(folder.path().join("a"), &Table::new(), sources::of([&own]).unwrap())
        };
        let identity = claim("1,0").unwrap().identity();
        assert_eq!(claim("1,0").unwrap().identity(), identity);
        let error = claim("1,1").unwrap_err().to_string();
        assert!(error.contains("other data") && error.contains("own.csv was 3 bytes"), "{error}");
        fs::remove_file(folder.path().join("a/sources.json")).unwrap();
        assert!(claim("1,0").unwrap_err().to_string().contains("without checksums"));
    }
}
