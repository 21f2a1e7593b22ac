//! Estimators on a layer as wide as people's own: 1024 tanh units of 10,000 rows, ten classes; seconds of one thread and of all.
//!
//! `cargo bench -p infoplane-info --bench wide [-- words in the name of the estimator]`

use std::time::Instant;

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, JointDistribution, Sample};
use ndarray::{Array2, ArrayView1};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const ROWS: usize = 10_000;
const INPUTS: usize = 1100;
const UNITS: usize = 1024;
const CLASSES: usize = 10;

const ESTIMATORS: [&str; 6] =
    ["quantised:bits=8", "binning:bins=30,range=-1..1", "gaussian", "cca", "edge", "kde:variance=0.1,bound=upper"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut normal = |shape| Array2::from_shape_simple_fn(shape, || -> f64 { StandardNormal.sample(&mut rng) });
    let scale = (INPUTS as f64).sqrt().recip();
    let t = normal((ROWS, INPUTS)).dot(&normal((INPUTS, UNITS))).mapv(|z| (scale * z).tanh());
    let class = |row: ArrayView1<f64>| (0..CLASSES).max_by(|&i, &j| row[i].total_cmp(&row[j])).unwrap_or(0) as u32;
    let labels: Vec<u32> = t.outer_iter().map(class).collect();
    let joint = JointDistribution::of_labels(labels, CLASSES).expect("labels");
    let sample = Sample::new(t.view(), &joint).expect("finite activations");
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    println!("seconds, {UNITS} units, {ROWS} rows, {CLASSES} classes");
    println!("{:<34} {:>10} {:>12} {:>10}", "estimator", "one thread", "all threads", "I(T;Y)");
    for name in ESTIMATORS.iter().filter(|name| words.iter().all(|word| name.contains(word.as_str()))) {
        let estimator: EstimatorKind = name.parse().expect("a name of the list");
        let seconds = || {
            let started = Instant::now();
            let information = estimator.estimate(&sample).expect("an estimate");
            (started.elapsed().as_secs_f64(), information.i_ty.bits)
        };
        let ((one, bits), (all, same)) = (one_thread.install(seconds), seconds());
        assert_eq!(bits.to_bits(), same.to_bits(), "threads change no number");
        println!("{name:<34} {one:>10.3} {all:>12.3} {bits:>10.6}");
    }
}
