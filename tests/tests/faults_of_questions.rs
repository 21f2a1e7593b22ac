//! The faults of docs/reliability.md, one after the other on one run of each of rq2 to rq5 (rq1's are in `faults.rs`): in the end its
//! tables must have the bytes of an undisturbed one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

#[cfg(target_os = "linux")]
use infoplane_tests::disk::Disk;

/// A question's program on a small task of its own.
struct Program {
    path: PathBuf,
    data: PathBuf,
    /// For the data, and what else is not a run's.
    folder: tempfile::TempDir,
}

impl Program {
    fn new(question: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("own.csv");
        let program = Self { path: infoplane_tests::program(question), data, folder };
        program.write_data(0);
        program
    }

    /// Three inputs of four values each; `changed` labels are other than the rule says.
    fn write_data(&self, changed: usize) {
        let row = |x: usize| {
            let inputs = [x % 4, x / 4 % 4, x / 16];
            let label = usize::from(inputs.iter().sum::<usize>() > 4) ^ usize::from(x < changed);
            format!("{},{},{},{label}\n", inputs[0], inputs[1], inputs[2])
        };
        let rows: String = (0..64).map(row).collect();
        fs::write(&self.data, format!("a,b,c,label\n{rows}")).unwrap();
    }

    fn command(&self, run: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["--preset", "smoke", "--epochs", "1000", "--set", "compute.block=1", "--checkpoint", "0.02"]);
        command.args(["--threads", "2"]).args(words).arg("--dataset").arg(&self.data).arg("--output").arg(run);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    fn run(&self, run: &Path) -> Output {
        self.command(run, &[]).output().expect("it starts")
    }

    /// What it says instead of going on.
    fn refused(&self, run: &Path) -> String {
        let output = self.run(run);
        assert!(!output.status.success(), "{}", said(&output));
        said(&output)
    }

    /// Starts it, and waits until a job is finished that was not.
    fn started(&self, run: &Path) -> Child {
        let before = finished(run);
        let mut child = self.command(run, &[]).spawn().expect("it starts");
        while finished(run).is_subset(&before) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        child
    }
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// The finished jobs of a run, and of rq4's pilots.
fn finished(run: &Path) -> BTreeSet<PathBuf> {
    let jobs = [run.join("jobs"), run.join("pilot/jobs")].into_iter().filter_map(|folder| fs::read_dir(folder).ok());
    let folders = jobs.flatten().flatten().map(|job| job.path());
    folders.filter(|path| path.is_dir() && path.extension().is_none()).collect()
}

/// Every CSV below a folder, by its path there.
fn tables(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut tables, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "csv") {
                tables.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    tables
}

/// Disturbs a run in every way, and compares it with one that was not.
fn survives(question: &str) {
    let program = Program::new(question);
    let undisturbed = program.folder.path().join("undisturbed");
    let output = program.run(&undisturbed);
    assert!(output.status.success(), "{}", said(&output));

    #[cfg(target_os = "linux")]
    let disk = Disk::mounted("size=64m");
    #[cfg(target_os = "linux")]
    let run = disk.as_ref().map_or(program.folder.path(), |disk| disk.path()).join("run");
    #[cfg(not(target_os = "linux"))]
    let run = program.folder.path().join("run");

    let mut child = program.started(&run);
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "too fast to be killed");

    program.write_data(1);
    let text = program.refused(&run);
    assert!(text.contains("was begun with other data") && text.contains("own.csv was"), "{text}");
    program.write_data(0);

    let text = said(&program.command(&run, &["--seed", "9"]).output().unwrap());
    assert!(text.contains("holds results of other settings") && text.contains("seed"), "{text}");

    #[cfg(unix)]
    {
        let child = program.started(&run);
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    }

    #[cfg(target_os = "linux")]
    if let Some(disk) = &disk {
        disk.remount("ro");
        let text = program.refused(&run);
        assert!(text.contains("Read-only file system"), "{text}");
        disk.remount("rw");
        // All that is left is taken.
        let filler = disk.path().join("filler");
        assert!(fs::write(&filler, vec![1; 64 << 20]).is_err());
        let text = program.refused(&run);
        assert!(text.contains("No space left on device"), "{text}");
        fs::remove_file(filler).unwrap();
    }

    assert!(!run.join("run.json").exists(), "too fast to be disturbed");
    let output = program.run(&run);
    assert!(output.status.success() && said(&output).contains("resuming: "), "{}", said(&output));
    let (disturbed, undisturbed) = (tables(&run), tables(&undisturbed));
    assert!(disturbed.keys().eq(undisturbed.keys()), "{:?}", disturbed.keys());
    for (name, bytes) in undisturbed {
        assert!(disturbed[&name] == bytes, "{question}: other bytes in {}", name.display());
    }
    assert!(!run.join("jobs").exists() && !run.join("pilot/jobs").exists());
}

#[test]
fn rq2_loses_nothing() {
    survives("rq2");
}

#[test]
fn rq3_loses_nothing() {
    survives("rq3");
}

#[test]
fn rq4_loses_nothing_in_its_pilots_either() {
    survives("rq4");
}

#[test]
fn rq5_loses_nothing() {
    survives("rq5");
}
