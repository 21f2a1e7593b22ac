//! The residual perceptron: t_l = φ(z_l) + t_{l−1} wherever a hidden layer is as wide as the one below it.
//!
//! He, Zhang, Ren & Sun 2016 (arXiv 1512.03385), for dense layers: the shortcut is the identity and has no parameters, so a
//! residual network has the perceptron's weights. Its activations leave the range of φ: bins need a width, not a range.

use burn::tensor::Tensor;

/// The layer's activations with the shortcut, both [R, n, B]; where the widths differ there is none.
pub fn shortcut(below: Tensor<3>, t: Tensor<3>) -> Tensor<3> {
    if below.dims() == t.dims() { t + below } else { t }
}
