//! How near a layer, as an encoder p(t|x), comes to the bound, and whether it obeys its equations.
//!
//! - The **vertical gap** is the best I(T;Y) at its I(X;T), minus its own; the **horizontal gap** its I(X;T), minus the least
//!   that its I(T;Y) needs. Near I(T;Y) = I(X;Y) the first is small for any layer, the identity included: always read both.
//! - **β\*** (Shwartz-Ziv & Tishby 2017, §3.5) is argmin_β E_x KL[p(t|x)‖p_β(t|x)], p_β(t|x) ∝ p(t) exp(−β KL[p(y|x)‖p(y|t)])
//!   built from the layer's own p(t) and p(y|t); its minimum is the **residual**.
//! - A Gibbs encoder sees x only through S = p(y|x), so no β brings the residual below the **floor** I(X;T|S) = I(X;T) − I(S;T).
//! - The **interval** holds every β whose residual is within a tolerance of the least; unbounded above, β is not identified (a
//!   layer of two cells fits every large β).

use ndarray::{Array1, Array2};

use super::BottleneckError;
use super::blahut_arimoto::information;
use super::problem::Problem;
use crate::Partition;
use crate::distribution::{JointDistribution, plogp};

/// β is searched between these.
const BETAS: (f64, f64) = (1e-3, 1e6);
const STEPS: usize = 400;

/// What there is to say about one layer. Information in bits.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerTest {
    /// I(X;T).
    pub i_xt: f64,
    /// I(T;Y).
    pub i_ty: f64,
    /// Best I(T;Y) at this I(X;T), minus the layer's: from below and from above.
    pub vertical_gap: (f64, f64),
    /// The layer's I(X;T), minus the least at its I(T;Y): from below and from above.
    pub horizontal_gap: (f64, f64),
    /// β of the least residual.
    pub beta: f64,
    /// E_x KL[p(t|x)‖p_β(t|x)] at that β, in bits.
    pub residual: f64,
    /// I(X;T|S) in bits: no β has a smaller residual.
    pub floor: f64,
    /// β's whose residual is within the tolerance of the least; the upper end is infinite where β is not identified.
    pub beta_interval: (f64, f64),
}

impl LayerTest {
    /// Tests the encoder p(t|x), shape [|X| × |T|], with this tolerance on the residual in bits.
    ///
    /// # Errors
    /// Only what queries to the curve can answer with.
    pub fn new(
        joint: &JointDistribution,
        problem: &Problem,
        encoder: &Array2<f64>,
        tolerance_bits: f64,
    ) -> Result<Self, BottleneckError> {
        let (i_xt, i_ty) = information(joint, encoder);
        let best = problem.best_i_ty(i_xt.min(problem.h_x_bits()))?;
        let least = problem.least_i_xt(i_ty.min(problem.i_xy_bits()))?;
        let gibbs = Gibbs::new(joint, problem, encoder);
        let (beta, residual) = gibbs.best();
        let fits = |beta: f64| gibbs.residual(beta) <= residual + tolerance_bits;
        Ok(Self {
            i_xt,
            i_ty,
            vertical_gap: (best.lower - i_ty, best.upper - i_ty),
            horizontal_gap: (i_xt - least.upper, i_xt - least.lower),
            beta,
            residual,
            floor: gibbs.floor(i_xt),
            beta_interval: (
                edge(beta, BETAS.0, fits),
                if fits(BETAS.1) { f64::INFINITY } else { edge(beta, BETAS.1, fits) },
            ),
        })
    }

    /// Tests the deterministic encoder T = cell(x).
    ///
    /// # Errors
    /// As [`LayerTest::new`].
    pub fn of_partition(
        joint: &JointDistribution,
        problem: &Problem,
        partition: &Partition,
        tolerance_bits: f64,
    ) -> Result<Self, BottleneckError> {
        let cell = partition.cell();
        let encoder =
            Array2::from_shape_fn((cell.len(), partition.cells()), |(x, t)| f64::from(u8::from(cell[x] as usize == t)));
        Self::new(joint, problem, &encoder, tolerance_bits)
    }

    /// Whether the layer says which β it has.
    pub fn is_identified(&self) -> bool {
        self.beta_interval.1.is_finite()
    }
}

/// What the residual needs, by class S of equal p(y|x): KL[p(y|s)‖p(y|t)] and the layer's mean p(t|s).
struct Gibbs {
    p_s: Vec<f64>,
    p_t: Array1<f64>,
    /// p(t|s), [n × m].
    mean: Array2<f64>,
    /// KL in nats, [n × m]; infinite where t excludes a y of s.
    kl: Array2<f64>,
    /// −E_x H(p(t|x)) in nats.
    negative_entropy: f64,
}

impl Gibbs {
    fn new(joint: &JointDistribution, problem: &Problem, encoder: &Array2<f64>) -> Self {
        let (p_x, table) = (joint.p_x(), joint.p_y_given_x());
        let (n, m) = (problem.classes(), encoder.ncols());
        let p_t = p_x.dot(encoder);
        let mut mean = Array2::<f64>::zeros((n, m));
        let mut example = vec![0; n];
        for (x, class) in problem.class_of_x().enumerate() {
            let Some(s) = class else { continue };
            example[s] = x;
            for t in 0..m {
                mean[[s, t]] += p_x[x] * encoder[[x, t]] / problem.p_s()[s];
            }
        }
        let mut decoder = Array2::<f64>::zeros((m, joint.n_y()));
        for x in 0..joint.n_x() {
            for t in 0..m {
                for y in 0..joint.n_y() {
                    decoder[[t, y]] += p_x[x] * encoder[[x, t]] * table[[x, y]] / p_t[t].max(f64::MIN_POSITIVE);
                }
            }
        }
        let kl = Array2::from_shape_fn((n, m), |(s, t)| {
            (0..joint.n_y())
                .filter(|&y| table[[example[s], y]] > 0.0)
                .map(|y| table[[example[s], y]] * (table[[example[s], y]] / decoder[[t, y]]).ln())
                .sum()
        });
        let ln_2 = std::f64::consts::LN_2;
        let negative_entropy =
            encoder.outer_iter().zip(p_x).map(|(row, p)| p * row.iter().map(|&q| plogp(q)).sum::<f64>() * ln_2).sum();
        Self { p_s: problem.p_s().to_vec(), p_t, mean, kl, negative_entropy }
    }

    /// E_x KL[p(t|x)‖p_β(t|x)] in bits: E ln p(t|x) − E ln p(t) + β E KL + E ln Z.
    fn residual(&self, beta: f64) -> f64 {
        let m = self.p_t.len();
        let mut nats = self.negative_entropy;
        for (s, &p_s) in self.p_s.iter().enumerate() {
            let log = |t: usize| self.p_t[t].ln() - beta * self.kl[[s, t]];
            let used = || (0..m).filter(|&t| self.p_t[t] > 0.0 && self.kl[[s, t]].is_finite());
            let most = used().map(log).fold(f64::NEG_INFINITY, f64::max);
            let log_z = most + used().map(|t| (log(t) - most).exp()).sum::<f64>().ln();
            let own: f64 = (0..m).filter(|&t| self.mean[[s, t]] > 0.0).map(|t| self.mean[[s, t]] * log(t)).sum();
            nats += p_s * (log_z - own);
        }
        (nats / std::f64::consts::LN_2).max(0.0)
    }

    /// The least residual and its β: a scan in ln β, then golden sections. (The residual is convex in β.)
    fn best(&self) -> (f64, f64) {
        let (low, high) = (BETAS.0.ln(), BETAS.1.ln());
        let at = |k: usize| low + (high - low) * k as f64 / STEPS as f64;
        let scan = (0..=STEPS).min_by(|&a, &b| self.residual(at(a).exp()).total_cmp(&self.residual(at(b).exp())));
        let k = scan.unwrap_or(0);
        let (mut a, mut b) = (at(k.saturating_sub(1)), at((k + 1).min(STEPS)));
        let golden = 0.5 * (5_f64.sqrt() - 1.0);
        for _ in 0..80 {
            let (c, d) = (b - golden * (b - a), a + golden * (b - a));
            if self.residual(c.exp()) <= self.residual(d.exp()) { b = d } else { a = c }
        }
        let beta = f64::midpoint(a, b).exp();
        (beta, self.residual(beta))
    }

    /// I(X;T) − I(S;T) in bits.
    fn floor(&self, i_xt: f64) -> f64 {
        let h_t: f64 = -self.p_t.iter().map(|&p| plogp(p)).sum::<f64>();
        let h_t_given_s: f64 =
            self.mean.outer_iter().zip(&self.p_s).map(|(row, p)| -p * row.iter().map(|&q| plogp(q)).sum::<f64>()).sum();
        (i_xt - (h_t - h_t_given_s)).max(0.0)
    }
}

/// The edge of the interval around `inside`, towards `outside`, by bisection in ln β.
fn edge(inside: f64, outside: f64, fits: impl Fn(f64) -> bool) -> f64 {
    if fits(outside) {
        return outside;
    }
    let (mut inside, mut outside) = (inside.ln(), outside.ln());
    for _ in 0..60 {
        let middle = f64::midpoint(inside, outside);
        if fits(middle.exp()) { inside = middle } else { outside = middle }
    }
    inside.exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    fn task() -> (JointDistribution, Problem) {
        let p: Vec<f64> = (0..24).map(|i| 1.0 / (1.0 + (-0.35 * (f64::from(i % 12) - 5.3)).exp())).collect();
        let joint = JointDistribution::uniform_binary(&p).unwrap();
        let problem = Problem::new(&joint);
        (joint, problem)
    }

    #[test]
    fn the_optimum_itself_is_on_the_bound_at_its_beta() {
        let (joint, problem) = task();
        for beta in [8.0, 20.0] {
            let solution = problem.solve(beta).unwrap();
            let test = LayerTest::new(&joint, &problem, &solution.encoder(&problem), 1e-6).unwrap();
            assert!(test.vertical_gap.1 < 1e-6 && test.horizontal_gap.1 < 1e-6, "{test:?}");
            assert_abs_diff_eq!(test.beta, beta, epsilon = 1e-3);
            assert!(test.residual < 1e-9 && test.floor < 1e-9 && test.is_identified(), "{test:?}");
        }
    }

    #[test]
    fn a_random_partition_is_off_the_bound_and_no_beta_beats_the_floor() {
        let (joint, problem) = task();
        // Cells that cut through classes of equal p(y|x): x and x + 12 have the same p(y|x).
        let labels: Vec<u64> = (0..24).map(|x| x % 5).collect();
        let test = LayerTest::of_partition(&joint, &problem, &Partition::from_labels(&labels), 1e-3).unwrap();
        assert!(test.vertical_gap.0 > 0.05 && test.horizontal_gap.0 > 0.5, "{test:?}");
        assert!(test.floor > 0.1 && test.residual >= test.floor - 1e-12, "{test:?}");
    }

    #[test]
    fn two_cells_fit_every_large_beta() {
        let joint = JointDistribution::uniform_binary(&[0.1, 0.1, 0.9, 0.9]).unwrap();
        let problem = Problem::new(&joint);
        let test = LayerTest::of_partition(&joint, &problem, &Partition::from_labels(&[0, 0, 1, 1]), 1e-3).unwrap();
        assert!(!test.is_identified() && test.residual < 1e-3, "{test:?}");
    }
}
