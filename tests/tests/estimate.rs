//! estimate against golden values made by tests/oracle/estimators.py (numpy and scipy), and as a careless user runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::rows::read;
use serde::Deserialize;

fn estimate(words: &[&str]) -> Output {
    static ESTIMATE: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("estimate"));
    let output = Command::new(&*ESTIMATE).args(words).output().expect("estimate starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

fn data(name: &str) -> String {
    format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A row of tests/data/estimators.csv.
#[derive(Deserialize)]
struct Golden {
    kind: String,
    estimator: String,
    i_xt_bits: Option<f64>,
    i_ty_bits: f64,
}

/// What the tool prints of a row.
#[derive(Deserialize)]
struct Printed {
    i_xt_bits: Option<f64>,
    i_ty_bits: Option<f64>,
    p_value: Option<f64>,
}

fn printed(output: &Output) -> Vec<Printed> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("out.csv"), &output.stdout).unwrap();
    read(&folder.path().join("out.csv")).unwrap()
}

#[test]
fn every_estimator_has_its_golden_values_to_a_billionth_of_a_bit() {
    let (t, y, x) = (data("layer.npy"), data("labels.npy"), data("inputs.npy"));
    let golden: Vec<Golden> = read(Path::new(&data("estimators.csv"))).unwrap();
    assert_eq!(golden.len(), 18);
    for want in &golden {
        let words = if want.kind == "pair" { vec!["--pair", &x, &t] } else { vec!["--t", &t, "--y", &y, "--x", &x] };
        let output = estimate(&[&words[..], &["--estimator", &want.estimator, "--format", "csv"]].concat());
        let got = printed(&output).remove(0);
        let close = |got: Option<f64>, want: f64| {
            let got = got.unwrap();
            got == want || (got - want).abs() < 1e-9
        };
        if want.kind == "pair" {
            assert!(close(got.i_xt_bits, want.i_ty_bits), "{}", want.estimator);
        } else {
            assert!(close(got.i_xt_bits, want.i_xt_bits.unwrap()), "{}", want.estimator);
            assert!(close(got.i_ty_bits, want.i_ty_bits), "{}", want.estimator);
        }
    }
}

#[test]
fn formats_p_values_and_several_layers() {
    let (t, y) = (data("layer.npy"), data("labels.npy"));
    let words = ["--t", &t, "--t", &t, "--y", &y, "--estimator", "binning:bins=3,range=own", "--shuffle", "19"];
    let rows = printed(&estimate(&[&words[..], &["--format", "csv"]].concat()));
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.p_value == Some(0.05)));
    let table = estimate(&words);
    assert!(String::from_utf8_lossy(&table.stdout).contains("I(X;T) bits"));
    let json = estimate(&["--t", &t, "--y", &y, "--estimator", "ksg:k=3", "--format", "json"]);
    assert!(String::from_utf8_lossy(&json.stdout).contains("\"i_xt_bits\": \"inf\""));
    let noisy = estimate(&["--t", &t, "--y", &y, "--estimator", "noisy:sigma=0.1", "--format", "json"]);
    assert!(String::from_utf8_lossy(&noisy.stdout).contains("i_xt_standard_error_bits"));
}

#[test]
fn bad_input_is_refused_in_a_sentence() {
    let (t, y, x) = (data("layer.npy"), data("labels.npy"), data("inputs.npy"));
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short.csv");
    std::fs::write(&short, "0\n1\n0\n").unwrap();
    let short = short.to_str().unwrap();
    for (words, mentions) in [
        (vec!["--t", &t, "--y", short, "--estimator", "plugin"], "300 rows"),
        (vec!["--t", &t, "--y", &t, "--estimator", "plugin"], "labels"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binning:width=0"], "width"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binnig"], "mixed-ksg"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binning:bins=3,range=0..0.5"], "outside the range"),
        (vec!["--t", &t, "--y", &y, "--estimator", "binning:width=1,on=net-input"], "net input"),
        (vec!["--t", &t, "--y", &y, "--estimator", "ksg:k=300"], "300"),
        (vec!["--t", "none.npy", "--y", &y, "--estimator", "plugin"], "none.npy"),
        (vec!["--t", &t, "--estimator", "plugin"], "--y"),
        (vec!["--y", &y, "--estimator", "plugin"], "--t"),
        (vec!["--pair", &x, short, "--estimator", "ksg:k=3"], "300 rows"),
        (vec!["--pair", &x, &t, "--estimator", "binning:width=1"], "between two samples"),
    ] {
        let output = estimate(&words);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(mentions), "{words:?}: {text}");
    }
}
