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
