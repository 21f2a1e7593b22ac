//! What Python sees of infoplane: thin functions over the code that the programs run. Names, types and words are made in Python
//! (`infoplane/`); numbers and sentences come from here.
//!
//! Arrays come as contiguous f64 and are borrowed, not copied; the interpreter is free while this crate computes, so nobody may write
//! into an array that is being measured.

// pyo3's macros write functions that the interpreter calls, which cannot be safe; there is no `unsafe` of our own.
#![allow(unsafe_code)]

mod bottleneck;
mod estimates;

use std::path::PathBuf;

use infoplane_experiments::arrays::numbers::exact;
use infoplane_experiments::report::Report;
use numpy::{IntoPyArray, PyArrayDyn, PyReadonlyArrayDyn};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Every error is one sentence, the one that the programs print.
fn sentence(error: anyhow::Error) -> PyErr {
    PyValueError::new_err(format!("{error:#}"))
}

/// Whole numbers of 64 bits as f64, refused where neighbours would merge.
#[pyfunction]
fn whole<'py>(py: Python<'py>, name: &str, numbers: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let of = |number: i128| exact(number).map_err(|error| sentence(error.context(format!("cannot read {name}"))));
    let converted = if let Ok(array) = numbers.extract::<PyReadonlyArrayDyn<i64>>() {
        array.as_array().iter().map(|&number| of(i128::from(number))).collect::<PyResult<Vec<f64>>>()?
    } else {
        let array: PyReadonlyArrayDyn<u64> = numbers.extract()?;
        array.as_array().iter().map(|&number| of(i128::from(number))).collect::<PyResult<Vec<f64>>>()?
    };
    let shape: Vec<usize> = numbers.getattr("shape")?.extract()?;
    let array = ndarray::ArrayD::from_shape_vec(shape, converted).map_err(|error| sentence(error.into()))?;
    Ok(array.into_pyarray(py))
}

/// One page of the finished runs below these folders.
#[pyfunction]
fn report(py: Python, folders: Vec<PathBuf>, file: PathBuf) -> PyResult<()> {
    py.detach(|| Report::gather(&folders)?.write(&file)).map_err(sentence)
}

/// The compiled half of the package.
#[pymodule]
#[pyo3(name = "_native")]
fn native(module: &Bound<PyModule>) -> PyResult<()> {
    module.add("__version__", infoplane_experiments::version::HERE)?;
    module.add_function(wrap_pyfunction!(whole, module)?)?;
    module.add_function(wrap_pyfunction!(report, module)?)?;
    module.add_function(wrap_pyfunction!(estimates::layers, module)?)?;
    module.add_function(wrap_pyfunction!(estimates::describe, module)?)?;
    module.add_function(wrap_pyfunction!(estimates::samples, module)?)?;
    module.add_class::<bottleneck::Bottleneck>()
}
