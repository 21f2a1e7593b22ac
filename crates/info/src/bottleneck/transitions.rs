//! Phase transitions: the β's at which the optimum gains (or loses) an atom.
//!
//! The number of atoms that the optimum cannot do without (`fewest`) is found at β's that close in on every change of it.
//! - The **onset**, from one atom to more, lies in its interval by proof for binary Y: below it no encoder has L < 0 (`onset`),
//!   above it one does.
//! - **Later transitions** are resolved, not proven: below, an encoder with `before` atoms is within the certificate of the
//!   optimum; above, every encoder of fewer atoms than `after` that was tried is worse. At a continuous transition an atom is
//!   worth about (β/β_c − 1)², so it is seen about 1e-6 β_c late. For more than two values of Y it is seen a tenth of the width asked
//!   for late, 1e-5 β_c at least, and transitions nearer than that width, or 1e-4 β, are told as one.
//!
//! Beside them the **local stability bound** 1/λ₂ of C(y, y′) = Σ_x p(x) p(y|x) p(y′|x)/p(y′) (its second eigenvalue λ₂ = ρ²_max),
//! where the trivial solution becomes unstable; the optimum can leave it before, at a jump, and between the two forward
//! annealing is stuck (`annealing`).

use nalgebra::DMatrix;

use super::BottleneckError;
use super::problem::Problem;
use super::simplex::Work;
use super::solver::{Effort, Solution};

/// A negative Lagrangian of less than this, in bits, may be rounding.
const ROUNDING: f64 = 1e-14;
/// What an atom must be worth to count, for binary Y and, at least, for more values: below the certificate, above rounding.
const PRICE: (f64, f64) = (1e-13, 1e-10);
/// An atom that is worth this share of the width's square is seen a tenth of the width late.
const LATE: f64 = 0.01;
/// For more than two values of Y, transitions nearer than this, relative to β, are one.
const APART: f64 = 1e-4;

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
    /// Whether it provably lies between those β's: the onset, for binary Y.
    pub is_proven: bool,
}

/// How many atoms the optimum at β cannot do without, and that optimum, unless it is to say nothing.
#[derive(Debug, Clone)]
struct Counted {
    beta: f64,
    atoms: usize,
    optimum: Option<Solution>,
}

/// Transitions as far as they were looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct TransitionSearch {
    /// The transitions up to β = `reached`, ascending.
    pub transitions: Vec<Transition>,
    /// How far the search came.
    pub reached: f64,
}

impl Problem {
    /// The transitions between β = 1 and `beta_max`, each to a relative width of `width` (the proof of a continuous onset asks
    /// for about 1e-4). Starts from `steps` β's, log-spaced: a number of atoms that changes and changes back between two of
    /// them is not seen.
    ///
    /// # Errors
    /// Only what [`Problem::solve`] can answer with.
    pub fn transitions(&self, beta_max: f64, steps: usize, width: f64) -> Result<Vec<Transition>, BottleneckError> {
        Ok(self.transitions_while(beta_max, steps, width, || true)?.transitions)
    }

    /// The same, β ascending, for as long as `go_on` answers yes: it is asked before each of the `steps`.
    ///
    /// # Errors
    /// Only what [`Problem::solve`] can answer with.
    pub fn transitions_while(
        &self,
        beta_max: f64,
        steps: usize,
        width: f64,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<TransitionSearch, BottleneckError> {
        let price = if self.is_binary() { PRICE.0 } else { PRICE.1.max(LATE * width * width) };
        let mut search = TransitionSearch { transitions: Vec::new(), reached: 1.0 };
        let mut low = Counted { beta: 1.0, atoms: 1, optimum: None };
        for k in 1..=steps.max(1) {
            if !go_on() {
                break;
            }
            // T tells apart all that X says of Y: there is no more to gain.
            if !self.is_binary() && low.atoms >= self.classes() {
                search.reached = beta_max;
                break;
            }
            let end = self.counted(beta_max.powf(k as f64 / steps.max(1) as f64), low.optimum.as_ref(), price)?;
            while low.atoms != end.atoms {
                let mut high = end.clone();
                while high.beta / low.beta > 1.0 + width {
                    let middle = (low.beta * high.beta).sqrt();
                    if middle <= low.beta || middle >= high.beta {
                        break;
                    }
                    let at = self.counted(middle, high.optimum.as_ref(), price)?;
                    if at.atoms == low.atoms { low = at } else { high = at }
                }
                let transition = Transition {
                    beta_lower: low.beta,
                    beta_upper: high.beta,
                    atoms: Atoms { before: low.atoms, after: high.atoms },
                    is_proven: false,
                };
                let transition = if low.atoms == 1 { self.prove(transition) } else { transition };
                match search.transitions.last_mut() {
                    // Atoms that are born together are seen one after the other, each when it is worth enough.
                    Some(last) if !self.is_binary() && high.beta < last.beta_lower * (1.0 + width.max(APART)) => {
                        (last.beta_upper, last.atoms.after) = (high.beta, high.atoms);
                    }
                    _ => search.transitions.push(transition),
                }
                low = high;
            }
            low = end;
            search.reached = low.beta;
        }
        Ok(search)
    }

    /// How many atoms the optimum at β cannot do without. For more than two values of Y, the search starts from an optimum nearby.
    fn counted(&self, beta: f64, near: Option<&Solution>, price: f64) -> Result<Counted, BottleneckError> {
        let effort = Effort { proof: Work::None, ..Effort::LITTLE }.to(price);
        let solution = self.solve_with(beta, near.filter(|_| !self.is_binary()), effort)?;
        if solution.lagrangian >= -ROUNDING * beta {
            return Ok(Counted { beta, atoms: 1, optimum: None });
        }
        let atoms = self.with_fewest_atoms(beta, solution.support.clone(), price).w.len().max(2);
        Ok(Counted { beta, atoms, optimum: Some(solution) })
    }

    /// For binary Y: lowers the lower end of an onset to where saying nothing is proven optimal.
    fn prove(&self, onset: Transition) -> Transition {
        if !self.is_binary() {
            return onset;
        }
        let (mut proven, mut open) = (1.0, onset.beta_lower);
        if self.is_trivial_proven(open) {
            proven = open;
        }
        while open / proven > 1.0 + 1e-7 {
            let middle = (proven * open).sqrt();
            if self.is_trivial_proven(middle) { proven = middle } else { open = middle }
        }
        Transition { beta_lower: proven, is_proven: true, ..onset }
    }

    /// 1/λ₂: the β at which the trivial solution stops being locally stable; infinite if X and Y are independent.
    pub fn local_stability(&self) -> f64 {
        let k = self.p_y.len();
        // The symmetric form of C, less its first eigenvector √p(y), of eigenvalue 1, from deviations: no cancellation.
        let deviation = |s: usize, y: usize| (self.row(s)[y] - self.p_y[y]) / self.p_y[y].sqrt();
        let entry = |y: usize, z: usize| {
            (0..self.classes()).map(|s| self.p[s] * deviation(s, y) * deviation(s, z)).sum::<f64>()
        };
        let most = DMatrix::from_fn(k, k, entry).symmetric_eigenvalues().iter().fold(0.0_f64, |most, &v| most.max(v));
        if most > 1e-15 { 1.0 / most } else { f64::INFINITY }
    }
}

#[cfg(test)]
mod tests {
    use crate::JointDistribution;
    use crate::bottleneck::{Problem, paper_task};
    use approx::assert_abs_diff_eq;
    use ndarray::{Array1, Array2};

    /// One clear x among many vague ones: the onset is a jump, before the trivial solution is unstable.
    fn jump() -> Problem {
        let p: Vec<f64> = std::iter::once(0.999).chain((0..30).map(|i| 0.45 + 0.002 * f64::from(i))).collect();
        Problem::new(&JointDistribution::uniform_binary(&p).unwrap())
    }

    #[test]
    fn a_symmetric_channel_splits_once_where_both_say() {
        for delta in [0.02_f64, 0.1, 0.25] {
            let problem = Problem::new(&JointDistribution::uniform_binary(&[delta, 1.0 - delta]).unwrap());
            let onset = 1.0 / (1.0 - 2.0 * delta).powi(2);
            assert_abs_diff_eq!(problem.local_stability(), onset, epsilon = 1e-12 * onset);
            let found = problem.transitions(200.0, 60, 1e-7).unwrap();
            assert_eq!(found.len(), 1, "{found:?}");
            let first = found[0];
            assert!(first.is_proven && (first.atoms.before, first.atoms.after) == (1, 2), "{first:?}");
            assert!(first.beta_lower <= onset && first.beta_upper >= onset, "{first:?} {onset}");
            assert!(first.beta_upper / first.beta_lower < 1.0 + 2e-4, "{first:?}");
        }
    }

    #[test]
    fn the_papers_task_has_its_onset_and_counts_without_flicker() {
        // Onsets from an independent computation of the strong data-processing constant.
        for (i_xy, onset) in [(0.99, 1.00485), (0.9, 1.09554), (0.7, 1.34564)] {
            let problem = Problem::new(&paper_task::joint(i_xy));
            let found = problem.transitions(20.0, 60, 1e-6).unwrap();
            let first = found[0];
            assert!(first.is_proven && (first.beta_lower - onset).abs() < 2e-4 * onset, "{first:?} {onset}");
            assert!(first.beta_upper <= problem.local_stability() * (1.0 + 1e-5), "{first:?}");
            // Every later transition adds an atom: none appears and vanishes again.
            println!("{i_xy}: {found:?}");
            assert!(found.windows(2).all(|pair| pair[0].atoms.after == pair[1].atoms.before), "{found:?}");
            assert!(found.iter().all(|t| t.atoms.after > t.atoms.before && t.beta_lower < t.beta_upper), "{found:?}");
        }
    }

    #[test]
    fn the_optimum_can_leave_the_trivial_solution_before_it_is_unstable() {
        let problem = jump();
        let first = problem.transitions(100.0, 60, 1e-6).unwrap()[0];
        assert!(first.is_proven && first.beta_upper / first.beta_lower < 1.0 + 1e-5, "{first:?}");
        assert!(first.beta_upper < 0.95 * problem.local_stability(), "{first:?} {}", problem.local_stability());
        let independent = Problem::new(&JointDistribution::uniform_binary(&[0.3, 0.3]).unwrap());
        assert_eq!(independent.local_stability(), f64::INFINITY);
        assert!(independent.transitions(100.0, 20, 1e-6).unwrap().is_empty());
    }

    #[test]
    fn atoms_that_are_born_together_are_one_transition() {
        // Four values of Y, each sent whole with probability 0.7: no value comes before another.
        let channel = Array2::from_shape_fn((4, 4), |(x, y)| if x == y { 0.7 } else { 0.1 });
        let joint = JointDistribution::from_conditional(Array1::from_elem(4, 0.25), channel).unwrap();
        let problem = Problem::new(&joint);
        let found = problem.transitions(20.0, 60, 1e-6).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].atoms.before, found[0].atoms.after), (1, 4));
        // The optimum jumps there, before saying nothing is unstable.
        assert!(found[0].beta_upper < problem.local_stability(), "{found:?}");
    }
}
