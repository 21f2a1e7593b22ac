//! A finished job is sealed: `manifest.json` has the length and the checksum of every file, so that one cut short or changed
//! since is found out.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::files::write_atomically;

const MANIFEST: &str = "manifest.json";

/// How long bytes are, and their CRC-32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// Length.
    pub bytes: u64,
    /// CRC-32 (ISO-HDLC), as zip and PNG have it.
    pub crc32: u32,
}

/// A writer that sums up what passes through.
#[derive(Debug)]
pub struct Summed<W> {
    inner: W,
    bytes: u64,
    hasher: crc32fast::Hasher,
}

/// The files of a finished job.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    /// Version and settings it belongs to.
    identity: String,
    job: usize,
    files: BTreeMap<String, Sum>,
}

impl<W> Summed<W> {
    /// Goes on behind what was written before.
    pub fn new(inner: W, before: (u64, crc32fast::Hasher)) -> Self {
        Self { inner, bytes: before.0, hasher: before.1 }
    }

    /// The sum so far.
    pub fn sum(&self) -> Sum {
        Sum { bytes: self.bytes, crc32: self.hasher.clone().finalize() }
    }

    /// What is written to.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Length and running checksum of at most `limit` bytes.
///
/// # Errors
/// If they cannot be read.
pub fn sum_up(reader: impl Read, limit: u64) -> io::Result<(u64, crc32fast::Hasher)> {
    let mut summed = Summed::new(io::sink(), (0, crc32fast::Hasher::new()));
    io::copy(&mut reader.take(limit), &mut summed)?;
    Ok((summed.bytes, summed.hasher))
}

/// The sums of those of these files that a folder has.
///
/// # Errors
/// If one cannot be read.
pub fn sums(folder: &Path, names: impl Iterator<Item = String>) -> io::Result<BTreeMap<String, Sum>> {
    let mut sums = BTreeMap::new();
    for name in names {
        let path = folder.join(&name);
        if path.exists() {
            let (bytes, hasher) = sum_up(File::open(path)?, u64::MAX)?;
            sums.insert(name, Sum { bytes, crc32: hasher.finalize() });
        }
    }
    Ok(sums)
}

/// Seals a folder.
///
/// # Errors
/// If the manifest cannot be written.
pub fn seal(folder: &Path, identity: &str, job: usize, files: BTreeMap<String, Sum>) -> Result<()> {
    let manifest = Manifest { identity: identity.to_owned(), job, files };
    write_atomically(&folder.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?)
}

/// What speaks against a sealed folder, if anything does.
pub fn flaw(folder: &Path, identity: &str, job: usize) -> Option<String> {
    let text = match fs::read(folder.join(MANIFEST)) {
        Ok(text) => text,
        Err(error) => return Some(format!("its {MANIFEST} cannot be read ({error})")),
    };
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) else {
        return Some(format!("its {MANIFEST} is damaged"));
    };
    if manifest.identity != identity {
        return Some(format!("it belongs to {}, not to {identity}", manifest.identity));
    }
    if manifest.job != job {
        return Some(format!("it is job {}", manifest.job));
    }
    flaw_of(folder, &manifest.files)
}

/// What speaks against files of a folder being those once summed up, if anything does.
pub fn flaw_of(folder: &Path, files: &BTreeMap<String, Sum>) -> Option<String> {
    files.iter().find_map(|(name, expected)| {
        let summed = File::open(folder.join(name)).and_then(|file| sum_up(file, u64::MAX));
        match summed {
            Err(error) => Some(format!("its {name} cannot be read ({error})")),
            Ok((bytes, _)) if bytes != expected.bytes => {
                Some(format!("its {name} has {bytes} bytes and had {}", expected.bytes))
            }
            Ok((_, hasher)) if hasher.clone().finalize() != expected.crc32 => {
                Some(format!("its {name} was changed since it was written"))
            }
            Ok(_) => None,
        }
    })
}
