//! Every backend beside flex, end to end: the same seed gives the same start, nearly the same path, and the same verdict.
//!
//! Other backends take minutes to build, so they are asked for by name: `just test-backends` builds rq1 and serve with them, puts
//! both into `INFOPLANE_PROGRAMS`, and names them in `INFOPLANE_BACKENDS`. wgpu needs a Vulkan driver; Debian's
//! mesa-vulkan-drivers brings one that needs no GPU. `remote` is flex, served by another process on this machine.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use infoplane_experiments::rows::{InformationRow, TrainingRow, WeightMoment, WeightRow, read};
use serde::de::DeserializeOwned;

/// How far weights, and losses in bits, may lie apart after 20 epochs of 14 steps in f32: what backends round differently grows
/// with them, from 10⁻⁶ here to 10⁻³ after 60 where a GPU's tanh has few digits.
const APART: f64 = 1e-4;

/// The rows of a table, put in order: a GPU trains all networks of a condition in one block, a CPU thread a few.
fn table<T: DeserializeOwned, K: Ord>(folder: &Path, name: &str, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut rows: Vec<T> = read(&folder.join(name)).unwrap();
    rows.sort_by_key(key);
    rows
}

fn weights_of(folder: &Path) -> Vec<WeightRow> {
    table(folder, "weights.csv", |row: &WeightRow| {
        (row.activation.clone(), row.replica, row.layer, row.moment, row.index)
    })
}

fn information_of(folder: &Path) -> Vec<InformationRow> {
    let key = |row: &InformationRow| (row.activation.clone(), row.replica, row.epoch, row.layer, row.estimator.clone());
    table(folder, "information_plane.csv", key)
}

fn training_of(folder: &Path) -> Vec<TrainingRow> {
    table(folder, "training.csv", |row: &TrainingRow| (row.activation.clone(), row.replica, row.epoch))
}

fn run(program: &Path, backend: &str, address: &str, output: &Path) {
    let words = "--preset smoke --epochs 20 --seed 5 --set measure.gradients=\"moving\"".split_whitespace();
    let mut rq1 = Command::new(program);
    rq1.args(words).args(["--backend", backend, "--output"]).arg(output).env("INFOPLANE_TOKEN", TOKEN);
    if backend == "remote" {
        rq1.args(["--address", address]);
    }
    let output = rq1.output().expect("rq1 starts");
    assert!(output.status.success(), "{backend}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What opens the served device.
const TOKEN: &str = "tested";

/// A process that serves flex, ended with the test.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(program: &Path) -> Self {
        let mut serve = Command::new(program);
        serve.args(["--listen", "127.0.0.1:0"]).env("INFOPLANE_TOKEN", TOKEN).stdout(Stdio::piped());
        let mut process = serve.spawn().expect("serve starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("its output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("serve says where");
        let address = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("ws://"), "{line}");
        Self { process, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn every_backend_asked_for_agrees_with_flex() {
    let asked = std::env::var("INFOPLANE_BACKENDS").unwrap_or_default();
    let backends: Vec<&str> = asked.split_whitespace().collect();
    if backends.is_empty() {
        println!("NOT RUN: backends beside flex; `just test-backends` builds and runs ndarray, wgpu and remote");
        return;
    }
    let programs = PathBuf::from(std::env::var_os("INFOPLANE_PROGRAMS").expect("INFOPLANE_PROGRAMS names a folder"));
    let program = programs.join("rq1");
    let folder = tempfile::tempdir().unwrap();
    let flex = folder.path().join("flex");
    run(&program, "flex", "", &flex);
    let weights = weights_of(&flex);
    let information = information_of(&flex);
    let training = training_of(&flex);
    let decided = |folder: &Path| -> Vec<String> {
        let verdict = std::fs::read_to_string(folder.join("verdict.csv")).unwrap();
        let mut lines = csv_columns(&verdict, &["claim", "activation", "train_fraction", "estimator", "outcome"]);
        lines.sort();
        lines
    };
    for &backend in &backends {
        let other = folder.path().join(backend);
        let served = (backend == "remote").then(|| Served::start(&programs.join("serve")));
        let started = Instant::now();
        run(&program, backend, served.as_ref().map_or("", |served| &served.address), &other);
        let seconds = started.elapsed().as_secs_f64();
        let theirs = weights_of(&other);
        let apart = |moment| {
            let of = |rows: &[WeightRow]| -> Vec<f32> {
                rows.iter().filter(|row| row.moment == moment).map(|row| row.weight).collect()
            };
            let (ours, theirs) = (of(&weights), of(&theirs));
            assert!(!ours.is_empty() && ours.len() == theirs.len(), "{backend}: other weights");
            ours.iter().zip(theirs).fold(0.0_f64, |most, (a, b)| most.max(f64::from((a - b).abs())))
        };
        let (start, end) = (apart(WeightMoment::Start), apart(WeightMoment::End));
        let theirs = information_of(&other);
        assert_eq!(information.len(), theirs.len(), "{backend}");
        // Initial weights are the same, but a value at a bin's edge may round into the next one.
        let bits = information.iter().zip(&theirs).map(|(a, b)| (a.i_xt_bits - b.i_xt_bits).abs());
        let (sum, most) = bits.fold((0.0, 0.0_f64), |(sum, most), bits| (sum + bits, most.max(bits)));
        let losses = training_of(&other);
        let loss = training
            .iter()
            .zip(&losses)
            .fold(0.0_f64, |m, (a, b)| m.max((a.train_loss_bits - b.train_loss_bits).abs()));
        println!(
            "{backend}: {seconds:.1} s, weights at the end apart by at most {end:.1e}, losses by {loss:.1e} bits, I(X;T) by {most:.1e} bits \
             and {:.1e} on average",
            sum / information.len() as f64
        );
        assert_eq!(start, 0.0, "{backend}: other initial weights");
        assert!(end < APART, "{backend}: weights apart by {end}");
        assert!(loss < APART && most < 0.05, "{backend}: losses apart by {loss}, I(X;T) by {most} bits");
        assert_eq!(decided(&flex), decided(&other), "{backend}");
    }
}

/// Some columns of a CSV file, line by line.
fn csv_columns(text: &str, names: &[&str]) -> Vec<String> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let places: Vec<usize> = names.iter().filter_map(|name| header.iter().position(|h| h == name)).collect();
    assert!(!places.is_empty(), "no column of {names:?} in {header:?}");
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            places.iter().map(|&place| cells[place]).collect::<Vec<_>>().join(",")
        })
        .collect()
}
