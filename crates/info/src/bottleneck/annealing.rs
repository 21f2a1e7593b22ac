//! Classical annealing beside the certified optimum, β by β.
//!
//! Forward annealing (β rising from the trivial solution) follows a solution for as long as it is locally stable: between the
//! certified onset and 1/λ₂ it stays trivial though L < 0 can be had. Reverse annealing (β falling from T = X) comes from the
//! other side and finds what forward misses; past a jump it can stay too long in turn. Only the certificate tells.

use ndarray::Array2;

use super::BottleneckError;
use super::blahut_arimoto::anneal;
use super::problem::Problem;
use crate::distribution::JointDistribution;

/// Iterations of Blahut–Arimoto at each β at most, and how little p(t|x) must move to stop before.
const ITERATIONS: usize = 5000;
const AT_REST: f64 = 1e-11;

/// One β of an annealing. L = I(X;T) − β I(T;Y) in bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Annealed {
    /// The trade-off.
    pub beta: f64,
    /// L of the certified optimum.
    pub lagrangian: f64,
    /// How far that can be above the truth.
    pub gap_bits: f64,
    /// I(X;T) of the certified optimum in bits.
    pub i_xt: f64,
    /// L where forward annealing stands.
    pub forward: f64,
    /// I(X;T) there, in bits.
    pub forward_i_xt: f64,
    /// L where reverse annealing stands.
    pub reverse: f64,
    /// I(X;T) there, in bits.
    pub reverse_i_xt: f64,
}

impl Annealed {
    /// Whether forward annealing is in a wrong optimum by more than `bits`, beyond any doubt that the certificate leaves.
    pub fn is_forward_stuck(&self, bits: f64) -> bool {
        self.forward - self.lagrangian > bits
    }

    /// The same for reverse annealing.
    pub fn is_reverse_stuck(&self, bits: f64) -> bool {
        self.reverse - self.lagrangian > bits
    }
}

impl Problem {
    /// Anneals forward and reverse along these β's, ascending, with up to `cells` values of T (T = X for the reverse way).
    ///
    /// # Errors
    /// If a β is not a positive number.
    pub fn annealing(&self, betas: &[f64], cells: usize) -> Result<Vec<Annealed>, BottleneckError> {
        let n = self.classes();
        let p_s = ndarray::Array1::from(self.p.clone());
        let table = Array2::from_shape_fn((n, self.k), |(s, y)| self.row(s)[y]);
        let optima = betas.iter().map(|&beta| self.solve(beta)).collect::<Result<Vec<_>, _>>()?;
        let Ok(joint) = JointDistribution::from_conditional(p_s, table) else { return Ok(Vec::new()) };
        let cells = cells.max(1);
        let trivial = Array2::from_elem((n, cells), 1.0 / cells as f64);
        let forward = anneal(&joint, &trivial, betas, AT_REST, ITERATIONS);
        let falling: Vec<f64> = betas.iter().rev().copied().collect();
        let reverse = anneal(&joint, &Array2::eye(n), &falling, AT_REST, ITERATIONS);
        let rows = optima.iter().zip(forward).zip(reverse.into_iter().rev());
        Ok(rows
            .map(|((optimum, forward), reverse)| Annealed {
                beta: optimum.beta,
                lagrangian: optimum.lagrangian,
                gap_bits: optimum.gap_bits,
                i_xt: optimum.i_xt,
                forward: forward.lagrangian(),
                forward_i_xt: forward.i_xt,
                reverse: reverse.lagrangian(),
                reverse_i_xt: reverse.i_xt,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forward_is_stuck_between_the_onset_and_the_stability_bound_and_reverse_is_not() {
        let p: Vec<f64> = std::iter::once(0.999).chain((0..30).map(|i| 0.45 + 0.002 * f64::from(i))).collect();
        let problem = Problem::new(&JointDistribution::uniform_binary(&p).unwrap());
        let onset = problem.transitions(100.0, 60, 1e-6).unwrap()[0].beta_upper;
        let local = problem.local_stability();
        let betas: Vec<f64> = (-10..40).map(|i| onset * (local / onset).powf(f64::from(i) / 20.0)).collect();
        let rows = problem.annealing(&betas, 4).unwrap();
        let (mut stuck, mut between) = (0, 0);
        for row in &rows {
            assert!(
                row.forward >= row.lagrangian - row.gap_bits - 1e-9
                    && row.reverse >= row.lagrangian - row.gap_bits - 1e-9
            );
            assert!(!row.is_reverse_stuck(1e-3), "{row:?}");
            if row.beta < onset * 0.999 {
                assert!(!row.is_forward_stuck(1e-6), "below the onset nothing can be missed: {row:?}");
            }
            if row.beta > onset * 1.02 && row.beta < local * 0.98 {
                between += 1;
                stuck += usize::from(row.is_forward_stuck(1e-5) && row.forward_i_xt < 1e-6 && row.reverse_i_xt > 1e-3);
            }
        }
        assert!(between > 5 && stuck == between, "stuck at {stuck} of {between}");
    }
}
