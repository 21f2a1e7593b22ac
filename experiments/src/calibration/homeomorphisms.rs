//! Distortions that change no information: a homeomorphism of each side leaves I(A;B) as it was.

use ndarray::{Array2, ArrayView2};
use statrs::distribution::{ContinuousCDF, Normal};

use super::Problem;
use super::gaussian::{correlated, correlation};

/// The problems: Gaussians of one bit per pair of columns, distorted.
pub fn problems() -> Vec<Problem> {
    vec![
        distorted("asinh", 1, |t| t.mapv(f64::asinh)),
        distorted("half-cube", 1, |t| t.mapv(|v| v * v.abs().sqrt())),
        distorted("half-cube", 3, |t| t.mapv(|v| v * v.abs().sqrt())),
        distorted("normal CDF", 1, |t| t.mapv(|v| Normal::standard().cdf(v))),
        distorted("normal CDF", 3, |t| t.mapv(|v| Normal::standard().cdf(v))),
        distorted("spiral", 2, spiral),
        distorted("swiss roll", 1, swiss_roll),
    ]
}

fn distorted(name: &str, columns: usize, of: fn(ArrayView2<f64>) -> Array2<f64>) -> Problem {
    let rho = correlation(1.0, 1);
    let name = format!("{name} of Gaussian {columns} + {columns}");
    Problem::new("homeomorphism", name, columns as f64, move |n, rng| {
        let (a, b) = correlated(n, columns, columns, rho, rng);
        (of(a.view()), of(b.view()))
    })
}

/// Each point of the plane turned by its distance from the origin, in radians.
fn spiral(t: ArrayView2<f64>) -> Array2<f64> {
    let mut turned = t.to_owned();
    for mut row in turned.outer_iter_mut() {
        let (x, y) = (row[0], row[1]);
        let (sin, cos) = x.hypot(y).sin_cos();
        (row[0], row[1]) = (cos * x - sin * y, sin * x + cos * y);
    }
    turned
}

/// A line rolled up in the plane: u = Φ(v) at angle s = 3π/2·(1 + 2u) and radius s/21.
fn swiss_roll(t: ArrayView2<f64>) -> Array2<f64> {
    let normal = Normal::standard();
    Array2::from_shape_fn((t.nrows(), 2), |(row, axis)| {
        let s = 1.5 * std::f64::consts::PI * (1.0 + 2.0 * normal.cdf(t[[row, 0]]));
        (if axis == 0 { s.cos() } else { s.sin() }) * s / 21.0
    })
}
