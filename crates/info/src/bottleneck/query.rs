//! One point of the bound: the best I(T;Y) at a given I(X;T), the least I(X;T) at a given I(T;Y), and the slope β there.
//!
//! By duality max I(T;Y) s.t. I(X;T) ≤ r is min_β (r − L_β)/β, and min I(X;T) s.t. I(T;Y) ≥ a is max_β (L_β + βa):
//! one-dimensional searches over β. Where the optimum jumps from one side of the target to the other (a straight piece
//! of the curve), the answer is the mixture of the two.

use super::BottleneckError;
use super::certificate::Proof;
use super::curve::chord;
use super::problem::Problem;
use super::solver::{Effort, OPEN_BITS, Solution};

/// By so much rounding may put the bounds the wrong way round.
const ROUNDING_BITS: f64 = 1e-9;

/// The sandwich at one place, in bits, and the trade-off there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Query {
    /// The information asked about, in bits.
    pub at: f64,
    /// The other information: some encoder reaches (for I(T;Y)) or none goes below (for I(X;T)) this, in bits.
    pub lower: f64,
    /// No encoder exceeds (for I(T;Y)) or some encoder reaches (for I(X;T)) this, in bits.
    pub upper: f64,
    /// β = dI(X;T)/dI(T;Y) there; infinite where more I(X;T) brings nothing.
    pub beta: f64,
    /// What the bound that no encoder passes rests on.
    pub proof: Proof,
}

impl Query {
    /// Whether the sandwich stayed open: wider than 1e-6 bits, or its bounds contradict each other.
    pub fn is_open(&self) -> bool {
        let apart = self.upper - self.lower;
        // Bounds the wrong way round contradict each other; NaN is open too.
        !(-ROUNDING_BITS..=OPEN_BITS).contains(&apart)
    }
}

/// Where the search stands: optima on both sides of the target.
struct Bracket {
    low: (f64, (f64, f64)),
    high: Option<Solution>,
    end: (f64, f64),
    tangents: Vec<(f64, f64, Proof)>,
}

impl Problem {
    /// The best I(T;Y) at a given I(X;T), in bits.
    ///
    /// # Errors
    /// If no encoder has this I(X;T): it is negative or above H(X).
    pub fn best_i_ty(&self, i_xt: f64) -> Result<Query, BottleneckError> {
        let most = self.h_x_bits();
        if !(i_xt >= 0.0 && i_xt <= most + 1e-12) {
            return Err(BottleneckError::Unreachable { what: "I(X;T)", value: i_xt, limit: "H(X)", most });
        }
        let (h_s, i_xy) = (self.h_s_bits(), self.i_xy_bits());
        if i_xt >= h_s {
            return Ok(Query { at: i_xt, lower: i_xy, upper: i_xy, beta: f64::INFINITY, proof: Proof::Rigorous });
        }
        let bracket = self.search(i_xt, |point| point.0)?;
        let (high_beta, high) = bracket.high();
        let tangents = bracket.tangents.iter().map(|(beta, least, proof)| ((i_xt - least) / beta, *proof));
        let (upper, proof) =
            tangents.fold((i_xt.min(i_xy), Proof::Rigorous), |least, at| if at.0 < least.0 { at } else { least });
        let lower = chord(bracket.low.1, high, i_xt).clamp(0.0, i_xy);
        Ok(Query {
            at: i_xt,
            lower: if lower > upper + ROUNDING_BITS { lower } else { lower.min(upper) },
            upper,
            beta: between(bracket.low, (high_beta, high), i_xt, |p| p.0),
            proof,
        })
    }

    /// The least I(X;T) at a given I(T;Y), in bits.
    ///
    /// # Errors
    /// If no encoder has this I(T;Y): it is negative or above I(X;Y).
    pub fn least_i_xt(&self, i_ty: f64) -> Result<Query, BottleneckError> {
        let (h_s, i_xy) = (self.h_s_bits(), self.i_xy_bits());
        if !(i_ty >= 0.0 && i_ty <= i_xy + 1e-12) {
            return Err(BottleneckError::Unreachable { what: "I(T;Y)", value: i_ty, limit: "I(X;Y)", most: i_xy });
        }
        if i_ty >= i_xy * (1.0 - 1e-15) {
            return Ok(Query { at: i_ty, lower: h_s, upper: h_s, beta: f64::INFINITY, proof: Proof::Rigorous });
        }
        let bracket = self.search(i_ty, |point| point.1)?;
        let (high_beta, high) = bracket.high();
        let flip = |p: (f64, f64)| (p.1, p.0);
        let tangents = bracket.tangents.iter().map(|(beta, least, proof)| (least + beta * i_ty, *proof));
        let (lower, proof) = tangents.fold((i_ty, Proof::Rigorous), |most, at| if at.0 > most.0 { at } else { most });
        let upper = chord(flip(bracket.low.1), flip(high), i_ty).clamp(0.0, h_s);
        Ok(Query {
            at: i_ty,
            lower: if lower > upper + ROUNDING_BITS { lower } else { lower.min(upper) },
            upper,
            beta: between(bracket.low, (high_beta, high), i_ty, |p| p.1),
            proof,
        })
    }

    /// Closes in on the optimum whose coordinate is `target`.
    fn search(&self, target: f64, coordinate: impl Fn((f64, f64)) -> f64) -> Result<Bracket, BottleneckError> {
        let mut bracket = Bracket {
            low: (1.0, (0.0, 0.0)),
            high: None,
            end: (self.h_s_bits(), self.i_xy_bits()),
            tangents: Vec::new(),
        };
        for round in 0..90 {
            let (high_beta, high) = bracket.high();
            let (low_beta, low) = bracket.low;
            let slope = (high.0 - low.0) / (high.1 - low.1);
            let secant = between(bracket.low, (high_beta, high), target, &coordinate);
            let middle = if high_beta.is_finite() { (low_beta * high_beta).sqrt() } else { low_beta * 4.0 };
            let proposals = match round % 4 {
                0 | 2 => [slope, secant, middle],
                1 => [secant, slope, middle],
                _ => [middle, slope, secant],
            };
            let inside =
                |beta: &f64| *beta > low_beta * (1.0 + 1e-14) && *beta < high_beta * (1.0 - 1e-14) && *beta < 1e12;
            let Some(beta) = proposals.into_iter().find(inside) else { break };
            // One of many: a little work for each proof.
            let solution = self.solve_with(beta, bracket.high.as_ref(), Effort::LITTLE)?;
            let point = (solution.i_xt, solution.i_ty);
            bracket.tangents.push((beta, solution.lagrangian_lower(), solution.proof));
            let reached = coordinate(point);
            if reached <= target {
                bracket.low = (beta, point);
            }
            if reached >= target && target > 0.0 || reached > target {
                bracket.high = Some(solution);
            }
            let (high_beta, high) = bracket.high();
            if (coordinate(high) - coordinate(bracket.low.1)).abs() < 1e-12 && high_beta / bracket.low.0 < 1.0 + 1e-9 {
                break;
            }
        }
        Ok(bracket)
    }
}

impl Bracket {
    /// β and place of the optimum above the target; the end of the curve until one is found.
    fn high(&self) -> (f64, (f64, f64)) {
        self.high.as_ref().map_or((f64::INFINITY, self.end), |high| (high.beta, (high.i_xt, high.i_ty)))
    }
}

/// ln β interpolated between two optima to where their coordinate meets the target.
fn between(
    low: (f64, (f64, f64)),
    high: (f64, (f64, f64)),
    target: f64,
    coordinate: impl Fn((f64, f64)) -> f64,
) -> f64 {
    if !high.0.is_finite() {
        return low.0 * 2.0;
    }
    let (a, b) = (coordinate(low.1), coordinate(high.1));
    let share = if b > a { ((target - a) / (b - a)).clamp(0.0, 1.0) } else { 0.5 };
    (low.0.ln() * (1.0 - share) + high.0.ln() * share).exp()
}
