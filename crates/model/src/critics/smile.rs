//! SMILE (Song & Ermon 2020, arXiv 1910.06222, eq. 16, and their code): MINE's value with clipped scores, of a critic trained on
//! the Jensen–Shannon objective of f-GANs.
//!
//! Î = E_pairs[S] − ln E_strangers[clip(e^S, e^−τ, e^τ)]. Clipping tames the variance of the strangers' mean (to about e^{2τ}
//! over the number of pairs) at the price of the bound: **no lower bound any more**, it can lie above the truth. No ceiling.

use burn::tensor::Tensor;

use super::scores::{Batch, Scores};
use crate::backend::Compute;
use crate::composed;

/// What training minimises, [R]: least, at 2 ln 2 − 2 JS, where S is the log density ratio.
pub(super) fn loss(batch: &Batch, compute: &Compute) -> Tensor<1> {
    let (pairs, strangers) = (batch.pairs(), batch.strangers());
    let (ones, zeros) = (pairs.ones_like(), strangers.zeros_like());
    cross_entropy(pairs, ones, compute) + cross_entropy(strangers, zeros, compute)
}

/// Mean cross-entropy in nats, \[R], of the sigmoids of logits [R, n].
fn cross_entropy(logits: Tensor<2>, labels: Tensor<2>, compute: &Compute) -> Tensor<1> {
    let logits = logits.unsqueeze_dim::<3>(1);
    #[cfg(feature = "flex")]
    if compute.is_fused() {
        return crate::fused::cross_entropy(logits, labels);
    }
    let _ = compute;
    composed::cross_entropy(logits, labels)
}

/// The same on held-out rows: training stops by this, which is about the critic, and not by the value, which is no bound.
pub(super) fn held_out_loss(scores: &Scores) -> f64 {
    let softplus = |s: f64| s.max(0.0) + (-s.abs()).exp().ln_1p();
    scores.mean_of_pairs(|s| softplus(-s)) + scores.mean_of_strangers(softplus)
}

/// The estimate in nats.
pub(super) fn nats(scores: &Scores, tau: f64) -> f64 {
    scores.pairs() - scores.log_mean_exp_of_strangers(tau)
}
