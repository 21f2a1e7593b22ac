//! estimate on data as people bring them (tests/oracle/awkward.py): a number that is called measured is right, a bound holds, and what
//! is neither says so.

use std::path::Path;
use std::process::{Command, Output};

use infoplane_experiments::rows::read;
use serde::Deserialize;

const PAIRS: [&str; 2] = ["unlike_pair", "copies"];
/// Every estimator of I itself, and what is taken for `auto`.
const ESTIMATORS: [&str; 14] = [
    "auto",
    "ksg:k=3",
    "mixed-ksg:k=3",
    "lnc",
    "gaussian",
    "cca",
    "gaussian-mixture:bound=lower",
    "plugin",
    "binning:width=0.07",
    "edge",
    "probe:kind=best",
    "probe:kind=linear",
    "probe:kind=mlp",
    "probe:kind=knn",
];

#[derive(Deserialize)]
struct Case {
    name: String,
    truth_bits: f64,
    tolerance_bits: f64,
}

#[derive(Deserialize)]
struct Printed {
    estimator: String,
    i_xt_bits: Option<f64>,
    i_ty_bits: Option<f64>,
    null_mean_bits: Option<f64>,
    interval_lower_bits: Option<f64>,
    interval_upper_bits: Option<f64>,
    i_xt_standing: String,
    i_ty_standing: String,
    refused: Option<String>,
}

fn truths() -> Vec<Case> {
    read(Path::new(&format!("{}/data/awkward.csv", env!("CARGO_MANIFEST_DIR")))).unwrap()
}

fn estimate(name: &str, estimators: &[&str], more: &[&str]) -> (Output, Vec<Printed>) {
    let file = |array: &str| format!("{}/data/awkward.npz:{name}_{array}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(infoplane_tests::program("estimate"));
    if PAIRS.contains(&name) {
        command.args(["--pair", &file("t"), &file("y")]);
    } else {
        command.args(["--t", &file("t"), "--y", &file("y")]);
    }
    for estimator in estimators {
        command.args(["--estimator", estimator]);
    }
    let output = command.args(["--format", "csv"]).args(more).output().expect("estimate starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{name}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out.csv"), &output.stdout).unwrap();
    let rows = read(&folder.path().join("out.csv")).unwrap();
    (output, rows)
}

/// The number that is about the truth, and its standing.
fn number<'a>(name: &str, row: &'a Printed) -> (Option<f64>, &'a str) {
    if PAIRS.contains(&name) { (row.i_xt_bits, &row.i_xt_standing) } else { (row.i_ty_bits, &row.i_ty_standing) }
}

#[test]
fn what_is_called_measured_is_right_and_bounds_hold() {
    let (mut measured, mut doubted) = (0, 0);
    for Case { name, truth_bits, tolerance_bits } in truths().iter().filter(|truth| truth.name != "rounded_layer") {
        let (output, rows) = estimate(name, &ESTIMATORS, &[]);
        // What `auto` takes may be named too, and is printed once.
        let named = ESTIMATORS.len() - 1;
        assert!([named, named + 1].contains(&rows.len()), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.success(), rows.iter().all(|row| row.refused.is_none()), "{name}");
        for row in &rows {
            let (bits, standing) = number(name, row);
            let told = format!("{name}, {}: {bits:?} of {truth_bits}, {standing}", row.estimator);
            assert_eq!(bits.is_none(), row.refused.is_some(), "{told}");
            let interval = row.interval_lower_bits.zip(row.interval_upper_bits);
            if standing == "measured" {
                measured += 1;
                let tolerance = tolerance_bits.max(0.1).max(0.1 * truth_bits);
                assert!((bits.unwrap() - truth_bits).abs() < tolerance, "{told}");
            } else if standing.starts_with("not to be trusted") {
                doubted += 1;
            }
            if let Some((lower, upper)) = interval {
                assert!(lower <= *truth_bits + 1e-9 && *truth_bits <= upper + 1e-9, "{told}: {interval:?}");
            }
        }
    }
    assert!(measured > 10 && doubted > 20, "{measured} measured, {doubted} doubted");
}

#[test]
fn labels_that_occur_once_are_left_out_as_in_scikit_learn() {
    let truth = truths().into_iter().find(|truth| truth.name == "once").unwrap();
    let (output, rows) = estimate("once", &["ksg:k=3"], &[]);
    assert!((rows[0].i_ty_bits.unwrap() - truth.truth_bits).abs() < 1e-9);
    assert!(String::from_utf8_lossy(&output.stderr).contains("150 labels occur once"));
}

#[test]
fn a_rounded_layer_over_a_finite_x_has_its_nine_bits_and_is_saturated() {
    for row in estimate("rounded_layer", &["ksg:k=3", "mixed-ksg:k=3", "gaussian", "plugin"], &[]).1 {
        assert_eq!(row.i_xt_bits, Some(9.0), "{}", row.estimator);
        assert!(row.i_xt_standing.starts_with("saturated"), "{}: {}", row.estimator, row.i_xt_standing);
    }
}

#[test]
fn noise_in_many_columns_says_nothing_to_a_probe_and_all_to_bins_which_say_so() {
    let (output, rows) = estimate("noise", &["auto", "binning:width=0.07"], &["--shuffle", "9"]);
    assert!(output.status.success());
    assert!(rows[0].i_ty_bits.unwrap() < 0.05 && rows[0].estimator.starts_with("probe"), "{}", rows[0].estimator);
    assert!(rows[1].i_ty_standing.contains("shuffled") && rows[1].null_mean_bits.unwrap() > 2.9);
    let notes = String::from_utf8_lossy(&output.stderr);
    assert!(notes.contains("48 columns (continuous)") && notes.contains("8 classes"), "{notes}");
}

#[test]
fn a_probe_reads_a_wide_layer_from_below() {
    let truth = truths().into_iter().find(|truth| truth.name == "wide").unwrap().truth_bits;
    let row = estimate("wide", &["auto"], &[]).1.remove(0);
    let (lower, bits) = (row.interval_lower_bits.unwrap(), row.i_ty_bits.unwrap());
    assert!(truth - 0.4 < lower && lower < bits && bits < truth, "{lower} {bits}");
}

#[test]
fn what_one_refuses_does_not_cost_the_others() {
    let (output, rows) = estimate("counts", &["binning:bins=3,range=0..1", "plugin"], &[]);
    assert!(rows[0].refused.as_ref().is_some_and(|reason| reason.contains("outside the range")));
    assert!(rows[1].i_ty_bits.is_some() && output.status.code() == Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 of 2 estimates refused"));
}
