//! Which estimator can be trusted, where: every estimator on problems whose information is known exactly.
//!
//! A family of problems is a file; each draws pairs (a, b), row by row, and states I(A;B). The families are those of Czyż et al.
//! 2023 ("Beyond Normal", arXiv 2306.11078), written from their definitions, and a few that matter for networks.

pub mod advice;
pub mod discrete;
pub mod gaussian;
pub mod homeomorphisms;
pub mod layers;
pub mod student;

use std::time::Instant;

use infoplane_info::Estimator;
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::significance::interval_of_pair;
use infoplane_model::random::{Purpose, stream};
use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Draws n rows of (a, b).
type Draw = Box<dyn Fn(usize, &mut ChaCha8Rng) -> (Array2<f64>, Array2<f64>) + Send + Sync>;

/// Two variables whose information is known.
pub struct Problem {
    /// Family.
    pub family: &'static str,
    /// What it is, in a few words.
    pub name: String,
    /// I(A;B), infinite where one is a function of the other.
    pub truth_bits: f64,
    draw: Draw,
}

impl Problem {
    fn new(
        family: &'static str,
        name: impl Into<String>,
        truth_bits: f64,
        draw: impl Fn(usize, &mut ChaCha8Rng) -> (Array2<f64>, Array2<f64>) + Send + Sync + 'static,
    ) -> Self {
        Self { family, name: name.into(), truth_bits, draw: Box::new(draw) }
    }

    /// n rows of both, the same for the same seed.
    pub fn draw(&self, n: usize, seed: u64) -> (Array2<f64>, Array2<f64>) {
        (self.draw)(n, &mut stream(seed, Purpose::MonteCarlo))
    }
}

/// Every problem, family by family.
pub fn problems() -> Vec<Problem> {
    [gaussian::problems(), student::problems(), homeomorphisms::problems(), discrete::problems(), layers::problems()]
        .into_iter()
        .flatten()
        .collect()
}

/// One estimate: `calibration.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRow {
    /// Family of problems.
    pub family: String,
    /// Problem.
    pub problem: String,
    /// Columns of A.
    pub columns_a: usize,
    /// Columns of B.
    pub columns_b: usize,
    /// Rows drawn.
    pub rows: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Estimator.
    pub estimator: String,
    /// I(A;B).
    pub truth_bits: f64,
    /// The estimate; empty where the estimator refuses.
    pub estimate_bits: Option<f64>,
    /// Lower end of its 95 % interval, if asked for.
    pub lower_bits: Option<f64>,
    /// Upper end of it.
    pub upper_bits: Option<f64>,
    /// Seconds it took, one of several at a time.
    pub seconds: f64,
}

/// An estimator on a problem at one number of rows: `summary.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Family of problems.
    pub family: String,
    /// Problem.
    pub problem: String,
    /// Rows drawn.
    pub rows: usize,
    /// Estimator.
    pub estimator: String,
    /// I(A;B).
    pub truth_bits: f64,
    /// Draws.
    pub draws: usize,
    /// Draws in which the estimator refused.
    pub refused: usize,
    /// Mean of the estimates.
    pub mean_bits: Option<f64>,
    /// Mean minus truth.
    pub bias_bits: Option<f64>,
    /// Standard deviation of the estimates.
    pub sd_bits: Option<f64>,
    /// Share of the 95 % intervals that hold the truth.
    pub coverage: Option<f64>,
    /// Share of them that hold the mean of the estimates: all that an interval over samples promises.
    pub coverage_of_mean: Option<f64>,
    /// Mean seconds of an estimate.
    pub seconds: f64,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Size<'a> {
    /// Numbers of rows.
    pub rows: &'a [usize],
    /// Draws of each.
    pub seeds: u64,
    /// Random halves of the rows for an interval; 0 for none.
    pub halves: usize,
}

/// Every estimator on every problem, at each number of rows, for every seed; rows in that order, for any number of threads.
pub fn calibrate(problems: &[Problem], estimators: &[EstimatorKind], size: Size) -> Vec<CalibrationRow> {
    let Size { rows, seeds, halves } = size;
    let cases: Vec<(&Problem, usize, u64)> = problems
        .iter()
        .flat_map(|problem| rows.iter().flat_map(move |&rows| (0..seeds).map(move |seed| (problem, rows, seed))))
        .collect();
    cases
        .into_par_iter()
        .flat_map_iter(|(problem, rows, seed)| {
            let (a, b) = problem.draw(rows, seed);
            estimators.iter().map(move |estimator| {
                let started = Instant::now();
                let estimate = estimator.pair(a.view(), b.view()).ok();
                let seconds = started.elapsed().as_secs_f64();
                let rng = &mut stream(seed, Purpose::Bootstrap);
                let interval = (halves > 0).then(|| interval_of_pair(estimator, a.view(), b.view(), halves, rng).ok());
                let interval = interval.flatten();
                CalibrationRow {
                    family: problem.family.to_owned(),
                    problem: problem.name.clone(),
                    columns_a: a.ncols(),
                    columns_b: b.ncols(),
                    rows,
                    seed,
                    estimator: estimator.to_string(),
                    truth_bits: problem.truth_bits,
                    estimate_bits: estimate.map(|estimate| estimate.bits),
                    lower_bits: interval.and_then(|interval| interval.lower),
                    upper_bits: interval.and_then(|interval| interval.upper),
                    seconds,
                }
            })
        })
        .collect()
}

/// Mean, bias and spread over seeds, in the order of first appearance.
pub fn summarise(rows: &[CalibrationRow]) -> Vec<SummaryRow> {
    let mut groups: Vec<Vec<&CalibrationRow>> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for row in rows {
        let key = (&row.problem, row.rows, &row.estimator);
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(row);
    }
    groups.iter().map(|group| summary(group)).collect()
}

fn summary(group: &[&CalibrationRow]) -> SummaryRow {
    let first = group[0];
    let bits: Vec<f64> = group.iter().filter_map(|row| row.estimate_bits).collect();
    let n = bits.len() as f64;
    let mean = (!bits.is_empty()).then(|| bits.iter().sum::<f64>() / n);
    let spread = |mean: f64| (bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let covers = |bits: f64| {
        let intervals = group.iter().filter_map(|row| row.lower_bits.zip(row.upper_bits));
        let hits: Vec<f64> =
            intervals.map(|(lower, upper)| f64::from(u8::from((lower..=upper).contains(&bits)))).collect();
        (!hits.is_empty()).then(|| hits.iter().sum::<f64>() / hits.len() as f64)
    };
    SummaryRow {
        family: first.family.clone(),
        problem: first.problem.clone(),
        rows: first.rows,
        estimator: first.estimator.clone(),
        truth_bits: first.truth_bits,
        draws: group.len(),
        refused: group.len() - bits.len(),
        mean_bits: mean,
        // An infinite answer to an infinite truth is right.
        bias_bits: mean.map(|mean| if mean == first.truth_bits { 0.0 } else { mean - first.truth_bits }),
        sd_bits: mean.filter(|mean| mean.is_finite() && bits.len() > 1).map(spread),
        coverage: covers(first.truth_bits),
        coverage_of_mean: mean.and_then(covers),
        seconds: group.iter().map(|row| row.seconds).sum::<f64>() / group.len() as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_draws_are_what_they_say() {
        let problems = problems();
        let mut names: Vec<&str> = problems.iter().map(|problem| problem.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), problems.len());
        for problem in &problems {
            let (a, b) = problem.draw(20, 1);
            assert_eq!((a.nrows(), b.nrows()), (20, 20), "{}", problem.name);
            assert!(a.iter().chain(&b).all(|value| value.is_finite()) && problem.truth_bits >= 0.0, "{}", problem.name);
            assert_eq!((a, b), problem.draw(20, 1), "{}", problem.name);
        }
    }

    #[test]
    fn an_estimator_that_fits_finds_the_stated_truth_of_every_low_dimensional_problem() {
        let estimator: EstimatorKind = "mixed-ksg:k=5".parse().unwrap();
        for problem in problems().iter().filter(|problem| problem.truth_bits < 3.0) {
            let (a, b) = problem.draw(4000, 3);
            if a.ncols() + b.ncols() > 4 || problem.name.contains("ν = 1") {
                continue;
            }
            let bits = estimator.pair(a.view(), b.view()).unwrap().bits;
            let tolerance = 0.06 + 0.1 * problem.truth_bits;
            assert!((bits - problem.truth_bits).abs() < tolerance, "{}: {bits}, {}", problem.name, problem.truth_bits);
        }
    }
}
