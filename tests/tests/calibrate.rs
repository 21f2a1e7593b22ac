//! calibrate as a user runs it: small, on a few problems; figures from the files it wrote.

use std::process::Command;

use infoplane_experiments::calibration::summary::SummaryRow;
use infoplane_experiments::rows::read;

#[test]
fn a_small_calibration_knows_what_fits_and_what_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        Command::new(infoplane_tests::program("calibrate"))
            .args(words)
            .arg("--output")
            .arg(folder.path())
            .output()
            .expect("calibrate starts")
    };
    let summary = || -> Vec<SummaryRow> { read(&folder.path().join("summary.csv")).unwrap() };
    let words = ["--rows", "400", "--seeds", "3", "--estimator", "gaussian", "--estimator", "ksg:k=3"];
    let output = run(&[&words[..], &["--problem", "Gaussian 1 + 1, 1 bits"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(summary().len(), 2);
    for row in summary() {
        assert!(row.draws == 3 && row.bias_bits.unwrap().abs() < 0.2 && row.error_bits >= row.sd_bits, "{row:?}");
        assert!(row.coverage_of_mean.unwrap() > 0.5 && row.seconds > 0.0, "{row:?}");
        assert!((1..10_000_000).contains(&row.peak_bytes.unwrap()), "{row:?}");
    }
    assert!(["calibration.svg", "calibration.png", "errors.png"].iter().all(|name| folder.path().join(name).exists()));
    let again = run(&[&words[..], &["--problem", "binary"]].concat());
    assert!(String::from_utf8_lossy(&again.stderr).contains("not written over"));
    std::fs::remove_file(folder.path().join("calibration.csv")).unwrap();
    std::fs::remove_file(folder.path().join("summary.csv")).unwrap();
    // Nearest neighbours refuse the ties of a discrete channel if nothing may break them.
    let words = ["--rows", "400", "--seeds", "3", "--estimator", "gaussian", "--estimator", "ksg:k=3,noise=0"];
    assert!(run(&[&words[..], &["--problem", "binary"]].concat()).status.success());
    assert_eq!((summary()[1].refused, summary()[1].bias_bits), (3, None));
    let output = run(&["--problem", "no such"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("no such"));
}

/// The smoke version of the default: every estimator, on problems of every kind.
#[test]
fn every_estimator_meets_problems_that_it_answers() {
    let program = infoplane_tests::program("calibrate");
    let mut answered = std::collections::BTreeMap::new();
    for problem in ["Gaussian 1 + 1", "symbols", "sign", "noise inside", "T and Y, rounded"] {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(&program)
            .args([
                "--rows",
                "60",
                "--rows",
                "120",
                "--seeds",
                "1",
                "--bootstrap",
                "0",
                "--problem",
                problem,
                "--output",
            ])
            .arg(folder.path())
            .output()
            .expect("calibrate starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let summary: Vec<SummaryRow> = read(&folder.path().join("summary.csv")).unwrap();
        for row in summary {
            *answered.entry(row.estimator).or_insert(0) += row.draws - row.refused;
        }
    }
    assert!(answered.len() > 30 && answered.values().all(|&answers| answers > 0), "{answered:?}");
}
