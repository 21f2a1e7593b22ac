//! From files and flags to checked settings: defaults ← preset ← `--config FILE` ← `--set key=value` and flags.
//!
//! A question's configuration is one TOML file, compiled in: its defaults, commented, and below them one table
//! `[preset.NAME]` per preset with what it changes. The merged table is read into the question's own struct, whose
//! `deny_unknown_fields` makes a typo name the field and the choices.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use infoplane_info::estimators::EstimatorKind;
use infoplane_model::backend::Compute;
use infoplane_model::{Activation, Backend, GradientMode, remote};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::figures::{Drawing, FigureStyle};
use crate::jobs::selection::JobArgs;
use crate::terminal::tell;
use crate::version;

/// More networks or recorded epochs than this are a slip of the hand.
const MOST: usize = 1_000_000;

/// The flags every question has. They are shorthands for `--set`, except where the answer goes.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Named settings: `smoke` (seconds), `default` (minutes), `paper`, `idnns` (what the authors' code does)
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
    /// Another task than the paper's: a .mat like the authors' var_u.mat, an .npz (inputs, labels), a .csv (labels last),
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

/// Which networks a run trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaSettings {
    /// Seed of the first replica; replica k has seed + k.
    pub seed: u64,
    /// Networks per condition.
    pub replicas: usize,
    /// Explicit seeds, one per replica; overrides the two above.
    pub seeds: Vec<u64>,
}

/// What is recorded, when and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureSettings {
    /// How many epochs are recorded, log-spaced from 1, besides epoch 0 and the last.
    pub snapshots: usize,
    /// Exactly these epochs instead.
    pub epochs: Vec<usize>,
    /// Estimators, as `estimate` names them.
    pub estimators: Vec<EstimatorKind>,
    /// Estimators that take long, measured at every k-th recorded epoch and the last only.
    pub costly_estimators: Vec<EstimatorKind>,
    /// That k.
    pub costly_every: usize,
    /// Whether mini-batch gradients are measured, and at which weights.
    pub gradients: GradientMode,
    /// Whether the weights at the end are kept, one .safetensors for each network in the folder `weights`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub save_weights: bool,
}

/// The conditions of a grid: every activation × every training fraction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridSettings {
    /// Activations of the hidden layers.
    pub activations: Vec<Activation>,
    /// Shares of the patterns that train.
    pub train_fractions: Vec<f64>,
}

/// How a run is computed, without any bearing on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputeSettings {
    /// Where networks train.
    pub backend: Backend,
    /// Which device of the backend.
    pub device: usize,
    /// Where the device of the backend `remote` is served.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Replicas trained together on a CPU thread; a GPU takes all at once.
    pub block: usize,
}

impl ComputeSettings {
    /// The device.
    ///
    /// # Errors
    /// If the build lacks the backend, or the backend the device.
    pub fn open(&self) -> Result<Compute> {
        if self.backend != Backend::Remote {
            ensure!(
                self.address.is_empty(),
                "compute.address (--address) is where the backend remote finds its device, but the backend is {}",
                self.backend
            );
            return Ok(self.backend.open(self.device)?);
        }
        Ok(remote::connect(&self.address, &token(), self.device)?)
    }
}

/// What opens another machine's devices. It comes from the environment, so that no file of a run holds it.
pub fn token() -> String {
    std::env::var("INFOPLANE_TOKEN").unwrap_or_default()
}

impl ReplicaSettings {
    /// The seed of every replica.
    ///
    /// # Errors
    /// If there are none, or one comes twice.
    pub fn checked_seeds(&self) -> Result<Vec<u64>> {
        ensure!(
            !self.seeds.is_empty() || (1..=MOST).contains(&self.replicas),
            "run.replicas = {}: between 1 and {MOST} networks can be trained",
            self.replicas
        );
        let seeds = if self.seeds.is_empty() {
            (0..self.replicas as u64).map(|k| self.seed.wrapping_add(k)).collect()
        } else {
            self.seeds.clone()
        };
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        if let Some([seed, _]) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            bail!("run.seeds has {seed} twice: two replicas would be the same network");
        }
        Ok(seeds)
    }
}

impl MeasureSettings {
    /// The estimators of the k-th recorded epoch.
    pub fn estimators_at(&self, place: usize, is_last: bool) -> impl Iterator<Item = &EstimatorKind> {
        let costly = if is_last || place.is_multiple_of(self.costly_every) { &self.costly_estimators[..] } else { &[] };
        self.estimators.iter().chain(costly)
    }

    /// The recorded epochs of a training of this length: 0, log-spaced ones, the last; ascending.
    ///
    /// # Errors
    /// If nothing is measured, or an epoch lies beyond the training.
    pub fn checked_epochs(&self, last: usize) -> Result<Vec<usize>> {
        ensure!(self.costly_every > 0, "measure.costly_every = 0: every k-th recorded epoch, with k at least 1");
        ensure!(
            self.snapshots <= MOST,
            "measure.snapshots = {}: at most {MOST} epochs can be recorded",
            self.snapshots
        );
        let mut epochs = self.epochs.clone();
        if epochs.is_empty() {
            epochs = vec![0, last];
            let points = self.snapshots.saturating_sub(1).max(1) as f64;
            epochs.extend((0..self.snapshots).map(|i| (last as f64).powf(i as f64 / points).round() as usize));
            epochs.retain(|&epoch| epoch <= last);
        }
        epochs.sort_unstable();
        epochs.dedup();
        match epochs.last() {
            Some(&beyond) if beyond > last => {
                bail!("measure.epochs has {beyond}, but training ends at train.epochs = {last}")
            }
            _ => Ok(epochs),
        }
    }
}

impl GridSettings {
    /// # Errors
    /// If a side of the grid is empty or repeats itself, or a fraction is no fraction.
    pub fn check(&self) -> Result<()> {
        ensure!(!self.activations.is_empty(), "grid.activations is empty: name at least one, like \"tanh\"");
        ensure!(!self.train_fractions.is_empty(), "grid.train_fractions is empty: name at least one, like 0.85");
        for (i, fraction) in self.train_fractions.iter().enumerate() {
            ensure!(
                *fraction > 0.0 && *fraction <= 1.0,
                "grid.train_fractions has {fraction}: a training fraction lies above 0 and at most at 1"
            );
            ensure!(!self.train_fractions[..i].contains(fraction), "grid.train_fractions has {fraction} twice");
        }
        for (i, activation) in self.activations.iter().enumerate() {
            ensure!(!self.activations[..i].contains(activation), "grid.activations has {activation} twice");
        }
        Ok(())
    }
}

impl RunArgs {
    /// Merges the question's defaults (TOML text with `[preset.NAME]` tables), the preset, the file and the flags.
    ///
    /// # Errors
    /// If a source cannot be read, the preset does not exist, or a field is unknown or of the wrong type.
    pub fn settings<Q: DeserializeOwned>(&self, defaults: &str) -> Result<Q> {
        typed(self.table(defaults)?)
    }

    /// The folder of a question's results.
    pub fn folder(&self, question: &str) -> PathBuf {
        self.output.clone().unwrap_or_else(|| PathBuf::from("results").join(question).join(&self.preset))
    }

    /// How figures of these results are drawn.
    pub fn drawing<'a>(&self, folder: &'a Path) -> Drawing<'a> {
        Drawing { folder, style: self.figure_style }
    }

    /// The same, merged but not yet read: for a question with tables of its own.
    ///
    /// # Errors
    /// If a source cannot be read, or the preset does not exist.
    pub fn table(&self, defaults: &str) -> Result<Table> {
        let mut table: Table = defaults.parse().context("the built-in configuration is damaged")?;
        let presets = match table.remove("preset") {
            Some(Value::Table(presets)) => presets,
            _ => Table::new(),
        };
        if self.preset != "default" {
            let Some(Value::Table(preset)) = presets.get(&self.preset) else {
                let names: Vec<&str> = std::iter::once("default").chain(presets.keys().map(String::as_str)).collect();
                bail!("there is no preset `{}`; the choices are {}", self.preset, names.join(", "));
            };
            merge(&mut table, preset.clone());
        }
        if let Some(path) = &self.config {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the configuration file {}", path.display()))?;
            version::refuse_newer(path, &text)?;
            let file: Table = text.parse().with_context(|| format!("{} is not valid TOML", path.display()))?;
            merge(&mut table, file);
        }
        for setting in &self.settings {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| anyhow!("--set {setting}: write KEY=VALUE, like train.learning_rate=0.05"))?;
            let value = parse_value(value.trim()).with_context(|| format!("--set {setting}"))?;
            merge(&mut table, nested(key.trim(), value));
        }
        let seeds = table.get("run").and_then(|run| run.get("seeds")).and_then(Value::as_array);
        ensure!(
            seeds.is_none_or(Vec::is_empty) || (self.replicas.is_none() && self.seed.is_none()),
            "run.seeds names the seed of every network; leave out --replicas and --seed, or run.seeds"
        );
        for (key, value) in self.flags()? {
            merge(&mut table, nested(key, value));
        }
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
fn nested(key: &str, value: Value) -> Table {
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

    #[test]
    fn recorded_epochs_are_log_spaced_with_both_ends() {
        let mut measure = MeasureSettings {
            snapshots: 5,
            epochs: vec![],
            estimators: vec!["idnns:edges=30".parse().unwrap()],
            costly_estimators: vec![],
            costly_every: 1,
            gradients: GradientMode::None,
            save_weights: false,
        };
        assert_eq!(measure.checked_epochs(10_000).unwrap(), [0, 1, 10, 100, 1000, 10_000]);
        assert_eq!(measure.checked_epochs(1).unwrap(), [0, 1]);
        measure.epochs = vec![3, 1, 3];
        assert_eq!(measure.checked_epochs(3).unwrap(), [1, 3]);
        assert!(measure.checked_epochs(2).unwrap_err().to_string().contains("measure.epochs"));
    }

    #[test]
    fn duplicate_seeds_are_refused() {
        let run = ReplicaSettings { seed: 0, replicas: 0, seeds: vec![3, 4, 3] };
        assert!(run.checked_seeds().unwrap_err().to_string().contains("3 twice"));
    }
}
