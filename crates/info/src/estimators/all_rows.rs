//! Neighbours in many columns: a row compared with all others, column by column.
//!
//! O(n d) for a row, at the rate of the processor's vector units. From about a dozen columns that spread in all directions, a tree
//! prunes too little to keep up.

use pulp::{Simd, WithSimd};

use super::columns::Columns;
use crate::simd::run;

/// The distances of a row to all rows, 0 to itself.
pub fn distances(sample: &Columns, row: usize, out: &mut [f64]) {
    run(FromRow { sample, row, out });
}

/// Raises numbers to others that are greater.
pub fn raise(to: &[f64], out: &mut [f64]) {
    run(Raise { to, out });
}

/// The k-th smallest; infinite if there are fewer.
pub fn kth_smallest(distances: &[f64], k: usize) -> f64 {
    run(Kth { distances, k })
}

/// How many are at most so much.
pub fn at_most(distances: &[f64], radius: f64) -> usize {
    run(AtMost { distances, radius })
}

/// Puts a distance in its place among ascending ones, of which the last is lost.
pub fn insert(nearest: &mut [f64], distance: f64) {
    let mut place = nearest.len() - 1;
    while place > 0 && nearest[place - 1] > distance {
        nearest[place] = nearest[place - 1];
        place -= 1;
    }
    nearest[place] = distance;
}

struct FromRow<'a> {
    sample: &'a Columns,
    row: usize,
    out: &'a mut [f64],
}

impl WithSimd for FromRow<'_> {
    type Output = ();

    // Plain loops of one length: the compiler vectorises them at the level of the dispatch. Four columns a pass read and write the
    // distances a quarter as often.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { sample, row, out } = self;
        let columns: Vec<&[f64]> = sample.iter().collect();
        let fours = columns.chunks_exact(4);
        out.fill(0.0);
        for column in fours.remainder() {
            for (out, &value) in out.iter_mut().zip(*column) {
                *out = larger(*out, (value - column[row]).abs());
            }
        }
        for four in fours {
            let &[a, b, c, d] = four else { continue };
            let [at_a, at_b, at_c, at_d] = [a, b, c, d].map(|column| column[row]);
            for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                let (ab, cd) = (larger((a - at_a).abs(), (b - at_b).abs()), larger((c - at_c).abs(), (d - at_d).abs()));
                *out = larger(*out, larger(ab, cd));
            }
        }
    }
}

/// What the processor has one instruction for, there being no NaN.
#[inline(always)]
pub fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

struct Raise<'a> {
    to: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Raise<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, &to) in self.out.iter_mut().zip(self.to) {
            *out = larger(to, *out);
        }
    }
}

struct Kth<'a> {
    distances: &'a [f64],
    k: usize,
}

impl WithSimd for Kth<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut nearest = vec![f64::INFINITY; self.k];
        let last = self.k - 1;
        for some in self.distances.chunks(32) {
            // Next to none of them is near enough; a count is vectorised.
            if some.iter().filter(|&&distance| distance < nearest[last]).count() == 0 {
                continue;
            }
            for &distance in some {
                if distance < nearest[last] {
                    insert(&mut nearest, distance);
                }
            }
        }
        nearest[last]
    }
}

struct AtMost<'a> {
    distances: &'a [f64],
    radius: f64,
}

impl WithSimd for AtMost<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        self.distances.iter().map(|&distance| usize::from(distance <= self.radius)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let d = [0.0, 3.0, 1.0, 2.0, 2.0];
        assert_eq!([1, 2, 3, 4, 5, 6].map(|k| kth_smallest(&d, k)), [0.0, 1.0, 2.0, 2.0, 3.0, f64::INFINITY]);
        assert_eq!([-1.0, 0.0, 1.9, 2.0].map(|radius| at_most(&d, radius)), [0, 1, 2, 4]);
    }
}
