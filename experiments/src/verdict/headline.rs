//! One sentence over all places in which a claim was tested: yes, no, on what it depends, or why it is undecided.
//!
//! An answer **depends on** every factor for which two places were decided differently that differ in it and in what it settles (the
//! condition may settle the activation). Of factors that settle each other the first is named. Controls are left out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::claim::ClaimRow;
use super::outcome::{Outcome, Why};

/// What places can differ in, as a reader calls it, and its value.
type Factor = (&'static str, fn(&ClaimRow) -> String);

const FACTORS: [Factor; 10] = [
    ("the task", |row| row.dataset.clone()),
    ("the architecture", |row| row.architecture.clone()),
    ("the condition", |row| row.condition.clone()),
    ("the activation", |row| row.activation.clone()),
    ("the training fraction", |row| row.train_fraction.map_or_else(String::new, percent)),
    ("the layers", |row| row.layers.clone()),
    ("the estimator", |row| row.estimator.clone()),
    ("the level", |row| row.level.clone()),
    ("what it is compared with", |row| row.compared_with.clone()),
    ("what is measured", |row| row.measured.clone()),
];

/// Values that a sentence names at most.
const LISTED: usize = 4;
/// Rows that are called the exception.
const EXCEPTIONS: usize = 2;

/// The place of the condition among the factors.
const CONDITION: usize = 2;

/// A share as people write it.
pub fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

/// The answer to one claim, from its rows (controls are passed over), without a full stop.
pub fn headline<'a>(rows: impl IntoIterator<Item = &'a ClaimRow>) -> String {
    let all: Vec<&ClaimRow> = rows.into_iter().collect();
    let rows: Vec<&ClaimRow> = all.iter().copied().filter(|row| !row.is_control).collect();
    if rows.is_empty() && !all.is_empty() {
        return "tested in controls alone".to_owned();
    }
    let decided: Vec<&ClaimRow> = rows.iter().copied().filter(|row| row.outcome != Outcome::Undecided).collect();
    let yes = decided.iter().filter(|row| row.outcome == Outcome::Supported).count();
    let (no, all) = (decided.len() - yes, rows.len());
    let of_all =
        if decided.len() < all { format!(", where decided ({} of {all})", decided.len()) } else { String::new() };
    match (yes, no) {
        (0, 0) if all == 0 => "not tested".to_owned(),
        (0, 0) => format!("undecided: {}", reasons(&rows)),
        (_, 0) => format!("yes{of_all}"),
        (0, _) => format!("no{of_all}"),
        _ => {
            let names = deciding(&decided);
            let on = if names.is_empty() { "more than one thing at a time".to_owned() } else { joined(&names) };
            let sides = sides(&decided, &names);
            let counts = match all - decided.len() {
                0 => format!("yes in {yes}, no in {no} of {all}"),
                open => format!("yes in {yes}, no in {no}, undecided in {open} of {all}"),
            };
            format!("depends on {on}: {sides}{counts}")
        }
    }
}

/// How far the values of one quantity reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reach {
    /// What was measured.
    pub what: String,
    /// Its unit.
    pub unit: String,
    /// The least value.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

/// The reach of each quantity that rows measure; controls are passed over.
pub fn reaches<'a>(rows: impl IntoIterator<Item = &'a ClaimRow>) -> Vec<Reach> {
    let mut reaches: Vec<Reach> = Vec::new();
    for row in rows.into_iter().filter(|row| !row.is_control) {
        match reaches.iter_mut().find(|known| known.what == row.measured) {
            Some(known) => {
                (known.least, known.greatest) = (known.least.min(row.value), known.greatest.max(row.value));
            }
            None => reaches.push(Reach {
                what: row.measured.clone(),
                unit: row.unit.clone(),
                least: row.value,
                greatest: row.value,
            }),
        }
    }
    reaches
}

/// Why nothing is decided, the commonest reason first.
fn reasons(rows: &[&ClaimRow]) -> String {
    let mut counts: BTreeMap<Why, usize> = BTreeMap::new();
    rows.iter().filter_map(|row| row.why).for_each(|why| *counts.entry(why).or_default() += 1);
    let mut counts: Vec<(Why, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    match &counts[..] {
        [(why, _)] => why.to_string(),
        several => several.iter().map(|(why, count)| format!("{why} ({count})")).collect::<Vec<_>>().join(", "),
    }
}

/// The factors for which two places that differ in nothing else, but for what the factor settles, were decided differently.
fn deciding(decided: &[&ClaimRow]) -> Vec<usize> {
    let values: Vec<Vec<String>> =
        decided.iter().map(|row| FACTORS.iter().map(|(_, value)| value(row)).collect()).collect();
    let pairs: Vec<(usize, usize)> = (0..decided.len()).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
    let differ = |factor: usize, (a, b): (usize, usize)| values[a][factor] != values[b][factor];
    // Places alike in the one are alike in the other. A task, an architecture and a condition may settle the rest; of others that
    // change together nobody can say which it is.
    let is_settled = |one: usize, other: usize| {
        one == other || one <= CONDITION && pairs.iter().all(|&pair| differ(one, pair) || !differ(other, pair))
    };
    let settles: Vec<Vec<bool>> =
        (0..FACTORS.len()).map(|one| (0..FACTORS.len()).map(|other| is_settled(one, other)).collect()).collect();
    let differ_in_it_alone = |factor: usize, pair: (usize, usize)| {
        differ(factor, pair) && (0..FACTORS.len()).all(|other| !differ(other, pair) || settles[factor][other])
    };
    let matters = |&factor: &usize| {
        let unlike = |&(a, b): &(usize, usize)| decided[a].outcome != decided[b].outcome;
        pairs.iter().any(|pair| unlike(pair) && differ_in_it_alone(factor, *pair))
    };
    let is_said = |&factor: &usize| (0..factor).any(|before| settles[before][factor] && settles[factor][before]);
    (0..FACTORS.len()).filter(matters).filter(|factor| !is_said(factor)).collect()
}

fn joined(factors: &[usize]) -> String {
    let names: Vec<&str> = factors.iter().map(|&factor| FACTORS[factor].0).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The values of the first factor that part yes from no; else the few rows that are the exception.
fn sides(decided: &[&ClaimRow], factors: &[usize]) -> String {
    for &factor in factors {
        let mut of_value: Vec<(String, [bool; 2])> = Vec::new();
        for row in decided {
            let (value, at) = (FACTORS[factor].1(row), usize::from(row.outcome == Outcome::Refuted));
            match of_value.iter_mut().find(|(known, _)| *known == value) {
                Some((_, seen)) => seen[at] = true,
                None => of_value.push((value, [at == 0, at == 1])),
            }
        }
        let of = |side: [bool; 2]| {
            of_value.iter().filter(|(_, seen)| *seen == side).map(|(value, _)| value.as_str()).collect::<Vec<_>>()
        };
        let (yes, no) = (of([true, false]), of([false, true]));
        if !yes.is_empty() && !no.is_empty() {
            return format!("yes for {}, no for {}; ", listed(&yes), listed(&no));
        }
    }
    for (word, outcome) in [("no", Outcome::Refuted), ("yes", Outcome::Supported)] {
        let few: Vec<&&ClaimRow> = decided.iter().filter(|row| row.outcome == outcome).collect();
        if few.len() <= EXCEPTIONS && decided.len() > 2 * few.len() {
            let place = |row: &&&ClaimRow| factors.iter().map(|&f| FACTORS[f].1(row)).collect::<Vec<_>>().join(" ");
            return format!("{word} only for {}; ", few.iter().map(place).collect::<Vec<_>>().join(", "));
        }
    }
    String::new()
}

/// The first few, and how many more.
fn listed(values: &[&str]) -> String {
    match values.len() {
        0..=LISTED => values.join(", "),
        all => format!("{} and {} more", values[..LISTED - 1].join(", "), all - (LISTED - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::claim::planted;
    use super::super::outcome::Decision;
    use super::*;

    const OPEN: Decision = Decision::undecided(Why::Straddles);

    #[test]
    fn one_sentence_for_every_mixture() {
        let say = |rows: &[ClaimRow]| headline(rows);
        let row = |activation, estimator, decision| planted(activation, estimator, 1.0, decision);
        let (yes, no) = (Decision::SUPPORTED, Decision::REFUTED);
        assert_eq!(say(&[]), "not tested");
        assert_eq!(say(&[row("tanh", "a", yes), row("relu", "a", yes)]), "yes");
        assert_eq!(say(&[row("tanh", "a", no), row("relu", "a", OPEN)]), "no, where decided (1 of 2)");
        assert_eq!(say(&[row("tanh", "a", OPEN)]), "undecided: intervals on both sides of the threshold");
        assert_eq!(
            say(&[
                row("tanh", "a", OPEN),
                row("relu", "a", Decision::undecided(Why::NotLearned)),
                row("relu", "b", OPEN)
            ]),
            "undecided: intervals on both sides of the threshold (2), networks that have not learned (1)"
        );
        assert_eq!(
            say(&[row("tanh", "a", yes), row("relu", "a", no), row("relu", "b", OPEN)]),
            "depends on the activation: yes for tanh, no for relu; yes in 1, no in 1, undecided in 1 of 3"
        );
        // Neither activation goes one way: estimators part them.
        assert_eq!(
            say(&[row("tanh", "a", yes), row("relu", "a", yes), row("tanh", "b", no), row("relu", "b", no)]),
            "depends on the estimator: yes for a, no for b; yes in 2, no in 2 of 4"
        );
        assert_eq!(
            say(&[row("tanh", "a", yes), row("relu", "b", no)]),
            "depends on more than one thing at a time: yes in 1, no in 1 of 2"
        );
    }

    #[test]
    fn what_a_factor_settles_does_not_hide_it() {
        // Each condition has a task of its own, and one condition another activation.
        let of = |condition: &str, activation: &str, decision| ClaimRow {
            dataset: format!("task of {condition}"),
            condition: condition.into(),
            ..planted(activation, "a", 1.0, decision)
        };
        let (yes, no) = (Decision::SUPPORTED, Decision::REFUTED);
        let rows = [of("hard", "tanh", no), of("soft", "tanh", yes), of("other", "relu", yes)];
        let said = headline(&rows);
        assert!(
            said.starts_with("depends on the task: yes for task of soft, task of other, no for task of hard"),
            "{said}"
        );
        // Four yes, one no, where neither task nor activation parts them: the one is named.
        let crossed = |task: &str, activation: &str, decision| ClaimRow {
            dataset: task.into(),
            ..planted(activation, "a", 1.0, decision)
        };
        let rows =
            [crossed("x", "tanh", no), crossed("y", "tanh", yes), crossed("x", "relu", yes), crossed("y", "relu", yes)];
        let said = headline(&rows);
        assert!(said.starts_with("depends on the task and the activation: no only for x tanh; "), "{said}");
    }

    #[test]
    fn a_sentence_names_a_few_values() {
        let names = ["a", "b", "c", "d", "e"];
        let mut rows: Vec<ClaimRow> = names.map(|name| planted("tanh", name, 1.0, Decision::SUPPORTED)).into();
        rows.push(planted("tanh", "f", 1.0, Decision::REFUTED));
        assert!(headline(&rows).contains("yes for a, b, c and 2 more, no for f; "), "{}", headline(&rows));
    }

    #[test]
    fn controls_say_nothing_in_a_headline() {
        let control = ClaimRow { is_control: true, ..planted("tanh", "a", 1.0, Decision::REFUTED) };
        assert_eq!(headline(&[planted("tanh", "a", 1.0, Decision::SUPPORTED), control.clone()]), "yes");
        assert_eq!(headline(&[control]), "tested in controls alone");
    }
}
