//! A data file in the format of the authors' var_u.mat: MATLAB variables F (n × d patterns) and y (n labels); or `inputs` and
//! `labels`, or `X` and `y`.

use std::path::Path;

use anyhow::Result;

use super::Task;
use super::labelled::labelled;
use super::own::pair;

/// Reads a task whose n patterns are equally likely.
///
/// # Errors
/// If the file is not such a file, or patterns and labels disagree.
pub fn load(path: &Path) -> Result<Task> {
    let (inputs, labels) = pair(path, &[("F", "y"), ("inputs", "labels"), ("X", "y")])?;
    labelled(super::name_of(path), inputs, labels, &path.display().to_string())
}
