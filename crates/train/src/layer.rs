//! A layer's tensor of any rank, flattened to one row a pattern.

use burn::tensor::Tensor;
use ndarray::Array2;

/// What one layer makes of every pattern.
#[derive(Debug, Clone)]
pub struct Layer {
    pub(crate) name: String,
    /// Shape [patterns × units].
    pub(crate) values: Array2<f64>,
}

impl Layer {
    /// A named tensor, shape [patterns × …]: the first dimension counts the patterns, all others are flattened to units (a feature map
    /// [n × channels × height × width] has channels · height · width of them; a tensor of rank 1 is one unit).
    pub fn new<const D: usize>(name: impl Into<String>, values: Tensor<D>) -> Self {
        let dims = values.dims();
        let rows = dims[0];
        let units = dims[1..].iter().product();
        let values: Vec<f64> = values.into_data().iter::<f64>().collect();
        // The shape is the tensor's own: the values are as many.
        let values = Array2::from_shape_vec((rows, units), values).unwrap_or_else(|_| Array2::zeros((0, units)));
        Self { name: name.into(), values }
    }
}
