//! Every estimator on every problem: the rows of `calibration.csv`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use infoplane_info::Estimate;
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::significance::interval_of_pair;
use infoplane_model::random::{Purpose, stream};
use serde::{Deserialize, Serialize};

use super::{Kind, Problem, Sampled};
use crate::methods::Method;
use crate::rows::table;

/// One estimate: `calibration.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRow {
    /// Family of problems.
    pub family: String,
    /// Kind of data.
    pub kind: Kind,
    /// Problem.
    pub problem: String,
    /// Whether it stands for its family at numbers of rows where the others are left out.
    pub representative: bool,
    /// Columns of both sides; of a layer over all of X its units.
    pub columns: usize,
    /// Classes of the labels; 0 of pairs.
    #[serde(default)]
    pub classes: usize,
    /// Rows drawn.
    pub rows: usize,
    /// Seed of the draw.
    pub seed: u64,
    /// Estimator.
    pub estimator: String,
    /// What is to be found.
    pub truth_bits: f64,
    /// The estimate; empty where the estimator refuses.
    pub estimate_bits: Option<f64>,
    /// Lower end of the interval it states: from halves of the rows, its standard error, or its own two bounds.
    pub lower_bits: Option<f64>,
    /// Upper end of it.
    pub upper_bits: Option<f64>,
    /// Seconds on one thread.
    pub seconds: f64,
    /// Most bytes allocated at once beyond the data.
    pub peak_bytes: Option<u64>,
}

table!(CalibrationRow = "calibration.csv");

/// An estimator, and how far it is asked.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The estimator.
    pub method: Method,
    /// Rows beyond which it costs too much.
    pub most_rows: usize,
    /// Whether the problems that do not stand for their family are left to the greatest number of rows that all have.
    pub sparing: bool,
    /// Whether it is asked about class labels.
    pub labels: bool,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Size<'a> {
    /// Numbers of rows of every problem.
    pub rows: &'a [usize],
    /// Numbers of rows of the problems that stand for their family.
    pub more_rows: &'a [usize],
    /// Draws of each; a layer over all of X is not drawn and comes once.
    pub seeds: u64,
    /// The first seed.
    pub first_seed: u64,
    /// Random halves of the rows for intervals, at the least number of rows; 0 for none.
    pub halves: usize,
}

/// Runs a piece of work and says how many bytes it held at most, if that is counted.
pub type PeakBytes = fn(&mut dyn FnMut()) -> Option<u64>;

/// Every estimator on every problem, at each number of rows, for every seed; rows in that order, for any number of threads.
///
/// Each case has a thread for itself, inner loops included, so that seconds and bytes are its own.
///
/// # Errors
/// If a thread cannot be started.
pub fn calibrate(
    problems: &[Problem],
    candidates: &[Candidate],
    size: Size,
    threads: usize,
    peak_bytes: PeakBytes,
) -> Result<Vec<CalibrationRow>> {
    let cases = cases(problems, size);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || -> Result<()> {
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().context("cannot start a thread")?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            // From the end: the greatest numbers of rows come last in the list, and should not be waited for.
            let Some(case) = cases.len().checked_sub(number + 1).map(|place| &cases[place]) else { return Ok(()) };
            let rows = alone.install(|| case.rows(candidates, size, peak_bytes));
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((cases.len() - 1 - number, rows));
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().flat_map(|(_, rows)| rows).collect())
}

/// A draw.
struct Case<'a> {
    problem: &'a Problem,
    rows: usize,
    seed: u64,
}

fn cases<'a>(problems: &'a [Problem], size: Size) -> Vec<Case<'a>> {
    let mut cases = Vec::new();
    for problem in problems {
        if let Some(rows) = problem.rows() {
            cases.push(Case { problem, rows, seed: 0 });
            continue;
        }
        let more = if problem.representative { size.more_rows } else { &[] };
        for &rows in size.rows.iter().chain(more) {
            let seeds = size.first_seed..size.first_seed + size.seeds.min(problem.most_draws);
            cases.extend(seeds.map(|seed| Case { problem, rows, seed }));
        }
    }
    cases
}

/// Whether all distances between rows, by brute force, are not too many.
fn is_affordable(method: &Method, rows: usize, sampled: &Sampled) -> bool {
    const MOST_DIFFERENCES: usize = 5_000_000_000;
    let by_neighbours = matches!(method, Method::Formula(EstimatorKind::Ksg(_) | EstimatorKind::MixedKsg(_)));
    !by_neighbours || rows * rows * sampled.columns() <= MOST_DIFFERENCES
}

impl Case<'_> {
    fn rows(&self, candidates: &[Candidate], size: Size, peak_bytes: PeakBytes) -> Vec<CalibrationRow> {
        let sampled = self.problem.draw(self.rows, self.seed);
        let common = size.rows.iter().max() == Some(&self.rows) || self.problem.rows().is_some();
        let asked = candidates.iter().filter(|candidate| {
            let spared = candidate.sparing && !self.problem.representative && !common;
            let of_labels = candidate.labels || self.problem.classes == 0;
            self.rows <= candidate.most_rows
                && !spared
                && of_labels
                && is_affordable(&candidate.method, self.rows, &sampled)
        });
        asked.filter_map(|candidate| self.row(&sampled, &candidate.method, size, peak_bytes)).collect()
    }

    fn row(&self, sampled: &Sampled, method: &Method, size: Size, peak_bytes: PeakBytes) -> Option<CalibrationRow> {
        let mut estimate = None;
        let started = Instant::now();
        let bytes = peak_bytes(&mut || estimate = sampled.estimate(method));
        let seconds = started.elapsed().as_secs_f64();
        let estimate = estimate?.ok();
        let interval = estimate.and_then(|estimate| self.interval(estimate, sampled, method, size));
        let problem = self.problem;
        Some(CalibrationRow {
            family: problem.family.to_owned(),
            kind: problem.kind,
            problem: problem.name.clone(),
            representative: problem.representative,
            columns: sampled.columns(),
            classes: problem.classes,
            rows: self.rows,
            seed: self.seed,
            estimator: method.to_string(),
            truth_bits: problem.truth_bits,
            estimate_bits: estimate.map(|estimate| estimate.bits),
            lower_bits: interval.map(|(lower, _)| lower),
            upper_bits: interval.map(|(_, upper)| upper),
            seconds,
            peak_bytes: bytes,
        })
    }

    /// What is stated about an estimate's error: by itself, or else by halves of the rows. Halves of a critic's rows would be
    /// so many trainings, and are not asked for.
    fn interval(&self, estimate: Estimate, sampled: &Sampled, method: &Method, size: Size) -> Option<(f64, f64)> {
        if let (Some(lower), Some(upper)) = (estimate.lower, estimate.upper) {
            return Some((lower, upper));
        }
        if let Some(error) = estimate.standard_error {
            return Some((estimate.bits - 1.96 * error, estimate.bits + 1.96 * error));
        }
        let least = size.rows.iter().min() == Some(&self.rows);
        let (Some((a, b)), Method::Formula(kind), true) = (&sampled.pair, method, least && size.halves > 0) else {
            return None;
        };
        let rng = &mut stream(self.seed, Purpose::Bootstrap);
        let interval = interval_of_pair(kind, a.view(), b.view(), size.halves, rng).ok()?;
        interval.lower.zip(interval.upper)
    }
}
