//! One architecture = one file.
//!
//! | file | what |
//! |---|---|
//! | [`mlp`] | fully connected layers with one activation: the paper's (`linear` is one of the activations) |
//! | [`residual`] | … with identity shortcuts between layers of the same width |
//! | [`quantised`] | … whose activations take 2ᵇ values: exact information |
//!
//! All have the perceptron's parameters and differ in what a hidden layer hands on: a new one is a file with that function,
//! a variant of [`Architecture`] below and its lines beside the others.

pub mod mlp;
pub mod quantised;
pub mod residual;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::activation::Activation;
use mlp::ArchitectureError;

/// What a hidden layer hands on. Written `mlp`, `residual`, `quantised:bits=8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
}

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
            _ => Err(ArchitectureError::Unknown { text }),
        }
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> Self {
        match architecture {
            Architecture::Mlp => "mlp".to_owned(),
            Architecture::Residual => "residual".to_owned(),
            Architecture::Quantised { bits } => format!("quantised:bits={bits}"),
        }
    }
}

impl Architecture {
    /// The range of what hidden layers hand on, if φ is this activation.
    pub fn range(self, activation: Activation) -> (f64, f64) {
        match self {
            Self::Residual => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Mlp | Self::Quantised { .. } => activation.range(),
        }
    }

    /// What a hidden layer hands on, given the layer below and its own φ(z), all [R, n, B].
    pub fn hand_on(self, below: Tensor<3>, t: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Mlp => t,
            Self::Residual => residual::shortcut(below, t),
            Self::Quantised { bits } => quantised::quantise(t, bits),
        }
    }
}
