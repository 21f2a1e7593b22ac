//! A name becomes a burn device, chosen at run time among the backends this build has.

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::tensor::DeviceType;
use burn::tensor::{Device, TensorData};
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
    /// A device of another machine ([`crate::remote`]).
    Remote,
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
    /// No device, or not so many.
    #[error("the backend `{name}` has no device {device}: {found}")]
    NoSuchDevice {
        /// The backend.
        name: Backend,
        /// The device asked for.
        device: usize,
        /// Those there are, or how to get one.
        found: String,
    },
    /// Another machine's device, but not which machine.
    #[error(
        "the backend `remote` needs the address of the machine that serves its device, like `--address ws://gpu-host:3000`; \
         there, `just serve` serves one"
    )]
    NoAddress,
    /// No session with the machine that serves.
    #[error("no device at {address}: {why} (on that machine, `just serve` serves one)")]
    Unreachable {
        /// Its address.
        address: String,
        /// What went wrong.
        why: String,
    },
    /// This machine's devices cannot be served.
    #[error("devices cannot be served: {why}")]
    NotServed {
        /// What went wrong.
        why: String,
    },
}

impl Backend {
    /// Every backend a build can have.
    pub const ALL: [Self; 5] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Cuda, Self::Remote];

    /// Whether this build has it.
    pub fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Ndarray => cfg!(feature = "ndarray"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Remote => cfg!(feature = "remote"),
        }
    }

    /// Whether it computes on the CPU, where blocks of replicas run one to a thread; a GPU takes one big block.
    pub fn is_cpu(self) -> bool {
        matches!(self, Self::Flex | Self::Ndarray)
    }

    /// Its devices on this machine, in the order in which `--device` counts them; none if it is not compiled in, or is
    /// another machine's.
    pub(crate) fn devices(self) -> Vec<Device> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => vec![Device::flex()],
            #[cfg(feature = "ndarray")]
            #[allow(deprecated)] // burn prefers flex; the backend is kept because users ask for it by name
            Self::Ndarray => vec![Device::ndarray()],
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::enumerate(DeviceType::Wgpu).into_vec(),
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::enumerate(DeviceType::Cuda).into_vec(),
            #[allow(unreachable_patterns)] // reachable unless every feature is on
            _ => Vec::new(),
        }
    }

    /// What a machine must have for it.
    fn needs(self) -> &'static str {
        match self {
            Self::Flex | Self::Ndarray => "any CPU",
            Self::Wgpu => {
                "a Vulkan, Metal or DirectX 12 driver (on Debian `apt-get install libvulkan1 mesa-vulkan-drivers`, without a GPU in software)"
            }
            Self::Cuda => "an NVIDIA GPU with its driver and the CUDA toolkit",
            Self::Remote => "another machine that runs `just serve`, and its address",
        }
    }

    fn device(self, index: usize) -> Result<Device, BackendError> {
        if !self.is_compiled() {
            return Err(BackendError::NotCompiled { name: self, compiled: Self::compiled() });
        }
        if self == Self::Remote {
            return Err(BackendError::NoAddress);
        }
        let mut devices = self.devices();
        if index < devices.len() {
            return Ok(devices.swap_remove(index));
        }
        let found = match devices.len() {
            0 => format!("it found none; it needs {}", self.needs()),
            count => format!("it has {count}, counted from 0"),
        };
        Err(BackendError::NoSuchDevice { name: self, device: index, found })
    }

    /// One line for each backend: whether it is compiled in, its devices, or how to get it.
    pub fn list() -> String {
        let line = |backend: Self| {
            let devices = backend.devices();
            let state = if !backend.is_compiled() {
                format!("not in this build: add `--features {backend}` to cargo; needs {}", backend.needs())
            } else if backend == Self::Remote {
                format!("compiled in; needs {}", backend.needs())
            } else if devices.is_empty() {
                format!("compiled in, but found no device: needs {}", backend.needs())
            } else {
                let shown = devices.iter().enumerate().map(|(k, device)| format!("device {k}: {device:?}"));
                shown.collect::<Vec<_>>().join("; ")
            };
            format!("{:<8} {state}\n", backend.to_string())
        };
        Self::ALL.into_iter().map(line).collect()
    }

    /// The backend's device, and whether this crate's fused kernels run on it.
    ///
    /// # Errors
    /// If the build lacks the backend or the backend the device. Another machine's device is opened by
    /// [`crate::remote::connect`].
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
    /// Plain burn operations on a device.
    #[cfg(feature = "remote")]
    pub(crate) fn composed_on(device: Device) -> Self {
        Self { device, fused: false }
    }

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
            Self::Remote => "remote",
        })
    }
}

/// The numbers of a tensor of ours, as f32.
pub(crate) fn to_vec(data: TensorData) -> Vec<f32> {
    data.convert::<f32>().try_into_vec().expect("f32 data are f32")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_opens_or_says_what_it_lacks() {
        let list = Backend::list();
        for backend in Backend::ALL {
            assert!(list.contains(&format!("{backend} ")), "{list}");
            match backend.open(0) {
                Ok(compute) => assert_eq!(compute.is_fused(), backend == Backend::Flex),
                Err(error) if backend.is_compiled() => assert!(error.to_string().contains("needs"), "{error}"),
                Err(error) => assert!(error.to_string().contains(&format!("--features {backend}")), "{error}"),
            }
        }
        let error = Backend::Flex.open(7).unwrap_err().to_string();
        assert!(!Backend::Flex.is_compiled() || error.contains("no device 7"), "{error}");
    }
}
