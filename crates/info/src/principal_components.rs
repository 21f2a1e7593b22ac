//! A layer's principal components.

use nalgebra::DMatrix;
use ndarray::{Array2, ArrayView2, Axis};

use crate::description::spread;

/// Components whose share of the variance is less are rounding.
const ROUNDING: f64 = 1e-13;

/// Rows [n × d] of finite numbers, columns first put in units of their spread, rotated onto their principal components: [n × d'], those that
/// vary. None if no two do.
pub fn principal_components(rows: ArrayView2<f64>) -> Option<Array2<f64>> {
    let n = rows.nrows();
    let mut scaled = rows.to_owned();
    for mut column in scaled.axis_iter_mut(Axis(1)) {
        let mut sorted = column.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (unit, mean) = (spread(&sorted), column.sum() / n as f64);
        column.mapv_inplace(|value| if unit > 0.0 { (value - mean) / unit } else { 0.0 });
    }
    let covariance = scaled.t().dot(&scaled) / n as f64;
    let d = covariance.nrows();
    let eigen = DMatrix::from_fn(d, d, |i, j| covariance[[i, j]]).symmetric_eigen();
    let most = eigen.eigenvalues.max();
    let kept: Vec<usize> = (0..d).filter(|&i| eigen.eigenvalues[i] > ROUNDING * most).collect();
    let axes = Array2::from_shape_fn((d, kept.len()), |(i, j)| eigen.eigenvectors[(i, kept[j])]);
    (kept.len() > 1).then(|| scaled.dot(&axes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_uncorrelated_and_a_copied_column_is_none() {
        let rows = Array2::from_shape_fn((200, 3), |(row, column)| match column {
            0 => (row as f64 * 0.7).sin(),
            1 => (row as f64 * 0.7).sin() * 1e5 + (row as f64 * 1.3).cos(),
            _ => (row as f64 * 0.7).sin() * -3.0,
        });
        let components = principal_components(rows.view()).unwrap();
        assert_eq!(components.ncols(), 2);
        let covariance = components.t().dot(&components) / 200.0;
        assert!(covariance[[0, 1]].abs() < 1e-9 * covariance[[1, 1]].max(covariance[[0, 0]]));
        assert!(principal_components(rows.slice(ndarray::s![.., ..1])).is_none());
    }
}
