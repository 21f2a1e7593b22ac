//! RQ2's figures.

pub mod batch_size;
pub mod causes;
pub mod displacement;
pub mod gradients;
