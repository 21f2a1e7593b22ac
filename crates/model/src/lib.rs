//! Networks on burn, trained a block of replicas at a time: the only crate that names burn.

pub mod activation;

pub use activation::Activation;
