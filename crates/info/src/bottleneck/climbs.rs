//! The highest points of the landscape D that many climbs reach (nats).
//!
//! Every climb is t ← Σ_s share(s) p(y|s), which never descends; all go on side by side ([`Decoders::climb`]) until they stand
//! still, or come so near to a known summit that they are bound for it.

use super::decoders::Decoders;
use super::kernel::{Atom, Landscape};

/// Steps of a climb at most.
const STEPS: usize = 200;
/// Every so many steps, climbs are compared with the summits.
const COMPARED: usize = 4;
/// This near to a summit, in widths of a kernel, a climb is bound for it.
const BOUND_FOR: f64 = 0.3;
/// A climb stands still if it gains less in a step than this part of what is missing to ln D = 0, or than this.
const STILL: (f64, f64) = (1e-4, 1e-13);

/// A place and ln D there.
#[derive(Debug, Clone)]
pub(super) struct Summit {
    pub(super) atom: Atom,
    pub(super) ln_d: f64,
}

/// Adds the summits that these starts reach to those found.
pub(super) fn climb(landscape: &Landscape, starts: &[Atom], found: &mut Vec<Summit>) {
    if starts.is_empty() {
        return;
    }
    let (problem, beta) = (landscape.problem, landscape.beta);
    let radius = BOUND_FOR / (2.0 * beta.sqrt());
    let mut decoders = Decoders::of(starts, problem.k);
    let mut before = vec![f64::NEG_INFINITY; starts.len()];
    for step in 0..STEPS {
        let sums = decoders.climb(problem, beta, &landscape.ln_lambda);
        let totals = sums.totals();
        let next = sums.decoders(&totals);
        let (mut going, mut arrived) = (Vec::new(), Vec::new());
        for t in 0..decoders.m {
            let ln_d = totals[t].max(1e-300).ln();
            if ln_d - before[t] < STILL.1.max(-STILL.0 * ln_d) || step + 1 == STEPS {
                arrived.push(Summit { atom: decoders.atom(t), ln_d });
            } else {
                going.push(t);
            }
            before[t] = ln_d;
        }
        for summit in arrived {
            if !found
                .iter()
                .any(|other| other.ln_d >= summit.ln_d - 1e-15 && other.atom.distance(&summit.atom) < radius)
            {
                found.push(summit);
            }
        }
        if step % COMPARED == COMPARED - 1 && !found.is_empty() {
            going.retain(|&t| {
                let here = next.atom(t);
                !found.iter().any(|summit| summit.ln_d >= before[t] && summit.atom.distance(&here) < radius)
            });
        }
        if going.is_empty() {
            return;
        }
        before = going.iter().map(|&t| before[t]).collect();
        decoders = next.kept(&going);
    }
}
