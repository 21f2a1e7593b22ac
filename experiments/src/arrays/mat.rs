//! MATLAB files.
use anyhow::{Context, Result, anyhow};
use ndarray::Array2;
use std::path::Path;
/// Reads a variable.
///
/// # Errors
/// If it cannot.
pub fn read(path: &Path, name: Option<&str>) -> Result<Array2<f64>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mat = matfile::MatFile::parse(file).map_err(|e| anyhow!("{}: {e}", path.display()))?;
    let _ = (mat, name);
    Err(anyhow!("not yet"))
}
