//! Data of one's own: an .npz with arrays `inputs`, [n × d], and `labels`, \[n] (or `X` and `y`), or a .csv whose last column is
//! the label. Labels are 0, 1, ….

use std::path::Path;

use anyhow::{Result, bail, ensure};
use ndarray::s;

use super::Task;
use super::labelled::labelled;
use crate::arrays::{self, npy};

/// Reads a task from an .npz file.
///
/// # Errors
/// If the file cannot be read or lacks an array, or its labels are none (see [`labelled`]).
pub fn npz(path: &Path) -> Result<Task> {
    let names = npy::names(path)?;
    let named = |choices: [&str; 2]| match choices.into_iter().find(|choice| names.iter().any(|name| name == choice)) {
        Some(name) => Ok(Path::new(&format!("{}:{name}", path.display())).to_owned()),
        None => bail!(
            "{} has arrays {}, but `{}` (or `{}`) is needed",
            path.display(),
            names.join(", "),
            choices[0],
            choices[1]
        ),
    };
    let (inputs, labels) = (arrays::read(&named(["inputs", "X"])?)?, arrays::read_labels(&named(["labels", "y"])?)?);
    labelled(super::name_of(path), inputs.mapv(|value| value as f32), &labels, &path.display().to_string())
}

/// Reads a task from a .csv file: patterns, then the label in the last column.
///
/// # Errors
/// If the file cannot be read, has one column only, or its labels are none (see [`labelled`]).
pub fn csv(path: &Path) -> Result<Task> {
    let shown = path.display();
    let table = arrays::read(path)?;
    let last = table.ncols() - 1;
    ensure!(last > 0, "{shown} has one column; inputs and, in the last column, labels are needed");
    let mut labels = Vec::with_capacity(table.nrows());
    for (row, &label) in table.column(last).iter().enumerate() {
        ensure!(
            label.fract() == 0.0 && label.abs() < 1e15,
            "{shown}: the label of pattern {row}, in the last column, is {label}; labels are whole numbers"
        );
        labels.push(label as i64);
    }
    let inputs = table.slice(s![.., ..last]).mapv(|value| value as f32);
    labelled(super::name_of(path), inputs, &labels, &shown.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_labels_is_a_task() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("points.csv");
        std::fs::write(&path, "a,b,label\n0.5,1,0\n2,3,1\n-1,0,2\n").unwrap();
        let task = csv(&path).unwrap();
        assert_eq!((task.name.as_str(), task.inputs.dim(), task.joint.n_y()), ("points", (3, 2), 3));
        std::fs::write(&path, "0.5,1,0\n2,3,0.5\n").unwrap();
        assert!(csv(&path).unwrap_err().to_string().contains("pattern 1"));
        std::fs::write(&path, "1\n2\n").unwrap();
        assert!(csv(&path).unwrap_err().to_string().contains("one column"));
    }
}
