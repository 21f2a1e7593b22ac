//! What `ib-curve` answers with: rows of each kind, written as CSV or JSON, and the figure of the bound.

pub mod figure;
mod method;

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;
use infoplane_info::bottleneck::{Annealed, Generalised, Quantiser, Query, Solution, Transition};
use serde::Serialize;

pub use method::Method;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With a header line.
    Csv,
    /// An array of objects.
    Json,
}

/// An optimum at one β.
#[derive(Debug, Serialize)]
pub struct OptimumRow {
    beta: f64,
    i_xt_bits: f64,
    i_ty_bits: f64,
    lagrangian_bits: f64,
    gap_bits: f64,
    proof: String,
    atoms: usize,
}

impl From<&Solution> for OptimumRow {
    fn from(optimum: &Solution) -> Self {
        Self {
            beta: optimum.beta,
            i_xt_bits: optimum.i_xt,
            i_ty_bits: optimum.i_ty,
            lagrangian_bits: optimum.lagrangian,
            gap_bits: optimum.gap_bits,
            proof: optimum.proof.to_string(),
            atoms: optimum.atoms(),
        }
    }
}

/// The best I(T;Y) at a given I(X;T).
#[derive(Debug, Serialize)]
pub struct BestRow {
    i_xt_bits: f64,
    i_ty_lower_bits: f64,
    i_ty_upper_bits: f64,
    beta: f64,
    proof: String,
}

impl From<&Query> for BestRow {
    fn from(query: &Query) -> Self {
        let Query { at, lower, upper, beta, proof } = *query;
        Self { i_xt_bits: at, i_ty_lower_bits: lower, i_ty_upper_bits: upper, beta, proof: proof.to_string() }
    }
}

/// The least I(X;T) at a given I(T;Y).
#[derive(Debug, Serialize)]
pub struct LeastRow {
    i_ty_bits: f64,
    i_xt_lower_bits: f64,
    i_xt_upper_bits: f64,
    beta: f64,
    proof: String,
}

impl From<&Query> for LeastRow {
    fn from(query: &Query) -> Self {
        let Query { at, lower, upper, beta, proof } = *query;
        Self { i_ty_bits: at, i_xt_lower_bits: lower, i_xt_upper_bits: upper, beta, proof: proof.to_string() }
    }
}

/// A change of the number of atoms.
#[derive(Debug, Serialize)]
pub struct TransitionRow {
    beta_lower: f64,
    beta_upper: f64,
    atoms_before: usize,
    atoms_after: usize,
    proven: bool,
    local_stability_beta: f64,
}

impl TransitionRow {
    /// With the local stability bound 1/λ₂ beside it.
    pub fn new(transition: &Transition, local_stability: f64) -> Self {
        Self {
            beta_lower: transition.beta_lower,
            beta_upper: transition.beta_upper,
            atoms_before: transition.atoms.before,
            atoms_after: transition.atoms.after,
            proven: transition.is_proven,
            local_stability_beta: local_stability,
        }
    }
}

/// Classical annealing beside the certified optimum.
#[derive(Debug, Serialize)]
pub struct AnnealingRow {
    beta: f64,
    lagrangian_bits: f64,
    gap_bits: f64,
    i_xt_bits: f64,
    forward_lagrangian_bits: f64,
    forward_i_xt_bits: f64,
    reverse_lagrangian_bits: f64,
    reverse_i_xt_bits: f64,
}

impl From<&Annealed> for AnnealingRow {
    fn from(row: &Annealed) -> Self {
        Self {
            beta: row.beta,
            lagrangian_bits: row.lagrangian,
            gap_bits: row.gap_bits,
            i_xt_bits: row.i_xt,
            forward_lagrangian_bits: row.forward,
            forward_i_xt_bits: row.forward_i_xt,
            reverse_lagrangian_bits: row.reverse,
            reverse_i_xt_bits: row.reverse_i_xt,
        }
    }
}

/// The best found for another bottleneck: H(T) − α H(T|X) − β I(T;Y).
#[derive(Debug, Serialize)]
pub struct OtherRow {
    beta: f64,
    alpha: f64,
    i_xt_bits: f64,
    i_ty_bits: f64,
    h_t_bits: f64,
    lagrangian_bits: f64,
    proof: String,
    atoms: usize,
}

impl OtherRow {
    /// The best local optimum of so many starts.
    pub fn found(found: &Generalised) -> Self {
        Self {
            beta: found.beta,
            alpha: found.alpha,
            i_xt_bits: found.i_xt(),
            i_ty_bits: found.i_ty,
            h_t_bits: found.h_t,
            lagrangian_bits: found.lagrangian(),
            proof: format!("best of {} starts", found.starts),
            atoms: found.atoms(),
        }
    }

    /// The best function of X for binary Y.
    pub fn exact(beta: f64, quantiser: &Quantiser) -> Self {
        Self {
            beta,
            alpha: 0.0,
            i_xt_bits: quantiser.h_t,
            i_ty_bits: quantiser.i_ty,
            h_t_bits: quantiser.h_t,
            lagrangian_bits: quantiser.h_t - beta * quantiser.i_ty,
            proof: "rigorous".to_owned(),
            atoms: quantiser.starts.len(),
        }
    }
}

/// Writes rows to standard output; nothing at all for no rows in CSV.
///
/// # Errors
/// If standard output cannot be written to.
pub fn write<R: Serialize>(format: Format, rows: impl IntoIterator<Item = R>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            for row in rows {
                writer.serialize(row)?;
            }
            writer.flush()?;
        }
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &rows.into_iter().collect::<Vec<_>>())?;
            writeln!(out)?;
        }
    }
    Ok(())
}
