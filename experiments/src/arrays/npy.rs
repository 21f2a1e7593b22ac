//! NumPy files: .npy, and .npz archives of them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use ndarray::{Array2, ArrayD};
use ndarray_npy::{ReadNpyExt, ReadableElement};
use zip::ZipArchive;

use super::{MOST_BYTES, as_matrix, choose};

/// Reads an .npy file.
///
/// # Errors
/// If it is damaged, its type is not a real number or boolean, or it claims more numbers than it has.
pub fn read_npy(path: &Path) -> Result<Array2<f64>> {
    let explain = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).with_context(explain)?;
    parse(&bytes).and_then(as_matrix).with_context(explain)
}

/// Reads an array of an .npz archive: the one named, or the only one.
///
/// # Errors
/// As [`read_npy`], and if there is no such array.
pub fn read_npz(path: &Path, name: Option<&str>) -> Result<Array2<f64>> {
    let shown = path.display().to_string();
    let (mut archive, names) = open_npz(path)?;
    let name = choose(&names, name, &shown)?;
    let explain = || format!("cannot read the array {name} of {shown}");
    let place = names.iter().position(|other| other == name).with_context(explain)?;
    let mut entry = archive.by_index(place).with_context(explain)?;
    ensure!(
        entry.size() <= MOST_BYTES,
        "{shown}: {name} unpacks to {} bytes; arrays are read up to {MOST_BYTES}",
        entry.size()
    );
    // What an entry says of its size need not be so; nor what its header says, which parsing checks.
    let mut bytes = Vec::new();
    entry.by_ref().take(MOST_BYTES).read_to_end(&mut bytes).with_context(explain)?;
    parse(&bytes).and_then(as_matrix).with_context(explain)
}

/// The names of the arrays of an .npz archive.
///
/// # Errors
/// If it cannot be opened, or is no such archive.
pub fn names(path: &Path) -> Result<Vec<String>> {
    open_npz(path).map(|(_, names)| names)
}

fn open_npz(path: &Path) -> Result<(ZipArchive<File>, Vec<String>)> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let archive = ZipArchive::new(file).map_err(|error| anyhow!("{shown} is not an .npz archive: {error}"))?;
    let names = archive.file_names().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
    Ok((archive, names))
}

/// Parses an .npy file in memory; its claim is checked against its length before anything is allocated.
fn parse(bytes: &[u8]) -> Result<ArrayD<f64>> {
    let (header, data) = split(bytes)?;
    // A dictionary with a tuple in it; the time that ndarray-npy takes for deeper nests doubles with every step.
    ensure!(
        header.matches(['{', '(', '[']).count() <= 2,
        "the header is damaged (or the file holds records, which are not supported)"
    );
    let descr = between(header, "'descr':")
        .context("the header has no type (or the file holds records, which are not supported)")?;
    let shape = header
        .split_once("'shape':")
        .and_then(|(_, rest)| rest.split_once('('))
        .and_then(|(_, rest)| rest.split_once(')'))
        .context("the header has no shape")?
        .0;
    let count = shape.split(',').map(str::trim).filter(|part| !part.is_empty()).try_fold(1_usize, |count, part| {
        let length: usize =
            part.trim_end_matches('L').parse().map_err(|_| anyhow!("the shape ({shape}) is damaged"))?;
        count.checked_mul(length).context("the shape is larger than memory")
    })?;
    macro_rules! typed {
        ($($name:literal => $type:ty),*) => {
            match descr.trim_start_matches(['<', '>', '|', '=']) {
                $($name => {
                    let needed = count.checked_mul(size_of::<$type>()).context("the shape is larger than memory")?;
                    ensure!(
                        data >= needed,
                        "the file claims shape ({shape}) of {descr}, {needed} bytes, but holds {data}"
                    );
                    elements::<$type>(bytes)
                })*
                kind if kind.starts_with('O') => bail!("the file holds pickled Python objects (dtype object), not numbers; save numbers"),
                "f2" => bail!("the file holds half-precision numbers (float16), which are not read; save it as float32"),
                _ => bail!("the type {descr} is not supported; real numbers and booleans are"),
            }
        };
    }
    typed!(
        "f8" => f64, "f4" => f32, "i8" => i64, "i4" => i32, "i2" => i16, "i1" => i8,
        "u8" => u64, "u4" => u32, "u2" => u16, "u1" => u8, "b1" => bool
    )
}

/// The header's text and the number of bytes after it.
fn split(bytes: &[u8]) -> Result<(&str, usize)> {
    ensure!(bytes.starts_with(b"\x93NUMPY") && bytes.len() >= 12, "it is not an .npy file, or cut short");
    let (length, start) = if bytes[6] == 1 {
        (usize::from(u16::from_le_bytes([bytes[8], bytes[9]])), 10)
    } else {
        (u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]) as usize, 12)
    };
    let header = bytes.get(start..start + length).context("the header is cut short")?;
    let text = std::str::from_utf8(header).context("the header is damaged")?;
    Ok((text, bytes.len() - start - length))
}

/// The quoted word right after a key.
fn between<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = header.split_once(key)?.1.trim_start().strip_prefix('\'')?;
    rest.split_once('\'').map(|(word, _)| word)
}

fn elements<T: ReadableElement + IntoF64>(bytes: &[u8]) -> Result<ArrayD<f64>> {
    let array = ArrayD::<T>::read_npy(bytes).map_err(|error| anyhow!("{error}"))?;
    Ok(array.mapv(IntoF64::into_f64))
}

/// A number or boolean as f64.
trait IntoF64: Clone {
    fn into_f64(self) -> f64;
}

macro_rules! as_f64 {
    ($($type:ty),*) => {
        $(impl IntoF64 for $type {
            #[allow(clippy::cast_lossless)] // one line for all types, lossless or not
            fn into_f64(self) -> f64 {
                self as f64
            }
        })*
    };
}

as_f64!(f32, f64, i64, i32, i16, i8, u64, u32, u16, u8);

impl IntoF64 for bool {
    fn into_f64(self) -> f64 {
        f64::from(u8::from(self))
    }
}
