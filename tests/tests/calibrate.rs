//! calibrate as a user runs it: small, on a few problems; figures from the files it wrote.

use std::process::Command;

use infoplane_experiments::calibration::SummaryRow;
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
    let words = ["--rows", "400", "--seeds", "3", "--estimator", "gaussian", "--estimator", "ksg:k=3"];
    let output = run(&[&words[..], &["--problem", "Gaussian 1 + 1, 1 bits"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Vec<SummaryRow> = read(&folder.path().join("summary.csv")).unwrap();
    assert_eq!(summary.len(), 2);
    assert!(summary.iter().all(|row| row.draws == 3 && row.bias_bits.unwrap().abs() < 0.2), "{summary:?}");
    assert!(folder.path().join("calibration.svg").exists() && folder.path().join("calibration.png").exists());
    // Nearest neighbours refuse the ties of a discrete channel.
    assert!(run(&[&words[..], &["--problem", "binary"]].concat()).status.success());
    let summary: Vec<SummaryRow> = read(&folder.path().join("summary.csv")).unwrap();
    assert_eq!((summary[1].refused, summary[1].bias_bits), (3, None));
    let output = run(&["--problem", "no such"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("no such"));
}
