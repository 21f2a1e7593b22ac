//! What careless users do to the questions: each is answered in a sentence, with an exit code, and nothing of theirs is lost.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{LazyLock, Mutex};

fn program(name: &'static str) -> Command {
    static PROGRAMS: LazyLock<Mutex<HashMap<&str, PathBuf>>> = LazyLock::new(Mutex::default);
    let mut programs = PROGRAMS.lock().unwrap();
    Command::new(programs.entry(name).or_insert_with(|| infoplane_tests::program(name)))
}

/// A run of a second, into a folder.
fn short(question: &'static str, words: &[&str], output: &Path) -> Command {
    let mut command = program(question);
    command.args(["--preset", "smoke", "--replicas", "2", "--epochs", "5"]).args(words).arg("--output").arg(output);
    command
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// What is said of a run that fails.
fn refused(question: &'static str, words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = short(question, words, &folder.path().join("run")).output().unwrap();
    assert!(!output.status.success(), "{question} {words:?} succeeded");
    said(&output)
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    for (question, words, reason) in [
        ("rq1", &["--jobs", "0-99999999999999"][..], "none with the number"),
        ("rq1", &["--plan", "--merge"], "cannot be used with"),
        ("rq1", &["--address", "ws://localhost:3000"], "but the backend is flex"),
        ("rq1", &["--set", "run.seeds=[1, 2]"], "leave out --replicas"),
        ("rq1", &["--set", "model.hidden=[100000]"], "make layers narrower"),
        ("rq1", &["--set", "model.hidden=[4000000000, 4000000000]"], "make layers narrower"),
        ("rq1", &["--set", "train.noise_batch=100000000000"], "noise_batch"),
        ("rq1", &["--set", "condition=[{name=\"a\", condition=[{name=\"b\"}]}]"], "conditions of its own"),
        ("rq1", &["--dataset", "teacher:inputs=2,inputs=3"], "inputs is there twice"),
        ("rq1", &["--dataset", "teacher:inputs=10000,patterns=1000000"], "more than"),
        ("rq1", &["--dataset", "teacher", "--set", "task.i_xy_bits=0.9"], "belongs to the paper's task"),
        ("rq3", &["--set", "bound.transitions_up_to=1e300"], "transitions_up_to"),
        ("rq4", &["--set", "model.hidden=[3, 3]"], "rq4 takes model.hidden from [[family]]"),
        ("rq4", &["--set", "train.learning_rate=0.2"], "rq4 takes train.learning_rate from [tuning]"),
        ("rq4", &["--set", "tuning.fixed.sgd=nan"], "learning rates are finite"),
    ] {
        let text = refused(question, words);
        assert!(text.contains(reason), "{question} {words:?}: {text}");
    }
    let array = program("submit").args(["rq1", "--dry-run", "--jobs", "3"]).output().unwrap();
    assert!(!array.status.success() && said(&array).contains("--jobs is not for you to give"));
}

#[test]
fn networks_that_diverge_are_judged_by_nobody() {
    let diverging = ["--set", "train.learning_rate=1e30"];
    for question in ["rq1", "rq2", "rq3", "rq5"] {
        assert!(refused(question, &diverging).contains("nothing to judge"), "{question}");
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("huge.csv");
    fs::write(&data, "a,b,label\n1e300,1,0\n2,3,1\n").unwrap();
    assert!(refused("rq1", &["--dataset", data.to_str().unwrap()]).contains("scale the inputs down"));
}

#[test]
fn nothing_of_the_users_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("training.csv");
    fs::write(&mine, "mine").unwrap();
    let output = short("rq1", &[], folder.path()).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("no folder of ours"));
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");

    fs::write(folder.path().join("config.toml"), "").unwrap();
    let output = program("calibrate").arg("--output").arg(folder.path()).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("the folder of a run"));
}

#[test]
fn settings_that_cannot_be_run_are_shown_and_called_so() {
    for (question, setting) in
        [("rq1", "train.momentum=2"), ("rq3", "verdict.shuffled=\"no\""), ("rq4", "verdict.law_share=7")]
    {
        let output = program(question).args(["--show-config", "--set", setting]).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty());
        assert!(said(&output).contains("cannot be run here"), "{question}: {}", said(&output));
    }
    let sound = program("rq1").arg("--show-config").output().unwrap();
    assert!(said(&sound).is_empty());
}

#[test]
fn a_complete_run_that_was_changed_is_judged_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    assert!(short("rq1", &[], &run).output().unwrap().status.success());
    assert!(said(&short("rq1", &[], &run).output().unwrap()).contains("nothing is trained again"));

    let (table, verdict) = (run.join("information_plane.csv"), fs::read(run.join("verdict.csv")).unwrap());
    let whole = fs::read_to_string(&table).unwrap();
    fs::write(&table, &whole[..whole.len() / 2]).unwrap();
    let cut = short("rq1", &[], &run).output().unwrap();
    assert!(!cut.status.success() && said(&cut).contains("information_plane.csv has"), "{}", said(&cut));
    assert_eq!(fs::read(run.join("verdict.csv")).unwrap(), verdict);
    fs::write(&table, whole).unwrap();
    assert!(short("rq1", &[], &run).output().unwrap().status.success());

    fs::remove_file(run.join("config.toml")).unwrap();
    let bare = short("rq1", &["--seed", "9"], &run).output().unwrap();
    assert!(!bare.status.success() && said(&bare).contains("not the config.toml"));
}

#[test]
fn a_reader_that_leaves_costs_nothing_and_a_full_disk_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut child = short("rq1", &[], &run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(run.join("report.html").exists());

    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let output = program("rq1").arg("--show-config").stdout(full).output().unwrap();
        assert!(!output.status.success() && said(&output).contains("cannot be written"));
    }
}

#[test]
fn conditions_with_like_names_keep_weights_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let conditions = "condition=[{name=\"a/b\"}, {name=\"a:b\"}]";
    let output = short("rq1", &["--save-weights", "--set", conditions], &run).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    // Two conditions, two activations, two networks.
    assert_eq!(fs::read_dir(run.join("weights")).unwrap().count(), 8);
}

#[test]
fn a_report_of_nothing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let output = program("report").arg(folder.path()).arg("--output").arg(&page).output().unwrap();
    assert!(output.status.success() && said(&output).contains("no finished run"));
    fs::write(folder.path().join("config.toml"), "").unwrap();
    let output = program("report").arg(folder.path()).arg("--output").arg(&page).output().unwrap();
    assert!(!output.status.success() && said(&output).contains("is not finished"));
}
