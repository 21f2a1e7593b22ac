//! Mutual information of anyone's activations.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail, ensure};
use clap::{Parser, ValueEnum};
use infoplane_experiments::estimation::table::{About, table};
use infoplane_experiments::estimation::{EstimateRow, Layers, Resampling, Wanted, conditional, pair, pointwise};
use infoplane_experiments::exit::exit;
use infoplane_experiments::terminal::say;
use infoplane_experiments::{quoting, rows};

/// Mutual information I(X;T) and I(T;Y) of activations T trained anywhere, in bits.
///
/// Files are .npy, .npz, .safetensors, .mat, or .csv, .tsv, .txt (also .gz); rows are samples. Of a file with several arrays, one
/// is named like layers.npz:hidden1. Without --x every row is an input of its own.
///
/// Estimators: binning:width=0.07  binning:bins=30,range=-1..1  binning:bins=30,range=own  binning:quantile=30
/// idnns:edges=30  quantised:bits=8  plugin  plugin:correction=miller-madow|grassberger|chao-shen|nsb[,symbols=512]
/// kde:variance=0.001,bound=upper|lower  noisy:sigma=0.1  gaussian-mixture:bound=upper|lower  ksg:k=3  lnc  mixed-ksg:k=3
/// gaussian  cca  edge  sliced  renyi:alpha=1.01; trained: infonce  infonce-anchor  nwj  mine  smile:tau=5 (each ,seeds=3)
/// probe:kind=best|linear|mlp|knn; auto (what calibration trusts most on such data, else a probe)
///
/// A line on the error stream says what each file looks like, and one what speaks against a number. Every number has its standing:
/// measured, saturated, a lower or upper bound, or not to be trusted. Of rows that the network was trained on, information about their labels includes
/// what it learnt by heart: take rows it has not seen. What an estimator refuses is a row with its reason, and the exit code says so.
#[derive(Debug, Parser)]
#[command(name = "estimate", version)]
struct Cli {
    /// Activations of layers, one row per sample: files, a folder of them, all arrays of a file, or [epochs x rows x columns]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    t: Vec<PathBuf>,
    /// Labels, one per sample: whole numbers, words, or one-hot
    #[arg(long, value_name = "FILE")]
    y: Option<PathBuf>,
    /// Inputs; equal rows are one x
    #[arg(long, value_name = "FILE")]
    x: Option<PathBuf>,
    /// I(A;B) of two continuous samples instead
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["t", "y", "x"])]
    pair: Vec<PathBuf>,
    /// I(A;B|C) of three samples: what A says of B beyond C (ksg, plugin); with --pair; any of them may be labels in words
    #[arg(long, value_name = "C")]
    given: Option<PathBuf>,
    /// Which rows belong together, one name or number per row: of copies, augmented or repeated, the first is kept
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// NAME[:key=value,…] (repeatable)
    #[arg(long = "estimator", value_name = "NAME", required = true)]
    estimators: Vec<String>,
    /// Permutations for a p-value
    #[arg(long, value_name = "N", default_value_t = 0)]
    shuffle: usize,
    /// Random halves of the rows for the spread of I(T;Y), or of I(A;B), over samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    bootstrap: usize,
    /// Also write what each row says, i(t;y) or i(a;b), to a CSV file (ksg, mixed-ksg, plugin, bins; of labels also probe, of pairs lnc); where auto takes another, ksg
    #[arg(long, value_name = "FILE", conflicts_with = "given")]
    pointwise: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// More permutations or halves than this are a slip of the hand.
const MOST_DRAWS: usize = 1_000_000;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Json,
    Table,
}

fn main() -> ExitCode {
    exit("estimate", || answer(&Cli::parse()))
}

fn answer(cli: &Cli) -> Result<()> {
    let estimators: Vec<Wanted> =
        cli.estimators.iter().map(|text| text.parse()).collect::<Result<_, _>>().map_err(|error| anyhow!("{error}"))?;
    for (flag, count) in [("--shuffle", cli.shuffle), ("--bootstrap", cli.bootstrap)] {
        ensure!(count <= MOST_DRAWS, "{flag} {count}: at most {MOST_DRAWS} can be drawn");
    }
    ensure!(
        cli.given.is_none() || !cli.pair.is_empty(),
        "--given: I(A;B|C) is of three samples: --pair A B --given C; labels as numbers can be one of them"
    );
    ensure!(cli.bootstrap != 1, "--bootstrap 1: one half has no spread; give at least 2, better 100");
    let resampling = Resampling { permutations: cli.shuffle, halves: cli.bootstrap };
    let groups = cli.groups.as_deref();
    let describe = |lines: &[String]| lines.iter().for_each(|line| say!("data: {line}"));
    let mut rows = if let ([a, b], Some(given)) = (cli.pair.as_slice(), &cli.given) {
        ensure!(resampling == Resampling::default(), "--given: neither --shuffle nor --bootstrap is offered with it");
        let (lines, rows) = conditional([a, b], given, &estimators, groups)?;
        describe(&lines);
        rows
    } else if let [a, b] = cli.pair.as_slice() {
        let (lines, mut rows) = pair([a, b], &estimators, resampling, groups)?;
        describe(&lines);
        if let Some(file) = &cli.pointwise {
            rows::write(file, &pointwise::of_pair([a, b], &mut rows, groups)?)?;
        }
        rows
    } else {
        ensure!(!cli.t.is_empty(), "name the activations of a layer: --t FILE (or two samples: --pair A B)");
        let Some(labels) = &cli.y else { bail!("name the labels: --y FILE") };
        let layers = Layers::read(&cli.t, labels, cli.x.as_deref(), groups)?;
        describe(&layers.described());
        let mut rows = layers.estimate(&estimators, resampling);
        if let Some(file) = &cli.pointwise {
            rows::write(file, &layers.pointwise(&mut rows)?)?;
        }
        rows
    };
    rows.iter_mut().for_each(|row| row.layer = quoting::cell(&row.layer).into_owned());
    notes(&rows).iter().for_each(|note| say!("note: {note}"));
    match cli.format {
        Format::Csv => print_csv(&rows),
        Format::Json => print_json(&rows),
        Format::Table => {
            let about = match (cli.pair.is_empty(), &cli.given) {
                (true, _) => About::Layers,
                (false, None) => About::Pair,
                (false, Some(_)) => About::Conditional,
            };
            Ok(write!(io::stdout(), "{}", table(&rows, about))?)
        }
    }?;
    let refused: Vec<&EstimateRow> = rows.iter().filter(|row| row.refused.is_some()).collect();
    for row in &refused {
        say!("refused: {} on {}: {}", row.estimator, row.layer, row.refused.as_deref().unwrap_or_default());
    }
    ensure!(refused.is_empty(), "{} of {} estimates refused, the reasons are above", refused.len(), rows.len());
    Ok(())
}

/// What is to be said of rows, once where it is the same of several layers.
fn notes(rows: &[EstimateRow]) -> Vec<String> {
    let mut notes: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in rows {
        for note in &row.notes {
            match notes.iter_mut().find(|(other, _)| other == note) {
                Some((_, layers)) if layers.contains(&row.layer.as_str()) => (),
                Some((_, layers)) => layers.push(&row.layer),
                None => notes.push((note, vec![&row.layer])),
            }
        }
    }
    let of = |(note, layers): (&str, Vec<&str>)| match layers.len() {
        1 => format!("{}: {note}", layers[0]),
        count => format!("{} and {} more: {note}", layers[0], count - 1),
    };
    notes.into_iter().map(of).collect()
}

fn print_csv(rows: &[EstimateRow]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(io::stdout());
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    Ok(writer.flush()?)
}

/// JSON has no infinity: it is null, and `i_xt_is_infinite` says so.
fn print_json(rows: &[EstimateRow]) -> Result<()> {
    Ok(writeln!(io::stdout(), "{}", serde_json::to_string_pretty(rows)?)?)
}
