//! The certified Information Bottleneck bound of a joint that Python holds.

use anyhow::{Result, bail, ensure};
use infoplane_experiments::arrays::Array;
use infoplane_experiments::joint_file;
use infoplane_info::bottleneck::{Curve, LayerTest, Problem, Query, Solution};
use infoplane_info::{Encoder, JointDistribution};
use numpy::{IntoPyArray, PyReadonlyArray2, PyReadonlyArrayDyn};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::sentence;

/// The curve without a number of points, as `ib-curve` draws it: nowhere wider than this, with so many knots at most.
const WIDTH_BITS: f64 = 1e-6;
const MOST_KNOTS: usize = 3000;
/// The curve that an encoder is held to, which is known in both directions.
const KNOTS_BOTH_WAYS: usize = 10_000;
/// Points of a curve that is straight.
const ENDS: usize = 2;
/// More points than this are a slip of the pen.
const MOST_POINTS: usize = 100_000;
/// Probabilities of a row add up to 1 within this.
const SUM_TOLERANCE: f64 = 1e-9;

/// A joint p(x, y) and its bottleneck.
#[pyclass(module = "infoplane._native", frozen)]
#[derive(Debug)]
pub struct Bottleneck {
    joint: JointDistribution,
    problem: Problem,
    #[pyo3(get)]
    described: String,
    /// The sum of the numbers, where that was not 1.
    #[pyo3(get)]
    normalised_from: Option<f64>,
}

#[pymethods]
impl Bottleneck {
    #[new]
    fn new(py: Python, name: String, numbers: PyReadonlyArrayDyn<f64>, stored: &str) -> PyResult<Self> {
        let array = Array::new(numbers.as_array().into(), stored, name);
        py.detach(|| {
            let file = joint_file::of_array(array)?;
            let problem = Problem::new(&file.joint);
            let (described, normalised_from) = (file.described, file.normalised_from);
            Ok(Self { joint: file.joint, problem, described, normalised_from })
        })
        .map_err(sentence)
    }

    /// I(X;Y) in bits: the most that any T knows of Y.
    #[getter]
    fn i_xy_bits(&self) -> f64 {
        self.problem.i_xy_bits()
    }

    /// H(X) in bits.
    #[getter]
    fn h_x_bits(&self) -> f64 {
        self.problem.h_x_bits()
    }

    fn at_beta<'py>(&self, py: Python<'py>, betas: Vec<f64>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let optima = py.detach(|| self.problem.solve_all(&betas)).map_err(|error| sentence(error.into()))?;
        optima.iter().map(|optimum| self.optimum(py, optimum)).collect()
    }

    fn at_i_xt<'py>(&self, py: Python<'py>, bits: f64) -> PyResult<Bound<'py, PyDict>> {
        query(py, &py.detach(|| self.problem.best_i_ty(bits)).map_err(|error| sentence(error.into()))?)
    }

    fn at_i_ty<'py>(&self, py: Python<'py>, bits: f64) -> PyResult<Bound<'py, PyDict>> {
        query(py, &py.detach(|| self.problem.least_i_xt(bits)).map_err(|error| sentence(error.into()))?)
    }

    /// Optima along the curve, and how wide the curve is between them in bits of I(T;Y).
    #[pyo3(signature = (points=None))]
    fn curve<'py>(&self, py: Python<'py>, points: Option<usize>) -> PyResult<(Vec<Bound<'py, PyDict>>, f64)> {
        let curve = py.detach(|| self.knots(points)).map_err(sentence)?;
        let optima = curve.knots().iter().map(|optimum| self.optimum(py, optimum)).collect::<PyResult<_>>()?;
        Ok((optima, curve.width_bits()))
    }

    /// An encoder p(t|x) [|X| × |T|] against the bound.
    fn gap<'py>(&self, py: Python<'py>, table: PyReadonlyArray2<f64>) -> PyResult<Bound<'py, PyDict>> {
        let table = table.as_array().to_owned();
        let test = py.detach(|| self.tested(&table)).map_err(sentence)?;
        let found = PyDict::new(py);
        found.set_item("i_xt_bits", test.i_xt)?;
        found.set_item("i_ty_bits", test.i_ty)?;
        found.set_item("vertical_lower_bits", test.vertical_gap.0)?;
        found.set_item("vertical_upper_bits", test.vertical_gap.1)?;
        found.set_item("horizontal_lower_bits", test.horizontal_gap.0)?;
        found.set_item("horizontal_upper_bits", test.horizontal_gap.1)?;
        found.set_item("beta", test.beta)?;
        found.set_item("residual_bits", test.residual)?;
        Ok(found)
    }
}

impl Bottleneck {
    fn knots(&self, points: Option<usize>) -> Result<Curve> {
        let curve = match points {
            Some(points) if !(1..=MOST_POINTS).contains(&points) => {
                bail!("points is {points}; give a number between 1 and {MOST_POINTS}")
            }
            Some(points) => Curve::with_points(&self.problem, points)?,
            None => Curve::refined(&self.problem, WIDTH_BITS, MOST_KNOTS)?,
        };
        // A straight curve is known from its ends, without a point of its own.
        Ok(if curve.knots().is_empty() { Curve::with_points(&self.problem, ENDS)? } else { curve })
    }

    fn tested(&self, table: &ndarray::Array2<f64>) -> Result<LayerTest> {
        let (rows, n_x) = (table.nrows(), self.joint.n_x());
        ensure!(rows == n_x, "the encoder has {rows} rows, but p(x, y) has {n_x} x's; row x is p(t|x)");
        for (x, row) in table.outer_iter().enumerate() {
            if let Some(p) = row.iter().find(|p| !p.is_finite() || **p < 0.0) {
                bail!("the encoder's row {x} has the entry {p}; probabilities are finite and at least 0");
            }
            let sum = row.sum();
            ensure!((sum - 1.0).abs() <= SUM_TOLERANCE, "the encoder's row {x} adds up to {sum}, not to 1");
        }
        let curve = Curve::refined_both_ways(&self.problem, WIDTH_BITS, KNOTS_BOTH_WAYS)?;
        Ok(LayerTest::new(&self.joint, &self.problem, &curve, &Encoder::of_table(table), WIDTH_BITS))
    }

    fn optimum<'py>(&self, py: Python<'py>, optimum: &Solution) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        found.set_item("beta", optimum.beta)?;
        found.set_item("i_xt_bits", optimum.i_xt)?;
        found.set_item("i_ty_bits", optimum.i_ty)?;
        found.set_item("lagrangian_bits", optimum.lagrangian)?;
        found.set_item("gap_bits", optimum.gap_bits)?;
        found.set_item("proof", optimum.proof.to_string())?;
        found.set_item("atoms", optimum.atoms())?;
        found.set_item("is_open", optimum.is_open())?;
        found.set_item("encoder", optimum.encoder(&self.problem).into_pyarray(py))?;
        Ok(found)
    }
}

fn query<'py>(py: Python<'py>, query: &Query) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    found.set_item("at", query.at)?;
    found.set_item("lower", query.lower)?;
    found.set_item("upper", query.upper)?;
    found.set_item("beta", query.beta)?;
    found.set_item("proof", query.proof.to_string())?;
    found.set_item("is_open", query.is_open())?;
    Ok(found)
}
