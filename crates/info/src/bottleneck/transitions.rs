//! Phase transitions: the β's at which the optimum gains an atom.
//!
//! Certified: the number of atoms of the optimum is found at β's that close in on every change, so each transition lies in a
//! stated interval. (At a continuous transition the Lagrangian is flat, and the solver may keep an atom it does not need for a
//! moment: read a change that undoes itself as one.) Local: the trivial solution becomes unstable at 1/λ₂ of C(y, y′) = Σ_x p(x) p(y|x) p(y′|x)/p(y′) (its second
//! eigenvalue λ₂ = ρ²_max); the optimum can leave it before, at a jump, and there forward annealing is stuck.

use nalgebra::DMatrix;

use super::BottleneckError;
use super::problem::Problem;

/// A change of the number of atoms between two β's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct Atoms {
    /// Atoms below the transition.
    pub before: usize,
    /// Atoms above it.
    pub after: usize,
}

/// One transition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition {
    /// Greatest β known to have `atoms.before` atoms.
    pub beta_lower: f64,
    /// Least β known to have `atoms.after` atoms.
    pub beta_upper: f64,
    /// How many atoms on either side.
    pub atoms: Atoms,
}

impl Problem {
    /// The transitions between β = 1 and `beta_max`, each to a relative width of `width`. Starts from `steps` β's, log-spaced: two
    /// transitions nearer to each other than those can show as one.
    ///
    /// # Errors
    /// Only what [`Problem::solve`] can answer with.
    pub fn transitions(&self, beta_max: f64, steps: usize, width: f64) -> Result<Vec<Transition>, BottleneckError> {
        let mut at: Vec<(f64, usize)> = Vec::new();
        for k in 0..=steps {
            let beta = beta_max.powf(k as f64 / steps.max(1) as f64);
            at.push((beta, self.solve(beta)?.atoms()));
        }
        let mut found = Vec::new();
        for pair in at.windows(2) {
            let ((mut low, before), (mut high, after)) = (pair[0], pair[1]);
            if before == after {
                continue;
            }
            while high / low > 1.0 + width {
                let middle = (low * high).sqrt();
                if self.solve(middle)?.atoms() == before { low = middle } else { high = middle }
            }
            let after = if high < pair[1].0 { self.solve(high)?.atoms() } else { after };
            found.push(Transition { beta_lower: low, beta_upper: high, atoms: Atoms { before, after } });
        }
        Ok(found)
    }

    /// 1/λ₂: the β at which the trivial solution stops being locally stable; infinite if X and Y are independent.
    pub fn local_stability(&self) -> f64 {
        let k = self.p_y.len();
        // The symmetric form of C, less its first eigenvector √p(y), of eigenvalue 1.
        let entry = |y: usize, z: usize| {
            let joint: f64 = (0..self.classes()).map(|s| self.p_s()[s] * self.row(s)[y] * self.row(s)[z]).sum();
            let root = (self.p_y[y] * self.p_y[z]).sqrt();
            joint / root - root
        };
        let most = DMatrix::from_fn(k, k, entry).symmetric_eigenvalues().iter().fold(0.0_f64, |most, &v| most.max(v));
        if most > 1e-15 { 1.0 / most } else { f64::INFINITY }
    }
}

#[cfg(test)]
mod tests {
    use crate::JointDistribution;
    use crate::bottleneck::Problem;
    use approx::assert_abs_diff_eq;

    #[test]
    fn a_symmetric_channel_splits_once_where_both_say() {
        let problem = Problem::new(&JointDistribution::uniform_binary(&[0.1, 0.9]).unwrap());
        let onset = 1.0 / 0.64;
        assert_abs_diff_eq!(problem.local_stability(), onset, epsilon = 1e-12);
        let found = problem.transitions(50.0, 40, 1e-7).unwrap();
        assert!(!found.is_empty());
        assert!(
            found[0].beta_lower <= onset * (1.0 + 1e-4) && found[0].beta_upper >= onset * (1.0 - 1e-4),
            "{found:?}"
        );
        assert!(found[0].atoms.before == 1 && found[0].atoms.after >= 2);
    }

    #[test]
    fn the_optimum_can_leave_the_trivial_solution_before_it_is_unstable() {
        let p: Vec<f64> = std::iter::once(0.999).chain((0..30).map(|i| 0.45 + 0.002 * f64::from(i))).collect();
        let problem = Problem::new(&JointDistribution::uniform_binary(&p).unwrap());
        let first = problem.transitions(100.0, 60, 1e-6).unwrap()[0];
        assert!(first.beta_upper < 0.95 * problem.local_stability(), "{first:?} {}", problem.local_stability());
        let independent = Problem::new(&JointDistribution::uniform_binary(&[0.3, 0.3]).unwrap());
        assert_eq!(independent.local_stability(), f64::INFINITY);
    }
}
