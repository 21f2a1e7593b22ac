//! The quantised perceptron: activations of hidden layers take 2ᵇ values, in training and in measuring.
//!
//! Lorenzen, Igel & Nielsen 2022 (arXiv 2106.12912): with the rounding inside the network, T is discrete and the estimator
//! `quantised:bits=b` reads its exact information. The 2ᵇ levels are equally spaced between the least and the greatest
//! activation of the layer over the rows at hand (a mini-batch in training, all patterns when measured). The gradient goes
//! straight through (Bengio, Léonard & Courville 2013, arXiv 1308.3432): ∂q(t)/∂t = 1.

use burn::tensor::Tensor;

/// q(t) of every replica's layer, [R, n, B].
pub fn quantise(t: Tensor<3>, bits: u32) -> Tensor<3> {
    let [replicas, units, rows] = t.dims();
    let levels = ((1_u64 << bits) - 1) as f32;
    let values = t.clone().detach();
    let flat = values.clone().reshape([replicas, units * rows]);
    let low = flat.clone().min_dim(1).reshape([replicas, 1, 1]);
    let high = flat.max_dim(1).reshape([replicas, 1, 1]);
    // A constant layer stays as it is.
    let step = ((high - low.clone()) / levels).clamp_min(f32::MIN_POSITIVE);
    let rounded = ((values.clone() - low.clone()) / step.clone()).round() * step + low;
    // t less itself is 0: the value is the level to the last bit, the gradient t's.
    rounded + (t - values)
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use crate::architectures::Architecture;
    use crate::evaluation::tests::{forward_and_gradient, small};

    #[test]
    fn a_quantised_layer_has_its_levels_and_a_gradient() {
        for bits in [1, 2, 4] {
            let (t, gradient) = forward_and_gradient(&small(&[6, 5], Architecture::Quantised { bits }));
            for replica in &t {
                for layer in [&replica[..6 * 40], &replica[6 * 40..11 * 40]] {
                    let (low, high) = layer.iter().fold((f32::MAX, f32::MIN), |(l, h), &t| (l.min(t), h.max(t)));
                    let step = (high - low) / ((1 << bits) - 1) as f32;
                    let off = |t: f32| ((t - low) / step - ((t - low) / step).round()).abs();
                    assert!(layer.iter().all(|&t| off(t) < 1e-3), "bits {bits}");
                    let mut values: Vec<u32> = layer.iter().map(|t| t.to_bits()).collect();
                    values.sort_unstable();
                    values.dedup();
                    assert!(values.len() <= 1 << bits, "bits {bits}: {} values", values.len());
                }
            }
            assert!(gradient[..18].iter().any(|g| g.abs() > 1e-4), "bits {bits}: nothing goes through the first layer");
        }
    }
}
