//! Refines a partition one discrete feature at a time, by exact mixed-radix codes: no two different rows ever collide.
//!
//! Features and codes are whole numbers in f64, exact below 2⁵³, where four of them fit in a register: a layer of the paper is
//! binned thousands of times in a run. Codes that would grow beyond are numbered afresh.

use pulp::{Simd, WithSimd};

use crate::partition::Partition;
use crate::simd::run;

/// Whole numbers up to here are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Up to so many codes for each row, cells are looked up in a table instead of hashed.
const TABLE: f64 = 8.0;

/// A partition in the making.
///
/// # Example
/// ```
/// use infoplane_info::refinement::Refinement;
///
/// let mut refinement = Refinement::new(4);
/// refinement.split_by(&[0.0, 0.0, 1.0, 1.0]);
/// refinement.split_by(&[5.0, 6.0, 6.0, 6.0]);
/// assert_eq!(refinement.finish().cell(), [0, 1, 2, 2]);
/// ```
#[derive(Debug, Clone)]
pub struct Refinement {
    code: Vec<f64>,
    radix: f64,
}

impl Refinement {
    /// The trivial partition of n rows: one cell.
    pub fn new(n: usize) -> Self {
        Self { code: vec![0.0; n], radix: 1.0 }
    }

    /// Splits every cell by the values of one more feature, shape \[n]: whole numbers of any size, as f64.
    pub fn split_by(&mut self, feature: &[f64]) {
        let (low, high) = run(Ends { values: feature });
        // The difference of two whole numbers is exact as long as it is below 2⁵³, however large they are.
        let (span, radix) = (high - low + 1.0, self.radix * (high - low + 1.0));
        if span <= EXACT && radix <= EXACT {
            run(Split { code: &mut self.code, feature, low, span });
            self.radix = radix;
        } else {
            let (code, cells) = number_in_order(&bits(&self.code));
            let (value, values) = number_in_order(&bits(feature));
            let both = code.iter().zip(&value).map(|(&c, &v)| f64::from(c) * values as f64 + f64::from(v));
            self.code = both.collect();
            self.radix = (cells * values) as f64;
        }
    }

    /// The partition reached.
    pub fn finish(self) -> Partition {
        if self.radix <= TABLE * self.code.len() as f64 {
            let mut table = vec![u32::MAX; self.radix as usize];
            let mut cells = 0;
            let cell = self.code.iter().map(|&code| {
                let cell = &mut table[code as usize];
                if *cell == u32::MAX {
                    *cell = cells;
                    cells += 1;
                }
                *cell
            });
            let cell: Vec<u32> = cell.collect();
            return Partition::numbered((cell, cells as usize));
        }
        Partition::numbered(number_in_order(&bits(&self.code)))
    }
}

/// Equal numbers have equal bits; 0 and −0 are equal.
fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| (value + 0.0).to_bits()).collect()
}

/// The least and the greatest of some values; infinities of none.
struct Ends<'a> {
    values: &'a [f64],
}

impl WithSimd for Ends<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, f64) {
        let (whole, rest) = S::as_simd_f64s(self.values);
        let (mut low, mut high) = (simd.splat_f64s(f64::INFINITY), simd.splat_f64s(f64::NEG_INFINITY));
        for &values in whole {
            low = simd.min_f64s(low, values);
            high = simd.max_f64s(high, values);
        }
        rest.iter().fold((simd.reduce_min_f64s(low), simd.reduce_max_f64s(high)), |(low, high), &value| {
            (low.min(value), high.max(value))
        })
    }
}

/// code ← code · span + (feature − low).
struct Split<'a> {
    code: &'a mut [f64],
    feature: &'a [f64],
    low: f64,
    span: f64,
}

impl WithSimd for Split<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (code, value) in self.code.iter_mut().zip(self.feature) {
            *code = *code * self.span + (value - self.low);
        }
    }
}

/// Numbers equal labels alike, in order of first appearance; returns the numbers and how many there are.
pub(crate) fn number_in_order(labels: &[u64]) -> (Vec<u32>, usize) {
    const EMPTY: u32 = u32::MAX;
    // Open addressing with Fibonacci hashing: at most half full, and full keys are compared.
    let bits = (labels.len().max(1) * 2).next_power_of_two().trailing_zeros();
    let mask = (1_usize << bits) - 1;
    let mut slots = vec![EMPTY; 1 << bits];
    let mut distinct: Vec<u64> = Vec::with_capacity(labels.len());
    let numbers = labels
        .iter()
        .map(|&label| {
            let mut slot = (label.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - bits)) as usize;
            loop {
                match slots[slot] {
                    EMPTY => {
                        slots[slot] = distinct.len() as u32;
                        distinct.push(label);
                        return slots[slot];
                    }
                    number if distinct[number as usize] == label => return number,
                    _ => slot = (slot + 1) & mask,
                }
            }
        })
        .collect();
    (numbers, distinct.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_that_differ_are_never_merged(rows in prop::collection::vec(prop::collection::vec(prop_oneof![
            (-3_i32..3).prop_map(f64::from),
            (-1e18_f64..1e18).prop_map(f64::round),
            Just(9e15),
        ], 5), 1..60)) {
            let mut refinement = Refinement::new(rows.len());
            for feature in 0..5 {
                refinement.split_by(&rows.iter().map(|row| row[feature]).collect::<Vec<_>>());
            }
            let cell = refinement.finish();
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    prop_assert_eq!(a == b, cell.cell()[i] == cell.cell()[j]);
                }
            }
        }
    }
}
