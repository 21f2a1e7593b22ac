//! A name becomes a burn device, chosen at run time among the backends this build has.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// burn's backends, by burn's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Backend {
    /// CPU with the fused kernels of this crate; the default.
    Flex,
    /// CPU, burn-ndarray.
    Ndarray,
    /// GPU through Vulkan, Metal or DirectX.
    Wgpu,
    /// NVIDIA GPU.
    Cuda,
}

/// Why a backend cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// Not compiled in.
    #[error("the backend `{name}` is not in this build; build with `--features {name}` (this build has: {compiled})")]
    NotCompiled {
        /// The backend asked for.
        name: Backend,
        /// Those there are.
        compiled: String,
    },
    /// A CPU backend has one device only.
    #[error("the backend `{name}` has only device 0, not {device}")]
    NoSuchDevice {
        /// The backend.
        name: Backend,
        /// The device asked for.
        device: usize,
    },
}

impl Backend {
    /// Every backend a build can have.
    pub const ALL: [Self; 4] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Cuda];

    /// Whether this build has it.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Ndarray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Cuda => cfg!(feature = "cuda"),
        }
    }

    /// Whether it computes on the CPU, where blocks of replicas run one to a thread; a GPU takes one big block.
    pub fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::Ndarray)
    }

    fn device(self, index: usize) -> Result<Device, BackendError> {
        if self.is_cpu() && index > 0 {
            return Err(BackendError::NoSuchDevice { name: self, device: index });
        }
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            #[allow(deprecated)] // burn prefers flex; the backend is kept because users ask for it by name
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Ok(Device::wgpu(match index {
                0 => burn::tensor::DeviceKind::DefaultDevice,
                index => burn::tensor::DeviceKind::DiscreteGpu(index),
            })),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(index)),
            #[allow(unreachable_patterns)] // reachable unless every feature is on
            _ => Err(BackendError::NotCompiled { name: self, compiled: Self::compiled() }),
        }
    }

    /// The backend's device, and whether this crate's fused kernels run on it.
    ///
    /// # Errors
    /// If the build lacks the backend or the backend the device.
    pub fn open(self, index: usize) -> Result<Compute, BackendError> {
        Ok(Compute { device: self.device(index)?, fused: self == Self::Flex })
    }

    /// The names of the backends this build has.
    pub fn compiled() -> String {
        let names: Vec<String> =
            Self::ALL.into_iter().filter(|backend| backend.is_compiled()).map(|backend| backend.to_string()).collect();
        names.join(", ")
    }
}

/// Where tensors live and how layers are computed there.
#[derive(Debug, Clone)]
pub struct Compute {
    device: Device,
    fused: bool,
}

impl Compute {
    /// The device, without autodiff.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Whether the fused kernels are used.
    pub fn is_fused(&self) -> bool {
        self.fused
    }

    /// The same device with plain burn operations only: the reference for the fused kernels.
    #[must_use]
    pub fn composed(self) -> Self {
        Self { fused: false, ..self }
    }
}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        })
    }
}
