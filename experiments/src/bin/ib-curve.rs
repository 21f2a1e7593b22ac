//! The certified Information Bottleneck bound of one's own p(x, y): at chosen β, along the curve, or at one place of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use infoplane_experiments::joint_file;
use infoplane_info::bottleneck::{Curve, Problem, Proof, Query, Solution};
use kuva::backend::svg::SvgBackend;
use kuva::plot::{LinePlot, ScatterPlot};
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;
use serde::Serialize;

/// Knots of the curve when nothing else is asked for, and of the figure.
const POINTS: usize = 200;

/// The Information Bottleneck bound of a discrete p(x, y), with a certificate for every number.
///
/// L = I(X;T) − β I(T;Y); β is natural: on the curve dI(T;Y)/dI(X;T) = 1/β. Information in bits.
/// gap_bits: no encoder has an L below lagrangian_bits − gap_bits (proven for binary Y).
#[derive(Debug, Parser)]
#[command(name = "ib-curve", version)]
struct Arguments {
    /// CSV without header: rows x, columns y; counts or probabilities
    #[arg(long, value_name = "CSV")]
    joint: PathBuf,
    /// Solve at this β (repeatable)
    #[arg(long, value_name = "β", group = "what", allow_negative_numbers = true)]
    beta: Vec<f64>,
    /// So many optima along the whole curve, placed where the bounds are widest [default: 200]
    #[arg(long, value_name = "N", group = "what", allow_negative_numbers = true)]
    points: Option<usize>,
    /// The best I(T;Y) at this I(X;T), in bits (repeatable)
    #[arg(long, value_name = "BITS", group = "what", allow_negative_numbers = true)]
    at_i_xt: Vec<f64>,
    /// The least I(X;T) at this I(T;Y), in bits (repeatable)
    #[arg(long, value_name = "BITS", group = "what", allow_negative_numbers = true)]
    at_i_ty: Vec<f64>,
    /// How rows are written
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Also draw the curve
    #[arg(long, value_name = "FILE.svg")]
    figure: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
}

/// An optimum at one β.
#[derive(Debug, Serialize)]
struct OptimumRow {
    beta: f64,
    i_xt_bits: f64,
    i_ty_bits: f64,
    lagrangian_bits: f64,
    gap_bits: f64,
    atoms: usize,
}

/// The best I(T;Y) at a given I(X;T).
#[derive(Debug, Serialize)]
struct BestRow {
    i_xt_bits: f64,
    i_ty_lower_bits: f64,
    i_ty_upper_bits: f64,
    beta: f64,
}

/// The least I(X;T) at a given I(T;Y).
#[derive(Debug, Serialize)]
struct LeastRow {
    i_ty_bits: f64,
    i_xt_lower_bits: f64,
    i_xt_upper_bits: f64,
    beta: f64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let file = joint_file::read(&arguments.joint)?;
    if let Some(sum) = file.normalised_from {
        eprintln!("note: the joint adds up to {sum}; divided by it");
    }
    let problem = Problem::new(&file.joint);
    if !problem.is_binary() {
        eprintln!(
            "note: Y has more than two values, so gap_bits rests on many starts, not on a proof that none was missed"
        );
    }
    let marks = if !arguments.at_i_xt.is_empty() {
        let rows = arguments.at_i_xt.iter().map(|&at| problem.best_i_ty(at)).collect::<Result<Vec<_>, _>>()?;
        write_rows(arguments.format, &rows.iter().map(best_row).collect::<Vec<_>>())?;
        rows.iter().map(|row| (row.at, row.lower)).collect()
    } else if !arguments.at_i_ty.is_empty() {
        let rows = arguments.at_i_ty.iter().map(|&at| problem.least_i_xt(at)).collect::<Result<Vec<_>, _>>()?;
        write_rows(arguments.format, &rows.iter().map(least_row).collect::<Vec<_>>())?;
        rows.iter().map(|row| (row.upper, row.at)).collect()
    } else if !arguments.beta.is_empty() {
        let optima = arguments.beta.iter().map(|&beta| problem.solve(beta)).collect::<Result<Vec<_>, _>>()?;
        write_optima(arguments.format, &optima)?;
        optima.iter().map(|optimum| (optimum.i_xt, optimum.i_ty)).collect()
    } else {
        let points = arguments.points.unwrap_or(POINTS);
        if points == 0 {
            bail!("--points 0 asks for no curve; give at least 1");
        }
        let curve = Curve::with_points(&problem, points)?;
        let (width, proof) = (curve.width_bits(), if problem.is_binary() { "" } else { " if no maximum was missed" });
        eprintln!("note: between these points the curve is known to {width:.1e} bits of I(T;Y){proof}");
        write_optima(arguments.format, curve.knots())?;
        Vec::new()
    };
    if let Some(path) = &arguments.figure {
        draw(path, &problem, marks)?;
    }
    Ok(())
}

fn best_row(query: &Query) -> BestRow {
    let Query { at, lower, upper, beta } = *query;
    BestRow { i_xt_bits: at, i_ty_lower_bits: lower, i_ty_upper_bits: upper, beta }
}

fn least_row(query: &Query) -> LeastRow {
    let Query { at, lower, upper, beta } = *query;
    LeastRow { i_ty_bits: at, i_xt_lower_bits: lower, i_xt_upper_bits: upper, beta }
}

fn write_optima(format: Format, optima: &[Solution]) -> Result<()> {
    let rows: Vec<OptimumRow> = optima
        .iter()
        .map(|optimum| OptimumRow {
            beta: optimum.beta,
            i_xt_bits: optimum.i_xt,
            i_ty_bits: optimum.i_ty,
            lagrangian_bits: optimum.lagrangian,
            gap_bits: optimum.gap_bits,
            atoms: optimum.atoms(),
        })
        .collect();
    if let Some(open) = optima.iter().find(|o| o.proof == Proof::Rigorous && o.gap_bits > 1e-10 * o.beta.max(1.0)) {
        eprintln!("note: at β = {} the gap stayed open at {:.1e} bits", open.beta, open.gap_bits);
    }
    write_rows(format, &rows)
}

fn write_rows<R: Serialize>(format: Format, rows: &[R]) -> Result<()> {
    let out = std::io::stdout().lock();
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            for row in rows {
                writer.serialize(row)?;
            }
            writer.flush()?;
        }
        Format::Json => {
            let mut out = out;
            serde_json::to_writer_pretty(&mut out, rows)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The curve, its ceilings I(X;T) and I(X;Y), and the rows asked for.
fn draw(path: &Path, problem: &Problem, marks: Vec<(f64, f64)>) -> Result<()> {
    let curve = Curve::refined(problem, 1e-6, POINTS)?;
    let (h_s, i_xy) = curve.end();
    let right = h_s.max(1e-3) * 1.05;
    let line = (0..=400).map(|i| f64::from(i) / 400.0 * right).map(|x| (x, curve.lower(x)));
    let mut plots: Vec<Plot> = vec![
        LinePlot::new()
            .with_data(vec![(0.0, 0.0), (i_xy, i_xy), (right, i_xy)])
            .with_color("gray")
            .with_dashed()
            .with_legend("I(T;Y) ≤ I(X;T), I(X;Y)")
            .into(),
        LinePlot::new().with_data(line).with_color("steelblue").with_stroke_width(2.0).with_legend("IB bound").into(),
    ];
    if !marks.is_empty() {
        plots.push(
            ScatterPlot::new().with_data(marks).with_color("crimson").with_size(4.0).with_legend("asked for").into(),
        );
    }
    let layout = Layout::auto_from_plots(&plots)
        .with_title("Information Bottleneck bound")
        .with_x_label("I(X;T) / bits")
        .with_y_label("I(T;Y) / bits");
    let svg = SvgBackend.render_scene(&render_multiple(plots, layout));
    std::fs::write(path, svg).with_context(|| format!("the figure cannot be written to {}", path.display()))
}
