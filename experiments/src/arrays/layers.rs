//! Many layers at once: several files, a folder of them, all arrays of a file, a whole training run in one array.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use ndarray::Axis;

use super::header::First;
use super::labels::{LabelFile, Labels, Rows};
use super::{Array, Samples, source};

/// What files of arrays end in.
const ENDS: [&str; 7] = ["npy", "npz", "csv", "tsv", "txt", "safetensors", "mat"];

/// Layers, and what belongs to them row by row.
#[derive(Debug)]
pub struct Read<'a> {
    /// Activations of each layer.
    pub layers: Vec<Samples<'a>>,
    /// The labels.
    pub labels: Labels,
    /// The inputs, if they were named.
    pub inputs: Option<Samples<'a>>,
}

/// Reads layers [n × d], n labels, and inputs [n × d_x] if there are any.
///
/// # Errors
/// If a file cannot be read, or their numbers of rows differ.
pub fn read(layers: &[PathBuf], labels: &Path, inputs: Option<&Path>) -> Result<Read<'static>> {
    let except: Vec<&Path> = std::iter::once(labels).chain(inputs).collect();
    let arrays = arrays(layers, &except)?;
    let file = LabelFile::open(labels)?;
    // What headers say of rows costs nothing, before numbers are read that do not belong together.
    for array in arrays.iter().map(PathBuf::as_path).chain(inputs) {
        if let Some(shape) = super::shape(array)?
            && !shape.iter().take(2).any(|&rows| file.may_have(rows))
        {
            return Err(mismatch(&array.display().to_string(), &shape, &file));
        }
    }
    together(arrays.iter().map(|path| super::open(path)), file, inputs.map(super::open))
}

/// Takes layers, labels and inputs that belong together row by row, as they come.
///
/// # Errors
/// If their numbers of rows differ, or one cannot be had.
pub fn together<'a>(
    layers: impl IntoIterator<Item = Result<Array<'a>>>,
    labels: LabelFile,
    inputs: Option<Result<Array<'a>>>,
) -> Result<Read<'a>> {
    let fits = |rows: usize| labels.may_have(rows);
    let (mut found, mut expected) = (Vec::new(), None);
    let mut take = |array: Array<'a>, name: &str| {
        let shape = array.values.shape();
        let rows = shape.first().copied().unwrap_or(1);
        let expected = expected.get_or_insert(Rows { count: rows, under_numbers: false });
        if !fits(rows) || rows != expected.count {
            return Err(mismatch(name, shape, &labels));
        }
        expected.under_numbers |= array.first == First::Numbers;
        array.samples()
    };
    for array in layers {
        let array = array?;
        let name = array.name.clone();
        for layer in split(array, fits)? {
            found.push(take(layer, &name)?);
        }
    }
    let of_inputs = |array: Result<Array<'a>>| {
        let array = array?;
        let name = array.name.clone();
        take(array, &name)
    };
    let inputs = inputs.map(of_inputs).transpose()?;
    Ok(Read { layers: found, labels: labels.labels(expected)?, inputs })
}

fn mismatch(array: &str, shape: &[usize], labels: &LabelFile) -> Error {
    let rows = shape.first().copied().unwrap_or(1);
    let (labels, n) = (labels.name(), labels.rows());
    let hint = if rows == n + 1 { " (if its first line is a header, write names in it)" } else { "" };
    anyhow!("{array} has {rows} rows, but {labels} has {n} labels; each row needs one label{hint}")
}

/// The single arrays that arguments stand for, in order: files of a folder by name (`layer2` before `layer10`), arrays of a file in
/// its own order. What is read as something else (`except`) is none of them.
///
/// # Errors
/// If a folder or file cannot be read, or has no array.
pub fn arrays(arguments: &[PathBuf], except: &[&Path]) -> Result<Vec<PathBuf>> {
    let mut arrays = Vec::new();
    for argument in arguments {
        let files = if argument.is_dir() { files(argument)? } else { vec![argument.clone()] };
        for file in files {
            arrays.extend(of_file(&file)?);
        }
    }
    let is_other = |array: &PathBuf| except.iter().any(|other| source::split_name(other) == source::split_name(array));
    if arrays.len() > 1 {
        arrays.retain(|array| !is_other(array));
    }
    Ok(arrays)
}

/// A folder's files of arrays.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {shown}"))?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()
        .with_context(|| format!("cannot read {shown}"))?;
    files.retain(|path| path.is_file() && ENDS.contains(&source::extension(path).0.as_str()));
    ensure!(!files.is_empty(), "the folder {shown} has no .{} file", ENDS.join(", ."));
    files.sort_by_key(|path| natural(&path.to_string_lossy()));
    Ok(files)
}

/// A name in which numbers count as numbers.
fn natural(name: &str) -> Vec<(u128, String)> {
    let mut parts: Vec<(u128, String)> = vec![(0, String::new())];
    for c in name.chars() {
        let last = parts.len() - 1;
        match c.to_digit(10) {
            Some(digit) if parts[last].1.is_empty() => {
                parts[last].0 = parts[last].0.saturating_mul(10).saturating_add(u128::from(digit));
            }
            Some(digit) => parts.push((u128::from(digit), String::new())),
            None => parts[last].1.push(c),
        }
    }
    parts
}

/// The arrays of a file, each by its name if there are several and none is named.
fn of_file(argument: &Path) -> Result<Vec<PathBuf>> {
    let (path, name) = source::split_name(argument);
    if name.is_some() {
        return Ok(vec![argument.to_owned()]);
    }
    let names = super::names(&path)?;
    if names.len() < 2 {
        return Ok(vec![argument.to_owned()]);
    }
    let named = |name: String| {
        let mut path = path.clone().into_os_string();
        path.push(":");
        path.push(name);
        PathBuf::from(path)
    };
    Ok(names.into_iter().map(named).collect())
}

/// The layers in an array for rows of which `fits` says how many there may be: itself; or, if its second dimension is the rows and its first
/// is not, a layer for each entry of the first, as [epochs × rows × columns] has a whole training run.
///
/// # Errors
/// If only its second dimension fits, and it has no third.
pub fn split(array: Array<'_>, fits: impl Fn(usize) -> bool) -> Result<Vec<Array<'_>>> {
    let shape = array.values.shape();
    let (first, second) = (shape.first().copied().unwrap_or(0), shape.get(1).copied().unwrap_or(0));
    if fits(first) || shape.len() < 2 || !fits(second) {
        return Ok(vec![array]);
    }
    if shape.len() == 2 {
        bail!(
            "{} has {first} rows and {second} columns, and there are {second} labels: rows are samples, so save it transposed (a.T); or, if it \
             is {first} epochs of one unit, as a[:, :, None]",
            array.name
        );
    }
    let note = |epoch: usize| {
        let notes = format!("the first dimension, {first}, is taken for epochs");
        if epoch == 0 { vec![notes] } else { Vec::new() }
    };
    let of_epoch = |epoch: usize| Array {
        name: format!("{}[{epoch}]", array.name),
        values: array.values.index_axis(Axis(0), epoch).to_owned().into(),
        stored: array.stored.clone(),
        notes: [array.notes.clone(), note(epoch)].concat(),
        first: array.first,
        epoch: Some((array.name.clone(), epoch)),
    };
    Ok((0..first).map(of_epoch).collect())
}
