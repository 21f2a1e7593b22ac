//! estimate --pair tried from outside: samples that tests/oracle/calibration.py drew by numpy from the definitions of the BMI
//! benchmark (Czyż et al. 2023), with their information.

use std::path::Path;
use std::process::{Command, Output};

use infoplane_experiments::rows::read;
use serde::Deserialize;

#[derive(Deserialize)]
struct Task {
    name: String,
    truth_bits: f64,
}

#[derive(Deserialize)]
struct Printed {
    estimator: String,
    i_xt_bits: f64,
    i_xt_standard_error_bits: Option<f64>,
}

fn estimate(task: &str, estimators: &[&str]) -> (Output, Vec<Printed>) {
    let file = |side: char| format!("{}/data/bmi.npz:{task}.{side}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(infoplane_tests::program("estimate"));
    command.args(["--pair", &file('a'), &file('b'), "--format", "csv"]);
    for estimator in estimators {
        command.args(["--estimator", estimator]);
    }
    let output = command.output().expect("estimate starts");
    assert!(output.status.success(), "{task}: {}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out.csv"), &output.stdout).unwrap();
    let rows = read(&folder.path().join("out.csv")).unwrap();
    (output, rows)
}

fn tasks() -> Vec<Task> {
    read(Path::new(&format!("{}/data/bmi.csv", env!("CARGO_MANIFEST_DIR")))).unwrap()
}

#[test]
fn the_choice_of_calibration_is_near_the_truth_or_says_that_it_may_not_be() {
    for Task { name, truth_bits } in tasks() {
        let (output, rows) = estimate(&name, &["auto"]);
        let error = (rows[0].i_xt_bits - truth_bits).abs();
        let doubted = String::from_utf8_lossy(&output.stderr).contains("not to be trusted");
        println!("{name}: {} {:.3} of {truth_bits:.3}, doubted: {doubted}", rows[0].estimator, rows[0].i_xt_bits);
        // Twice the tolerance of calibration: half the rows.
        assert!(error < 0.2_f64.max(0.2 * truth_bits) || doubted, "{name}: {} off by {error}", rows[0].estimator);
    }
}

#[test]
fn estimators_find_the_tasks_they_are_for() {
    for Task { name, truth_bits } in tasks() {
        let (columns, monotone) = (name.rsplit('-').next().unwrap(), !name.starts_with("spiral"));
        // Nearest neighbours in the plane; copulas of anything monotone of Gaussians.
        let mut estimators = Vec::new();
        if columns == "1" && !name.starts_with("asinh") || name.starts_with("additive") {
            estimators.push("mixed-ksg:k=3");
        }
        if monotone && ["gaussian", "half", "normal", "wiggly"].iter().any(|start| name.starts_with(start)) {
            estimators.push("cca");
        }
        for row in if estimators.is_empty() { Vec::new() } else { estimate(&name, &estimators).1 } {
            let (error, bias) = ((row.i_xt_bits - truth_bits).abs(), if name.ends_with("25") { 0.5 } else { 0.0 });
            assert!(error < 0.15 + bias, "{name}, {}: {} instead of {truth_bits}", row.estimator, row.i_xt_bits);
        }
    }
}

#[test]
fn neural_bounds_are_near_gaussians_and_state_ceiling_and_spread() {
    let truth = tasks().into_iter().find(|task| task.name == "gaussian-1-1").unwrap().truth_bits;
    let (output, rows) = estimate("gaussian-1-1", &["infonce", "nwj", "mine", "smile"]);
    for row in &rows {
        assert!((row.i_xt_bits - truth).abs() < 0.2, "{}: {} instead of {truth}", row.estimator, row.i_xt_bits);
        assert!(row.i_xt_standard_error_bits.is_some_and(|error| (0.0..0.2).contains(&error)), "{}", row.estimator);
    }
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot pass 7.64 bits"));
}
