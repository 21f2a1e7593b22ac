//! What data look like, before anything is estimated from them: repeats, lattices, zeros, scales.
//!
//! Estimators of continuous variables take it for granted that no two values are equal. Activations that were rounded, quantised,
//! counted or cut off at 0 are not like that, and information estimated as if they were can be any number. A column is
//! - *constant*, if it has one value;
//! - *discrete*, if hardly any of its values occurs once, if its values lie on a lattice (multiples of one step: whole numbers,
//!   decimals, quantised units), or if they are all 16-bit floats;
//! - *partly discrete*, if some of its values repeat, such as the zeros of a ReLU unit;
//! - *continuous* otherwise.

use std::fmt;

use ndarray::{ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use crate::partition::Partition;

/// A column of which at most this share of rows have a value of their own is discrete.
const ALONE: f64 = 0.1;
/// Single coincidences up to this share of rows are chance.
const CHANCE: f64 = 0.01;
/// Steps of a lattice beyond which it is as good as continuous.
const MOST_STEPS: f64 = 65_536.0;
/// Distinct values from which a common step is no coincidence.
const LEAST_VALUES: usize = 8;
/// The least difference seen is at most so many steps.
const MOST_SHARE: u32 = 12;
/// Columns whose spreads differ by more than this factor are said to be in unlike units.
const UNLIKE: f64 = 100.0;

/// What the values of a variable are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Values {
    /// One value.
    Constant,
    /// Values that repeat, or lie on a lattice.
    Discrete,
    /// Values that repeat beside others that do not.
    PartlyDiscrete,
    /// No value repeats.
    Continuous,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Different values.
    pub distinct: usize,
    /// Rows whose value no other row has.
    pub alone: usize,
    /// Rows that are exactly 0.
    pub zeros: usize,
    /// Step of the lattice its values lie on, if they do.
    pub step: Option<f64>,
    /// Its spread: see [`spread`].
    pub spread: f64,
    /// What its values are like.
    pub values: Values,
}

/// A sample, described.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// Rows.
    pub rows: usize,
    /// Different rows.
    pub distinct_rows: usize,
    /// Columns.
    pub columns: usize,
    /// What its rows are like: that of the column which is most continuous.
    pub values: Values,
    /// Columns by what they are like: constant, discrete, partly discrete, continuous.
    pub of_each: [usize; 4],
    /// The step of its lattice, where all columns that vary have about the same.
    pub step: Option<f64>,
    /// Share of numbers that are exactly 0.
    pub zeros: f64,
    /// Greatest spread of a column over the least, constant ones aside.
    pub scales: f64,
    /// Rows that are copies of another, of a sample whose values do not repeat otherwise.
    pub copies: usize,
}

impl Description {
    /// Of rows [n × d] of finite numbers.
    pub fn of(sample: ArrayView2<f64>) -> Self {
        let rows = Partition::of_rows(sample);
        let counts = rows.counts();
        let (n, d) = sample.dim();
        let most = counts.iter().max().copied().unwrap_or(0);
        let every = described(sample);
        let values = |columns: &[Column]| columns.iter().map(|column| column.values).max().unwrap_or(Values::Constant);
        let mut of_all = every;
        let mut copies = 0;
        // Whole rows that repeat, none of them often, and nothing that repeats without them: copies.
        if rows.cells() < n && (most as f64) <= (COPIES * n as f64).max(4.0) && values(&of_all) != Values::Continuous {
            let once = described(sample.select(Axis(0), &rows.first_of_each()).view());
            if values(&once) == Values::Continuous && once.iter().all(|c| c.values != Values::PartlyDiscrete) {
                (of_all, copies) = (once, n - rows.cells());
            }
        }
        let mut of_each = [0; 4];
        of_all.iter().for_each(|column| of_each[column.values as usize] += 1);
        let varies = || of_all.iter().filter(|column| column.values != Values::Constant);
        let ends = |of: &dyn Fn(&Column) -> f64| {
            varies().map(of).fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (least, most) = ends(&|column| column.spread);
        let (least_step, most_step) = ends(&|column| column.step.unwrap_or(0.0));
        Self {
            rows: n,
            distinct_rows: rows.cells(),
            columns: d,
            values: values(&of_all),
            of_each,
            step: (least_step > 0.0 && least_step.is_finite() && most_step < 1.01 * least_step).then_some(least_step),
            zeros: of_all.iter().map(|column| column.zeros).sum::<usize>() as f64 / (n * d).max(1) as f64,
            scales: if least > 0.0 && least.is_finite() { most / least } else { 1.0 },
            copies,
        }
    }

    /// Whether values of a column repeat, or lie on a lattice, so that distances can be equal: one such column is enough.
    pub fn has_ties(&self) -> bool {
        let [_, discrete, partly, _] = self.of_each;
        discrete + partly > 0
    }

    /// Whether columns are in units so unlike that a common ruler sees only some of them.
    pub fn has_unlike_units(&self) -> bool {
        self.scales > UNLIKE
    }
}

/// A row that makes up more than this share is no copy, but a value of its own kind.
const COPIES: f64 = 0.05;

fn described(sample: ArrayView2<f64>) -> Vec<Column> {
    sample.columns().into_iter().collect::<Vec<_>>().into_par_iter().map(Column::of).collect()
}

impl Column {
    /// Of finite numbers.
    pub fn of(column: ArrayView1<f64>) -> Self {
        let mut sorted: Vec<f64> = column.iter().map(|value| value + 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let n = sorted.len();
        let runs: Vec<&[f64]> = sorted.chunk_by(|a, b| a == b).collect();
        let alone = runs.iter().filter(|run| run.len() == 1).count();
        let values: Vec<f64> = runs.iter().map(|run| run[0]).collect();
        let step = step(&values);
        let repeated = n - alone;
        let kind = if values.len() <= 1 {
            Values::Constant
        } else if alone as f64 <= ALONE * n as f64 || step.is_some() || is_sixteen_bit(&values) {
            Values::Discrete
        } else if repeated > 2 && repeated as f64 > CHANCE * n as f64 {
            Values::PartlyDiscrete
        } else {
            Values::Continuous
        };
        let zeros = sorted.iter().filter(|&&value| value == 0.0).count();
        Self { distinct: values.len(), alone, zeros, step, spread: spread(&sorted), values: kind }
    }
}

/// The spread of sorted numbers: the distance of their 5 % and 95 % quantiles in units of that of a Gaussian of standard deviation 1,
/// which no tail moves; of numbers most of which are equal their standard deviation; 0 if all are.
pub fn spread(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n == 0 || sorted[0] == sorted[n - 1] {
        return 0.0;
    }
    let at = |share: f64| sorted[((n - 1) as f64 * share).round() as usize];
    let between = (at(0.95) - at(0.05)) / 3.289_707_253_902_945;
    if between > 0.0 {
        return between;
    }
    let mean = sorted.iter().sum::<f64>() / n as f64;
    (sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n as f64).sqrt()
}

/// The relative size of the last digit of numbers: that of single precision if all of them have no more.
pub(crate) fn precision<'a>(mut values: impl Iterator<Item = &'a f64>) -> f64 {
    let is_single = values.all(|&value| f64::from(value as f32) == value);
    if is_single { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

/// The step of which the differences of ascending numbers are multiples: the least difference, or a small share of it.
fn step(values: &[f64]) -> Option<f64> {
    let (&first, &last) = values.first().zip(values.last())?;
    if values.len() < LEAST_VALUES {
        return None;
    }
    let range = last - first;
    let gaps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let least = gaps().fold(f64::INFINITY, f64::min);
    let rounding = 2.0 * precision(values.iter()) * first.abs().max(last.abs());
    (1..=MOST_SHARE).map(|share| least / f64::from(share)).find_map(|guess| {
        // A step within the last digits is no step.
        if range > MOST_STEPS * guess || guess < 20.0 * rounding {
            return None;
        }
        // Many steps together are known better than one.
        let step = range / gaps().map(|gap| (gap / guess).round()).sum::<f64>();
        let is_multiple = |value: &f64| {
            let steps = (value - first) / step;
            (steps - steps.round()).abs() < 0.02 + rounding / step
        };
        values.iter().all(is_multiple).then_some(step)
    })
}

/// Whether all are numbers of bfloat16 or of IEEE's half precision, of which there are few.
fn is_sixteen_bit(values: &[f64]) -> bool {
    let bits = |value: &f64| (f64::from(*value as f32) == *value).then_some((*value as f32).to_bits());
    let all = |lower: u32| values.iter().all(|value| bits(value).is_some_and(|bits| bits & lower == 0));
    values.len() >= LEAST_VALUES && (all(0xffff) || (all(0x1fff) && values.iter().all(|v| v.abs() < 65_520.0)))
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, distinct_rows, columns, of_each, step, zeros, scales, copies, .. } = self;
        write!(
            f,
            "{rows} {}, {distinct_rows} of them different, {columns} {}",
            plural(*rows, "row", "rows"),
            plural(*columns, "column", "columns")
        )?;
        let [constant, discrete, partly, continuous] = *of_each;
        let kinds = [
            (constant, "constant"),
            (discrete, "discrete: values repeat, or lie on a grid"),
            (partly, "partly discrete: some values repeat"),
            (continuous, "continuous"),
        ];
        let kinds = kinds.iter().filter(|(count, _)| *count > 0);
        let kinds: Vec<String> = kinds
            .map(|(count, kind)| if count == columns { (*kind).to_owned() } else { format!("{count} {kind}") })
            .collect();
        write!(f, " ({})", kinds.join("; "))?;
        if let Some(step) = step {
            write!(f, "; a grid of step {}", short(*step))?;
        }
        if *zeros >= 0.01 {
            write!(f, "; {:.0} % exact zeros", 100.0 * zeros)?;
        }
        if *copies > 0 {
            write!(f, "; {copies} {} another", plural(*copies, "row repeats", "rows repeat"))?;
        }
        if *scales > 10.0 {
            let unlike = if self.has_unlike_units() { " (different units, or columns that hardly vary)" } else { "" };
            write!(f, "; spreads of columns differ {}-fold{unlike}", short(*scales))?;
        }
        Ok(())
    }
}

/// Four digits.
fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    if (1e-4..1e6).contains(&rounded) { rounded.to_string() } else { format!("{rounded:e}") }
}

fn plural(count: usize, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, concatenate};
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    fn normal(n: usize) -> Array1<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        Array1::from_shape_simple_fn(n, || StandardNormal.sample(&mut rng))
    }

    #[test]
    fn columns_are_told_apart() {
        for n in [60, 500, 3000] {
            let v = normal(n);
            let values = |v: &Array1<f64>| Column::of(v.view()).values;
            let single = |v: f64| f64::from(v as f32);
            assert_eq!(values(&v), Values::Continuous, "{n}");
            assert_eq!(values(&v.mapv(single)), Values::Continuous, "{n}");
            assert_eq!(values(&v.mapv(|v| 1.7e9 + v)), Values::Continuous, "{n}");
            assert_eq!(values(&v.mapv(|v| v * 1e-30)), Values::Continuous, "{n}");
            assert_eq!(values(&v.mapv(|v| v.max(0.0))), Values::PartlyDiscrete, "{n}");
            for decimals in [1.0, 10.0, 100.0, 3.7, 256.0] {
                let rounded = v.mapv(|v| (v * decimals).round() / decimals);
                assert_eq!(values(&rounded), Values::Discrete, "{n}, {decimals}");
                assert_eq!(values(&rounded.mapv(single)), Values::Discrete, "{n}, {decimals}");
            }
            let half = v.mapv(|v| f64::from(f32::from_bits((v as f32).to_bits() & 0xffff_0000)));
            assert_eq!(values(&half), Values::Discrete, "{n}");
            assert_eq!(values(&v.mapv(|_| 3.0)), Values::Constant);
        }
        let step = Column::of(normal(500).mapv(|v| (v * 10.0).round() / 10.0).view()).step.unwrap();
        approx::assert_abs_diff_eq!(step, 0.1, epsilon = 1e-6);
    }

    #[test]
    fn copies_are_rows_that_repeat_where_nothing_else_does() {
        let v = normal(300).insert_axis(Axis(1));
        let twice = concatenate![Axis(0), v, v];
        let of = Description::of(twice.view());
        assert_eq!((of.copies, of.values, of.distinct_rows), (300, Values::Continuous, 300));
        let zeros = Description::of(v.mapv(|v| v.max(0.0)).view());
        assert_eq!((zeros.copies, zeros.values), (0, Values::PartlyDiscrete));
        let counts = Description::of(v.mapv(|v| (3.0 * v).round()).view());
        assert_eq!((counts.copies, counts.values, counts.step.map(f64::round)), (0, Values::Discrete, Some(1.0)));
        let one = Description::of(Array2::ones((1, 2)).view());
        assert_eq!((one.to_string(), one.step), ("1 row, 1 of them different, 2 columns (constant)".to_owned(), None));
        let text = counts.to_string();
        assert!(text.contains("grid of step 1") && text.contains("300 rows"), "{text}");
        let units = Array2::from_shape_fn((300, 2), |(row, column)| v[[row, 0]] * [1.0, 1e4][column]);
        assert!(Description::of(units.view()).has_unlike_units());
    }
}
