//! One job: a block of replicas of one condition, trained together and measured as their snapshots come.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use infoplane_model::stack::Stack;
use infoplane_model::{
    Activation, Advance, Architecture, GradientMode, Mlp, Output, Replica, Snapshot, TrainSettings, Training,
    TrainingState,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bound::Bound;
use crate::bound::layers::{self, LayerRow};
use crate::config::{ComputeSettings, MeasureSettings};
use crate::jobs::Tables;
use crate::measure::{self, Drawn, Moment, WeightPath};
use crate::progress::Progress;
use crate::rows::{Condition, DisplacementRow, GradientRow, InformationRow, Table as _, TrainingRow, WeightRow};
use crate::tasks::{Split, Task, TaskSettings};
use crate::weights;

/// A condition's name as part of a file's, different for different conditions: what may mean something to a file system is
/// written as in addresses.
fn file_name_of(condition: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " .,-=+".contains(c);
    condition.chars().map(|c| if plain(c) { c.to_string() } else { format!("%{:X}", u32::from(c)) }).collect()
}

/// The tables a job writes.
pub const TABLES: [&str; 6] = [
    InformationRow::FILE,
    LayerRow::FILE,
    TrainingRow::FILE,
    GradientRow::FILE,
    DisplacementRow::FILE,
    WeightRow::FILE,
];

/// The network, apart from its activation, which belongs to the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// What a hidden layer hands on.
    #[serde(default)]
    pub architecture: Architecture,
    /// The last layer.
    pub output: Output,
    /// Initial weights.
    pub initialisation: infoplane_model::Initialisation,
    /// A file of weights that every replica starts from: .npz with W1, b1, W2, … (W is in × out) or .safetensors of PyTorch
    /// linear layers; empty for drawn ones.
    pub weights: String,
}

/// Everything a job needs, except the task itself.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// Name of the condition.
    pub condition: &'a str,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// Numbers and seeds of the block's replicas.
    pub replicas: Vec<(usize, u64)>,
    /// How training patterns and their labels are drawn.
    pub task: &'a TaskSettings,
    /// The network.
    pub model: &'a ModelSettings,
    /// The training.
    pub train: &'a TrainSettings,
    /// What is measured.
    pub measure: &'a MeasureSettings,
    /// Recorded epochs, ascending.
    pub epochs: &'a [usize],
    /// Weights that every replica starts from, \[P], instead of drawn ones.
    pub weights: Option<&'a [f32]>,
    /// The bound that layers are tested against, if they are.
    pub bound: Option<&'a Bound>,
    /// Where it is computed.
    pub compute: &'a ComputeSettings,
    /// The folder that every network's weights at the end are written into, if they are.
    pub save_weights: Option<PathBuf>,
}

/// The state of a job between two epochs: what a checkpoint has of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct JobState {
    training: TrainingState,
    /// Recorded epochs measured.
    measured: usize,
    paths: Vec<WeightPath>,
}

/// What a job measures with.
struct Measuring<'a> {
    task: &'a Task,
    stack: &'a Stack,
    condition: &'a Condition,
    splits: &'a [Split],
    drawn: Option<&'a Drawn>,
    progress: &'a Progress,
}

impl ModelSettings {
    /// The network for a task.
    ///
    /// # Errors
    /// If a width is 0, the output cannot tell the classes apart, or the architecture makes nothing of these widths.
    pub fn network(&self, task: &Task, activation: Activation) -> Result<Mlp> {
        let (inputs, classes) = (task.inputs.ncols(), task.joint.n_y());
        Mlp::new(inputs, &self.hidden, activation, self.output, classes, self.initialisation)
            .and_then(|network| network.with(self.architecture))
            .context("the settings under [model] make no network")
    }

    /// The weights that every replica starts from, if a file was named.
    ///
    /// # Errors
    /// If the file cannot be read or holds another network's weights.
    pub fn starting_weights(&self, network: &Mlp) -> Result<Option<Vec<f32>>> {
        if self.weights.is_empty() {
            Ok(None)
        } else {
            weights::read(Path::new(&self.weights), network.stack()).map(Some)
        }
    }
}

impl Job<'_> {
    /// Trains and measures, writing rows as they come; from `saved` on, where an earlier process got to.
    ///
    /// # Errors
    /// If the backend cannot be used, an estimator fails, rows cannot be written, or the job shall stop. A replica that
    /// diverges is no error: it is noted and the others go on.
    pub fn run(&self, task: &Task, progress: &Progress, saved: Option<JobState>, tables: &mut Tables) -> Result<()> {
        let network = self.model.network(task, self.activation)?;
        let stack = &network.stack().clone();
        let condition = &Condition {
            dataset: task.name.clone(),
            architecture: network.name(),
            condition: self.condition.to_owned(),
            activation: self.activation.to_string(),
            train_fraction: self.train_fraction,
        };
        let splits: &Vec<Split> =
            &self.replicas.iter().map(|&(_, seed)| self.task.split(task, self.train_fraction, seed)).collect();
        let replicas = self
            .replicas
            .iter()
            .zip(splits)
            .map(|(&(_, seed), split)| Replica { seed, train: split.train.clone(), labels: split.labels.clone() })
            .collect();
        let compute = self.compute.open()?;
        let epoch_cost = self.epoch_cost(task);
        let mut training = Training::new(network, task.inputs.view(), replicas, self.train, self.epochs, &compute)?
            .collect_gradients(self.measure.gradients)
            .on_epoch(|_| progress.advance(epoch_cost));

        if let Some(weights) = self.weights {
            training.start_from(weights);
        }
        let (mut measured, mut paths) = (0, vec![WeightPath::default(); self.replicas.len()]);
        if let Some(saved) = saved {
            progress.advance(epoch_cost * saved.training.epoch as u64);
            training.resume(saved.training)?;
            (measured, paths) = (saved.measured, saved.paths);
        }
        let drawn = Drawn::new(task, self.model.architecture.draws());
        let measuring = Measuring { task, stack, condition, splits, drawn: drawn.as_ref(), progress };
        while let Some(step) = training.advance() {
            if let Advance::Snapshot(snapshot) = step {
                let loss = self.measure(&measuring, &snapshot, measured, &mut paths, tables)?;
                measured += 1;
                if measured == self.epochs.len() {
                    self.save_weights(&measuring, &snapshot)?;
                }
                progress.message(format!(
                    "{}, {} {} %: {} networks, epoch {}, loss {loss:.3} bits",
                    self.condition,
                    condition.activation,
                    self.train_fraction * 100.0,
                    self.replicas.len(),
                    snapshot.epoch
                ));
            }
            tables.keep(|| JobState { training: training.state(), measured, paths: paths.clone() })?;
        }
        for (path, &(number, seed)) in paths.iter().zip(&self.replicas) {
            let (displacements, weights) = path.rows(stack, condition, number, seed);
            displacements.iter().try_for_each(|row| tables.write(row))?;
            weights.iter().try_for_each(|row| tables.write(row))?;
        }
        Ok(())
    }

    /// Writes every network's weights, in a file named after its condition and seed.
    fn save_weights(&self, measuring: &Measuring, snapshot: &Snapshot) -> Result<()> {
        let Some(folder) = &self.save_weights else { return Ok(()) };
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for (&(_, seed), replica) in self.replicas.iter().zip(&snapshot.replicas) {
            let Some(replica) = replica else { continue };
            let Condition { dataset, architecture, condition, activation, train_fraction } = measuring.condition;
            let name = format!("{}_{activation}_{train_fraction}_seed{seed}.safetensors", file_name_of(condition));
            let about = json!({
                "dataset": dataset, "architecture": architecture, "condition": condition, "activation": activation,
                "train_fraction": train_fraction, "seed": seed, "epoch": snapshot.epoch,
            });
            weights::write(&folder.join(name), measuring.stack, &replica.parameters, &about)?;
        }
        Ok(())
    }

    /// Writes the rows of one snapshot, the `place`-th; the mean training loss.
    fn measure(
        &self,
        measuring: &Measuring,
        snapshot: &Snapshot,
        place: usize,
        paths: &mut [WeightPath],
        tables: &mut Tables,
    ) -> Result<f64> {
        let &Measuring { task, stack, condition, splits, drawn, progress } = measuring;
        let estimators: Vec<_> = self.measure.estimators_at(place, place + 1 == self.epochs.len()).collect();
        let updates = snapshot.epoch * self.steps(task);
        let mut losses = Vec::new();
        for (k, replica) in snapshot.replicas.iter().enumerate() {
            let (number, seed) = self.replicas[k];
            let Some(replica) = replica else { continue };
            let moment = Moment { condition, replica: number, seed, epoch: snapshot.epoch, updates };
            for row in measure::information(replica, task, drawn, &estimators, moment)? {
                progress.sees(&row);
                tables.write(&row)?;
            }
            if let Some(bound) = self.bound {
                let is_end = place == 0 || place + 1 == self.epochs.len();
                for row in layers::measure(replica, task, &splits[k], bound, moment, is_end)? {
                    tables.write(&row)?;
                }
            }
            let row = measure::training(replica, task, &splits[k], moment);
            losses.push(row.train_loss_bits);
            progress.sees_losses(&row);
            tables.write(&row)?;
            if self.measure.gradients != GradientMode::None {
                let rows = measure::gradients(replica, stack, self.activation, moment);
                paths[k].push(replica, &rows, snapshot.epoch);
                for row in rows {
                    tables.write(&row)?;
                }
            }
        }
        for &(k, epoch) in &snapshot.diverged {
            let (number, seed) = self.replicas[k];
            tables.note(format!(
                "replica {number} (seed {seed}) of condition {}, {}, {} % train: its numbers were no longer finite at epoch \
                 {epoch}; its rows end there and the others went on",
                self.condition,
                condition.activation,
                self.train_fraction * 100.0
            ));
        }
        Ok(losses.iter().sum::<f64>() / losses.len().max(1) as f64)
    }
}
