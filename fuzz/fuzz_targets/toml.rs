//! Settings of rq1 in TOML, over its defaults.
#![no_main]

use clap::Parser;
use infoplane_experiments::config::RunArgs;
use infoplane_experiments::run::Settings;
use infoplane_experiments::questions::rq1::verdict::VerdictRule;
use infoplane_experiments::verdict::Rule;
use libfuzzer_sys::fuzz_target;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: RunArgs,
}

fuzz_target!(|bytes: &[u8]| {
    let file = infoplane_fuzz::file("toml", bytes);
    let args = RunArgs { config: Some(file), ..Cli::parse_from(["rq1"]).args };
    if let Ok(settings) = args.settings::<Settings<VerdictRule>>(include_str!("../../experiments/configs/rq1.toml")) {
        let _ = settings.run.checked_seeds();
        let _ = settings.measure.checked_epochs(settings.train.epochs);
        let _ = settings.grid.check();
        let _ = settings.train.check();
        let _ = settings.task.check();
        let _ = settings.verdict.check(&settings.condition_names());
        let _ = settings.conditions();
    }
});
