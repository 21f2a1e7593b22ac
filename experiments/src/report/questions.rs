//! What the page says about each question: the answer to every claim over all places in which it was tested, the paper's word beside
//! it, and the tables behind them.

use anyhow::Result;
use serde::Serialize;

use super::found::{CALIBRATION, Run};
use super::tables::{self, Shown, Table, Which};
use crate::bound::gaps::GapRow;
use crate::calibration::summary::SummaryRow;
use crate::questions::QUESTIONS;
use crate::rows::{self, Table as _};
use crate::verdict::{Claim, ClaimRow, Outcome, Reach, headline, reaches};

/// What the page says about a question.
#[derive(Debug, Serialize)]
pub struct Answer {
    id: &'static str,
    title: &'static str,
    paper: &'static str,
    command: String,
    /// The run that speaks for the question; none: it has no results.
    pub run: Option<String>,
    /// Other runs of it, which do not speak.
    others: Vec<String>,
    headlines: Vec<Headline>,
    /// Claims supported, refuted and undecided, over all rows.
    counts: [usize; 3],
    tables: Vec<Table>,
    /// Tables that the run should have and has not.
    absent: Vec<&'static str>,
}

/// The answer to one claim.
#[derive(Debug, Serialize)]
struct Headline {
    #[serde(flatten)]
    claim: Claim,
    sentence: String,
    /// How its rows, without controls, were decided: supported, refuted, undecided.
    counts: [usize; 3],
    /// The least and the greatest value of each quantity.
    measured: Vec<Reach>,
}

/// Every question's answer, as far as there are runs.
///
/// # Errors
/// If a file of a run that speaks cannot be read.
pub fn answers(runs: &[Run]) -> Result<Vec<Answer>> {
    let asked = QUESTIONS.iter().map(|question| {
        let shown = |&file: &&'static str| Shown {
            file,
            rows: if file == GapRow::FILE { Which::Converged } else { Which::All },
        };
        let tables = std::iter::once(&ClaimRow::FILE).chain(question.tables).map(shown).collect();
        let words = [question.id, question.title, question.paper];
        answer(runs, words, format!("just {}", question.id), question.claims, tables)
    });
    let calibration = [CALIBRATION, "Which estimator can be trusted, where?", "Not discussed."];
    let tables = vec![Shown { file: SummaryRow::FILE, rows: Which::All }];
    asked.chain(std::iter::once_with(|| answer(runs, calibration, "just calibrate".to_owned(), &[], tables))).collect()
}

fn answer(
    runs: &[Run],
    [id, title, paper]: [&'static str; 3],
    command: String,
    claims: &'static [Claim],
    shown: Vec<Shown>,
) -> Result<Answer> {
    let mut of_question = runs.iter().filter(|run| run.question == id);
    let speaks = of_question.next();
    let (mut tables, mut absent, mut rows) = (Vec::new(), Vec::new(), Vec::<ClaimRow>::new());
    if let Some(run) = speaks {
        for shown in shown {
            match tables::read(&run.folder, shown)? {
                Some(table) => tables.push(table),
                None => absent.push(shown.file),
            }
        }
        if !claims.is_empty() {
            rows = rows::of_if_there(&run.folder)?;
        }
    }
    let of = |claim: &Claim| rows.iter().filter(|row| claim.is_of(row)).collect::<Vec<_>>();
    let tested = claims.iter().map(|claim| (claim, of(claim))).filter(|(_, rows)| !rows.is_empty());
    Ok(Answer {
        id,
        title,
        paper,
        command,
        run: speaks.map(|run| run.name.clone()),
        others: of_question.map(|run| run.name.clone()).collect(),
        headlines: tested.map(|(claim, rows)| Headline::new(*claim, &rows)).collect(),
        counts: counts(rows.iter()),
        tables,
        absent,
    })
}

fn counts<'a>(rows: impl Iterator<Item = &'a ClaimRow> + Clone) -> [usize; 3] {
    [Outcome::Supported, Outcome::Refuted, Outcome::Undecided]
        .map(|outcome| rows.clone().filter(|row| row.outcome == outcome).count())
}

impl Headline {
    fn new(claim: Claim, rows: &[&ClaimRow]) -> Self {
        let all = || rows.iter().copied();
        let own = all().filter(|row| !row.is_control);
        Self { claim, sentence: headline(all()), counts: counts(own), measured: reaches(all()) }
    }
}
