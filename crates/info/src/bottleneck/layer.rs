//! How near a layer, as an encoder p(t|x), comes to the bound, and whether it obeys its equations.
//!
//! - The **vertical gap** is the best I(T;Y) at its I(X;T), minus its own; the **horizontal gap** its I(X;T), minus the least
//!   that its I(T;Y) needs. Near I(T;Y) = I(X;Y) the first is small for any layer, the identity included: always read both.
//!   (I(T;Y) within 1e-9 bits of I(X;Y) is not told apart from it, so the horizontal gap there is to 1e-9 bits below.)
//! - **β\*** (Shwartz-Ziv & Tishby 2017, §3.5) is argmin_β E_x KL[p(t|x)‖p_β(t|x)], p_β(t|x) ∝ p(t) exp(−β KL[p(y|x)‖p(y|t)])
//!   built from the layer's own p(t) and p(y|t); its minimum is the **residual**. Since E KL[p(y|x)‖p(y|t)] = I(X;Y) − I(T;Y),
//!
//!   residual(β) = I(X;T) + β (I(X;Y) − I(T;Y)) + E_s ln Z_β(s), convex in β, with Z_β(s) = Σ_t p(t) exp(−β KL[p(y|s)‖p(y|t)]).
//!
//!   So t's of equal p(y|t) count as one, x's of equal p(y|x) too: thousands of cells cost as much as their distinct decoders.
//! - A Gibbs encoder sees x only through S = p(y|x), so no β brings the residual below the **floor** I(X;T|S) = I(X;T) − I(S;T).
//! - The **interval** holds every β whose residual is within a tolerance of the least; unbounded above, β is not identified (a
//!   layer of two cells fits every large β).

use super::curve::{Curve, RESOLUTION};
use super::kernel::{Atom, beta_kl};
use super::problem::Problem;
use crate::Encoder;
use crate::distribution::{JointDistribution, plogp};

/// β is searched between these.
const BETAS: (f64, f64) = (1e-3, 1e6);
/// Decoders this close in every p(y|t) are one number computed twice.
const SAME: f64 = 1e-14;
/// Beside the largest term of Z, smaller ones than e^this are nothing.
const NEGLIGIBLE: f64 = -80.0;
const NATS: f64 = std::f64::consts::LN_2;

/// What there is to say about one layer. Information in bits.
///
/// # Example
/// ```
/// use infoplane_info::bottleneck::{Curve, LayerTest, Problem};
/// use infoplane_info::{Encoder, JointDistribution, Partition};
///
/// let joint = JointDistribution::uniform_binary(&[0.1, 0.4, 0.9, 0.9])?;
/// let problem = Problem::new(&joint);
/// let curve = Curve::refined_both_ways(&problem, 1e-6, 10_000)?;
/// // A layer that tells all x's apart knows all of Y, but tells two x's apart that are the same to Y.
/// let layer = Encoder::of_partition(&Partition::from_labels(&[0, 1, 2, 3]));
/// let test = LayerTest::new(&joint, &problem, &curve, &layer, 1e-6);
/// assert!(test.vertical_gap.1 < 1e-5 && (test.floor - 0.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Tests an encoder against the curve of the same problem, with this tolerance on the residual in bits. Gaps are known to
    /// the width of the curve.
    pub fn new(
        joint: &JointDistribution,
        problem: &Problem,
        curve: &Curve,
        encoder: &Encoder,
        tolerance_bits: f64,
    ) -> Self {
        let gibbs = Gibbs::new(joint, problem, encoder);
        let (i_xt, i_ty) = (gibbs.i_xt / NATS, gibbs.i_ty / NATS);
        let reached = i_ty.min(problem.i_xy_bits() - RESOLUTION).max(0.0);
        let beta = gibbs.best();
        let least = gibbs.residual(beta);
        let tolerated = least.value + tolerance_bits * NATS;
        Self {
            i_xt,
            i_ty,
            vertical_gap: (curve.lower(i_xt) - i_ty, curve.upper(i_xt) - i_ty),
            horizontal_gap: (i_xt - curve.least_i_xt_upper(reached), i_xt - curve.least_i_xt_lower(reached)),
            beta,
            residual: least.value.max(0.0) / NATS,
            floor: gibbs.floor / NATS,
            beta_interval: (
                gibbs.edge(beta, BETAS.0, tolerated).unwrap_or(BETAS.0),
                gibbs.edge(beta, BETAS.1, tolerated).unwrap_or(f64::INFINITY),
            ),
        }
    }

    /// Whether the layer says which β it has.
    pub fn is_identified(&self) -> bool {
        self.beta_interval.1.is_finite()
    }
}

/// What the residual needs, in nats: classes S of equal p(y|x) against distinct decoders p(y|t).
struct Gibbs {
    p_s: Vec<f64>,
    /// p(t) of each distinct decoder, \[m].
    weights: Vec<f64>,
    /// KL[p(y|s)‖p(y|t)], [n × m] row by row; infinite where t excludes a y of s.
    kl: Vec<f64>,
    i_xt: f64,
    i_ty: f64,
    /// E KL[p(y|s)‖p(y|t)] = I(X;Y) − I(T;Y), computed without a difference.
    mean_kl: f64,
    /// I(X;T|S).
    floor: f64,
}

/// The residual in nats and its derivatives by β.
struct Residual {
    value: f64,
    slope: f64,
    bend: f64,
}

impl Gibbs {
    fn new(joint: &JointDistribution, problem: &Problem, encoder: &Encoder) -> Self {
        let class: Vec<u32> = problem.class_of_x().map(|class| class.map_or(u32::MAX, |class| class as u32)).collect();
        // One cell after the other: its p(t), its p(y|t), and its p(s, t).
        let (mut h_t, mut h_t_given_s) = (0.0, 0.0);
        let mut cells: Vec<(f64, Vec<f64>)> = Vec::new();
        let mut shares: Vec<(u32, u32, f64)> = Vec::new();
        for entries in encoder.joint_entries(joint).chunk_by(|a, b| a.0 == b.0) {
            let p_t: f64 = entries.iter().map(|entry| entry.2).sum();
            h_t -= plogp(p_t);
            let mut by_class: Vec<(u32, f64)> = entries.iter().map(|&(_, x, p)| (class[x as usize], p)).collect();
            by_class.sort_by_key(|entry| entry.0);
            let mut decoder = vec![0.0; problem.k];
            for of_class in by_class.chunk_by(|a, b| a.0 == b.0) {
                let (s, p) = (of_class[0].0, of_class.iter().map(|entry| entry.1).sum::<f64>());
                let p_s = problem.p_s()[s as usize];
                h_t_given_s -= p_s * plogp((p / p_s).min(1.0));
                shares.push((s, cells.len() as u32, p));
                for (sum, q) in decoder.iter_mut().zip(problem.row(s as usize)) {
                    *sum += p / p_t * q;
                }
            }
            cells.push((p_t, decoder));
        }
        let (decoder_of, weights, decoders) = merge_decoders(&cells);
        let atoms: Vec<Atom> = decoders.iter().map(|decoder| Atom::new(decoder.clone())).collect();
        let (n, m) = (problem.classes(), atoms.len());
        let mut kl = Vec::with_capacity(n * m);
        for s in 0..n {
            kl.extend(decoders.iter().zip(&atoms).map(|(decoder, atom)| {
                let excluded = problem.row(s).iter().zip(decoder).any(|(&q, &t)| q > 0.0 && t == 0.0);
                if excluded { f64::INFINITY } else { beta_kl(problem, s, atom, 1.0) }
            }));
        }
        let mean_kl: f64 = shares.iter().map(|&(s, t, p)| p * kl[s as usize * m + decoder_of[t as usize]]).sum();
        let h_t_given_x = encoder.entropy_given_x(joint) * NATS;
        let (h_t, h_t_given_s) = (h_t * NATS, h_t_given_s * NATS);
        Self {
            p_s: problem.p_s().to_vec(),
            weights,
            kl,
            i_xt: (h_t - h_t_given_x).max(0.0),
            i_ty: (problem.i_xy - mean_kl).clamp(0.0, problem.i_xy),
            mean_kl: mean_kl.max(0.0),
            floor: (h_t_given_s - h_t_given_x).max(0.0),
        }
    }

    /// E_x KL[p(t|x)‖p_β(t|x)] = I(X;T) + β E KL + E_s ln Z.
    fn residual(&self, beta: f64) -> Residual {
        let m = self.weights.len();
        let mut at = Residual { value: self.i_xt + beta * self.mean_kl, slope: self.mean_kl, bend: 0.0 };
        for (p_s, kl) in self.p_s.iter().zip(self.kl.chunks_exact(m)) {
            let least = kl.iter().copied().fold(f64::INFINITY, f64::min);
            let (mut z, mut first, mut second) = (0.0, 0.0, 0.0);
            for (&kl, &w) in kl.iter().zip(&self.weights) {
                let more = kl - least;
                if -beta * more > NEGLIGIBLE {
                    let term = w * (-beta * more).exp();
                    z += term;
                    first += term * more;
                    second += term * more * more;
                }
            }
            let mean = first / z;
            at.value += p_s * (z.ln() - beta * least);
            at.slope -= p_s * (mean + least);
            at.bend += p_s * (second / z - mean * mean);
        }
        at
    }

    /// β of the least residual: where its slope, which grows with β, is 0 (Newton in ln β, kept in a bracket).
    fn best(&self) -> f64 {
        root(BETAS, |beta| {
            let at = self.residual(beta);
            (at.slope, at.bend)
        })
    }

    /// Where the residual reaches `tolerated` between `inside` and the end; none if it does not.
    fn edge(&self, inside: f64, end: f64, tolerated: f64) -> Option<f64> {
        let sign = if end < inside { -1.0 } else { 1.0 };
        if self.residual(end).value <= tolerated {
            return None;
        }
        let range = if end < inside { (end, inside) } else { (inside, end) };
        Some(root(range, |beta| {
            let at = self.residual(beta);
            (sign * (at.value - tolerated), sign * at.slope)
        }))
    }
}

/// The β in the range at which a function that grows from below 0 to above is 0, or the end it stays on. `at` gives its value
/// and slope.
fn root((low, high): (f64, f64), at: impl Fn(f64) -> (f64, f64)) -> f64 {
    let (mut low, mut high) = (low.ln(), high.ln());
    let mut here = f64::midpoint(low, high);
    for _ in 0..80 {
        let beta = here.exp();
        let (value, slope) = at(beta);
        *(if value < 0.0 { &mut low } else { &mut high }) = here;
        let step = -value / (slope * beta);
        let next = here + step;
        let inside = next > low && next < high;
        // A step that leaves the bracket, or would crawl, is a halving instead.
        let next = if inside && step.abs() < 0.5 * (high - low) { next } else { f64::midpoint(low, high) };
        if high - low < 1e-12 || (next - here).abs() < 1e-13 {
            break;
        }
        here = next;
    }
    here.exp()
}

/// Cells of equal p(y|t) as one: the decoder of each cell, and each decoder's p(t) and p(y|t).
fn merge_decoders(cells: &[(f64, Vec<f64>)]) -> (Vec<usize>, Vec<f64>, Vec<Vec<f64>>) {
    let mut order: Vec<usize> = (0..cells.len()).collect();
    let compare = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
    order.sort_by(|&a, &b| compare(&cells[a].1, &cells[b].1).unwrap_or(a.cmp(&b)));
    let (mut decoder_of, mut weights, mut decoders) = (vec![0; cells.len()], Vec::new(), Vec::<Vec<f64>>::new());
    for t in order {
        let (p_t, decoder) = &cells[t];
        let same = |last: &Vec<f64>| last.iter().zip(decoder).all(|(a, b)| (a - b).abs() <= SAME * a.max(*b));
        if decoders.last().is_some_and(same) {
            *weights.last_mut().expect("as many weights as decoders") += p_t;
        } else {
            weights.push(*p_t);
            decoders.push(decoder.clone());
        }
        decoder_of[t] = decoders.len() - 1;
    }
    (decoder_of, weights, decoders)
}

#[cfg(test)]
mod tests {
    use super::super::paper_task;
    use super::*;
    use crate::Partition;
    use approx::assert_abs_diff_eq;

    fn task() -> (JointDistribution, Problem, Curve) {
        let p: Vec<f64> = (0..24).map(|i| 1.0 / (1.0 + (-0.35 * (f64::from(i % 12) - 5.3)).exp())).collect();
        bounded(JointDistribution::uniform_binary(&p).unwrap())
    }

    fn bounded(joint: JointDistribution) -> (JointDistribution, Problem, Curve) {
        let problem = Problem::new(&joint);
        let curve = Curve::refined_both_ways(&problem, 5e-7, 10_000).unwrap();
        assert!(curve.width_both_ways_bits() <= 5e-7, "{}", curve.width_both_ways_bits());
        (joint, problem, curve)
    }

    #[test]
    fn the_optimum_itself_is_on_the_bound_at_its_beta() {
        for ((joint, problem, curve), betas) in [
            (task(), [8.0, 20.0]),
            (bounded(paper_task::joint(0.7)), [3.0, 30.0]),
            (bounded(paper_task::joint(0.99)), [1.2, 3.0]),
        ] {
            for beta in betas {
                let solution = problem.solve(beta).unwrap();
                let encoder = Encoder::of_table(&solution.encoder(&problem));
                let test = LayerTest::new(&joint, &problem, &curve, &encoder, 1e-6);
                assert!(test.vertical_gap.1 < 1e-6 && test.horizontal_gap.1 < 1e-6, "{test:?}");
                assert!(test.vertical_gap.1 > -1e-9 && test.horizontal_gap.1 > -1e-9, "{test:?}");
                assert_abs_diff_eq!(test.beta, beta, epsilon = 1e-3);
                assert!(test.residual < 1e-9 && test.floor < 1e-9 && test.is_identified(), "{test:?}");
            }
        }
    }

    #[test]
    fn a_random_partition_is_off_the_bound_and_no_beta_beats_the_floor() {
        let (joint, problem, curve) = task();
        // Cells that cut through classes of equal p(y|x): x and x + 12 have the same p(y|x).
        let labels: Vec<u64> = (0..24).map(|x| x % 5).collect();
        let encoder = Encoder::of_partition(&Partition::from_labels(&labels));
        let test = LayerTest::new(&joint, &problem, &curve, &encoder, 1e-3);
        assert!(test.vertical_gap.0 > 0.05 && test.horizontal_gap.0 > 0.5, "{test:?}");
        assert!(test.floor > 0.1 && test.residual >= test.floor - 1e-12, "{test:?}");
    }

    #[test]
    fn the_residual_is_what_its_definition_says_and_its_edges_are_where_they_should_be() {
        let (joint, problem, curve) = task();
        let table = ndarray::Array2::from_shape_fn((24, 3), |(x, t)| {
            let weight = |t: usize| 1.0 + ((x * 7 + t * 5) % 11) as f64 * if t == x / 8 { 6.0 } else { 1.0 };
            weight(t) / (0..3).map(weight).sum::<f64>()
        });
        let test = LayerTest::new(&joint, &problem, &curve, &Encoder::of_table(&table), 1e-4);
        let p_t = joint.p_x().dot(&table);
        let decoder = ndarray::Array2::from_shape_fn((3, 2), |(t, y)| {
            (0..24).map(|x| joint.p_x()[x] * table[[x, t]] * joint.p_y_given_x()[[x, y]]).sum::<f64>() / p_t[t]
        });
        let residual = |beta: f64| -> f64 {
            let kl = |x: usize, t: usize| -> f64 {
                let q = joint.p_y_given_x();
                (0..2).map(|y| q[[x, y]] * (q[[x, y]] / decoder[[t, y]]).ln()).sum()
            };
            let of_x = |x: usize| -> f64 {
                let weights: Vec<f64> = (0..3).map(|t| p_t[t] * (-beta * kl(x, t)).exp()).collect();
                let z: f64 = weights.iter().sum();
                (0..3).map(|t| table[[x, t]] * (table[[x, t]] / weights[t] * z).log2()).sum()
            };
            (0..24).map(|x| joint.p_x()[x] * of_x(x)).sum()
        };
        assert_abs_diff_eq!(test.residual, residual(test.beta), epsilon = 1e-12);
        assert!(residual(test.beta * 1.01) > test.residual && residual(test.beta * 0.99) > test.residual);
        for edge in [test.beta_interval.0, test.beta_interval.1] {
            assert_abs_diff_eq!(residual(edge), test.residual + 1e-4, epsilon = 1e-9);
        }
    }

    #[test]
    fn two_cells_fit_every_large_beta() {
        let (joint, problem, curve) = bounded(JointDistribution::uniform_binary(&[0.1, 0.1, 0.9, 0.9]).unwrap());
        let encoder = Encoder::of_partition(&Partition::from_labels(&[0, 0, 1, 1]));
        let test = LayerTest::new(&joint, &problem, &curve, &encoder, 1e-3);
        assert!(!test.is_identified() && test.residual < 1e-3, "{test:?}");
    }

    #[test]
    fn near_the_end_of_the_papers_curve_the_identity_is_far_off_sideways_only() {
        let (joint, problem, curve) = bounded(paper_task::joint(0.99));
        let encoder = Encoder::of_partition(&Partition::from_labels(&(0..4096).collect::<Vec<_>>()));
        let test = LayerTest::new(&joint, &problem, &curve, &encoder, 1e-3);
        assert!(test.vertical_gap.1 < 1e-9 && test.horizontal_gap.0 > 6.0, "{test:?}");
        assert!(test.horizontal_gap.1 - test.horizontal_gap.0 <= 1e-6, "{test:?}");
    }
}
