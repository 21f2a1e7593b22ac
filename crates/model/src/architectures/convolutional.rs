//! A small convolutional network: the first hidden layer sees an image in patches, the rest is the perceptron.
//!
//! LeCun et al. 1998, without pooling: every one of `channels` filters of `kernel` × `kernel` weights and a bias is moved over a
//! square image, pixel by pixel, and gives one unit for each place where it lies inside. Units are filter by filter, places
//! row by row; the filters are the layer's only parameters.

use burn::tensor::{Int, Tensor, TensorData};

/// Patches of a square image of one channel, given as its rows one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patches {
    /// Pixels along a side of the image.
    pub side: usize,
    /// Pixels along a side of a patch.
    pub kernel: usize,
}

impl Patches {
    /// Those of an image of so many pixels, if it is a square and a patch fits.
    pub fn new(pixels: usize, kernel: usize) -> Option<Self> {
        let side = pixels.isqrt();
        (side * side == pixels && (1..=side).contains(&kernel)).then_some(Self { side, kernel })
    }

    /// Places where a patch lies inside the image.
    pub fn places(self) -> usize {
        (self.side - self.kernel + 1).pow(2)
    }

    /// Pixels of a patch.
    pub fn pixels(self) -> usize {
        self.kernel.pow(2)
    }

    /// The pixel of the image at each pixel of a patch, [pixels × places].
    fn indices(self) -> Vec<i32> {
        let (across, kernel) = (self.side - self.kernel + 1, self.kernel);
        let pixels = (0..kernel).flat_map(|row| (0..kernel).map(move |column| (row, column)));
        let places = |(row, column): (usize, usize)| {
            (0..across).flat_map(move |y| (0..across).map(move |x| ((y + row) * self.side + x + column) as i32))
        };
        pixels.flat_map(places).collect()
    }

    /// Net inputs [R, filters · places, B] of images [R, side², B]: weights [R, pixels, filters], biases [R, filters, 1].
    pub fn convolve(self, images: Tensor<3>, weights: Tensor<3>, biases: Tensor<3>) -> Tensor<3> {
        let [replicas, _, rows] = images.dims();
        let filters = biases.dims()[1];
        let indices = self.indices();
        let count = indices.len();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [count]), &images.device());
        let patches = images.select(1, indices).reshape([replicas, self.pixels(), self.places() * rows]);
        (weights.swap_dims(1, 2).matmul(patches) + biases).reshape([replicas, filters * self.places(), rows])
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::architectures::{Architecture, ArchitectureError};
    use crate::{Activation, Initialisation, Mlp, Output};

    #[test]
    fn a_filter_gives_its_sum_at_every_place() {
        let network = Mlp::new(16, &[5], Activation::Tanh, Output::Softmax, 2, Initialisation::Xavier).unwrap();
        let network = network.with(Architecture::Convolutional { channels: 2, kernel: 3 }).unwrap();
        assert_eq!(network.name(), "convolutional:channels=2,kernel=3 8-5-2");
        assert_eq!(network.stack().n_parameters(), (9 + 1) * 2 + (8 + 1) * 5 + (5 + 1) * 2);
        let compute = crate::Backend::Flex.open(0).unwrap();
        let images: Vec<f32> = (0..16 * 6).map(|i| (i as f32 * 0.37).sin()).collect();
        let mut weights = network.initial_parameters(1);
        weights[18..20].copy_from_slice(&[0.25, -0.5]);
        let shape = [1, weights.len()];
        let parameters = Tensor::<2>::from_data(TensorData::new(weights.clone(), shape), compute.device());
        let (z, t) = network.measure(&images, parameters, &[], &compute).remove(0);
        for (filter, bias) in [0.25, -0.5].into_iter().enumerate() {
            for (place, (y, x)) in [(0, 0), (0, 1), (1, 0), (1, 1)].into_iter().enumerate() {
                for k in 0..6 {
                    let sum: f32 = (0..9)
                        .map(|pixel| {
                            let (row, column) = (y + pixel / 3, x + pixel % 3);
                            weights[pixel * 2 + filter] * images[(row * 4 + column) * 6 + k]
                        })
                        .sum();
                    let at = (filter * 4 + place) * 6 + k;
                    approx::assert_abs_diff_eq!(z[at], sum + bias, epsilon = 1e-5);
                    approx::assert_abs_diff_eq!(t[at], (sum + bias).tanh(), epsilon = 1e-5);
                }
            }
        }
        let refused = Mlp::new(12, &[5], Activation::Tanh, Output::Softmax, 2, Initialisation::Xavier).unwrap();
        let refused = refused.with(Architecture::Convolutional { channels: 2, kernel: 3 }).unwrap_err();
        assert_eq!(refused, ArchitectureError::NoPatches { inputs: 12, channels: 2, kernel: 3 });
    }
}
