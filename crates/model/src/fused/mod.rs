//! Fused CPU kernels behind burn's autodiff: a whole stack of layers is one operation, its gradient another.
//!
//! Small networks spend their time between burn's operations, not in them. Here the forward pass of all layers and replicas
//! is one autodiff node over one parameter leaf, and the cross-entropy a second, so a training step is two nodes whatever
//! the depth. Rows are the SIMD lanes: activations are [R, F, B] and nothing is ever transposed.
//!
//! | file | what |
//! |---|---|
//! | [`lanes`] | one SIMD level for all: AVX2 with FMA where it is, portable otherwise |
//! | [`nonlinearity`] | φ and φ′ of a register of lanes |
//! | [`dense`] | one layer of one replica, forward and backward |
//! | [`loss`] | cross-entropy and its gradient |
//! | [`op`] | the two as burn operations |
//! | [`pool`] | buffers used again |
//!
//! `composed` is the same in plain burn operations; tests hold the two together.

// What a kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#![allow(clippy::inline_always)]

pub mod dense;
pub mod lanes;
pub mod loss;
pub mod nonlinearity;
pub mod op;
pub mod pool;

pub use op::{cross_entropy, layers, stack};
