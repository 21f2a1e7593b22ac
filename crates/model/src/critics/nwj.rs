//! NWJ (Nguyen, Wainwright & Jordan 2010, IEEE Trans. Inf. Theory 56, 5847; the f-GAN bound of the Kullback–Leibler divergence).
//!
//! I ≥ E_pairs[T] − e⁻¹ E_strangers[e^T]; with T = 1 + S, so that the best S is the log density ratio: 1 + E[S] − E[e^S]. Unbiased
//! on held-out rows, for any critic. No ceiling in form, but the strangers' mean is ruled by its rarest terms: its variance
//! grows as e^I, and no bound that holds for every distribution passes about ln(rows) (McAllester & Stratos 2020).

use burn::tensor::Tensor;

use super::scores::{Batch, Scores, mean};

/// What training minimises, [R]: minus the bound, up to 1.
pub(super) fn loss(batch: &Batch) -> Tensor<1> {
    mean(batch.strangers().exp()) - mean(batch.pairs())
}

/// The bound in nats.
pub(super) fn nats(scores: &Scores) -> f64 {
    1.0 + scores.pairs() - scores.log_mean_exp_of_strangers(f64::INFINITY).exp()
}
