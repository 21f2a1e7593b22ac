//! MINE (Belghazi et al. 2018, arXiv 1801.04062): the bound of Donsker & Varadhan, with the paper's gradient.
//!
//! I ≥ E_pairs[S] − ln E_strangers[e^S]. The gradient of the logarithm has the strangers' mean in its denominator, which a batch
//! estimates badly: the paper puts its moving average there (eq. 12), so does the loss below. On held-out rows the logarithm of
//! a mean of few terms is too small on average (Jensen): the estimate leans upwards, the more the stronger the dependence. No
//! ceiling in form; no bound that holds for every distribution passes about ln(rows) (McAllester & Stratos 2020).

use burn::tensor::Tensor;

use super::scores::{Batch, Scores, mean};

/// Weight of the newest batch in the moving average.
const RATE: f64 = 0.05;

/// What training minimises, \[R], given the moving average of E[e^S], \[R]; and that average with this batch in it.
pub(super) fn loss(batch: &Batch, average: Option<Tensor<1>>) -> (Tensor<1>, Tensor<1>) {
    let share = mean(batch.strangers().exp());
    let now = share.clone().inner();
    let average = match average {
        Some(average) => average * (1.0 - RATE) + now * RATE,
        None => now,
    };
    (share / Tensor::from_inner(average.clone()) - mean(batch.pairs()), average)
}

/// The bound in nats.
pub(super) fn nats(scores: &Scores) -> f64 {
    scores.pairs() - scores.log_mean_exp_of_strangers(f64::INFINITY)
}
