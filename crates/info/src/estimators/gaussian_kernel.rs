//! The Gaussian kernel e^−‖a − b‖², a few registers of points at a time: what every density of a Gaussian mixture is made of.

use pulp::Simd;

/// Registers worked on together: long chains of dependent operations that wait in turn.
pub(super) const GROUP: usize = 4;

/// ‖q − b‖² for GROUP registers of points b, which lie one feature after the other; `points` holds their registers, `stride` for
/// each feature, the group's at `at`.
#[inline(always)]
pub(super) fn square_distances<S: Simd>(
    simd: S,
    q: &[f64],
    points: &[S::f64s],
    stride: usize,
    at: usize,
) -> [S::f64s; GROUP] {
    let mut sums = [simd.splat_f64s(0.0); GROUP];
    for (&center, feature) in q.iter().zip(points.chunks_exact(stride)) {
        let center = simd.splat_f64s(center);
        for (sum, &value) in sums.iter_mut().zip(&feature[at..at + GROUP]) {
            let difference = simd.sub_f64s(value, center);
            *sum = simd.mul_add_e_f64s(difference, difference, *sum);
        }
    }
    sums
}

/// The least of all.
#[inline(always)]
pub(super) fn least<S: Simd>(simd: S, values: &[S::f64s; GROUP]) -> f64 {
    simd.reduce_min_f64s(values[1..].iter().fold(values[0], |least, &value| simd.min_f64s(least, value)))
}
