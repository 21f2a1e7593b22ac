//! The residual perceptron: t_l = φ(z_l) + t_{l−1} wherever a hidden layer is as wide as the one below it.
//!
//! He, Zhang, Ren & Sun 2016 (arXiv 1512.03385), for dense layers: the shortcut is the identity and has no parameters, so a
//! residual network has the perceptron's weights. Its activations leave the range of φ: bins need a width, not a range.

use burn::tensor::Tensor;

/// The layer's activations with the shortcut, both [R, n, B]; where the widths differ there is none.
pub fn shortcut(below: Tensor<3>, t: Tensor<3>) -> Tensor<3> {
    if below.dims() == t.dims() { t + below } else { t }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use crate::architectures::Architecture;
    use crate::evaluation::tests::{forward_and_gradient, small};

    #[test]
    fn a_residual_layer_adds_the_one_below() {
        let network = small(&[4, 4], Architecture::Residual);
        let plain = small(&[4, 4], Architecture::Mlp);
        let ((with, gradient), (without, plain_gradient)) =
            (forward_and_gradient(&network), forward_and_gradient(&plain));
        // The first layer has nothing of its width below; z₂ is the same, so t₂ differs by t₁.
        let n = 4 * 40;
        for k in 0..n {
            approx::assert_abs_diff_eq!(with[0][k], without[0][k], epsilon = 1e-6);
            approx::assert_abs_diff_eq!(with[0][n + k], without[0][n + k] + without[0][k], epsilon = 1e-6);
        }
        assert!(gradient.iter().zip(&plain_gradient).any(|(a, b)| (a - b).abs() > 1e-4));
        assert!(gradient.iter().all(|g| g.is_finite()));
    }
}
