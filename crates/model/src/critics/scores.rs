//! Scores S_ij of row i of A with row j of B: pairs on the diagonal, strangers beside it.

use burn::tensor::{Tensor, TensorData};

/// Scores of K rows in training.
#[derive(Debug)]
pub(super) struct Batch {
    /// [R, K, K].
    pub scores: Tensor<3>,
    /// 1 on the diagonal, [1, K, K].
    diagonal: Tensor<3>,
}

impl Batch {
    /// Of scores [R, K, K], on their device.
    pub(super) fn new(scores: Tensor<3>) -> Self {
        let k = scores.dims()[1];
        let values: Vec<f32> = (0..k * k).map(|at| f32::from(u8::from(at / k == at % k))).collect();
        let diagonal = Tensor::from_data(TensorData::new(values, [1, k, k]), &scores.device());
        Self { scores, diagonal }
    }

    /// S_ii, [R, K].
    pub(super) fn pairs(&self) -> Tensor<2> {
        self.pairs_of(self.scores.clone())
    }

    /// The diagonal, [R, K], of values [R, K, K].
    pub(super) fn pairs_of(&self, values: Tensor<3>) -> Tensor<2> {
        let [replicas, k, _] = values.dims();
        (values * self.diagonal.clone()).sum_dim(2).reshape([replicas, k])
    }

    /// S_ij, i ≠ j, [R, K(K − 1)]: without the first of K·K numbers the others lie in rows of K + 1 whose last is on the diagonal.
    pub(super) fn strangers(&self) -> Tensor<2> {
        let [replicas, k, _] = self.scores.dims();
        let rest = self.scores.clone().reshape([replicas, k * k]).slice([0..replicas, 1..k * k]);
        let rows = rest.reshape([replicas, k - 1, k + 1]).slice([0..replicas, 0..k - 1, 0..k]);
        rows.reshape([replicas, k * (k - 1)])
    }
}

/// The mean, \[R], of values [R, n].
pub(super) fn mean(values: Tensor<2>) -> Tensor<1> {
    values.mean_dim(1).squeeze_dim(1)
}

/// Scores [K × K] of held-out rows of one replica.
#[derive(Debug)]
pub(super) struct Scores {
    /// K.
    pub rows: usize,
    values: Vec<f32>,
}

impl Scores {
    /// Of K·K numbers, row by row.
    pub(super) fn new(values: Vec<f32>) -> Self {
        Self { rows: values.len().isqrt(), values }
    }

    /// S_i0, S_i1, …
    pub(super) fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.rows..(i + 1) * self.rows]
    }

    /// Mean of S over pairs.
    pub(super) fn pairs(&self) -> f64 {
        self.mean_of_pairs(|s| s)
    }

    /// Mean of a function of S over pairs.
    pub(super) fn mean_of_pairs(&self, of: impl Fn(f64) -> f64) -> f64 {
        (0..self.rows).map(|i| of(f64::from(self.row(i)[i]))).sum::<f64>() / self.rows as f64
    }

    /// Mean of a function of S over strangers.
    pub(super) fn mean_of_strangers(&self, of: impl Fn(f64) -> f64) -> f64 {
        let sum: f64 = self.strangers().map(|s| of(f64::from(s))).sum();
        sum / (self.rows * (self.rows - 1)) as f64
    }

    /// ln of the mean of e^S over strangers, S clipped to ±`clip`.
    pub(super) fn log_mean_exp_of_strangers(&self, clip: f64) -> f64 {
        let clipped = |s: f64| s.clamp(-clip, clip);
        let most = clipped(self.strangers().fold(f64::NEG_INFINITY, |most, s| most.max(f64::from(s))));
        most + self.mean_of_strangers(|s| (clipped(s) - most).exp()).ln()
    }

    fn strangers(&self) -> impl Iterator<Item = f32> + '_ {
        (0..self.rows).flat_map(|i| self.row(i)[..i].iter().chain(&self.row(i)[i + 1..])).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_by_hand_and_alike_on_both_sides() {
        let values = vec![1.0, 2.0, 0.0, -1.0, 3.0, 4.0, 0.5, 0.25, 2.0];
        let scores = Scores::new(values.clone());
        approx::assert_abs_diff_eq!(scores.pairs(), 2.0, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(scores.mean_of_strangers(|s| s), 5.75 / 6.0, epsilon = 1e-12);
        let sum: f64 = [2.0, 0.0, -1.0, 4.0, 0.5, 0.25_f64].iter().map(|s| s.exp()).sum();
        approx::assert_abs_diff_eq!(scores.log_mean_exp_of_strangers(f64::INFINITY), (sum / 6.0).ln(), epsilon = 1e-12);
        let clipped: f64 = [1.0, 0.0, -1.0, 1.0, 0.5, 0.25_f64].iter().map(|s| s.exp()).sum();
        approx::assert_abs_diff_eq!(scores.log_mean_exp_of_strangers(1.0), (clipped / 6.0).ln(), epsilon = 1e-12);

        let backend = crate::Backend::ALL.into_iter().find(|backend| backend.is_compiled()).unwrap();
        let device = backend.open(0).unwrap().device().clone();
        let batch = Batch::new(Tensor::from_data(TensorData::new(values, [1, 3, 3]), &device));
        let number = |t: Tensor<1>| f64::from(t.into_data().try_into_vec::<f32>().unwrap()[0]);
        approx::assert_abs_diff_eq!(number(mean(batch.pairs())), 2.0, epsilon = 1e-6);
        approx::assert_abs_diff_eq!(number(mean(batch.strangers())), 5.75 / 6.0, epsilon = 1e-6);
    }
}
