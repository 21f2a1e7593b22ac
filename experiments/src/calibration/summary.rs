//! What came out of a calibration: the rows of `summary.csv`, and whether they speak for an estimator.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::run::CalibrationRow;
use crate::rows::table;

/// Bits an estimate may be off and be trusted, or this share of the truth if that is more.
pub const TOLERANCE: f64 = 0.1;

/// An estimator on a problem at one number of rows: `summary.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Family of problems.
    pub family: String,
    /// Kind of data.
    pub kind: Kind,
    /// Problem.
    pub problem: String,
    /// Whether it stands for its family.
    pub representative: bool,
    /// Columns of both sides.
    pub columns: usize,
    /// Classes of the labels; 0 of pairs.
    #[serde(default)]
    pub classes: usize,
    /// Rows drawn.
    pub rows: usize,
    /// Estimator.
    pub estimator: String,
    /// What is to be found.
    pub truth_bits: f64,
    /// Draws.
    pub draws: usize,
    /// Draws in which the estimator refused.
    pub refused: usize,
    /// Mean of the estimates.
    pub mean_bits: Option<f64>,
    /// Mean minus truth.
    pub bias_bits: Option<f64>,
    /// Standard deviation of the estimates over draws (of a neural bound: and over its own seeds).
    pub sd_bits: Option<f64>,
    /// Root of the mean square of estimate minus truth.
    pub error_bits: Option<f64>,
    /// Share of the intervals stated that hold the truth.
    pub coverage: Option<f64>,
    /// Share of them that hold the mean of the estimates: all that an interval over samples promises.
    pub coverage_of_mean: Option<f64>,
    /// Mean seconds of an estimate on one thread.
    pub seconds: f64,
    /// Most bytes an estimate held at once beyond the data.
    pub peak_bytes: Option<u64>,
}

table!(SummaryRow = "summary.csv");

impl SummaryRow {
    /// Whether it is about a layer over all of X.
    pub fn is_layer(&self) -> bool {
        self.kind == Kind::Layer
    }

    /// Whether the error is within [`TOLERANCE`] and nothing was refused.
    pub fn is_trusted(&self) -> bool {
        self.refused == 0 && self.error_bits.is_some_and(|error| error <= self.tolerance())
    }

    /// Bits an estimate may be off: none where the truth is infinite.
    pub fn tolerance(&self) -> f64 {
        if self.truth_bits.is_finite() { TOLERANCE.max(TOLERANCE * self.truth_bits) } else { 0.0 }
    }
}

/// Rows at the greatest number of rows that all problems were drawn with, and those of layers over all of X.
pub fn at_common_rows(summary: &[SummaryRow]) -> impl Iterator<Item = &SummaryRow> {
    let common = summary.iter().filter(|row| !row.representative && !row.is_layer()).map(|row| row.rows).max();
    let common = common.or_else(|| summary.iter().filter(|row| !row.is_layer()).map(|row| row.rows).max());
    summary.iter().filter(move |row| row.is_layer() || Some(row.rows) == common)
}

/// Mean, bias, spread and coverage over seeds, in the order of first appearance.
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

/// To a millionth: what lies beyond says nothing and makes files long.
fn short(value: f64) -> f64 {
    if value.is_finite() { (value * 1e6).round() / 1e6 + 0.0 } else { value }
}

fn summary(group: &[&CalibrationRow]) -> SummaryRow {
    let first = group[0];
    let bits: Vec<f64> = group.iter().filter_map(|row| row.estimate_bits).collect();
    let n = bits.len() as f64;
    let mean_of =
        |of: &dyn Fn(f64) -> f64| (!bits.is_empty()).then(|| bits.iter().map(|&bits| of(bits)).sum::<f64>() / n);
    // An infinite answer to an infinite truth is right.
    let off = |bits: f64| if bits == first.truth_bits { 0.0 } else { bits - first.truth_bits };
    let mean = mean_of(&|bits| bits);
    let spread = |mean: f64| (bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let covers = |bits: f64| {
        let intervals = group.iter().filter_map(|row| row.lower_bits.zip(row.upper_bits));
        let hits: Vec<f64> =
            intervals.map(|(lower, upper)| f64::from(u8::from((lower..=upper).contains(&bits)))).collect();
        (!hits.is_empty()).then(|| hits.iter().sum::<f64>() / hits.len() as f64)
    };
    SummaryRow {
        family: first.family.clone(),
        kind: first.kind,
        problem: first.problem.clone(),
        representative: first.representative,
        columns: first.columns,
        classes: first.classes,
        rows: first.rows,
        estimator: first.estimator.clone(),
        truth_bits: short(first.truth_bits),
        draws: group.len(),
        refused: group.len() - bits.len(),
        mean_bits: mean.map(short),
        bias_bits: mean.map(off).map(short),
        sd_bits: mean.filter(|mean| mean.is_finite() && bits.len() > 1).map(spread).map(short),
        error_bits: mean_of(&|bits| off(bits).powi(2)).map(f64::sqrt).map(short),
        coverage: covers(first.truth_bits).map(short),
        coverage_of_mean: mean.and_then(covers).map(short),
        seconds: short(group.iter().map(|row| row.seconds).sum::<f64>() / group.len() as f64),
        peak_bytes: group.iter().filter_map(|row| row.peak_bytes).max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: u64, truth_bits: f64, estimate_bits: Option<f64>) -> CalibrationRow {
        CalibrationRow {
            family: "f".to_owned(),
            kind: Kind::Continuous,
            problem: "p".to_owned(),
            representative: false,
            columns: 2,
            classes: 0,
            rows: 10,
            seed,
            estimator: "e".to_owned(),
            truth_bits,
            estimate_bits,
            lower_bits: estimate_bits.map(|bits| bits - 0.15),
            upper_bits: estimate_bits.map(|bits| bits + 0.15),
            seconds: 0.5,
            peak_bytes: Some(seed),
        }
    }

    #[test]
    fn errors_spread_coverage_and_trust_by_hand() {
        let summary = &summarise(&[row(1, 1.0, Some(1.1)), row(2, 1.0, Some(1.3))])[0];
        assert_eq!((summary.mean_bits, summary.bias_bits), (Some(1.2), Some(0.2)));
        assert_eq!(summary.sd_bits, Some(0.141421));
        assert_eq!(summary.error_bits, Some(0.223607));
        assert_eq!((summary.coverage, summary.coverage_of_mean), (Some(0.5), Some(1.0)));
        assert_eq!((summary.seconds, summary.peak_bytes), (0.5, Some(2)));
        assert!(!summary.is_trusted());
        assert!(summarise(&[row(1, 4.0, Some(4.3))])[0].is_trusted());
        assert!(!summarise(&[row(1, 4.0, Some(4.3)), row(2, 4.0, None)])[0].is_trusted());
    }

    #[test]
    fn only_an_infinite_answer_is_right_about_an_infinite_truth() {
        assert!(summarise(&[row(1, f64::INFINITY, Some(f64::INFINITY))])[0].is_trusted());
        assert!(!summarise(&[row(1, f64::INFINITY, Some(9.0))])[0].is_trusted());
        assert!(!summarise(&[row(1, 1.0, Some(f64::INFINITY))])[0].is_trusted());
    }
}
