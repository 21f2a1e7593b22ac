//! The fewest atoms with which an optimum can be reached.
//!
//! Where an atom is being born, or two are parting, the Lagrangian is flat to fourth order in their distance: many supports
//! are optimal to within the certificate, and which of them a solver stops at is chance. So an atom is kept only if doing
//! without it costs something: it is left out, or merged with its nearest, the rest is optimised again by Newton's method, and
//! taken instead if that costs no more than a stated price. For binary Y the optimal measure is unique, so the number left is
//! a property of p(x, y) and β, not of the way to it; for more values it need not be, and the number is that of one optimum from
//! which no atom can be taken. There L-BFGS takes Newton's place ([`descend`]).

use super::descent::descend;
use super::kernel::{Atom, Gibbs};
use super::polish::{Support, polish};
use super::problem::Problem;

/// Atoms nearer than this many kernel widths may be one, and lighter ones than this none.
const NEAR: f64 = 0.7;
const LIGHT: f64 = 1e-4;
/// How many of the cheapest ways of doing without an atom are tried.
const TRIED: usize = 3;

impl Problem {
    /// Does without every atom that is worth less than `price`, relative to the scale of the Lagrangian.
    pub(super) fn with_fewest_atoms(&self, beta: f64, mut support: Support, price: f64) -> Support {
        let mut least = self.cost(beta, &support);
        while support.w.len() > 1 {
            let without = cheapest(beta, &support).into_iter().find_map(|mut without| {
                if self.is_binary() {
                    polish(self, beta, &mut without, 80);
                } else {
                    descend(self, beta, &mut without, 80);
                }
                let cost = self.cost(beta, &without);
                (cost <= least + price * (1.0 + least)).then_some((without, cost))
            });
            let Some((without, cost)) = without else { break };
            support = without;
            least = least.min(cost);
        }
        support
    }

    /// −Σ p ln Z in nats: I(X;T) + β (I(X;Y) − I(T;Y)) of the best encoder into these atoms.
    pub(super) fn cost(&self, beta: f64, support: &Support) -> f64 {
        let ln_z = Gibbs::new(self, &support.atoms, beta).ln_z(&support.w);
        -self.p.iter().zip(ln_z).map(|(p, ln_z)| p * ln_z).sum::<f64>()
    }
}

/// Supports of one atom less: the lightest left out, the cheapest pairs merged.
fn cheapest(beta: f64, support: &Support) -> Vec<Support> {
    let m = support.w.len();
    let mut by_weight: Vec<usize> = (0..m).collect();
    by_weight.sort_by(|&a, &b| support.w[a].total_cmp(&support.w[b]));
    let mut pairs: Vec<(f64, usize, usize)> = (0..m)
        .flat_map(|a| (0..a).map(move |b| (a, b)))
        .map(|(a, b)| {
            let reduced = support.w[a] * support.w[b] / (support.w[a] + support.w[b]);
            (reduced, support.atoms[a].distance(&support.atoms[b]), a, b)
        })
        .filter(|(_, distance, _, _)| distance * 2.0 * beta.sqrt() < NEAR)
        .map(|(reduced, distance, a, b)| (reduced * distance * distance, a, b))
        .collect();
    by_weight.retain(|&j| support.w[j] < LIGHT);
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let without = |left_out: usize| {
        let mut smaller = support.clone();
        smaller.retain(&(0..m).map(|j| j != left_out).collect::<Vec<_>>());
        smaller
    };
    let merged = pairs.iter().take(TRIED).map(|&(_, a, b)| {
        let (w_a, w_b) = (support.w[a], support.w[b]);
        let mean = support.atoms[a].s.iter().zip(&support.atoms[b].s).map(|(a, b)| (w_a * a + w_b * b) / (w_a + w_b));
        let mut smaller = without(b);
        let at = if b < a { a - 1 } else { a };
        (smaller.atoms[at], smaller.w[at]) = (Atom::new(mean.collect()), w_a + w_b);
        smaller
    });
    merged.chain(by_weight.iter().take(TRIED).map(|&j| without(j))).collect()
}
