//! The classical iteration, for comparison and teaching: it finds *a* fixed point of the self-consistent equations.
//!
//! Tishby, Pereira & Bialek 1999 (arXiv physics/0004057), eqs. 28–31: p(t|x) ∝ p(t) exp(−β KL[p(y|x)‖p(y|t)]), then p(t) and
//! p(y|t) from it, until nothing moves. Annealing starts each β from the solution before it: forward (β rising) it stays at the
//! trivial solution between the true onset and the local stability bound 1/λ₂; reverse (β falling, from T = X) it does not.

use ndarray::{Array1, Array2};

use crate::distribution::{JointDistribution, plogp};

/// A fixed point.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedPoint {
    /// The trade-off.
    pub beta: f64,
    /// p(t|x), shape [|X| × |T|].
    pub encoder: Array2<f64>,
    /// I(X;T) in bits.
    pub i_xt: f64,
    /// I(T;Y) in bits.
    pub i_ty: f64,
    /// Iterations made.
    pub iterations: usize,
}

impl FixedPoint {
    /// I(X;T) − β I(T;Y) in bits.
    pub fn lagrangian(&self) -> f64 {
        self.i_xt - self.beta * self.i_ty
    }
}

/// Iterates from an encoder p(t|x), [|X| × |T|], until no entry moves by more than `tolerance` or `most` iterations are made.
pub fn iterate(joint: &JointDistribution, start: &Array2<f64>, beta: f64, tolerance: f64, most: usize) -> FixedPoint {
    let mut encoder = start.clone();
    let mut iterations = 0;
    while iterations < most {
        iterations += 1;
        let next = step(joint, &encoder, beta);
        let moved = (&next - &encoder).iter().fold(0.0_f64, |most, d| most.max(d.abs()));
        encoder = next;
        if moved <= tolerance {
            break;
        }
    }
    let (i_xt, i_ty) = information(joint, &encoder);
    FixedPoint { beta, encoder, i_xt, i_ty, iterations }
}

/// The path along ascending or descending β's, each from the solution before it, slightly disturbed so that it can split.
pub fn anneal(
    joint: &JointDistribution,
    start: &Array2<f64>,
    betas: &[f64],
    tolerance: f64,
    most: usize,
) -> Vec<FixedPoint> {
    let mut encoder = start.clone();
    betas
        .iter()
        .map(|&beta| {
            let columns = encoder.ncols();
            for (x, mut row) in encoder.outer_iter_mut().enumerate() {
                // A fixed, tiny disturbance: no randomness, and no symmetry left.
                for (t, value) in row.iter_mut().enumerate() {
                    *value += 1e-6 * ((x * columns + t) as f64).sin().abs();
                }
                let sum = row.sum();
                row /= sum;
            }
            let found = iterate(joint, &encoder, beta, tolerance, most);
            encoder.clone_from(&found.encoder);
            found
        })
        .collect()
}

fn step(joint: &JointDistribution, encoder: &Array2<f64>, beta: f64) -> Array2<f64> {
    let (p_x, table) = (joint.p_x(), joint.p_y_given_x());
    let (p_t, decoder) = marginals(joint, encoder);
    let mut next = Array2::zeros(encoder.dim());
    for x in 0..joint.n_x() {
        let mut logs: Vec<f64> = (0..p_t.len())
            .map(|t| {
                if p_t[t] <= 0.0 {
                    return f64::NEG_INFINITY;
                }
                let kl: f64 = (0..joint.n_y())
                    .filter(|&y| table[[x, y]] > 0.0)
                    .map(|y| table[[x, y]] * (table[[x, y]] / decoder[[t, y]]).ln())
                    .sum();
                p_t[t].ln() - beta * kl
            })
            .collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logs.iter_mut().for_each(|log| *log = (*log - most).exp());
        let sum: f64 = logs.iter().sum();
        for (t, weight) in logs.into_iter().enumerate() {
            next[[x, t]] = if p_x[x] > 0.0 { weight / sum } else { p_t[t] };
        }
    }
    next
}

/// p(t), [|T|], and p(y|t), [|T| × |Y|].
fn marginals(joint: &JointDistribution, encoder: &Array2<f64>) -> (Array1<f64>, Array2<f64>) {
    let p_t = joint.p_x().dot(encoder);
    let weighted = Array2::from_shape_fn(encoder.dim(), |(x, t)| encoder[[x, t]] * joint.p_x()[x]);
    let mut decoder = weighted.t().dot(&joint.p_y_given_x());
    for (mut row, &p) in decoder.outer_iter_mut().zip(&p_t) {
        if p > 0.0 {
            row /= p;
        } else {
            row.assign(&joint.p_y());
        }
    }
    (p_t, decoder)
}

/// I(X;T) and I(T;Y) in bits of any encoder p(t|x), [|X| × |T|].
pub fn information(joint: &JointDistribution, encoder: &Array2<f64>) -> (f64, f64) {
    let (p_t, decoder) = marginals(joint, encoder);
    let h_t = -p_t.iter().map(|&p| plogp(p)).sum::<f64>();
    let h_t_given_x: f64 =
        encoder.outer_iter().zip(joint.p_x()).map(|(row, p)| -p * row.iter().map(|&q| plogp(q)).sum::<f64>()).sum();
    let h_y_given_t: f64 =
        decoder.outer_iter().zip(&p_t).map(|(row, p)| -p * row.iter().map(|&q| plogp(q)).sum::<f64>()).sum();
    ((h_t - h_t_given_x).max(0.0), (joint.h_y() - h_y_given_t).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bottleneck::Problem;

    #[test]
    fn it_never_beats_the_certified_optimum_and_reverse_annealing_finds_what_forward_misses() {
        // A first-order onset: one clear x among many vague ones.
        let p: Vec<f64> = std::iter::once(0.999).chain((0..30).map(|i| 0.45 + 0.002 * f64::from(i))).collect();
        let joint = JointDistribution::uniform_binary(&p).unwrap();
        let problem = Problem::new(&joint);
        let betas: Vec<f64> = (0..40).map(|i| 1.0 + 0.5 * f64::from(i)).collect();
        let trivial = Array2::from_elem((p.len(), 4), 0.25);
        let forward = anneal(&joint, &trivial, &betas, 1e-10, 3000);
        let identity = Array2::eye(p.len());
        let down: Vec<f64> = betas.iter().rev().copied().collect();
        let mut reverse = anneal(&joint, &identity, &down, 1e-10, 3000);
        reverse.reverse();
        let mut behind = 0.0_f64;
        for ((beta, forward), reverse) in betas.iter().zip(&forward).zip(&reverse) {
            let optimum = problem.solve(*beta).unwrap();
            for found in [forward, reverse] {
                assert!(found.lagrangian() >= optimum.lagrangian_lower() - 1e-9);
            }
            behind = behind.max(forward.lagrangian() - reverse.lagrangian());
            assert!(reverse.lagrangian() - optimum.lagrangian < 1e-3, "β = {beta}");
        }
        assert!(behind > 1e-4, "forward annealing was never behind: {behind}");
    }
}
