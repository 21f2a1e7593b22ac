//! rq3 end to end: every row within its bounds, the same bytes for any number of threads, and layers of known place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::bound::layers::{Control, LayerRow};
use infoplane_experiments::bound::{CurveRow, TransitionRow};
use infoplane_experiments::questions::rq3::criticality::CriticalityRow;
use infoplane_experiments::rows::read;
use infoplane_experiments::tasks::{Labelling, o3};
use infoplane_experiments::verdict::ClaimRow;
use infoplane_info::bottleneck::{Curve, LayerTest, Problem};
use infoplane_info::{Encoder, Partition};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

fn rq3(words: &[&str], output: &Path) -> Output {
    static RQ3: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq3"));
    let output = Command::new(&*RQ3).args(words).arg("--output").arg(output).output().expect("rq3 starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    output
}

#[test]
fn every_row_is_within_its_bounds_and_threads_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    for (name, threads) in [("one", "1"), ("two", "2")] {
        let output = rq3(&["--preset", "smoke", "--threads", threads], &folder.path().join(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let bytes = |name: &str, file: &str| fs::read(folder.path().join(name).join(file)).unwrap();
    let tables = ["layers", "curve", "transitions", "gaps", "criticality", "training", "verdict"];
    for table in tables.map(|table| format!("{table}.csv")) {
        assert_eq!(bytes("one", &table), bytes("two", &table), "{table}");
    }
    for figure in ["bound", "horizontal_gap"] {
        assert!(bytes("one", &format!("{figure}.png")).starts_with(b"\x89PNG"));
    }

    let file = |name: &str| folder.path().join("one").join(name);
    let rows: Vec<LayerRow> = read(&file("layers.csv")).unwrap();
    for row in &rows {
        assert!(row.residual_bits >= row.floor_bits - 1e-9, "{row:?}");
        // The certificate: no gap is known less well than to a millionth of a bit, and none is negative beyond it.
        for (lower, upper) in [
            (row.vertical_gap_lower_bits, row.vertical_gap_upper_bits),
            (row.horizontal_gap_lower_bits, row.horizontal_gap_upper_bits),
        ] {
            assert!(upper - lower <= 1e-6 && upper >= -1e-9, "{row:?}");
        }
        assert!(row.i_ty_bits <= row.i_xt_bits + 1e-12 && row.i_xt_bits <= 12.0 + 1e-9, "{row:?}");
        assert!((0.0..=1.0).contains(&row.decision_agreement) && row.decoder_kl_bits >= 0.0, "{row:?}");
        assert_eq!(row.beta.is_some(), row.beta_upper.is_some(), "{row:?}");
        if let (Some(beta), Some(upper)) = (row.beta, row.beta_upper) {
            assert!(row.beta_lower <= beta && beta <= upper, "{row:?}");
        }
    }
    // A permuted layer has the cells of its layer; the output's decoder is the network itself.
    let ends = || rows.iter().filter(|row| row.control == Control::Permuted);
    assert!(ends().count() > 0);
    for permuted in ends() {
        let layer = rows.iter().find(|row| {
            row.control == Control::Layer
                && (&row.condition, &row.activation, row.replica, row.epoch, row.layer, &row.encoder)
                    == (
                        &permuted.condition,
                        &permuted.activation,
                        permuted.replica,
                        permuted.epoch,
                        permuted.layer,
                        &permuted.encoder,
                    )
        });
        let layer = layer.unwrap();
        assert!(layer.cells == permuted.cells && (layer.i_xt_bits - permuted.i_xt_bits).abs() < 1e-9, "{permuted:?}");
    }
    let curve: Vec<CurveRow> = read(&file("curve.csv")).unwrap();
    assert!(
        curve.iter().all(|row| row.width_bits <= 1e-6 && row.gap_bits <= (1e-15 * row.beta.unwrap_or(1.0)).max(1e-10))
    );
    let transitions: Vec<TransitionRow> = read(&file("transitions.csv")).unwrap();
    let onset = transitions.iter().find(|row| row.dataset == "o3-0.99").unwrap();
    assert!(onset.beta_lower <= 1.00486 && 1.00484 <= onset.beta_upper, "{onset:?}");
    let claims: Vec<ClaimRow> = read(&file("verdict.csv")).unwrap();
    assert!(claims.iter().all(|claim| claim.networks < 2 || claim.lower.is_some() && claim.upper.is_some()));
    assert!(claims.iter().any(|claim| claim.claim == "nearer_than_shuffled_labels"));
    assert!(!read::<CriticalityRow>(&file("criticality.csv")).unwrap().is_empty());
}

#[test]
fn the_exact_solution_is_on_the_bound_and_a_random_partition_is_not() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for i_xy in [0.99, 0.9] {
        let joint = o3(Labelling::Soft, i_xy).unwrap().joint;
        let problem = Problem::new(&joint);
        let curve = Curve::refined_both_ways(&problem, 8e-7, 50_000).unwrap();
        for beta in [1.3, 2.0, 5.0] {
            let exact = Encoder::of_table(&problem.solve(beta).unwrap().encoder(&problem));
            let test = LayerTest::new(&joint, &problem, &curve, &exact, 1e-6);
            assert!(test.vertical_gap.1 <= 1e-6 && test.horizontal_gap.1 <= 1e-6, "{test:?}");
            assert!((test.beta - beta).abs() <= 1e-3 && test.residual < 1e-8, "{test:?}");
        }
        for cells in [2, 16, 256] {
            let labels: Vec<u64> = (0..4096).map(|_| rng.random_range(0..cells)).collect();
            let random = Encoder::of_partition(&Partition::from_labels(&labels));
            let test = LayerTest::new(&joint, &problem, &curve, &random, 1e-3);
            assert!(test.vertical_gap.0 > 0.5 && test.horizontal_gap.0 > 0.9, "{test:?}");
            assert!(test.residual >= test.floor - 1e-9 && test.floor > 0.9, "{test:?}");
        }
    }
}

#[test]
fn impossible_settings_are_refused_before_training() {
    for (set, mentions) in [
        ("bound.encoders=[]", "bound.encoders"),
        ("bound.encoders=[\"kde:variance=0.1,bound=upper\"]", "continuous"),
        ("bound.encoders=[\"bins\"]", "binning"),
        ("bound.encoders=[\"binning:bins=30,range=-1..1\"]", "relu"),
        ("bound.width_bits=0", "bound.width_bits"),
        ("bound.width_bits=1e-12", "bound.width_bits"),
        ("bound.tolerance_bits=-1", "bound.tolerance_bits"),
        ("bound.transitions_up_to=1", "bound.transitions_up_to"),
        ("bound.wide=1", "width_bits"),
        ("verdict.agreement=2", "verdict.agreement"),
        ("verdict.on_bound_bits=-1", "verdict.on_bound_bits"),
        ("verdict.shuffled=\"none\"", "verdict.shuffled"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = rq3(&["--preset", "smoke", "--set", set], &folder.path().join("run"));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(mentions), "{set}: {text}");
        assert!(!folder.path().join("run").exists(), "{set}");
    }
}
