//! README's answers are those of the committed verdicts, word for word, and every claim is in them.

use std::path::{Path, PathBuf};

use infoplane_experiments::questions::{About, QUESTIONS};
use infoplane_experiments::rows::read;
use infoplane_experiments::verdict::{ClaimRow, Reach, headline, reaches};

/// Between these lines README's table stands.
const MARKS: [&str; 2] =
    ["<!-- answers: from results/reference/rq1 to rq5, held by tests/tests/answers.rs -->", "<!-- end of answers -->"];
/// Claims of a question that README shows; the page shows all.
const SHOWN: usize = 3;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rows(question: &About) -> Vec<ClaimRow> {
    of_run(question.id)
}

fn of_run(name: &str) -> Vec<ClaimRow> {
    read(&root().join("results/reference").join(name).join("verdict.csv")).unwrap()
}

/// From the least to the greatest value of each quantity.
fn measured(rows: &[&ClaimRow]) -> String {
    let range = |Reach { what, unit, least, greatest }: Reach| {
        let ends = if least == greatest { format!("{least:.2}") } else { format!("{least:.2} to {greatest:.2}") };
        format!("{what}: {} ({unit})", ends.replace('-', "−"))
    };
    reaches(rows.iter().copied()).into_iter().map(range).collect::<Vec<_>>().join("; ")
}

fn table() -> String {
    let mut lines = vec![
        "| | the paper | here, over every condition and estimator of the default run | measured, from the least to the greatest |"
            .to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for (number, question) in QUESTIONS.iter().enumerate() {
        let all = rows(question);
        lines.push(format!("| **{}. {}** `just {}` | | | |", number + 1, question.title, question.id));
        for claim in question.claims.iter().take(SHOWN) {
            let of: Vec<&ClaimRow> = all.iter().filter(|row| claim.is_of(row) && !row.is_control).collect();
            assert!(!of.is_empty(), "{} is not in the verdict of {}", claim.id, question.id);
            let answer = headline(of.iter().copied());
            lines.push(format!("| {} | {} | **{answer}** | {} |", claim.asks, claim.paper, measured(&of)));
        }
    }
    lines.join("\n")
}

#[test]
fn readme_answers_as_the_committed_verdicts_do() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, after) = readme.split_once(MARKS[0]).expect("README has the mark where its answers begin");
    let (stands, _) = after.split_once(MARKS[1]).expect("README has the mark where its answers end");
    let table = table();
    assert_eq!(stands.trim(), table, "\n\nREADME's answers should be:\n\n{table}\n");
}

#[test]
fn every_claim_was_tested_and_every_row_has_its_claim() {
    for question in QUESTIONS {
        let rows = rows(question);
        for claim in question.claims {
            assert!(rows.iter().any(|row| claim.is_of(row)), "{} was not tested", claim.id);
        }
        let others: &[&str] = match question.id {
            "rq1" => &["rq1-paper", "reproduction"],
            "rq2" => &["rq2-paper"],
            _ => &[],
        };
        for row in rows.iter().chain(&others.iter().flat_map(|name| of_run(name)).collect::<Vec<_>>()) {
            assert!(question.claims.iter().any(|claim| claim.is_of(row)), "no claim is called {}", row.claim);
            assert_eq!(row.why.is_some(), row.outcome.to_string() == "undecided", "{row:?}");
        }
    }
}
