//! The Information Bottleneck bound, with a proof beside every number.
//!
//! | file | what |
//! |---|---|
//! | `problem`, `solver` | the reduced problem, and its optimum at one β |
//! | `binary`, `certificate` | for two values of Y: Newton's method, and a proof between nodes |
//! | `many_valued`, `decoders`, `descent`, `climbs` | for more: columns generated where D > 1, many decoders a pass |
//! | `multipliers`, `simplex` | how far that can be from the truth: multipliers lowered where D > 1, branch and bound |
//! | `divergence`, `kernel`, `weights`, `skyline`, `polish` | parts of both |
//! | `curve`, `query` | the whole bound as a sandwich, and one place of it |
//! | `layer` | how near an encoder comes to the bound, and whether it obeys its equations |
//! | `transitions` | where the optimum gains an atom, and where the trivial solution stops being stable |
//! | `annealing` | classical annealing beside the certified optimum: where it gets stuck |
//! | `deterministic`, `generalised` | the best quantisers, exactly, for binary Y; the way from the one bottleneck to the other |
//! | [`blahut_arimoto`] | the classical iteration, annealed both ways, for comparison |
//! | [`closed_forms`], [`finite_sample`] | what is known exactly; what samples allow |

mod annealing;
mod binary;
pub mod blahut_arimoto;
mod certificate;
mod climbs;
pub mod closed_forms;
mod curve;
mod decoders;
mod descent;
mod deterministic;
mod divergence;
mod fewest;
pub mod finite_sample;
mod generalised;

mod kernel;
mod layer;
mod many_valued;
mod multipliers;
mod onset;
#[cfg(test)]
mod paper_task;
mod polish;
mod problem;
#[cfg(test)]
mod properties;
mod query;
mod simplex;
mod skyline;
mod solver;
mod transitions;
mod weights;

use thiserror::Error;

pub use annealing::Annealed;
pub use certificate::Proof;
pub use curve::Curve;
pub use deterministic::Quantiser;
pub use generalised::Generalised;
pub use layer::LayerTest;
pub use problem::Problem;
pub use query::Query;
pub use solver::Solution;
pub use transitions::{Atoms, Transition, TransitionSearch};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BottleneckError {
    /// β that is negative or not a number.
    #[error("β is {beta}; it must be a finite number of at least 0 (up to β = 1 the optimum is to say nothing)")]
    Beta {
        /// The value.
        beta: f64,
    },
    /// α that is not between 0 and 1.
    #[error("α is {alpha}; it must lie between 0 (the deterministic bottleneck) and 1 (the bottleneck)")]
    Alpha {
        /// The value.
        alpha: f64,
    },
    /// A query that no encoder meets.
    #[error("{what} = {value} bits is out of reach: ask between 0 and {limit} = {most} bits")]
    Unreachable {
        /// What was asked about.
        what: &'static str,
        /// The value asked for.
        value: f64,
        /// What bounds it.
        limit: &'static str,
        /// The bound in bits.
        most: f64,
    },
}
