//! The certified Information Bottleneck bound of one's own p(x, y): at chosen β, along the curve, at one place of it, where it
//! gains atoms, and where classical annealing misses it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::Parser;
use infoplane_experiments::bound::STEEPEST;
use infoplane_experiments::exit::exit;
use infoplane_experiments::ib_curve::{
    AnnealingRow, BestRow, Format, LeastRow, Method, OptimumRow, OtherRow, TransitionRow, figure, write,
};
use infoplane_experiments::joint_file;
use infoplane_experiments::terminal::say;
use infoplane_info::bottleneck::{Curve, Problem, Proof, Query, Solution};

/// The curve without --points: nowhere wider than this, with so many knots at most.
const WIDTH_BITS: f64 = 1e-6;
const MOST_KNOTS: usize = 3000;
/// β's from which transitions are searched, per e-fold.
const STEPS_PER_E_FOLD: f64 = 20.0;
/// Relative width of a transition's interval.
const TRANSITION_WIDTH: f64 = 1e-6;
/// Points of a curve that is straight.
const ENDS: usize = 2;
/// More points or β's than this are a slip of the pen.
const MOST_POINTS: usize = 100_000;
/// A joint of more entries takes more than a few seconds.
const MANY: usize = 20_000;
/// Random starts of a bottleneck without a certificate, and their seed.
const STARTS: (usize, u64) = (20, 0);
/// A longer limit than this, in seconds, is none.
const LONGEST: f64 = 1e9;
/// Values of T that forward annealing starts with.
const ANNEALED_CELLS: usize = 8;

/// The Information Bottleneck bound of a discrete p(x, y), with a certificate for every number.
///
/// L = I(X;T) − β I(T;Y); β is natural: on the curve dI(T;Y)/dI(X;T) = 1/β. Information in bits.
/// gap_bits: no encoder has an L below lagrangian_bits − gap_bits. proof says what that rests on: `rigorous`, or `many starts`
/// of the search for a better encoder, where Y has so many values that a proof would take too long.
/// A gap wider than 1e-6 bits is named, and the exit code is not 0.
/// Without a question: the whole curve, to 1e-6 bits.
#[derive(Debug, Parser)]
#[command(name = "ib-curve", version)]
struct Arguments {
    /// Rows x, columns y, counts or probabilities: .csv, .tsv, .txt (also .gz), .npy, .npz, .mat or .safetensors
    #[arg(long, value_name = "FILE")]
    joint: PathBuf,
    /// Solve at this β (repeatable); up to 1 the optimum is to say nothing
    #[arg(long, value_name = "β", group = "what", allow_negative_numbers = true)]
    beta: Vec<f64>,
    /// So many optima along the whole curve, placed where the bounds are widest
    #[arg(long, value_name = "N", group = "what", allow_negative_numbers = true)]
    points: Option<usize>,
    /// The best I(T;Y) at this I(X;T), in bits (repeatable)
    #[arg(long, value_name = "BITS", group = "what", allow_negative_numbers = true)]
    at_i_xt: Vec<f64>,
    /// The least I(X;T) at this I(T;Y), in bits (repeatable)
    #[arg(long, value_name = "BITS", group = "what", allow_negative_numbers = true)]
    at_i_ty: Vec<f64>,
    /// The β's, up to --beta-max, at which the optimum gains atoms, beside the local stability bound 1/λ₂
    #[arg(long, group = "what")]
    transitions: bool,
    /// Forward and reverse annealed Blahut–Arimoto beside the optimum, at N β's around the onset
    #[arg(long, value_name = "N", group = "what")]
    annealing: Option<usize>,
    /// Which bottleneck, at each --beta: ib, deterministic (H(T) − β I(T;Y)) or generalised:alpha=… (H(T) − α H(T|X) − β I(T;Y))
    #[arg(long, default_value_t = Method::Ib, requires = "beta")]
    method: Method,
    /// Seconds after which --transitions says how far it came
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60.0,
        allow_negative_numbers = true,
        requires = "transitions"
    )]
    time_limit: f64,
    /// How far --transitions looks
    #[arg(long, value_name = "β", default_value_t = 100.0, allow_negative_numbers = true, requires = "transitions")]
    beta_max: f64,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Also draw the curve
    #[arg(long, value_name = "FILE.svg")]
    figure: Option<PathBuf>,
}

fn main() -> ExitCode {
    exit("ib-curve", || run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    if let Some(path) = &arguments.figure {
        let is_svg = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
        ensure!(is_svg, "--figure {}: figures are drawn as .svg", path.display());
    }
    let file = joint_file::read(&arguments.joint)?;
    say!("read {}", file.described);
    match file.normalised_from {
        Some(sum) if sum.is_infinite() => say!("note: the joint adds up to more than 1.8e308; divided by its sum"),
        Some(sum) => say!("note: the joint adds up to {sum}; divided by it"),
        None => {}
    }
    let problem = Problem::new(&file.joint);
    if problem.classes() * file.joint.n_y() > MANY {
        say!(
            "note: {} distinct p(y|x) over {} values of Y are many; this can take minutes",
            problem.classes(),
            file.joint.n_y()
        );
    }
    let marks = answer(arguments, &problem)?;
    if let Some(path) = &arguments.figure {
        figure::draw(path, &problem, marks)?;
    }
    Ok(())
}

/// Writes the rows asked for; returns the places they speak of.
fn answer(arguments: &Arguments, problem: &Problem) -> Result<Vec<(f64, f64)>> {
    let format = arguments.format;
    Ok(if !arguments.at_i_xt.is_empty() {
        let found = arguments.at_i_xt.iter().map(|&at| problem.best_i_ty(at)).collect::<Result<Vec<_>, _>>()?;
        write(format, found.iter().map(BestRow::from))?;
        check_queries("I(X;T)", &found)?;
        found.iter().map(|query| (query.at, query.lower)).collect()
    } else if !arguments.at_i_ty.is_empty() {
        let found = arguments.at_i_ty.iter().map(|&at| problem.least_i_xt(at)).collect::<Result<Vec<_>, _>>()?;
        write(format, found.iter().map(LeastRow::from))?;
        check_queries("I(T;Y)", &found)?;
        found.iter().map(|query| (query.upper, query.at)).collect()
    } else if !arguments.beta.is_empty() {
        if arguments.method != Method::Ib {
            return other_bottleneck(arguments, problem);
        }
        let optima = problem.solve_all(&arguments.beta)?;
        write_optima(format, &optima)?;
        optima.iter().map(|optimum| (optimum.i_xt, optimum.i_ty)).collect()
    } else if arguments.transitions {
        transitions(arguments, problem)?
    } else if let Some(steps) = arguments.annealing {
        annealing(format, problem, steps)?;
        Vec::new()
    } else {
        let curve = match arguments.points {
            Some(points) if !(1..=MOST_POINTS).contains(&points) => {
                bail!("--points is {points}; give a number between 1 and {MOST_POINTS}")
            }
            Some(points) => Curve::with_points(problem, points)?,
            None => Curve::refined(problem, WIDTH_BITS, MOST_KNOTS)?,
        };
        // A straight curve is known from its ends, without a point of its own.
        let curve = if curve.knots().is_empty() { Curve::with_points(problem, ENDS)? } else { curve };
        say!("note: between these points the curve is known to {:.1e} bits of I(T;Y)", curve.width_bits());
        write_optima(format, curve.knots())?;
        Vec::new()
    })
}

/// Writes the rows, then says what their gaps rest on; an open one is an error.
fn write_optima(format: Format, optima: &[Solution]) -> Result<()> {
    write(format, optima.iter().map(OptimumRow::from))?;
    say_proofs(optima.iter().map(|optimum| optimum.proof));
    let open: Vec<String> = optima
        .iter()
        .filter(|optimum| optimum.is_open())
        .map(|optimum| format!("β = {} ({:.1e} bits)", optimum.beta, optimum.gap_bits))
        .collect();
    ensure!(open.is_empty(), "the gap stayed open at {}: the optimum there may be another", open.join(", "));
    Ok(())
}

fn check_queries(asked: &str, found: &[Query]) -> Result<()> {
    say_proofs(found.iter().map(|query| query.proof));
    let open: Vec<String> = found
        .iter()
        .filter(|query| query.is_open())
        .map(|query| format!("{asked} = {} ({:.1e} bits)", query.at, query.upper - query.lower))
        .collect();
    ensure!(open.is_empty(), "the bounds stayed apart at {}", open.join(", "));
    Ok(())
}

fn say_proofs(proofs: impl Iterator<Item = Proof>) {
    let (mut all, mut sampled) = (0, 0);
    for proof in proofs {
        all += 1;
        sampled += usize::from(proof != Proof::Rigorous);
    }
    if sampled > 0 {
        say!("note: {sampled} of {all} gaps rest on many starts of the search for a better encoder, not on a proof");
    }
}

/// A bottleneck without a certificate, but for functions of X and binary Y.
fn other_bottleneck(arguments: &Arguments, problem: &Problem) -> Result<Vec<(f64, f64)>> {
    let alpha = if let Method::Generalised { alpha } = arguments.method { alpha } else { 0.0 };
    let (mut rows, mut places) = (Vec::new(), Vec::new());
    for &beta in &arguments.beta {
        let found = problem.generalised(beta, alpha, STARTS.0, STARTS.1)?;
        if let (Method::Deterministic, Some(exact)) = (arguments.method, problem.deterministic(beta)) {
            rows.push(OtherRow::exact(beta, &exact));
            places.push((exact.h_t, exact.i_ty));
        } else {
            rows.push(OtherRow::found(&found));
            places.push((found.i_xt(), found.i_ty));
        }
    }
    write(arguments.format, rows)?;
    Ok(places)
}

fn transitions(arguments: &Arguments, problem: &Problem) -> Result<Vec<(f64, f64)>> {
    let (most, limit) = (arguments.beta_max, arguments.time_limit);
    if !(most > 1.0 && most <= STEEPEST) {
        bail!("--beta-max is {most}; transitions are searched above β = 1, so give a number between 1 and {STEEPEST}");
    }
    if !(limit > 0.0 && limit <= LONGEST) {
        bail!("--time-limit is {limit:?}; give a number of seconds above 0, at most {LONGEST:?}");
    }
    let steps = (most.ln() * STEPS_PER_E_FOLD).ceil().max(20.0) as usize;
    let (started, limit) = (Instant::now(), Duration::from_secs_f64(limit));
    let search = problem.transitions_while(most, steps, TRANSITION_WIDTH, || started.elapsed() < limit)?;
    let found = search.transitions;
    if found.is_empty() {
        say!("note: up to β = {} nothing is worth saying about Y", search.reached);
    }
    let local = problem.local_stability();
    write(arguments.format, found.iter().map(|transition| TransitionRow::new(transition, local)))?;
    ensure!(
        search.reached >= most * (1.0 - 1e-12),
        "transitions were looked for up to β = {} only, not to {most}: that took {:.1} s; a larger --time-limit goes further",
        search.reached,
        started.elapsed().as_secs_f64()
    );
    let at: Vec<f64> = found.iter().map(|transition| transition.beta_upper).collect();
    Ok(problem.solve_all(&at)?.iter().map(|optimum| (optimum.i_xt, optimum.i_ty)).collect())
}

/// From a little below the onset to half beyond the local stability bound, evenly in ln β.
fn annealing(format: Format, problem: &Problem, steps: usize) -> Result<()> {
    let local = problem.local_stability();
    if !(2..=MOST_POINTS).contains(&steps) {
        bail!("--annealing is {steps}; give a number of β's between 2 and {MOST_POINTS}");
    }
    if !local.is_finite() {
        bail!("X says nothing about Y, so there is no onset to anneal through");
    }
    let first =
        problem.transitions(1.1 * local, 100, TRANSITION_WIDTH)?.first().map_or(local, |onset| onset.beta_lower);
    let (low, high) = ((0.9 * first).max(1.0), 1.5 * local);
    let betas: Vec<f64> = (0..steps).map(|i| low * (high / low).powf(i as f64 / (steps - 1) as f64)).collect();
    let rows = problem.annealing(&betas, ANNEALED_CELLS)?;
    let stuck = rows.iter().filter(|row| row.is_forward_stuck(1e-6)).count();
    say!("note: forward annealing is in a wrong optimum at {stuck} of {steps} β's; 1/λ₂ = {local}");
    write(format, rows.iter().map(AnnealingRow::from))
}
