//! The certified Information Bottleneck bound of one's own p(x, y): at chosen β, along the curve, at one place of it, where it
//! gains atoms, and where classical annealing misses it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Parser;
use infoplane_experiments::bound::STEEPEST;
use infoplane_experiments::ib_curve::{
    AnnealingRow, BestRow, Format, LeastRow, OptimumRow, TransitionRow, figure, write,
};
use infoplane_experiments::joint_file;
use infoplane_experiments::terminal::{exit, say};
use infoplane_info::bottleneck::{Curve, Problem, Proof, Solution};

/// The curve without --points: nowhere wider than this, with so many knots at most.
const WIDTH_BITS: f64 = 1e-6;
const MOST_KNOTS: usize = 3000;
/// β's from which transitions are searched, per e-fold.
const STEPS_PER_E_FOLD: f64 = 20.0;
/// Relative width of a transition's interval.
const TRANSITION_WIDTH: f64 = 1e-6;
/// More points or β's than this are a slip of the pen.
const MOST_POINTS: usize = 100_000;
/// A joint larger than this takes more than a few seconds.
const MANY: usize = 2000;
/// Values of T that forward annealing starts with.
const ANNEALED_CELLS: usize = 8;

/// The Information Bottleneck bound of a discrete p(x, y), with a certificate for every number.
///
/// L = I(X;T) − β I(T;Y); β is natural: on the curve dI(T;Y)/dI(X;T) = 1/β. Information in bits.
/// gap_bits: no encoder has an L below lagrangian_bits − gap_bits (proven for binary Y).
/// Without a question: the whole curve, to 1e-6 bits.
#[derive(Debug, Parser)]
#[command(name = "ib-curve", version)]
struct Arguments {
    /// Rows x, columns y, counts or probabilities: .csv, .tsv, .txt (also .gz), .npy, .npz, .mat or .safetensors
    #[arg(long, value_name = "FILE")]
    joint: PathBuf,
    /// Solve at this β (repeatable)
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
    if let Some(sum) = file.normalised_from {
        say!("note: the joint adds up to {sum}; divided by it");
    }
    let problem = Problem::new(&file.joint);
    if !problem.is_binary() {
        say!("note: Y has more than two values, so gap_bits rests on many starts, not on a proof that none was missed");
    }
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
        found.iter().map(|query| (query.at, query.lower)).collect()
    } else if !arguments.at_i_ty.is_empty() {
        let found = arguments.at_i_ty.iter().map(|&at| problem.least_i_xt(at)).collect::<Result<Vec<_>, _>>()?;
        write(format, found.iter().map(LeastRow::from))?;
        found.iter().map(|query| (query.upper, query.at)).collect()
    } else if !arguments.beta.is_empty() {
        let optima = arguments.beta.iter().map(|&beta| problem.solve(beta)).collect::<Result<Vec<_>, _>>()?;
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
        let (width, proof) = (curve.width_bits(), if problem.is_binary() { "" } else { " if no maximum was missed" });
        say!("note: between these points the curve is known to {width:.1e} bits of I(T;Y){proof}");
        write_optima(format, curve.knots())?;
        Vec::new()
    })
}

fn write_optima(format: Format, optima: &[Solution]) -> Result<()> {
    if let Some(open) = optima.iter().find(|o| o.proof == Proof::Rigorous && o.gap_bits > 1e-10 * o.beta.max(1.0)) {
        say!("note: at β = {} the gap stayed open at {:.1e} bits", open.beta, open.gap_bits);
    }
    write(format, optima.iter().map(OptimumRow::from))
}

fn transitions(arguments: &Arguments, problem: &Problem) -> Result<Vec<(f64, f64)>> {
    let most = arguments.beta_max;
    if !(most > 1.0 && most <= STEEPEST) {
        bail!("--beta-max is {most}; transitions are searched above β = 1, so give a number between 1 and {STEEPEST}");
    }
    let steps = (most.ln() * STEPS_PER_E_FOLD).ceil().max(20.0) as usize;
    let found = problem.transitions(most, steps, TRANSITION_WIDTH)?;
    if found.is_empty() {
        say!("note: up to β = {most} nothing is worth saying about Y");
    }
    let local = problem.local_stability();
    write(arguments.format, found.iter().map(|transition| TransitionRow::new(transition, local)))?;
    let at = found.iter().map(|transition| problem.solve(transition.beta_upper));
    Ok(at.map(|optimum| optimum.map(|optimum| (optimum.i_xt, optimum.i_ty))).collect::<Result<_, _>>()?)
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
