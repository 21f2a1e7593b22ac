//! Every estimator on every problem: the rows of `calibration.csv`.

use std::ops::Range;
use std::time::Instant;

use anyhow::Result;
use infoplane_info::Estimate;
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::significance::interval_of_pair;
use infoplane_model::random::{Purpose, stream};
use rayon::ThreadPool;
use serde::{Deserialize, Serialize};

use super::settings::{CalibrationSettings, Candidate};
use super::{Kind, Problem, Sampled};
use crate::jobs::Tables;
use crate::methods::Method;
use crate::progress::Progress;
use crate::rows::table;
use crate::threads;

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

/// Runs a piece of work and says how many bytes it held at most, if that is counted.
pub type PeakBytes = fn(&mut dyn FnMut()) -> Option<u64>;

/// Draws of a job at most: few, since threads share a calibration job by job.
const DRAWS: usize = 4;

/// Some draws of a problem at one number of rows, which are one job.
#[derive(Debug)]
pub struct Block<'a> {
    problem: &'a Problem,
    rows: usize,
    seeds: Range<u64>,
}

/// The jobs of a calibration: problem by problem, number of rows by number of rows, seed by seed.
pub fn blocks<'a>(problems: &'a [Problem], settings: &CalibrationSettings) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    for problem in problems {
        if let Some(rows) = problem.rows() {
            // A layer over all of X is not drawn, and comes once.
            blocks.push(Block { problem, rows, seeds: 0..1 });
            continue;
        }
        let more: &[usize] = if problem.representative { &settings.more_rows } else { &[] };
        let end = settings.first_seed + settings.seeds.min(problem.most_draws);
        for &rows in settings.rows.iter().chain(more) {
            let firsts = (settings.first_seed..end).step_by(DRAWS);
            blocks.extend(firsts.map(|first| Block { problem, rows, seeds: first..end.min(first + DRAWS as u64) }));
        }
    }
    blocks
}

impl Block<'_> {
    /// What it costs, in rows drawn.
    pub fn cost(&self) -> u64 {
        self.rows as u64 * (self.seeds.end - self.seeds.start)
    }

    /// Asks every estimator about every draw, and goes on after so many of these questions if that many were `saved`.
    ///
    /// A draw has a thread for itself, inner loops included, so that seconds and bytes are its own.
    ///
    /// # Errors
    /// If a thread cannot be had, a row cannot be written, or the run shall stop.
    pub fn run(&self, asking: Asking, saved: Option<usize>, tables: &mut Tables) -> Result<()> {
        let Asking { candidates, settings, peak_bytes, progress } = asking;
        progress.message(format!("{}, {} rows", self.problem.name, self.rows));
        let mut done = saved.unwrap_or(0);
        for (k, seed) in self.seeds.clone().enumerate() {
            let before = k * candidates.len();
            if done < before + candidates.len() {
                let thread = threads::alone()?;
                let case = Case { problem: self.problem, rows: self.rows, seed };
                let sampled = on(thread.as_ref(), || self.problem.draw(self.rows, seed));
                for candidate in &candidates[done - before..] {
                    if case.asks(candidate, &sampled, settings) {
                        let row = on(thread.as_ref(), || case.row(&sampled, &candidate.method, settings, peak_bytes));
                        row.map_or(Ok(()), |row| tables.write(&row))?;
                    }
                    done += 1;
                    tables.keep(|| done)?;
                }
            }
            progress.advance(self.rows as u64);
        }
        Ok(())
    }
}

/// What all jobs are asked by.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The estimators.
    pub candidates: &'a [Candidate],
    /// How much is asked.
    pub settings: &'a CalibrationSettings,
    /// The counting of bytes.
    pub peak_bytes: PeakBytes,
    /// Who hears of it.
    pub progress: &'a Progress,
}

/// Does a piece of work on a thread of its own, or on this one if there is no other.
fn on<T: Send>(thread: Option<&ThreadPool>, work: impl FnOnce() -> T + Send) -> T {
    match thread {
        Some(thread) => thread.install(work),
        None => work(),
    }
}

/// A draw.
struct Case<'a> {
    problem: &'a Problem,
    rows: usize,
    seed: u64,
}

/// Whether all distances between rows, by brute force, are not too many.
fn is_affordable(method: &Method, rows: usize, sampled: &Sampled) -> bool {
    const MOST_DIFFERENCES: usize = 5_000_000_000;
    let by_neighbours = matches!(method, Method::Formula(EstimatorKind::Ksg(_) | EstimatorKind::MixedKsg(_)));
    !by_neighbours || rows * rows * sampled.columns() <= MOST_DIFFERENCES
}

impl Case<'_> {
    fn asks(&self, candidate: &Candidate, sampled: &Sampled, settings: &CalibrationSettings) -> bool {
        let common = settings.rows.iter().max() == Some(&self.rows) || self.problem.rows().is_some();
        let spared = candidate.sparing && !self.problem.representative && !common;
        let of_labels = candidate.labels || self.problem.classes == 0;
        candidate.most_rows.is_none_or(|most| self.rows <= most)
            && !spared
            && of_labels
            && is_affordable(&candidate.method, self.rows, sampled)
    }

    fn row(
        &self,
        sampled: &Sampled,
        method: &Method,
        settings: &CalibrationSettings,
        peak_bytes: PeakBytes,
    ) -> Option<CalibrationRow> {
        let mut estimate = None;
        let started = Instant::now();
        let bytes = peak_bytes(&mut || estimate = sampled.estimate(method));
        let seconds = started.elapsed().as_secs_f64();
        let estimate = estimate?.ok();
        let interval = estimate.and_then(|estimate| self.interval(estimate, sampled, method, settings));
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
    fn interval(
        &self,
        estimate: Estimate,
        sampled: &Sampled,
        method: &Method,
        settings: &CalibrationSettings,
    ) -> Option<(f64, f64)> {
        if let (Some(lower), Some(upper)) = (estimate.lower, estimate.upper) {
            return Some((lower, upper));
        }
        if let Some(error) = estimate.standard_error {
            return Some((estimate.bits - 1.96 * error, estimate.bits + 1.96 * error));
        }
        let least = settings.rows.iter().min() == Some(&self.rows);
        let (Some((a, b)), Method::Formula(kind), true) = (&sampled.pair, method, least && settings.bootstrap > 0)
        else {
            return None;
        };
        let rng = &mut stream(self.seed, Purpose::Bootstrap);
        let interval = interval_of_pair(kind, a.view(), b.view(), settings.bootstrap, rng).ok()?;
        interval.lower.zip(interval.upper)
    }
}
