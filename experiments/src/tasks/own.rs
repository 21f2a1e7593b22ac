//! Data of one's own: an .npz with arrays `inputs`, [n × d], and `labels`, \[n] (or `X` and `y`), or a table as text whose last column
//! is the label. Labels are whole numbers, words, or one-hot.

use std::path::Path;

use anyhow::{Result, bail};

use super::Task;
use super::labelled::labelled;
use crate::arrays::labels::of_array;
use crate::arrays::{self, Array, Labels};

/// Reads a task from an .npz file.
///
/// # Errors
/// If the file cannot be read or lacks an array, or its labels are none (see [`labelled`]).
pub fn npz(path: &Path) -> Result<Task> {
    let (inputs, labels) = pair(path, &[("inputs", "labels"), ("X", "y")])?;
    labelled(super::name_of(path), inputs, labels, &path.display().to_string())
}

/// Reads a task from a table as text: patterns, then the label in the last column.
///
/// # Errors
/// If the file cannot be read, has one column only, or its labels are none (see [`labelled`]).
pub fn table(path: &Path) -> Result<Task> {
    let (inputs, labels) = arrays::read_with_labels(path)?;
    labelled(super::name_of(path), inputs, labels, &path.display().to_string())
}

/// Inputs and labels from a file of named arrays, by the first pair of names that it has.
///
/// # Errors
/// If it cannot be read, or has no such pair.
pub fn pair(path: &Path, choices: &[(&str, &str)]) -> Result<(Array<'static>, Labels)> {
    let names = arrays::names(path)?;
    let has = |name: &str| names.iter().any(|other| other == name);
    let Some((inputs, labels)) = choices.iter().find(|(inputs, labels)| has(inputs) && has(labels)) else {
        let wanted: Vec<String> = choices.iter().map(|(inputs, labels)| format!("`{inputs}` and `{labels}`")).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        bail!("{} has arrays {there}, but {} are needed", path.display(), wanted.join(", or "));
    };
    Ok((arrays::open_named(path, inputs)?, of_array(path, labels)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_labels_is_a_task() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, "a,b,label\n0.5,1,0\n2,3,1\n-1,0,2\n").unwrap();
        let task = table(&path).unwrap();
        assert_eq!((task.name.as_str(), task.inputs.dim(), task.joint.n_y()), ("points", (3, 2), 3));
        std::fs::write(&path, "a,b,species\n0.5,1,ox\n2,3,cat\n-1,0,ox\n").unwrap();
        let task = table(&path).unwrap();
        assert_eq!((task.inputs.dim(), task.joint.certain_label(1)), ((3, 2), Some(0)));
        std::fs::write(&path, "0.5,1,0\n2,3,0.5\n").unwrap();
        assert!(table(&path).unwrap_err().to_string().contains("label 1 is 0.5"));
        std::fs::write(&path, "1\n2\n").unwrap();
        assert!(table(&path).unwrap_err().to_string().contains("one column"));
    }
}
