//! The Information Bottleneck bound, with a proof beside every number.

mod certificate;
mod curve;
mod kernel;
#[cfg(test)]
mod paper_task;
mod polish;
mod problem;
#[cfg(test)]
mod properties;
mod query;
mod skyline;
mod solver;
mod weights;

use thiserror::Error;

pub use certificate::Proof;
pub use curve::Curve;
pub use problem::Problem;
pub use query::Query;
pub use solver::Solution;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BottleneckError {
    /// β that is not a positive number.
    #[error("β is {beta}; it must be a finite number above 0 (at β ≤ 1 the optimum is to say nothing)")]
    Beta {
        /// The value.
        beta: f64,
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
