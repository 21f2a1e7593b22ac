//! `estimate`, `pair`, `conditional` and `describe`: arrays in, rows as dictionaries out, through the code of the program `estimate`.

use anyhow::{Result, anyhow, ensure};
use infoplane_experiments::arrays::labels::LabelFile;
use infoplane_experiments::arrays::layers::together;
use infoplane_experiments::arrays::{Array, Samples};
use infoplane_experiments::estimation::{EstimateRow, Layers, Resampling, Wanted, conditional_of, of_classes, pair_of};
use numpy::PyReadonlyArrayDyn;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::sentence;

/// An array: its name, its numbers, and how they were stored before they became f64.
type Numbers<'py> = (String, PyReadonlyArrayDyn<'py, f64>, String);
/// Numbers or words, with the same about them.
type NumbersOrWords<'py> = (String, Bound<'py, PyAny>, String);

/// What the data look like, a line for each array, and the rows of numbers.
type Answer<'py> = (Vec<String>, Vec<Bound<'py, PyDict>>);

fn borrowed<'a>((name, numbers, stored): &'a Numbers) -> Array<'a> {
    Array::new(numbers.as_array().into(), stored, name.clone())
}

/// Labels are copied: one number or word for each row.
fn labels((name, labels, stored): &NumbersOrWords) -> PyResult<LabelFile> {
    if let Ok(numbers) = labels.extract::<PyReadonlyArrayDyn<f64>>() {
        return Ok(LabelFile::of_array(Array::new(numbers.as_array().to_owned().into(), stored, name.clone())));
    }
    Ok(LabelFile::of_words(labels.extract()?, name.clone()))
}

fn wanted(estimators: &[String]) -> PyResult<Vec<Wanted>> {
    let parsed = estimators.iter().map(|text| text.parse().map_err(|error| anyhow!("{error}")));
    parsed.collect::<Result<_>>().map_err(sentence)
}

/// I(X;T) and I(T;Y) of layers.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // keyword arguments of a function of Python
pub fn layers<'py>(
    py: Python<'py>,
    t: Vec<Numbers<'py>>,
    y: NumbersOrWords<'py>,
    x: Option<Numbers<'py>>,
    groups: Option<NumbersOrWords<'py>>,
    estimators: Vec<String>,
    shuffle: usize,
    bootstrap: usize,
) -> PyResult<Answer<'py>> {
    let (wanted, y) = (wanted(&estimators)?, labels(&y)?);
    let groups = groups.as_ref().map(labels).transpose()?;
    let resampling = Resampling { permutations: shuffle, halves: bootstrap };
    let arrays: Vec<Array> = t.iter().map(borrowed).collect();
    let inputs = x.as_ref().map(borrowed);
    let name = y.name().to_owned();
    let (lines, rows) = py
        .detach(|| {
            let read = together(arrays.into_iter().map(Ok), y, inputs.map(Ok))?;
            let layers = Layers::of(read, name, groups.map(Ok))?;
            Ok((layers.described(), layers.estimate(&wanted, resampling)))
        })
        .map_err(sentence)?;
    Ok((lines, dictionaries(py, &rows)?))
}

/// What layers, labels and inputs look like.
#[pyfunction]
pub fn describe<'py>(
    py: Python<'py>,
    t: Vec<Numbers<'py>>,
    y: NumbersOrWords<'py>,
    x: Option<Numbers<'py>>,
    groups: Option<NumbersOrWords<'py>>,
) -> PyResult<Vec<String>> {
    let y = labels(&y)?;
    let groups = groups.as_ref().map(labels).transpose()?;
    let arrays: Vec<Array> = t.iter().map(borrowed).collect();
    let inputs = x.as_ref().map(borrowed);
    let name = y.name().to_owned();
    py.detach(|| {
        let read = together(arrays.into_iter().map(Ok), y, inputs.map(Ok))?;
        Ok(Layers::of(read, name, groups.map(Ok))?.described())
    })
    .map_err(sentence)
}

/// I(A;B) of two samples, or I(A;B|C) of three, of which any may be words.
#[pyfunction]
pub fn samples<'py>(
    py: Python<'py>,
    sides: Vec<NumbersOrWords<'py>>,
    groups: Option<NumbersOrWords<'py>>,
    estimators: Vec<String>,
    shuffle: usize,
    bootstrap: usize,
) -> PyResult<Answer<'py>> {
    let wanted = wanted(&estimators)?;
    let groups = groups.as_ref().map(labels).transpose()?;
    let resampling = Resampling { permutations: shuffle, halves: bootstrap };
    // Numbers stay held, so that they can be borrowed; words become columns.
    let held: Vec<Option<PyReadonlyArrayDyn<f64>>> = sides.iter().map(|side| side.1.extract().ok()).collect();
    let mut arrays: Vec<Result<Array, (String, LabelFile)>> = Vec::new();
    for (side, numbers) in sides.iter().zip(&held) {
        arrays.push(match numbers {
            Some(numbers) => Ok(Array::new(numbers.as_array().into(), &side.2, side.0.clone())),
            None => Err((side.0.clone(), labels(side)?)),
        });
    }
    let is_pair = arrays.len() == 2;
    let (lines, rows) = py
        .detach(|| {
            let mut samples: Vec<Samples> = Vec::new();
            for side in arrays {
                samples.push(match side {
                    Ok(array) => array.samples()?,
                    Err((name, words)) => {
                        ensure!(!is_pair, "{name} holds words; numbers are needed");
                        of_classes(&name, &words.labels(None)?)?
                    }
                });
            }
            if is_pair {
                pair_of(samples, &wanted, resampling, groups.map(Ok))
            } else {
                conditional_of(samples, &wanted, groups.map(Ok))
            }
        })
        .map_err(sentence)?;
    Ok((lines, dictionaries(py, &rows)?))
}

fn dictionaries<'py>(py: Python<'py>, rows: &[EstimateRow]) -> PyResult<Vec<Bound<'py, PyDict>>> {
    rows.iter().map(|row| dictionary(py, row)).collect()
}

/// A row under the names of the program's columns, and what it says beside them.
fn dictionary<'py>(py: Python<'py>, row: &EstimateRow) -> PyResult<Bound<'py, PyDict>> {
    let dictionary = PyDict::new(py);
    macro_rules! put {
        ($($column:ident),* $(,)?) => { $(dictionary.set_item(stringify!($column), &row.$column)?;)* };
    }
    put!(
        layer,
        epoch,
        rows,
        estimator,
        i_xt_bits,
        i_xt_is_infinite,
        i_xt_lower_bits,
        i_xt_upper_bits,
        i_xt_standard_error_bits,
        i_ty_bits,
        i_ty_standard_error_bits,
        p_value,
        null_mean_bits,
        interval_lower_bits,
        interval_upper_bits,
        spread_lower_bits,
        spread_upper_bits,
        classes,
        h_y_bits,
        i_xt_word,
        i_ty_word,
        i_xt_standing,
        i_ty_standing,
        refused,
        notes,
    );
    Ok(dictionary)
}
