//! A small file system of a test's own, to fill and to write-protect.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A file system in memory, mounted in a temporary folder until dropped.
#[derive(Debug)]
pub struct Disk(TempDir);

impl Disk {
    /// Mounts one with these options, like `size=64k`; `None`, said, where that is not allowed.
    ///
    /// # Panics
    /// If there can be no temporary folder.
    pub fn mounted(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("temporary folders can be made");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("NOT RUN: mounting a small file system ({options}) needs the rights of root");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Changes its options.
    ///
    /// # Panics
    /// If that is not allowed.
    pub fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.path()).status();
        assert!(status.is_ok_and(|status| status.success()), "cannot mount again: {options}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}
