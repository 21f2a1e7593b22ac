//! InfoNCE (van den Oord, Li & Vinyals 2018, arXiv 1807.03748, eq. 4; as a bound: Poole et al. 2019, arXiv 1905.06922, eq. 12).
//!
//! I ≥ E[1/K Σ_i ln e^{S_ii} / (1/K Σ_j e^{S_ij})] over batches of K pairs. **Ceiling: ln K nats**, whatever the truth: the pair
//! is one of the K terms in its own denominator. Low variance.

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

use super::scores::{Batch, Scores, mean};

/// What training minimises, [R]: minus the bound, up to ln K.
pub(super) fn loss(batch: &Batch) -> Tensor<1> {
    mean(batch.pairs_of(log_softmax(batch.scores.clone(), 2))).neg()
}

/// The bound in nats.
pub(super) fn nats(scores: &Scores) -> f64 {
    let k = scores.rows;
    let of_row = |i: usize| {
        let row = scores.row(i);
        let most = row.iter().fold(f32::NEG_INFINITY, |most, &s| most.max(s));
        let sum: f64 = row.iter().map(|&s| f64::from(s - most).exp()).sum();
        f64::from(row[i] - most) - (sum / k as f64).ln()
    };
    (0..k).map(of_row).sum::<f64>() / k as f64
}
