//! Where arrays are read from: regular files of a size that can be held, text also from behind gzip.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::bufread::MultiGzDecoder;

/// Files, and text unpacked from them, beyond this are refused rather than read.
pub const MOST_BYTES: u64 = 2 << 30;

/// Checks that a path is a file with something in it, before it is opened: what is no file may never end, or never begin.
///
/// # Errors
/// If it is not there, no regular file, empty, or too large.
pub fn check(path: &Path) -> Result<()> {
    let shown = path.display();
    let about = std::fs::metadata(path).with_context(|| format!("cannot open {shown}"))?;
    ensure!(!about.is_dir(), "{shown} is a folder; name a file in it");
    ensure!(about.is_file(), "{shown} is a pipe or a device, not a file; write what it gives into a file first");
    ensure!(about.len() > 0, "{shown} is empty");
    ensure!(about.len() <= MOST_BYTES, "{shown} has {} bytes; files are read up to {MOST_BYTES}", about.len());
    Ok(())
}

/// `file.npz:name` → file and name; names may have colons of their own (`file.npz:dense/kernel:0`). A path that exists as it is has
/// no name.
pub fn split_name(argument: &Path) -> (PathBuf, Option<String>) {
    if let (false, Some(text)) = (argument.exists(), argument.to_str()) {
        let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).collect();
        if let Some(&at) = colons.iter().rev().find(|&&at| Path::new(&text[..at]).is_file()) {
            return (PathBuf::from(&text[..at]), Some(text[at + 1..].to_owned()));
        }
    }
    (argument.to_owned(), None)
}

/// What a file's name ends in, in small letters; of `table.csv.gz`, `csv`, and that it is packed.
pub fn extension(path: &Path) -> (String, bool) {
    let of = |path: &Path| path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    match of(path) {
        end if end == "gz" => (of(Path::new(path.file_stem().unwrap_or_default())), true),
        end => (end, false),
    }
}

/// The text of a file, unpacked if its name ends in .gz.
///
/// # Errors
/// If it cannot be opened. Reading fails where it unpacks to more than can be held.
pub fn text(path: &Path) -> Result<impl BufRead> {
    let file = BufReader::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?);
    let bytes: Box<dyn Read> = if extension(path).1 { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    Ok(BufReader::with_capacity(1 << 16, Capped { bytes, left: MOST_BYTES }))
}

/// Fails where more comes than may.
struct Capped {
    bytes: Box<dyn Read>,
    left: u64,
}

impl Read for Capped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!("it unpacks to more than {MOST_BYTES} bytes, and no more are read"))
        })?;
        Ok(read)
    }
}
