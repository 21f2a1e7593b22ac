//! The highest points of the landscape D that many climbs reach (nats).
//!
//! Every climb is t ← Σ_s share(s) p(y|s), which never descends; all go on side by side ([`Decoders::climb`]) until they stand
//! still, or come so near to a known summit that they are bound for it.

use super::decoders::Decoders;
use super::kernel::{Atom, Landscape};
use super::skyline::dot;

/// Steps of a climb at most.
const STEPS: usize = 200;
/// Every so many steps, climbs are compared with the summits.
const COMPARED: usize = 4;
/// This near to a summit, in widths of a kernel, a climb is bound for it, and one that starts beside it.
const BOUND_FOR: (f64, f64) = (0.3, 1e-3);
/// So far beside a place, in widths of a kernel, it is tried whether D rises.
const BESIDE: [f64; 3] = [0.02, 0.1, 0.5];
/// Steps towards the steepest direction at most, and how little its steepness must change to be found.
const TURNS: (usize, f64) = (400, 1e-7);
/// x's with a smaller share of D do not turn it.
const SHARE: f64 = 1e-9;
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
    climb_unless_near(landscape, starts, found, BOUND_FOR.0);
}

/// Leaves these places sideways: where a place is a saddle and no summit, as an atom is from the β on at which it should split, D
/// rises along the steepest direction e of its Hessian (in √t: that of β Σ_x share(x) e(x) e(x)ᵀ, e(x) = (p(y|x) − t)/√t).
pub(super) fn climb_sideways(landscape: &Landscape, places: &[Atom], found: &mut Vec<Summit>) {
    let starts: Vec<Atom> = places.iter().flat_map(|place| higher_beside(landscape, place)).collect();
    climb_unless_near(landscape, &starts, found, BOUND_FOR.1);
}

fn higher_beside(landscape: &Landscape, place: &Atom) -> Vec<Atom> {
    let (share, ln_d) = landscape.responsibilities(place);
    let root: Vec<f64> = place.s.iter().map(|s| s.sqrt()).collect();
    let deviations: Vec<Vec<f64>> = (0..share.len())
        .filter(|&x| share[x] > SHARE)
        .map(|x| {
            let row = landscape.problem.row(x).iter().zip(&root);
            row.map(|(q, root)| share[x].sqrt() * (q / root - root)).collect()
        })
        .collect();
    let length = |v: &[f64]| dot(v, v).sqrt();
    let Some(mut direction) = deviations.iter().max_by(|a, b| length(a).total_cmp(&length(b))).cloned() else {
        return Vec::new();
    };
    let mut steepness = 0.0;
    for _ in 0..TURNS.0 {
        let size = length(&direction);
        if !(size.is_finite() && size > 0.0) {
            return Vec::new();
        }
        if (size - steepness).abs() < TURNS.1 * size {
            break;
        }
        steepness = size;
        let mut turned = vec![0.0; direction.len()];
        for deviation in &deviations {
            let along = dot(deviation, &direction) / size;
            turned.iter_mut().zip(deviation).for_each(|(turned, d)| *turned += along * d);
        }
        direction = turned;
    }
    let width = 1.0 / (2.0 * landscape.beta.sqrt() * length(&direction));
    let beside = BESIDE
        .iter()
        .flat_map(|far| [far * width, -far * width])
        .map(|far| Atom::new(root.iter().zip(&direction).map(|(root, d)| (root + far * d).powi(2)).collect()));
    beside.filter(|beside| landscape.ln_d(beside) > ln_d).collect()
}

/// Climbs, but for those that come within so many widths of a known summit that is no lower.
fn climb_unless_near(landscape: &Landscape, starts: &[Atom], found: &mut Vec<Summit>, near: f64) {
    if starts.is_empty() {
        return;
    }
    let (problem, beta) = (landscape.problem, landscape.beta);
    let radius = near / (2.0 * beta.sqrt());
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
