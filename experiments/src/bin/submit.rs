//! Submits a run to Slurm: `submit rq4 --preset paper --tasks 40`.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use infoplane_experiments::exit::exit;
use infoplane_experiments::files::write_atomically;
use infoplane_experiments::questions::{self, QUESTIONS};
use infoplane_experiments::quoting;
use infoplane_experiments::slurm::{Plan, Submission};
use infoplane_experiments::terminal::tell;

/// What tells the array's tasks and the job after them what to do.
const OURS: [&str; 4] = ["--jobs", "--merge", "--plan", "--show-config"];

/// Submits a run to Slurm: an array whose tasks share the jobs, and a job that merges them when all are finished.
///
/// What follows the question is given to its program, except for:
///   --tasks N          tasks of the array [default: 16]
///   --sbatch OPTION    an option of sbatch for every job, like --time=4:00:00 (repeatable)
///   --dry-run          print the scripts, and submit nothing
///
/// The same command again submits what is not finished.
#[derive(Debug, Parser)]
#[command(name = "submit", version, verbatim_doc_comment)]
struct Cli {
    /// The question: rq1 … rq5
    question: String,
    /// Its arguments, and those above
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

fn main() -> ExitCode {
    exit("submit", || submit(Cli::parse()))
}

fn submit(cli: Cli) -> Result<()> {
    let mut arguments = cli.arguments;
    let is_dry = take_flag(&mut arguments, "--dry-run");
    let tasks = take(&mut arguments, "--tasks")?.pop().unwrap_or_else(|| "16".to_owned());
    let tasks: usize = tasks.parse().ok().filter(|&tasks| tasks > 0).context("--tasks: a number of at least 1")?;
    let options = take(&mut arguments, "--sbatch")?;
    if let Some(word) = arguments.iter().find(|word| OURS.contains(&word.split('=').next().unwrap_or_default())) {
        bail!("{word} is not for you to give: the array's tasks get --jobs, and the job after them --merge");
    }
    ensure!(
        questions::named(&cli.question).is_some(),
        "`{}` is no question; the questions are {}",
        cli.question,
        QUESTIONS.map(|about| about.id).join(", ")
    );

    let here = std::env::current_exe().context("this program has no path")?;
    let program = here.with_file_name(format!("{}{}", cli.question, std::env::consts::EXE_SUFFIX));
    ensure!(program.exists(), "{} is not built: cargo build --release --bins", program.display());
    let stages = stages(&program, &arguments)?;
    let folder = stages.last().context("the run has no stages")?.folder.clone();
    let working_folder = std::env::current_dir().context("the working folder cannot be told")?;
    let logs = working_folder.join(folder).join("slurm");
    ensure!(
        !logs.to_string_lossy().contains(['\n', '\r']) && !options.iter().any(|option| option.contains(['\n', '\r'])),
        "a line end in the folder's name or in --sbatch would end a line of Slurm's script"
    );
    let submission = Submission {
        program: &program,
        arguments: &arguments,
        working_folder: &working_folder,
        logs: &logs,
        options: &options,
    };

    let mut before = None;
    for (k, stage) in stages.iter().enumerate().filter(|(_, stage)| !stage.is_complete) {
        let name = if k + 1 == stages.len() { cli.question.clone() } else { format!("{}-pilot", cli.question) };
        let merge = format!("{name}-merge");
        let scripts = [(submission.array(&name, tasks.min(stage.jobs)), name), (submission.merge(&merge), merge)];
        for (script, name) in scripts {
            let path = logs.join(format!("{name}.sh"));
            let mut sbatch = Command::new("sbatch");
            sbatch.arg("--parsable");
            if let Some(before) = &before {
                sbatch.arg(format!("--dependency=afterok:{before}")).arg("--kill-on-invalid-dep=yes");
            }
            sbatch.arg(&path);
            if is_dry {
                tell!("# {}\n{script}# submitted as: {}\n", path.display(), shown(&sbatch));
                before = Some(format!("<id of {name}>"));
            } else {
                std::fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
                write_atomically(&path, script.as_bytes())?;
                let id = submitted(&mut sbatch)?;
                tell!("{name}: job {id}, {}", path.display());
                before = Some(id);
            }
        }
    }
    if before.is_none() {
        tell!("the run is complete: nothing to submit");
    }
    Ok(())
}

/// The stages of the run, as its program tells them.
fn stages(program: &Path, arguments: &[String]) -> Result<Vec<Plan>> {
    let output = Command::new(program)
        .args(arguments)
        .arg("--plan")
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(output.status.success(), "the run cannot be planned, see above");
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| line.parse::<Plan>().map_err(anyhow::Error::msg)).collect()
}

/// Runs sbatch; the number of the job.
fn submitted(sbatch: &mut Command) -> Result<String> {
    let output = match sbatch.output() {
        Ok(output) => output,
        Err(error) => bail!("cannot run sbatch ({error}): is this a machine of a Slurm cluster? --dry-run needs none"),
    };
    ensure!(
        output.status.success(),
        "{} was refused: {}",
        shown(sbatch),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    // `id`, or `id;cluster`
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.trim().split(';').next().unwrap_or_default().to_owned())
}

fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    words.iter().map(|word| quoting::shell(&word.to_string_lossy()).into_owned()).collect::<Vec<_>>().join(" ")
}

/// Takes `name VALUE` and `name=VALUE` out of the arguments; the values.
fn take(arguments: &mut Vec<String>, name: &str) -> Result<Vec<String>> {
    let (mut values, mut rest) = (Vec::new(), Vec::new());
    let mut words = std::mem::take(arguments).into_iter();
    while let Some(word) = words.next() {
        if word == name {
            values.push(words.next().with_context(|| format!("{name} needs a value"))?);
        } else if let Some(value) = word.strip_prefix(name).and_then(|value| value.strip_prefix('=')) {
            values.push(value.to_owned());
        } else {
            rest.push(word);
        }
    }
    *arguments = rest;
    Ok(values)
}

fn take_flag(arguments: &mut Vec<String>, name: &str) -> bool {
    let count = arguments.len();
    arguments.retain(|word| word != name);
    arguments.len() < count
}
