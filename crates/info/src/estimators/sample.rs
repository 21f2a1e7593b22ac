//! What an estimator looks at.

use ndarray::{Array2, ArrayView2, Axis};

use super::error::EstimateError;
use super::ksg::labelled_without_copies;
use crate::description::{Description, Values};
use crate::distribution::JointDistribution;
use crate::information::{Estimate, Information};
use crate::partition::Partition;

/// What an estimator looks at: one representation T of every x.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Activations, shape [n × d]: row i is t(x_i).
    pub t: ArrayView2<'a, f64>,
    /// p(x, y) over the same n rows.
    pub joint: &'a JointDistribution,
    /// Net inputs, shape [n × d], before the nonlinearity, where known.
    pub net_input: Option<ArrayView2<'a, f64>>,
    /// Inputs, shape [n × d_x], where known.
    pub inputs: Option<ArrayView2<'a, f64>>,
    /// Which rows are the same x, where known; otherwise every row is an x of its own.
    pub same_x: Option<&'a Partition>,
}

impl<'a> Sample<'a> {
    /// Checks that there is one row of finite numbers for each x.
    ///
    /// # Errors
    /// If there is nothing to measure, the rows do not match p(x), or a value is not finite.
    pub fn new(t: ArrayView2<'a, f64>, joint: &'a JointDistribution) -> Result<Self, EstimateError> {
        if t.nrows() != joint.n_x() {
            return Err(EstimateError::Rows { activations: t.nrows(), joint: joint.n_x() });
        }
        if t.ncols() == 0 {
            return Err(EstimateError::NoUnits);
        }
        check_finite(t)?;
        Ok(Self { t, joint, net_input: None, inputs: None, same_x: None })
    }

    /// Adds net inputs, shape [n × d].
    ///
    /// # Errors
    /// If their shape is not that of the activations, or a value is not finite.
    pub fn with_net_input(self, z: ArrayView2<'a, f64>) -> Result<Self, EstimateError> {
        Sample::new(z, self.joint)?;
        Ok(Self { net_input: Some(z), ..self })
    }

    /// Adds inputs, shape [n × d_x], and which rows of them are equal (see [`Partition::of_rows`]): those are one x.
    ///
    /// # Errors
    /// If there is not one row for each row of activations, or a value is not finite.
    pub fn with_inputs(self, x: ArrayView2<'a, f64>, same_x: &'a Partition) -> Result<Self, EstimateError> {
        Sample::new(x, self.joint)?;
        if same_x.cell().len() != x.nrows() {
            return Err(EstimateError::Rows { activations: x.nrows(), joint: same_x.cell().len() });
        }
        Ok(Self { inputs: Some(x), same_x: Some(same_x), ..self })
    }

    /// The information of a discrete T. With I(T;Y) over rows; I(X;T) = H(T) − H(T|X), which is H(T) unless equal x's have
    /// different t's.
    pub fn discrete(&self, t: &Partition) -> Information {
        let mut information = t.information(self.joint);
        if let Some(same_x) = self.same_x {
            let p = self.joint.p_x();
            let both = t.refine(same_x);
            let i_xt = t.entropy(p) + same_x.entropy(p) - both.entropy(p);
            information.i_xt = Estimate::exact(i_xt.max(0.0));
        }
        information
    }

    /// The rows that are no copies of an earlier one, of a sample whose rows repeat though its values do not (see
    /// [`Description::copies`]): same t, same label. None if there are no copies. Copies are no further draws.
    pub fn without_copies(&self) -> Option<Vec<usize>> {
        let rows = labelled_without_copies(self.t, &self.labels().ok()?)?;
        (rows.len() < self.t.nrows()).then_some(rows)
    }

    /// Some of the rows, p(x) of them made to sum to 1.
    ///
    /// # Errors
    /// If those rows have no weight.
    pub fn select(&self, rows: &[usize]) -> Result<Selection, EstimateError> {
        let of = |values: ArrayView2<f64>| values.select(Axis(0), rows);
        let mut p = self.joint.p_x().select(Axis(0), rows);
        p /= p.sum();
        let joint = self.joint.select(rows, p).map_err(|_| EstimateError::Degenerate {
            what: "p(x) of some of the rows",
            advice: "give rows without weights, or ask for no interval",
        })?;
        let inputs = self.inputs.map(of);
        let same_x = inputs.as_ref().map(|x| Partition::of_rows(x.view()));
        Ok(Selection { t: of(self.t), joint, net_input: self.net_input.map(of), inputs, same_x })
    }

    /// Whether T is a function of X: no two rows of one x differ in t.
    pub fn is_deterministic(&self) -> bool {
        let t = Partition::of_rows(self.t);
        self.same_x.is_none_or(|same_x| t.refine(same_x).cells() == same_x.cells())
    }

    /// I(X;T) of methods that leave T continuous: of a T that is a function of X it is 0 if T is constant, H(T) if T is discrete, and
    /// infinite if T is continuous; else what `pair` makes of the inputs and T.
    ///
    /// # Errors
    /// As `pair`.
    pub fn of_function(
        &self,
        pair: impl FnOnce(ArrayView2<'a, f64>) -> Result<Estimate, EstimateError>,
    ) -> Result<Estimate, EstimateError> {
        match self.inputs {
            Some(x) if !self.is_deterministic() => pair(x),
            _ => Ok(match Description::of(self.t).values {
                Values::Constant => Estimate::exact(0.0),
                Values::Discrete => self.discrete(&Partition::of_rows(self.t)).i_xt,
                Values::PartlyDiscrete | Values::Continuous => Estimate::infinite(),
            }),
        }
    }

    /// Which labels are which class, [n × classes but the first]: 1 where a row is of the class, else 0. Names of classes are no
    /// numbers.
    ///
    /// # Errors
    /// As [`Sample::labels`].
    pub fn indicators(&self) -> Result<Array2<f64>, EstimateError> {
        let labels = self.labels()?;
        let classes = self.joint.n_y().saturating_sub(1).max(1);
        Ok(Array2::from_shape_fn((labels.len(), classes), |(row, class)| f64::from(u8::from(labels[row] == class + 1))))
    }

    /// The label of each row, if all are certain.
    ///
    /// # Errors
    /// If p(y|x) leaves a label open.
    pub fn labels(&self) -> Result<Vec<usize>, EstimateError> {
        (0..self.joint.n_x()).map(|x| self.joint.certain_label(x).ok_or(EstimateError::SoftLabels)).collect()
    }
}

/// Some rows of a sample.
#[derive(Debug, Clone)]
pub struct Selection {
    t: Array2<f64>,
    joint: JointDistribution,
    net_input: Option<Array2<f64>>,
    inputs: Option<Array2<f64>>,
    same_x: Option<Partition>,
}

impl Selection {
    /// What an estimator looks at.
    pub fn sample(&self) -> Sample<'_> {
        Sample {
            t: self.t.view(),
            joint: &self.joint,
            net_input: self.net_input.as_ref().map(|z| z.view()),
            inputs: self.inputs.as_ref().map(|x| x.view()),
            same_x: self.same_x.as_ref(),
        }
    }
}

/// The square of what is larger is no number any more.
const GREATEST: f64 = 1e100;

/// Checks that all are numbers.
pub(super) fn check_finite(sample: ArrayView2<f64>) -> Result<(), EstimateError> {
    // In the order of memory and without places, which are slow to count, as long as nothing is found.
    let is_fine = |value: &f64| value.abs() <= GREATEST;
    if sample.fold(true, |all, value| all & is_fine(value)) {
        return Ok(());
    }
    match sample.indexed_iter().find(|(_, value)| !is_fine(value)) {
        Some(((row, unit), &value)) if value.is_finite() => Err(EstimateError::TooLarge { row, unit, value }),
        Some(((row, unit), &value)) => Err(EstimateError::NotFinite { row, unit, value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_finite_or_not_one_per_x_are_refused() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0]).unwrap();
        let nan = ndarray::array![[0.0, 1.0], [f64::NAN, 2.0]];
        assert!(matches!(Sample::new(nan.view(), &joint), Err(EstimateError::NotFinite { row: 1, unit: 0, .. })));
        let large = ndarray::array![[0.0, 1.0], [1e200, 2.0]];
        assert!(matches!(Sample::new(large.view(), &joint), Err(EstimateError::TooLarge { row: 1, unit: 0, .. })));
        let short = ndarray::array![[0.0]];
        assert!(matches!(Sample::new(short.view(), &joint), Err(EstimateError::Rows { activations: 1, joint: 2 })));
    }
}
