//! rq5 end to end: the same bytes for any number of threads, and its numbers beside what they are made of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, LazyLock};

use infoplane_experiments::bound::layers::LayerRow;
use infoplane_experiments::questions::rq5::samples::{SampleRow, collect};
use infoplane_experiments::rows::{TrainingRow, read};
use infoplane_experiments::tasks::{Labelling, Task, o3};
use infoplane_experiments::verdict::{ClaimRow, Outcome, Why};
use infoplane_info::bottleneck::finite_sample::generalisation_error;

fn rq5(words: &[&str], output: &Path) -> Output {
    static RQ5: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq5"));
    let output = Command::new(&*RQ5).args(words).arg("--output").arg(output).output().expect("rq5 starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

#[test]
fn threads_change_no_byte_and_the_summary_is_made_of_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    for (name, threads) in [("one", "1"), ("two", "2")] {
        let output = rq5(&["--preset", "smoke", "--threads", threads], &folder.path().join(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let bytes = |name: &str, file: &str| fs::read(folder.path().join(name).join(file)).unwrap();
    for table in ["layers", "curve", "gaps", "samples", "training", "verdict"].map(|table| format!("{table}.csv")) {
        assert_eq!(bytes("one", &table), bytes("two", &table), "{table}");
    }
    for figure in ["training_size", "generalisation", "horizontal_gap"] {
        assert!(bytes("one", &format!("{figure}.png")).starts_with(b"\x89PNG"));
    }

    let file = |name: &str| folder.path().join("one").join(name);
    let layers: Vec<LayerRow> = read(&file("layers.csv")).unwrap();
    assert!(layers.iter().all(|row| row.residual_bits >= row.floor_bits - 1e-9));
    for row in &layers {
        // The sample's labels are fixed, so its own I(T;Y) is at most one bit; the other patterns know at most H(Y).
        assert!((0.0..=1.0).contains(&row.i_ty_train_bits), "{row:?}");
        assert!(row.i_ty_test_bits.is_some_and(|bits| (0.0..=1.0).contains(&bits)), "{row:?}");
    }
    let samples: Vec<SampleRow> = read(&file("samples.csv")).unwrap();
    // 2 activations × 2 fractions × 6 layers × 2 encoders.
    assert_eq!(samples.len(), 48);
    for row in &samples {
        let of = |r: &&LayerRow| {
            (&r.activation, r.layer, &r.encoder, r.epoch) == (&row.activation, row.layer, &row.encoder, 60)
                && r.train_fraction == row.train_fraction
        };
        let ends: Vec<&LayerRow> = layers.iter().filter(of).collect();
        assert_eq!(ends.len(), row.replicas);
        let mean = ends.iter().map(|r| r.i_xt_bits).sum::<f64>() / ends.len() as f64;
        assert!((mean - row.i_xt_bits).abs() < 1e-12);
        assert_eq!(row.train_patterns, if row.train_fraction == 0.05 { 205 } else { 3482 });
        let bounds: Vec<f64> =
            ends.iter().map(|r| generalisation_error(r.i_xt_bits, row.train_patterns, 0.05)).collect();
        let (low, high) = bounds.iter().fold((f64::MAX, 0.0_f64), |(low, high), &b| (low.min(b), high.max(b)));
        assert!((low..=high).contains(&row.generalisation_bound), "{row:?}");
    }
    let claims: Vec<ClaimRow> = read(&file("verdict.csv")).unwrap();
    assert!(claims.iter().all(|claim| claim.lower.is_some() && claim.networks >= 2));
    // Two networks decide nothing.
    let open = |claim: &ClaimRow| (claim.outcome, claim.why) == (Outcome::Undecided, Some(Why::FewNetworks));
    assert!(claims.len() > 30 && claims.iter().all(open), "{claims:?}");
}

/// A path of I(T;Y) that peaks and falls, and one that never falls.
#[test]
fn a_planted_fall_is_found_where_it_is_and_noise_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(rq5(&["--preset", "smoke", "--set", "run.replicas=2"], folder.path()).status.success());
    let layers: Vec<LayerRow> = read(&folder.path().join("layers.csv")).unwrap();
    let training: Vec<TrainingRow> = read(&folder.path().join("training.csv")).unwrap();
    let template = layers[0].clone();
    let planted: Vec<LayerRow> = (0..20)
        .flat_map(|replica| {
            let template = template.clone();
            (0..30).map(move |epoch| {
                // A little noise, different in every network and epoch, around a peak of 0.3 bits at epoch 12.
                let noise = 0.02 * ((replica * 31 + epoch * 17) as f64).sin();
                let i_ty_bits = 0.5 + noise + if epoch == 12 { 0.3 } else { 0.0 };
                LayerRow { replica, epoch, i_ty_bits, ..template.clone() }
            })
        })
        .collect();
    let task = o3(Labelling::Soft, 0.99).unwrap();
    // The planted rows are those of a run on it, whatever its name.
    let tasks = [Arc::new(Task { name: planted[0].dataset.clone(), ..task })];
    let paths = collect(&planted, &training, &tasks).unwrap();
    assert_eq!(paths.len(), 1);
    assert_eq!(paths[0].best_epoch(), 12);
    let fallen = paths[0].fallen();
    assert!((fallen.iter().sum::<f64>() / 20.0 - 0.3).abs() < 0.02, "{fallen:?}");

    let flat: Vec<LayerRow> = planted
        .into_iter()
        .map(|row| LayerRow { i_ty_bits: if row.epoch == 12 { row.i_ty_bits - 0.3 } else { row.i_ty_bits }, ..row })
        .collect();
    let fallen = collect(&flat, &training, &tasks).unwrap()[0].fallen();
    assert!((fallen.iter().sum::<f64>() / 20.0).abs() < 0.02, "{fallen:?}");
}

#[test]
fn impossible_settings_are_refused_before_training() {
    for (set, mentions) in [
        ("grid.train_fractions=[0.0]", "grid.train_fractions"),
        ("verdict.delta=0", "verdict.delta"),
        ("verdict.fallen_bits=-1", "verdict.fallen_bits"),
        ("verdict.fallen=1", "fallen_bits"),
        ("bound.encoders=[\"ksg:k=3\"]", "continuous"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = rq5(&["--preset", "smoke", "--set", set], &folder.path().join("run"));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(mentions), "{set}: {text}");
    }
}
