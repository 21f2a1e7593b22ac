//! rq4 end to end, as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::questions::rq4::generalisation::DepthRow;
use infoplane_experiments::questions::rq4::thresholds::TimeRow;
use infoplane_experiments::questions::rq4::tuning::RateRow;
use infoplane_experiments::rows::read;
use infoplane_experiments::verdict::ClaimRow;

fn rq4(words: &[&str], output: &Path) -> Output {
    static RQ4: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq4"));
    let output = Command::new(&*RQ4).args(words).arg("--output").arg(output).output().expect("rq4 starts");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
    output
}

#[test]
fn a_run_is_whole_and_the_same_bytes_for_one_thread_and_two() {
    let folder = tempfile::tempdir().unwrap();
    for (name, threads) in [("one", "1"), ("two", "2")] {
        let output = rq4(&["--preset", "smoke", "--threads", threads], &folder.path().join(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let one = folder.path().join("one");
    for table in [
        "depth",
        "time_to_threshold",
        "survival",
        "relaxation",
        "relaxation_laws",
        "learning_rates",
        "verdict",
        "information_plane",
        "pilot/information_plane",
    ] {
        let bytes = |name: &str| fs::read(folder.path().join(name).join(format!("{table}.csv"))).unwrap();
        assert_eq!(bytes("one"), bytes("two"), "{table}");
    }
    for figure in ["depth_paper_tanh_sgd_fixed", "depth_paper_relu_sgd_tuned", "survival", "relaxation"] {
        assert!(fs::read(one.join(format!("{figure}.png"))).unwrap().starts_with(b"\x89PNG"), "{figure}");
        assert!(one.join(format!("{figure}.svg")).exists(), "{figure}");
    }

    // Two cells of two depths, four networks each; rates fixed in the one, chosen among those tried in the other.
    let depths: Vec<DepthRow> = read(&one.join("depth.csv")).unwrap();
    assert_eq!(
        depths.iter().map(|row| (row.depth, row.replicas)).collect::<Vec<_>>(),
        [(1, 4), (3, 4), (1, 4), (3, 4)]
    );
    assert_eq!([depths[0].learning_rate, depths[1].learning_rate], [0.1, 0.1]);
    let tried: Vec<RateRow> = read(&one.join("learning_rates.csv")).unwrap();
    for row in &depths[2..] {
        let chosen: Vec<&RateRow> = tried.iter().filter(|rate| rate.depth == row.depth && rate.chosen).collect();
        assert_eq!((chosen.len(), chosen[0].learning_rate), (1, row.learning_rate));
        assert!(chosen[0].pilots == 2);
    }

    // Failures are censored at the end of training, never left out.
    let times: Vec<TimeRow> = read(&one.join("time_to_threshold.csv")).unwrap();
    assert_eq!(times.len(), 4 * 4 * 4);
    assert!(times.iter().all(|row| row.reached || row.epochs == 60));
    let claims: Vec<ClaimRow> = read(&one.join("verdict.csv")).unwrap();
    assert!(claims.iter().all(|claim| claim.question == "rq4" && claim.lower.is_some() && claim.upper.is_some()));

    // Run again, neither pilots nor networks are trained; other settings are refused.
    let again = rq4(&["--preset", "smoke"], &one);
    assert_eq!(String::from_utf8_lossy(&again.stderr).matches("nothing is trained again").count(), 2);
    let other = rq4(&["--preset", "smoke", "--epochs", "50"], &one);
    assert!(String::from_utf8_lossy(&other.stderr).contains("train.epochs is 60 there and 50 now"));
}

#[test]
fn impossible_plans_are_refused_before_training() {
    let folder = tempfile::tempdir().unwrap();
    for (set, mentions) in [
        ("cell=[]", "no [[cell]]"),
        ("cell=[{family=\"f\",activation=\"tanh\",optimizer=\"sgd\",learning_rate=\"fixed\"}]", "`f`"),
        ("cell=[{family=\"paper\",activation=\"tanh\",optimizer=\"sgd\",learning_rate=\"best\"}]", "tuned"),
        ("family=[{name=\"paper\",hidden=[[3],[4]]}]", "two networks of 1 hidden"),
        ("family=[{name=\"paper\",hidden=[[3],[4,0]]}]", "width 0"),
        ("tuning.seeds=[2]", "tuning.seeds has 2"),
        ("tuning.grid.sgd=[1.0,0.1]", "ascending"),
        ("tuning.grids.sgd=[1.0]", "grids"),
        ("verdict.thresholds=[]", "verdict.thresholds"),
        ("verdict.law_share=2", "law_share"),
        ("grid.train_fractions=[1.0]", "train_fractions"),
        ("condition=[{name=\"a\"}]", "makes its own conditions"),
        ("tunning.epochs=3", "tunning"),
    ] {
        let output = rq4(&["--preset", "smoke", "--set", set], &folder.path().join("run"));
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains(mentions), "{set}: {text}");
        assert!(!folder.path().join("run").exists(), "{set}");
    }
}
