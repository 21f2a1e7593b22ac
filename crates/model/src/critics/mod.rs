//! Neural lower bounds on I(A;B): a critic S(a, b) learns to tell pairs from strangers, and a bound is read off its scores.
//!
//! | file | bound | ceiling |
//! |---|---|---|
//! | `infonce` | van den Oord et al. 2018 | ln K, K the held-out rows |
//! | `infonce_anchor` | Ryu et al. 2025: no bound, an estimate | none |
//! | `nwj` | Nguyen, Wainwright & Jordan 2010 | none in form; about ln(rows) in effect |
//! | `mine` | Belghazi et al. 2018 | none in form; about ln(rows) in effect |
//! | `smile` | Song & Ermon 2020: no bound, an estimate | none |
//!
//! The critic is separable, S(a, b) = g(a)·h(b)/E (as in van den Oord et al.; over E, so that scores start
//! small, where exponentials are tame), g and h perceptrons of two hidden ReLU layers: K rows
//! cost 2K passes and give K(K − 1) strangers. It trains on three fifths of the rows or more in batches, looks every few steps at
//! others (a fifth, at most 200), stops when those have not improved for so many looks, goes back to the best, and **the value is that of the last fifth**, which
//! neither trained nor chose anything. One estimate is one seed: its split, initial weights and shuffles. Seeds train together as
//! replicas of a block, each as if alone.
//!
//! Columns should be of a like scale (standardised, or ranked). Information here is in nats.

mod infonce;
mod infonce_anchor;
mod mine;
mod nwj;
mod scores;
mod smile;
mod training;

use ndarray::ArrayView2;
use thiserror::Error;

use crate::activation::Activation;
use crate::backend::Compute;
use crate::stack::Stack;
use training::{Critics, Side};

/// Least rows: a fifth must hold pairs and strangers worth the name.
pub const LEAST_ROWS: usize = 50;

/// Rows by which training stops, at most.
const MOST_STOPPING_ROWS: usize = 200;

/// Which bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Noise-contrastive.
    InfoNce,
    /// Noise-contrastive with an anchor: an estimate.
    InfoNceAnchor,
    /// f-divergence.
    Nwj,
    /// Donsker–Varadhan.
    Mine,
    /// Clipped Donsker–Varadhan.
    Smile {
        /// Greatest |S| that counts.
        tau: f64,
    },
}

/// How critics are built and trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CriticSettings {
    /// Units of each hidden layer of g and h.
    pub hidden: usize,
    /// Numbers that g and h give.
    pub embedding: usize,
    /// Rows of a batch.
    pub batch_size: usize,
    /// Step size of Adam.
    pub learning_rate: f64,
    /// Steps at most.
    pub steps: usize,
    /// Steps between looks at the rows by which training stops.
    pub look_every: usize,
    /// Looks without a better objective after which training stops.
    pub patience: usize,
}

impl Default for CriticSettings {
    fn default() -> Self {
        Self {
            hidden: 64,
            embedding: 32,
            batch_size: 100,
            learning_rate: 2e-3,
            steps: 600,
            look_every: 10,
            patience: 10,
        }
    }
}

/// What one seed gives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeldOut {
    /// The bound on the rows that neither trained nor chose, in nats.
    pub nats: f64,
    /// How many rows those are: K.
    pub rows: usize,
    /// The step whose critic it is.
    pub step: usize,
}

/// Why there is no number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CriticError {
    /// Too little to split.
    #[error("a critic needs at least {LEAST_ROWS} rows to train, stop and be judged on, but there are {0}")]
    TooFewRows(usize),
    /// Rows that do not belong together, or no columns.
    #[error(
        "a critic needs two samples with one row for each other and at least a column each, not {0} x {1} and {2} x {3}"
    )]
    Shapes(usize, usize, usize, usize),
    /// Scores out of floating point.
    #[error("the critic of seed {0} has diverged; standardise the columns, or take another bound")]
    Diverged(u64),
}

/// Held-out rows K of n: the ceiling of InfoNCE is ln K nats.
pub fn held_out_rows(n: usize) -> usize {
    n / 5
}

/// Rows that say when to stop. Their scores cost the square of their number at every look.
fn stopping_rows(n: usize) -> usize {
    held_out_rows(n).min(MOST_STOPPING_ROWS)
}

/// Trains a critic for each seed on rows of A, [n × d_a], and B, [n × d_b], and gives what it says of rows it has not seen.
///
/// # Errors
/// If the rows do not match or are too few, or a critic diverges.
pub fn estimate(
    a: ArrayView2<f64>,
    b: ArrayView2<f64>,
    bound: Bound,
    settings: CriticSettings,
    seeds: &[u64],
    compute: &Compute,
) -> Result<Vec<HeldOut>, CriticError> {
    let n = a.nrows();
    if b.nrows() != n || a.ncols() == 0 || b.ncols() == 0 {
        return Err(CriticError::Shapes(n, a.ncols(), b.nrows(), b.ncols()));
    }
    if n < LEAST_ROWS {
        return Err(CriticError::TooFewRows(n));
    }
    let sides = [a, b].map(|side| Side {
        patterns: side.iter().map(|&value| value as f32).collect(),
        stack: Stack::new(vec![side.ncols(), settings.hidden, settings.hidden, settings.embedding], Activation::Relu),
    });
    Critics { sides, bound, settings, compute }.train(n, seeds)
}

#[cfg(test)]
mod tests;
