//! Information in **bits**, measured on numbers you already have: no networks, no files, no clock.
//!
//! | room | what is in it |
//! |---|---|
//! | [`distribution`] | [`JointDistribution`]: a checked p(x, y), its entropies and exact I(X;Y) |
//! | [`description`] | what data look like before anything is estimated: repeats, lattices, zeros, scales |
//! | [`information`] | I(X;T) and I(T;Y), with what is known about their error |
//! | [`partition`] | [`Partition`]: a deterministic encoder T = cell(x), the exact I(X;T) and I(T;Y) of it |
//! | [`refinement`] | a partition in the making: one discrete feature after the other |
//! | [`encoder`] | [`Encoder`]: a discrete p(t\|x), soft or not, and its exact information |
//! | [`bottleneck`] | the Information Bottleneck bound: solver with certificate, curve, queries |
//! | [`estimators`] | one estimator = one file = one paper; [`Estimator`] is what they share |
//! | [`gradient`] | gradient signal-to-noise over the mini-batches of an epoch |
//! | [`scaling`] | by which law a time grows: exponential, power, linear or not at all |
//! | [`standing`] | what a number is worth: measured, saturated, a bound, or not to be trusted |
//! | [`near_copies`], [`succession`] | rows that are no draws of their own: jittered copies, rows that follow one another |
//! | [`survival`] | Kaplan–Meier: times that some have not reached yet |
//! | [`statistics`] | bootstrap intervals over replicas: what verdicts are made of |

// What a vectorised kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#![allow(clippy::inline_always)]

pub mod bottleneck;
mod conditional;
pub mod description;
pub mod distribution;
pub mod encoder;
pub mod estimators;
pub mod gradient;
pub mod information;
pub mod near_copies;
pub mod partition;
pub mod principal_components;
pub mod refinement;
pub mod scaling;
mod simd;
pub mod standing;
pub mod statistics;
pub mod succession;
pub mod survival;

pub use description::Description;
pub use distribution::{DistributionError, JointDistribution};
pub use encoder::Encoder;
pub use estimators::{EstimateError, Estimator, Sample};
pub use information::{Estimate, Information};
pub use partition::Partition;
pub use standing::Standing;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
