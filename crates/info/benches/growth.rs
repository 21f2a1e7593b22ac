//! Time and memory of every estimator as the sample grows to 65,536 rows: five units of a tanh layer, hard labels, all threads.
//!
//! *peak* is what the allocator had handed out at most, beyond the data: linear in N for every estimator.
//!
//! `cargo bench -p infoplane-info --bench growth [-- words in the name of the estimator]`

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::{Estimator, JointDistribution, Sample};
use ndarray::Array2;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const ESTIMATORS: [&str; 17] = [
    "binning:width=0.07",
    "binning:bins=30,range=-1..1",
    "binning:quantile=30",
    "idnns:edges=30",
    "quantised:bits=8",
    "plugin",
    "plugin:correction=nsb",
    "kde:variance=0.001,bound=upper",
    "kde:variance=0.001,bound=lower",
    "kde:variance=0.1,bound=upper",
    "noisy:sigma=0.1,bounds=false",
    "ksg:k=3",
    "mixed-ksg:k=3",
    "gaussian",
    "cca",
    "edge",
    "renyi:alpha=1.01",
];

/// Rows.
const ROWS: [usize; 3] = [4_096, 16_384, 65_536];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    println!("five tanh units, two labels, {} threads", rayon::current_num_threads());
    println!("{:<34} {:>8} {:>10} {:>10} {:>14}", "estimator", "rows", "seconds", "peak MiB", "bytes a row");
    for name in ESTIMATORS.iter().filter(|name| words.iter().all(|word| name.contains(word.as_str()))) {
        let estimator: EstimatorKind = name.parse().expect("a name of the list");
        for rows in ROWS {
            let (t, joint) = layer(rows);
            let sample = Sample::new(t.view(), &joint).expect("finite activations");
            let before = Counting::start();
            let started = Instant::now();
            estimator.estimate(&sample).expect("an estimate");
            let (seconds, peak) = (started.elapsed().as_secs_f64(), Counting::peak() - before);
            let mib = peak as f64 / f64::from(1 << 20);
            println!("{name:<34} {rows:>8} {seconds:>10.3} {mib:>10.2} {:>14.0}", peak as f64 / rows as f64);
        }
    }
}

/// tanh of five mixtures of five normals, and whether they add up to more than 0.
fn layer(rows: usize) -> (Array2<f64>, JointDistribution) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut normal = |shape| Array2::from_shape_simple_fn(shape, || -> f64 { StandardNormal.sample(&mut rng) });
    let t = normal((rows, 5)).dot(&normal((5, 5))).mapv(f64::tanh);
    let labels: Vec<f64> = t.outer_iter().map(|row| f64::from(u8::from(row.sum() > 0.0))).collect();
    (t, JointDistribution::uniform_binary(&labels).expect("labels"))
}

/// The system's allocator, with a count of what it has handed out.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

impl Counting {
    /// Begins a new peak; what is handed out now.
    fn start() -> usize {
        let now = NOW.load(Ordering::Relaxed);
        PEAK.store(now, Ordering::Relaxed);
        now
    }

    fn peak() -> usize {
        PEAK.load(Ordering::Relaxed)
    }
}

// A global allocator cannot be written without `unsafe`; it only counts.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promises about the layout are handed on as they are.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above; the pointer came from `alloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
