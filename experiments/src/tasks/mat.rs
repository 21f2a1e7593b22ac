//! A data file in the format of the authors' var_u.mat: MATLAB variables F (n × d patterns) and y (n labels in {0, 1}).

use std::path::Path;

use anyhow::{Result, ensure};

use super::Task;
use super::labelled::labelled;
use crate::arrays::mat;

/// Reads a task whose n patterns are equally likely.
///
/// # Errors
/// If the file is not such a file, F and y disagree, or a label is neither 0 nor 1.
pub fn load(path: &Path) -> Result<Task> {
    let inputs = mat::read(path, Some("F"))?;
    let labels = mat::read(path, Some("y"))?;
    let shown = path.display();
    let (rows, columns) = inputs.dim();
    ensure!(rows > 0 && columns > 0, "{shown}: F has no patterns ({rows} x {columns})");
    ensure!(
        labels.len() == rows && labels.dim().0.min(labels.dim().1) == 1,
        "{shown}: F has {rows} patterns, so y must be a vector of {rows} labels, but it is {} x {}",
        labels.dim().0,
        labels.dim().1
    );
    let labels: Vec<f64> = labels.iter().copied().collect();
    if let Some(row) = labels.iter().position(|&y| y != 0.0 && y != 1.0) {
        anyhow::bail!("{shown}: label {row} of y is {}; labels must be 0 or 1", labels[row]);
    }
    let labels: Vec<i64> = labels.into_iter().map(|label| label as i64).collect();
    labelled(super::name_of(path), inputs.mapv(|value| value as f32), &labels, &shown.to_string())
}
