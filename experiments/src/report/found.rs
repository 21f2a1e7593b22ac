//! Finished runs below a folder: folders with a `run.json`, and those of `calibrate`.
//!
//! Several runs of one question may lie there. One speaks for it: its own results come before `reference/` ones, and those
//! before smoke tests; `default` comes first, then what lies in a folder of the question's name, then names in order.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bound::layers::LayerRow;
use crate::calibration::summary::SummaryRow;
use crate::rows::{InformationRow, Table as _};

/// Folders deeper than this are not looked into.
const DEPTH: usize = 3;
/// The question of `calibrate`'s folders, which asks none of the paper's.
pub const CALIBRATION: &str = "calibrate";

/// A finished run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its folder's name below the folder looked into, like rq1/default.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its question, like rq1.
    pub question: String,
    /// Its `run.json`; null for a committed calibration, of which the summary alone is kept.
    pub record: Value,
}

impl Run {
    /// What comes first speaks first.
    fn rank(&self) -> (u8, bool, bool, &str) {
        let has = |part: &str| self.name.split('/').any(|name| name == part);
        (self.standing(), !has("default"), !has(&self.question), &self.name)
    }

    /// 0: results; 1: reference results; 2: a smoke test.
    fn standing(&self) -> u8 {
        let has = |part: &str| self.name.split('/').any(|name| name == part);
        if has("smoke") { 2 } else { u8::from(has("reference")) }
    }

    /// The file of every layer's information, if the run has one.
    pub fn plane(&self) -> Option<PathBuf> {
        [InformationRow::FILE, LayerRow::FILE].map(|name| self.folder.join(name)).into_iter().find(|file| file.exists())
    }
}

/// Every finished run below these folders, those that speak for their question first.
///
/// # Errors
/// If a folder does not exist or cannot be read, or a `run.json` is damaged.
pub fn runs(folders: &[PathBuf]) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for folder in folders {
        ensure!(folder.is_dir(), "there is no folder {}: `just rq1` makes results/", folder.display());
        ensure!(
            folder.join("run.json").exists() || !folder.join("config.toml").exists(),
            "the run in {} is not finished; the command that began it goes on",
            folder.display()
        );
        look(folder, folder, DEPTH, &mut runs)?;
    }
    runs.sort_by(|a, b| a.rank().cmp(&b.rank()));
    runs.dedup_by(|a, b| a.folder == b.folder);
    Ok(runs)
}

/// The runs whose paths are shown: of every question, those of the best standing that have any.
pub fn with_planes(runs: &[Run]) -> Vec<&Run> {
    let able = || runs.iter().filter(|run| run.plane().is_some());
    let best = |run: &Run| able().filter(|other| other.question == run.question).map(Run::standing).min();
    let mut shown: Vec<&Run> = able().filter(|run| best(run) == Some(run.standing())).collect();
    shown.sort_by_key(|run| &run.question);
    shown
}

fn look(root: &Path, folder: &Path, depth: usize, runs: &mut Vec<Run>) -> Result<()> {
    let record = folder.join("run.json");
    if record.exists() {
        let text = fs::read_to_string(&record).with_context(|| format!("cannot read {}", record.display()))?;
        let record: Value = serde_json::from_str(&text).with_context(|| format!("{} is damaged", record.display()))?;
        let question = record["question"].as_str().unwrap_or_default().to_owned();
        runs.push(Run { name: name(root, folder), folder: folder.to_owned(), question, record });
        return Ok(());
    }
    if folder.join(SummaryRow::FILE).exists() {
        let question = CALIBRATION.to_owned();
        runs.push(Run { name: name(root, folder), folder: folder.to_owned(), question, record: Value::Null });
        return Ok(());
    }
    // A run that is not finished has a configuration already, and folders that come and go.
    if depth == 0 || folder.join("config.toml").exists() {
        return Ok(());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read the folder {}", folder.display()))?.path();
        if path.is_dir() {
            look(root, &path, depth - 1, runs)?;
        }
    }
    Ok(())
}

/// The path below the root; a root that is itself a run is called as it is.
fn name(root: &Path, folder: &Path) -> String {
    let below = folder.strip_prefix(root).unwrap_or(folder);
    let path = if below.as_os_str().is_empty() { folder } else { below };
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_results_come_first_and_smoke_tests_last() {
        let results = tempfile::tempdir().unwrap();
        for name in [
            "smoke/rq1",
            "reference/rq1",
            "rq1/mine",
            "rq1/default",
            "rq1/default/pilot",
            "reference/rq2",
            "reference/again",
        ] {
            let folder = results.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            let question = name.split('/').find(|part| part.starts_with("rq")).unwrap_or("rq1");
            fs::write(folder.join("run.json"), format!("{{\"question\": \"{question}\"}}")).unwrap();
        }
        fs::write(results.path().join("smoke/rq1/information_plane.csv"), "").unwrap();
        fs::create_dir_all(results.path().join("rq1/unfinished/jobs")).unwrap();
        fs::write(results.path().join("rq1/unfinished/config.toml"), "").unwrap();
        fs::write(results.path().join("rq1/unfinished/jobs/run.json"), "{}").unwrap();
        let runs = runs(&[results.path().to_owned()]).unwrap();
        let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
        assert_eq!(
            names,
            ["rq1/default", "rq1/mine", "reference/rq1", "reference/rq2", "reference/again", "smoke/rq1"]
        );
        assert_eq!(with_planes(&runs), [&runs[5]]);
        assert!(super::runs(&[results.path().join("nothing")]).unwrap_err().to_string().contains("no folder"));
    }
}
