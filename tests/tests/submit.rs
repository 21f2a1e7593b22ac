//! `submit`, with a stand-in for sbatch that runs what it is given at once (`just test-slurm` has the real one).
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Runs every task of an array, one after the other; prints a number, as `sbatch --parsable` does.
const SBATCH: &str = r#"#!/bin/sh
for script; do :; done
echo "$@" >> "$0.log"
last=$(sed -n 's/^#SBATCH --array=0-//p' "$script")
if [ -n "$last" ]; then
    for task in $(seq 0 "$last"); do SLURM_ARRAY_TASK_ID=$task sh "$script" >&2 || exit 1; done
else
    sh "$script" >&2 || exit 1
fi
wc -l < "$0.log"
"#;

fn submit(words: &[&str], output: &Path, sbatch: Option<&Path>) -> Output {
    infoplane_tests::program("rq4");
    let mut command = Command::new(infoplane_tests::program("submit"));
    command.args(words).arg("--output").arg(output);
    if let Some(sbatch) = sbatch {
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", sbatch.parent().unwrap().display()));
    }
    command.output().expect("submit starts")
}

#[test]
fn both_stages_of_a_run_are_submitted_and_end_in_the_bytes_of_a_local_one() {
    let folder = tempfile::tempdir().unwrap();
    let sbatch = folder.path().join("sbatch");
    fs::write(&sbatch, SBATCH).unwrap();
    fs::set_permissions(&sbatch, fs::Permissions::from_mode(0o755)).unwrap();
    // A name that a shell would take apart.
    let array = folder.path().join("an array");
    let words = ["rq4", "--preset", "smoke", "--tasks", "3"];
    let output = submit(&words, &array, Some(&sbatch));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let submitted = fs::read_to_string(folder.path().join("sbatch.log")).unwrap();
    let names = ["rq4-pilot", "rq4-pilot-merge", "rq4", "rq4-merge"];
    assert_eq!(submitted.lines().count(), names.len(), "{submitted}");
    for (k, (line, name)) in submitted.lines().zip(names).enumerate() {
        assert!(line.ends_with(&format!("/slurm/{name}.sh")), "{line}");
        assert_eq!(line.contains(&format!("--dependency=afterok:{k} ")), k > 0, "{line}");
    }

    let local = folder.path().join("local");
    let run = Command::new(infoplane_tests::program("rq4"))
        .args(["--preset", "smoke", "--output"])
        .arg(&local)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for table in ["training.csv", "verdict.csv", "learning_rates.csv", "pilot/information_plane.csv"] {
        assert!(fs::read(local.join(table)).unwrap() == fs::read(array.join(table)).unwrap(), "{table}");
    }
    let again = submit(&words, &array, Some(&sbatch));
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing to submit"));
}

#[test]
fn a_dry_run_needs_no_slurm_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let array = folder.path().join("run");
    let words = ["rq4", "--tasks=3", "--dry-run", "--preset", "smoke", "--sbatch", "--time=1:00:00", "--set", "a b=1"];
    let output = submit(&words[..7], &array, None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    for line in [
        "#SBATCH --array=0-2\n",
        "#SBATCH --time=1:00:00\n",
        "--jobs \"$SLURM_ARRAY_TASK_ID/3\"\n",
        " --merge\n",
        "'--dependency=afterok:<id of rq4-pilot>' ",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!array.exists());
    // What the run refuses is refused here.
    let wrong = submit(&words, &array, None);
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("cannot be planned"));
    let no_question = submit(&["estimate"], &array, None);
    assert!(String::from_utf8_lossy(&no_question.stderr).contains("no question"));
}
