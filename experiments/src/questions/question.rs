//! What a question is: settings, a complete run, and what it makes of the run's CSVs. [`crate::program`] takes it along that line.

use anyhow::Result;
use clap::Args;

use crate::config::RunArgs;
use crate::drawing::Drawing;
use crate::results::Results;
use crate::run::Settings;
use crate::verdict::{Claim, ClaimRow, Rule, Universe};

/// A question, before anything was measured.
#[derive(Debug)]
pub struct About {
    /// Its name, like rq1: that of its program, its recipe and its results.
    pub id: &'static str,
    /// What is asked.
    pub title: &'static str,
    /// What the paper says, and where.
    pub paper: &'static str,
    /// What its program does and writes, for `--help`.
    pub program: &'static str,
    /// Its claims, as a reader should meet them.
    pub claims: &'static [Claim],
    /// The tables of its runs that the page shows, beside `verdict.csv`.
    pub tables: &'static [&'static str],
    /// Its settings: TOML, with a table `[preset.NAME]` for each preset.
    pub defaults: &'static str,
}

/// What a question makes of the CSVs of its run.
#[derive(Debug, Default)]
pub struct Answer {
    /// The rows of `verdict.csv`.
    pub claims: Vec<ClaimRow>,
    /// The same under every combination of choices that could be defended.
    pub universes: Vec<Universe>,
    /// What is said before the verdict; nothing if empty.
    pub before: String,
    /// What is said after it: the rule.
    pub after: String,
    /// Of claims that were tested at several levels, the one whose rows are printed; none: all are.
    pub printed_level: Option<String>,
}

/// A question: a folder of `questions/`, its line in [`super::QUESTIONS`], and a program of three lines.
pub trait Question: Sized {
    /// What is asked, before anything is measured.
    const ABOUT: About;
    /// Flags of its own; [`NoFlags`] for none.
    type Flags: Args;
    /// The rule of its verdict.
    type Rule: Rule;

    /// The question as it is asked this time.
    ///
    /// # Errors
    /// If the settings cannot be read.
    fn new(args: &RunArgs, flags: &Self::Flags) -> Result<Self>;

    /// Its settings.
    fn settings(&self) -> &Settings<Self::Rule>;

    /// Prints its settings.
    ///
    /// # Errors
    /// If they cannot be written as TOML.
    fn show(&self) -> Result<()> {
        self.settings().show()
    }

    /// Trains and measures what is not there yet. `None`: what was asked for is done, but it is not the whole run.
    ///
    /// # Errors
    /// As [`Settings::complete`].
    fn complete(&mut self, args: &RunArgs) -> Result<Option<Results>> {
        self.settings().complete(Self::ABOUT.id, args)
    }

    /// From the CSVs of a complete run: writes the tables made of them, draws, and judges every claim.
    ///
    /// # Errors
    /// If a table cannot be read or written.
    fn answer(&self, results: &Results, drawing: Drawing) -> Result<Answer>;
}

/// A question without flags of its own.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct NoFlags {}
