//! Every estimator on one snapshot of the paper's network: 6 layers 10, 7, 5, 4, 3, 2 wide, N = 4096; milliseconds on one
//! thread, the median of several runs. *early*: weights as initialised; *late*: four times as great, most units saturated.
//!
//! `cargo bench -p infoplane-info --bench estimators [-- words in the name of the estimator]`

use std::time::Instant;

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, JointDistribution, Sample};
use ndarray::Array2;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const PATTERNS: usize = 4096;
const WIDTHS: [usize; 6] = [10, 7, 5, 4, 3, 2];
const RUNS: usize = 5;

const ESTIMATORS: [&str; 23] = [
    "binning:width=0.07",
    "binning:bins=30,range=-1..1",
    "binning:bins=30,range=own",
    "binning:quantile=30",
    "idnns:edges=30",
    "quantised:bits=8",
    "plugin",
    "plugin:correction=miller-madow",
    "plugin:correction=grassberger",
    "plugin:correction=chao-shen",
    "plugin:correction=nsb",
    "kde:variance=0.001,bound=upper",
    "kde:variance=0.001,bound=lower",
    "kde:variance=0.1,bound=upper",
    "noisy:sigma=0.1,bounds=false",
    "noisy:sigma=0.1",
    "ksg:k=3",
    "ksg:k=3,variant=2",
    "mixed-ksg:k=3",
    "gaussian",
    "cca",
    "edge",
    "renyi:alpha=1.01",
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    let inputs = Array2::from_shape_fn((PATTERNS, 12), |(x, unit)| f64::from(u32::from((x >> unit) & 1 == 1)));
    let (early, late) = (layers(&inputs, 1.0), layers(&inputs, 4.0));
    let labels: Vec<f64> = (0..PATTERNS).map(|x| f64::from(u32::from(x.count_ones() > 6))).collect();
    let joint = JointDistribution::uniform_binary(&labels).expect("labels");
    println!("ms for 6 layers, N = {PATTERNS}, one thread; median of {RUNS} runs");
    println!("{:<34} {:>9} {:>9}", "estimator", "early", "late");
    for name in ESTIMATORS.iter().filter(|name| words.iter().all(|word| name.contains(word.as_str()))) {
        let estimator: EstimatorKind = name.parse().expect("a name of the list");
        let ms = |layers: &[Array2<f64>]| one_thread.install(|| time(|| snapshot(&estimator, layers, &joint)));
        println!("{name:<34} {:>9.3} {:>9.3}", ms(&early), ms(&late));
    }
    let words_match = words.iter().all(|word| "ksg pair 12-D x 10-D".contains(word.as_str()));
    if words_match {
        let noise = &mut ChaCha8Rng::seed_from_u64(2);
        let mut normal = || -> f64 { StandardNormal.sample(noise) };
        let a = inputs.mapv(|x| x + normal());
        let b = Array2::from_shape_fn((PATTERNS, 10), |(x, unit)| inputs[[x, unit]] + normal());
        for name in ["ksg:k=3", "mixed-ksg:k=3", "gaussian", "cca", "edge", "sliced:projections=10"] {
            let estimator: EstimatorKind = name.parse().expect("a name of the list");
            let pair = || {
                estimator.pair(a.view(), b.view()).expect("continuous samples");
            };
            let one = one_thread.install(|| time(pair));
            println!("{:<34} {one:>9.3} {:>9.3} on all threads", format!("{name} pair 12-D x 10-D"), time(pair));
        }
    }
}

/// Activations of a random tanh network on every pattern.
fn layers(inputs: &Array2<f64>, gain: f64) -> Vec<Array2<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut t = inputs.mapv(|x| x - 0.5);
    WIDTHS
        .map(|width| {
            let scale = gain / (t.ncols() as f64).sqrt();
            let weights = Array2::from_shape_simple_fn((t.ncols(), width), || {
                let weight: f64 = StandardNormal.sample(&mut rng);
                scale * weight
            });
            t = t.dot(&weights).mapv(f64::tanh);
            t.clone()
        })
        .to_vec()
}

fn snapshot(estimator: &EstimatorKind, layers: &[Array2<f64>], joint: &JointDistribution) {
    for t in layers {
        let sample = Sample::new(t.view(), joint).expect("finite activations");
        estimator.estimate(&sample).expect("an estimate");
    }
}

fn time(mut work: impl FnMut()) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}
