//! The highest points of the landscape D that many climbs reach (nats).
//!
//! A plain step is t ← Σ_s share(s) p(y|s), which never descends. A climb goes ever farther that way, in ln t, until it descends;
//! then it takes the plain step instead (adaptive overrelaxation: Salakhutdinov & Roweis 2003). All climbs go on side by side
//! ([`Decoders::climb`]) until they stand still, or come so near to a known summit that they are bound for it.

use ndarray::{Array1, Array2};

use super::decoders::Decoders;
use super::kernel::{Atom, Landscape};

/// Of p(y), a climb starts with no less of any y.
const INSIDE: f64 = 1e-9;
/// Steps of a climb at most.
const STEPS: usize = 200;
/// Every so many steps, climbs are compared with the summits.
const COMPARED: usize = 4;
/// This near to a summit, in widths of a kernel, a climb is bound for it, and one that starts beside it.
const BOUND_FOR: (f64, f64) = (0.3, 1e-3);
/// So far beside a place, in widths of a kernel, climbs leave it.
const BESIDE: [f64; 6] = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8];
/// A place whose Hessian is so near to splitting it, of 1, is left whether or not D rises at once: its summit may lie beyond a dip.
const NEARLY_SPLIT: f64 = 0.9;
/// Directions that are looked for, where several are as steep, and the cosine from which on two are one.
const DIRECTIONS: (usize, f64) = (3, 0.99);
/// Steps towards the steepest direction at most, and how little its steepness must change to be found.
const TURNS: (usize, f64) = (100, 1e-5);
/// Its multiples fall evenly between whole numbers.
const GOLDEN: f64 = 1.618_033_988_749_895;
/// x's with a smaller share of D do not turn it.
const SHARE: f64 = 1e-9;
/// How many times as far each step of a climb goes as the last, and how many plain steps at most.
const STRIDE: (f64, f64) = (1.5, 30.0);
/// A climb turns back if it comes so near to the place that it left, of the distance at which it started.
const TURNED_BACK: f64 = 0.7;
/// A climb stands still if it gains less in a step than this part of what is missing to ln D = 0, or than this.
const STILL: (f64, f64) = (1e-4, 1e-13);
/// So many of the highest summits are climbed to the last: for so many steps, until a step gains no more than this.
const LAST: (usize, usize, f64) = (8, 1000, 2e-15);

/// A place and ln D there.
#[derive(Debug, Clone)]
pub(super) struct Summit {
    pub(super) atom: Atom,
    pub(super) ln_d: f64,
}

/// Adds the summits that these starts reach to those found.
pub(super) fn climb(landscape: &Landscape, starts: &[Atom], found: &mut Vec<Summit>) {
    let starts: Vec<Start> = starts.iter().map(|at| Start { at: inside(landscape, at), left: None }).collect();
    climb_unless_near(landscape, &starts, found, BOUND_FOR.0, (STEPS, STILL.1));
}

/// Climbs on from the highest of the summits: where D is nearly flat, they were left a little below the top. The highest come first.
pub(super) fn climb_to_the_last(landscape: &Landscape, found: &mut Vec<Summit>) {
    found.sort_by(|a, b| b.ln_d.total_cmp(&a.ln_d));
    let rest = found.split_off(LAST.0.min(found.len()));
    let starts: Vec<Start> = found.drain(..).map(|summit| Start { at: summit.atom, left: None }).collect();
    climb_unless_near(landscape, &starts, found, 0.0, (LAST.1, LAST.2));
    found.extend(rest);
    found.sort_by(|a, b| b.ln_d.total_cmp(&a.ln_d));
}

/// The place itself, but for y's that it leaves out: from exactly there, a climb could not see that D rises towards them.
fn inside(landscape: &Landscape, place: &Atom) -> Atom {
    let p_y = &landscape.problem.p_y;
    if place.s.iter().zip(p_y).all(|(s, p)| *s >= INSIDE * p) {
        return place.clone();
    }
    Atom::new(place.s.iter().zip(p_y).map(|(s, p)| s.max(INSIDE * p)).collect())
}

/// Leaves these places sideways: where a place is a saddle and no summit, as an atom is from the β on at which it should split, D
/// rises along the steepest direction e of its Hessian (in √t: that of β Σ_x share(x) e(x) e(x)ᵀ − 1, e(x) = (p(y|x) − t)/√t). Just
/// before that β it can fall a little first and then rise higher.
pub(super) fn climb_sideways(landscape: &Landscape, places: &[Atom], found: &mut Vec<Summit>) {
    let places: Vec<Summit> =
        places.iter().map(|place| Summit { atom: place.clone(), ln_d: landscape.ln_d(place) }).collect();
    let starts: Vec<Start> = places.iter().flat_map(|place| beside(landscape, place)).collect();
    let known = found.len();
    climb_unless_near(landscape, &starts, found, BOUND_FOR.1, (STEPS, STILL.1));
    // Lower ones are as good as known: there can be thousands where the optimum is a continuum of decoders.
    let beside = found.split_off(known);
    found.extend(beside.into_iter().filter(|summit| summit.ln_d > 0.0));
}

fn beside<'a>(landscape: &Landscape, place: &'a Summit) -> Vec<Start<'a>> {
    let (share, ln_d) = landscape.responsibilities(&place.atom);
    let root: Vec<f64> = place.atom.s.iter().map(|s| s.sqrt()).collect();
    let turning: Vec<usize> = (0..share.len()).filter(|&x| share[x] > SHARE).collect();
    let deviations = Array2::from_shape_fn((turning.len(), root.len()), |(row, y)| {
        let x = turning[row];
        share[x].sqrt() * (landscape.problem.row(x)[y] / root[y] - root[y])
    });
    let hessian = deviations.t().dot(&deviations) * landscape.beta;
    let width = 1.0 / (2.0 * landscape.beta.sqrt());
    let mut starts = Vec::new();
    for (steepness, direction) in steepest(&hessian) {
        for far in BESIDE.iter().flat_map(|far| [far * width, -far * width]) {
            let at = Atom::new(root.iter().zip(&direction).map(|(root, d)| (root + far * d).powi(2)).collect());
            if steepness > NEARLY_SPLIT || landscape.ln_d(&at) > ln_d {
                starts.push(Start { at, left: Some(place) });
            }
        }
    }
    starts
}

/// The steepest direction of a Hessian and how steep it is, by the power method; where that is nearly 1 or more, others as steep.
fn steepest(hessian: &Array2<f64>) -> Vec<(f64, Array1<f64>)> {
    let mut found: Vec<(f64, Array1<f64>)> = Vec::new();
    for start in 1..=DIRECTIONS.0 {
        // Entries without a symmetry that the Hessian could share: else the start could miss the direction.
        let mut direction =
            Array1::from_shape_fn(hessian.nrows(), |y| ((y + 1) as f64 * GOLDEN * start as f64).fract());
        let mut steepness = 0.0;
        for _ in 0..TURNS.0 {
            let turned = hessian.dot(&direction);
            let size = turned.dot(&turned).sqrt();
            if !(size.is_finite() && size > 0.0) {
                return found;
            }
            direction = turned / size;
            if (size - steepness).abs() < TURNS.1 * size {
                break;
            }
            steepness = size;
        }
        if found.iter().all(|(_, other)| other.dot(&direction).abs() < DIRECTIONS.1) {
            found.push((steepness, direction));
        }
        if steepness < NEARLY_SPLIT {
            break;
        }
    }
    found
}

/// Where a climb starts, and the place that it leaves, if it leaves one.
struct Start<'a> {
    at: Atom,
    left: Option<&'a Summit>,
}

/// Climbs, but for those that come within so many widths of a known summit that is no lower, or turn back to the place they left;
/// for so many steps at most, or until a step gains so little.
fn climb_unless_near(
    landscape: &Landscape,
    starts: &[Start],
    found: &mut Vec<Summit>,
    near: f64,
    (steps, still): (usize, f64),
) {
    if starts.is_empty() {
        return;
    }
    let (problem, beta) = (landscape.problem, landscape.beta);
    let radius = near / (2.0 * beta.sqrt());
    let places: Vec<Atom> = starts.iter().map(|start| start.at.clone()).collect();
    let turned_back: Vec<f64> =
        starts.iter().map(|start| start.left.map_or(0.0, |left| TURNED_BACK * left.atom.distance(&start.at))).collect();
    let mut decoders = Decoders::of(&places, problem.k);
    let mut plain = decoders.clone();
    let mut climbers: Vec<Climber> =
        (0..starts.len()).map(|start| Climber { start, ln_d: f64::NEG_INFINITY, stride: 1.0 }).collect();
    for step in 0..steps {
        let sums = decoders.climb(problem, beta, &landscape.ln_lambda);
        let totals = sums.totals();
        let next = sums.decoders(&totals);
        let (mut going, mut arrived) = (Vec::new(), Vec::new());
        for (t, climber) in climbers.iter_mut().enumerate() {
            let ln_d = totals[t].max(1e-300).ln();
            let gained = ln_d - climber.ln_d;
            if gained < 0.0 && climber.stride > 1.0 {
                // It went too far: a plain step from the place before never descends.
                climber.stride = 0.0;
                going.push(t);
            } else if gained < still.max(-STILL.0 * ln_d) || step + 1 == steps {
                arrived.push(Summit { atom: decoders.atom(t), ln_d });
            } else {
                climber.stride = (climber.stride * STRIDE.0).clamp(1.0, STRIDE.1);
                climber.ln_d = ln_d;
                going.push(t);
            }
        }
        for summit in arrived {
            if !found
                .iter()
                .any(|other| other.ln_d >= summit.ln_d - 1e-15 && other.atom.is_within(&summit.atom, radius))
            {
                found.push(summit);
            }
        }
        if step % COMPARED == COMPARED - 1 && !found.is_empty() {
            going.retain(|&t| {
                if climbers[t].stride == 0.0 {
                    return true;
                }
                let (here, start) = (next.atom(t), climbers[t].start);
                let is_bound_for = |summit: &Summit, radius: f64| {
                    summit.ln_d >= climbers[t].ln_d && summit.atom.is_within(&here, radius)
                };
                let is_back = starts[start].left.is_some_and(|left| is_bound_for(left, turned_back[start]));
                !(is_back || found.iter().any(|summit| is_bound_for(summit, radius)))
            });
        }
        if going.is_empty() {
            return;
        }
        let strides: Vec<f64> = climbers.iter().map(|climber| climber.stride).collect();
        decoders = decoders.towards(&next, &plain, &strides).kept(&going);
        plain = next.kept(&going);
        climbers = going.iter().map(|&t| climbers[t]).collect();
    }
}

/// A climb on its way: where it started, the highest ln D so far, and how many plain steps it goes at once.
#[derive(Clone, Copy)]
struct Climber {
    start: usize,
    ln_d: f64,
    stride: f64,
}
