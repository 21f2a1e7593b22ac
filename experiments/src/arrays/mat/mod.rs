//! Variables of MATLAB files: level 4 (`save -v4`) and level 5 (`save` without -v7.3, Octave's `save -v7`, `scipy.io.savemat`).
//!
//! Numbers of any dimension, full or sparse, are read; the first dimension is the rows, as in every other format. What is in a file
//! besides (structs, cells, text, objects) is named, not read. Files are streamed: nothing is inflated but the variable wanted.

mod level4;
mod level5;

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

use super::numbers::{Kind, MOST_NUMBERS};
use super::{Content, choose};

/// A sparse matrix is as large as it says, whatever the file holds: at most so many numbers, 512 MiB.
const MOST_OF_SPARSE: usize = 1 << 26;

/// Reads a variable, by name, or the only one with numbers.
///
/// # Errors
/// If the file cannot be read, has no such variable, or the variable is none of real numbers.
pub fn read(path: &Path, name: Option<&str>) -> Result<Content> {
    let shown = path.display().to_string();
    let variables = variables(path)?;
    if let Some((_, Some(kind))) = name.and_then(|name| variables.iter().find(|(other, _)| other == name)) {
        bail!("{shown}: {} is {kind}", name.unwrap_or_default());
    }
    let numeric: Vec<String> =
        variables.iter().filter(|(_, what)| what.is_none()).map(|(name, _)| name.clone()).collect();
    if let ([], Some((name, Some(kind)))) = (numeric.as_slice(), variables.first()) {
        bail!("{shown} holds no variable of numbers; {name} is {kind}");
    }
    let name = choose(&numeric, name, &shown)?;
    let mut found = None;
    each(path, &mut |variable, body| {
        if variable.name != *name {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(body.numbers(variable)?);
        Ok(ControlFlow::Break(()))
    })
    .with_context(|| format!("cannot read the variable {name} of {shown}"))?;
    found.with_context(|| format!("{shown} has changed while it was read"))
}

/// The names of a file's variables of numbers, in its order.
///
/// # Errors
/// If the file cannot be read.
pub fn names(path: &Path) -> Result<Vec<String>> {
    Ok(variables(path)?.into_iter().filter(|(_, what)| what.is_none()).map(|(name, _)| name).collect())
}

/// Every variable, with what it is if it is no array of numbers.
fn variables(path: &Path) -> Result<Vec<(String, Option<&'static str>)>> {
    let mut variables = Vec::new();
    each(path, &mut |variable, _| {
        variables.push((variable.name.clone(), variable.unread));
        Ok(ControlFlow::Continue(()))
    })
    .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(variables)
}

/// What stands before a variable's numbers.
struct Variable {
    name: String,
    shape: Vec<usize>,
    kind: Kind,
    is_sparse: bool,
    /// What it is instead, and what to do, if it is no array of real numbers.
    unread: Option<&'static str>,
}

/// The numbers of a variable, not read yet.
trait Body {
    fn numbers(&mut self, variable: &Variable) -> Result<Content>;
}

type Visit<'a> = dyn FnMut(&Variable, &mut dyn Body) -> Result<ControlFlow<()>> + 'a;

/// Visits a file's variables in order.
fn each(path: &Path, visit: &mut Visit) -> Result<()> {
    let mut file = BufReader::new(File::open(path)?);
    let mut start = Vec::new();
    file.by_ref().take(128).read_to_end(&mut start)?;
    file.rewind()?;
    ensure!(
        !start.starts_with(b"# Created by Octave") && !start.starts_with(b"Octave-1-"),
        "it is Octave's own format: save -v7 file.mat names"
    );
    ensure!(start.len() >= 20, "it is no MATLAB file, or cut short");
    // Level 5 begins with text, level 4 with a small number.
    if start[..4].contains(&0) { level4::each(file, visit) } else { level5::each(file, &start, visit) }
}

/// Numbers in MATLAB's order, the first index fastest, as an array.
fn full(shape: &[usize], values: Vec<f64>, kind: Kind) -> Result<Content> {
    Ok(Content::Numbers(ArrayD::from_shape_vec(IxDyn(shape).f(), values)?, kind))
}

/// How many numbers a shape has.
fn count(shape: &[usize]) -> Result<usize> {
    let count = shape.iter().try_fold(1_usize, |all, &size| all.checked_mul(size));
    count.filter(|&count| count <= MOST_NUMBERS).with_context(|| {
        format!("it has the shape {shape:?}, and at most {MOST_NUMBERS} numbers (2 GiB in double precision) are read")
    })
}

/// A sparse matrix, from its entries (row, column, value) from 0, as a full one.
fn sparse(shape: &[usize], entries: impl Iterator<Item = (usize, usize, f64)>, kind: Kind) -> Result<Content> {
    let &[rows, columns] = shape else { bail!("it is sparse, but of {} dimensions", shape.len()) };
    let count = rows.checked_mul(columns).filter(|&count| count <= MOST_OF_SPARSE).with_context(|| {
        format!("it is a sparse matrix of {rows} x {columns}; full, at most {MOST_OF_SPARSE} numbers are held")
    })?;
    let mut values = vec![0.0; count];
    for (row, column, value) in entries {
        ensure!(row < rows && column < columns, "it is damaged: an entry of a sparse matrix lies outside");
        values[column * rows + row] = value;
    }
    full(shape, values, kind)
}
