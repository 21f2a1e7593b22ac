//! What a calibration asks: estimators, problems, and how many rows are drawn how often.

use std::collections::HashSet;

use anyhow::{Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use super::{Problem, problems};
use crate::methods::Method;

/// What is calibrated when nothing else is asked for, the rows beyond which it costs too much, and whether it is spared the lesser
/// numbers of rows of problems that do not stand for their family. Of `sliced` and `renyi`, which
/// are other quantities than I, the error is shown, not held against them; a neural bound is asked for one seed, so that its
/// spread is that of draws and seeds together. Last, whether it is asked about class labels.
const CANDIDATES: [(&str, usize, bool, bool); 39] = [
    ("ksg:k=3", 5000, false, true),
    ("mixed-ksg:k=3", 5000, false, true),
    ("lnc", 5000, false, false),
    ("infonce:seeds=1", 5000, true, false),
    ("infonce-anchor:seeds=1", 5000, true, false),
    ("nwj:seeds=1", 5000, true, false),
    ("mine:seeds=1", 5000, true, false),
    ("smile:seeds=1", 5000, true, false),
    ("gaussian", 20_000, false, true),
    ("cca", 20_000, false, true),
    ("gaussian-mixture:bound=lower", 20_000, false, true),
    ("gaussian-mixture:bound=upper", 20_000, false, true),
    ("kde:variance=0.25,bound=lower", 5000, false, false),
    ("kde:variance=0.25,bound=upper", 5000, false, false),
    ("kde:variance=0.01,bound=lower", 5000, false, false),
    ("kde:variance=0.01,bound=upper", 5000, false, false),
    ("noisy:sigma=0.5,samples=2000,bounds=false", 5000, false, false),
    ("noisy:sigma=0.1,samples=2000,bounds=false", 5000, false, false),
    ("dithered:width=0.35", 5000, false, false),
    ("plugin", 20_000, false, true),
    ("plugin:correction=miller-madow", 20_000, false, true),
    ("plugin:correction=grassberger", 20_000, false, true),
    ("plugin:correction=chao-shen", 20_000, false, false),
    ("plugin:correction=nsb", 20_000, false, false),
    ("quantised:bits=4", 5000, false, false),
    ("quantised:bits=8", 5000, false, false),
    ("idnns:edges=30", 5000, false, false),
    ("binning:width=0.035", 5000, false, false),
    ("binning:width=0.07", 5000, false, true),
    ("binning:width=0.14", 5000, false, false),
    ("binning:bins=10,range=own", 20_000, false, true),
    ("binning:quantile=10", 20_000, false, true),
    ("edge", 20_000, false, true),
    ("sliced:projections=5", 2000, false, false),
    ("renyi:alpha=1.01,rows=200", 2000, false, false),
    ("probe:kind=best", 5000, false, true),
    ("probe:kind=linear", 5000, false, true),
    ("probe:kind=mlp", 5000, false, true),
    ("probe:kind=knn", 5000, false, true),
];
/// Rows of every problem, and of those that stand for their family.
const ROWS: [usize; 2] = [500, 2000];
const MORE_ROWS: [usize; 2] = [5000, 20_000];

/// The settings of a calibration, to which its folder belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationSettings {
    /// Estimators, as `estimate` names them.
    pub estimators: Vec<String>,
    /// Whether each is spared what costs it too much, as all are where nothing else is asked for.
    pub limited: bool,
    /// Numbers of rows of every problem.
    pub rows: Vec<usize>,
    /// Numbers of rows of the problems that stand for their family.
    pub more_rows: Vec<usize>,
    /// Draws of each.
    pub seeds: u64,
    /// The first of their seeds.
    pub first_seed: u64,
    /// Random halves of the rows for intervals, at the least number of rows; 0 for none.
    pub bootstrap: usize,
    /// Only problems whose name or family contains this.
    pub problem: String,
}

/// An estimator, and how far it is asked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The estimator.
    pub method: Method,
    /// Rows beyond which it costs too much.
    pub most_rows: Option<usize>,
    /// Whether the problems that do not stand for their family are left to the greatest number of rows that all have.
    pub sparing: bool,
    /// Whether it is asked about class labels.
    pub labels: bool,
}

impl CalibrationSettings {
    /// These estimators, or all, on these numbers of rows, or those of the committed calibration.
    ///
    /// # Errors
    /// If an estimator is unknown, or named twice.
    pub fn new(estimators: &[String], rows: &[usize]) -> Result<Self> {
        let limited = estimators.is_empty();
        let mut names = Vec::new();
        for name in
            CANDIDATES.iter().map(|(name, ..)| *name).filter(|_| limited).chain(estimators.iter().map(String::as_str))
        {
            let name = method(name)?.to_string();
            ensure!(!names.contains(&name), "the estimator {name} is named twice");
            names.push(name);
        }
        let (rows, more_rows) = if rows.is_empty() { (&ROWS[..], &MORE_ROWS[..]) } else { (rows, &[][..]) };
        let (rows, more_rows) = (rows.to_vec(), more_rows.to_vec());
        Ok(Self {
            estimators: names,
            limited,
            rows,
            more_rows,
            seeds: 10,
            first_seed: 0,
            bootstrap: 20,
            problem: String::new(),
        })
    }

    /// Refuses what cannot be drawn.
    ///
    /// # Errors
    /// If a number is out of range or stands twice.
    pub fn check(&self) -> Result<()> {
        ensure!(self.rows.iter().all(|&rows| rows >= 20), "--rows must be at least 20");
        ensure!(self.rows.iter().collect::<HashSet<_>>().len() == self.rows.len(), "--rows has a number twice");
        ensure!(self.seeds >= 1, "--seeds must be at least 1");
        let last = self.first_seed.checked_add(self.seeds).filter(|&last| i64::try_from(last).is_ok());
        ensure!(last.is_some(), "--first-seed and --seeds: the seeds go beyond the largest, {}", i64::MAX);
        Ok(())
    }

    /// The estimators, and how far they are asked.
    ///
    /// # Errors
    /// If one is unknown.
    pub fn candidates(&self) -> Result<Vec<Candidate>> {
        if self.limited {
            let candidate = |(name, most_rows, sparing, labels): (&str, usize, bool, bool)| {
                Ok(Candidate { method: method(name)?, most_rows: Some(most_rows), sparing, labels })
            };
            return CANDIDATES.into_iter().map(candidate).collect();
        }
        let unlimited =
            |name: &String| Ok(Candidate { method: method(name)?, most_rows: None, sparing: false, labels: true });
        self.estimators.iter().map(unlimited).collect()
    }

    /// The problems.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn problems(&self) -> Result<Vec<Problem>> {
        let is_wanted = |text: &str| text.contains(&self.problem);
        let mut problems = problems();
        problems.retain(|problem| is_wanted(&problem.name) || is_wanted(problem.family));
        ensure!(!problems.is_empty(), "no problem's name or family contains `{}`", self.problem);
        Ok(problems)
    }
}

fn method(name: &str) -> Result<Method> {
    name.parse().map_err(|error| anyhow!("{error}"))
}
