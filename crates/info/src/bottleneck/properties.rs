//! Properties of the certified bound on joints of every kind: random, sparse, deterministic, duplicated, tiny, extreme β.

use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::distribution::JointDistribution;

/// A joint of one of several nasty kinds.
pub(super) fn nasty(kind: usize, n: usize, k: usize, rng: &mut ChaCha8Rng) -> JointDistribution {
    let exponential = |rng: &mut ChaCha8Rng| -rng.random_range(1e-16..1.0_f64).ln();
    let mut table = Array2::from_shape_fn((n, k), |_| exponential(rng));
    match kind % 8 {
        1 => table.mapv_inplace(|v| if v < 0.7 { 0.0 } else { v }),
        2 => table.mapv_inplace(|v| v.powi(8)),
        3 => {
            for (x, mut row) in table.outer_iter_mut().enumerate() {
                row.iter_mut().enumerate().for_each(|(y, v)| *v = if y == x % k { *v } else { 0.0 });
            }
        }
        4 => {
            for x in 1..n {
                if x % 2 == 1 {
                    let scaled = table.row(x - 1).mapv(|v| v * 0.37);
                    table.row_mut(x).assign(&scaled);
                }
            }
        }
        5 => {
            for mut row in table.outer_iter_mut() {
                let scale = 10.0_f64.powf(rng.random_range(-25.0..0.0));
                row.mapv_inplace(|v| v * scale);
            }
        }
        6 => table.mapv_inplace(|v| 10.0_f64.powf(-20.0 * v)),
        7 => {
            for (x, mut row) in table.outer_iter_mut().enumerate() {
                let p = 1.0 / (1.0 + (-(x as f64 - n as f64 / 2.0) * 60.0 / n as f64).exp());
                row.iter_mut().enumerate().for_each(|(y, v)| *v = if y == 0 { p } else { (1.0 - p) / (y * y) as f64 });
            }
        }
        _ => {}
    }
    table[[0, 0]] += 1e-3;
    table /= table.sum();
    JointDistribution::new(table.view()).unwrap()
}

const BETAS: [f64; 10] = [1.000001, 1.01, 1.2, 1.7, 3.0, 8.0, 30.0, 300.0, 1e4, 1e6];

#[test]
fn binary_gaps_close_on_nasty_joints() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let full = std::env::var("STRESS").is_ok();
    let mut worst = 0.0_f64;
    for round in 0..if full { 160 } else { 24 } {
        let n = [2, 3, 5, 9, 20, 64][rng.random_range(0..6)];
        let joint = nasty(round, n, 2, &mut rng);
        let problem = Problem::new(&joint);
        for beta in BETAS {
            let start = std::time::Instant::now();
            let solution = problem.solve(beta).unwrap();
            let time = start.elapsed().as_secs_f64();
            if full && (time > 0.1 || solution.gap_bits > 1e-10) {
                println!(
                    "kind {} n {n} beta {beta} atoms {} gap {:.2e} {time:.3} s",
                    round % 8,
                    solution.atoms(),
                    solution.gap_bits
                );
            }
            worst = worst.max(solution.gap_bits);
            assert!(
                full || solution.gap_bits <= 1e-10,
                "kind {} n {n} beta {beta}: gap {}",
                round % 8,
                solution.gap_bits
            );
            assert!(solution.lagrangian.is_finite() && solution.i_xt.is_finite() && solution.i_ty.is_finite());
            assert!(solution.i_ty <= solution.i_xt + 1e-12 && solution.i_ty <= joint.mutual_information() + 1e-12);
        }
    }
    println!("worst gap {worst:.2e}");
}

#[test]
#[ignore = "slow: run by hand to see where time goes and gaps stay open"]
fn stress_large_and_many_valued() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for (n, k, rounds) in
        [(200, 2, 8), (1000, 2, 8), (5, 3, 8), (20, 3, 8), (64, 4, 8), (64, 10, 8), (300, 5, 4), (1000, 10, 2)]
    {
        for kind in 0..rounds {
            let problem = Problem::new(&nasty(kind, n, k, &mut rng));
            let (mut worst, mut slowest) = ((0.0_f64, 0.0), (0.0_f64, 0.0));
            for beta in BETAS {
                let start = std::time::Instant::now();
                let solution = problem.solve(beta).unwrap();
                let time = start.elapsed().as_secs_f64();
                if solution.gap_bits >= worst.0 {
                    worst = (solution.gap_bits, beta);
                }
                if time > slowest.0 {
                    slowest = (time, beta);
                }
            }
            println!(
                "n {n} k {k} kind {kind}: gap {:.1e} (β {}), slowest {:.3} s (β {})",
                worst.0, worst.1, slowest.0, slowest.1
            );
        }
    }
}
