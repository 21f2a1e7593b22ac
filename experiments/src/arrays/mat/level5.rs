//! MATLAB files of level 5 ("MAT-File Format", MathWorks): a header of 128 bytes, then elements, each a type, a length and its
//! bytes, filled up to a multiple of 8. A variable is an element of elements: flags, dimensions, name, numbers; often it is
//! compressed as a whole. Numbers may be stored in a smaller type than they have.

use std::io::{self, Read};
use std::ops::ControlFlow;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::ZlibDecoder;

use super::super::Content;
use super::super::numbers::{self, Kind};
use super::{Body, Variable, Visit, count, full, sparse};

/// Types of elements that hold others.
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;
/// The longest list of dimensions or name, in bytes.
const LONGEST: usize = 4096;

pub(super) fn each(mut file: impl Read, start: &[u8], visit: &mut Visit) -> Result<()> {
    let big_endian = match start.get(126..128) {
        Some(b"IM") => false,
        Some(b"MI") => true,
        _ => bail!("it is no MATLAB file, or damaged"),
    };
    io::copy(&mut file.by_ref().take(128), &mut io::sink())?;
    loop {
        let mut tag = [0; 8];
        match file.read_exact(&mut tag) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            outcome => outcome?,
        }
        let (kind, length) = (word(&tag[..4], big_endian), word(&tag[4..], big_endian));
        let mut element = file.by_ref().take(u64::from(length));
        let flow = match kind {
            MATRIX => variable(&mut Elements { reader: &mut element, big_endian }, visit)?,
            COMPRESSED => {
                let mut inflated = Elements { reader: ZlibDecoder::new(&mut element), big_endian };
                let (kind, length, _) = inflated.tag()?;
                ensure!(kind == MATRIX, "it is damaged: an element of type {kind} is compressed");
                let reader = inflated.reader.take(u64::from(length));
                variable(&mut Elements { reader, big_endian }, visit)?
            }
            _ => ControlFlow::Continue(()),
        };
        if flow.is_break() {
            return Ok(());
        }
        io::copy(&mut element, &mut io::sink())?;
        ensure!(element.limit() == 0, "it is cut short");
        if kind != COMPRESSED {
            io::copy(&mut file.by_ref().take(padding(length)), &mut io::sink())?;
        }
    }
}

fn word(bytes: &[u8], big_endian: bool) -> u32 {
    let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
    if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
}

/// Bytes from a length to the next multiple of 8.
fn padding(length: u32) -> u64 {
    u64::from(length.wrapping_neg() % 8)
}

/// Elements, one after the other.
struct Elements<R> {
    reader: R,
    big_endian: bool,
}

impl<R: Read> Elements<R> {
    /// Type and length of the next element, and its bytes if it is short enough to stand in its own tag.
    fn tag(&mut self) -> Result<(u32, u32, Option<[u8; 4]>)> {
        let mut tag = [0; 8];
        self.reader.read_exact(&mut tag).context("it is cut short")?;
        let first = word(&tag[..4], self.big_endian);
        if first >> 16 == 0 {
            return Ok((first, word(&tag[4..], self.big_endian), None));
        }
        ensure!(first >> 16 <= 4, "it is damaged");
        Ok((first & 0xffff, first >> 16, Some([tag[4], tag[5], tag[6], tag[7]])))
    }

    /// A short element's bytes.
    fn bytes(&mut self) -> Result<Vec<u8>> {
        let (_, length, short) = self.tag()?;
        if let Some(bytes) = short {
            return Ok(bytes[..length as usize].to_vec());
        }
        ensure!(length as usize <= LONGEST, "it is damaged");
        let mut bytes = vec![0; length as usize];
        self.reader.read_exact(&mut bytes).context("it is cut short")?;
        self.skip(padding(length))?;
        Ok(bytes)
    }

    /// An element of numbers.
    fn numbers(&mut self) -> Result<Vec<f64>> {
        let (stored, length, short) = self.tag()?;
        let kind = match stored {
            1 => Kind::I8,
            2 => Kind::U8,
            3 => Kind::I16,
            4 => Kind::U16,
            5 => Kind::I32,
            6 => Kind::U32,
            7 => Kind::F32,
            9 => Kind::F64,
            12 => Kind::I64,
            13 => Kind::U64,
            other => bail!("it is damaged: there are no numbers of type {other}"),
        };
        ensure!(
            (length as usize).is_multiple_of(kind.bytes()),
            "it is damaged: {length} bytes are no numbers of type {stored}"
        );
        let count = length as usize / kind.bytes();
        if let Some(bytes) = short {
            return numbers::read(&mut &bytes[..length as usize], kind, self.big_endian, count);
        }
        let values = numbers::read(&mut self.reader, kind, self.big_endian, count)?;
        self.skip(padding(length))?;
        Ok(values)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        // The last element of a compressed variable may go without.
        io::copy(&mut self.reader.by_ref().take(bytes), &mut io::sink()).context("it is damaged")?;
        Ok(())
    }
}

/// Reads what stands before a variable's numbers, and shows it.
fn variable<R: Read>(elements: &mut Elements<R>, visit: &mut Visit) -> Result<ControlFlow<()>> {
    let big_endian = elements.big_endian;
    let flags = elements.bytes()?;
    ensure!(flags.len() >= 8, "it is damaged: a variable without flags");
    let flags = word(&flags[..4], big_endian);
    // An object of a class defined in MATLAB has no dimensions, and nothing of it is read.
    if flags & 0xff == 17 {
        return Ok(ControlFlow::Continue(()));
    }
    let shape: Vec<usize> =
        elements.bytes()?.as_chunks::<4>().0.iter().map(|bytes| word(bytes, big_endian) as usize).collect();
    let name = String::from_utf8_lossy(&elements.bytes()?).trim_end_matches('\0').to_owned();
    // MATLAB keeps data of its own under no name.
    if name.is_empty() {
        return Ok(ControlFlow::Continue(()));
    }
    let (is_complex, is_logical) = (flags & 0x0800 != 0, flags & 0x0200 != 0);
    let (kind, unread) = match flags & 0xff {
        1 => (Kind::F64, Some("a cell array; save an array: cell2mat(c), or of labels in words [~, ~, y] = unique(c)")),
        2 => (Kind::F64, Some("a struct; save its field as a variable of its own: a = s.a")),
        3 | 16 => (Kind::F64, Some("an object or a function; save an array")),
        4 => (Kind::F64, Some("text; number the classes instead: [~, ~, y] = unique(cellstr(labels))")),
        5 | 6 => (Kind::F64, None),
        7 => (Kind::F32, None),
        8 => (Kind::I8, None),
        9 if is_logical => (Kind::Bool, None),
        9 => (Kind::U8, None),
        10 => (Kind::I16, None),
        11 => (Kind::U16, None),
        12 => (Kind::I32, None),
        13 => (Kind::U32, None),
        14 => (Kind::I64, None),
        15 => (Kind::U64, None),
        other => bail!("it is damaged: {name} is of class {other}"),
    };
    let complex = Some("complex; save real and imaginary parts: [real(a) imag(a)]");
    let unread = unread.or(complex.filter(|_| is_complex));
    visit(&Variable { name, shape, kind, is_sparse: flags & 0xff == 5, unread }, elements)
}

impl<R: Read> Body for Elements<R> {
    fn numbers(&mut self, variable: &Variable) -> Result<Content> {
        let shape = &variable.shape;
        if !variable.is_sparse {
            let expected = count(shape)?;
            let values = Elements::numbers(self)?;
            ensure!(values.len() == expected, "it claims the shape {shape:?} but holds {} numbers", values.len());
            return full(shape, values, variable.kind);
        }
        // Column by column: which rows, where each column's entries begin, and the entries.
        let (rows, starts, values) = (Elements::numbers(self)?, Elements::numbers(self)?, Elements::numbers(self)?);
        let columns = shape.get(1).copied().unwrap_or(0);
        let stored = starts.last().map_or(0, |&last| last as usize);
        let is_sound = starts.len() == columns + 1
            && starts.first() == Some(&0.0)
            && starts.is_sorted()
            && stored <= rows.len()
            && stored <= values.len()
            && rows.iter().all(|&row| row >= 0.0);
        ensure!(is_sound, "it is a damaged sparse matrix");
        let of_column =
            |column: usize| (starts[column] as usize..starts[column + 1] as usize).map(move |k| (column, k));
        let places = (0..columns).flat_map(of_column);
        sparse(shape, places.map(|(column, k)| (rows[k] as usize, column, values[k])), variable.kind)
    }
}
