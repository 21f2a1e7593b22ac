//! Nearest neighbours in the maximum norm, by brute force over columns: what the k-nearest-neighbour estimators share.
//!
//! O(n²d) time, O(n) memory a thread. For the dozen dimensions of a layer, trees are slower than this.

use ndarray::ArrayView2;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::simd::run;

/// A sample, one dimension after the other.
#[derive(Debug, Clone)]
pub struct Columns {
    values: Vec<f64>,
    rows: usize,
}

impl Columns {
    /// Of rows [n × d].
    pub fn new(sample: ArrayView2<f64>) -> Self {
        Self { values: sample.t().iter().copied().collect(), rows: sample.nrows() }
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
