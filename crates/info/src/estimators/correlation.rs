//! The correlation matrix of many columns, and its Cholesky factor.
//!
//! The matrix is made of square tiles, each one blocked product over all rows, so a number depends neither on the threads nor on which of
//! them computed it.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;

/// Columns of a tile: two panels of them are reused from the cache, and there are enough tiles for all threads.
const TILE: usize = 128;

/// Columns with mean 0 and variance 1, constant ones left out; column j lies in row j.
pub(super) fn standard_columns(sample: ArrayView2<f64>) -> Array2<f64> {
    let n = sample.nrows();
    let columns: Vec<Vec<f64>> = turned(sample)
        .par_chunks_exact(n)
        .filter_map(|column| {
            let mean = column.iter().sum::<f64>() / n as f64;
            let sd = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
            (sd > 1e-14 * mean.abs().max(f64::MIN_POSITIVE)).then(|| column.iter().map(|v| (v - mean) / sd).collect())
        })
        .collect();
    let mut standard = Array2::zeros((columns.len(), n));
    for (mut row, column) in standard.axis_iter_mut(Axis(0)).zip(columns) {
        row.assign(&ArrayView1::from(&column));
    }
    standard
}

/// Column after column. A few columns at a time, so that each line of the cache is read once, not once a column.
pub(super) fn turned(sample: ArrayView2<f64>) -> Vec<f64> {
    const TOGETHER: usize = 16;
    let n = sample.nrows();
    let mut columns = vec![0.0; sample.len()];
    columns.par_chunks_mut(TOGETHER * n).enumerate().for_each(|(block, columns)| {
        let first = block * TOGETHER;
        let width = columns.len() / n;
        for (i, row) in sample.slice(s![.., first..first + width]).rows().into_iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                columns[j * n + i] = value;
            }
        }
    });
    columns
}

/// The correlation matrix of standard columns, each a row.
pub(super) fn correlation(standard: ArrayView2<f64>) -> Array2<f64> {
    let (d, n) = standard.dim();
    let starts: Vec<usize> = (0..d).step_by(TILE).collect();
    let range = |start: usize| start..(start + TILE).min(d);
    let pairs: Vec<(usize, usize)> =
        starts.iter().flat_map(|&i| starts.iter().filter(move |&&j| j <= i).map(move |&j| (i, j))).collect();
    let tiles: Vec<Array2<f64>> = pairs
        .par_iter()
        .map(|&(i, j)| standard.slice(s![range(i), ..]).dot(&standard.slice(s![range(j), ..]).t()) / n as f64)
        .collect();
    let mut matrix = Array2::zeros((d, d));
    for (&(i, j), tile) in pairs.iter().zip(&tiles) {
        matrix.slice_mut(s![range(i), range(j)]).assign(tile);
        if i != j {
            matrix.slice_mut(s![range(j), range(i)]).assign(&tile.t());
        }
    }
    matrix
}

/// L of C = L Lᵀ, lower, a block of columns after another; none if C is not positive definite.
pub(super) fn cholesky(mut c: Array2<f64>) -> Option<Array2<f64>> {
    const BLOCK: usize = 64;
    let d = c.nrows();
    for start in (0..d).step_by(BLOCK) {
        let end = (start + BLOCK).min(d);
        for j in start..end {
            let pivot = c[[j, j]] - (start..j).map(|k| c[[j, k]].powi(2)).sum::<f64>();
            if pivot <= 0.0 || pivot.is_nan() {
                return None;
            }
            let root = pivot.sqrt();
            c[[j, j]] = root;
            let (above, mut below) = c.view_mut().split_at(Axis(0), j + 1);
            let of_j = above.slice(s![j, start..j]);
            for mut row in below.axis_iter_mut(Axis(0)) {
                let sum = row.slice(s![start..j]).dot(&of_j);
                row[j] = (row[j] - sum) / root;
            }
        }
        // What these columns explain goes from all that follow, in products.
        let panel = c.slice(s![end.., start..end]).to_owned();
        for from in (end..d).step_by(TILE) {
            let to = (from + TILE).min(d);
            let rows = panel.slice(s![from - end.., ..]);
            let columns = panel.slice(s![from - end..to - end, ..]);
            let mut rest = c.slice_mut(s![from.., from..to]);
            ndarray::linalg::general_mat_mul(-1.0, &rows, &columns.t(), 1.0, &mut rest);
        }
    }
    for i in 0..d {
        c.slice_mut(s![i, i + 1..]).fill(0.0);
    }
    Some(c)
}

/// The trace of C⁻¹ from its Cholesky factor, Σ of squares of L⁻¹: a bound from above on 1/λ_min.
pub(super) fn trace_of_inverse(l: ArrayView2<f64>) -> f64 {
    let d = l.nrows();
    let starts: Vec<usize> = (0..d).step_by(TILE).collect();
    // Columns of L⁻¹ by forward substitution, a tile of them at a time, blocked by rows.
    let sums: Vec<f64> = starts
        .par_iter()
        .map(|&first| {
            let width = TILE.min(d - first);
            let mut x = Array2::<f64>::zeros((d - first, width));
            for i in 0..width {
                x[[i, i]] = 1.0;
            }
            for start in (first..d).step_by(TILE) {
                let end = (start + TILE).min(d);
                let (done, mut rest) = x.view_mut().split_at(Axis(0), start - first);
                let mut block = rest.slice_mut(s![..end - start, ..]);
                ndarray::linalg::general_mat_mul(-1.0, &l.slice(s![start..end, first..start]), &done, 1.0, &mut block);
                for i in 0..end - start {
                    let (solved, mut row) = block.view_mut().split_at(Axis(0), i);
                    let mut row = row.row_mut(0);
                    for k in 0..i {
                        row.scaled_add(-l[[start + i, start + k]], &solved.row(k));
                    }
                    row /= l[[start + i, start + i]];
                }
            }
            x.iter().map(|v| v * v).sum()
        })
        .collect();
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factor_and_trace_agree_with_the_matrix() {
        for d in [1, 7, 64, 65, 200, 300] {
            let n = 3 * d + 5;
            let sample = Array2::from_shape_fn((n, d), |(i, j)| ((i * 31 + j * 17 + i * j) as f64 * 0.37).sin() + 2.0);
            let standard = standard_columns(sample.view());
            let mut c = correlation(standard.view());
            // The tiles are plain sums.
            let plain = standard.row(d - 1).dot(&standard.row(0)) / n as f64;
            approx::assert_abs_diff_eq!(c[[d - 1, 0]], plain, epsilon = 1e-13);
            assert_eq!(c[[d - 1, 0]], c[[0, d - 1]]);
            c.diag_mut().mapv_inplace(|v| v + 0.1);
            let l = cholesky(c.clone()).unwrap();
            let again = l.dot(&l.t());
            assert!((&again - &c).iter().all(|v| v.abs() < 1e-12));
            let matrix = nalgebra::DMatrix::from_fn(d, d, |i, j| c[[i, j]]);
            let trace = matrix.try_inverse().unwrap().trace();
            approx::assert_relative_eq!(trace_of_inverse(l.view()), trace, max_relative = 1e-8);
        }
        assert!(cholesky(ndarray::array![[1.0, 1.0], [1.0, 1.0]]).is_none());
    }
}
