//! The nonlinearities of hidden layers: one list, one composed definition each.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// Slope of leaky ReLU below 0 (Maas, Hannun & Ng 2013).
pub const LEAKY_SLOPE: f64 = 0.01;

/// t = φ(z), unit by unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// tanh z: the paper's.
    Tanh,
    /// max(0, z).
    Relu,
    /// z: a deep linear network.
    Linear,
    /// z / (1 + |z|).
    Softsign,
    /// ln(1 + eᶻ).
    Softplus,
    /// z above 0, [`LEAKY_SLOPE`]·z below.
    LeakyRelu,
    /// z·Φ(z) with the exact normal distribution function (Hendrycks & Gimpel 2016).
    Gelu,
    /// 1 / (1 + e⁻ᶻ).
    Sigmoid,
}

impl Activation {
    /// Every activation of the list.
    pub const ALL: [Self; 8] = [
        Self::Tanh,
        Self::Relu,
        Self::Linear,
        Self::Softsign,
        Self::Softplus,
        Self::LeakyRelu,
        Self::Gelu,
        Self::Sigmoid,
    ];

    /// φ(z) in composed burn operations, on any backend and any shape.
    pub fn apply<const D: usize>(self, z: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Tanh => z.tanh(),
            Self::Relu => activation::relu(z),
            Self::Linear => z,
            Self::Softsign => z.clone() / (z.abs() + 1.0),
            Self::Softplus => activation::softplus(z, 1.0),
            Self::LeakyRelu => activation::leaky_relu(z, LEAKY_SLOPE),
            Self::Gelu => activation::gelu(z),
            Self::Sigmoid => activation::sigmoid(z),
        }
    }

    /// The closed range of values it can take in floating point; infinite ends where it is unbounded.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Tanh | Self::Softsign => (-1.0, 1.0),
            Self::Sigmoid => (0.0, 1.0),
            Self::Relu | Self::Softplus => (0.0, f64::INFINITY),
            Self::Gelu => (-0.17, f64::INFINITY),
            Self::Linear | Self::LeakyRelu => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

impl std::fmt::Display for Activation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::Linear => "linear",
            Self::Softsign => "softsign",
            Self::Softplus => "softplus",
            Self::LeakyRelu => "leaky_relu",
            Self::Gelu => "gelu",
            Self::Sigmoid => "sigmoid",
        })
    }
}
