//! Which estimator can be trusted, where: every estimator that has an I(A;B), on problems whose information is known.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use infoplane_experiments::calibration::{Size, SummaryRow, calibrate, problems, summarise};
use infoplane_experiments::figures::{self, Drawing, FigureStyle};
use infoplane_experiments::rows;
use infoplane_info::estimators::EstimatorKind;

/// What is calibrated when nothing else is asked for. `sliced` and `renyi` are other quantities than I: their error is shown,
/// not held against them.
const ESTIMATORS: [&str; 8] = [
    "ksg:k=3",
    "mixed-ksg:k=3",
    "gaussian",
    "cca",
    "edge",
    "binning:bins=10,range=own",
    "binning:quantile=10",
    "sliced:projections=20",
];

/// Calibrates estimators of I(A;B) on problems with known answers.
///
/// Writes calibration.csv (every estimate), summary.csv (mean, bias, spread, seconds) and a heat map of the errors.
#[derive(Debug, Parser)]
#[command(name = "calibrate", version)]
struct Arguments {
    /// NAME[:key=value,…] (repeatable) [default: all that have an I(A;B)]
    #[arg(long = "estimator", value_name = "NAME")]
    estimators: Vec<String>,
    /// Rows drawn (repeatable)
    #[arg(long, value_name = "N", default_values_t = [500, 1000, 2000])]
    rows: Vec<usize>,
    /// Draws of each
    #[arg(long, value_name = "N", default_value_t = 10)]
    seeds: u64,
    /// Random halves of the rows for 95 % intervals, whose coverage is measured; 0 for none
    #[arg(long, value_name = "N", default_value_t = 0)]
    bootstrap: usize,
    /// Only problems whose name or family contains this
    #[arg(long, value_name = "WORDS", default_value = "")]
    problem: String,
    /// Where results go
    #[arg(long, value_name = "FOLDER", default_value = "results/calibrate")]
    output: PathBuf,
    /// What figures are for
    #[arg(long, value_enum, default_value_t, value_name = "STYLE")]
    figure_style: FigureStyle,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calibrate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let names: Vec<&str> = if arguments.estimators.is_empty() {
        ESTIMATORS.to_vec()
    } else {
        arguments.estimators.iter().map(String::as_str).collect()
    };
    let estimators: Vec<EstimatorKind> =
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>().map_err(|error| anyhow!("{error}"))?;
    ensure!(arguments.rows.iter().all(|&rows| rows >= 20), "--rows must be at least 20");
    ensure!(arguments.seeds >= 1, "--seeds must be at least 1");
    let wanted = |text: &str| text.contains(&arguments.problem);
    let mut problems = problems();
    problems.retain(|problem| wanted(&problem.name) || wanted(problem.family));
    ensure!(!problems.is_empty(), "no problem's name or family contains `{}`", arguments.problem);
    let folder = &arguments.output;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;

    let started = Instant::now();
    let size = Size { rows: &arguments.rows, seeds: arguments.seeds, halves: arguments.bootstrap };
    rows::write(&folder.join("calibration.csv"), &calibrate(&problems, &estimators, size))?;
    // From here on, the files alone.
    rows::write(&folder.join("summary.csv"), &summarise(&rows::read(&folder.join("calibration.csv"))?))?;
    let summary: Vec<SummaryRow> = rows::read(&folder.join("summary.csv"))?;
    figures::calibration::draw(&summary, Drawing { folder, style: arguments.figure_style })?;
    report(&summary, &names);
    println!("{} in {:.0} s", folder.display(), started.elapsed().as_secs_f64());
    Ok(())
}

/// Of each estimator, at the most rows: its mean and worst absolute bias, and on how many problems it is within 0.1 bits or
/// a tenth of the truth.
fn report(summary: &[SummaryRow], names: &[&str]) {
    let most = summary.iter().map(|row| row.rows).max().unwrap_or(0);
    println!("{:<28} {:>8} {:>9} {:>9}  worst on", "estimator", "trusted", "mean |e|", "worst |e|");
    for name in names {
        let wanted: EstimatorKind = name.parse().expect("it has been parsed");
        let of: Vec<&SummaryRow> =
            summary.iter().filter(|r| r.rows == most && r.estimator == wanted.to_string()).collect();
        let errors: Vec<(f64, &SummaryRow)> =
            of.iter().filter_map(|row| row.bias_bits.filter(|e| e.is_finite()).map(|e| (e.abs(), *row))).collect();
        let right = |(error, row): &&(f64, &SummaryRow)| *error <= (0.1_f64).max(0.1 * row.truth_bits);
        let trusted = errors.iter().filter(right).count();
        let mean = errors.iter().map(|(error, _)| error).sum::<f64>() / errors.len().max(1) as f64;
        let worst = errors.iter().max_by(|a, b| a.0.total_cmp(&b.0));
        let (error, problem) = worst.map_or((0.0, ""), |(error, row)| (*error, row.problem.as_str()));
        println!("{name:<28} {trusted:>4}/{:<3} {mean:>9.3} {error:>9.3}  {problem}", of.len());
    }
}
