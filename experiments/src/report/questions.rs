//! The five questions: what the paper claims, what our verdicts say, and the tables behind them.
//!
//! A question's verdict stands on the front page as a few of its claims, each in the run's first condition through its first
//! estimator (rq1: the largest training sample), with the paper's word beside ours. All rows are counted below.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::found::{CALIBRATION, Run};
use super::tables::{self, Shown, Table, Which};
use crate::claims::ClaimRow;
use crate::rows;
use crate::trajectories::verdict::{Outcome, VerdictRow};

/// A question, before anything was measured.
struct Question {
    id: &'static str,
    title: &'static str,
    /// What the paper says, and where.
    paper: &'static str,
    /// The command that answers it.
    command: &'static str,
    /// Claims of the front page, each with the paper's word.
    claims: &'static [(&'static str, &'static str)],
    tables: &'static [Shown],
}

const fn all(file: &'static str) -> Shown {
    Shown { file, rows: Which::All }
}

const PREDICTABLE: &str = "trajectories are predictable";
const COMPRESSES: &str = "more than half of the hidden layers fit, then compress";

const QUESTIONS: [Question; 6] = [
    Question {
        id: "rq1",
        title: "Do layers follow predictable trajectories: fit, then compress?",
        paper: "Every layer first fits (I(T;Y) rises), then compresses (I(X;T) falls), along a path that all networks \
                share (§3.3, figures 2 and 3).",
        command: "just rq1",
        claims: &[(COMPRESSES, "yes"), (PREDICTABLE, "yes")],
        tables: &[all("verdict.csv"), all("phases.csv")],
    },
    Question {
        id: "rq2",
        title: "Does the drift→diffusion transition of SGD cause compression?",
        paper: "The mean of the mini-batch gradients falls below their standard deviation; there compression begins, driven \
                by the noise (§3.4, figure 4).",
        command: "just rq2",
        claims: &[
            ("gradient noise is needed for compression", "yes"),
            ("compression starts at the transition", "yes"),
            ("every network passes from drift to diffusion", "yes"),
        ],
        tables: &[all("verdict.csv"), all("causes.csv"), all("diffusion.csv")],
    },
    Question {
        id: "rq3",
        title: "Do converged layers lie on the Information Bottleneck bound?",
        paper: "They do, each at a β of its own, and satisfy its self-consistent equations (§3.5, figure 6).",
        command: "just rq3",
        claims: &[
            ("on the bound, vertically", "yes"),
            ("on the bound, sideways", "not looked at"),
            ("obeys the bound's equations", "yes"),
        ],
        tables: &[
            all("verdict.csv"),
            Shown { file: "gaps.csv", rows: Which::Converged },
            all("criticality.csv"),
            all("transitions.csv"),
        ],
    },
    Question {
        id: "rq4",
        title: "What do more hidden layers buy?",
        paper: "Far fewer epochs to the same goal, since relaxation takes a time exponential in what is compressed and layers \
                share it (§3.5, figure 5).",
        command: "just rq4",
        claims: &[
            ("more hidden layers reach it in fewer epochs", "yes"),
            ("more hidden layers reach it with less computation", "not looked at"),
            ("compression time is exponential in what is lost", "yes"),
        ],
        tables: &[
            all("verdict.csv"),
            all("depth.csv"),
            all("survival.csv"),
            all("relaxation_laws.csv"),
            all("learning_rates.csv"),
        ],
    },
    Question {
        id: "rq5",
        title: "What does the size of the training sample do?",
        paper: "More data moves converged layers up along the bound; small samples over-compress (§3.6, figures 3 and 7).",
        command: "just rq5",
        claims: &[
            ("more data moves layers up", "yes"),
            ("small samples compress more", "yes"),
            ("the generalisation bound holds", "argued"),
        ],
        tables: &[all("verdict.csv"), all("samples.csv")],
    },
    Question {
        id: CALIBRATION,
        title: "Which estimator can be trusted, where?",
        paper: "Not discussed.",
        command: "just calibrate",
        claims: &[],
        tables: &[all("summary.csv")],
    },
];

/// What the page says about a question.
#[derive(Debug, Serialize)]
pub struct Answer {
    id: &'static str,
    title: &'static str,
    paper: &'static str,
    command: &'static str,
    /// The run that speaks for the question; none: it has no results.
    pub run: Option<String>,
    /// Other runs of it, which do not speak.
    others: Vec<String>,
    headlines: Vec<Headline>,
    /// Claims supported, refuted and open, over all rows.
    counts: [usize; 3],
    tables: Vec<Table>,
    /// Tables that the run should have and has not.
    absent: Vec<&'static str>,
}

/// One line of a verdict.
#[derive(Debug, Serialize)]
struct Headline {
    paper: &'static str,
    #[serde(flatten)]
    row: ClaimRow,
}

/// Every question's answer, as far as there are runs.
///
/// # Errors
/// If a file of a run that speaks cannot be read.
pub fn answers(runs: &[Run]) -> Result<Vec<Answer>> {
    QUESTIONS.iter().map(|question| question.answer(runs)).collect()
}

impl Question {
    fn answer(&self, runs: &[Run]) -> Result<Answer> {
        let mut of_question = runs.iter().filter(|run| run.question == self.id);
        let speaks = of_question.next();
        let (mut tables, mut absent, mut claims) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(run) = speaks {
            for &shown in self.tables {
                match tables::read(&run.folder, shown)? {
                    Some(table) => tables.push(table),
                    None => absent.push(shown.file),
                }
            }
            claims = self.read_claims(&run.folder.join("verdict.csv"))?;
        }
        let headline = |&(claim, paper): &(&str, &'static str)| {
            claims.iter().find(|row| row.claim == claim).map(|row| Headline { paper, row: row.clone() })
        };
        let count = |outcome| claims.iter().filter(|row| row.outcome == outcome).count();
        Ok(Answer {
            id: self.id,
            title: self.title,
            paper: self.paper,
            command: self.command,
            run: speaks.map(|run| run.name.clone()),
            others: of_question.map(|run| run.name.clone()).collect(),
            headlines: self.claims.iter().filter_map(headline).collect(),
            counts: [Outcome::Supported, Outcome::Refuted, Outcome::Inconclusive].map(count),
            tables,
            absent,
        })
    }

    fn read_claims(&self, file: &Path) -> Result<Vec<ClaimRow>> {
        if self.id != "rq1" {
            return rows::read_if_there(file);
        }
        let mut verdicts: Vec<VerdictRow> = rows::read_if_there(file)?;
        verdicts.sort_by(|a, b| b.train_fraction.total_cmp(&a.train_fraction));
        Ok(verdicts.iter().flat_map(claims_of).collect())
    }
}

/// The two halves of a row of rq1's verdict as claims.
fn claims_of(row: &VerdictRow) -> impl Iterator<Item = ClaimRow> + use<> {
    let claim =
        |claim: &str, measured: String, (value, lower, upper): (f64, Option<f64>, Option<f64>), outcome| ClaimRow {
            question: row.question.clone(),
            claim: claim.to_owned(),
            condition: format!("{}, {:.4} % train", row.activation, row.train_fraction * 100.0).replace(".0000", ""),
            estimator: row.estimator.clone(),
            measured,
            replicas: row.replicas,
            value,
            lower,
            upper,
            outcome,
        };
    let layers = format!(
        "bits of I(X;T) lost, mean over hidden layers; {} of {} lose enough",
        row.layers_compressing, row.hidden_layers
    );
    let bits = (row.compression_bits, row.compression_bits_lower, row.compression_bits_upper);
    let compresses = claim(COMPRESSES, layers, bits, row.compresses);
    let predictable = row.predictability.map(|share| {
        let share = (share, row.predictability_lower, row.predictability_upper);
        claim(PREDICTABLE, "share of a path that other networks foretell".to_owned(), share, row.predictable)
    });
    std::iter::once(compresses).chain(predictable)
}
