//! Probes against classes whose information is known.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::Backend;

fn compute() -> Compute {
    let backend = Backend::ALL.into_iter().find(|backend| backend.is_compiled()).unwrap();
    backend.open(0).unwrap()
}

/// n rows of d columns: `signal` of them say the class, a sign, in noise of 1; the others nothing.
fn signs(n: usize, d: usize, signal: f64) -> (Vec<f32>, Vec<u32>) {
    let rng = &mut stream(3, Purpose::MonteCarlo);
    let classes: Vec<u32> = (0..n).map(|_| rng.random_range(0..2)).collect();
    let mut rows = Vec::new();
    for &class in &classes {
        for column in 0..d {
            let noise: f64 = StandardNormal.sample(rng);
            let mean = if column == 0 { signal * (2.0 * f64::from(class) - 1.0) } else { 0.0 };
            rows.push((mean + noise) as f32);
        }
    }
    (rows, classes)
}

/// Mean of ln q − ln p over rows, in bits.
fn bits(rows: &[f32], classes: &[u32], groups: &[u32], kind: ProbeKind, seed: u64) -> f64 {
    let n_classes = classes.iter().max().unwrap() + 1;
    let columns = rows.len() / classes.len();
    let data = Labelled { rows, columns, classes, n_classes: n_classes as usize, groups };
    let ln_q = held_out(data, kind, seed, &compute()).unwrap();
    let share = |class: u32| classes.iter().filter(|&&other| other == class).count() as f64 / classes.len() as f64;
    let score = |(ln_q, &class): (&f64, &u32)| (ln_q - share(class).ln()) / std::f64::consts::LN_2;
    ln_q.iter().zip(classes).map(score).sum::<f64>() / classes.len() as f64
}

#[test]
fn every_kind_comes_near_from_below_and_finds_nothing_where_there_is_nothing() {
    let groups: Vec<u32> = (0..1500).collect();
    // A sign in noise of 1: 0.4860 bits by quadrature.
    let (rows, classes) = signs(1500, 3, 1.0);
    let (nothing, labels) = signs(1500, 3, 0.0);
    for kind in [ProbeKind::Linear, ProbeKind::Mlp, ProbeKind::Knn, ProbeKind::Best] {
        let (some, none) = (bits(&rows, &classes, &groups, kind, 1), bits(&nothing, &labels, &groups, kind, 1));
        assert!((0.40..0.53).contains(&some), "{kind:?}: {some}");
        assert!((-0.02..0.01).contains(&none), "{kind:?}: {none}");
        assert_eq!(some, bits(&rows, &classes, &groups, kind, 1));
    }
}

#[test]
fn copies_teach_nothing_if_they_stay_together() {
    let (rows, classes) = signs(200, 2, 0.0);
    let twice = [rows.clone(), rows].concat();
    let classes = [classes.clone(), classes].concat();
    let groups: Vec<u32> = (0..400).map(|row| row % 200).collect();
    let apart: Vec<u32> = (0..400).collect();
    let of = |groups: &[u32]| bits(&twice, &classes, groups, ProbeKind::Knn, 1);
    assert!(of(&groups) < 0.02 && of(&apart) > 0.25, "{} {}", of(&groups), of(&apart));
}

#[test]
fn the_best_sees_what_no_line_separates() {
    // The parity of two signs, 0.9 bits and more.
    let (rows, signs_of) = signs(1200, 2, 0.0);
    let rng = &mut stream(7, Purpose::MonteCarlo);
    let second: Vec<u32> = (0..1200).map(|_| rng.random_range(0..2)).collect();
    let sign = |bit: u32| 2.0 * bit as f32 - 1.0;
    let both: Vec<f32> = (0..1200)
        .flat_map(|row| [sign(signs_of[row]) + 0.4 * rows[2 * row], sign(second[row]) + 0.4 * rows[2 * row + 1]])
        .collect();
    let parity: Vec<u32> = signs_of.iter().zip(&second).map(|(a, b)| a ^ b).collect();
    let groups: Vec<u32> = (0..1200).collect();
    let of = |kind: ProbeKind| bits(&both, &parity, &groups, kind, 1);
    assert!(of(ProbeKind::Linear) < 0.05 && of(ProbeKind::Best) > 0.8);
}

#[test]
fn many_columns_and_classes_are_read_and_few_rows_refused() {
    // 32 classes, each a corner of 5 columns; 600 columns in all.
    let (n, d) = (1200, 600);
    let rng = &mut stream(5, Purpose::MonteCarlo);
    let classes: Vec<u32> = (0..n).map(|_| rng.random_range(0..32)).collect();
    let mut rows = Vec::new();
    for &class in &classes {
        for column in 0..d {
            let noise: f64 = StandardNormal.sample(rng);
            let corner = 2.0 * f64::from(class >> (column % 5) & 1) - 1.0;
            rows.push((0.5 * corner + noise) as f32);
        }
    }
    let groups: Vec<u32> = (0..n as u32).collect();
    for kind in [ProbeKind::Linear, ProbeKind::Mlp] {
        let found = bits(&rows, &classes, &groups, kind, 1);
        assert!((4.0..5.001).contains(&found), "{kind:?}: {found} of 5");
    }
    let few =
        Labelled { rows: &rows[..40 * d], columns: d, classes: &classes[..40], n_classes: 32, groups: &groups[..40] };
    assert_eq!(held_out(few, ProbeKind::Linear, 1, &compute()), Err(ProbeError::TooFewRows(40)));
}
