//! calibrate as a user runs it: small, on a few problems; figures from the files it wrote.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use infoplane_experiments::calibration::run::CalibrationRow;
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
    let text = String::from_utf8_lossy(&again.stderr);
    assert!(!again.status.success() && text.contains("other settings") && text.contains("problem is"), "{text}");
    fs::remove_dir_all(folder.path()).unwrap();
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

/// Long enough to be disturbed: a second or two.
fn long(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(infoplane_tests::program("calibrate"));
    command.args([
        "--rows",
        "300",
        "--rows",
        "600",
        "--seeds",
        "6",
        "--problem",
        "Gaussian 1 + 1",
        "--checkpoint",
        "0",
    ]);
    command.args(["--estimator", "ksg:k=3", "--estimator", "mixed-ksg:k=3", "--estimator", "gaussian"]).args(words);
    command.arg("--output").arg(folder).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// Every estimate, but for the seconds it took.
fn estimates(folder: &Path) -> Vec<CalibrationRow> {
    let mut rows: Vec<CalibrationRow> = read(&folder.join("calibration.csv")).unwrap();
    rows.iter_mut().for_each(|row| row.seconds = 0.0);
    rows
}

/// How many jobs have finished.
fn finished(folder: &Path) -> usize {
    let Ok(jobs) = fs::read_dir(folder.join("jobs")) else { return 0 };
    jobs.flatten().map(|job| job.path()).filter(|path| path.is_dir() && path.extension().is_none()).count()
}

/// Starts a calibration, and waits until it has finished a job more.
fn started(folder: &Path) -> Child {
    let before = finished(folder);
    let mut child = long(folder, &["--threads", "2"]).spawn().unwrap();
    while finished(folder) <= before && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

#[test]
fn a_calibration_that_was_stopped_goes_on_to_the_same_estimates() {
    let undisturbed = tempfile::tempdir().unwrap();
    let output = long(undisturbed.path(), &["--threads", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));

    // Killed twice, then stopped by Ctrl-C where there is one.
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    for _ in 0..2 {
        let mut child = started(&run);
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    }
    #[cfg(unix)]
    {
        let child = started(&run);
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
        let text = said(&output);
        assert!(text.contains("resuming: ") && text.contains("the same command goes on"), "{text}");
    }
    assert!(!run.join("run.json").exists(), "too fast to be disturbed");
    let output = long(&run, &["--threads", "2"]).output().unwrap();
    assert!(output.status.success() && said(&output).contains("resuming: "), "{}", said(&output));
    assert_eq!(estimates(&run), estimates(undisturbed.path()));
    assert!(!run.join("jobs").exists());
    let record: serde_json::Value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
    assert_eq!((&record["question"], &record["config"]["seeds"]), (&"calibrate".into(), &6.into()));

    // Complete, it is judged again, unless what was found was changed.
    let again = long(&run, &[]).output().unwrap();
    assert!(again.status.success() && said(&again).contains("nothing is asked again"), "{}", said(&again));
    let table = run.join("calibration.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen("0.", "1.", 1)).unwrap();
    let changed = long(&run, &[]).output().unwrap();
    assert!(!changed.status.success() && said(&changed).contains("calibration.csv was changed"), "{}", said(&changed));
}

#[test]
fn jobs_of_a_calibration_are_selected_and_merged() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["--rows", "60", "--seeds", "6", "--problem", "binary", "--estimator", "plugin", "--output"];
    let run = |more: &[&str]| {
        let program = infoplane_tests::program("calibrate");
        Command::new(program).args(words).arg(folder.path()).args(more).output().expect("calibrate starts")
    };
    let plan = run(&["--plan"]);
    let planned = String::from_utf8_lossy(&plan.stdout).into_owned();
    let jobs: usize = planned.split(' ').next().unwrap().parse().unwrap();
    assert!(jobs > 1, "{planned}");
    assert!(run(&["--jobs", "0"]).status.success());
    let early = run(&["--merge"]);
    assert!(!early.status.success() && said(&early).contains("cannot merge"), "{}", said(&early));
    assert!(run(&["--jobs", &format!("1-{}", jobs - 1)]).status.success());
    assert!(run(&["--merge"]).status.success());
    assert!(folder.path().join("guide.csv").exists());

    // What no estimator is about leaves nothing to judge.
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(infoplane_tests::program("calibrate"));
    command.args(["--rows", "60", "--problem", "Gaussian 1 + 1", "--estimator", "kde:variance=0.25,bound=lower"]);
    let output = command.arg("--output").arg(folder.path()).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("nothing to judge"), "{}", said(&output));
}
