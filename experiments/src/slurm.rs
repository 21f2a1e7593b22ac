//! A run as Slurm jobs: for every stage an array whose tasks share the stage's jobs, and one that merges them once all of the
//! array's tasks have succeeded. A folder that all machines see is all they have in common.
//!
//! Most questions have one stage; rq4 has its pilots before the run itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::quoting::{sbatch, shell};
use crate::results::Results;

/// A stage of a run, as `--plan` prints it: `8 jobs in results/rq1/smoke`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How many jobs.
    pub jobs: usize,
    /// Where.
    pub folder: PathBuf,
    /// Whether they are finished and merged.
    pub is_complete: bool,
}

/// A command, and how it is spread over the tasks of an array.
#[derive(Debug)]
pub struct Submission<'a> {
    /// The question's program.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: &'a [String],
    /// Where it is run.
    pub working_folder: &'a Path,
    /// Where logs lie.
    pub logs: &'a Path,
    /// Options of sbatch, like `--time=4:00:00`.
    pub options: &'a [String],
}

const COMPLETE: &str = " (complete)";

impl Plan {
    /// So many jobs in a folder, as it is now.
    pub fn new(jobs: usize, folder: PathBuf) -> Self {
        let is_complete = Results::is_complete_at(&folder);
        Self { jobs, folder, is_complete }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let complete = if self.is_complete { COMPLETE } else { "" };
        write!(f, "{} jobs in {}{complete}", self.jobs, self.folder.display())
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let (rest, is_complete) = line.strip_suffix(COMPLETE).map_or((line, false), |rest| (rest, true));
        let parts = rest.split_once(" jobs in ");
        let jobs = parts.and_then(|(jobs, _)| jobs.parse().ok());
        match (parts, jobs) {
            (Some((_, folder)), Some(jobs)) => Ok(Self { jobs, folder: folder.into(), is_complete }),
            _ => Err(format!("`{line}` is no plan of a run")),
        }
    }
}

impl Submission<'_> {
    /// The script of an array of so many tasks.
    pub fn array(&self, name: &str, tasks: usize) -> String {
        // The program replaces the shell, so the warning before the time limit reaches it; then it stops at a checkpoint.
        let head = format!("#SBATCH --array=0-{}\n#SBATCH --signal=B:TERM@60\n", tasks - 1);
        let threads = if self.arguments.iter().any(|word| word.starts_with("--threads")) {
            ""
        } else {
            " --threads \"${SLURM_CPUS_PER_TASK:-1}\""
        };
        self.script(name, "%x-%A-%a.log", &head, &format!("{threads} --jobs \"$SLURM_ARRAY_TASK_ID/{tasks}\""))
    }

    /// The script of the job that merges.
    pub fn merge(&self, name: &str) -> String {
        self.script(name, "%x-%j.log", "", " --merge")
    }

    fn script(&self, name: &str, log: &str, head: &str, tail: &str) -> String {
        let options = self.options.iter().flat_map(|option| ["#SBATCH ", option, "\n"]).collect::<String>();
        let words = std::iter::once(self.program.display().to_string()).chain(self.arguments.iter().cloned());
        let command: Vec<String> = words.map(|word| shell(&word).into_owned()).collect();
        // In the names of logs, Slurm puts something in the place of a per cent sign.
        let logs = self.logs.display().to_string().replace('%', "%%");
        format!(
            "#!/bin/sh\n#SBATCH --job-name={name}\n#SBATCH --output={}\n{head}{options}cd {} || exit 1\nexec {}{tail}\n",
            sbatch(&format!("{logs}/{log}")),
            shell(&self.working_folder.display().to_string()),
            command.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_read_as_it_is_printed() {
        for is_complete in [false, true] {
            let plan = Plan { jobs: 12, folder: "results/my runs/rq1".into(), is_complete };
            assert_eq!(plan.to_string().parse(), Ok(plan));
        }
        assert!("no jobs".parse::<Plan>().is_err());
    }

    #[test]
    fn folders_of_any_name_are_folders_in_the_script() {
        let arguments = ["--set".to_owned(), "a=\"b\"".to_owned()];
        let folder = Path::new("/a \"b\"/100%");
        let submission = Submission {
            program: Path::new("/bin/rq1"),
            arguments: &arguments,
            working_folder: folder,
            logs: folder,
            options: &[],
        };
        let script = submission.merge("rq1-merge");
        assert!(script.contains("#SBATCH --output=\"/a \\\"b\\\"/100%%/%x-%j.log\"\n"), "{script}");
        assert!(script.contains("cd '/a \"b\"/100%' ||") && script.contains("--set 'a=\"b\"' --merge"), "{script}");
    }
}
