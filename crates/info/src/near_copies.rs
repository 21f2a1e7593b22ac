//! Rows that look like jittered copies of one another: augmented images, snapshots taken twice, repeated measurements.
//!
//! To an estimator every row is a draw of its own. Where rows come in groups that share label and, nearly, activations, the nearest
//! neighbours of a row are its own copies, a probe is judged on copies of what it learnt, and shuffled labels break what holds by
//! construction. Such groups show as a step in the distances to the nearest neighbours: with r_k that to the k-th, rows that lie
//! evenly in d dimensions have E ln(r_{k+1}/r_k) = 1/(k d), whatever their density.

use ndarray::ArrayView2;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use crate::description::spread;
use crate::simd::run;

/// Distances that are computed, about, in numbers.
const WORK: usize = 400_000_000;
/// Rows that are looked at: at least, at most.
const LOOKED_AT: (usize, usize) = (32, 256);
/// Copies of a row that are noticed.
const MOST_COPIES: usize = 31;
/// A step of so many times the expected one, and of this factor, is none by chance.
const STEP: (f64, f64) = (4.0, 1.3);
/// Of the neighbours before the step, so many have the same label.
const ALIKE: f64 = 0.95;

/// The number of rows that a group of near copies has, if rows of continuous values [n × d] come in such groups: each with the label of
/// its neighbours, if there are `labels`.
pub fn near_copies(rows: ArrayView2<f64>, labels: Option<&[usize]>) -> Option<usize> {
    let (n, d) = rows.dim();
    let needed = 2 * MOST_COPIES + 2;
    if n < 2 * needed || d == 0 {
        return None;
    }
    let columns = scaled(rows);
    let looked_at = (WORK / (n * d)).clamp(LOOKED_AT.0, LOOKED_AT.1).min(n);
    let nearest: Vec<(usize, Vec<(f64, usize)>)> = (0..looked_at)
        .into_par_iter()
        .map(|at| at * n / looked_at)
        .map(|row| (row, nearest(&columns, row, needed)))
        .filter(|(_, others)| others.len() == needed)
        .collect();
    if nearest.len() < LOOKED_AT.0.min(looked_at) {
        return None;
    }
    // ln(r_b/r_a), counted from 1.
    let median_step = |a: usize, b: usize| {
        let mut steps: Vec<f64> = nearest.iter().map(|(_, near)| 0.5 * (near[b - 1].0 / near[a - 1].0).ln()).collect();
        steps.sort_by(f64::total_cmp);
        steps[steps.len() / 2]
    };
    let step_after = |k: usize| {
        let expected = median_step(k + 1, 2 * k + 2) / (std::f64::consts::LN_2 * k as f64);
        let step = median_step(k, k + 1);
        (step > STEP.0 * expected && step > STEP.1.ln()).then_some((step, k))
    };
    let (_, copies) = (1..=MOST_COPIES).filter_map(step_after).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let are_alike = labels.is_none_or(|labels| {
        let pairs = nearest
            .iter()
            .flat_map(|(row, near)| near[..copies].iter().map(move |&(_, other)| labels[*row] == labels[other]));
        let alike: Vec<bool> = pairs.collect();
        alike.iter().filter(|&&alike| alike).count() as f64 >= ALIKE * alike.len() as f64
    });
    are_alike.then_some(copies + 1)
}

/// The squares of the distances to so many nearest other rows, ascending, and which those are; copies of the row are left out.
fn nearest(columns: &[Vec<f32>], row: usize, count: usize) -> Vec<(f64, usize)> {
    let n = columns[0].len();
    let ascending = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    let mut near = Vec::with_capacity(2 * count);
    let (mut enough, mut squares) = (f64::INFINITY, [0.0; TILE]);
    for first in (0..n).step_by(TILE) {
        let squares = &mut squares[..TILE.min(n - first)];
        run(Squares { columns, row, first, out: squares });
        for (place, &square) in squares.iter().enumerate() {
            // Itself, and exact copies, which others look for, are at 0.
            if square > 0.0 && square < enough {
                near.push((square, first + place));
                if near.len() == 2 * count {
                    near.select_nth_unstable_by(count - 1, ascending);
                    near.truncate(count);
                    enough = near[count - 1].0;
                }
            }
        }
    }
    near.sort_unstable_by(ascending);
    near.truncate(count);
    near
}

/// Rows whose distances are computed at a time.
const TILE: usize = 1024;

/// The squares of a row's distances to some rows from a first one on.
struct Squares<'a> {
    columns: &'a [Vec<f32>],
    row: usize,
    first: usize,
    out: &'a mut [f64],
}

impl WithSimd for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.out.fill(0.0);
        for column in self.columns {
            let here = column[self.row];
            for (out, there) in self.out.iter_mut().zip(&column[self.first..]) {
                let gap = here - there;
                *out += f64::from(gap * gap);
            }
        }
    }
}

/// Columns in units of their spread.
fn scaled(rows: ArrayView2<f64>) -> Vec<Vec<f32>> {
    let columns: Vec<_> = rows.columns().into_iter().collect();
    columns
        .into_par_iter()
        .map(|column| {
            let mut sorted = column.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            let (middle, unit) = (sorted[sorted.len() / 2], spread(&sorted));
            column.iter().map(|value| if unit > 0.0 { ((value - middle) / unit) as f32 } else { 0.0 }).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn jittered_copies_are_seen_and_rows_that_lie_close_are_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for columns in [1, 2, 10, 100] {
            let once = Array2::from_shape_simple_fn((500, columns), || -> f64 { StandardNormal.sample(&mut rng) });
            assert_eq!(near_copies(once.view(), None), None, "{columns} columns");
            assert_eq!(near_copies(once.mapv(|v| (3.0 * v).tanh()).view(), None), None, "{columns} columns, saturated");
            assert_eq!(near_copies(once.mapv(f64::exp).view(), None), None, "{columns} columns, heavy tails");
            let jittered = Array2::from_shape_fn((2000, columns), |(row, column)| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                once[[row % 500, column]] + 1e-5 * noise
            });
            assert_eq!(near_copies(jittered.view(), None), Some(4), "{columns} columns");
            let labels: Vec<usize> = (0..2000).map(|row| row % 500 % 3).collect();
            assert_eq!(near_copies(jittered.view(), Some(&labels)), Some(4));
            let others: Vec<usize> = (0..2000).map(|_| rng.random_range(0..3)).collect();
            assert_eq!(near_copies(jittered.view(), Some(&others)), None);
        }
        // A fine path, and two tight clusters.
        let path = Array2::from_shape_fn((1000, 3), |(row, column)| ((row as f64 / 100.0) + column as f64).sin());
        assert_eq!(near_copies(path.view(), None), None);
        let clusters = Array2::from_shape_fn((1000, 5), |(row, _)| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            (row % 2) as f64 + 1e-3 * noise
        });
        assert_eq!(near_copies(clusters.view(), None), None);
    }
}
