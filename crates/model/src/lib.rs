//! Networks on burn, trained a block of replicas at a time: the only crate that names burn.
//!
//! | room | what is in it |
//! |---|---|
//! | [`backend`] | a name → a burn device, and what this build offers |
//! | [`remote`] | another machine's device, and serving one's own |
//! | [`random`] | seed + purpose → a portable stream |
//! | [`activation`], [`initialisation`] | the lists of both |
//! | [`architectures`] | one architecture = one file |
//! | [`lanes`] | one SIMD level for all kernels |
//! | [`stack`] | dense layers, described, with their parameters in one flat leaf |
//! | [`evaluation`] | what a network computes: losses with their gradient, layers as they are measured |
//! | [`composed`] | the forward pass and the loss in plain burn operations: the reference, and the GPU's path |
//! | `fused` | the same as few operations of our own: the CPU's path |
//! | [`optimizer`] | SGD and Adam on the flat parameter leaf |
//! | [`critics`] | neural lower bounds on the information of two samples |
//! | [`probes`] | classifiers: how much of a label can be read off a layer |
//! | [`train`] | a block of replicas in training, an iterator of snapshots; its state, to go on elsewhere |

pub mod activation;
pub mod architectures;
pub mod backend;
mod batch;
pub mod composed;
pub mod critics;
mod elementary;
pub mod evaluation;
#[cfg(feature = "flex")]
pub mod fused;
pub mod initialisation;
pub mod lanes;
pub mod optimizer;
pub mod probes;
pub mod random;
pub mod remote;
pub mod stack;
pub mod train;

pub use activation::Activation;
pub use architectures::Architecture;
pub use architectures::mlp::{Mlp, Output};
pub use backend::Backend;
pub use initialisation::Initialisation;
pub use optimizer::OptimizerKind;
pub use train::checkpoint::TrainingState;
pub use train::{Advance, GradientMode, Layer, Replica, ReplicaSnapshot, Snapshot, TrainSettings, Training};
