//! An epoch of the paper's network, all in: fresh shuffle, gather, forward, backward, update. Milliseconds per replica and
//! epoch on one thread: the median of several runs, fused kernels beside composed burn operations.
//!
//! `cargo bench -p infoplane-model --bench epoch`

use std::time::Instant;

use infoplane_model::backend::Compute;
use infoplane_model::{
    Activation, Backend, Initialisation, Mlp, OptimizerKind, Output, Replica, TrainSettings, Training,
};
use ndarray::Array2;

const PATTERNS: usize = 4096;
const TRAIN: u32 = 3482;
const RUNS: usize = 7;

fn main() {
    let fused = Backend::Flex.open(0).expect("flex is compiled in");
    // `-- profile` trains one block and no more, for a profiler to look at.
    if std::env::args().any(|word| word == "profile") {
        return train(&fused, OptimizerKind::Sgd, Activation::Tanh, 256, 5, 2000);
    }
    let composed = fused.clone().composed();
    println!("ms per replica and epoch, 12-10-7-5-4-3-2, {TRAIN} rows, one thread; median of {RUNS} runs");
    println!(
        "{:<12} {:<10} {:>9} {:>9} {:>10} {:>7}",
        "optimizer", "activation", "batch", "replicas", "fused", "ratio"
    );
    for optimizer in [OptimizerKind::Sgd, OptimizerKind::Adam] {
        for activation in [Activation::Tanh, Activation::Relu] {
            for batch_size in [256, 0] {
                let reference = time(&composed, optimizer, activation, batch_size, 8, 3);
                for replicas in [1, 5, 8, 16] {
                    let ms = time(&fused, optimizer, activation, batch_size, replicas, 400 / replicas);
                    let batch = if batch_size == 0 { "full".to_owned() } else { batch_size.to_string() };
                    println!(
                        "{:<12} {activation:<10} {batch:>9} {replicas:>9} {ms:>10.3} {:>6.1}x",
                        format!("{optimizer:?}"),
                        reference / ms
                    );
                }
                println!("{:<43} {reference:>10.3}   (composed, 8 replicas)", "");
            }
        }
    }
    println!("\ntwo threads, one block of 8 each, against one thread: {:.2}x", two_threads(&fused));
}

fn time(
    compute: &Compute,
    optimizer: OptimizerKind,
    activation: Activation,
    batch: usize,
    replicas: usize,
    epochs: usize,
) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            train(compute, optimizer, activation, batch, replicas, epochs);
            started.elapsed().as_secs_f64() * 1e3 / (replicas * epochs) as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

fn train(
    compute: &Compute,
    optimizer: OptimizerKind,
    activation: Activation,
    batch_size: usize,
    replicas: usize,
    epochs: usize,
) {
    let inputs = Array2::from_shape_fn((PATTERNS, 12), |(x, column)| ((x >> column) & 1) as f32);
    let network = Mlp::new(12, &[10, 7, 5, 4, 3], activation, Output::Softmax, 2, Initialisation::TruncatedNormal)
        .expect("a network");
    let sample = |seed| Replica {
        seed,
        train: (0..TRAIN).collect(),
        labels: (0..PATTERNS as u32).map(|x| u32::from(x.count_ones() > 6)).collect(),
    };
    let settings = TrainSettings {
        epochs,
        batch_size,
        shuffle: true,
        optimizer,
        learning_rate: 0.01,
        momentum: 0.0,
        weight_decay: 0.0,
        noise_batch: 0,
    };
    let block = (0..replicas as u64).map(sample).collect();
    let training = Training::new(network, inputs.view(), block, &settings, &[epochs], compute).expect("a training");
    assert_eq!(training.count(), 1);
}

/// How much more two threads train than one, in the same time.
fn two_threads(compute: &Compute) -> f64 {
    let block = || train(compute, OptimizerKind::Sgd, Activation::Tanh, 256, 8, 100);
    let mut ratios: Vec<f64> = (0..RUNS)
        .map(|_| {
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
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[RUNS / 2]
}
