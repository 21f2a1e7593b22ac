//! rq1 end to end, as a user runs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use infoplane_experiments::rows::{InformationRow, TrainingRow, read};

fn rq1(words: &[&str], output: &Path) -> Output {
    static RQ1: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq1"));
    let mut command = Command::new(&*RQ1);
    command.args(words).arg("--output").arg(output);
    command.output().expect("rq1 starts")
}

fn error(words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = rq1(words, &folder.path().join("run"));
    assert!(!output.status.success(), "{words:?} succeeded");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    assert!(!folder.path().join("run/run.json").exists());
    text
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_any_number_of_threads_and_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, words: &[&str]| {
        let output = rq1(&[&["--preset", "smoke", "--seed", "5"], words].concat(), &folder.path().join(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run("one", &["--threads", "1"]);
    run("two", &["--threads", "2"]);
    let bytes = |name: &str, table: &str| fs::read(folder.path().join(name).join(table)).unwrap();
    for table in ["information_plane.csv", "training.csv", "trajectories.csv", "phases.csv", "verdict.csv"] {
        assert_eq!(bytes("one", table), bytes("two", table), "{table}");
    }
    for figure in ["information_plane", "trajectories", "compression"] {
        assert!(bytes("one", &format!("{figure}.png")).starts_with(b"\x89PNG"));
        assert!(bytes("one", &format!("{figure}.svg")).starts_with(b"<"));
    }

    // A replica's path does not depend on who shares its block: the same rows in another order.
    run("whole", &["--set", "compute.block=4"]);
    let sorted = |name: &str| {
        let text = String::from_utf8(bytes(name, "information_plane.csv")).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted("one"), sorted("whole"));

    // Run again, a complete run is only looked at.
    let again = rq1(&["--preset", "smoke", "--seed", "5"], &folder.path().join("one"));
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing is trained again"));
    let other = rq1(&["--preset", "smoke", "--seed", "6"], &folder.path().join("one"));
    assert!(String::from_utf8_lossy(&other.stderr).contains("run.seed is 5 there and 6 now"));
}

#[test]
fn every_row_respects_the_bounds_of_information() {
    let folder = tempfile::tempdir().unwrap();
    assert!(rq1(&["--preset", "smoke"], folder.path()).status.success());
    let rows: Vec<InformationRow> = read(&folder.path().join("information_plane.csv")).unwrap();
    // 2 activations × 4 replicas × 6 layers × 4 estimators, at each recorded epoch.
    assert_eq!(rows.len() % (2 * 4 * 6 * 4), 0);
    for row in &rows {
        assert!(0.0 <= row.i_ty_bits && row.i_ty_bits <= row.i_xt_bits && row.i_xt_bits <= 12.0, "{row:?}");
        assert!(row.i_ty_bits <= 0.99 + 1e-9, "{row:?}");
    }
}

/// Results published with a seed must be found again: what changes these numbers is a breaking change, for CHANGELOG.md. They are
/// those of processors with AVX2 and FMA; others round differently, by less than is allowed.
#[test]
fn networks_keep_their_values() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["--preset", "smoke", "--seed", "5", "--replicas", "2", "--epochs", "20"];
    let output = rq1(&words, folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<TrainingRow> = read(&folder.path().join("training.csv")).unwrap();
    let losses: Vec<f64> = rows.iter().filter(|row| row.epoch == 20).map(|row| row.train_loss_bits).collect();
    let published = [0.490_573_99, 0.427_126_15, 0.997_349_83, 0.999_206_57];
    assert_eq!(losses.len(), published.len());
    for (loss, published) in losses.into_iter().zip(published) {
        assert!((loss - published).abs() < 1e-5, "{loss} bits, once {published}");
    }
    let rows: Vec<InformationRow> = read(&folder.path().join("information_plane.csv")).unwrap();
    let is_asked = |row: &&InformationRow| {
        (row.epoch, row.layer, row.replica) == (20, 6, 0)
            && row.activation == "tanh"
            && row.estimator == "binning:width=0.07"
    };
    let row = rows.iter().find(is_asked).unwrap();
    // An activation at a bin's edge may fall to its other side.
    assert!((row.i_xt_bits - 3.784_881).abs() < 0.01 && (row.i_ty_bits - 0.633_481).abs() < 0.01, "{row:?}");
}

#[test]
fn adam_learns_the_hard_task() {
    let folder = tempfile::tempdir().unwrap();
    let words = "--preset smoke --replicas 4 --epochs 1500 --set task.labels=hard --set train.optimizer=adam \
                 --set train.learning_rate=0.003 --set grid.activations=[\"tanh\"] --set measure.snapshots=2";
    let output = rq1(&words.split_whitespace().collect::<Vec<_>>(), folder.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows: Vec<TrainingRow> = read(&folder.path().join("training.csv")).unwrap();
    for row in rows.iter().filter(|row| row.epoch == 1500) {
        let over_all_patterns = 0.85 * row.train_accuracy + 0.15 * row.test_accuracy.unwrap();
        assert!(over_all_patterns >= 0.98, "{row:?}");
    }
}

#[test]
fn a_replica_that_diverges_is_named_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let activations = "grid.activations=[\"tanh\", \"linear\"]";
    let words = ["--preset", "smoke", "--set", activations, "--set", "train.learning_rate=1e4"];
    let output = rq1(&words, folder.path());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("replica 0 (seed 1)") && text.contains("no longer finite at epoch"), "{text}");
    let verdict = std::fs::read_to_string(folder.path().join("verdict.csv")).unwrap();
    assert!(verdict.contains(",tanh,") && !verdict.contains(",linear,"), "{verdict}");
}

#[test]
fn impossible_settings_are_refused_before_training() {
    for (set, mentions) in [
        ("train.epochs=0", "epochs = 0"),
        ("train.learning_rate=-1", "learning_rate"),
        ("train.learning_rat=1", "learning_rate"),
        ("train.optimizer=sdg", "adam"),
        ("grid.train_fractions=[0.0]", "grid.train_fractions"),
        ("grid.train_fractions=[1.5]", "grid.train_fractions"),
        ("grid.train_fractions=[]", "grid.train_fractions"),
        ("grid.activations=[\"tanhh\"]", "tanh"),
        ("model.hidden=[]", "hidden layer"),
        ("model.hidden=[3, 0]", "width 0"),
        ("run.replicas=0", "replicas"),
        ("run.replicas=1000000000", "run.replicas"),
        ("run.seeds=[4, 4]", "4 twice"),
        ("verdict.predictability=2", "verdict.predictability"),
        ("train.learning_rate=nan", "learning_rate"),
        ("measure.snapshots=1000000000", "measure.snapshots"),
        ("task.i_xy_bits=1.5", "i_xy_bits"),
        ("measure.estimators=[]", "measure.estimators"),
        ("measure.estimators=[\"bins\"]", "binning"),
        ("measure.estimators=[\"binning:bins=30,range=-1..1\"]", "relu"),
        ("measure.epochs=[9999]", "9999"),
        ("compute.backend=tpu", "flex"),
        ("compute.block=0", "block"),
        ("nonsense", "KEY=VALUE"),
    ] {
        let text = error(&["--preset", "smoke", "--set", set]);
        assert!(text.contains(mentions), "{set}: {text}");
    }
    assert!(error(&["--preset", "huge"]).contains("smoke"));
    assert!(error(&["--config", "no/such/file.toml"]).contains("no/such/file.toml"));
    assert!(error(&["--dataset", "no/such/file.mat"]).contains("no/such/file.mat"));
    assert!(error(&["--backend", "cuda"]).contains("--features cuda"));
}

#[test]
fn a_folder_that_cannot_be_written_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let output = rq1(&["--preset", "smoke"], &file.join("run"));
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot make the results folder"));
}

#[test]
fn a_file_like_the_authors_is_the_generated_hard_task() {
    let folder = tempfile::tempdir().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/var_u.mat");
    assert!(rq1(&["--preset", "smoke", "--dataset", file], &folder.path().join("file")).status.success());
    let hard = rq1(&["--preset", "smoke", "--set", "task.labels=hard"], &folder.path().join("generated"));
    assert!(hard.status.success());
    // Every row is the same, but for the name of the task.
    let rows = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name).join("information_plane.csv")).unwrap();
        text.lines().map(|line| line.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rows("file"), rows("generated"));

    // A file cut short, or one that is no MATLAB file.
    let whole = fs::read(file).unwrap();
    let damaged = folder.path().join("damaged.mat");
    for part in [&whole[..whole.len() / 2], &whole[..10], b"F = 1", b""] {
        fs::write(&damaged, part).unwrap();
        let text = error(&["--preset", "smoke", "--dataset", damaged.to_str().unwrap()]);
        assert!(text.contains("damaged.mat"), "{text}");
    }
}
