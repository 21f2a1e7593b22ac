//! The generalised bottleneck between the stochastic and the deterministic one.
//!
//! Strouse & Schwab 2017 (arXiv 1604.00268, §3): L_α = H(T) − α H(T|X) − β I(T;Y), with α = 1 the bottleneck of Tishby,
//! Pereira & Bialek and α = 0 the deterministic one. Their iteration is p(t|x) ∝ exp([ln p(t) − β KL(p(y|x)‖p(y|t))]/α),
//! argmax_t at α = 0, then p(t) and p(y|t) from it.
//!
//! **No certificate.** For α < 1 the problem is not convex even in the weights of given decoders (H(T) is concave in
//! p(t)), so the iteration stops in a local optimum, and the answer is the best of several starts: the certified optimum
//! of α = 1 led down to this α, T = X, and random decoders; each then merges pairs of values while that lowers L_α. An
//! upper bound on the least L_α, no more. At both ends there are exact answers to hold it against: [`Problem::solve`],
//! and for binary Y [`Problem::deterministic`].

use ndarray::Array2;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use super::BottleneckError;
use super::divergence::kl;
use super::kernel::{Atom, beta_kl};
use super::polish::decoder_of;
use super::problem::Problem;

const ITERATIONS: usize = 20_000;
/// Entries of p(t|s) that move by less have come to rest.
const AT_REST: f64 = 1e-13;
/// Values of T less probable than this are left out.
const EMPTY: f64 = 1e-14;
/// More values than this are not tried (T = X starts from so many random decoders instead).
const MOST_CELLS: usize = 40;

/// The best local optimum found. Information in bits.
#[derive(Debug, Clone)]
pub struct Generalised {
    /// 1: the bottleneck; 0: the deterministic bottleneck.
    pub alpha: f64,
    /// The trade-off.
    pub beta: f64,
    /// H(T).
    pub h_t: f64,
    /// H(T|X).
    pub h_t_given_x: f64,
    /// I(T;Y).
    pub i_ty: f64,
    /// How many starts it is the best of.
    pub starts: usize,
    encoder: Encoder,
}

impl Generalised {
    /// I(X;T) in bits.
    pub fn i_xt(&self) -> f64 {
        (self.h_t - self.h_t_given_x).max(0.0)
    }

    /// L_α = H(T) − α H(T|X) − β I(T;Y) in bits.
    pub fn lagrangian(&self) -> f64 {
        self.h_t - self.alpha * self.h_t_given_x - self.beta * self.i_ty
    }

    /// Number of values of T.
    pub fn atoms(&self) -> usize {
        self.encoder.p_t.len()
    }

    /// p(t|x) over the original x's, shape [|X| × m].
    pub fn encoder(&self, problem: &Problem) -> Array2<f64> {
        problem.expand_encoder(&self.encoder.p_t_given_s, &self.encoder.p_t)
    }
}

impl Problem {
    /// The best local optimum of L_α from `starts` random starts beside the two fixed ones.
    ///
    /// # Errors
    /// If β is not a positive number, or α lies outside [0, 1].
    pub fn generalised(&self, beta: f64, alpha: f64, starts: usize, seed: u64) -> Result<Generalised, BottleneckError> {
        if !(0.0..=1.0).contains(&alpha) {
            return Err(BottleneckError::Alpha { alpha });
        }
        let optimum = self.solve(beta)?;
        let mut first = Encoder { p_t: optimum.p_t.to_vec(), p_t_given_s: optimum.p_t_given_s };
        // Down from α = 1 in steps small enough to stay in the valley.
        for rung in 1..=10 {
            first = self.descend(beta, 1.0 - (1.0 - alpha) * f64::from(rung) / 10.0, first);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut tried = vec![first];
        let n = self.classes();
        if n <= MOST_CELLS {
            tried.push(self.descend(beta, alpha, self.nearest(&(0..n).collect::<Vec<_>>())));
        }
        for _ in 0..starts + usize::from(n > MOST_CELLS) {
            let cells = rng.random_range(1..=n.min(MOST_CELLS));
            let centres: Vec<usize> = (0..cells).map(|_| rng.random_range(0..n)).collect();
            tried.push(self.descend(beta, alpha, self.nearest(&centres)));
        }
        let count = tried.len();
        let merged = tried.into_iter().map(|encoder| self.merge_cells(beta, alpha, encoder));
        let best = merged.min_by(|a, b| a.lagrangian().total_cmp(&b.lagrangian()));
        Ok(Generalised { starts: count, ..best.unwrap_or_else(|| self.measured(beta, alpha, self.nearest(&[0]))) })
    }

    /// Every class to the nearest of these classes' p(y|s).
    fn nearest(&self, centres: &[usize]) -> Encoder {
        let atoms: Vec<Atom> = centres.iter().map(|&s| Atom::new(self.row(s).to_vec())).collect();
        let m = atoms.len();
        let mut p_t_given_s = vec![0.0; self.classes() * m];
        for s in 0..self.classes() {
            let near =
                (0..m).min_by(|&a, &b| beta_kl(self, s, &atoms[a], 1.0).total_cmp(&beta_kl(self, s, &atoms[b], 1.0)));
            p_t_given_s[s * m + near.unwrap_or(0)] = 1.0;
        }
        self.used(p_t_given_s, m)
    }

    /// The iteration until it rests.
    fn descend(&self, beta: f64, alpha: f64, mut encoder: Encoder) -> Encoder {
        for _ in 0..ITERATIONS {
            let m = encoder.p_t.len();
            if m == 1 {
                break;
            }
            let atoms: Vec<Atom> = (0..m).map(|t| Atom::new(decoder_of(self, &encoder.joint(self, t)))).collect();
            let ln_p: Vec<f64> = encoder.p_t.iter().map(|p| p.ln()).collect();
            let mut next = vec![0.0; encoder.p_t_given_s.len()];
            for (s, row) in next.chunks_exact_mut(m).enumerate() {
                for t in 0..m {
                    row[t] = ln_p[t] - beta_kl(self, s, &atoms[t], beta);
                }
                let best = (0..m).fold(0, |best, t| if row[t] > row[best] { t } else { best });
                let top = row[best];
                if alpha == 0.0 {
                    row.iter_mut().enumerate().for_each(|(t, value)| *value = f64::from(u8::from(t == best)));
                } else {
                    row.iter_mut().for_each(|value| *value = ((*value - top) / alpha).exp());
                    let sum: f64 = row.iter().sum();
                    row.iter_mut().for_each(|value| *value /= sum);
                }
            }
            let moved = next.iter().zip(&encoder.p_t_given_s).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
            encoder = self.used(next, m);
            if moved < AT_REST {
                break;
            }
        }
        encoder
    }

    /// Merges the pair of values whose union, iterated, lowers L_α the most, as long as there is one.
    fn merge_cells(&self, beta: f64, alpha: f64, encoder: Encoder) -> Generalised {
        let mut best = self.measured(beta, alpha, encoder);
        loop {
            let m = best.atoms();
            let pairs = (0..m).flat_map(|a| (0..a).map(move |b| (a, b)));
            let union = pairs
                .map(|(a, b)| self.measured(beta, alpha, self.union(&best.encoder, a, b)))
                .min_by(|a, b| a.lagrangian().total_cmp(&b.lagrangian()));
            let Some(union) = union else { return best };
            let union = self.measured(beta, alpha, self.descend(beta, alpha, union.encoder));
            if union.lagrangian() >= best.lagrangian() - 1e-13 {
                return best;
            }
            best = union;
        }
    }

    fn union(&self, encoder: &Encoder, a: usize, b: usize) -> Encoder {
        let m = encoder.p_t.len();
        let mut p_t_given_s = encoder.p_t_given_s.clone();
        for row in p_t_given_s.chunks_exact_mut(m) {
            row[b] += row[a];
            row[a] = 0.0;
        }
        self.used(p_t_given_s, m)
    }

    /// Leaves out the values of T that nothing is encoded as.
    fn used(&self, p_t_given_s: Vec<f64>, m: usize) -> Encoder {
        let p_t: Vec<f64> =
            (0..m).map(|t| (0..self.classes()).map(|s| self.p[s] * p_t_given_s[s * m + t]).sum()).collect();
        let kept: Vec<usize> = (0..m).filter(|&t| p_t[t] > EMPTY).collect();
        if kept.len() == m {
            return Encoder { p_t, p_t_given_s };
        }
        let mut rows = Vec::with_capacity(self.classes() * kept.len());
        for row in p_t_given_s.chunks_exact(m) {
            let sum: f64 = kept.iter().map(|&t| row[t]).sum();
            // A class so rare that all its values were left out goes to the first.
            rows.extend(
                kept.iter().enumerate().map(
                    |(i, &t)| {
                        if sum > 0.0 { row[t] / sum } else { f64::from(u8::from(i == 0)) }
                    },
                ),
            );
        }
        self.used(rows, kept.len())
    }

    fn measured(&self, beta: f64, alpha: f64, encoder: Encoder) -> Generalised {
        let m = encoder.p_t.len();
        let bits = std::f64::consts::LN_2.recip();
        let plogp = |p: f64| if p > 0.0 { p * p.ln() } else { 0.0 };
        let h_t = -encoder.p_t.iter().map(|&p| plogp(p)).sum::<f64>() + 0.0;
        let rows = encoder.p_t_given_s.chunks_exact(m).zip(&self.p);
        let h_t_given_x = -rows.map(|(row, p)| p * row.iter().map(|&q| plogp(q)).sum::<f64>()).sum::<f64>() + 0.0;
        let i_ty =
            (0..m).map(|t| encoder.p_t[t] * kl(&decoder_of(self, &encoder.joint(self, t)), &self.p_y)).sum::<f64>();
        let i_ty = if m == 1 { 0.0 } else { i_ty.clamp(0.0, self.i_xy) };
        Generalised {
            alpha,
            beta,
            h_t: h_t * bits,
            h_t_given_x: h_t_given_x * bits,
            i_ty: i_ty * bits,
            starts: 1,
            encoder,
        }
    }
}

/// p(t), shape \[m], and p(t|s), shape [n × m] row by row.
#[derive(Debug, Clone)]
struct Encoder {
    p_t: Vec<f64>,
    p_t_given_s: Vec<f64>,
}

impl Encoder {
    /// p(s, t) of one t, shape \[n].
    fn joint(&self, problem: &Problem, t: usize) -> Vec<f64> {
        let m = self.p_t.len();
        (0..problem.classes()).map(|s| problem.p[s] * self.p_t_given_s[s * m + t]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bottleneck::paper_task;
    use crate::bottleneck::properties::nasty;
    use approx::assert_abs_diff_eq;

    #[test]
    fn at_alpha_one_it_is_the_certified_bottleneck() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (n, k) in [(4, 2), (12, 2), (6, 3), (15, 5)] {
            let problem = Problem::new(&nasty(0, n, k, &mut rng));
            for beta in [1.5, 3.0, 8.0, 30.0] {
                let certified = problem.solve(beta).unwrap();
                let found = problem.generalised(beta, 1.0, 4, 1).unwrap();
                assert!(found.lagrangian() >= certified.lagrangian_lower() - 1e-10);
                assert_abs_diff_eq!(found.lagrangian(), certified.lagrangian, epsilon = 1e-9);
                assert_abs_diff_eq!(found.i_xt() - beta * found.i_ty, found.lagrangian(), epsilon = 1e-12);
            }
        }
    }

    #[test]
    fn at_alpha_zero_it_is_the_exact_quantiser_and_near_zero_close_to_it() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut problems: Vec<Problem> =
            [3, 8, 20, 40].iter().map(|&n| Problem::new(&nasty(0, n, 2, &mut rng))).collect();
        problems.push(Problem::new(&paper_task::joint(0.7)));
        let (mut same, mut all) = (0, 0);
        for problem in &problems {
            for beta in [1.5, 4.0, 10.0, 40.0] {
                let exact = problem.deterministic(beta).unwrap();
                let least = exact.h_t - beta * exact.i_ty;
                let found = problem.generalised(beta, 0.0, 30, 1).unwrap();
                assert_eq!(found.h_t_given_x, 0.0);
                assert!(found.lagrangian() >= least - 1e-10, "{} is below the exact {least}", found.lagrangian());
                assert!(found.lagrangian() <= least + 0.02, "β = {beta}: {} {least}", found.lagrangian());
                all += 1;
                same += usize::from(found.lagrangian() <= least + 1e-9);
                // L_α falls as α grows, by at most α H(T|X).
                let near = problem.generalised(beta, 0.01, 30, 1).unwrap();
                assert!(near.lagrangian() <= found.lagrangian() + 1e-9);
                assert!(near.lagrangian() >= least - 0.01 * near.h_t_given_x - 1e-9);
            }
        }
        println!("exact in {same} of {all}");
        assert!(same * 10 >= all * 9, "exact in only {same} of {all}");
    }

    #[test]
    fn alpha_interpolates_and_is_checked() {
        let problem = Problem::new(&paper_task::joint(0.7));
        let path: Vec<Generalised> =
            [0.0, 0.25, 0.5, 0.75, 1.0].iter().map(|&alpha| problem.generalised(4.0, alpha, 8, 1).unwrap()).collect();
        assert!(path.windows(2).all(|pair| pair[0].lagrangian() >= pair[1].lagrangian() - 1e-9));
        assert!(path.windows(2).all(|pair| pair[0].h_t_given_x <= pair[1].h_t_given_x + 1e-6));
        for alpha in [-0.1, 1.1, f64::NAN] {
            assert!(matches!(problem.generalised(4.0, alpha, 1, 1), Err(BottleneckError::Alpha { .. })));
        }
        assert!(problem.generalised(-1.0, 0.5, 1, 1).is_err());
        let encoder = path[2].encoder(&problem);
        assert!(encoder.outer_iter().all(|row| (row.sum() - 1.0).abs() < 1e-12));
    }
}
