//! Bounds known in closed form: what every solver must find.
//!
//! - Binary symmetric channel of error δ, uniform input (Witsenhausen & Wyner 1975; Mrs. Gerber's lemma): the optimal encoder is
//!   itself a symmetric channel of error a, I(X;T) = 1 − h(a), I(T;Y) = 1 − h(a⋆δ), 1/β = (1 − 2δ) h′(a⋆δ)/h′(a), with
//!   a⋆δ = a(1 − δ) + δ(1 − a); nothing is worth saying below β = 1/(1 − 2δ)².
//! - Gaussian X and Y (Chechik, Globerson, Tishby & Weiss 2005): with λ_i the eigenvalues of Σ_{X|Y} Σ_X⁻¹, a direction is
//!   used from β_i = 1/(1 − λ_i) on; I(X;T) = ½ Σ log₂ [(β − 1)(1 − λ_i)/λ_i], I(T;Y) = I(X;T) − ½ Σ log₂ [β(1 − λ_i)].

/// A point of a curve, in bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// I(X;T) in bits.
    pub i_xt: f64,
    /// I(T;Y) in bits.
    pub i_ty: f64,
}

fn binary_entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.log2() - (1.0 - p) * (1.0 - p).log2() }
}

/// The binary symmetric channel of error δ in [0, ½) at β > 0.
///
/// # Example
/// ```
/// use infoplane_info::JointDistribution;
/// use infoplane_info::bottleneck::{Problem, closed_forms::binary_symmetric_channel};
///
/// let truth = binary_symmetric_channel(0.1, 3.0);
/// let found = Problem::new(&JointDistribution::uniform_binary(&[0.1, 0.9])?).solve(3.0)?;
/// assert!((found.i_xt - truth.i_xt).abs() < 1e-6 && (found.i_ty - truth.i_ty).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn binary_symmetric_channel(delta: f64, beta: f64) -> Point {
    let star = |a: f64| a * (1.0 - delta) + delta * (1.0 - a);
    // h′(a) = log₂((1 − a)/a); β(a) falls from 1/(1 − 2δ)² … ∞ as a goes from ½ to 0.
    let slope = |a: f64| ((1.0 - a) / a).log2();
    let beta_of = |a: f64| slope(a) / ((1.0 - 2.0 * delta) * slope(star(a)));
    if delta == 0.0 {
        let all = if beta > 1.0 { 1.0 } else { 0.0 };
        return Point { i_xt: all, i_ty: all };
    }
    if beta <= 1.0 / (1.0 - 2.0 * delta).powi(2) {
        return Point { i_xt: 0.0, i_ty: 0.0 };
    }
    let (mut low, mut high) = (f64::MIN_POSITIVE, 0.5);
    for _ in 0..2000 {
        let middle = if low < 1e-3 { (low * high).sqrt() } else { f64::midpoint(low, high) };
        if middle <= low || middle >= high {
            break;
        }
        if beta_of(middle) > beta { low = middle } else { high = middle }
    }
    Point { i_xt: 1.0 - binary_entropy(high), i_ty: 1.0 - binary_entropy(star(high)) }
}

/// Gaussian variables with these eigenvalues λ_i in (0, 1] of Σ_{X|Y} Σ_X⁻¹, at β > 0.
pub fn gaussian(eigenvalues: &[f64], beta: f64) -> Point {
    let used = eigenvalues.iter().filter(|&&lambda| lambda < 1.0 && beta > 1.0 / (1.0 - lambda));
    let (mut i_xt, mut lost) = (0.0, 0.0);
    for lambda in used {
        i_xt += 0.5 * ((beta - 1.0) * (1.0 - lambda) / lambda).log2();
        lost += 0.5 * (beta * (1.0 - lambda)).log2();
    }
    Point { i_xt, i_ty: i_xt - lost }
}

/// Uniform X of `values` values through an erasure channel that loses a share `erased`: every encoder of X keeps 1 − erased of its
/// information, so the curve is straight, and T = X from β = 1/(1 − erased) on.
pub fn erasure_channel(values: usize, erased: f64, beta: f64) -> Point {
    let i_xt = if beta * (1.0 - erased) > 1.0 { (values as f64).log2() } else { 0.0 };
    Point { i_xt, i_ty: (1.0 - erased) * i_xt }
}

/// Uniform X of `values` values through a channel that sends each to itself with probability 1 − delta, else to another, all alike:
/// T is X through such a channel too, of the error that minimises the Lagrangian, or says nothing if that is less.
pub fn symmetric_channel(values: usize, delta: f64, beta: f64) -> Point {
    let k = values as f64;
    let information = |error: f64| -> f64 {
        let term = |p: f64| if p > 0.0 { p * (p * k).log2() } else { 0.0 };
        (term(1.0 - error) + (k - 1.0) * term(error / (k - 1.0))).max(0.0)
    };
    let point = |a: f64| Point {
        i_xt: information(a),
        i_ty: information(1.0 - ((1.0 - a) * (1.0 - delta) + a * delta / (k - 1.0))),
    };
    let lagrangian = |a: f64| point(a).i_xt - beta * point(a).i_ty;
    // Unimodal on each side of a possible barrier: the best of a fine grid in ln a, then golden sections around it.
    let (least, most) = (1e-30_f64.ln(), ((k - 1.0) / k).ln());
    let steps = 2000;
    let at = |i: f64| (least + (most - least) * (i / f64::from(steps)).clamp(0.0, 1.0)).exp();
    let best =
        (0..=steps).map(f64::from).min_by(|a, b| lagrangian(at(*a)).total_cmp(&lagrangian(at(*b)))).unwrap_or(0.0);
    let (mut low, mut high) = (best - 1.0, best + 1.0);
    for _ in 0..120 {
        let (a, b) = (high - 0.618_033_988_75 * (high - low), low + 0.618_033_988_75 * (high - low));
        if lagrangian(at(a)) < lagrangian(at(b)) { high = b } else { low = a }
    }
    let best = at(f64::midpoint(low, high));
    if lagrangian(best) < 0.0 { point(best) } else { Point { i_xt: 0.0, i_ty: 0.0 } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use crate::bottleneck::{Curve, Problem};
    use approx::assert_abs_diff_eq;

    #[test]
    fn the_solver_finds_the_whole_channel_curve() {
        let at = binary_symmetric_channel(0.1, 2.0);
        assert_abs_diff_eq!(at.i_xt, 0.6964327290, epsilon = 1e-10);
        assert_abs_diff_eq!(at.i_ty, 0.4072338336, epsilon = 1e-10);
        for delta in [0.001, 0.01, 0.1, 0.3, 0.45] {
            let problem = Problem::new(&JointDistribution::uniform_binary(&[delta, 1.0 - delta]).unwrap());
            let onset = 1.0 / (1.0 - 2.0 * delta).powi(2);
            // From below the onset, through where the curve starts, to where it ends. (Nearer than 1e-4 to the onset L is flat
            // to 1e-16, and I(X;T), there below 1e-3 bits, is known to 1e-6.)
            let below = [0.5, 0.9, 1.0 - 1e-4].map(|share| share * onset);
            let above = (0..=80).map(|i| onset * (1.0 + 1e-4 * 10_f64.powf(f64::from(i) / 10.0)));
            for beta in below.into_iter().chain(above) {
                let (found, truth) = (problem.solve(beta).unwrap(), binary_symmetric_channel(delta, beta));
                assert_abs_diff_eq!(found.i_xt, truth.i_xt, epsilon = 1e-8);
                assert_abs_diff_eq!(found.i_ty, truth.i_ty, epsilon = 1e-8);
            }
            // And everywhere between: the sandwich holds the channel's curve.
            let curve = Curve::refined(&problem, 1e-7, 3000).unwrap();
            for i in 1..200 {
                let truth = binary_symmetric_channel_at(delta, 0.5 * f64::from(i) / 200.0);
                let (low, up) = (curve.lower(truth.i_xt), curve.upper(truth.i_xt));
                assert!(low <= truth.i_ty + 1e-12 && truth.i_ty <= up + 1e-12, "{delta} {i}: {low} {truth:?} {up}");
                assert!(up - low <= 1.01e-7, "{delta} {i}: {low} … {up}");
            }
        }
    }

    #[test]
    fn erasure_and_symmetric_channels_of_up_to_ten_values_are_solved() {
        for values in 2..=10 {
            for delta in [0.02, 0.2, 0.5] {
                let n = values;
                let erasing = ndarray::Array2::from_shape_fn((n, n + 1), |(x, y)| {
                    (if y == n { delta } else { f64::from(u8::from(x == y)) * (1.0 - delta) }) / n as f64
                });
                let symmetric = ndarray::Array2::from_shape_fn((n, n), |(x, y)| {
                    (if x == y { 1.0 - delta } else { delta / (n as f64 - 1.0) }) / n as f64
                });
                for beta in [1.01, 1.3, 2.1, 4.0, 30.0] {
                    for (table, truth, name) in [
                        (&erasing, erasure_channel(n, delta, beta), "erasing"),
                        (&symmetric, symmetric_channel(n, delta, beta), "symmetric"),
                    ] {
                        let found = Problem::new(&JointDistribution::new(table.view()).unwrap()).solve(beta).unwrap();
                        let lagrangian = truth.i_xt - beta * truth.i_ty;
                        assert!(!found.is_open(), "{name} {n} {delta} {beta}: gap {}", found.gap_bits);
                        assert!(
                            (found.lagrangian - lagrangian).abs() < 1e-8,
                            "{name} {n} {delta} {beta}: {} {} {lagrangian}",
                            found.lagrangian,
                            found.gap_bits
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_gaussian_channel_cut_into_cells_has_the_gaussian_curve() {
        // X ~ N(0, 1), Y = X + N(0, 1): λ = 1/2. A hundred cells on [−10, 10] leave less than 1e-6 bits.
        let at = |i: usize| -10.0 + 20.0 * i as f64 / 99.0;
        let rows = ndarray::Array2::from_shape_fn((100, 100), |(x, y)| (-0.5 * (at(y) - at(x)).powi(2)).exp());
        let table = ndarray::Array2::from_shape_fn((100, 100), |(x, y)| {
            (-0.5 * at(x).powi(2)).exp() * rows[[x, y]] / rows.row(x).sum()
        });
        let problem = Problem::new(&JointDistribution::new((&table / table.sum()).view()).unwrap());
        for solution in problem.solve_all(&[3.0, 5.0, 10.0]).unwrap() {
            let truth = gaussian(&[0.5], solution.beta);
            assert!(!solution.is_open(), "β {}: gap {}", solution.beta, solution.gap_bits);
            assert_abs_diff_eq!(solution.i_xt, truth.i_xt, epsilon = 2e-6);
            assert_abs_diff_eq!(solution.i_ty, truth.i_ty, epsilon = 1e-6);
        }
    }

    /// The point of the channel's curve whose encoder errs with probability a.
    fn binary_symmetric_channel_at(delta: f64, a: f64) -> Point {
        let star = a * (1.0 - delta) + delta * (1.0 - a);
        Point { i_xt: 1.0 - binary_entropy(a), i_ty: 1.0 - binary_entropy(star) }
    }

    #[test]
    fn the_whole_gaussian_curve_is_what_noise_on_each_direction_reaches() {
        // T = a X + noise in each direction: I(X;T) = ½ log₂(1 + a²), I(T;Y) = I(X;T) − ½ log₂(1 + a² λ). The best ln a² is
        // where the Lagrangian's derivative changes sign, by bisection: nothing is known of the closed form.
        for lambda in [vec![0.02], vec![0.1, 0.5], vec![0.01, 0.3, 0.7, 0.95, 1.0]] {
            for step in 0..=120 {
                let beta = 10_f64.powf(f64::from(step) / 30.0) * 1.0001;
                let (mut i_xt, mut i_ty) = (0.0, 0.0);
                for &lambda in &lambda {
                    let information = |v: f64| (0.5 * v.exp().ln_1p(), 0.5 * (v.exp() * lambda).ln_1p());
                    let rises = |v: f64| {
                        let a = v.exp();
                        a / (1.0 + a) * (1.0 - beta) + beta * a * lambda / (1.0 + a * lambda) > 0.0
                    };
                    let (mut low, mut high) = (-60.0_f64, 40.0_f64);
                    if rises(low) {
                        continue;
                    }
                    for _ in 0..200 {
                        let middle = f64::midpoint(low, high);
                        if rises(middle) { high = middle } else { low = middle }
                    }
                    let (rate, lost) = information(low);
                    i_xt += rate / std::f64::consts::LN_2;
                    i_ty += (rate - lost) / std::f64::consts::LN_2;
                }
                let closed = gaussian(&lambda, beta);
                assert_abs_diff_eq!(closed.i_xt, i_xt, epsilon = 1e-8);
                assert_abs_diff_eq!(closed.i_ty, i_ty, epsilon = 1e-8);
            }
        }
    }

    #[test]
    fn the_gaussian_curve_has_its_slope_and_its_end() {
        let lambda = [0.1, 0.5];
        for beta in [1.5, 3.0, 10.0] {
            let (a, b) = (gaussian(&lambda, beta * (1.0 - 1e-6)), gaussian(&lambda, beta * (1.0 + 1e-6)));
            assert_abs_diff_eq!((b.i_xt - a.i_xt) / (b.i_ty - a.i_ty), beta, epsilon = 1e-4 * beta);
        }
        // At β → ∞ all of I(X;Y) = −½ Σ log₂ λ is kept.
        assert_abs_diff_eq!(gaussian(&lambda, 1e9).i_ty, -0.5 * (0.05_f64).log2(), epsilon = 1e-8);
        assert_eq!(gaussian(&lambda, 1.05), Point { i_xt: 0.0, i_ty: 0.0 });
    }
}
