//! InfoNCE with an anchor (Ryu et al. 2025, arXiv 2510.25983): InfoNCE repaired, an estimate without its ceiling.
//!
//! InfoNCE's critic is the log density ratio but for any function of b, so its value cannot pass ln K. Here the critic also has to
//! tell when none of K strangers is the pair, the anchor, which comes with odds ν to K: the optimum is S = ln p(a, b)/(p(a) p(b))
//! itself, and the estimate is its mean over pairs. **No lower bound.** With r = e^S the loss is the cross-entropy
//! −K/(K+ν) E ln r_pair/(ν + Σ r_j) − ν/(K+ν) E ln ν/(ν + Σ r_j), pair and K − 1 strangers in the first sum, K strangers in the second. ν = K: the anchor comes
//! as often as a pair; with ν = 1, one in K, the scale of r is hardly learnt in so few steps (0.22 of 0.51 nats between Gaussians).

use burn::tensor::{Tensor, TensorData};

use super::scores::{Batch, Scores, mean};

/// e to this is nothing.
const OUT: f32 = -1e9;

/// What training minimises, \[R]. Of a row's pair and K strangers, one stranger is left out of the pair's sum and the pair of the
/// anchor's, so that both have K terms.
pub(super) fn loss(batch: &Batch) -> Tensor<1> {
    let rows = batch.scores.dims()[1];
    let terms = (rows - 1) as f64;
    let of_pairs = batch.pairs() - log_sum(masked(batch, |i| (i + 1) % rows), terms);
    let of_anchors = log_sum(masked(batch, |i| i), terms).neg().add_scalar(terms.ln());
    (mean(of_pairs) + mean(of_anchors)).neg() / 2.0
}

/// Scores [R, K, K] without one column in each row.
fn masked(batch: &Batch, left_out: impl Fn(usize) -> usize) -> Tensor<3> {
    let k = batch.scores.dims()[1];
    let mask = (0..k * k).map(|at| if at % k == left_out(at / k) { OUT } else { 0.0 }).collect::<Vec<f32>>();
    batch.scores.clone() + Tensor::from_data(TensorData::new(mask, [1, k, k]), &batch.scores.device())
}

/// ln(ν + Σ_j e^S_ij) of each row, [R, K].
fn log_sum(scores: Tensor<3>, odds: f64) -> Tensor<2> {
    let [replicas, k, _] = scores.dims();
    // Whatever is subtracted is added again, so it needs no gradient.
    let most = scores.clone().detach().max_dim(2).clamp_min(odds.ln());
    let sum = (scores - most.clone()).exp().sum_dim(2) + most.clone().neg().exp() * odds;
    (sum.log() + most).reshape([replicas, k])
}

/// The same on held-out rows: training stops by this.
pub(super) fn held_out_loss(scores: &Scores) -> f64 {
    let k = scores.rows;
    let terms = (k - 1) as f64;
    let log_sum = |row: &[f32], left_out: usize| {
        let most = row.iter().fold(terms.ln(), |most, &s| most.max(f64::from(s)));
        let of = |(j, &s): (usize, &f32)| if j == left_out { 0.0 } else { (f64::from(s) - most).exp() };
        most + (terms * (-most).exp() + row.iter().enumerate().map(of).sum::<f64>()).ln()
    };
    let of_row = |i: usize| {
        let row = scores.row(i);
        f64::from(row[i]) - log_sum(row, (i + 1) % k) + terms.ln() - log_sum(row, i)
    };
    -(0..k).map(of_row).sum::<f64>() / k as f64 / 2.0
}

/// The estimate in nats.
pub(super) fn nats(scores: &Scores) -> f64 {
    scores.pairs()
}
