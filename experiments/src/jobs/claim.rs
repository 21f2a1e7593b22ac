//! One process at a time works on a job: it holds the lock of the job's file while it does.
//!
//! The kernel lets go of a lock when its process dies, so none is ever stale; on NFS the server does, when the client's lease
//! runs out (90 seconds on Linux). The file itself stays until the run is merged: removing it would let two processes hold
//! locks on two files of one name.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The right to work on a job, until dropped.
#[derive(Debug)]
pub struct Claim {
    _file: Option<File>,
}

/// Claims what `path` stands for; `None` if another process holds it.
///
/// # Errors
/// If the lock file cannot be made, or the file system has no locks.
pub fn claim(path: &Path) -> Result<Option<Claim>> {
    let mut file = open(path)?;
    match file.try_lock() {
        Ok(()) => {
            // For the message of whoever comes second; the lock holds without it.
            let _ = file.set_len(0).and_then(|()| write!(file, "process {} on {}", std::process::id(), host()));
            Ok(Some(Claim { _file: Some(file) }))
        }
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => bail!(no_locks(path, &error)),
    }
}

/// Claims what `path` stands for, once nobody else holds it.
///
/// # Errors
/// As [`claim`].
pub fn wait(path: &Path) -> Result<Claim> {
    let file = open(path)?;
    match file.lock() {
        Ok(()) => Ok(Claim { _file: Some(file) }),
        Err(error) => bail!(no_locks(path, &error)),
    }
}

impl Claim {
    /// A claim nobody else heeds.
    pub fn unlocked() -> Self {
        Self { _file: None }
    }
}

/// Who holds a claim, as far as that can be told.
pub fn holder(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    if text.is_empty() { "another process".to_owned() } else { text }
}

fn open(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot open the lock {}", path.display()))
}

fn no_locks(path: &Path, error: &std::io::Error) -> String {
    format!(
        "cannot lock {} ({error}): if the file system has no locks (Lustre needs the mount option flock), add --unlocked and \
         let no two processes work on the same jobs",
        path.display()
    )
}

fn host() -> String {
    let name = fs::read_to_string(PathBuf::from("/proc/sys/kernel/hostname")).ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.map_or_else(|| "an unnamed machine".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_held_once_and_says_by_whom() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = claim(&path).unwrap().unwrap();
        assert!(claim(&path).unwrap().is_none());
        assert!(holder(&path).starts_with(&format!("process {} on ", std::process::id())));
        drop(first);
        assert!(claim(&path).unwrap().is_some());
    }
}
