//! Where arrays are read from: regular files of a size that can be held, text also from behind gzip.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::bufread::MultiGzDecoder;

use super::foreign;
use super::numbers::MOST_NUMBERS;

/// Files, and text unpacked from them, beyond this are refused rather than read.
pub const MOST_BYTES: u64 = 2 << 30;

/// Checks that a path is a file with something in it, before it is opened: what is no file may never end, or never begin. And that what is
/// in it is not of another format than any that are read.
///
/// # Errors
/// If it is not there, no regular file, empty, too large, or of such a format.
pub fn check(path: &Path) -> Result<()> {
    let shown = path.display();
    let about = std::fs::metadata(path).with_context(|| format!("cannot open {shown}"))?;
    ensure!(!about.is_dir(), "{shown} is a folder; name a file in it");
    ensure!(about.is_file(), "{shown} is a pipe or a device, not a file; write what it gives into a file first");
    ensure!(about.len() > 0, "{shown} is empty");
    ensure!(about.len() <= MOST_BYTES, "{shown} has {} bytes; files are read up to {MOST_BYTES}", about.len());
    foreign::refuse(path)
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

/// The text of a file, unpacked if its name ends in .gz: looked through first, since a few kilobytes may unpack to gigabytes, and nothing
/// is held of text that has more than is read.
///
/// # Errors
/// If it cannot be opened, or is too long.
pub fn text(path: &Path) -> Result<impl BufRead> {
    let is_packed = extension(path).1;
    let open = || -> Result<Box<dyn Read>> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let bytes = BufReader::new(file);
        Ok(if is_packed { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) })
    };
    // A number takes a byte, and one between it and the next.
    let may_be_many = std::fs::metadata(path).is_ok_and(|about| about.len() / 2 > MOST_NUMBERS as u64);
    if is_packed || may_be_many {
        look_through(open()?, MOST_BYTES, MOST_NUMBERS).with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(BufReader::with_capacity(1 << 16, open()?))
}

/// Refuses text of more bytes, or of more cells, without holding it.
fn look_through(mut text: impl Read, most_bytes: u64, most_cells: usize) -> Result<()> {
    let (mut bytes, mut cells, mut is_between) = (0, 1, false);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match text.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(());
        }
        bytes += read as u64;
        ensure!(bytes <= most_bytes, "it unpacks to more than {most_bytes} bytes, and no more are read");
        for &byte in &buffer[..read] {
            let separates = matches!(byte, b',' | b';' | b'\t' | b' ' | b'\n' | b'\r');
            cells += usize::from(separates && !is_between);
            is_between = separates;
        }
        // What ends a line ends no cell of another.
        ensure!(
            cells <= most_cells + 1,
            "it has more than {most_cells} numbers ({} GiB in double precision), and no more are read",
            most_cells >> 27
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_before_it_is_held() {
        let look =
            |text: &str, bytes, cells| look_through(text.as_bytes(), bytes, cells).map_err(|error| error.to_string());
        assert_eq!(look("1, 2\r\n3 ,  4\r\n", 100, 4), Ok(()));
        assert!(look("1,2\n3,4\n5", 100, 3).unwrap_err().contains("more than 3 numbers"));
        assert!(look("1,2\n3,4\n", 7, 4).unwrap_err().contains("more than 7 bytes"));
    }
}
