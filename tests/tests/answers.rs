//! README's answers are those of the committed verdicts, word for word, and every claim is in them.

use std::path::{Path, PathBuf};

use infoplane_experiments::questions::{About, QUESTIONS};
use infoplane_experiments::rows::{self, read};
use infoplane_experiments::verdict::multiverse::ShareRow;
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

/// How a claim was decided over all choices that could be defended, in the widest multiverse that is committed; a dash if there is none.
fn over_choices(question: &About, claim: &str) -> String {
    let reference = root().join("results/reference");
    let folders = [format!("{}-multiverse", question.id), question.id.to_owned()];
    let shares: Vec<ShareRow> =
        folders.iter().flat_map(|folder| rows::of_if_there(&reference.join(folder)).unwrap()).collect();
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    shares.iter().find(|row| row.claim == claim).map_or_else(
        || "–".to_owned(),
        |row| {
            let (yes, no, open) = (percent(row.supported), percent(row.refuted), percent(row.undecided));
            format!("yes {yes}, no {no}, undecided {open} of {}", row.universes)
        },
    )
}

fn table() -> String {
    let mut lines = vec![
        "| | the paper | here, over every condition and estimator of the default run | measured, from the least to the greatest | over all \
         defensible choices |"
            .to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for (number, question) in QUESTIONS.iter().enumerate() {
        let all = rows(question);
        lines.push(format!("| **{}. {}** `just {}` | | | | |", number + 1, question.title, question.id));
        for claim in question.claims.iter().take(SHOWN) {
            let of: Vec<&ClaimRow> = all.iter().filter(|row| claim.is_of(row) && !row.is_control).collect();
            assert!(!of.is_empty(), "{} is not in the verdict of {}", claim.id, question.id);
            let answer = headline(of.iter().copied());
            lines.push(format!(
                "| {} | {} | **{answer}** | {} | {} |",
                claim.asks,
                claim.paper,
                measured(&of),
                over_choices(question, claim.id)
            ));
        }
    }
    lines.join("\n")
}

/// The table as README has it, or what is wrong with README.
fn stands(readme: &str) -> Result<&str, String> {
    let (_, after) = readme.split_once(MARKS[0]).ok_or("README has no mark where its answers begin")?;
    let (stands, _) = after.split_once(MARKS[1]).ok_or("README has no mark where its answers end")?;
    Ok(stands.trim())
}

/// What is wrong with rows of a question: a claim that was not tested, or a row of no claim.
fn unclaimed(question: &About, rows: &[ClaimRow]) -> Vec<String> {
    let untested = question.claims.iter().filter(|claim| !rows.iter().any(|row| claim.is_of(row)));
    let strange = rows.iter().filter(|row| !question.claims.iter().any(|claim| claim.is_of(row)));
    let untested = untested.map(|claim| format!("{} was not tested", claim.id));
    untested.chain(strange.map(|row| format!("no claim is called {}", row.claim))).collect()
}

#[test]
fn readme_answers_as_the_committed_verdicts_do() {
    let (readme, table) = (std::fs::read_to_string(root().join("README.md")).unwrap(), table());
    assert_eq!(stands(&readme).unwrap(), table, "\n\nREADME's answers should be:\n\n{table}\n");
}

#[test]
fn a_changed_word_number_or_claim_is_noticed() {
    let (readme, table) = (std::fs::read_to_string(root().join("README.md")).unwrap(), table());
    // A word, a number, a row, a mark: each changed alone.
    let row = table.lines().nth(3).unwrap();
    let changed = [
        readme.replacen("**depends on the activation", "**yes", 1),
        readme.replacen("(bits) |", "(nats) |", 1),
        readme.replacen(&format!("{row}\n"), "", 1),
        readme.replace(MARKS[1], ""),
    ];
    for changed in changed {
        assert!(changed != readme, "the change changes something");
        assert!(stands(&changed) != Ok(table.as_str()), "a change is not noticed");
    }
    // A claim renamed in the table, or dropped from it, does not vanish from the words in silence.
    let question = QUESTIONS[0];
    let mut rows = rows(question);
    assert!(unclaimed(question, &rows).is_empty());
    let first = question.claims[0].id;
    rows.iter_mut().filter(|row| row.claim == first).for_each(|row| row.claim = "renamed".to_owned());
    let wrong = unclaimed(question, &rows);
    assert!(wrong.iter().any(|line| line == &format!("{first} was not tested")), "{wrong:?}");
    assert!(wrong.iter().any(|line| line.contains("no claim is called renamed")), "{wrong:?}");
}

#[test]
fn every_claim_was_tested_and_every_row_has_its_claim() {
    for question in QUESTIONS {
        let rows = rows(question);
        assert!(unclaimed(question, &rows).is_empty(), "{:?}", unclaimed(question, &rows));
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
