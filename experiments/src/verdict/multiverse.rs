//! A verdict over every combination of choices that could be defended: the multiverse (Steegen, Tuerlinckx, Gelman & Vanpaemel 2016),
//! drawn as a specification curve (Simonsohn, Simmons & Nelson 2020).
//!
//! A **universe** is one row of the verdict under one combination of the rule's [choices](super::Choice). A choice is combined with the others
//! that bear on the same claim; a claim has as many universes as it has places and combinations. All are judged from the same tables.
//! Two things are said of a claim: the share of its universes that say yes, no and undecided, and what **turns** the word: of all
//! pairs of universes that differ in one thing only, the share in which one says yes and the other no.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::claim::{Claim, ClaimRow};
use super::outcome::{FEWEST_NETWORKS, Outcome};
use super::rule::Rule;
use crate::rows::table;

/// One row of the verdict under one combination of choices.
#[derive(Debug, Clone, PartialEq)]
pub struct Universe {
    /// The values of the choices that bear on the claim, by key.
    pub choices: BTreeMap<&'static str, String>,
    /// What the rule makes of them.
    pub row: ClaimRow,
}

/// How the universes of a claim were decided: a row of `multiverse_shares.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareRow {
    /// The question.
    pub question: String,
    /// The claim.
    pub claim: String,
    /// Universes.
    pub universes: usize,
    /// Share that says yes.
    pub supported: f64,
    /// Share that says no.
    pub refuted: f64,
    /// Share that says neither.
    pub undecided: f64,
}

/// How often a factor turns the word of a claim: a row of `multiverse_factors.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactorRow {
    /// The question.
    pub question: String,
    /// The claim.
    pub claim: String,
    /// What differs: a column of `multiverse.csv`.
    pub factor: String,
    /// Pairs of universes that differ in nothing else.
    pub pairs: u64,
    /// Share of pairs of which one says yes and the other no.
    pub turned: f64,
    /// Share of pairs that say different things, undecided among them.
    pub changed: f64,
}

/// The file of every universe, whose columns depend on the choices.
pub const FILE: &str = "multiverse.csv";

table!(ShareRow = "multiverse_shares.csv", FactorRow = "multiverse_factors.csv");

/// Every claim under every combination of the choices that bear on it, controls left out. None if there are too few networks to decide
/// anything.
///
/// # Errors
/// If the rule has no such setting, or a value that it cannot take.
pub fn universes<R: Rule>(
    rule: &R,
    claims: &[Claim],
    judge: impl Fn(&R) -> Vec<ClaimRow> + Sync,
) -> Result<Vec<Universe>> {
    let table = Table::try_from(rule).context("the rule cannot be written as TOML")?;
    let mut choices = R::choices();
    for choice in &mut choices {
        let own = table.get(choice.key).with_context(|| format!("the rule has no setting {}", choice.key))?;
        if !choice.values.contains(own) {
            choice.values.insert(0, own.clone());
        }
    }
    // Which claims each combination is judged for, as the index of a value for each choice; what does not bear on them stays.
    let own: Vec<usize> = choices
        .iter()
        .map(|choice| choice.values.iter().position(|value| table.get(choice.key) == Some(value)).unwrap_or(0))
        .collect();
    let mut wanted: BTreeMap<Vec<usize>, BTreeSet<&str>> = BTreeMap::new();
    for claim in claims {
        let mut combinations = vec![own.clone()];
        for (k, choice) in choices.iter().enumerate().filter(|(_, choice)| choice.on.contains(&claim.id)) {
            let with = |at: usize| {
                combinations.iter().cloned().map(move |mut of: Vec<usize>| {
                    of[k] = at;
                    of
                })
            };
            combinations = (0..choice.values.len()).flat_map(with).collect();
        }
        for combination in combinations {
            wanted.entry(combination).or_default().insert(claim.id);
        }
    }
    let judged = |(at, of): (Vec<usize>, BTreeSet<&str>)| -> Result<Vec<Universe>> {
        let mut changed = table.clone();
        for (choice, &value) in choices.iter().zip(&at) {
            changed.insert(choice.key.to_owned(), choice.values[value].clone());
        }
        let rule: R = changed.try_into().context("a choice is no value of its setting")?;
        let rows = judge(&rule).into_iter().filter(|row| of.contains(row.claim.as_str()) && !row.is_control);
        let universe = |row: ClaimRow| {
            let bearing = choices.iter().zip(&at).filter(|(choice, _)| choice.on.contains(&row.claim.as_str()));
            Universe { choices: bearing.map(|(choice, &at)| (choice.key, shown(&choice.values[at]))).collect(), row }
        };
        Ok(rows.filter(|row| row.networks >= FEWEST_NETWORKS).map(universe).collect())
    };
    let all: Result<Vec<Vec<Universe>>> = wanted.into_par_iter().map(judged).collect();
    Ok(all?.concat())
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A column and its value.
type Column = (&'static str, fn(&ClaimRow) -> String);

/// The columns in which places differ, but for what the condition settles.
const PLACES: [Column; 6] = [
    ("train_fraction", |row| row.train_fraction.map_or_else(String::new, |share| share.to_string())),
    ("layers", |row| row.layers.clone()),
    ("estimator", |row| row.estimator.clone()),
    ("level", |row| row.level.clone()),
    ("compared_with", |row| row.compared_with.clone()),
    ("measured", |row| row.measured.clone()),
];

/// How each claim's universes were decided.
pub fn shares(claims: &[Claim], universes: &[Universe]) -> Vec<ShareRow> {
    let of = |claim: &Claim| {
        let rows: Vec<&ClaimRow> = universes.iter().map(|u| &u.row).filter(|row| claim.is_of(row)).collect();
        let share =
            |outcome: Outcome| rows.iter().filter(|row| row.outcome == outcome).count() as f64 / rows.len() as f64;
        (!rows.is_empty()).then(|| ShareRow {
            question: claim.question.to_owned(),
            claim: claim.id.to_owned(),
            universes: rows.len(),
            supported: share(Outcome::Supported),
            refuted: share(Outcome::Refuted),
            undecided: share(Outcome::Undecided),
        })
    };
    claims.iter().filter_map(of).collect()
}

/// What turns each claim's word, what does so most often first.
pub fn factors(claims: &[Claim], universes: &[Universe]) -> Vec<FactorRow> {
    claims.iter().flat_map(|claim| factors_of(claim, universes)).collect()
}

fn factors_of(claim: &Claim, universes: &[Universe]) -> Vec<FactorRow> {
    let of: Vec<&Universe> = universes.iter().filter(|universe| claim.is_of(&universe.row)).collect();
    // A condition settles its task and architecture, and its activation unless it has several.
    let mut activations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Universe { row, .. } in &of {
        activations.entry(&row.condition).or_default().insert(&row.activation);
    }
    let is_crossed = activations.values().any(|names| names.len() > 1);
    let values = |universe: &Universe| -> BTreeMap<&'static str, String> {
        let row = &universe.row;
        let mut values: BTreeMap<&str, String> = PLACES.iter().map(|(name, value)| (*name, value(row))).collect();
        values.insert("condition", row.condition.clone());
        if is_crossed {
            values.insert("activation", row.activation.clone());
        }
        values.extend(universe.choices.iter().map(|(key, value)| (*key, value.clone())));
        values
    };
    let all: Vec<(BTreeMap<&str, String>, Outcome)> = of.iter().map(|u| (values(u), u.row.outcome)).collect();
    let names: BTreeSet<&str> = all.iter().flat_map(|(values, _)| values.keys().copied()).collect();
    let mut rows: Vec<FactorRow> = names
        .into_iter()
        .filter_map(|factor| {
            // Universes that are alike in all else, by outcome; two of one value never are.
            let mut alike: BTreeMap<Vec<(&str, &str)>, [u64; 3]> = BTreeMap::new();
            for (values, outcome) in &all {
                let others = values.iter().filter(|(name, _)| **name != factor).map(|(n, v)| (*n, v.as_str()));
                alike.entry(others.collect()).or_default()[*outcome as usize] += 1;
            }
            let pairs = |n: u64| n * n.saturating_sub(1) / 2;
            let sum = |f: &dyn Fn(&[u64; 3]) -> u64| alike.values().map(f).sum::<u64>();
            let count = sum(&|n| pairs(n.iter().sum()));
            let turned = sum(&|&[yes, no, _]| yes * no);
            let changed = sum(&|&[yes, no, open]| yes * no + (yes + no) * open);
            (count > 0).then(|| FactorRow {
                question: claim.question.to_owned(),
                claim: claim.id.to_owned(),
                factor: factor.to_owned(),
                pairs: count,
                turned: turned as f64 / count as f64,
                changed: changed as f64 / count as f64,
            })
        })
        .collect();
    rows.sort_by(|a, b| (b.turned, b.changed).partial_cmp(&(a.turned, a.changed)).unwrap_or(std::cmp::Ordering::Equal));
    rows
}

/// Every universe as a line of `multiverse.csv`: where, the choices (empty: it bears not on the claim), and what was found.
///
/// # Errors
/// If the lines cannot be written.
pub fn csv(universes: &[Universe]) -> Result<Vec<u8>> {
    let keys: BTreeSet<&str> = universes.iter().flat_map(|universe| universe.choices.keys().copied()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let place = ["question", "claim", "dataset", "architecture", "condition", "activation"];
    let found = ["unit", "networks", "value", "lower", "upper", "outcome", "why"];
    let places = || PLACES.iter().map(|(name, _)| *name);
    writer.write_record(place.into_iter().chain(places()).chain(keys.iter().copied()).chain(found))?;
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for Universe { choices, row } in universes {
        let mut cells: Vec<String> =
            [&row.question, &row.claim, &row.dataset, &row.architecture, &row.condition, &row.activation]
                .map(Clone::clone)
                .into();
        cells.extend(PLACES.iter().map(|(_, value)| value(row)));
        cells.extend(keys.iter().map(|key| choices.get(key).cloned().unwrap_or_default()));
        let why = row.why.map_or_else(String::new, |why| why.to_string());
        cells.extend([row.unit.clone(), row.networks.to_string(), row.value.to_string()]);
        cells.extend([number(row.lower), number(row.upper), row.outcome.to_string(), why]);
        writer.write_record(cells)?;
    }
    Ok(writer.into_inner()?)
}

/// Factors named in a sentence at most.
const NAMED: usize = 3;

/// What the universes of each claim say, a sentence a claim.
pub fn in_words(claims: &[Claim], shares: &[ShareRow], factors: &[FactorRow]) -> String {
    let sentence = |share: &ShareRow| {
        let asks = claims.iter().find(|claim| claim.id == share.claim).map_or("", |claim| claim.asks);
        let percent = |part: f64| format!("{:.0} %", 100.0 * part);
        let turning: Vec<String> = factors
            .iter()
            .filter(|row| row.claim == share.claim && row.turned > 0.0)
            .take(NAMED)
            .map(|row| format!("{} ({})", row.factor, percent(row.turned)))
            .collect();
        let turning = match turning[..] {
            [] => "nothing that differs alone turns yes into no".to_owned(),
            _ => format!("most often turned by {}", turning.join(", ")),
        };
        format!(
            "  {asks}\n    yes in {}, no in {}, undecided in {} of {} universes; {turning}\n",
            percent(share.supported),
            percent(share.refuted),
            percent(share.undecided),
            share.universes
        )
    };
    shares.iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::super::claim::planted;
    use super::super::outcome::{Decision, Why, at_least};
    use super::super::rule::Choice;
    use super::*;
    use infoplane_info::statistics::Interval;

    #[derive(Clone, Serialize, Deserialize)]
    struct Threshold {
        bits: f64,
        idle: String,
        other: f64,
    }

    const CLAIM: Claim = Claim { question: "rq0", id: "c", asks: "Is it so?", paper: "yes" };
    const OTHER: Claim = Claim { id: "d", ..CLAIM };

    impl Rule for Threshold {
        fn check(&self, _: &[String]) -> Result<()> {
            Ok(())
        }

        fn choices() -> Vec<Choice> {
            vec![
                Choice::new("bits", &[CLAIM], [0.5, 2.0]),
                Choice::new("idle", &[CLAIM], ["a", "b"]),
                Choice::new("other", &[OTHER], [1.0, 2.0]),
            ]
        }
    }

    fn judged(rule: &Threshold) -> Vec<ClaimRow> {
        let row = |activation: &str, value: f64| {
            let interval = Interval { mean: value, lower: Some(value - 0.1), upper: Some(value + 0.1) };
            planted(activation, "bins", value, at_least(interval, rule.bits))
        };
        vec![row("tanh", 1.0), row("relu", 0.0), ClaimRow { is_control: true, ..row("linear", 0.0) }]
    }

    fn all() -> Vec<Universe> {
        universes(&Threshold { bits: 0.5, idle: "a".into(), other: 1.0 }, &[CLAIM, OTHER], judged).unwrap()
    }

    #[test]
    fn every_combination_is_judged_once_and_what_turns_the_word_is_found() {
        let all = all();
        // Two thresholds, two values of what does nothing, two activations; nothing is claimed of the other.
        assert_eq!(all.len(), 8);
        let shares = shares(&[CLAIM, OTHER], &all);
        assert_eq!((shares.len(), shares[0].universes), (1, 8));
        assert_eq!([shares[0].supported, shares[0].refuted, shares[0].undecided], [0.25, 0.75, 0.0]);
        let factors = factors(&[CLAIM], &all);
        let of = |name: &str| factors.iter().find(|row| row.factor == name).unwrap();
        assert_eq!((of("bits").pairs, of("bits").turned), (4, 0.5));
        assert_eq!((of("activation").pairs, of("activation").turned), (4, 0.5));
        assert_eq!((of("idle").pairs, of("idle").turned), (4, 0.0));
        let words = in_words(&[CLAIM], &shares, &factors);
        assert!(words.contains("yes in 25 %, no in 75 %, undecided in 0 % of 8 universes"), "{words}");
        assert!(words.contains("turned by") && !words.contains("idle"), "{words}");
    }

    #[test]
    fn a_value_that_only_the_rule_has_is_tried_too_and_what_cannot_be_is_refused() {
        let rule = Threshold { bits: 0.7, idle: "a".into(), other: 1.0 };
        assert_eq!(universes(&rule, &[CLAIM], judged).unwrap().len(), 12);
        let few = |_: &Threshold| {
            vec![ClaimRow { networks: 4, ..planted("tanh", "bins", 1.0, Decision::undecided(Why::FewNetworks)) }]
        };
        assert!(universes(&rule, &[CLAIM], few).unwrap().is_empty());
    }

    #[test]
    fn the_table_has_a_column_for_each_choice() {
        let text = String::from_utf8(csv(&all()).unwrap()).unwrap();
        let header = text.lines().next().unwrap();
        assert!(header.ends_with("measured,bits,idle,unit,networks,value,lower,upper,outcome,why"), "{header}");
        assert_eq!(text.lines().count(), 9);
    }
}
