//! One architecture = one file.
//!
//! | file | what |
//! |---|---|
//! | [`mlp`] | fully connected layers with one activation: the paper's (`linear` is one of the activations) |
//! | [`residual`] | … with identity shortcuts between layers of the same width |
//! | [`noisy`] | … with Gaussian noise after every hidden layer: information that can be estimated with an error bar |
//! | [`convolutional`] | … below which filters see patches of an image |
//! | [`quantised`] | … whose activations take 2ᵇ values: exact information |
//!
//! All have the perceptron's parameters and differ in what a hidden layer hands on: a new one is a file with that function,
//! a variant of [`Architecture`] below and its lines beside the others.

pub mod convolutional;
mod error;
pub mod mlp;
pub mod noisy;
pub mod quantised;
pub mod residual;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
pub use error::ArchitectureError;

/// What a hidden layer hands on. Written `mlp`, `residual`, `quantised:bits=8`, `noisy:sigma=0.1`,
/// `convolutional:channels=4,kernel=3`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Architecture {
    /// φ(z): the paper's.
    #[default]
    Mlp,
    /// φ(z) + t of the layer below, where widths agree.
    Residual,
    /// φ(z) rounded to 2ᵇ levels.
    Quantised {
        /// Bits b per unit, 1 to 24.
        bits: u32,
    },
    /// φ(z) plus Gaussian noise.
    Noisy {
        /// Standard deviation of the noise, in units of activation.
        sigma: f64,
        /// Passes with other noise that a measurement takes; 16 unless written.
        draws: usize,
    },
    /// φ(z); before the others comes a layer that sees a square image in patches.
    Convolutional {
        /// Filters of that layer.
        channels: usize,
        /// Pixels along a side of a patch.
        kernel: usize,
    },
}

/// Passes of a measurement of a noisy network.
const DRAWS: usize = 16;

impl TryFrom<String> for Architecture {
    type Error = ArchitectureError;

    fn try_from(text: String) -> Result<Self, ArchitectureError> {
        match text.split_once(':').unwrap_or((&text, "")) {
            ("mlp", "") => Ok(Self::Mlp),
            ("residual", "") => Ok(Self::Residual),
            ("quantised", settings) => match settings.strip_prefix("bits=").and_then(|bits| bits.parse().ok()) {
                Some(bits) => Ok(Self::Quantised { bits }),
                None => Err(ArchitectureError::Unknown { text }),
            },
            ("convolutional", settings) => convolutional_of(settings).ok_or(ArchitectureError::Unknown { text }),
            ("noisy", settings) => noisy_of(settings).ok_or(ArchitectureError::Unknown { text }),
            _ => Err(ArchitectureError::Unknown { text }),
        }
    }
}

/// Of `sigma=0.1` or `sigma=0.1,draws=16`.
fn noisy_of(settings: &str) -> Option<Architecture> {
    let (sigma, draws) = settings.split_once(",draws=").map_or((settings, None), |(sigma, draws)| (sigma, Some(draws)));
    let sigma = sigma.strip_prefix("sigma=")?.parse().ok()?;
    let draws = draws.map_or(Some(DRAWS), |draws| draws.parse().ok())?;
    Some(Architecture::Noisy { sigma, draws })
}

/// More channels than this are a slip of the hand.
const MOST_CHANNELS: usize = 4096;

/// Of `channels=4,kernel=3`.
fn convolutional_of(settings: &str) -> Option<Architecture> {
    let (channels, kernel) = settings.strip_prefix("channels=")?.split_once(",kernel=")?;
    let channels = channels.parse().ok().filter(|&channels| channels <= MOST_CHANNELS)?;
    Some(Architecture::Convolutional { channels, kernel: kernel.parse().ok()? })
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> Self {
        match architecture {
            Architecture::Mlp => "mlp".to_owned(),
            Architecture::Residual => "residual".to_owned(),
            Architecture::Quantised { bits } => format!("quantised:bits={bits}"),
            Architecture::Convolutional { channels, kernel } => {
                format!("convolutional:channels={channels},kernel={kernel}")
            }
            Architecture::Noisy { sigma, draws: DRAWS } => format!("noisy:sigma={sigma}"),
            Architecture::Noisy { sigma, draws } => format!("noisy:sigma={sigma},draws={draws}"),
        }
    }
}

impl Architecture {
    /// Passes that a measurement takes.
    pub fn draws(self) -> usize {
        if let Self::Noisy { draws, .. } = self { draws } else { 1 }
    }

    /// The range of what hidden layers hand on, noise apart, if φ is this activation.
    pub fn range(self, activation: Activation) -> (f64, f64) {
        match self {
            Self::Residual => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Mlp | Self::Quantised { .. } | Self::Noisy { .. } | Self::Convolutional { .. } => activation.range(),
        }
    }

    /// What a hidden layer hands on, noise apart, given the layer below and its own φ(z), all [R, n, B].
    pub fn hand_on(self, below: Tensor<3>, t: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Mlp | Self::Noisy { .. } | Self::Convolutional { .. } => t,
            Self::Residual => residual::shortcut(below, t),
            Self::Quantised { bits } => quantised::quantise(t, bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architectures_are_read_as_they_are_written() {
        for text in [
            "mlp",
            "residual",
            "quantised:bits=4",
            "noisy:sigma=0.1",
            "noisy:sigma=0.25,draws=64",
            "convolutional:channels=4,kernel=3",
        ] {
            assert_eq!(String::from(Architecture::try_from(text.to_owned()).unwrap()), text);
        }
        for text in [
            "",
            "resnet",
            "quantised",
            "quantised:bits=x",
            "mlp:bits=4",
            "noisy",
            "noisy:sigma=a",
            "noisy:draws=3",
            "convolutional:kernel=3",
        ] {
            let refused = Architecture::try_from(text.to_owned()).unwrap_err();
            assert!(refused.to_string().contains("residual"), "{refused}");
        }
    }
}
