//! Writing files so that whoever reads sees the old one or the new one, whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Writes a whole file: a temporary beside it, flushed to disk, then renamed. Readers see the old one or the new one.
///
/// # Errors
/// If the file cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    atomically(path, |file| file.write_all(bytes))
}

/// The same, written piece by piece.
///
/// # Errors
/// If the file cannot be written, or what is written fails.
pub fn atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let explain = || format!("cannot write {}", path.display());
    let path = &regular(path).with_context(explain)?;
    temporary(path, write).and_then(|file| file.persist(path).map_err(|error| error.error)).with_context(explain)?;
    sync_folder(path.parent().unwrap_or(path));
    Ok(())
}

/// The file that a path leads to, which is not there yet or a regular one: a device or a pipe would be replaced by a file.
fn regular(path: &Path) -> io::Result<PathBuf> {
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err(io::Error::other("it is a folder; name a file in it")),
        Ok(about) if !about.is_file() => Err(io::Error::other("it is a device or a pipe; name a file")),
        Ok(_) => fs::canonicalize(path),
        Err(_) => Ok(path.to_owned()),
    }
}

/// Writes a whole file unless it exists; whether it did write.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match temporary(path, |file| file.write_all(bytes))?.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        // Some network file systems cannot rename to a name that must be free.
        Err(error) => error.file.persist(path).map(|_| true).map_err(|error| error.error),
    }
}

/// A file on disk beside `path`, under a name of its own, since several processes may write the same; gone if not renamed.
fn temporary(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<tempfile::NamedTempFile<File>> {
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file =
        tempfile::Builder::new().prefix(&prefix).suffix(".tmp").make_in(folder, |path| File::create_new(path))?;
    let mut writer = BufWriter::new(file.as_file());
    write(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(file)
}

/// Makes new names in a folder outlast a power cut, where the system can.
pub fn sync_folder(folder: &Path) {
    // Windows opens no folders, and some network file systems flush none: what can be done has been done.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_written_and_links_stay_links() {
        assert!(format!("{:#}", write_atomically(Path::new("/dev/null"), b"x").unwrap_err()).contains("device"));
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_atomically(&link, b"new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(link.is_symlink());
    }
}
