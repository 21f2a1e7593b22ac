//! The files that a run's numbers come from, datasets and weights, by what is in them: the same settings on other data are another
//! run.
//!
//! `sources.json` in a results folder has them from its first moment, `run.json` in the end; sums are SHA-256, as `sha256sum` prints
//! them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::arrays::source;

/// A file's length and checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Length.
    pub bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// Files as settings name them.
pub type Sources = BTreeMap<String, Source>;

/// Sums up these files.
///
/// # Errors
/// If one cannot be read.
pub fn of(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<Sources> {
    paths.into_iter().map(|path| Ok((path.as_ref().display().to_string(), of_one(path.as_ref())?))).collect()
}

fn of_one(path: &Path) -> Result<Source> {
    source::check(path)?;
    let mut hasher = Sha256::new();
    let bytes = File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut hasher))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Source {
        bytes,
        sha256: hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(),
    })
}

/// Where files differ, in a line each.
pub fn differences(there: &Sources, here: &Sources) -> Vec<String> {
    let mut names: Vec<&String> = there.keys().chain(here.keys()).collect();
    names.sort();
    names.dedup();
    let show = |source: Option<&Source>| {
        source.map_or_else(
            || "not part of it".to_owned(),
            |source| format!("{} bytes with checksum {}…", source.bytes, &source.sha256.get(..12).unwrap_or_default()),
        )
    };
    let differs = |name: &&&String| there.get(**name) != here.get(**name);
    names
        .iter()
        .filter(differs)
        .map(|name| format!("{name} was {} and is {} now", show(there.get(*name)), show(here.get(*name))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.csv");
        std::fs::write(&path, "abc").unwrap();
        let before = of([&path]).unwrap();
        // The example of FIPS 180-2.
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(before[&path.display().to_string()], Source { bytes: 3, sha256: sum.to_owned() });
        std::fs::write(&path, "abd").unwrap();
        let differences = differences(&before, &of([&path]).unwrap());
        assert!(differences.len() == 1 && differences[0].contains("own.csv was 3 bytes"), "{differences:?}");
        assert!(of([folder.path()]).is_err());
    }
}
