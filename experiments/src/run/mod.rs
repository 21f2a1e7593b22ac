//! The part every question shares between its settings and its CSVs: conditions, cut into jobs, trained, merged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use infoplane_info::estimators::EstimatorKind;
use infoplane_model::TrainSettings;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::bound::{Bound, BoundSettings};
use crate::config::{ComputeSettings, GridSettings, MeasureSettings, ReplicaSettings, merge, typed};
use crate::tasks::{Task, TaskSettings, count};
use crate::terminal::{say, tell};
use crate::training::{Job, ModelSettings};
use crate::verdict::Rule;
use crate::{quoting, version};

mod checks;
mod complete;

/// The name of the condition of a run that lists none.
const ONLY_CONDITION: &str = "default";

/// The settings of a question: what is trained and measured, and the rule V of its verdict.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings<V> {
    /// The replicas.
    pub run: ReplicaSettings,
    /// Activations and training fractions.
    pub grid: GridSettings,
    /// The task.
    pub task: TaskSettings,
    /// The network.
    pub model: ModelSettings,
    /// The training.
    pub train: TrainSettings,
    /// What is recorded.
    pub measure: MeasureSettings,
    /// How layers are tested against the bound; none: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<BoundSettings>,
    /// The rule, fixed before the run.
    pub verdict: V,
    /// Where it is computed.
    pub compute: ComputeSettings,
    /// Named conditions: each a `name` and the settings in which it differs from those above. None: those above alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub condition: Vec<Table>,
}

/// One condition, resolved and checked.
#[derive(Debug)]
struct Resolved<V> {
    name: String,
    settings: Settings<V>,
    seeds: Vec<u64>,
    epochs: Vec<usize>,
    task: Arc<Task>,
    weights: Option<Vec<f32>>,
}

impl<V: Rule> Settings<V> {
    /// Checks every setting of every condition, without training.
    ///
    /// # Errors
    /// If a setting is impossible.
    pub fn check(&self) -> Result<()> {
        self.resolve().map(|_| ())
    }

    /// The names of the conditions, in order.
    pub fn condition_names(&self) -> Vec<String> {
        let name = |table: &Table| table.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if self.condition.is_empty() {
            vec![ONLY_CONDITION.to_owned()]
        } else {
            self.condition.iter().map(name).collect()
        }
    }

    /// Every condition's name and settings, in order.
    ///
    /// # Errors
    /// If a condition has no name of its own, or changes a setting that does not exist.
    pub fn conditions(&self) -> Result<Vec<(String, Self)>> {
        let alone = Self { condition: Vec::new(), ..self.clone() };
        if self.condition.is_empty() {
            return Ok(vec![(ONLY_CONDITION.to_owned(), alone)]);
        }
        let base = Table::try_from(&alone).context("the settings cannot be written as TOML")?;
        let names = self.condition_names();
        let mut conditions = Vec::new();
        for (k, changes) in self.condition.iter().enumerate() {
            let (name, mut changes, mut table) = (names[k].clone(), changes.clone(), base.clone());
            changes.remove("name");
            ensure!(!name.is_empty(), "condition number {} has no name: write name = \"…\"", k + 1);
            ensure!(
                !quoting::is_formula(&name) && *quoting::terminal(&name) == name,
                "the condition `{name}` begins like a formula of a spreadsheet, or has characters that nobody sees; give it another name"
            );
            ensure!(!names[..k].contains(&name), "two conditions have the name `{name}`");
            ensure!(!changes.contains_key("condition"), "the condition `{name}` has conditions of its own");
            merge(&mut table, changes);
            let settings: Self = typed(table).with_context(|| format!("the condition `{name}`"))?;
            conditions.push((name, settings));
        }
        Ok(conditions)
    }

    /// The last recorded epoch of every condition, by name.
    ///
    /// # Errors
    /// As [`Self::conditions`], and if an epoch lies beyond the training.
    pub fn last_epochs(&self) -> Result<BTreeMap<String, usize>> {
        let last = |(name, settings): (String, Self)| {
            let epochs = settings.measure.checked_epochs(settings.train.epochs)?;
            Ok((name, epochs.last().copied().unwrap_or(0)))
        };
        self.conditions()?.into_iter().map(last).collect()
    }

    /// Prints the settings as a file that `--config` reads, and says if nothing can be run by them here.
    ///
    /// # Errors
    /// If they cannot be written as TOML.
    pub fn show(&self) -> Result<()> {
        tell!("{}", version::stamp(&toml::to_string(self)?).trim_end());
        if let Err(error) = self.check() {
            tell_unusable(&error);
        }
        Ok(())
    }

    /// The files that the conditions read: datasets and weights.
    fn files(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for (_, settings) in self.conditions()? {
            files.extend(settings.task.files());
            if !settings.model.weights.is_empty() {
                files.push(PathBuf::from(&settings.model.weights));
            }
        }
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The tasks of all conditions.
    ///
    /// # Errors
    /// If one cannot be had.
    pub fn tasks(&self) -> Result<Vec<Arc<Task>>> {
        let mut made = Vec::new();
        for (_, settings) in self.conditions()? {
            loaded(&mut made, &settings.task)?;
        }
        Ok(made.into_iter().map(|(_, task)| task).collect())
    }

    /// Every condition, with all of its settings checked.
    fn resolve(&self) -> Result<Vec<Resolved<V>>> {
        self.verdict.check(&self.condition_names())?;
        let mut made = Vec::new();
        let resolved = self.conditions()?.into_iter().map(|(name, settings)| {
            let explain = || format!("the condition `{name}`");
            settings.task.check().with_context(explain)?;
            let task = loaded(&mut made, &settings.task).with_context(explain)?;
            settings.resolve_one(name.clone(), task).with_context(explain)
        });
        resolved.collect()
    }

    fn resolve_one(self, name: String, task: Arc<Task>) -> Result<Resolved<V>> {
        let seeds = self.run.checked_seeds()?;
        let epochs = self.measure.checked_epochs(self.train.epochs)?;
        ensure!(
            !self.measure.estimators.is_empty() || self.bound.is_some(),
            "measure.estimators is empty: name at least one, like \"binning:width=0.07\""
        );
        self.bound.as_ref().map_or(Ok(()), BoundSettings::check)?;
        self.grid.check()?;
        self.train.check().context("the settings under [train] are not usable")?;
        ensure!(
            self.train.epochs > 0 || !self.model.weights.is_empty(),
            "train.epochs = 0: nothing would be trained (without training only given weights can be measured)"
        );
        ensure!(self.compute.block > 0, "compute.block = 0: a block has at least one replica");
        self.check_size(&task, seeds.len())?;
        self.compute.open()?;
        let encoders = self.bound.iter().flat_map(|bound| bound.encoders.iter().chain(&bound.end_encoders));
        let ranges =
            self.grid.activations.iter().map(|&activation| (activation, self.model.architecture.range(activation)));
        let estimators: Vec<&EstimatorKind> = self.measure.estimators_at(0, true).chain(encoders).collect();
        checks::estimators(&ranges.collect::<Vec<_>>(), &estimators)?;
        checks::noise(self.model.architecture, &estimators, self.bound.is_some())?;
        let mut weights = None;
        for &activation in &self.grid.activations {
            weights = self.model.starting_weights(&self.model.network(&task, activation)?)?;
        }
        Ok(Resolved { name, settings: self, seeds, epochs, task, weights })
    }
}

/// A task, made unless it is there: conditions mostly share theirs, which takes a while to make, and memory to hold.
fn loaded(made: &mut Vec<(TaskSettings, Arc<Task>)>, settings: &TaskSettings) -> Result<Arc<Task>> {
    if let Some((_, task)) = made.iter().find(|(made, _)| made.is_same_task(settings)) {
        return Ok(Arc::clone(task));
    }
    let task = Arc::new(settings.load()?);
    made.push((settings.clone(), Arc::clone(&task)));
    Ok(task)
}

impl<V> Resolved<V> {
    /// Activations and fractions outside, blocks of replicas inside; what is not a table goes into `folder`.
    fn jobs<'a>(&'a self, bounds: &'a [Bound], folder: &Path) -> Vec<(&'a Task, Job<'a>)> {
        let settings = &self.settings;
        let of_task =
            |bound: &&Bound| settings.bound.as_ref().is_some_and(|settings| bound.is_of(&self.task, settings));
        let bound = bounds.iter().find(of_task);
        let numbered: Vec<(usize, u64)> = self.seeds.iter().copied().enumerate().collect();
        let block = if settings.compute.backend.is_cpu() { settings.compute.block } else { numbered.len() };
        let mut jobs = Vec::new();
        for &activation in &settings.grid.activations {
            for &train_fraction in &settings.grid.train_fractions {
                for replicas in numbered.chunks(block) {
                    let job = Job {
                        condition: &self.name,
                        activation,
                        train_fraction,
                        replicas: replicas.to_vec(),
                        task: &settings.task,
                        model: &settings.model,
                        train: &settings.train,
                        measure: &settings.measure,
                        epochs: &self.epochs,
                        weights: self.weights.as_deref(),
                        bound,
                        compute: &settings.compute,
                        save_weights: settings.measure.save_weights.then(|| folder.join("weights")),
                    };
                    jobs.push((self.task.as_ref(), job));
                }
            }
        }
        jobs
    }
}

impl Job<'_> {
    /// What an epoch costs, in patterns presented: a step costs about as much as a hundred more.
    pub fn epoch_cost(&self, task: &Task) -> u64 {
        let rows = count(self.train_fraction, task.joint.n_x());
        (self.replicas.len() * (rows + 100 * self.steps(task))) as u64
    }

    /// Updates per epoch.
    pub fn steps(&self, task: &Task) -> usize {
        let rows = count(self.train_fraction, task.joint.n_x());
        rows.div_ceil(patterns_per_update(self.train, rows))
    }
}

/// Says of settings that were asked for, and printed, that nothing can be run by them.
pub fn tell_unusable(error: &anyhow::Error) {
    say!("note: these settings cannot be run here: {error:#}");
}

/// How many of the training patterns an update sees.
pub fn patterns_per_update(train: &TrainSettings, training_patterns: usize) -> usize {
    if train.batch_size == 0 { training_patterns } else { train.batch_size.min(training_patterns) }
}
