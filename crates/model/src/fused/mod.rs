//! Fused CPU kernels behind burn's autodiff: a whole stack of layers with its loss and gradient is one operation.
//!
//! Small networks spend their time between burn's operations, not in them. Here a training step of all layers and replicas is
//! one autodiff node over one parameter leaf, whatever the depth. Patterns are the SIMD lanes: activations are [R, F, B] and
//! nothing is ever transposed. Single layers and the loss are operations too, from which other architectures are built.
//!
//! | file | what |
//! |---|---|
//! | [`product`] | matrix products tiled in registers |
//! | [`nonlinearity`] | φ and φ′ of a register of lanes |
//! | [`mod@dense`] | one layer of one replica, forward and backward |
//! | [`loss`] | cross-entropy and its gradient |
//! | [`pass`] | a whole stack of one replica, a chunk of patterns at a time |
//! | [`update`] | SGD and Adam |
//! | [`op`], `flex` | all this as burn operations, and their implementation on flex |
//! | [`pool`] | buffers used again |
//!
//! `composed` is the same in plain burn operations; tests hold the two together.

// What a kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#![allow(clippy::inline_always)]

pub mod dense;
mod flex;
pub mod loss;
pub mod nonlinearity;
pub mod op;
pub mod pass;
pub mod pool;
pub mod product;
pub mod update;

pub use op::{adam, cross_entropy, dense, descend, losses};
