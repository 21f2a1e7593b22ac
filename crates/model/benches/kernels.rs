//! Each fused kernel on a batch of the paper's network: 256 patterns, 12-10-7-5-4-3-2; microseconds, the median of several runs.
//!
//! `cargo bench -p infoplane-model --bench kernels [-- words in the name of the kernel]`

use std::time::Instant;

use infoplane_model::architectures::noisy;
use infoplane_model::fused::dense::{Backward, Forward};
use infoplane_model::fused::loss::CrossEntropy;
use infoplane_model::fused::pass::{self, Loss};
use infoplane_model::fused::product::Features;
use infoplane_model::fused::update::{Adam, AdamStep, Descend};
use infoplane_model::random::{Purpose, stream};
use infoplane_model::stack::{Dense, Stack};
use infoplane_model::{Activation, lanes};

const PATTERNS: usize = 256;
const RUNS: usize = 9;
const REPEATS: usize = 2000;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let report = |name: &str, mut kernel: Box<dyn FnMut() + '_>| {
        if words.iter().all(|word| name.contains(word.as_str())) {
            println!("{name:<34} {:>9.2}", time(&mut *kernel));
        }
    };
    println!("{:<34} {:>9}", "kernel", "µs");
    let x: Vec<f32> = (0..12 * PATTERNS).map(|i| (i * 7919 % 2) as f32).collect();
    let labels: Vec<f32> = (0..PATTERNS).map(|i| (i % 2) as f32).collect();
    for activation in Activation::ALL {
        let stack = Stack::new(vec![12, 10, 7, 5, 4, 3, 2], activation);
        let layers: Vec<Dense> = stack.layers().collect();
        let parameters = some(stack.n_parameters());
        report(&format!("forward, all layers, {activation}"), {
            let (layers, parameters, x) = (layers.clone(), parameters.clone(), &x);
            Box::new(move || drop(pass::layers(&layers, &parameters, x, PATTERNS)))
        });
        report(&format!("loss and gradient, {activation}"), {
            let (layers, parameters, x, labels) = (layers.clone(), parameters.clone(), &x, &labels);
            let (mut gradient, mut scratch) =
                (vec![0.0; parameters.len()], vec![0.0; Loss::scratch(&layers, PATTERNS)]);
            Box::new(move || {
                let (gradient, scratch) = (&mut gradient, &mut scratch);
                lanes::run(Loss { layers: &layers, parameters: &parameters, x, labels, gradient, scratch });
            })
        });
        report(&format!("first layer forward, {activation}"), {
            let (layer, parameters, x) = (layers[0], parameters.clone(), &x);
            let mut t = vec![0.0; layer.outputs * PATTERNS];
            Box::new(move || {
                let x = Features { values: x, stride: PATTERNS };
                let (parameters, t, z) = (&parameters[..], &mut t[..], &mut [][..]);
                lanes::run(Forward { layer, parameters, x, patterns: PATTERNS, t, z, stride: PATTERNS });
            })
        });
        report(&format!("first layer backward, {activation}"), {
            let (layer, parameters, x) = (layers[0], parameters.clone(), &x);
            let kept = some(layer.outputs * PATTERNS);
            let mut delta = some(layer.outputs * PATTERNS);
            let (mut gradient, mut sums) = (vec![0.0; parameters.len()], vec![0.0; parameters.len() * lanes::REGISTER]);
            let mut dx = vec![0.0; layer.inputs * PATTERNS];
            Box::new(move || {
                lanes::run(Backward {
                    layer,
                    parameters: &parameters,
                    x: Features { values: x, stride: PATTERNS },
                    kept: &kept,
                    patterns: PATTERNS,
                    delta: &mut delta,
                    gradient: &mut gradient,
                    sums: &mut sums,
                    dx: &mut dx,
                });
            })
        });
    }
    report("cross-entropy, two classes", {
        let (logits, labels) = (some(2 * PATTERNS), &labels);
        let mut gradient = vec![0.0; 2 * PATTERNS];
        Box::new(move || {
            let logits = Features { values: &logits, stride: PATTERNS };
            lanes::run(CrossEntropy { logits, labels, share: 1.0 / PATTERNS as f32, gradient: &mut gradient });
        })
    });
    report("noise, 4 layers of 10 units", {
        let device = infoplane_model::Backend::Flex.open(0).expect("flex is compiled in").device().clone();
        let mut streams = [stream(1, Purpose::Noise)];
        Box::new(move || drop(noisy::draw(0.1, &[10; 4], PATTERNS, &mut streams, &device)))
    });
    report("update, SGD", {
        let (mut parameters, gradient) = (some(294), some(294));
        Box::new(move || lanes::run(Descend { parameters: &mut parameters, gradient: &gradient, rate: 1e-9 }))
    });
    report("update, Adam", {
        let (mut parameters, gradient, mut first, mut second) = (some(294), some(294), some(294), vec![0.5; 294]);
        let step =
            AdamStep { betas: (0.9, 0.999), complements: (0.1, 0.001), correction: 0.5, epsilon: 1e-8, rate: 1e-9 };
        Box::new(move || {
            let (parameters, first, second) = (&mut parameters, &mut first, &mut second);
            lanes::run(Adam { parameters, gradient: &gradient, first, second, step });
        })
    });
}

/// Numbers between −⅓ and ⅓.
fn some(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.7).sin() / 3.0).collect()
}

/// Microseconds a call.
fn time(kernel: &mut dyn FnMut()) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            (0..REPEATS).for_each(|_| kernel());
            started.elapsed().as_secs_f64() * 1e6 / REPEATS as f64
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}
