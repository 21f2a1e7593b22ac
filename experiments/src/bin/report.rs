//! `report`: one page to look at, of every finished run below `results/`, made from their files alone.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use infoplane_experiments::exit::exit;
use infoplane_experiments::report::Report;
use infoplane_experiments::terminal::tell;

/// Writes report.html: verdicts, the moving information plane, panels and tables of finished runs.
///
/// One self-contained file, to open in any browser and to send. Without folders: everything below results/. A question
/// with several runs is spoken for by results/QUESTION/default, then by others; name folders to choose.
#[derive(Debug, Parser)]
#[command(name = "report", version)]
struct Cli {
    /// Folders of runs, or folders of them
    #[arg(value_name = "FOLDER", default_value = "results")]
    folders: Vec<PathBuf>,
    /// The page
    #[arg(long, value_name = "FILE.html", default_value = "results/report.html")]
    output: PathBuf,
}

fn main() -> ExitCode {
    exit("report", || write(&Cli::parse()))
}

fn write(cli: &Cli) -> Result<()> {
    Report::gather(&cli.folders)?.write(&cli.output)?;
    tell!("{}", cli.output.display());
    Ok(())
}
