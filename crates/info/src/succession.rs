//! Rows that follow one another: frames of a video, the steps of a walk, a recording in windows.
//!
//! To an estimator every row is a draw of its own, and its neighbours are other draws. Where a row lies near the one before it, its
//! neighbours are its own past, and there are fewer draws than rows: every interval and p-value is wrong. It shows in the mean squared
//! difference of ranks between rows of the file that lie h apart: of rows that were drawn one by one it is the same for every h, of rows
//! that follow one another it grows with h.
//!
//! A file sorted by class is no such file, so rows are compared within their class. Nor is one sorted into parts: within a part the
//! difference does not grow. Nor is one sorted by a column, which is what remains of draws when they are put in order.

use ndarray::{ArrayView1, ArrayView2};
use rayon::prelude::*;

use crate::statistics::ranks;

/// How far apart rows are compared with those one apart.
const FAR: usize = 8;
/// Share of the difference that is missing one apart: a correlation about as great.
const LEAST: f64 = 0.3;
/// A mean squared difference of so many pairs of ranks is known to 1.2/√pairs of itself, of two of them a share; so many times that
/// is no chance.
const BEYOND_CHANCE: f64 = 8.0;
/// Pairs of rows from which on something can be said.
const LEAST_PAIRS: usize = 60;
/// Columns that are looked at.
const MOST_COLUMNS: usize = 64;
/// Further apart rows say nothing new from where the difference grows by less than this in a doubling.
const FLAT: f64 = 1.1;

/// How many rows apart rows say something new, where those of [n × d] follow one another, within their class if there are `classes`; none
/// where they do not.
pub fn rows_apart(rows: ArrayView2<f64>, classes: Option<&[usize]>) -> Option<usize> {
    let (n, d) = rows.dim();
    let stretches = stretches(n, classes);
    let step = d.div_ceil(MOST_COLUMNS).max(1);
    let columns: Vec<usize> = (0..d).step_by(step).collect();
    let ranks: Option<Vec<Vec<f64>>> = columns
        .into_par_iter()
        .map(|column| {
            let column = rows.column(column);
            // Sorted by this column, in each class: an order, not a past.
            let is_sorted = stretches.iter().all(|rows| is_monotone(column, rows)) && varies(column);
            (!is_sorted).then(|| ranks(&column.to_vec()))
        })
        .collect();
    let ranks = ranks?;
    let difference = |apart: usize| {
        let of_pairs = |ranks: &Vec<f64>| {
            stretches
                .iter()
                .flat_map(|rows| rows.iter().zip(rows.iter().skip(apart)))
                .map(|(&one, &other)| (ranks[one] - ranks[other]).powi(2))
                .sum::<f64>()
        };
        let pairs: usize = stretches.iter().map(|rows| rows.len().saturating_sub(apart)).sum();
        (ranks.iter().map(of_pairs).sum::<f64>() / pairs.max(1) as f64, pairs)
    };
    let ((near, _), (far, pairs)) = (difference(1), difference(FAR));
    if pairs < LEAST_PAIRS || far <= 0.0 {
        return None;
    }
    let missing = 1.0 - near / far;
    if missing < LEAST.max(BEYOND_CHANCE / (pairs as f64).sqrt()) {
        return None;
    }
    let mut apart = 2;
    while difference(2 * apart).1 >= LEAST_PAIRS && difference(2 * apart).0 > FLAT * difference(apart).0 {
        apart *= 2;
    }
    Some(apart)
}

/// The rows of each class in their order, or all.
fn stretches(n: usize, classes: Option<&[usize]>) -> Vec<Vec<usize>> {
    let Some(classes) = classes else { return vec![(0..n).collect()] };
    let mut of_class = vec![Vec::new(); classes.iter().max().map_or(0, |most| most + 1)];
    classes.iter().enumerate().for_each(|(row, &class)| of_class[class].push(row));
    of_class
}

fn is_monotone(column: ArrayView1<f64>, rows: &[usize]) -> bool {
    let steps = || rows.windows(2).map(|pair| column[pair[1]] - column[pair[0]]);
    steps().all(|step| step >= 0.0) || steps().all(|step| step <= 0.0)
}

fn varies(column: ArrayView1<f64>) -> bool {
    column.iter().any(|&value| value != column[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, Axis, concatenate};
    use rand::rngs::ChaCha8Rng;
    use rand::seq::SliceRandom;
    use rand::{RngExt, SeedableRng};
    use rand_distr::{Distribution, StandardNormal};

    /// Rows of which each is so much of the one before, and noise.
    fn following(n: usize, columns: usize, share: f64, rng: &mut ChaCha8Rng) -> Array2<f64> {
        let mut rows = Array2::<f64>::zeros((n, columns));
        let mut now = vec![0.0; columns];
        for mut row in rows.outer_iter_mut() {
            for (value, now) in row.iter_mut().zip(&mut now) {
                let noise: f64 = StandardNormal.sample(rng);
                *now = share * *now + (1.0 - share * share).max(0.01).sqrt() * noise;
                *value = *now;
            }
        }
        rows
    }

    #[test]
    fn rows_that_follow_one_another_are_seen_and_in_no_order_are_not() {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        for columns in [1, 3, 100] {
            for (share, most) in [(0.8, 32), (0.98, 400), (1.0, 2000)] {
                let rows = following(2000, columns, share, rng);
                let apart = rows_apart(rows.view(), None).unwrap();
                assert!(apart <= most, "{apart} of {share}");
                let mut order: Vec<usize> = (0..2000).collect();
                order.shuffle(rng);
                assert_eq!(rows_apart(rows.select(Axis(0), &order).view(), None), None);
                let classes: Vec<usize> = (0..2000).map(|_| rng.random_range(0..3)).collect();
                assert!(rows_apart(rows.view(), Some(&classes)).is_some() || share < 0.9);
            }
        }
    }

    #[test]
    fn files_that_are_sorted_are_not_taken_for_it() {
        let rng = &mut ChaCha8Rng::seed_from_u64(2);
        for n in [100, 500, 3000] {
            // By class, and by parts of classes that lie apart.
            let parts: Vec<Array2<f64>> =
                (0..5).map(|part| following(n / 5, 4, 0.0, rng) + 5.0 * f64::from(part)).collect();
            let views: Vec<ArrayView2<f64>> = parts.iter().map(|part| part.view()).collect();
            let sorted = concatenate(Axis(0), &views).unwrap();
            let classes: Vec<usize> = (0..n).map(|row| 5 * row / n).collect();
            assert_eq!(rows_apart(sorted.view(), Some(&classes)), None, "{n}");
            let coarse: Vec<usize> = classes.iter().map(|class| class / 3).collect();
            if n > 100 {
                assert_eq!(rows_apart(sorted.view(), Some(&coarse)), None, "{n}");
            }
            // By a column.
            let rows = following(n, 3, 0.0, rng);
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&i, &j| rows[[i, 1]].total_cmp(&rows[[j, 1]]));
            assert_eq!(rows_apart(rows.select(Axis(0), &order).view(), None), None, "{n}");
            assert_eq!(rows_apart(rows.view(), None), None, "{n}");
            assert_eq!(rows_apart(Array2::ones((n, 2)).view(), None), None);
        }
    }
}
