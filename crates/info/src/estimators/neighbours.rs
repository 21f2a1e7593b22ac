//! Nearest neighbours in the maximum norm, by brute force over columns: what the k-nearest-neighbour estimators share.
//!
//! O(n²d) time, O(n) memory a thread. For the dozen dimensions of a layer, trees are slower than this.
//!
//! The maximum norm compares columns with one another, so they are put on one scale first ([`spread`]): information does not depend
//! on units, and neighbours must not. Distances that differ by less than the last digits of the numbers are equal.

use ndarray::ArrayView2;
use pulp::{Simd, WithSimd};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::description::{precision, spread};
use crate::simd::run;

/// A sample, one dimension after the other.
#[derive(Debug, Clone)]
pub struct Columns {
    values: Vec<f64>,
    rows: usize,
    tolerance: f64,
}

impl Columns {
    /// Of rows [n × d], as they are.
    pub fn new(sample: ArrayView2<f64>) -> Self {
        Self { values: sample.t().iter().copied().collect(), rows: sample.nrows(), tolerance: 0.0 }
    }

    /// Of rows [n × d], each column in units of its spread about its middle.
    pub fn standardised(sample: ArrayView2<f64>) -> Self {
        let columns: Vec<_> = sample.columns().into_iter().collect();
        let of_each: Vec<(Vec<f64>, f64)> = columns
            .into_par_iter()
            .map(|column| {
                let mut sorted = column.to_vec();
                sorted.sort_by(f64::total_cmp);
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
        Self { values: of_each.into_iter().flat_map(|(values, _)| values).collect(), rows: sample.nrows(), tolerance }
    }

    /// Of class numbers: different classes lie farther apart than anything else.
    pub fn of_classes(classes: &[usize]) -> Self {
        let values = classes.iter().map(|&class| 1e250 * class as f64).collect();
        Self { values, rows: classes.len(), tolerance: 0.0 }
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
        noisy.tolerance = 0.0;
        noisy
    }

    /// These columns and those of another sample of the same rows.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let values = self.values.iter().chain(&other.values).copied().collect();
        Self { values, rows: self.rows, tolerance: self.tolerance.max(other.tolerance) }
    }

    /// Distances that differ by less are equal.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// A row, column by column.
    pub fn row(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().skip(row).step_by(self.rows).copied()
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// Distances of one row to all rows (0 to itself) in two spaces and in both together.
#[derive(Debug)]
pub struct Distances {
    /// In the first space.
    pub a: Vec<f64>,
    /// In the second.
    pub b: Vec<f64>,
    /// max(a, b).
    pub joint: Vec<f64>,
}

/// Calls `of_row` with the distances of each row, in parallel; the results are in row order.
pub fn for_each_row<T: Send>(a: &Columns, b: &Columns, of_row: impl Fn(usize, &Distances) -> T + Sync) -> Vec<T> {
    let n = a.rows;
    let empty = || Distances { a: vec![0.0; n], b: vec![0.0; n], joint: vec![0.0; n] };
    (0..n)
        .into_par_iter()
        .map_init(empty, |distances, row| {
            run(FromRow { columns: a, row, out: &mut distances.a });
            run(FromRow { columns: b, row, out: &mut distances.b });
            run(Greater { a: &distances.a, b: &distances.b, out: &mut distances.joint });
            of_row(row, distances)
        })
        .collect()
}

/// The k-th smallest of the distances, leaving out the row itself.
pub fn kth_nearest(distances: &[f64], row: usize, k: usize) -> f64 {
    let mut nearest = vec![f64::INFINITY; k];
    for (other, &distance) in distances.iter().enumerate() {
        if distance < nearest[k - 1] && other != row {
            let place = nearest.partition_point(|&d| d <= distance);
            nearest.copy_within(place..k - 1, place + 1);
            nearest[place] = distance;
        }
    }
    nearest[k - 1]
}

/// How many rows lie at most so far, the row itself included.
pub fn at_most(distances: &[f64], radius: f64) -> usize {
    distances.iter().filter(|&&d| d <= radius).count()
}

/// How many other rows lie strictly nearer than a distance.
pub fn nearer(distances: &[f64], than: f64) -> usize {
    // The row itself, at distance 0, is counted wherever anything can be.
    distances.iter().filter(|&&d| d < than).count().saturating_sub(1)
}

/// How many other rows lie at most so far.
pub fn within(distances: &[f64], radius: f64) -> usize {
    distances.iter().filter(|&&d| d <= radius).count().saturating_sub(1)
}

struct FromRow<'a> {
    columns: &'a Columns,
    row: usize,
    out: &'a mut [f64],
}

impl WithSimd for FromRow<'_> {
    type Output = ();

    // Plain loops of one length: the compiler vectorises them at the level of the dispatch.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.out.fill(0.0);
        for column in self.columns.values.chunks_exact(self.columns.rows) {
            let center = column[self.row];
            for (out, &value) in self.out.iter_mut().zip(column) {
                let distance = (value - center).abs();
                *out = if distance > *out { distance } else { *out };
            }
        }
    }
}

struct Greater<'a> {
    a: &'a [f64],
    b: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Greater<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((out, &a), &b) in self.out.iter_mut().zip(self.a).zip(self.b) {
            *out = if a > b { a } else { b };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let d = [0.0, 3.0, 1.0, 2.0, 2.0];
        assert_eq!([1, 2, 3, 4].map(|k| kth_nearest(&d, 0, k)), [1.0, 2.0, 2.0, 3.0]);
        assert_eq!((nearer(&d, 2.0), within(&d, 2.0), nearer(&d, 0.0)), (1, 3, 0));
    }
}
