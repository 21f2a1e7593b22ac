//! Numeric variables of a MATLAB level-5 file (`save` without -v7.3, `scipy.io.savemat`).

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use matfile::{MatFile, NumericData};
use ndarray::{Array2, ShapeBuilder};

/// Files beyond this are no var_u.mat; compressed ones could unpack to anything.
const MOST_BYTES: u64 = 256 << 20;

/// Reads a variable as a matrix, by name, or the only one there is.
///
/// # Errors
/// If the file cannot be read, has no such variable, or the variable is no real matrix of finite numbers.
pub fn read(path: &Path, name: Option<&str>) -> Result<Array2<f64>> {
    let shown = path.display();
    let file = std::fs::File::open(path).with_context(|| format!("cannot open {shown}"))?;
    let size = file.metadata().with_context(|| format!("cannot read {shown}"))?.len();
    ensure!(size <= MOST_BYTES, "{shown} has {size} bytes; MATLAB files are read up to {MOST_BYTES}");
    let mat = MatFile::parse(file).map_err(|_| {
        anyhow!(
            "{shown} is not a MATLAB level-5 file, or damaged (files saved with -v7.3 are HDF5: save them with -v7)"
        )
    })?;
    ensure!(!mat.arrays().is_empty(), "{shown} holds no numeric variable, or is cut short");
    let names = || mat.arrays().iter().map(matfile::Array::name).collect::<Vec<_>>().join(", ");
    let array = match name {
        Some(name) => mat
            .find_by_name(name)
            .ok_or_else(|| anyhow!("{shown} has no numeric variable {name}; it has: {}", names()))?,
        None if mat.arrays().len() == 1 => &mat.arrays()[0],
        None => bail!("{shown} has several variables ({}); name one of them", names()),
    };
    let name = array.name();
    let (values, imaginary) = numbers(array.data());
    ensure!(!imaginary, "{shown}: {name} is complex; a real matrix is needed");
    let &[rows, columns] = array.size().as_slice() else {
        bail!("{shown}: {name} has {} dimensions; a matrix is needed", array.ndims());
    };
    ensure!(
        rows.checked_mul(columns) == Some(values.len()),
        "{shown}: {name} claims {rows} x {columns} numbers but holds {}",
        values.len()
    );
    // MATLAB stores columns one after the other.
    let matrix = Array2::from_shape_vec((rows, columns).f(), values)?;
    if let Some(((row, column), value)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
        bail!("{shown}: {name} is {value} in row {row}, column {column}; finite numbers are needed");
    }
    Ok(matrix)
}

/// The values as f64, and whether there is an imaginary part.
#[allow(clippy::cast_lossless)] // one line for all types, lossless or not
fn numbers(data: &NumericData) -> (Vec<f64>, bool) {
    macro_rules! each_type {
        ($($variant:ident),*) => {
            match data {
                $(NumericData::$variant { real, imag } => (real.iter().map(|&v| v as f64).collect(), imag.is_some()),)*
            }
        };
    }
    each_type!(Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Single, Double)
}
