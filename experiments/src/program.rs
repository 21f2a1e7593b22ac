//! The program of a question: the straight line that every one of them takes, from settings by a complete run and its CSVs to the verdict
//! in words.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Command, FromArgMatches};

use crate::calibration::trust;
use crate::config::{self, RunArgs};
use crate::drawing::Drawing;
use crate::exit::exit;
use crate::figures;
use crate::files::write_atomically;
use crate::questions::{About, Answer, Question};
use crate::report;
use crate::results::Results;
use crate::terminal::tell;
use crate::verdict::{ClaimRow, correction, multiverse, print};

/// The program of a question, from this process's words to its exit code.
pub fn main<Q: Question>() -> ExitCode {
    match parsed::<Q>(std::env::args_os()) {
        Ok((args, flags)) => exit(Q::ABOUT.id, || run::<Q>(&args, &flags)),
        Err(error) => error.exit(),
    }
}

/// Answers a question as its program would by these words, the first of which is the program's name.
///
/// # Errors
/// As [`run`], and if the words are not understood.
pub fn answer<Q: Question>(words: &[&str]) -> Result<()> {
    let (args, flags) = parsed::<Q>(words.iter().map(OsString::from))?;
    run::<Q>(&args, &flags)
}

fn parsed<Q: Question>(words: impl Iterator<Item = OsString>) -> Result<(RunArgs, Q::Flags), clap::Error> {
    let mut command = command::<Q>();
    let matches = command.try_get_matches_from_mut(words)?;
    let flags = || Ok((RunArgs::from_arg_matches(&matches)?, Q::Flags::from_arg_matches(&matches)?));
    flags().map_err(|error: clap::Error| error.format(&mut command))
}

/// The command line of a question, as `--help` has it.
pub fn command<Q: Question>() -> Command {
    let about = Q::ABOUT;
    let defaults = format!("The defaults, commented, are in experiments/configs/{}.toml.", about.id);
    let presets = format!("Named settings: {}", config::presets(about.defaults).join(", "));
    // Flags' own docs would stand for the program's otherwise.
    Q::Flags::augment_args(RunArgs::augment_args(Command::new(about.id)))
        .version(env!("CARGO_PKG_VERSION"))
        .about(about.title)
        .long_about(format!("{}\n\n{} {defaults}", about.title, about.program))
        .mut_arg("preset", |preset| preset.help(presets))
}

/// Answers a question: from its settings to the words of its verdict.
///
/// # Errors
/// If a setting is impossible, the run cannot be completed, or a file cannot be read or written.
pub fn run<Q: Question>(args: &RunArgs, flags: &Q::Flags) -> Result<()> {
    let mut question = Q::new(args, flags)?;
    if args.show_config {
        return question.show();
    }
    let Some(results) = question.complete(args)? else { return Ok(()) };
    let mut answer = question.answer(&results, args.drawing(results.folder()))?;
    trust::guard(answer.claims.iter_mut().chain(answer.universes.iter_mut().map(|universe| &mut universe.row)));
    correction::correct(&mut answer.claims);
    results.write(&answer.claims)?;
    say::<Q>(&answer);
    if !answer.universes.is_empty() {
        say_multiverse::<Q>(&answer, &results, args.drawing(results.folder()))?;
    }
    trust::tell(answer.claims.iter().map(|row| row.estimator.as_str()), &results.file("calibration.csv"))?;
    tell!("Files: {}", results.folder().display());
    report::after_run(args, results.folder());
    Ok(())
}

fn say<Q: Question>(answer: &Answer) {
    let About { id, title, claims, .. } = Q::ABOUT;
    tell!("{}: {title}\n", id.to_uppercase());
    if !answer.before.is_empty() {
        tell!("{}\n", answer.before.trim_end());
    }
    let is_printed =
        |row: &&ClaimRow| row.level.is_empty() || answer.printed_level.as_ref().is_none_or(|level| row.level == *level);
    tell!("{}", print::table(claims, &answer.claims.iter().filter(is_printed).collect::<Vec<_>>()));
    tell!("Verdict, over all places but controls\n{}", print::answers(claims, &answer.claims).trim_end());
    let corrected = correction::in_words(&answer.claims);
    if !corrected.is_empty() {
        tell!("{corrected}");
    }
    tell!("{}", answer.after.trim_end());
}

/// Writes the multiverse, draws it, and says what comes of it.
fn say_multiverse<Q: Question>(answer: &Answer, results: &Results, drawing: Drawing) -> Result<()> {
    let (claims, universes) = (Q::ABOUT.claims, &answer.universes);
    let (shares, factors) = (multiverse::shares(claims, universes), multiverse::factors(claims, universes));
    write_atomically(&results.file(multiverse::FILE), &multiverse::csv(universes)?)?;
    results.write(&shares)?;
    results.write(&factors)?;
    figures::multiverse::draw(claims, universes, drawing)?;
    tell!(
        "Over every combination of choices that could be defended ({}; `turned`: yes against no, where nothing else differs)\n{}",
        multiverse::FILE,
        multiverse::in_words(claims, &shares, &factors).trim_end()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::{rq2::Rq2, rq4::Rq4};

    #[test]
    fn help_says_what_the_program_does_and_which_presets_there_are() {
        let help = |mut command: Command| command.render_long_help().to_string();
        let (rq2, rq4) = (help(command::<Rq2>()), help(command::<Rq4>()));
        assert!(rq2.starts_with("Does the drift→diffusion transition") && rq2.contains("--weights"), "{rq2}");
        assert!(rq4.contains("Named settings: default, paper, smoke") && !rq4.contains("--weights"), "{rq4}");
    }
}
