//! Probes: classifiers that say how much of a label can be read off a layer by a reader of limited means.
//!
//! Usable information (Xu et al. 2020, arXiv 2002.10689): I_V(T→Y) = H(Y) − inf_{q∈V} E[−log q(y|t)]. For any fixed q, H(Y) less its
//! expected cross-entropy is at most I(T;Y), so what a probe reaches **on rows that neither trained nor chose it** is a lower bound.
//!
//! | file | family V |
//! |---|---|
//! | [`network`] | linear: softmax of linear functions; mlp: one hidden layer of ReLU units; both on burn |
//! | `means` | nearest class means, a variant of the linear probe |
//! | [`neighbours`] | knn: shares of classes among the nearest training rows, by plain products |
//! | [`calibration`] | what makes probabilities of scores: a temperature, and a share of the classes' frequencies |
//!
//! Rows are cut into folds, class by class. For each fold the others train a probe, four fifths of them its weights and one fifth when to
//! stop, how warm its probabilities are and which of its variants is best; the fold itself only judges. Rows of one group (copies) stay
//! together. Same rows and seed, same bits, for any number of threads.

pub mod calibration;
mod means;
pub mod neighbours;
pub mod network;

use rand::seq::SliceRandom;
use rayon::prelude::*;
use thiserror::Error;

use crate::backend::Compute;
use crate::random::{Purpose, stream};

/// Least rows: fewer cannot be cut into folds whose parts are worth the name.
pub const LEAST_ROWS: usize = 50;

/// Folds.
pub const FOLDS: usize = 5;

/// A family of classifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// Softmax of linear functions.
    Linear,
    /// One hidden layer.
    Mlp,
    /// Nearest neighbours.
    Knn,
    /// Whichever of these, and of class means, does best on the rows that choose; networks only where they take seconds.
    Best,
}

/// Rows to read labels off.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// Rows [n × d] one after the other, columns of like scale.
    pub rows: &'a [f32],
    /// d.
    pub columns: usize,
    /// The class of each row.
    pub classes: &'a [u32],
    /// How many classes there are.
    pub n_classes: usize,
    /// Rows that must not be on both sides of a split have the same number.
    pub groups: &'a [u32],
}

/// Why there is no number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// Too little to split.
    #[error(
        "a probe needs at least {LEAST_ROWS} rows that are not copies of one another to train and be judged on, but there are {0}"
    )]
    TooFewRows(usize),
    /// Scores out of floating point.
    #[error("a probe has diverged; scale the columns")]
    Diverged,
}

/// What each part of a split is for.
#[derive(Debug, Default)]
pub(crate) struct Split {
    pub train: Vec<u32>,
    pub choose: Vec<u32>,
    pub judge: Vec<u32>,
}

/// ln of what a probe that has not seen a row gives to its class, for every row.
///
/// # Errors
/// If there are too few rows, or a probe diverges.
pub fn held_out(data: Labelled, kind: ProbeKind, seed: u64, compute: &Compute) -> Result<Vec<f64>, ProbeError> {
    let splits = splits(data, seed)?;
    let of_folds: Vec<Vec<f64>> = splits
        .par_iter()
        .enumerate()
        .map(|(fold, split)| {
            let network = |kind: ProbeKind| network::variant(data, split, kind, 100 * seed + fold as u64, compute);
            let mut variants = Vec::new();
            if matches!(kind, ProbeKind::Knn | ProbeKind::Best) {
                variants.extend(neighbours::variants(data, split));
            }
            if matches!(kind, ProbeKind::Linear | ProbeKind::Best) {
                variants.push(means::variant(data, split));
            }
            for of_kind in [ProbeKind::Linear, ProbeKind::Mlp] {
                if kind == of_kind || (kind == ProbeKind::Best && network::is_quick(data, of_kind)) {
                    variants.push(network(of_kind)?);
                }
            }
            Ok(calibration::judged(data, split, &variants))
        })
        .collect::<Result<_, ProbeError>>()?;
    let mut held_out = vec![0.0; data.classes.len()];
    for (split, ln_q) in splits.iter().zip(of_folds) {
        split.judge.iter().zip(ln_q).for_each(|(&row, ln_q)| held_out[row as usize] = ln_q);
    }
    if held_out.iter().all(|ln_q| ln_q.is_finite()) { Ok(held_out) } else { Err(ProbeError::Diverged) }
}

/// Groups dealt out to folds class by class; within a fold's training rows every fifth group chooses.
fn splits(data: Labelled, seed: u64) -> Result<Vec<Split>, ProbeError> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    let mut place = std::collections::BTreeMap::new();
    for (row, &group) in data.groups.iter().enumerate() {
        let at = *place.entry(group).or_insert(groups.len());
        if at == groups.len() {
            groups.push(Vec::new());
        }
        groups[at].push(row as u32);
    }
    if groups.len() < LEAST_ROWS {
        return Err(ProbeError::TooFewRows(groups.len()));
    }
    groups.shuffle(&mut stream(seed, Purpose::Split));
    groups.sort_by_key(|group| data.classes[group[0] as usize]);
    let mut splits: Vec<Split> = (0..FOLDS).map(|_| Split::default()).collect();
    for (place, group) in groups.iter().enumerate() {
        for (fold, split) in splits.iter_mut().enumerate() {
            let part = if place % FOLDS == fold {
                &mut split.judge
            } else if (place / FOLDS + place).is_multiple_of(5) {
                &mut split.choose
            } else {
                &mut split.train
            };
            part.extend(group);
        }
    }
    Ok(splits)
}

#[cfg(test)]
mod tests;
