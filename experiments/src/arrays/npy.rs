//! NumPy files: .npy, and .npz archives of them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use zip::ZipArchive;

use super::numbers::{self, Kind, MOST_NUMBERS};
use super::{Content, choose};

/// The longest header read; NumPy itself stops at 10,000 characters.
const LONGEST_HEADER: usize = 1 << 16;

/// Reads an .npy file.
///
/// # Errors
/// If it is damaged, its type is none of numbers, booleans or text, or it claims more numbers than it has.
pub fn read_npy(path: &Path) -> Result<Content> {
    let explain = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(explain)?;
    let size = file.metadata().with_context(explain)?.len();
    parse(&mut std::io::BufReader::new(file), size).with_context(explain)
}

/// Reads an array of an .npz archive: the one named, or the only one.
///
/// # Errors
/// As [`read_npy`], and if there is no such array.
pub fn read_npz(path: &Path, name: Option<&str>) -> Result<Content> {
    let shown = path.display().to_string();
    let (mut archive, names) = open_npz(path)?;
    let name = choose(&names, name, &shown)?;
    let explain = || format!("cannot read the array {name} of {shown}");
    let place = names.iter().position(|other| other == name).with_context(explain)?;
    let mut entry = archive.by_index(place).with_context(explain)?;
    let size = entry.size();
    parse(&mut entry, size).with_context(explain)
}

/// The shape of an .npy file, or of an array of an .npz archive; nothing but the header is read.
///
/// # Errors
/// As reading it.
pub fn shape(path: &Path, name: Option<&str>) -> Result<Vec<usize>> {
    let explain = || format!("cannot read {}", path.display());
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npy")) {
        let mut file = File::open(path).with_context(explain)?;
        let size = file.metadata().with_context(explain)?.len();
        return Ok(Header::read(&mut file, size).with_context(explain)?.shape);
    }
    let (mut archive, names) = open_npz(path)?;
    let name = choose(&names, name, &path.display().to_string())?;
    let place = names.iter().position(|other| other == name).with_context(explain)?;
    let mut entry = archive.by_index(place).with_context(explain)?;
    let size = entry.size();
    Ok(Header::read(&mut entry, size).with_context(explain)?.shape)
}

/// The names of the arrays of an .npz archive, in the archive's order.
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
    let names = archive.file_names().map(|name| name.strip_suffix(".npy").unwrap_or(name).to_owned()).collect();
    Ok((archive, names))
}

/// What an array's header says.
struct Header {
    element: Element,
    big_endian: bool,
    columns_first: bool,
    shape: Vec<usize>,
    count: usize,
}

/// What an array's elements are.
enum Element {
    Number(Kind),
    /// So many characters of UTF-32 each, or bytes.
    Text {
        length: usize,
        wide: bool,
    },
}

/// Reads an array of so many bytes in all.
fn parse(reader: &mut impl Read, size: u64) -> Result<Content> {
    let Header { element, big_endian, columns_first, shape, count } = Header::read(reader, size)?;
    let content = match element {
        Element::Number(kind) => {
            let values = numbers::read(reader, kind, big_endian, count)?;
            let shape = IxDyn(&shape);
            let array = ArrayD::from_shape_vec(if columns_first { shape.f() } else { shape.into() }, values)?;
            Content::Numbers(array, kind)
        }
        Element::Text { length, wide } => {
            ensure!(
                shape.iter().filter(|&&size| size != 1).count() <= 1,
                "it holds text of shape {shape:?}; labels are one word for each row"
            );
            Content::Words(words(reader, count, length, wide, big_endian)?)
        }
    };
    // To the end: an archive's checksum is only known there.
    let mut rest = [0];
    let more = reader.read(&mut rest).context("it is damaged")?;
    ensure!(more == 0, "it is damaged: it goes on beyond its end");
    Ok(content)
}

fn words(reader: &mut impl Read, count: usize, length: usize, wide: bool, big_endian: bool) -> Result<Vec<String>> {
    let size = if wide { length.checked_mul(4) } else { Some(length) };
    let size = size.filter(|size| size.checked_mul(count).is_some_and(|bytes| bytes / 8 <= MOST_NUMBERS));
    let size = size.context("it has more text than is read (2 GiB)")?;
    let (mut words, mut bytes) = (Vec::new(), vec![0; size]);
    for _ in 0..count {
        reader.read_exact(&mut bytes).context("it is cut short")?;
        let word: Option<String> = if wide {
            let characters = bytes.as_chunks::<4>().0.iter();
            let code =
                |bytes: &[u8; 4]| if big_endian { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) };
            characters.map(|bytes| char::from_u32(code(bytes))).collect()
        } else {
            String::from_utf8(bytes.clone()).ok()
        };
        words.push(word.context("its text is damaged")?.trim_end_matches('\0').to_owned());
    }
    Ok(words)
}

impl Header {
    /// Reads the bytes before an array's first number, and checks that those there are in all are what it claims.
    fn read(reader: &mut impl Read, size: u64) -> Result<Self> {
        let mut start = [0; 10];
        reader.read_exact(&mut start).map_err(|_| anyhow!("it is not an .npy file, or cut short"))?;
        ensure!(start.starts_with(b"\x93NUMPY"), "it is not an .npy file");
        let mut length = usize::from(u16::from_le_bytes([start[8], start[9]]));
        if start[6] > 1 {
            let mut upper = [0; 2];
            reader.read_exact(&mut upper).map_err(|_| anyhow!("the header is cut short"))?;
            length |= usize::from(u16::from_le_bytes(upper)) << 16;
        }
        ensure!(length <= LONGEST_HEADER, "the header is damaged, or holds records, which are not read");
        let mut header = vec![0; length];
        reader.read_exact(&mut header).map_err(|_| anyhow!("the header is cut short"))?;
        let header = Self::parse(std::str::from_utf8(&header).context("the header is damaged")?)?;
        let (claimed, start) = (header.bytes()?, (length + if start[6] > 1 { 12 } else { 10 }) as u64);
        let there = size.saturating_sub(start);
        ensure!(there >= claimed, "it claims the shape {:?}, {claimed} bytes, but holds {there}", header.shape);
        ensure!(
            there == claimed,
            "more bytes follow the array; several arrays in one file are saved with np.savez, as .npz"
        );
        Ok(header)
    }

    /// The bytes of its elements.
    fn bytes(&self) -> Result<u64> {
        let each = match self.element {
            Element::Number(kind) => Some(kind.bytes()),
            Element::Text { length, wide } => length.checked_mul(if wide { 4 } else { 1 }),
        };
        let bytes = each.and_then(|each| each.checked_mul(self.count)).context("the shape is larger than memory")?;
        Ok(bytes as u64)
    }

    fn parse(header: &str) -> Result<Self> {
        let descr = between(header, "'descr':").context(
            "it holds records (a structured dtype), not an array of numbers; save each field as an array of its own",
        )?;
        let shape = header
            .split_once("'shape':")
            .and_then(|(_, rest)| rest.split_once('('))
            .and_then(|(_, rest)| rest.split_once(')'))
            .context("the header has no shape")?
            .0;
        let mut lengths = Vec::new();
        let mut count = 1_usize;
        for part in shape.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let length = part.trim_end_matches('L').parse().map_err(|_| anyhow!("the shape ({shape}) is damaged"))?;
            count = count.checked_mul(length).with_context(|| format!("the shape ({shape}) is larger than memory"))?;
            lengths.push(length);
        }
        let order = header.split_once("'fortran_order':").map(|(_, rest)| rest.trim_start());
        let columns_first = match order {
            Some(rest) if rest.starts_with("True") => true,
            Some(rest) if rest.starts_with("False") => false,
            _ => bail!("the header does not say in which order its numbers are"),
        };
        let big_endian = descr.starts_with('>');
        Ok(Self { element: element(descr)?, big_endian, columns_first, shape: lengths, count })
    }
}

fn element(descr: &str) -> Result<Element> {
    let kind = descr.trim_start_matches(['<', '>', '|', '=']);
    let number = match kind {
        "f2" => Kind::F16,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        "i1" => Kind::I8,
        "i2" => Kind::I16,
        "i4" => Kind::I32,
        "i8" => Kind::I64,
        "u1" => Kind::U8,
        "u2" => Kind::U16,
        "u4" => Kind::U32,
        "u8" => Kind::U64,
        "b1" => Kind::Bool,
        _ => return other(descr, kind),
    };
    Ok(Element::Number(number))
}

fn other(descr: &str, kind: &str) -> Result<Element> {
    match kind.split_at_checked(1) {
        Some(("U" | "S", length)) => {
            let length = length.parse().map_err(|_| anyhow!("the type {descr} is damaged"))?;
            Ok(Element::Text { length, wide: kind.starts_with('U') })
        }
        Some(("O", _)) => {
            bail!(
                "it holds pickled Python objects (dtype object), not numbers; save numbers, or words with a.astype(str)"
            )
        }
        Some(("V", "2")) => bail!(
            "it holds two bytes that NumPy has no name for (V2), as bfloat16 is saved; save it as .astype(np.float32), or as .safetensors"
        ),
        Some(("V", _)) => bail!("it holds records or raw bytes ({descr}); save each field as an array of numbers"),
        Some(("c", _)) => {
            bail!(
                "it holds complex numbers ({descr}); save real and imaginary parts as columns: np.hstack([a.real, a.imag])"
            )
        }
        Some(("M" | "m", _)) => bail!("it holds dates ({descr}); save them as numbers, counted from the first"),
        Some(("f" | "g", _)) => {
            bail!("its numbers ({descr}) are wider than double precision; save them as .astype(np.float64)")
        }
        _ => bail!("the type {descr} is not read; real numbers and booleans are"),
    }
}

/// The quoted word right after a key.
fn between<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let rest = header.split_once(key)?.1.trim_start().strip_prefix('\'')?;
    rest.split_once('\'').map(|(word, _)| word)
}
