//! An epoch of the paper's network, all in: fresh shuffle, gather, forward, backward, update, and the gradients of the one epoch
//! that is recorded. Milliseconds per replica and epoch on one thread, medians, all in one run: fused kernels, the same network in composed
//! burn operations (flex; burn-ndarray where `--features ndarray` is given), and a hand-written loop without a framework.
//!
//! `cargo bench -p infoplane-model --bench epoch [-- table|sweep|profile|profile-relu]`
//! - `table` (default): the table above, and what a second thread adds;
//! - `sweep`: cost as rows, replicas, epochs and width grow;
//! - `profile`, `profile-relu`: one block and no more, for a profiler to look at.

mod hand_written;

use std::time::Instant;

use infoplane_model::backend::Compute;
use infoplane_model::lanes;
use infoplane_model::{
    Activation, Architecture, Backend, GradientMode, Initialisation, Mlp, OptimizerKind, Output, Replica,
    TrainSettings, Training,
};
use ndarray::Array2;

const PATTERNS: usize = 4096;
const PAPER: [usize; 5] = [10, 7, 5, 4, 3];
const RUNS: usize = 5;

/// What is timed.
#[derive(Clone)]
struct Case {
    hidden: Vec<usize>,
    optimizer: OptimizerKind,
    activation: Activation,
    batch: usize,
    rows: u32,
    replicas: usize,
    epochs: usize,
    architecture: Architecture,
}

impl Case {
    fn paper(replicas: usize, epochs: usize) -> Self {
        let (optimizer, activation) = (OptimizerKind::Sgd, Activation::Tanh);
        Self {
            hidden: PAPER.to_vec(),
            optimizer,
            activation,
            batch: 256,
            rows: 3482,
            replicas,
            epochs,
            architecture: Architecture::Mlp,
        }
    }
}

fn main() {
    let fused = Backend::Flex.open(0).expect("flex is compiled in");
    match std::env::args().skip(1).find(|word| !word.starts_with("--")).as_deref() {
        Some("profile") => train(&fused, &Case::paper(5, 2000)),
        Some("profile-relu") => train(&fused, &Case { activation: Activation::Relu, ..Case::paper(5, 2000) }),
        Some("sweep") => sweep(&fused),
        _ => table(&fused),
    }
}

fn table(fused: &Compute) {
    let composed = fused.clone().composed();
    let ndarray = Backend::Ndarray.open(0).ok();
    let floor = median(|| hand_written(200));
    println!("ms per replica and epoch, 12-10-7-5-4-3-2, 3482 rows, one thread, blocks of 8; medians of {RUNS} runs");
    println!("hand-written loop, one network, tanh, SGD, batch 256, neither shuffled nor gathered: {floor:.3}\n");
    println!(
        "{:<10} {:<10} {:>6} {:>8} {:>9} {:>7} {:>9}",
        "optimizer", "activation", "batch", "fused", "composed", "ratio", "ndarray"
    );
    for optimizer in [OptimizerKind::Sgd, OptimizerKind::Adam] {
        for activation in [Activation::Tanh, Activation::Relu] {
            for batch in [256, 0] {
                let case = Case { optimizer, activation, batch, ..Case::paper(8, 60) };
                let (ours, reference) = (time(fused, &case), time(&composed, &Case { epochs: 3, ..case.clone() }));
                let other = ndarray.as_ref().map_or_else(
                    || "not built".to_owned(),
                    |ndarray| format!("{:.3}", time(ndarray, &Case { epochs: 3, ..case.clone() })),
                );
                println!(
                    "{:<10} {activation:<10} {:>6} {ours:>8.3} {reference:>9.3} {:>6.1}x {other:>9}",
                    format!("{optimizer:?}"),
                    if batch == 0 { "full".to_owned() } else { batch.to_string() },
                    reference / ours
                );
            }
        }
    }
    architectures(fused);
    statistics(fused);
    println!("\ntwo threads, one block of 8 each, do {:.2} times the work of one", two_threads(fused));
}

/// Cost per replica and epoch of architectures made of the fused layers, beside the plain one of the same widths.
fn architectures(fused: &Compute) {
    println!("\nms per replica and epoch of other architectures, hidden 10-10-10-10, tanh, SGD, batch 256");
    let plain = Case { hidden: vec![10; 4], ..Case::paper(8, 30) };
    let plain_time = time(fused, &plain);
    println!("mlp                {plain_time:.3}");
    let noisy = Architecture::Noisy { sigma: 0.1, draws: 2 };
    for architecture in [Architecture::Residual, noisy, Architecture::Quantised { bits: 8 }] {
        let ours = time(fused, &Case { architecture, ..plain.clone() });
        println!("{:<18} {ours:.3}  {:.1}x", String::from(architecture), ours / plain_time);
    }
}

/// What the gradients of every epoch cost, beside those of the last alone.
fn statistics(fused: &Compute) {
    let case = Case::paper(8, 60);
    let every: Vec<usize> = (1..=case.epochs).collect();
    let with = median(|| {
        let started = Instant::now();
        train_recording(fused, &case, &every);
        started.elapsed().as_secs_f64() * 1e3 / (case.replicas * case.epochs) as f64
    });
    println!(
        "\nevery epoch recorded, its gradients and all layers over all patterns handed out: {with:.3}, instead of {:.3}",
        time(fused, &case)
    );
}

/// Cost per replica and epoch as each quantity grows, and fused against composed as layers widen.
fn sweep(fused: &Compute) {
    let composed = fused.clone().composed();
    println!("ms per replica and epoch, one thread; medians of {RUNS} runs");
    println!("quantity,value,ms_fused,ms_composed");
    for rows in [435, 870, 1741, 3482] {
        println!("rows,{rows},{:.4},", time(fused, &Case { rows, ..Case::paper(8, 60) }));
    }
    for replicas in [1, 2, 4, 8, 16, 32] {
        println!("replicas,{replicas},{:.4},", time(fused, &Case::paper(replicas, 480 / replicas)));
    }
    for epochs in [30, 60, 120, 240] {
        println!("epochs,{epochs},{:.4},", time(fused, &Case::paper(8, epochs)));
    }
    for width in [16, 32, 64, 128, 256, 512] {
        let case = Case { hidden: vec![width; 3], ..Case::paper(2, 1) };
        println!("width,{width},{:.4},{:.4}", time(fused, &case), time(&composed, &case));
    }
}

/// Milliseconds per replica and epoch.
fn time(compute: &Compute, case: &Case) -> f64 {
    median(|| {
        let started = Instant::now();
        train(compute, case);
        started.elapsed().as_secs_f64() * 1e3 / (case.replicas * case.epochs) as f64
    })
}

fn median(mut run: impl FnMut() -> f64) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS).map(|_| run()).collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

fn train(compute: &Compute, case: &Case) {
    train_recording(compute, case, &[case.epochs]);
}

fn train_recording(compute: &Compute, case: &Case, recorded: &[usize]) {
    let inputs = Array2::from_shape_fn((PATTERNS, 12), |(x, column)| ((x >> column) & 1) as f32);
    let init = Initialisation::TruncatedNormal;
    let network = Mlp::new(12, &case.hidden, case.activation, Output::Softmax, 2, init)
        .and_then(|network| network.with(case.architecture))
        .expect("a network");
    let sample = |seed| Replica {
        seed,
        train: (0..case.rows).collect(),
        labels: (0..PATTERNS as u32).map(|x| u32::from(x.count_ones() > 6)).collect(),
    };
    let settings = TrainSettings {
        epochs: case.epochs,
        batch_size: case.batch,
        shuffle: true,
        optimizer: case.optimizer,
        learning_rate: 0.01,
        momentum: 0.0,
        weight_decay: 0.0,
        noise_batch: 0,
    };
    let block = (0..case.replicas as u64).map(sample).collect();
    let training = Training::new(network, inputs.view(), block, &settings, recorded, compute)
        .expect("a training")
        .collect_gradients(GradientMode::Moving);
    assert_eq!(training.count(), recorded.len());
}

/// Milliseconds an epoch.
fn hand_written(epochs: usize) -> f64 {
    let widths = [12, 10, 7, 5, 4, 3, 2];
    let count: usize = widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
    let mut parameters: Vec<f32> = (0..count).map(|i| (i as f32 * 0.7).sin() * 0.3).collect();
    let (x, labels): (Vec<f32>, Vec<f32>) =
        ((0..12 * 256).map(|i| (i * 7919 % 2) as f32).collect(), (0..256).map(|i| (i % 2) as f32).collect());
    let started = Instant::now();
    for _ in 0..epochs {
        for batch in 0..14 {
            let rows = if batch == 13 { 154 } else { 256 };
            let (x, labels) = (&x[..12 * rows], &labels[..rows]);
            let parameters = &mut parameters;
            lanes::run(hand_written::Step { widths: &widths, parameters, x, labels, rate: 0.01 });
        }
    }
    assert!(parameters.iter().all(|p| p.is_finite()));
    started.elapsed().as_secs_f64() * 1e3 / epochs as f64
}

/// How much more two threads train than one, in the same time.
fn two_threads(compute: &Compute) -> f64 {
    let block = || train(compute, &Case::paper(8, 100));
    median(|| {
        let started = Instant::now();
        block();
        let one = started.elapsed().as_secs_f64();
        let started = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(block);
            scope.spawn(block);
        });
        2.0 * one / started.elapsed().as_secs_f64()
    })
}
