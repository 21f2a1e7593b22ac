//! The whole bound as a sandwich: what some encoder reaches, and what no encoder passes.
//!
//! - **Lower**: the concave hull of (0, 0), the optima found, and (H(S), I(X;Y)): time sharing between two encoders
//!   reaches every chord (Witsenhausen & Wyner 1975).
//! - **Upper**: each certified L_β gives the line I(T;Y) ≤ (I(X;T) − L_β)/β; also I(T;Y) ≤ I(X;T) and ≤ I(X;Y).
//!
//! The sandwich is widest where two neighbouring tangents cross; the next knot has the slope of the chord there
//! (Rote 1992, the chord rule: the width falls as 1/knots²).

use super::BottleneckError;
use super::problem::Problem;
use super::solver::{Effort, Solution};

/// Beyond this β the tangent is flat to within the certificate.
const STEEPEST: f64 = 1e9;
/// I(T;Y) this near to I(X;Y), in bits, is not told apart from it: the last bits of I(X;T) buy next to nothing (at the paper's
/// I(X;Y) = 0.99, four bits of I(X;T) buy 1e-9 bits of I(T;Y)).
pub(super) const RESOLUTION: f64 = 1e-9;

/// For more than two values of Y: the gap of a knot, in nats, beside the width asked for, in bits.
const KNOT: f64 = 1e-3;
/// Knots whose optima are tried in place of each other's, either way.
const NEIGHBOURS: usize = 32;

/// A certified curve: optima at knots, and bounds between them. Information in bits.
///
/// # Example
/// ```
/// use infoplane_info::JointDistribution;
/// use infoplane_info::bottleneck::{Curve, Problem};
///
/// let problem = Problem::new(&JointDistribution::uniform_binary(&[0.1, 0.4, 0.9, 0.9])?);
/// let curve = Curve::refined(&problem, 1e-4, 1000)?;
/// assert!(curve.upper(0.5) - curve.lower(0.5) <= 1e-4);
/// assert_eq!(curve.upper(2.0), problem.i_xy_bits());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Curve {
    knots: Vec<Solution>,
    hull: Vec<(f64, f64)>,
    end: (f64, f64),
    beta_max: f64,
    effort: Effort,
}

/// In which direction the sandwich is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// Along I(T;Y).
    Vertical,
    /// Along I(T;Y) and along I(X;T): the wider.
    Both,
}

impl Curve {
    /// Refines where the sandwich is widest, until it is nowhere wider than `width_bits` (1e-6 by habit) or holds `most` knots.
    ///
    /// # Errors
    /// Only what [`Problem::solve`] can answer with.
    pub fn refined(problem: &Problem, width_bits: f64, most: usize) -> Result<Self, BottleneckError> {
        Self::refine(problem, width_bits, most, 1e6, Direction::Vertical)
    }

    /// The same, until the sandwich is nowhere wider than `width_bits` in either direction: in I(T;Y) at any I(X;T), and in
    /// I(X;T) at any I(T;Y) up to 1e-9 bits below I(X;Y).
    ///
    /// # Errors
    /// Only what [`Problem::solve`] can answer with.
    pub fn refined_both_ways(problem: &Problem, width_bits: f64, most: usize) -> Result<Self, BottleneckError> {
        Self::refine(problem, width_bits, most, STEEPEST, Direction::Both)
    }

    fn refine(
        problem: &Problem,
        width_bits: f64,
        most: usize,
        beta_max: f64,
        direction: Direction,
    ) -> Result<Self, BottleneckError> {
        let end = (problem.h_s_bits(), problem.i_xy_bits());
        let mut curve =
            Self { knots: Vec::new(), hull: Vec::new(), end, beta_max, effort: Effort::LITTLE.to(KNOT * width_bits) };
        curve.rebuild();
        let mut spent: Vec<f64> = Vec::new();
        while curve.knots.len() < most {
            let Some((width, beta)) = curve.widest(direction, &spent) else { break };
            if width <= width_bits {
                break;
            }
            spent.push(beta);
            curve.insert(problem, beta)?;
        }
        curve.settle(problem);
        Ok(curve)
    }

    /// What one β finds serves its neighbours: information never falls as β grows. (For binary Y each is as good as can be.)
    fn settle(&mut self, problem: &Problem) {
        if !problem.is_binary() {
            let among = |at: usize| &self.knots[at.saturating_sub(NEIGHBOURS)..(at + NEIGHBOURS).min(self.knots.len())];
            self.knots = (0..self.knots.len()).map(|at| self.knots[at].the_best_of(among(at))).collect();
            self.rebuild();
        }
    }

    /// Exactly `points` knots: first where the sandwich is widest, then (where it has closed) evenly in ln β.
    ///
    /// # Errors
    /// Only what [`Problem::solve`] can answer with.
    pub fn with_points(problem: &Problem, points: usize) -> Result<Self, BottleneckError> {
        let mut curve = Self::refined(problem, 1e-11, points)?;
        while curve.knots.len() < points {
            let low = curve.knots.first().map_or(1.0, |knot| knot.beta.min(2.0));
            let high = curve.knots.last().map_or(2.0, |knot| knot.beta.max(10.0));
            let mut betas: Vec<f64> = curve.knots.iter().map(|knot| knot.beta).collect();
            betas.extend([low.min(1.0), high]);
            betas.sort_by(f64::total_cmp);
            let (mut at, mut ratio) = (high * 2.0, 0.0);
            for pair in betas.windows(2) {
                if pair[1] / pair[0] > ratio {
                    (at, ratio) = ((pair[0] * pair[1]).sqrt(), pair[1] / pair[0]);
                }
            }
            curve.insert(problem, at)?;
        }
        curve.settle(problem);
        Ok(curve)
    }

    /// The knots, β ascending.
    pub fn knots(&self) -> &[Solution] {
        &self.knots
    }

    /// (H(S), I(X;Y)) in bits: where the curve ends.
    pub fn end(&self) -> (f64, f64) {
        self.end
    }

    /// The largest width of the sandwich, in bits of I(T;Y).
    pub fn width_bits(&self) -> f64 {
        self.widest(Direction::Vertical, &[]).map_or(0.0, |(width, _)| width)
    }

    /// The largest width of the sandwich in either direction, in bits: see [`Curve::refined_both_ways`].
    pub fn width_both_ways_bits(&self) -> f64 {
        self.widest(Direction::Both, &[]).map_or(0.0, |(width, _)| width)
    }

    /// I(T;Y) that some encoder reaches with at most this I(X;T), in bits.
    pub fn lower(&self, i_xt: f64) -> f64 {
        if i_xt >= self.end.0 {
            return self.end.1;
        }
        let right = self.hull.partition_point(|point| point.0 < i_xt).clamp(1, self.hull.len() - 1);
        chord(self.hull[right - 1], self.hull[right], i_xt).clamp(0.0, self.end.1)
    }

    /// I(T;Y) that no encoder with this I(X;T) exceeds, in bits.
    pub fn upper(&self, i_xt: f64) -> f64 {
        let tangents = self.knots.iter().map(|knot| (i_xt - knot.lagrangian_lower()) / knot.beta);
        tangents.fold(i_xt.min(self.end.1), f64::min).max(0.0)
    }

    /// The least I(X;T) that some encoder reaches this I(T;Y) with: an upper bound in bits, +∞ above I(X;Y).
    pub fn least_i_xt_upper(&self, i_ty: f64) -> f64 {
        if i_ty > self.end.1 {
            return f64::INFINITY;
        }
        let right = self.hull.partition_point(|point| point.1 < i_ty).clamp(1, self.hull.len() - 1);
        let (a, b) = (self.hull[right - 1], self.hull[right]);
        chord((a.1, a.0), (b.1, b.0), i_ty).clamp(0.0, self.end.0)
    }

    /// The least I(X;T) that no encoder with this I(T;Y) goes below: a lower bound in bits.
    pub fn least_i_xt_lower(&self, i_ty: f64) -> f64 {
        self.knots.iter().map(|knot| knot.lagrangian_lower() + knot.beta * i_ty).fold(i_ty, f64::max).max(0.0)
    }

    fn insert(&mut self, problem: &Problem, beta: f64) -> Result<(), BottleneckError> {
        let at = self.knots.partition_point(|knot| knot.beta < beta);
        let near = self.knots.get(at).or_else(|| at.checked_sub(1).and_then(|left| self.knots.get(left)));
        let solution = problem.solve_with(beta, near, self.effort)?;
        self.knots.insert(at, solution);
        self.rebuild();
        Ok(())
    }

    fn rebuild(&mut self) {
        let mut points: Vec<(f64, f64)> = vec![(0.0, 0.0)];
        points.extend(self.knots.iter().map(|knot| (knot.i_xt, knot.i_ty)));
        points.push(self.end);
        self.hull = concave_hull(points);
    }

    /// Where the sandwich is widest: (width, β of the chord there), skipping β's already spent.
    fn widest(&self, direction: Direction, spent: &[f64]) -> Option<(f64, f64)> {
        // Lines I_Y = (I_X − L)/β with their points, from the ray I_Y = I_X to the ceiling.
        let mut lines: Vec<(f64, f64, (f64, f64))> = vec![(1.0, 0.0, (0.0, 0.0))];
        lines.extend(self.knots.iter().map(|knot| {
            let beta = knot.beta.max(1.0);
            (1.0 / beta, -knot.lagrangian_lower() / beta, (knot.i_xt, knot.i_ty))
        }));
        lines.push((0.0, self.end.1, self.end));
        let mut widest: Option<(f64, f64)> = None;
        for pair in lines.windows(2) {
            let ((slope_a, base_a, a), (slope_b, base_b, b)) = (pair[0], pair[1]);
            if slope_a - slope_b <= 0.0 || b.0 - a.0 <= 0.0 || b.1 - a.1 <= 0.0 {
                continue;
            }
            let x = ((base_b - base_a) / (slope_a - slope_b)).clamp(a.0, b.0);
            let mut width = slope_a * x + base_a - chord(a, b, x);
            let chord = (b.0 - a.0) / (b.1 - a.1);
            if direction == Direction::Both && a.1 < self.end.1 - RESOLUTION {
                width *= chord.max(1.0);
            }
            let beta = chord.clamp(1.0, self.beta_max.min(STEEPEST));
            let new = beta * slope_a > 1.0 + 1e-13 && beta * slope_b < 1.0 - 1e-13;
            if new && widest.is_none_or(|(most, _)| width > most) && !spent.contains(&beta) {
                widest = Some((width, beta));
            }
        }
        widest
    }
}

/// The height at x of the line through two points.
pub(super) fn chord(a: (f64, f64), b: (f64, f64), x: f64) -> f64 {
    if b.0 - a.0 > 0.0 { a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0) } else { a.1.max(b.1) }
}

/// The upper concave hull of points, x and y ascending.
fn concave_hull(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut hull: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for point in points {
        while hull.len() > 1 {
            let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
            if (b.1 - a.1) * (point.0 - a.0) <= (point.1 - a.1) * (b.0 - a.0) {
                hull.pop();
            } else {
                break;
            }
        }
        if hull.last().is_none_or(|last| point.0 > last.0 && point.1 > last.1) {
            hull.push(point);
        }
    }
    if hull.len() < 2 {
        let last = hull.last().copied().unwrap_or((0.0, 0.0));
        hull.push(last);
    }
    hull
}
