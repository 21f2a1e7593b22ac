//! MATLAB files of level 4: per variable five numbers of 32 bits (type, rows, columns, whether complex, length of the name), the
//! name, and the numbers column by column.
//!
//! The type is MOPT in decimal: M the order of bytes (0 little-endian, 1 big-endian), P the kind of number, T full, text or sparse. A sparse
//! matrix is stored as three columns, row, column (from 1) and value, whose last row has the matrix's size.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use anyhow::{Context, Result, bail, ensure};

use super::super::Content;
use super::super::numbers::{self, Kind};
use super::{Body, Variable, Visit, count, full, sparse};

/// The longest name that is read.
const LONGEST_NAME: usize = 4096;

pub(super) fn each(mut file: impl Read + Seek, visit: &mut Visit) -> Result<()> {
    let mut start = [0; 20];
    loop {
        match file.read_exact(&mut start) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            outcome => outcome?,
        }
        let (words, _) = start.as_chunks::<4>();
        let big_endian = u32::from_le_bytes(words[0]) > 9999;
        let word = |k: usize| if big_endian { u32::from_be_bytes(words[k]) } else { u32::from_le_bytes(words[k]) };
        let (mopt, rows, columns, name) = (word(0), word(1) as usize, word(2) as usize, word(4) as usize);
        let is_complex = word(3) != 0;
        ensure!(
            mopt <= 1052
                && mopt / 1000 == u32::from(big_endian)
                && mopt / 100 % 10 == 0
                && (1..=LONGEST_NAME).contains(&name),
            "it is no MATLAB file, or damaged"
        );
        let kind = match mopt / 10 % 10 {
            0 => Kind::F64,
            1 => Kind::F32,
            2 => Kind::I32,
            3 => Kind::I16,
            4 => Kind::U16,
            5 => Kind::U8,
            other => bail!("it is damaged: there are no numbers of type {other}"),
        };
        let mut bytes = vec![0; name];
        file.read_exact(&mut bytes).context("it is cut short")?;
        let name = String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned();
        let unread = match mopt % 10 {
            1 => Some("text; number the classes instead: [~, ~, y] = unique(labels)"),
            _ if is_complex && mopt % 10 == 0 || mopt % 10 == 2 && columns == 4 => {
                Some("complex; save real and imaginary parts: [real(a) imag(a)]")
            }
            _ => None,
        };
        let numbers = count(&[rows, columns])?;
        let bytes = (numbers * kind.bytes()) as u64 * if is_complex { 2 } else { 1 };
        let next = file.stream_position()? + bytes;
        let variable = Variable { name, shape: vec![rows, columns], kind, is_sparse: mopt % 10 == 2, unread };
        let mut body = Numbers { file: file.by_ref(), big_endian };
        if let ControlFlow::Break(()) = visit(&variable, &mut body)? {
            return Ok(());
        }
        file.seek(SeekFrom::Start(next))?;
    }
}

struct Numbers<R> {
    file: R,
    big_endian: bool,
}

impl<R: Read> Body for Numbers<R> {
    fn numbers(&mut self, variable: &Variable) -> Result<Content> {
        let shape = &variable.shape;
        let values = numbers::read(&mut self.file, variable.kind, self.big_endian, count(shape)?)?;
        if !variable.is_sparse {
            return full(shape, values, variable.kind);
        }
        let &[stored, 3] = shape.as_slice() else { bail!("it is a damaged sparse matrix") };
        ensure!(stored >= 1, "it is a damaged sparse matrix");
        let whole = |at: usize| {
            let value = values[at];
            ensure!(value.fract() == 0.0 && (0.0..=1e9).contains(&value), "it is a damaged sparse matrix");
            Ok(value as usize)
        };
        let last = stored - 1;
        let size = [whole(last)?, whole(stored + last)?];
        let places: Vec<(usize, usize)> = (0..last)
            .map(|k| {
                let place = whole(k)?.checked_sub(1).zip(whole(stored + k)?.checked_sub(1));
                place.context("it is a damaged sparse matrix")
            })
            .collect::<Result<_>>()?;
        let entries = places.into_iter().enumerate().map(|(k, (row, column))| (row, column, values[2 * stored + k]));
        sparse(&size, entries, variable.kind)
    }
}
