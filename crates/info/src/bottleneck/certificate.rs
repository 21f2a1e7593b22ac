//! How far an answer can be from the truth.
//!
//! Strong duality of the bottleneck at fixed β (nats): with multipliers λ(s) = p(s)/Z_w(s) and
//! D(t) = Σ_s λ(s) exp(−β KL[p(y|s) ‖ t]),
//!     L_β ≥ −Σ p(s) ln Z_w(s) − ln max_t D(t) − β I(X;Y).
//!
//! **Binary Y: proven.** With u = logit t, ln D(u) = A(u) − β softplus(u) where A is a log-sum-exp of lines, hence convex.
//! On [a, b] of width h, A lies under its chord and softplus bends by at most σ' = max σ(1 − σ), so
//!     ln D(u) ≤ linear interpolation of ln D + ½βσ' (u − a)(b − u)      (≤ the larger end + βσ'h²/8 ≤ … + βh²/32).
//! Intervals are halved until that is below the tolerance. Outside [−U, U]: A rises with u, so ln D(u) ≤ ln D(−U) +
//! β softplus(−U) for all u < −U, and by symmetry for u > U. Nothing is sampled; only rounding (about 1e-13) is left.
//!
//! **|Y| > 2**: see `multipliers` for λ, `simplex` for a proof of max D for a few values, `climbs` for more. There every p(y|s),
//! every atom and mixtures drawn at random climb to their maxima, and the highest is taken. That is no proof, and the answer
//! says so: [`Proof::MultiStart`].

use super::kernel::{Atom, Landscape};

/// What stands behind a `gap_bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The true optimum is within the gap: an analytic bound between nodes, up to rounding.
    Rigorous,
    /// The gap holds if none of so many starts missed the highest maximum: strong evidence, not a proof.
    MultiStart {
        /// Number of climbs.
        starts: usize,
    },
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(if *self == Self::Rigorous { "rigorous" } else { "many starts" })
    }
}

/// An upper bound on ln D, and where D exceeds 1.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) ln_max_d: f64,
    /// Local maxima above the tolerance, the highest first.
    pub(super) peaks: Vec<Atom>,
    pub(super) proof: Proof,
}

/// Nodes after which an interval's bound is taken as it is.
const MOST_NODES: usize = 400_000;

/// Bounds ln D over all decoders to within about `tolerance` of its value at the atoms.
pub(super) fn bound(landscape: &Landscape, atoms: &[Atom], tolerance: f64) -> Bound {
    match landscape.problem.k {
        0 | 1 => Bound { ln_max_d: 0.0, peaks: Vec::new(), proof: Proof::Rigorous },
        _ => between_nodes(landscape, atoms, tolerance),
    }
}

fn between_nodes(landscape: &Landscape, atoms: &[Atom], tolerance: f64) -> Bound {
    let beta = landscape.beta;
    let end = 32.0 + beta.max(1.0).ln();
    let mut seeds: Vec<f64> = atoms.iter().map(Atom::logit).filter(|u| u.abs() < end).collect();
    let cells = 24;
    seeds.extend((1..cells).map(|i| {
        let angle = std::f64::consts::FRAC_PI_2 * f64::from(i) / f64::from(cells);
        2.0 * angle.tan().ln()
    }));
    seeds.extend([-end, end, -end / 2.0, end / 2.0]);
    seeds.sort_by(f64::total_cmp);
    seeds.dedup();
    let ln_d = |u: f64| landscape.ln_d(&Atom::from_logit(u));
    let values: Vec<f64> = seeds.iter().map(|&u| ln_d(u)).collect();
    let tail = beta * (-end).exp();
    let mut ln_max_d = (values[0] + tail).max(values[values.len() - 1] + tail);
    let mut highest = values.iter().copied().fold(0.0, f64::max);
    let mut nodes: Vec<(f64, f64)> = vec![(seeds[0], values[0])];
    let mut stack: Vec<(f64, f64, f64, f64)> =
        (1..seeds.len()).rev().map(|i| (seeds[i - 1], values[i - 1], seeds[i], values[i])).collect();
    while let Some((a, at_a, b, at_b)) = stack.pop() {
        let most = most_between(beta, (a, at_a), (b, at_b));
        // Where D is known to exceed 1 by more, a finer bound would only bound a worse answer.
        let middle = f64::midpoint(a, b);
        if most <= tolerance.max(highest + 0.5 * tolerance) || nodes.len() > MOST_NODES || middle <= a || middle >= b {
            ln_max_d = ln_max_d.max(most);
            nodes.push((b, at_b));
        } else {
            let at_middle = ln_d(middle);
            highest = highest.max(at_middle);
            stack.push((middle, at_middle, b, at_b));
            stack.push((a, at_a, middle, at_middle));
        }
    }
    let mut peaks: Vec<(f64, f64)> = (0..nodes.len())
        .filter(|&i| {
            let above = |other: Option<&(f64, f64)>| other.is_none_or(|other| nodes[i].1 >= other.1);
            nodes[i].1 > 0.3 * tolerance
                && above(i.checked_sub(1).and_then(|i| nodes.get(i)))
                && above(nodes.get(i + 1))
        })
        .map(|i| nodes[i])
        .collect();
    peaks.sort_by(|a, b| b.1.total_cmp(&a.1));
    let peaks = peaks.into_iter().take(200).map(|(u, _)| Atom::from_logit(u)).collect();
    Bound { ln_max_d: ln_max_d.max(0.0), peaks, proof: Proof::Rigorous }
}

/// An upper bound on ln D between two logits at which it is known: linear interpolation plus what softplus bends.
pub(super) fn most_between(beta: f64, (a, at_a): (f64, f64), (b, at_b): (f64, f64)) -> f64 {
    let h = b - a;
    let flattest = if a > 0.0 { a } else { b.min(0.0) };
    let sigma = 1.0 / (1.0 + (-flattest.abs()).exp());
    let bend = 0.5 * beta * sigma * (1.0 - sigma) * h * h;
    let rise = (at_b - at_a).abs();
    // max over τ in [0, 1] of (1 − τ) low + τ high + bend τ(1 − τ)
    if rise >= bend { at_a.max(at_b) } else { f64::midpoint(at_a, at_b) + 0.25 * bend + 0.25 * rise * rise / bend }
}
