//! Every number with an interval in docs/findings.md, docs/readings.md and docs/reproduction.md is in a committed table of results/reference,
//! and every share of universes.

use std::fs;
use std::path::{Path, PathBuf};

use infoplane_experiments::rows;
use infoplane_experiments::verdict::multiverse::ShareRow;
use infoplane_experiments::verdict::{ClaimRow, Outcome};

/// A value and its interval.
type Triple = [f64; 3];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every value that has an interval, in every table.
fn measured() -> Vec<Triple> {
    let mut triples = Vec::new();
    for folder in fs::read_dir(root().join("results/reference")).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "csv") {
                triples.extend(of_table(&path));
            }
        }
    }
    triples
}

fn of_table(path: &Path) -> Vec<Triple> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let place = |name: &str| names.iter().position(|known| known == name);
    let columns: Vec<[usize; 3]> = names
        .iter()
        .enumerate()
        .filter_map(|(k, name)| match name.as_str() {
            "value" => Some([k, place("lower")?, place("upper")?]),
            _ => Some([k, place(&format!("{name}_lower"))?, place(&format!("{name}_upper"))?]),
        })
        .collect();
    let rows = reader.records().map(Result::unwrap);
    let of_row = |row: csv::StringRecord| {
        let number = |k: usize| row[k].parse::<f64>().ok();
        columns.iter().filter_map(|&[a, b, c]| Some([number(a)?, number(b)?, number(c)?])).collect::<Vec<_>>()
    };
    rows.flat_map(of_row).collect()
}

/// Shares of universes as findings write them, of every committed multiverse.
fn universes() -> Vec<String> {
    let folders = fs::read_dir(root().join("results/reference")).unwrap();
    let shares = folders.flat_map(|folder| rows::of_if_there::<ShareRow>(&folder.unwrap().path()).unwrap());
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let sentence = |row: ShareRow| {
        let (yes, no, open) = (percent(row.supported), percent(row.refuted), percent(row.undecided));
        format!("yes in {yes}, no in {no}, undecided in {open} of {} universes", row.universes)
    };
    shares.map(sentence).collect()
}

#[test]
fn shares_of_universes_are_those_of_the_tables() {
    let known = universes();
    let text: String = ["findings", "readings"]
        .map(|page| fs::read_to_string(root().join(format!("docs/{page}.md"))).unwrap())
        .concat();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let written: Vec<&str> = text
        .match_indices(" universes")
        .filter_map(|(at, word)| {
            let begins = text[..at].rfind("yes in ")?;
            let sentence = &text[begins..at + word.len()];
            sentence.contains("undecided in").then_some(sentence).filter(|sentence| sentence.len() < 80)
        })
        .collect();
    assert!(written.len() >= 2, "{written:?}");
    for sentence in written {
        assert!(known.iter().any(|row| row == sentence), "`{sentence}` is in no multiverse_shares.csv");
    }
}

#[test]
fn no_word_turns_on_the_seeds_of_the_confirmation() {
    let of = |folder: &str| rows::of::<ClaimRow>(&root().join("results/reference").join(folder)).unwrap();
    let place = |row: &ClaimRow| {
        let fraction = row.train_fraction.map(f64::to_bits);
        (row.claim.clone(), row.activation.clone(), fraction, row.estimator.clone(), row.measured.clone())
    };
    let (explored, confirmed) = (of("rq1"), of("rq1-confirm"));
    let pairs: Vec<[Outcome; 2]> = explored
        .iter()
        .filter_map(|row| {
            let other = confirmed.iter().find(|other| place(other) == place(row))?;
            Some([row.outcome, other.outcome])
        })
        .filter(|[explored, _]| *explored != Outcome::Undecided)
        .collect();
    let same = pairs.iter().filter(|[explored, confirmed]| explored == confirmed).count();
    let open = pairs.iter().filter(|[_, confirmed]| *confirmed == Outcome::Undecided).count();
    assert_eq!((pairs.len(), same, open), (72, 70, 2), "docs/findings.md says so");
}

/// Numbers as `1.23 [0.98, 1.50]`, with their digits after the point.
fn written(text: &str) -> Vec<(Triple, usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(" [") {
        let before =
            text[..at].rsplit(|c: char| !(c.is_ascii_digit() || ".−^+-".contains(c))).next().unwrap_or_default();
        let before = before.rsplit('^').next().unwrap_or_default();
        let Some((inside, _)) = text[at + 2..].split_once(']') else { continue };
        let Some((lower, upper)) = inside.split_once(", ") else { continue };
        let number = |word: &str| word.replace('−', "-").parse::<f64>().ok();
        if let (Some(value), Some(lower), Some(upper)) = (number(before), number(lower), number(upper)) {
            let digits = before.split_once('.').map_or(0, |(_, digits)| digits.len());
            found.push(([value, lower, upper], digits, format!("{before} [{inside}]")));
        }
    }
    found
}

/// Whether a table says so, to the digits that are written; a loss may be written as a gain the other way.
fn is_measured(written: Triple, digits: usize, measured: &[Triple]) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 0.5 * 10_f64.powi(-i32::try_from(digits).unwrap()) + 1e-9;
    let [value, lower, upper] = written;
    measured.iter().any(|&[v, l, u]| {
        near(value, v) && near(lower, l) && near(upper, u) || near(value, -v) && near(lower, -u) && near(upper, -l)
    })
}

#[test]
fn numbers_with_intervals_are_those_of_the_tables() {
    let measured = measured();
    for page in ["docs/findings.md", "docs/readings.md", "docs/reproduction.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap().replace('\n', " ");
        let numbers = written(&text);
        assert!(numbers.len() > 10, "{page} has numbers with intervals");
        let wrong: Vec<&str> = numbers
            .iter()
            .filter(|(triple, digits, _)| !is_measured(*triple, *digits, &measured))
            .map(|(_, _, text)| text.as_str())
            .collect();
        assert!(wrong.is_empty(), "{page} has numbers that no committed table has: {}", wrong.join("; "));
    }
}

#[test]
fn a_wrong_number_is_noticed() {
    let measured = [[0.734, 0.642, 0.801]];
    assert_eq!(written("tanh: **yes**, 0.73 [0.64, 0.80] of a path").len(), 1);
    let (triple, digits, _) = written("10^−0.73 [−0.80, −0.64]").remove(0);
    assert!(is_measured(triple, digits, &measured));
    assert!(!is_measured([0.73, 0.64, 0.82], 2, &measured) && !is_measured([0.74, 0.64, 0.80], 2, &measured));
}
