use std::cell::Cell;

use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::super::ksg::Ksg;
use super::super::lnc::Lnc;
use super::super::mixed_ksg::MixedKsg;
use super::super::sliced::Sliced;
use super::super::{EstimateError, Estimator, Sample};
use super::*;
use crate::JointDistribution;

#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    AllRows,
    InOrder,
}

thread_local! {
    /// The way that is taken, whatever the data.
    pub(super) static FORCED: Cell<Option<Way>> = const { Cell::new(None) };
}

fn forced<T>(way: Way, work: impl FnOnce() -> T) -> T {
    FORCED.set(Some(way));
    let answer = work();
    FORCED.set(None);
    answer
}

/// Columns as awkward as they come: with ties, on lattices, cut off, with rows that repeat, constant, on very unlike scales.
fn awkward(n: usize, d: usize, rng: &mut ChaCha8Rng) -> Array2<f64> {
    let mut sample = Array2::from_shape_simple_fn((n, d), || StandardNormal.sample(rng));
    for mut column in sample.columns_mut() {
        match rng.random_range(0..8) {
            0 => column.mapv_inplace(|v: f64| (2.0 * v).round() / 2.0),
            1 => column.mapv_inplace(|v| (10.0 * v).round() / 10.0),
            2 => column.mapv_inplace(|v| v.max(0.0)),
            3 => column.mapv_inplace(|v| 1e6 * v),
            4 => column.fill(1.5),
            5 => column.mapv_inplace(|v| f64::from(v as f32)),
            _ => {}
        }
    }
    if rng.random_bool(0.3) {
        for row in 0..n / 3 {
            let (from, to) = (rng.random_range(0..n), row);
            let copy = sample.row(from).to_owned();
            sample.row_mut(to).assign(&copy);
        }
    }
    sample
}

/// Bits of a number, or the words of a refusal.
fn outcome(bits: Result<f64, EstimateError>) -> Result<u64, String> {
    bits.map(f64::to_bits).map_err(|error| error.to_string())
}

/// What every estimator of neighbours makes of a pair given a third sample, and of classes.
fn outcomes([a, b, c]: [ArrayView2<f64>; 3], labels: &[f64], k: usize) -> Vec<Result<u64, String>> {
    let joint = JointDistribution::uniform_binary(labels).unwrap();
    let sample = Sample::new(a, &joint).unwrap();
    let mut all = Vec::new();
    for standardise in [true, false] {
        let noise = if standardise { Ksg::default().noise } else { 0.0 };
        let mixed = MixedKsg { k, standardise };
        for variant in [1, 2] {
            let ksg = Ksg { k, variant, standardise, noise };
            all.push(outcome(ksg.pair(a, b).map(|estimate| estimate.bits)));
            all.push(outcome(ksg.conditional(a, b, c).map(|estimate| estimate.bits)));
            all.push(outcome(ksg.estimate(&sample).map(|information| information.i_ty.bits)));
        }
        all.push(outcome(mixed.pair(a, b).map(|estimate| estimate.bits)));
        all.push(outcome(mixed.estimate(&sample).map(|information| information.i_ty.bits)));
        let sliced = Sliced { projections: 2, k, seed: 1, standardise };
        all.push(outcome(sliced.pair(a, b).map(|estimate| estimate.bits)));
    }
    all.push(outcome(Lnc { k: Some(k + a.ncols() + b.ncols()), alpha: Some(0.9) }.pair(a, b).map(|e| e.bits)));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_ways_give_every_estimator_the_same_bits(
        seed in 0_u64..1 << 32, n in 8_usize..260, widths in [1_usize..4, 1_usize..4, 1_usize..3], k in 1_usize..7,
    ) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let [a, b, c] = widths.map(|d| awkward(n, d, rng));
        let labels: Vec<f64> = (0..n).map(|_| f64::from(rng.random_range(0..2_u32))).collect();
        let of = |way| forced(way, || outcomes([a.view(), b.view(), c.view()], &labels, k));
        prop_assert_eq!(of(Way::AllRows), of(Way::InOrder));
    }

    #[test]
    fn both_ways_answer_every_question_alike(
        seed in 0_u64..1 << 32, n in 1_usize..400, widths in [1_usize..6, 1_usize..6], k in 1_usize..9,
    ) {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let [a, b] = widths.map(|d| Columns::new(awkward(n, d, rng).view()));
        let class: Vec<usize> = (0..n).map(|_| rng.random_range(0..4)).collect();
        let classes = Columns::of_classes(&class);
        for samples in [[&a, &b], [&a, &classes]] {
            let questions = |row: usize, near: &Near<2>| {
                // Nobody asks beyond a row's class.
                let others = class.iter().filter(|&&other| other == class[row]).count() - 1;
                let k = if samples[1].classes().is_some() { k.min(others) } else { k };
                if k == 0 {
                    return None;
                }
                let radius = near.joint.kth_nearest(k);
                let asked = |about: &About| {
                    let kth = about.kth_nearest(k).to_bits();
                    let counts = [-1.0, 0.0, radius, radius * (1.0 - 1e-12)].map(|r| (about.at_most(r), about.below(r)));
                    (kth, counts, about.within(radius))
                };
                Some((near.each.map(|about| asked(&about).1), asked(&near.joint)))
            };
            let of = |way| forced(way, || Neighbours::new(samples, k).of_each_row(questions));
            prop_assert_eq!(of(Way::AllRows), of(Way::InOrder));
        }
    }
}

/// The table of [`how`]: `RAYON_NUM_THREADS=1 cargo test --release -p infoplane-info what_each_way_costs -- --ignored --nocapture`.
#[test]
#[ignore = "measures, and proves nothing"]
fn what_each_way_costs() {
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    println!(
        "{:>7} {:>8} {:>4} {:>9} {:>9} {:>9} {:>9}",
        "rows", "columns", "rho", "compared", "building", "in order", "all rows"
    );
    for n in [1000, 10_000, 100_000] {
        for (d, rho) in [(1, 0.0), (2, 0.0), (5, 0.0), (7, 0.0), (10, 0.0), (10, 0.9), (20, 0.0), (20, 0.9_f64)] {
            let common: Vec<f64> = (0..n).map(|_| StandardNormal.sample(rng)).collect();
            let mut draw = || {
                let value = |(row, _): (usize, usize)| {
                    let own: f64 = StandardNormal.sample(rng);
                    rho * common[row] + (1.0 - rho * rho).sqrt() * own
                };
                Columns::new(Array2::from_shape_fn((n, d), value).view())
            };
            let (a, b) = (draw(), draw());
            let seconds = |work: &mut dyn FnMut()| {
                let started = std::time::Instant::now();
                work();
                started.elapsed().as_secs_f64()
            };
            let mut how = How::AllRows;
            let building = seconds(&mut || how = How::in_order([&a, &b]));
            let How::InOrder { each, joint } = &how else { unreachable!() };
            // As in earnest, neighbours one after the other.
            let rows = joint.rows()[n / 3..][..300].to_vec();
            let compared = |&row: &usize| {
                let reach = joint.about(row).kth_nearest(3);
                each.iter().chain([joint]).map(|order| order.compared(row, reach)).sum::<usize>()
            };
            let compared = rows.iter().map(compared).sum::<usize>() / rows.len();
            let ask = |how| {
                let neighbours = Neighbours { samples: [&a, &b], how };
                let count = |_, near: &Near<2>| {
                    let reach = near.joint.kth_nearest(3);
                    near.each.map(|side| side.below(reach))
                };
                1e6 / rows.len() as f64
                    * (0..3)
                        .map(|_| seconds(&mut || drop(neighbours.of_rows(&rows, count))))
                        .fold(f64::INFINITY, f64::min)
            };
            let building = 1e6 / n as f64 * building;
            println!(
                "{n:>7} {d:>4}+{d:<3} {rho:>4} {compared:>9} {building:>9.1} {:>9.1} {:>9.1}",
                ask(how),
                ask(How::AllRows)
            );
        }
    }
}
