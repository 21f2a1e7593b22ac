//! A layer's tensor of any rank, flattened to one row a pattern.

use burn::tensor::{Tensor, activation};
use ndarray::Array2;

/// What one layer makes of every pattern.
#[derive(Debug, Clone)]
pub struct Layer {
    pub(crate) name: String,
    /// T, shape [patterns × units].
    pub(crate) values: Array2<f64>,
    /// Of an output: what the class probabilities are made from, shape [patterns × outputs].
    pub(crate) logits: Option<Array2<f32>>,
}

impl Layer {
    /// A named tensor, shape [patterns × …]: the first dimension counts the patterns, all others are flattened to units (a feature map
    /// [n × channels × height × width] has channels · height · width of them; a tensor of rank 1 is one unit).
    pub fn new<const D: usize>(name: impl Into<String>, values: Tensor<D>) -> Self {
        let (rows, units, values) = flattened::<D, f64>(values);
        Self { name: name.into(), values: matrix(rows, units, values), logits: None }
    }

    /// The output, from its logits, shape [patterns × classes] (one column: of the second of two classes). What is measured are the class
    /// probabilities, their softmax (of one column, their sigmoid); losses and accuracies in `training.csv` come from the logits.
    pub fn logits(name: impl Into<String>, logits: Tensor<2>) -> Self {
        let [_, outputs] = logits.dims();
        let probabilities =
            if outputs == 1 { activation::sigmoid(logits.clone()) } else { activation::softmax(logits.clone(), 1) };
        let (rows, outputs, values) = flattened::<2, f32>(logits);
        Self { logits: Some(matrix(rows, outputs, values)), ..Self::new(name, probabilities) }
    }
}

/// Rows, numbers in a row, and all numbers row by row.
fn flattened<const D: usize, E: burn::tensor::Element>(values: Tensor<D>) -> (usize, usize, Vec<E>) {
    let dims = values.dims();
    (dims[0], dims[1..].iter().product(), values.into_data().iter::<E>().collect())
}

/// A tensor has as many numbers as its shape says; were it otherwise, there would be no rows, which is refused.
fn matrix<E: Clone + Default>(rows: usize, columns: usize, values: Vec<E>) -> Array2<E> {
    Array2::from_shape_vec((rows, columns), values).unwrap_or_else(|_| Array2::default((0, columns)))
}
