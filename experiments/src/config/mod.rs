//! From files and flags to checked settings: defaults ← preset ← what these imply ← `--config FILE` ← `--set key=value` and flags.
//!
//! A question's configuration is one TOML file, compiled in: its defaults, commented, and below them one table
//! `[preset.NAME]` per preset with what it changes. The merged table is read into the question's own struct, whose
//! `deny_unknown_fields` makes a typo name the field and the choices.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use infoplane_model::Backend;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::drawing::{Drawing, FigureStyle};
use crate::jobs::selection::JobArgs;
use crate::terminal::tell;
use crate::version;

mod settings;

pub use settings::{ComputeSettings, GridSettings, MeasureSettings, ReplicaSettings, token};

/// The flags every question has. They are shorthands for `--set`, except where the answer goes.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Named settings
    #[arg(long, default_value = "default")]
    pub preset: String,
    /// A TOML file of settings, over the preset
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// One setting, over preset and file, like train.learning_rate=0.05 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    /// Where networks train: flex, ndarray, wgpu, cuda or remote; `list` shows what this build and this machine have
    #[arg(long, value_parser = backend_or_list)]
    pub backend: Option<String>,
    /// Which device of the backend
    #[arg(long, value_name = "N")]
    pub device: Option<usize>,
    /// Where `serve` serves the device of the backend `remote`; its token, if it wants one, is INFOPLANE_TOKEN
    #[arg(long, value_name = "ws://HOST:PORT")]
    pub address: Option<String>,
    /// Networks per condition
    #[arg(long, value_name = "N")]
    pub replicas: Option<usize>,
    /// Seed of the first replica; the next have seed + 1, seed + 2, …
    #[arg(long)]
    pub seed: Option<u64>,
    /// Training epochs
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Another task than the paper's: a .mat like the authors' var_u.mat, an .npz (inputs, labels), a .csv, .tsv or .txt (labels last),
    /// …images-idx3-ubyte, or teacher:inputs=12,patterns=4096,noise=0.5,seed=1
    #[arg(long, value_name = "FILE|teacher")]
    pub dataset: Option<PathBuf>,
    /// Keep every network's weights at the end: weights/CONDITION_ACTIVATION_FRACTION_seedN.safetensors, as PyTorch names them
    #[arg(long)]
    pub save_weights: bool,
    /// Folder of the results [default: results/QUESTION/PRESET]
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Threads; the results do not depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Draw the information plane as it fills, and the losses, in the terminal
    #[arg(long)]
    pub watch: bool,
    /// What figures are for
    #[arg(long, value_enum, default_value_t, value_name = "STYLE")]
    pub figure_style: FigureStyle,
    /// Print the settings that would be used, and stop
    #[arg(long)]
    pub show_config: bool,
    /// Which part of the run is done here
    #[command(flatten)]
    pub work: JobArgs,
}

/// `--backend list`, like `--version`, answers and ends.
#[allow(clippy::unnecessary_wraps)] // clap asks for a Result
fn backend_or_list(name: &str) -> Result<String, std::convert::Infallible> {
    if name == "list" {
        tell!("{}", Backend::list().trim_end());
        std::process::exit(0);
    }
    Ok(name.to_owned())
}

impl RunArgs {
    /// Merges the question's defaults (TOML text with `[preset.NAME]` tables), the preset, the file and the flags.
    ///
    /// # Errors
    /// If a source cannot be read, the preset does not exist, or a field is unknown or of the wrong type.
    pub fn settings<Q: DeserializeOwned>(&self, defaults: &str) -> Result<Q> {
        self.settings_implying(defaults, |_| Ok(Table::new()))
    }

    /// The same, with a layer between the preset and what the user gives: `implied` is handed the merged table, and says what follows from
    /// it. A file, `--set` or a flag overrules that.
    ///
    /// # Errors
    /// As [`Self::settings`], and if `implied` fails.
    pub fn settings_implying<Q: DeserializeOwned>(
        &self,
        defaults: &str,
        implied: impl FnOnce(&Table) -> Result<Table>,
    ) -> Result<Q> {
        typed(self.table_implying(defaults, implied)?)
    }

    /// The same, merged but not yet read: for a question with tables of its own.
    ///
    /// # Errors
    /// As [`Self::settings_implying`], but for fields.
    pub fn table_implying(&self, defaults: &str, implied: impl FnOnce(&Table) -> Result<Table>) -> Result<Table> {
        let (mut table, given) = (self.built_in(defaults)?, self.given()?);
        let mut merged = table.clone();
        merge(&mut merged, given.clone());
        merge(&mut table, implied(&merged)?);
        merge(&mut table, given);
        self.checked(table)
    }

    /// The folder of a question's results.
    pub fn folder(&self, question: &str) -> PathBuf {
        self.output.clone().unwrap_or_else(|| PathBuf::from("results").join(question).join(&self.preset))
    }

    /// How figures of these results are drawn.
    pub fn drawing<'a>(&self, folder: &'a Path) -> Drawing<'a> {
        Drawing { folder, style: self.figure_style }
    }

    /// The question's defaults and the preset.
    fn built_in(&self, defaults: &str) -> Result<Table> {
        let (mut table, mut presets) = split_presets(defaults)?;
        if self.preset != "default" {
            let Some(Value::Table(preset)) = presets.remove(&self.preset) else {
                bail!("there is no preset `{}`; the choices are {}", self.preset, names(&presets).join(", "));
            };
            merge(&mut table, preset);
        }
        Ok(table)
    }

    /// What the file and `--set` say, and the flags that are short for it.
    fn given(&self) -> Result<Table> {
        let mut given = Table::new();
        if let Some(path) = &self.config {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
            version::refuse_newer(path, &text)?;
            given = text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
        }
        for setting in &self.settings {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| anyhow!("--set {setting}: write KEY=VALUE, like train.learning_rate=0.05"))?;
            let value = parse_value(value.trim()).with_context(|| format!("--set {setting}"))?;
            merge(&mut given, nested(key.trim(), value));
        }
        for (key, value) in self.flags()? {
            merge(&mut given, nested(key, value));
        }
        Ok(given)
    }

    /// Refuses flags that the settings contradict.
    fn checked(&self, table: Table) -> Result<Table> {
        let seeds = table.get("run").and_then(|run| run.get("seeds")).and_then(Value::as_array);
        ensure!(
            seeds.is_none_or(Vec::is_empty) || (self.replicas.is_none() && self.seed.is_none()),
            "run.seeds names the seed of every network; leave out --replicas and --seed, or run.seeds"
        );
        Ok(table)
    }

    fn flags(&self) -> Result<Vec<(&'static str, Value)>> {
        let integer = |n: u64| i64::try_from(n).map(Value::Integer).context("numbers above 2⁶³ are not supported");
        let mut flags = Vec::new();
        if let Some(backend) = &self.backend {
            flags.push(("compute.backend", Value::String(backend.clone())));
        }
        if let Some(device) = self.device {
            flags.push(("compute.device", integer(device as u64)?));
        }
        if let Some(address) = &self.address {
            flags.push(("compute.address", Value::String(address.clone())));
        }
        if self.save_weights {
            flags.push(("measure.save_weights", Value::Boolean(true)));
        }
        if let Some(replicas) = self.replicas {
            flags.push(("run.replicas", integer(replicas as u64)?));
        }
        if let Some(seed) = self.seed {
            flags.push(("run.seed", integer(seed)?));
        }
        if let Some(epochs) = self.epochs {
            flags.push(("train.epochs", integer(epochs as u64)?));
        }
        if let Some(dataset) = &self.dataset {
            let path = dataset.to_str().context("--dataset: the path is not valid UTF-8")?;
            flags.push(("task.dataset", Value::String(path.to_owned())));
        }
        Ok(flags)
    }
}

/// The names of a question's presets, `default` first.
pub fn presets(defaults: &str) -> Vec<String> {
    split_presets(defaults).map_or_else(|_| Vec::new(), |(_, presets)| names(&presets))
}

fn names(presets: &Table) -> Vec<String> {
    std::iter::once("default".to_owned()).chain(presets.keys().cloned()).collect()
}

/// The defaults of a question, and its presets.
fn split_presets(defaults: &str) -> Result<(Table, Table)> {
    let mut table: Table = defaults.parse().context("the built-in configuration is damaged")?;
    match table.remove("preset") {
        Some(Value::Table(presets)) => Ok((table, presets)),
        _ => Ok((table, Table::new())),
    }
}

/// Reads a merged table as checked settings.
///
/// # Errors
/// If a field is unknown, missing or of the wrong type: a typo names the field and the choices.
pub fn typed<Q: DeserializeOwned>(table: Table) -> Result<Q> {
    Value::Table(table).try_into().map_err(|error: toml::de::Error| {
        // toml reports the field, the choices and the table, on two lines.
        anyhow!("the settings are not usable: {}", error.to_string().trim().replace('\n', " "))
    })
}

/// Lays `over` on `table`; tables merge, everything else is replaced.
pub fn merge(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// `a.b.c` and a value as nested tables.
pub fn nested(key: &str, value: Value) -> Table {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    let value = if rest.is_empty() { value } else { Value::Table(nested(rest, value)) };
    Table::from_iter([(first.to_owned(), value)])
}

/// A value as TOML writes it; anything else is text, unless it was meant to be a list, a table or a number.
fn parse_value(text: &str) -> Result<Value> {
    match format!("value = {text}").parse::<Table>() {
        Ok(mut table) => table.remove("value").context("it has no value"),
        Err(error) if text.starts_with(['[', '{', '"']) || text.parse::<f64>().is_ok_and(f64::is_finite) => {
            Err(anyhow!("`{text}` is not a value of TOML: {}", error.message()))
        }
        Err(_) => Ok(Value::String(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const DEFAULTS: &str = "[run]\nseed = 1\nreplicas = 2\nseeds = []\n[preset.big.run]\nreplicas = 9\n";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Question {
        run: ReplicaSettings,
    }

    fn args(words: &[&str]) -> RunArgs {
        #[derive(clap::Parser)]
        struct Program {
            #[command(flatten)]
            args: RunArgs,
        }
        <Program as clap::Parser>::parse_from(std::iter::once(&"program").chain(words)).args
    }

    #[test]
    fn later_sources_win() {
        let question: Question = args(&["--preset", "big"]).settings(DEFAULTS).unwrap();
        assert_eq!((question.run.seed, question.run.replicas), (1, 9));
        let question: Question =
            args(&["--preset", "big", "--set", "run.replicas=4", "--seed", "7"]).settings(DEFAULTS).unwrap();
        assert_eq!((question.run.seed, question.run.replicas), (7, 4));
    }

    #[test]
    fn typos_name_the_field_and_the_choices() {
        let error = |words: &[&str]| format!("{:#}", args(words).settings::<Question>(DEFAULTS).unwrap_err());
        let typo = error(&["--set", "run.replica=4"]);
        assert!(typo.contains("replica") && typo.contains("replicas") && typo.contains("seeds"), "{typo}");
        assert!(error(&["--preset", "huge"]).contains("default, big"));
        assert!(error(&["--set", "run.replicas=many"]).contains("replicas"));
        assert!(error(&["--set", "run.seeds=[18446744073709551615]"]).contains("not a value of TOML"));
        assert!(error(&["--set", "run.seeds=[1, 2]", "--replicas", "3"]).contains("leave out --replicas"));
    }
}
