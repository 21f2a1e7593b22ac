//! What can go wrong with a run, done to it on purpose; in the end the results must have the bytes of an undisturbed one.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

#[cfg(target_os = "linux")]
use infoplane_tests::disk::Disk;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Long enough to be disturbed: twelve jobs, one or two seconds of training.
const WORDS: &[&str] =
    &["--preset", "smoke", "--replicas", "6", "--epochs", "400", "--set", "compute.block=1", "--threads", "2"];

/// Checkpoints in every job.
const OFTEN: &[&str] = &["--checkpoint", "0.02"];

static RQ1: LazyLock<PathBuf> = LazyLock::new(|| infoplane_tests::program("rq1"));

/// Names and bytes.
type Files = Vec<(String, Vec<u8>)>;

/// The tables of an undisturbed run, and how long it took.
static UNDISTURBED: LazyLock<(Files, Duration)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    // Built before the clock starts.
    LazyLock::force(&RQ1);
    let started = Instant::now();
    let output = rq1(folder.path(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    (tables(folder.path()), started.elapsed())
});

fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(&*RQ1);
    command.args(WORDS).args(words).arg("--output").arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn rq1(folder: &Path, words: &[&str]) -> Output {
    command(folder, words).output().expect("rq1 starts")
}

fn start(folder: &Path, words: &[&str]) -> Child {
    command(folder, words).spawn().expect("rq1 starts")
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// Every CSV of a results folder.
fn tables(folder: &Path) -> Files {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut tables: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    tables.sort();
    tables
}

/// Finishes a disturbed run and compares it.
fn finishes_to_the_same_bytes(folder: &Path) -> String {
    let output = rq1(folder, &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(tables(folder) == UNDISTURBED.0, "other bytes than an undisturbed run");
    assert!(!folder.join("jobs").exists());
    said(&output)
}

/// Starts a run, and kills it (SIGKILL on Unix) when `when` says so; whether it was still alive.
fn kill(folder: &Path, when: impl Fn() -> bool) -> bool {
    let mut child = start(folder, OFTEN);
    while !when() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// Whether any job has finished.
fn some_finished(folder: &Path) -> Option<PathBuf> {
    let jobs = fs::read_dir(folder.join("jobs")).ok()?.flatten().map(|entry| entry.path());
    jobs.filter(|path| path.is_dir() && path.extension().is_none()).min()
}

/// A run killed when the first jobs are finished and others are not.
fn half_a_run(folder: &Path) {
    assert!(kill(folder, || some_finished(folder).is_some()), "too fast to be killed");
}

#[test]
fn killed_at_twenty_random_moments_nothing_is_lost() {
    let moments = &mut ChaCha8Rng::seed_from_u64(12);
    let (mut kills, mut in_training) = (0, 0);
    while kills < 20 {
        let folder = tempfile::tempdir().unwrap();
        // A run is killed again and again until it has made its way; only then the next begins.
        loop {
            let moment = UNDISTURBED.1.mul_f64(moments.random_range(0.02..0.7));
            let started = Instant::now();
            if !kill(folder.path(), || started.elapsed() >= moment) {
                break;
            }
            kills += 1;
            in_training += usize::from(folder.path().join("jobs").exists());
        }
        finishes_to_the_same_bytes(folder.path());
    }
    println!("{kills} kills, {in_training} of them in training");
    assert!(in_training > 5, "{in_training} of {kills}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_at_a_checkpoint_and_twice_at_once() {
    for times in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = start(folder.path(), &[]);
        while some_finished(folder.path()).is_none() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        for _ in 0..times {
            let id = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
        if times == 1 {
            let text = said(&output);
            assert!(text.contains("stopped: ") && text.contains("of 12 jobs are finished"), "{text}");
            // What was in progress is kept; between two jobs nothing is.
            let entries = fs::read_dir(folder.path().join("jobs")).unwrap().flatten();
            let mut parts =
                entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "part"));
            assert!(parts.all(|path| path.join("checkpoint").exists()));
        }
        assert!(finishes_to_the_same_bytes(folder.path()).contains("resuming: "));
    }
}

#[test]
fn a_job_cut_short_or_changed_is_done_again_and_said() {
    let folder = tempfile::tempdir().unwrap();
    half_a_run(folder.path());
    let table = some_finished(folder.path()).unwrap().join("training.csv");
    let mut bytes = fs::read(&table).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&table, &bytes).unwrap();
    let text = finishes_to_the_same_bytes(folder.path());
    assert!(text.contains("is done again: its training.csv has"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    half_a_run(folder.path());
    let table = some_finished(folder.path()).unwrap().join("training.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen("0.", "1.", 1)).unwrap();
    // What cannot be mended by merging is said there, too.
    let merging = said(&rq1(folder.path(), &["--merge"]));
    assert!(merging.contains("cannot merge") && merging.contains("--jobs "), "{merging}");
    let text = finishes_to_the_same_bytes(folder.path());
    assert!(text.contains("training.csv was changed since"), "{text}");
}

#[test]
fn two_processes_share_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let children = [start(folder.path(), &[]), start(folder.path(), &[])];
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    assert!(outputs.iter().any(|output| output.status.success()));
    for output in outputs.iter().filter(|output| !output.status.success()) {
        assert!(said(output).contains("being worked on by process"), "{}", said(output));
    }
    let text = finishes_to_the_same_bytes(folder.path());
    assert!(text.contains("nothing is trained again"), "{text}");
}

#[test]
fn selected_jobs_are_merged_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let children = [start(folder.path(), &["--jobs", "0/2"]), start(folder.path(), &["--jobs", "1,3,5,7"])];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let early = rq1(folder.path(), &["--merge"]);
    assert!(!early.status.success());
    assert!(said(&early).contains("2 of 12 jobs are not finished") && said(&early).contains("--jobs 9,11"));
    // As a task of a Slurm array.
    for task in ["9", "11"] {
        let output = command(folder.path(), &[]).env("SLURM_ARRAY_TASK_ID", task).output().unwrap();
        assert!(output.status.success() && said(&output).contains(&format!("jobs {task} are finished")));
    }
    let merged = rq1(folder.path(), &["--merge"]);
    assert!(merged.status.success(), "{}", said(&merged));
    assert!(tables(folder.path()) == UNDISTURBED.0);
    let beyond = said(&rq1(&folder.path().join("other"), &["--jobs", "12"]));
    assert!(beyond.contains("12 jobs, counted from 0"), "{beyond}");
}

#[test]
fn a_folder_moved_elsewhere_with_times_of_tomorrow_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("another machine/there"));
    half_a_run(&here);
    fs::create_dir(there.parent().unwrap()).unwrap();
    fs::rename(&here, &there).unwrap();
    // To files from tomorrow, the clock has gone backwards.
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    let mut folders = vec![there.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                File::options().append(true).open(path).unwrap().set_modified(tomorrow).unwrap();
            }
        }
    }
    assert!(finishes_to_the_same_bytes(&there).contains("resuming: "));
}

#[test]
fn what_a_newer_version_wrote_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    half_a_run(&run);
    let config = run.join("config.toml");
    let ours = fs::read_to_string(&config).unwrap();
    fs::write(&config, ours.replacen(env!("CARGO_PKG_VERSION"), "99.0.0", 1)).unwrap();
    let refused = rq1(&run, &[]);
    assert!(!refused.status.success() && said(&refused).contains("infoplane 99.0.0, which is newer"));
    let file = config.to_str().unwrap();
    let refused = rq1(&folder.path().join("other"), &["--config", file]);
    assert!(!refused.status.success() && said(&refused).contains("infoplane 99.0.0, which is newer"));
    fs::write(&config, ours).unwrap();
    finishes_to_the_same_bytes(&run);

    // A table with a column that this version does not know, and a record of its sums to go with it.
    let record = run.join("run.json");
    let mut summed: serde_json::Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    summed["tables"] = serde_json::json!({});
    fs::write(&record, summed.to_string()).unwrap();
    let table = run.join("information_plane.csv");
    let text = fs::read_to_string(&table).unwrap().replace('\n', ",0\n");
    fs::write(&table, text.replacen(",0\n", ",i_xt_nats\n", 1)).unwrap();
    let refused = rq1(&run, &[]);
    let text = said(&refused);
    assert!(!refused.status.success() && text.contains("another version") && text.contains("i_xt_nats"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_gone_on_from_when_there_is_room() {
    // From too small for anything to too small for the figures.
    let sizes = ["size=16k", "size=64k", "size=160k", "size=400k", "size=900k"];
    let Some(disk) = Disk::mounted(sizes[0]) else { return };
    let run = disk.path().join("run");
    for size in sizes {
        disk.remount(size);
        let output = rq1(&run, &[]);
        let text = said(&output);
        assert!(!output.status.success() && text.contains("No space left on device"), "{size}: {text}");
    }
    disk.remount("size=64m");
    finishes_to_the_same_bytes(&run);
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_said() {
    let Some(disk) = Disk::mounted("size=64m") else { return };
    let run = disk.path().join("run");
    disk.remount("ro");
    let output = rq1(&run, &[]);
    assert!(!output.status.success() && said(&output).contains("cannot make the results folder"), "{}", said(&output));
    disk.remount("rw");
    half_a_run(&run);
    disk.remount("ro");
    let output = rq1(&run, &[]);
    assert!(!output.status.success() && said(&output).contains("Read-only file system"), "{}", said(&output));
    disk.remount("rw");
    finishes_to_the_same_bytes(&run);
}
