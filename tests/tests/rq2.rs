//! rq2 end to end, and its gradient statistics against an independent computation.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::rows::{GradientRow, read};
use infoplane_experiments::verdict::ClaimRow;
use serde::Deserialize;

fn rq2(words: &[&str], output: &Path) -> Output {
    static RQ2: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq2"));
    let output = Command::new(&*RQ2).args(words).arg("--output").arg(output).output().expect("rq2 starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

fn data(name: &str) -> String {
    format!("{}/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A row of tests/data/gradients.csv, made by tests/oracle/gradients.py.
#[derive(Deserialize)]
struct Expected {
    layer: usize,
    part: String,
    weight_norm: f64,
    gradient_mean_norm: f64,
    gradient_std_norm: f64,
}

#[test]
fn gradient_statistics_at_given_weights_agree_with_numpy() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, dataset) = (data("weights.npz"), data("var_u.mat"));
    let words = ["--weights", &weights, "--epochs", "0", "--order", "file", "--dataset", &dataset, "--replicas", "1"];
    let output = rq2(&words, folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<GradientRow> = read(&folder.path().join("gradients.csv")).unwrap();
    let expected: Vec<Expected> = read(Path::new(&data("gradients.csv"))).unwrap();
    assert_eq!(rows.len(), expected.len());
    for (row, want) in rows.iter().zip(&expected) {
        assert_eq!((row.layer, &row.part), (want.layer, &want.part));
        for (got, want) in [
            (row.weight_norm, want.weight_norm),
            (row.gradient_mean_norm, want.gradient_mean_norm),
            (row.gradient_std_norm, want.gradient_std_norm),
            (row.snr.unwrap(), want.gradient_mean_norm / want.gradient_std_norm),
            (row.gradient_mean_normalised.unwrap(), want.gradient_mean_norm / want.weight_norm),
        ] {
            assert!((got / want - 1.0).abs() < 1e-5, "layer {} {}: {got} and {want}", row.layer, row.part);
        }
    }
}

#[test]
fn every_claim_has_an_interval_and_the_linear_network_is_judged_too() {
    let folder = tempfile::tempdir().unwrap();
    let output = rq2(&["--preset", "smoke"], folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let claims: Vec<ClaimRow> = read(&folder.path().join("verdict.csv")).unwrap();
    assert!(claims.iter().any(|claim| claim.condition == "linear"));
    // Fewer where only some have a transition.
    assert!(claims.iter().all(|claim| (1..=4).contains(&claim.networks)));
    assert!(claims.iter().filter(|claim| claim.networks == 4).count() * 2 > claims.len());
    // Both ends or, where all networks are equal, neither.
    let is_whole =
        |claim: &&ClaimRow| claim.lower.zip(claim.upper).is_some_and(|(l, u)| l <= claim.value && claim.value <= u);
    let is_empty = |claim: &ClaimRow| claim.lower.is_none() && claim.upper.is_none();
    assert!(claims.iter().all(|claim| is_whole(&claim) || is_empty(claim)), "{claims:?}");
    assert!(2 * claims.iter().filter(is_whole).count() > claims.len());
    for file in
        ["phases.csv", "causes.csv", "diffusion.csv", "gradients.png", "snr.png", "causes.svg", "batch_size.png"]
    {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

#[test]
fn impossible_conditions_and_weights_are_refused() {
    let error = |words: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let output = rq2(&[&["--preset", "smoke"], words].concat(), &folder.path().join("run"));
        assert!(!output.status.success(), "{words:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let conditions = |list: &str| {
        let list = format!("condition={list}");
        let unnamed = ["verdict.more_noise=[]", "verdict.without_noise=\"\"", "verdict.isotropic_noise=\"\""];
        error(&["--set", &list, "--set", unnamed[0], "--set", unnamed[1], "--set", unnamed[2]])
    };
    assert!(conditions("[{name=\"a\"},{name=\"a\"}]").contains("two conditions"));
    assert!(conditions("[{train={epochs=3}}]").contains("has no name"));
    let typo = conditions("[{name=\"a\",train={epoch=3}}]");
    assert!(typo.contains("condition `a`") && typo.contains("epochs"), "{typo}");
    assert!(error(&["--set", "verdict.without_noise=\"none\""]).contains("without_noise"));
    assert!(error(&["--weights", "no.npz"]).contains("no.npz"));
    assert!(error(&["--weights", &data("var_u.mat")]).contains("var_u.mat"));
    assert!(error(&["--epochs", "0"]).contains("epochs = 0"));
}

#[test]
fn what_weights_imply_overrules_nothing_that_is_said() {
    let shown = |words: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let output = rq2(&[words, &["--show-config"]].concat(), folder.path());
        String::from_utf8(output.stdout).unwrap()
    };
    let weights = data("weights.npz");
    let text = shown(&["--weights", &weights, "--epochs", "0", "--set", "run.seed=7"]);
    for line in ["seed = 7", "replicas = 1", "labels = \"hard\"", "train_fractions = [1.0]"] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("[[condition]]"), "{text}");
    let text = shown(&["--weights", &weights, "--set", "grid.train_fractions=[0.5]", "--set", "task.labels=soft"]);
    assert!(text.contains("train_fractions = [0.5]") && text.contains("labels = \"soft\""), "{text}");
    // A starting point alone is no question about given weights: the experiment stays.
    let text = shown(&["--set", &format!("model.weights={weights}")]);
    assert!(text.contains("[[condition]]") && text.contains("train_fractions = [0.85]"), "{text}");
}
