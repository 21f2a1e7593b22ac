//! rq1 on other architectures and backends, end to end.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::rows::{InformationRow, read};

fn rq1(words: &[&str], output: &Path) -> Output {
    static RQ1: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq1"));
    let smoke = ["--preset", "smoke", "--replicas", "2", "--set", "grid.activations=[\"tanh\"]", "--output"];
    Command::new(&*RQ1).args(smoke).arg(output).args(words).output().expect("rq1 starts")
}

fn information_of(words: &[&str]) -> Vec<InformationRow> {
    let folder = tempfile::tempdir().unwrap();
    let output = rq1(words, &folder.path().join("run"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    read(&folder.path().join("run/information_plane.csv")).unwrap()
}

#[test]
fn the_information_of_a_quantised_network_is_that_of_its_own_values() {
    let rows = information_of(&[
        "--set",
        "model.architecture=quantised:bits=3",
        "--set",
        "measure.estimators=[\"quantised:bits=3\", \"plugin\"]",
    ]);
    let of = |name: &str| -> Vec<&InformationRow> { rows.iter().filter(|row| row.estimator == name).collect() };
    let (quantised, plug_in) = (of("quantised:bits=3"), of("plugin"));
    assert!(quantised.len() > 10 && quantised.len() == plug_in.len());
    // The output, probabilities, is not quantised.
    let output = quantised.iter().map(|row| row.layer).max().unwrap();
    let mut least = f64::INFINITY;
    for (a, b) in quantised.iter().zip(&plug_in).filter(|(a, _)| a.layer < output) {
        assert_eq!((a.layer, a.epoch, a.replica), (b.layer, b.epoch, b.replica));
        assert!((a.i_xt_bits - b.i_xt_bits).abs() < 1e-9 && (a.i_ty_bits - b.i_ty_bits).abs() < 1e-9, "{a:?} {b:?}");
        least = least.min(a.i_xt_bits);
    }
    assert!(least < 11.0, "three bits a unit tell every pattern apart in every layer: {least}");
}

#[test]
fn a_residual_network_trains_and_differs_from_the_plain_one() {
    let hidden = "model.hidden=[6, 6, 6]";
    let residual = information_of(&["--set", hidden, "--set", "model.architecture=residual"]);
    let plain = information_of(&["--set", hidden]);
    assert_eq!(residual.len(), plain.len());
    // The first layer's neighbour below is the input, of another width: at epoch 0 the shortcut is first seen in layer 2.
    for (a, b) in residual.iter().zip(&plain).filter(|(a, _)| a.epoch == 0 && a.layer == 1) {
        assert!((a.i_xt_bits - b.i_xt_bits).abs() < 1e-9, "{a:?} {b:?}");
    }
    let differs =
        |layer: usize| residual.iter().zip(&plain).any(|(a, b)| a.layer == layer && a.i_xt_bits != b.i_xt_bits);
    assert!(differs(2) && differs(3));
}

#[test]
fn what_makes_no_network_is_said() {
    for (words, said) in [
        (["--set", "model.architecture=resnet"], "residual"),
        (["--set", "model.architecture=residual"], "no two neighbours"),
        (["--set", "model.architecture=quantised:bits=0"], "between 1 and 24"),
        (["--device", "3"], "no device 3"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = rq1(&words, &folder.path().join("run"));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(said) && !text.contains("panicked"), "{words:?}: {text}");
    }
}

#[test]
fn the_list_of_backends_says_what_there_is_and_how_to_get_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let output = rq1(&["--backend", "list"], &folder.path().join("run"));
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && list.contains("flex     device 0"), "{list}");
    for backend in ["ndarray", "wgpu", "cuda"] {
        let line = list.lines().find(|line| line.starts_with(backend)).unwrap_or_else(|| panic!("{backend}: {list}"));
        assert!(line.contains("device") || line.contains(&format!("--features {backend}")), "{line}");
    }
}
