//! What every estimator must respect, whatever it is: checked by iteration over the list.

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, Information, JointDistribution, Partition, Sample};
use ndarray::{Array2, Axis};
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

const ALL: [&str; 21] = [
    "binning:width=0.3",
    "binning:bins=10,range=-1..1",
    "binning:bins=10,range=own",
    "binning:quantile=5",
    "idnns:edges=30",
    "quantised:bits=3",
    "dithered:width=0.3",
    "plugin",
    "plugin:correction=miller-madow",
    "plugin:correction=grassberger",
    "plugin:correction=chao-shen",
    "plugin:correction=nsb",
    "kde:variance=0.05,bound=upper",
    "kde:variance=0.05,bound=lower",
    "ksg:k=3",
    "mixed-ksg:k=3",
    "gaussian",
    "cca",
    "edge",
    "sliced:projections=20",
    "renyi:alpha=1.01",
];

fn estimators() -> impl Iterator<Item = EstimatorKind> {
    ALL.iter().map(|name| name.parse().unwrap())
}

/// 120 rows: labels, activations that depend on them, inputs.
fn data(seed: u64) -> (Vec<usize>, Array2<f64>, Array2<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let labels: Vec<usize> = (0..120).map(|_| rng.random_range(0..2)).collect();
    let x = Array2::from_shape_simple_fn((120, 2), || rng.random_range(-1.0..1.0));
    let t = Array2::from_shape_fn((120, 2), |(row, _)| {
        (0.8 * labels[row] as f64 - 0.4 + rng.random_range(-0.6..0.6_f64)).clamp(-1.0, 1.0)
    });
    (labels, t, x)
}

fn joint(labels: &[usize]) -> JointDistribution {
    JointDistribution::uniform_binary(&labels.iter().map(|&y| y as f64).collect::<Vec<_>>()).unwrap()
}

fn estimate(estimator: &EstimatorKind, labels: &[usize], t: &Array2<f64>, x: &Array2<f64>) -> Information {
    let (joint, same_x) = (joint(labels), Partition::of_rows(x.view()));
    let sample = Sample::new(t.view(), &joint).unwrap().with_inputs(x.view(), &same_x).unwrap();
    estimator.estimate(&sample).unwrap_or_else(|error| panic!("{estimator}: {error}"))
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() < 1e-9
}

#[test]
fn nothing_is_nan_and_the_order_of_rows_and_the_names_of_labels_do_not_matter() {
    for estimator in estimators() {
        let (labels, t, x) = data(1);
        let first = estimate(&estimator, &labels, &t, &x);
        assert!(!first.i_xt.bits.is_nan() && first.i_ty.bits.is_finite(), "{estimator}: {first:?}");
        let mut order: Vec<usize> = (0..120).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(2));
        let permuted: Vec<usize> = order.iter().map(|&row| labels[row]).collect();
        let again = estimate(&estimator, &permuted, &t.select(Axis(0), &order), &x.select(Axis(0), &order));
        let renamed: Vec<usize> = labels.iter().map(|y| 1 - y).collect();
        let other = estimate(&estimator, &renamed, &t, &x);
        for second in [again, other] {
            assert!(close(first.i_xt.bits, second.i_xt.bits), "{estimator}: {first:?} {second:?}");
            assert!(close(first.i_ty.bits, second.i_ty.bits), "{estimator}: {first:?} {second:?}");
        }
    }
}

#[test]
fn exact_ones_respect_the_bounds_and_data_processing() {
    for estimator in estimators() {
        let (labels, t, x) = data(3);
        let information = estimate(&estimator, &labels, &t, &x);
        if information.i_xt.lower != Some(information.i_xt.bits) || !information.i_xt.bits.is_finite() {
            continue;
        }
        // One unit of the layer is a function of the layer.
        let one = estimate(&estimator, &labels, &t.select(Axis(1), &[0]), &x);
        let h_y = joint(&labels).h_y();
        assert!(0.0 <= information.i_ty.bits && information.i_ty.bits <= h_y + 1e-9, "{estimator}");
        assert!(information.i_xt.bits <= 120_f64.log2() + 1e-9, "{estimator}");
        let own_scale = ["range=own", "quantised", "kde"].iter().any(|name| estimator.to_string().contains(name));
        if !own_scale {
            assert!(
                one.i_xt.bits <= information.i_xt.bits + 1e-9 && one.i_ty.bits <= information.i_ty.bits + 1e-9,
                "{estimator}"
            );
        }
    }
}

#[test]
fn dependence_is_seen_by_all_and_independence_by_none() {
    for estimator in estimators().filter(|estimator| !estimator.to_string().starts_with("plugin")) {
        let (labels, t, x) = data(4);
        let mut shuffled = labels.clone();
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(5));
        let (dependent, independent) = (estimate(&estimator, &labels, &t, &x), estimate(&estimator, &shuffled, &t, &x));
        assert!(dependent.i_ty.bits > independent.i_ty.bits + 0.05, "{estimator}: {dependent:?} {independent:?}");
    }
}

#[test]
fn names_of_four_classes_are_no_numbers() {
    for estimator in estimators() {
        let (two, mut t, x) = data(6);
        let labels: Vec<usize> = two.iter().enumerate().map(|(row, y)| y + 2 * (row % 2)).collect();
        t.column_mut(0).iter_mut().enumerate().for_each(|(row, t)| *t += 0.3 * (row % 2) as f64 - 0.3);
        let of = |names: [usize; 4]| {
            let p = Array2::from_shape_fn((120, 4), |(row, y)| f64::from(u8::from(names[labels[row]] == y)));
            let joint = JointDistribution::from_conditional(ndarray::Array1::from_elem(120, 1.0 / 120.0), p).unwrap();
            let same_x = Partition::of_rows(x.view());
            let sample = Sample::new(t.view(), &joint).unwrap().with_inputs(x.view(), &same_x).unwrap();
            estimator.estimate(&sample).map(|information| information.i_ty.bits)
        };
        match (of([0, 1, 2, 3]), of([3, 0, 2, 1])) {
            (Ok(first), Ok(second)) => assert!(close(first, second), "{estimator}: {first} {second}"),
            (Err(_), Err(_)) => {}
            (first, second) => panic!("{estimator}: {first:?} {second:?}"),
        }
    }
}

#[test]
fn dead_layers_know_nothing_and_a_layer_that_is_the_label_all_of_it() {
    for name in ["ksg:k=3", "mixed-ksg:k=3", "gaussian", "cca", "plugin"] {
        let estimator: EstimatorKind = name.parse().unwrap();
        let (labels, _, x) = data(7);
        let dead = estimate(&estimator, &labels, &Array2::from_elem((120, 2), 0.7), &x);
        assert!(dead.i_xt.bits.abs() < 1e-9 && dead.i_ty.bits.abs() < 0.02, "{estimator}: {dead:?}");
        let t = Array2::from_shape_fn((120, 1), |(row, _)| labels[row] as f64);
        let all = estimate(&estimator, &labels, &t, &x);
        assert!((all.i_ty.bits - joint(&labels).h_y()).abs() < 0.02, "{estimator}: {all:?}");
        assert!(all.i_xt.bits.is_finite(), "{estimator}: {all:?}");
    }
}
