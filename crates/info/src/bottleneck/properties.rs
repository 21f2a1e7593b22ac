//! Properties of the certified bound on joints of every kind: random, sparse, deterministic, duplicated, tiny, extreme β.

use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::Distribution;

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

/// Solves, and checks what must hold of any answer.
fn checked(joint: &JointDistribution, problem: &Problem, beta: f64, most_gap: f64, what: &str) -> Solution {
    let solution = problem.solve(beta).unwrap();
    let (i_xt, i_ty) = (solution.i_xt, solution.i_ty);
    assert!(solution.gap_bits <= most_gap, "{what}, β {beta}: gap {}", solution.gap_bits);
    assert!(solution.lagrangian.is_finite() && solution.lagrangian <= 0.0, "{what}, β {beta}: {}", solution.lagrangian);
    assert!(i_ty >= 0.0 && i_ty <= i_xt + 1e-12 && i_xt <= joint.h_x() + 1e-12, "{what}, β {beta}: {i_xt} {i_ty}");
    assert!(i_ty <= joint.mutual_information() + 1e-12, "{what}, β {beta}");
    solution
}

#[test]
fn binary_gaps_are_proven_below_1e_10_on_hundreds_of_joints_of_every_kind() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut worst = 0.0_f64;
    for round in 0..320 {
        let n = [2, 3, 5, 9, 20, 64, 150][rng.random_range(0..if round % 8 == 0 { 7 } else { 6 })];
        let joint = nasty(round, n, 2, &mut rng);
        let problem = Problem::new(&joint);
        for beta in BETAS {
            // Beyond β = 10⁵ rounding of β I(T;Y) is more.
            let most = (1e-15 * beta).max(1e-10);
            let solution = checked(&joint, &problem, beta, most, &format!("kind {} n {n}", round % 8));
            assert_eq!(solution.proof, Proof::Rigorous);
            worst = worst.max(solution.gap_bits);
        }
    }
    println!("worst gap {worst:.2e}");
}

#[test]
fn many_valued_gaps_close_on_joints_of_every_kind() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut worst = 0.0_f64;
    for round in 0..64 {
        let (n, k) = ([2, 3, 6, 12][rng.random_range(0..4)], [3, 4, 6, 10][rng.random_range(0..4)]);
        let joint = nasty(round, n, k, &mut rng);
        let problem = Problem::new(&joint);
        for beta in [1.2, 1.7, 3.0, 8.66, 30.0, 1e4] {
            let what = format!("kind {} {n} × {k}", round % 8);
            worst = worst.max(checked(&joint, &problem, beta, 1e-8 * beta.max(1.0), &what).gap_bits);
        }
    }
    println!("worst gap {worst:.2e}");
}

/// Rows drawn from a Dirichlet distribution, weighed by another.
fn dirichlet(concentration: f64, n: usize, k: usize, rng: &mut ChaCha8Rng) -> JointDistribution {
    let gamma = rand_distr::Gamma::new(concentration, 1.0).unwrap();
    let exponential = |rng: &mut ChaCha8Rng| -rng.random_range(1e-12..1.0_f64).ln();
    let mut table = Array2::from_shape_fn((n, k), |_| gamma.sample(rng).max(1e-12));
    for mut row in table.outer_iter_mut() {
        row *= exponential(rng) / row.sum();
    }
    table /= table.sum();
    JointDistribution::new(table.view()).unwrap()
}

#[test]
fn nothing_that_blahut_arimoto_reaches_is_below_the_answer_and_information_never_falls_with_beta() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let (mut worst, mut rigorous, mut all) = (0.0_f64, 0, 0);
    for round in 0..60 {
        let (n, k) = (rng.random_range(2..=if round % 10 == 0 { 64 } else { 24 }), rng.random_range(2..=10));
        let joint = dirichlet(rng.random_range(0.2..1.0), n, k, &mut rng);
        let problem = Problem::new(&joint);
        let what = format!("round {round}, {n} × {k}");
        // Single β's, in random order.
        let betas: Vec<f64> = (0..6).map(|_| 1.01 * (100.0_f64 / 1.01).powf(rng.random_range(0.0..1.0))).collect();
        let mut found: Vec<Solution> = betas.iter().map(|&beta| problem.solve(beta).unwrap()).collect();
        found.sort_by(|a, b| a.beta.total_cmp(&b.beta));
        for pair in found.windows(2) {
            // A gap of g bits lets I(T;Y) be off by g/Δβ.
            let slack = (pair[0].gap_bits + pair[1].gap_bits + 1e-12) / (pair[1].beta - pair[0].beta);
            assert!(pair[1].i_ty >= pair[0].i_ty - slack, "{what}: {} {}", pair[0].i_ty, pair[1].i_ty);
            assert!(pair[1].i_xt >= pair[0].i_xt - pair[1].beta * slack, "{what}: {} {}", pair[0].i_xt, pair[1].i_xt);
        }
        let falling: Vec<f64> = found.iter().rev().map(|solution| solution.beta).collect();
        let identity = Array2::eye(n);
        let mut rivals = blahut_arimoto::anneal(&joint, &identity, &falling, 1e-9, 400);
        rivals.reverse();
        for (solution, annealed) in found.iter().zip(&rivals) {
            let straight = blahut_arimoto::iterate(&joint, &identity, solution.beta, 1e-9, 400);
            let rival = annealed.lagrangian().min(straight.lagrangian()).min(0.0);
            assert!(
                solution.lagrangian <= rival + 1e-9,
                "{what}, β {}: {} {rival}",
                solution.beta,
                solution.lagrangian
            );
            assert!(solution.lagrangian_lower() <= rival + 1e-9, "{what}, β {}: not a lower bound", solution.beta);
            assert!(!solution.is_open(), "{what}, β {}: gap {}", solution.beta, solution.gap_bits);
            worst = worst.max(solution.gap_bits);
            all += 1;
            rigorous += usize::from(solution.proof == Proof::Rigorous);
        }
        // All at once, they are monotone to the last bit.
        let together = problem.solve_all(&betas).unwrap();
        assert!(together.iter().map(|solution| solution.beta).eq(betas.iter().copied()));
        let mut together = together;
        together.sort_by(|a, b| a.beta.total_cmp(&b.beta));
        let grows = |pair: &[Solution]| pair[1].i_ty >= pair[0].i_ty && pair[1].i_xt >= pair[0].i_xt - 1e-12;
        assert!(together.windows(2).all(grows), "{what}");
    }
    println!("worst gap {worst:.1e}; {rigorous} of {all} proven");
}

#[test]
fn joints_whose_optimum_was_missed_once_are_solved() {
    // The optimum at β = 8 lay at −1.2085 for a solver that lost its atoms, at 0 for the second joint.
    let falling = ndarray::array![
        [0.0509, 0.0262, 0.0848],
        [0.0126, 0.0158, 0.0861],
        [0.0470, 0.1281, 0.0057],
        [0.0003, 0.0612, 0.0011],
        [0.0717, 0.0015, 0.0402],
        [0.0029, 0.0008, 0.0519],
        [0.1004, 0.0633, 0.0091],
        [0.0002, 0.0847, 0.0498]
    ];
    let trivial = ndarray::array![
        [0.13299, 0.01229, 0.00575],
        [0.00814, 0.02733, 0.02915],
        [0.06884, 0.01256, 0.000002],
        [0.00001, 0.10310, 0.02070],
        [0.02080, 0.00030, 0.13100],
        [0.09900, 0.00200, 0.04100],
        [0.00050, 0.15400, 0.00120],
        [0.05500, 0.00100, 0.07300]
    ];
    for table in [falling, trivial] {
        let joint = JointDistribution::new((&table / table.sum()).view()).unwrap();
        let problem = Problem::new(&joint);
        let mut last = (0.0, 0.0);
        for beta in [4.0, 6.0, 8.0, 10.0] {
            let solution = checked(&joint, &problem, beta, 1e-6, "once missed");
            assert_eq!(solution.proof, Proof::Rigorous);
            let identity = blahut_arimoto::iterate(&joint, &Array2::eye(8), beta, 1e-12, 5000);
            assert!(solution.lagrangian <= identity.lagrangian() + 1e-9 && solution.lagrangian < -0.1, "β {beta}");
            assert!(solution.i_xt > last.0 && solution.i_ty > last.1, "β {beta}");
            last = (solution.i_xt, solution.i_ty);
        }
    }
}

#[test]
fn an_atom_that_is_about_to_split_is_left_sideways_even_where_d_falls_first() {
    // Beside its atoms D falls a little before it rises above 1: a climb that leaves them only uphill misses the optimum.
    let dip = ndarray::array![
        [144.0, 171.0, 179.0, 15.0, 150.0, 105.0, 116.0, 105.0, 183.0, 395.0],
        [129.0, 18.0, 28.0, 8.0, 2.0, 19.0, 12.0, 18.0, 19.0, 17.0],
        [95.0, 100.0, 105.0, 9.0, 85.0, 62.0, 67.0, 61.0, 106.0, 227.0],
        [6.0, 8.0, 10.0, 2.0, 9.0, 7.0, 5.0, 8.0, 10.0, 15.0],
        [282.0, 66.0, 141.0, 41.0, 70.0, 108.0, 48.0, 123.0, 119.0, 45.0],
        [191.0, 42.0, 85.0, 24.0, 39.0, 64.0, 30.0, 72.0, 71.0, 33.0],
        [17.0, 43.0, 124.0, 38.0, 100.0, 102.0, 36.0, 129.0, 119.0, 15.0],
        [14.0, 13.0, 34.0, 10.0, 26.0, 27.0, 11.0, 33.0, 32.0, 9.0],
        [56.0, 64.0, 67.0, 6.0, 56.0, 39.0, 43.0, 39.0, 68.0, 147.0],
        [1000.0, 142.0, 219.0, 60.0, 15.0, 151.0, 92.0, 139.0, 150.0, 135.0],
        [18.0, 45.0, 129.0, 39.0, 103.0, 105.0, 37.0, 134.0, 123.0, 16.0],
        [136.0, 23.0, 37.0, 10.0, 8.0, 26.0, 15.0, 25.0, 27.0, 22.0],
        [4.0, 10.0, 29.0, 9.0, 23.0, 24.0, 8.0, 30.0, 28.0, 3.0],
        [69.0, 10.0, 15.0, 4.0, 1.0, 10.0, 6.0, 9.0, 10.0, 9.0],
        [11.0, 13.0, 14.0, 1.0, 11.0, 8.0, 9.0, 8.0, 14.0, 29.0],
        [9.0, 10.0, 11.0, 1.0, 9.0, 6.0, 7.0, 6.0, 11.0, 24.0],
        [44.0, 109.0, 317.0, 97.0, 255.0, 260.0, 91.0, 330.0, 303.0, 37.0],
        [167.0, 23.0, 36.0, 10.0, 2.0, 25.0, 15.0, 23.0, 25.0, 22.0],
        [18.0, 45.0, 132.0, 40.0, 106.0, 108.0, 38.0, 137.0, 126.0, 15.0],
        [1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0],
        [432.0, 61.0, 94.0, 26.0, 6.0, 65.0, 40.0, 60.0, 65.0, 57.0],
        [2.0, 4.0, 12.0, 4.0, 10.0, 10.0, 4.0, 13.0, 12.0, 1.0]
    ];
    // A circulant joint: several directions are as steep.
    let weights = [1.0, 1.0, 4.0, 4.0, 8.0, 2.0];
    let circulant = Array2::from_shape_fn((6, 6), |(x, y)| weights[(y + 6 - x) % 6]);
    for (table, beta, once) in [(dip, 4.835, -0.021360998066), (circulant, 5.33867, -2.899108e-6)] {
        let joint = JointDistribution::new((&table / table.sum()).view()).unwrap();
        let solution = checked(&joint, &Problem::new(&joint), beta, 1e-8, "about to split");
        assert!(
            solution.lagrangian < once - 1e-9,
            "β {beta}: {:e}, and {once:e} was reached once",
            solution.lagrangian
        );
    }
}

#[test]
fn the_whole_binary_curve_is_known_to_a_millionth_of_a_bit() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut joints: Vec<(String, JointDistribution)> =
        [0.99, 0.9, 0.7].map(|i_xy| (format!("task {i_xy}"), paper_task::joint(i_xy))).into();
    for round in 0..40 {
        let n = [2, 3, 8, 20, 64][rng.random_range(0..5)];
        joints.push((format!("kind {} n {n}", round % 8), nasty(round, n, 2, &mut rng)));
    }
    for (what, joint) in joints {
        let started = std::time::Instant::now();
        let problem = Problem::new(&joint);
        let curve = Curve::refined(&problem, 1e-6, 1000).unwrap();
        let (end, knots) = (curve.end(), curve.knots().len());
        assert!(curve.width_bits() <= 1e-6, "{what}: {} bits wide with {knots} knots", curve.width_bits());
        // Between the knots too, wherever one looks; monotone, concave, within its ceilings.
        let at: Vec<f64> = (0..=500).map(|i| f64::from(i) / 500.0 * end.0).collect();
        let lower: Vec<f64> = at.iter().map(|&x| curve.lower(x)).collect();
        for (i, (&x, &low)) in at.iter().zip(&lower).enumerate() {
            let up = curve.upper(x);
            assert!(low <= up + 1e-9 && up - low <= 1e-6 + 1e-9, "{what} at {x}: {low} … {up}");
            assert!(up <= x.min(end.1) + 1e-12 && low >= 0.0, "{what} at {x}");
            assert!(i == 0 || low >= lower[i - 1] - 1e-12, "{what}: not monotone at {x}");
            assert!(i < 2 || lower[i - 2] - 2.0 * lower[i - 1] + low <= 1e-12, "{what}: not concave at {x}");
        }
        if what.starts_with("task") {
            println!(
                "{what}: {knots} knots, {:.1e} bits, {:.3} s",
                curve.width_bits(),
                started.elapsed().as_secs_f64()
            );
        }
    }
}

#[test]
fn the_curve_knows_neither_the_order_of_x_nor_its_copies() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for (n, k, close) in [(4, 2, 1e-9), (13, 2, 1e-9), (5, 3, 1e-8), (9, 4, 1e-8)] {
        let table = Array2::from_shape_fn((n, k), |_| -rng.random_range(1e-9..1.0_f64).ln());
        let table = &table / table.sum();
        // Rows and columns in reverse, and every row split into unequal parts.
        let reversed = table.slice(ndarray::s![..;-1, ..;-1]).to_owned();
        let split = Array2::from_shape_fn((2 * n, k), |(x, y)| table[[x / 2, y]] * if x % 2 == 0 { 0.3 } else { 0.7 });
        let problem = |table: &Array2<f64>| Problem::new(&JointDistribution::new(table.view()).unwrap());
        for beta in [1.3, 2.5, 10.0, 60.0] {
            let first = problem(&table).solve(beta).unwrap();
            for other in [&reversed, &split] {
                let other = problem(other).solve(beta).unwrap();
                assert!((first.lagrangian - other.lagrangian).abs() <= close * beta, "{n} × {k}, β {beta}");
                assert!((first.i_xt - other.i_xt).abs() <= 1e-5, "{n} × {k}, β {beta}: {} {}", first.i_xt, other.i_xt);
            }
        }
    }
}

#[test]
fn an_identity_channel_costs_a_bit_a_bit_and_independence_is_worth_nothing() {
    for n in [2, 3, 5, 50] {
        let identity = Array2::from_shape_fn((n, n), |(x, y)| f64::from(u8::from(x == y)) / n as f64);
        let problem = Problem::new(&JointDistribution::new(identity.view()).unwrap());
        let entropy = (n as f64).log2();
        for beta in [1.5, 4.0, 100.0] {
            let solution = problem.solve(beta).unwrap();
            assert!((solution.i_xt - entropy).abs() < 1e-9 && (solution.i_ty - entropy).abs() < 1e-9, "{n}, β {beta}");
        }
        let half = problem.best_i_ty(0.5).unwrap();
        assert!((half.lower - 0.5).abs() < 1e-9 && (half.upper - 0.5).abs() < 1e-9, "{n}: {half:?}");
        let independent = Array2::from_shape_fn((n, 3), |(x, y)| (x + 1) as f64 * [0.5, 0.2, 0.3][y]);
        let independent = &independent / independent.sum();
        let problem = Problem::new(&JointDistribution::new(independent.view()).unwrap());
        assert_eq!((problem.classes(), problem.i_xy_bits()), (1, 0.0));
        let solution = problem.solve(1e6).unwrap();
        assert_eq!((solution.i_xt, solution.i_ty, solution.atoms()), (0.0, 0.0, 1));
        assert_eq!(Curve::refined(&problem, 1e-6, 100).unwrap().width_bits(), 0.0);
    }
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
