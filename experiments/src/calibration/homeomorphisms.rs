//! Distortions that change no information: a homeomorphism of each side leaves I(A;B) as it was. Definitions: Czyż et al. 2023,
//! §3 and appendix.

use ndarray::{Array2, ArrayView2};
use statrs::distribution::{ContinuousCDF, Normal};

use super::Problem;
use super::gaussian::{correlated, correlation};

type Distortion = fn(ArrayView2<f64>) -> Array2<f64>;

/// The problems: Gaussians of one bit per pair of columns, distorted.
pub fn problems() -> Vec<Problem> {
    vec![
        distorted("asinh", 1, [asinh; 2]),
        distorted("half-cube", 1, [half_cube; 2]),
        distorted("half-cube", 3, [half_cube; 2]),
        distorted("half-cube", 10, [half_cube; 2]),
        distorted("normal CDF", 1, [normal_cdf; 2]),
        distorted("normal CDF", 3, [normal_cdf; 2]),
        distorted("wiggly", 1, [wiggly_x, wiggly_y]),
        distorted("spiral", 2, [|t| spiral(t, [0, 1]); 2]).representative(),
        distorted("spiral", 3, [|t| spiral(t, [0, 1]), |t| spiral(t, [1, 2])]),
        distorted("swiss roll", 1, [swiss_roll, normal_cdf]),
    ]
}

fn distorted(name: &str, columns: usize, [of_a, of_b]: [Distortion; 2]) -> Problem {
    let rho = correlation(1.0, 1);
    let name = format!("{name} of Gaussian {columns} + {columns}");
    Problem::new("homeomorphism", name, columns as f64, move |n, rng| {
        let (a, b) = correlated(n, columns, columns, rho, rng);
        (of_a(a.view()), of_b(b.view()))
    })
}

fn asinh(t: ArrayView2<f64>) -> Array2<f64> {
    t.mapv(f64::asinh)
}

/// v·√|v|: longer tails.
fn half_cube(t: ArrayView2<f64>) -> Array2<f64> {
    t.mapv(|v| v * v.abs().sqrt())
}

/// Uniform marginals.
fn normal_cdf(t: ArrayView2<f64>) -> Array2<f64> {
    let normal = Normal::standard();
    t.mapv(|v| normal.cdf(v))
}

/// A monotone curve of uneven slope.
fn wiggly_x(t: ArrayView2<f64>) -> Array2<f64> {
    t.mapv(|v| v + 0.4 * v.sin() + 0.2 * (1.7 * v + 1.0).sin() + 0.03 * (3.3 * v - 2.5).sin())
}

/// Another.
fn wiggly_y(t: ArrayView2<f64>) -> Array2<f64> {
    t.mapv(|v| v - 0.4 * (0.4 * v).sin() + 0.17 * (1.3 * v + 3.5).sin() + 0.02 * (4.3 * v - 2.5).sin())
}

/// Each row x turned in the plane of two axes, by ‖x‖² divided by the number of columns: e^{‖x‖² G/d} x.
fn spiral(t: ArrayView2<f64>, [i, j]: [usize; 2]) -> Array2<f64> {
    let mut turned = t.to_owned();
    for mut row in turned.outer_iter_mut() {
        let (sin, cos) = (row.iter().map(|v| v * v).sum::<f64>() / row.len() as f64).sin_cos();
        (row[i], row[j]) = (cos * row[i] - sin * row[j], sin * row[i] + cos * row[j]);
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
