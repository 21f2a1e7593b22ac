//! Gathers the patterns of a mini-batch: patterns become the columns of a [F × B] matrix.

// What a kernel calls must be inlined into it, or it is compiled without the kernel's instruction set.
#![allow(clippy::inline_always)]

use pulp::{Simd, WithSimd};

use crate::lanes::{self, REGISTER};

/// Writes the features, [F × B], of the given rows of `patterns`, [n × F].
pub fn gather(patterns: &[f32], rows: &[u32], out: &mut [f32]) {
    lanes::run(Gather { patterns, rows, out });
}

struct Gather<'a> {
    patterns: &'a [f32],
    rows: &'a [u32],
    out: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { patterns, rows, out } = self;
        let count = rows.len();
        let features = out.len() / count.max(1);
        let pattern = |row: u32| &patterns[row as usize * features..][..features];
        // A square of patterns by features at a time. The last of a pattern's squares overlaps the one before where features
        // are no multiple of its side.
        let squares = if features < REGISTER { &[] } else { rows.as_chunks::<REGISTER>().0 };
        for (at, rows) in squares.iter().enumerate() {
            let mut p: [&[f32]; REGISTER] = [&[]; REGISTER];
            for (p, &row) in p.iter_mut().zip(rows) {
                *p = pattern(row);
            }
            for first in (0..features).step_by(REGISTER) {
                let first = first.min(features - REGISTER);
                let mut square = [[0.0; REGISTER]; REGISTER];
                for k in 0..REGISTER {
                    square[k].copy_from_slice(&p[k][first..first + REGISTER]);
                }
                for (feature, together) in lanes::transpose(square).iter().enumerate() {
                    let start = (first + feature) * count + at * REGISTER;
                    out[start..start + REGISTER].copy_from_slice(together);
                }
            }
        }
        for k in squares.len() * REGISTER..count {
            for (feature, &value) in pattern(rows[k]).iter().enumerate() {
                out[feature * count + k] = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pattern_becomes_its_column() {
        for features in [1, 3, 8, 12, 19] {
            let patterns: Vec<f32> = (0..20 * features).map(|v| v as f32).collect();
            for rows in [&[4_u32, 0, 19, 7, 7, 3, 2, 11, 1, 18][..], &[5], &[6; 8], &[]] {
                let mut out = vec![-1.0; features * rows.len()];
                super::gather(&patterns, rows, &mut out);
                for (k, &row) in rows.iter().enumerate() {
                    for feature in 0..features {
                        assert_eq!(out[feature * rows.len() + k], patterns[row as usize * features + feature]);
                    }
                }
            }
        }
    }
}
