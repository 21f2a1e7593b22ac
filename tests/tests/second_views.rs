//! How often second views of data speak against a number that is right, and against one that is wrong: on fresh draws of the calibration's
//! problems, and on structure that is too fine, or too steep, for nearest neighbours.
//!
//! `cargo test --release --test second_views -- --ignored --nocapture` prints the counts of docs/estimators.md.

use infoplane_experiments::calibration::advice::{Calibration, Shape};
use infoplane_experiments::calibration::{Kind, Problem, problems};
use infoplane_experiments::estimation::judge::{self, Judged};
use infoplane_experiments::methods::Method;
use infoplane_info::description::Description;
use infoplane_info::{Estimator, JointDistribution, Sample, Standing};
use ndarray::Array2;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Data of known information.
enum Data {
    Labelled(Array2<f64>, Box<JointDistribution>),
    Pair(Array2<f64>, Array2<f64>),
}

/// What `estimate --estimator auto` says: the estimator, its number, and what that is worth.
fn said(data: &Data) -> Option<(Method, f64, Judged)> {
    let calibration = Calibration::committed();
    match data {
        Data::Labelled(t, joint) => {
            let described = Description::of(t.view());
            let kind = Kind::of_layer(&described);
            let shape = Shape { kind, columns: t.ncols(), classes: joint.n_y(), rows: t.nrows() };
            let method = calibration.choice(shape);
            let sample = Sample::new(t.view(), joint).ok()?;
            let information = method.estimate(&sample).ok()?;
            let judged = judge::of_labels(&method, information, &sample, shape, &described);
            Some((method, information.i_ty.bits, judged))
        }
        Data::Pair(a, b) => {
            let [of_a, of_b] = [a, b].map(|side| Description::of(side.view()));
            let kind = Kind::of(&of_a, &of_b);
            let shape = Shape { kind, columns: a.ncols() + b.ncols(), classes: 0, rows: a.nrows() };
            let method = calibration.choice(shape);
            let estimate = method.pair(a.view(), b.view()).ok()?;
            let judged = judge::of_pair(&method, estimate, [a.view(), b.view()], [&of_a, &of_b], f64::INFINITY);
            Some((method, estimate.bits, judged))
        }
    }
}

/// Numbers that are right and wrong, and how many of each second views doubt.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    right: usize,
    doubted: usize,
    wrong: usize,
    caught: usize,
}

impl Counts {
    fn add(&mut self, data: &Data, truth: f64, name: &str) {
        let Some((method, bits, judged)) = said(data) else { return };
        let by_views = match &judged.standing {
            Standing::Measured => false,
            Standing::Doubtful(why) => {
                let is_view = [
                    "some of the columns",
                    "ranks",
                    "principal components",
                    "neighbours are looked at",
                    "a probe reads",
                ];
                if !is_view.iter().any(|view| why.contains(view)) {
                    return;
                }
                true
            }
            _ => return,
        };
        if (bits - truth).abs() <= 0.1_f64.max(0.1 * truth) {
            self.right += 1;
            self.doubted += usize::from(by_views);
            if by_views {
                println!("doubted: {name}, {method}: {bits:.3} of {truth:.3}, {}", judged.standing);
            }
        } else {
            self.wrong += 1;
            self.caught += usize::from(by_views);
            if !by_views {
                println!("missed: {name}, {method}: {bits:.3} of {truth:.3}");
            }
        }
    }
}

fn of_problem(problem: &Problem, rows: usize, seed: u64) -> Option<Data> {
    if problem.rows().is_some() || !problem.truth_bits.is_finite() {
        return None;
    }
    let sampled = problem.draw(rows, seed);
    match (sampled.pair, sampled.labelled) {
        (Some((a, b)), _) => Some(Data::Pair(a, b)),
        (None, Some((t, joint))) => (t.ncols() <= 100).then_some(Data::Labelled(t, Box::new(joint))),
        _ => None,
    }
}

/// The first seed of draws on which no threshold of the views was chosen (those were 0 to 2, 9, 300 and 301).
const FRESH: u64 = 700;

fn on_calibration(rows: &[usize], seeds: u64) -> Counts {
    let mut counts = Counts::default();
    for problem in problems() {
        for &rows in rows {
            for seed in FRESH..FRESH + seeds {
                if let Some(data) = of_problem(&problem, rows, seed) {
                    counts.add(&data, problem.truth_bits, &problem.name);
                }
            }
        }
    }
    counts
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A label that depends on some columns, every tenth of them wrong: 0.531 bits.
fn labelled(rows: usize, columns: usize, seed: u64, is_one: impl Fn(&[f64]) -> bool) -> Data {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let t = Array2::from_shape_simple_fn((rows, columns), || normal(rng));
    let of = |(at, row): (usize, Vec<f64>)| f64::from(u8::from(is_one(&row) != (at % 10 == 0)));
    let labels: Vec<f64> = t.rows().into_iter().map(|row| row.to_vec()).enumerate().map(of).collect();
    let joint = JointDistribution::uniform_binary(&labels).expect("labels are a distribution");
    Data::Labelled(t, Box::new(joint))
}

/// A pair of Gaussians correlated by ρ, each stretched: information does not change.
fn stretched(rows: usize, rho: f64, seed: u64, f: Map, g: Map) -> Data {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let a = Array2::from_shape_simple_fn((rows, 1), || normal(rng));
    let b = a.mapv(|a| g(rho * a + (1.0 - rho * rho).sqrt() * normal(rng)));
    Data::Pair(a.mapv(f), b)
}

/// A rule that labels follow, and how a column is stretched.
type Rule = fn(&[f64]) -> bool;
type Map = fn(f64) -> f64;

/// Fine and steep structure.
fn on_hard(rows: &[usize], seeds: u64) -> Counts {
    const RULES: [(&str, usize, Rule); 7] = [
        ("sign", 1, |t| t[0] > 0.0),
        ("sin 6t", 1, |t| (6.0 * t[0]).sin() > 0.0),
        ("sin 15t", 1, |t| (15.0 * t[0]).sin() > 0.0),
        ("sin 40t", 1, |t| (40.0 * t[0]).sin() > 0.0),
        ("parity of two", 2, |t| t[0] * t[1] > 0.0),
        ("circle", 2, |t| t[0] * t[0] + t[1] * t[1] > 1.386),
        ("parity of three", 3, |t| t[0] * t[1] * t[2] > 0.0),
    ];
    const MAPS: [(&str, Map, Map); 3] = [
        ("a³, exp 3b", |v| v.powi(3), |v| (3.0 * v).exp()),
        ("exp 2a, exp 2b", |v| (2.0 * v).exp(), |v| (2.0 * v).exp()),
        ("a, b", |v| v, |v| v),
    ];
    let mut counts = Counts::default();
    let certain = 1.0 + 0.1 * 0.1_f64.log2() + 0.9 * 0.9_f64.log2();
    for &rows in rows {
        for seed in FRESH..FRESH + seeds {
            for (name, least, rule) in RULES {
                for columns in least..=4 {
                    let data = labelled(rows, columns, seed, rule);
                    counts.add(&data, certain, &format!("{name} in {columns} columns, {rows} rows"));
                }
            }
            for rho in [0.3_f64, 0.8, 0.95] {
                for (name, f, g) in MAPS {
                    let truth = -0.5 * (1.0 - rho * rho).log2();
                    counts.add(&stretched(rows, rho, seed, f, g), truth, &format!("{name}, ρ = {rho}, {rows} rows"));
                }
            }
        }
    }
    counts
}

fn is_of_bmi(problem: &Problem) -> bool {
    ["independent", "Gaussian", "Student-t", "homeomorphism", "additive noise"].contains(&problem.family)
}

#[test]
fn numbers_that_are_right_are_seldom_doubted_and_those_that_are_wrong_nearly_always() {
    let counts = on_calibration(&[500], 1);
    assert!(counts.right > 60 && 20 * counts.doubted <= counts.right, "{counts:?}");
    let hard = on_hard(&[600], 1);
    assert!(hard.wrong >= 12 && 5 * hard.caught >= 4 * hard.wrong, "{hard:?}");
}

#[test]
fn fine_structure_is_not_called_measured() {
    for (columns, w) in [(2, 15.0), (3, 6.0), (2, 40.0), (3, 15.0)] {
        let data = labelled(600, columns, 9, |t| (w * t[0]).sin() > 0.0);
        let (_, bits, judged) = said(&data).unwrap();
        assert!(
            matches!(judged.standing, Standing::Doubtful(_)) && judged.interval.is_none(),
            "{columns}, {w}: {bits}"
        );
    }
    let steep = stretched(1500, 0.8, 9, |v| v.powi(3), |v| (3.0 * v).exp());
    let (_, _, judged) = said(&steep).unwrap();
    assert!(judged.standing.because().contains("ranks"), "{}", judged.standing);
    let plain = said(&stretched(1500, 0.8, 9, |v| v, |v| v)).unwrap();
    assert_eq!(plain.2.standing, Standing::Measured);
}

/// The benchmark of Czyż et al.: for each problem whether `auto` is right, doubts, or is wrong with confidence.
#[test]
fn on_the_bmi_problems_auto_is_right_or_doubts() {
    let (mut right, mut doubts, mut wrong) = (0, 0, Vec::new());
    for problem in problems().iter().filter(|problem| is_of_bmi(problem)) {
        let Some(data) = of_problem(problem, 2000, FRESH) else { continue };
        let (method, bits, judged) = said(&data).unwrap();
        let truth = problem.truth_bits;
        if (bits - truth).abs() <= 0.1_f64.max(0.1 * truth) {
            right += 1;
        } else if matches!(judged.standing, Standing::Doubtful(_)) {
            doubts += 1;
        } else {
            wrong.push(format!("{} by {method}: {bits:.2} of {truth:.2}", problem.name));
        }
    }
    let line = format!(
        "of the {} BMI problems `auto` is right on {right} at 2000 rows, doubts {doubts} that it is not right on, and is wrong with confidence on {}",
        right + doubts + wrong.len(),
        wrong.len()
    );
    println!("{line}");
    assert!(wrong.is_empty(), "{wrong:?}");
    let page = include_str!("../../docs/estimators.md");
    assert!(page.replace('\n', " ").contains(&line), "docs/estimators.md should say: {line}");
}

#[test]
#[ignore = "minutes: the counts of docs/estimators.md"]
fn counts_of_the_page() {
    println!("calibration: {:?}", on_calibration(&[500, 2000], 2));
    println!("fine and steep: {:?}", on_hard(&[600, 1500, 4000], 3));
}
