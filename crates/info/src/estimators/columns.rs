//! Samples, column by column, on the scale that neighbours are measured in.
//!
//! The maximum norm compares columns with one another, so they are put on one scale first ([`spread`]): information does not depend
//! on units, and neighbours must not. Distances that differ by less than the last digits of the numbers are equal.

use ndarray::ArrayView2;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::description::{precision, spread};

/// A sample, one dimension after the other.
#[derive(Debug, Clone)]
pub struct Columns {
    values: Vec<f64>,
    rows: usize,
    tolerance: f64,
    /// What each row is, if this is the one column of that.
    classes: Option<Vec<usize>>,
}

impl Columns {
    /// Of rows [n × d], as they are.
    pub fn new(sample: ArrayView2<f64>) -> Self {
        Self { values: sample.t().iter().copied().collect(), rows: sample.nrows(), tolerance: 0.0, classes: None }
    }

    /// Of rows [n × d], each column in units of its spread about its middle.
    pub fn standardised(sample: ArrayView2<f64>) -> Self {
        let columns: Vec<_> = sample.columns().into_iter().collect();
        let of_each: Vec<(Vec<f64>, f64)> = columns
            .into_par_iter()
            .map(|column| {
                let mut sorted = column.to_vec();
                sorted.sort_unstable_by(f64::total_cmp);
                let (middle, unit) =
                    (sorted[sorted.len() / 2], Some(spread(&sorted)).filter(|&s| s > 0.0).unwrap_or(1.0));
                // Half a last digit of either number of a difference, as long as that is less than any difference there is.
                let greatest = sorted[0].abs().max(sorted[sorted.len() - 1].abs());
                let least = sorted
                    .windows(2)
                    .map(|pair| pair[1] - pair[0])
                    .filter(|&gap| gap > 0.0)
                    .fold(f64::INFINITY, f64::min);
                let digit = (2.0 * precision(sorted.iter()) * greatest).min(least / 4.0);
                (column.iter().map(|value| (value - middle) / unit).collect(), digit / unit + 4.0 * f64::EPSILON)
            })
            .collect();
        let tolerance = of_each.iter().map(|(_, tolerance)| *tolerance).fold(0.0, f64::max);
        let values = of_each.into_iter().flat_map(|(values, _)| values).collect();
        Self { values, rows: sample.nrows(), tolerance, classes: None }
    }

    /// Of class numbers: different classes lie farther apart than anything else.
    pub fn of_classes(classes: &[usize]) -> Self {
        let values = classes.iter().map(|&class| 1e250 * class as f64).collect();
        Self { values, rows: classes.len(), tolerance: 0.0, classes: Some(classes.to_vec()) }
    }

    /// With Gaussian noise of this standard deviation, drawn in the given order of rows.
    #[must_use]
    pub fn with_noise(&self, sigma: f64, order: &[usize], seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut noisy = self.clone();
        for column in noisy.values.chunks_exact_mut(self.rows) {
            for &row in order {
                let noise: f64 = StandardNormal.sample(&mut rng);
                column[row] += sigma * noise;
            }
        }
        Self { tolerance: 0.0, classes: None, ..noisy }
    }

    /// These columns and those of another sample of the same rows.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let values = self.values.iter().chain(&other.values).copied().collect();
        Self { values, rows: self.rows, tolerance: self.tolerance.max(other.tolerance), classes: None }
    }

    /// Samples of the same rows in one, without columns that equal another: those change no greatest difference.
    pub fn together(samples: &[&Self]) -> Self {
        let mut different: Vec<&[f64]> = Vec::new();
        for column in samples.iter().flat_map(|sample| sample.iter()) {
            if !different.contains(&column) {
                different.push(column);
            }
        }
        let tolerance = samples.iter().map(|sample| sample.tolerance).fold(0.0, f64::max);
        Self { values: different.concat(), rows: samples[0].rows, tolerance, classes: None }
    }

    /// The column, if there is one only.
    pub fn only(&self) -> Option<&[f64]> {
        (self.values.len() == self.rows).then_some(&self.values)
    }

    /// The classes that this is the column of.
    pub fn classes(&self) -> Option<&[usize]> {
        self.classes.as_deref()
    }

    /// Distances that differ by less are equal.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The columns.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.rows)
    }

    /// A row, column by column.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        self.iter().map(move |column| column[row])
    }

    /// The distance of two rows in the maximum norm.
    pub fn distance(&self, i: usize, j: usize) -> f64 {
        self.iter().map(|column| (column[i] - column[j]).abs()).fold(0.0, f64::max)
    }
}
