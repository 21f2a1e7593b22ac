//! Which estimator can be trusted, where: every estimator, on problems whose information is known.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;
use infoplane_experiments::calibration::advice::Calibration;
use infoplane_experiments::calibration::run::{Candidate, Size, calibrate};
use infoplane_experiments::calibration::summary::{SummaryRow, at_common_rows, summarise};
use infoplane_experiments::calibration::{guide, problems};
use infoplane_experiments::drawing::{Drawing, FigureStyle};
use infoplane_experiments::exit::exit;
use infoplane_experiments::figures;
use infoplane_experiments::rows;
use infoplane_experiments::terminal::tell;

/// What is calibrated when nothing else is asked for, the rows beyond which it costs too much, and whether it is spared the lesser
/// numbers of rows of problems that do not stand for their family. Of `sliced` and `renyi`, which
/// are other quantities than I, the error is shown, not held against them; a neural bound is asked for one seed, so that its
/// spread is that of draws and seeds together. Last, whether it is asked about class labels.
const CANDIDATES: [(&str, usize, bool, bool); 39] = [
    ("ksg:k=3", 5000, false, true),
    ("mixed-ksg:k=3", 5000, false, true),
    ("lnc", 5000, false, false),
    ("infonce:seeds=1", 5000, true, false),
    ("infonce-anchor:seeds=1", 5000, true, false),
    ("nwj:seeds=1", 5000, true, false),
    ("mine:seeds=1", 5000, true, false),
    ("smile:seeds=1", 5000, true, false),
    ("gaussian", 20_000, false, true),
    ("cca", 20_000, false, true),
    ("gaussian-mixture:bound=lower", 20_000, false, true),
    ("gaussian-mixture:bound=upper", 20_000, false, true),
    ("kde:variance=0.25,bound=lower", 5000, false, false),
    ("kde:variance=0.25,bound=upper", 5000, false, false),
    ("kde:variance=0.01,bound=lower", 5000, false, false),
    ("kde:variance=0.01,bound=upper", 5000, false, false),
    ("noisy:sigma=0.5,samples=2000,bounds=false", 5000, false, false),
    ("noisy:sigma=0.1,samples=2000,bounds=false", 5000, false, false),
    ("dithered:width=0.35", 5000, false, false),
    ("plugin", 20_000, false, true),
    ("plugin:correction=miller-madow", 20_000, false, true),
    ("plugin:correction=grassberger", 20_000, false, true),
    ("plugin:correction=chao-shen", 20_000, false, false),
    ("plugin:correction=nsb", 20_000, false, false),
    ("quantised:bits=4", 5000, false, false),
    ("quantised:bits=8", 5000, false, false),
    ("idnns:edges=30", 5000, false, false),
    ("binning:width=0.035", 5000, false, false),
    ("binning:width=0.07", 5000, false, true),
    ("binning:width=0.14", 5000, false, false),
    ("binning:bins=10,range=own", 20_000, false, true),
    ("binning:quantile=10", 20_000, false, true),
    ("edge", 20_000, false, true),
    ("sliced:projections=5", 2000, false, false),
    ("renyi:alpha=1.01,rows=200", 2000, false, false),
    ("probe:kind=best", 5000, false, true),
    ("probe:kind=linear", 5000, false, true),
    ("probe:kind=mlp", 5000, false, true),
    ("probe:kind=knn", 5000, false, true),
];
/// Rows of every problem, and of those that stand for their family.
const ROWS: [usize; 2] = [500, 2000];
const MORE_ROWS: [usize; 2] = [5000, 20_000];

/// Calibrates estimators on problems with known answers.
///
/// Writes calibration.csv (every estimate), summary.csv (error, spread, coverage of the stated intervals, seconds and bytes on
/// one thread), guide.csv (which estimator when), a heat map by family and one of the errors by problem, and how errors fall as
/// rows grow.
#[derive(Debug, Parser)]
#[command(name = "calibrate", version)]
struct Arguments {
    /// NAME[:key=value,…] (repeatable) [default: all]
    #[arg(long = "estimator", value_name = "NAME")]
    estimators: Vec<String>,
    /// Rows drawn of every problem (repeatable) [default: 500, 2000; and 5000, 20000 of one problem of each family]
    #[arg(long, value_name = "N")]
    rows: Vec<usize>,
    /// Draws of each
    #[arg(long, value_name = "N", default_value_t = 10)]
    seeds: u64,
    /// The first of their seeds: others than the committed calibration's, from 0, say whether it holds on fresh draws
    #[arg(long, value_name = "N", default_value_t = 0)]
    first_seed: u64,
    /// Random halves of the least number of rows for 95 % intervals, whose coverage is measured; 0 for none
    #[arg(long, value_name = "N", default_value_t = 20)]
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
    exit("calibrate", || run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    let candidates = arguments.candidates()?;
    let (rows, more_rows): (&[usize], &[usize]) =
        if arguments.rows.is_empty() { (&ROWS, &MORE_ROWS) } else { (&arguments.rows, &[]) };
    ensure!(rows.iter().all(|&rows| rows >= 20), "--rows must be at least 20");
    ensure!(arguments.seeds >= 1, "--seeds must be at least 1");
    let wanted = |text: &str| text.contains(&arguments.problem);
    let mut problems = problems();
    problems.retain(|problem| wanted(&problem.name) || wanted(problem.family));
    ensure!(!problems.is_empty(), "no problem's name or family contains `{}`", arguments.problem);
    let folder = &arguments.output;
    ensure!(
        !folder.join("config.toml").exists(),
        "{} is the folder of a run, whose calibration.csv would be written over; choose another --output",
        folder.display()
    );
    if let Some(file) = ["calibration.csv", "summary.csv"].into_iter().find(|file| folder.join(file).exists()) {
        bail!(
            "{} has a {file} of an earlier calibration, which is not written over; choose another --output, or delete it",
            folder.display()
        );
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;

    let started = Instant::now();
    let Arguments { seeds, first_seed, bootstrap: halves, .. } = *arguments;
    let size = Size { rows, more_rows, seeds, first_seed, halves };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // The allocator of this program counts by thread.
    let peak = |work: &mut dyn FnMut()| Some(allocation_counter::measure(work).bytes_max);
    let calibration = calibrate(&problems, &candidates, size, threads, peak)?;
    rows::write(&folder.join("calibration.csv"), &calibration)?;
    let holds = guide::coverage(Calibration::committed(), &calibration);
    // From here on, the files alone.
    rows::write(&folder.join("summary.csv"), &summarise(&rows::read(&folder.join("calibration.csv"))?))?;
    let summary: Vec<SummaryRow> = rows::read(&folder.join("summary.csv"))?;
    let drawing = Drawing { folder, style: arguments.figure_style };
    figures::calibration::draw(&summary, drawing)?;
    figures::convergence::draw(&summary, drawing)?;
    report(&summary);
    let calibration = Calibration::new(summary);
    let guide = guide::guide(&calibration);
    rows::write(&folder.join("guide.csv"), &guide)?;
    tell!(
        "\nWhich estimator when (a summary committed as results/reference/calibrate is what `estimate --estimator auto` goes by)\n"
    );
    tell!("{}", guide::markdown(&guide));
    tell!("{}", guide::costs(&calibration));
    tell!(
        "What the committed calibration takes for these draws, and whether its 95 % intervals hold the truth\n\n{holds}"
    );
    tell!("{} in {:.0} s", folder.display(), started.elapsed().as_secs_f64());
    Ok(())
}

impl Arguments {
    fn candidates(&self) -> Result<Vec<Candidate>> {
        let candidate = |(name, most_rows, sparing, labels): (&str, usize, bool, bool)| {
            let method = name.parse().map_err(|error| anyhow!("{error}"))?;
            Ok(Candidate { method, most_rows, sparing, labels })
        };
        if self.estimators.is_empty() {
            CANDIDATES.into_iter().map(candidate).collect()
        } else {
            self.estimators.iter().map(|name| candidate((name, usize::MAX, false, true))).collect()
        }
    }
}

/// Of each estimator on the problems that come at one number of rows, or over all of X: on how many it is trusted, its mean and
/// worst bias, and where.
fn report(summary: &[SummaryRow]) {
    tell!("{:<44} {:>8} {:>9} {:>9}  worst on", "estimator", "trusted", "mean |e|", "worst |e|");
    let mut names: Vec<&str> = Vec::new();
    for row in summary {
        if !names.contains(&row.estimator.as_str()) {
            names.push(&row.estimator);
        }
    }
    for name in names {
        let of: Vec<&SummaryRow> = at_common_rows(summary).filter(|row| row.estimator == name).collect();
        let errors: Vec<(f64, &SummaryRow)> =
            of.iter().filter_map(|row| row.bias_bits.filter(|e| e.is_finite()).map(|e| (e.abs(), *row))).collect();
        let trusted = of.iter().filter(|row| row.is_trusted()).count();
        let mean = errors.iter().map(|(error, _)| error).sum::<f64>() / errors.len().max(1) as f64;
        let worst = errors.iter().max_by(|a, b| a.0.total_cmp(&b.0));
        let (error, problem) = worst.map_or((0.0, ""), |(error, row)| (*error, row.problem.as_str()));
        tell!("{name:<44} {trusted:>4}/{:<3} {mean:>9.3} {error:>9.3}  {problem}", of.len());
    }
}
