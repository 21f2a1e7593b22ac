//! Why settings make no network.

use thiserror::Error;

/// Why settings make no network.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ArchitectureError {
    /// A layer without units.
    #[error("layer {layer} has width 0; every layer has at least one unit")]
    EmptyLayer {
        /// Layer, 0 for the input.
        layer: usize,
    },
    /// No hidden layer to look at.
    #[error("there is no hidden layer; name at least one width, like [10, 7, 5, 4, 3]")]
    NoHiddenLayer,
    /// No two neighbouring hidden layers of one width.
    #[error(
        "a residual network adds a hidden layer to the one above it where both have the same width, but of {hidden:?} no two \
         neighbours do; write widths like [10, 10, 10]"
    )]
    NoShortcut {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
    },
    /// No architecture of this name.
    #[error(
        "`{text}` is no architecture; there are mlp, residual, quantised:bits=8, noisy:sigma=0.1 and convolutional:channels=4,kernel=3"
    )]
    Unknown {
        /// What was asked for.
        text: String,
    },
    /// Bits out of range.
    #[error("a quantised network has between 1 and 24 bits per unit, not {bits}")]
    Bits {
        /// Bits asked for.
        bits: u32,
    },
    /// No noise, or too few passes.
    #[error("a noisy network has a positive sigma and at least 2 draws, not sigma {sigma} and {draws}")]
    Noise {
        /// Standard deviation asked for.
        sigma: f64,
        /// Passes of a measurement.
        draws: usize,
    },
    /// No image, or no patches of it.
    #[error(
        "a convolutional network sees a square image in patches that fit into it through one or more channels, not {inputs} \
         inputs in patches of {kernel} x {kernel} through {channels}"
    )]
    NoPatches {
        /// Inputs of the network.
        inputs: usize,
        /// Filters asked for.
        channels: usize,
        /// Pixels along a side of a patch.
        kernel: usize,
    },
    /// One unit for more than two classes.
    #[error("a sigmoid output tells two classes apart, but the task has {classes}; use the softmax output")]
    SigmoidClasses {
        /// Classes of the task.
        classes: usize,
    },
}
