//! One job: a block of replicas of one condition, trained together and measured as their snapshots come.

use anyhow::{Context, Result};
use infoplane_info::estimators::EstimatorKind;
use infoplane_model::{Activation, Mlp, Output, Replica, TrainSettings, Training};
use serde::{Deserialize, Serialize};

use crate::config::ComputeSettings;
use crate::jobs::Tables;
use crate::measure::{self, Moment};
use crate::progress::Progress;
use crate::rows::Condition;
use crate::tasks::{Split, SplitRule, Task};

/// The network, apart from its activation, which belongs to the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The last layer.
    pub output: Output,
    /// Initial weights.
    pub initialisation: infoplane_model::Initialisation,
}

/// Everything a job needs, except the task.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Share of the patterns that train.
    pub train_fraction: f64,
    /// How they are chosen.
    pub split: SplitRule,
    /// Numbers and seeds of the block's replicas.
    pub replicas: Vec<(usize, u64)>,
    /// The network.
    pub model: &'a ModelSettings,
    /// The training.
    pub train: &'a TrainSettings,
    /// Recorded epochs, ascending.
    pub epochs: &'a [usize],
    /// Estimators.
    pub estimators: &'a [EstimatorKind],
    /// Where it is computed.
    pub compute: &'a ComputeSettings,
}

impl ModelSettings {
    /// The network for a task.
    ///
    /// # Errors
    /// If a width is 0, or the output cannot tell the classes apart.
    pub fn network(&self, task: &Task, activation: Activation) -> Result<Mlp> {
        let (inputs, classes) = (task.inputs.ncols(), task.joint.n_y());
        Mlp::new(inputs, &self.hidden, activation, self.output, classes, self.initialisation)
            .context("the settings under [model] make no network")
    }
}

impl Job<'_> {
    /// Trains and measures, writing `information_plane` and `training` rows as they come.
    ///
    /// # Errors
    /// If the backend cannot be used, an estimator fails, or rows cannot be written. A replica that diverges is no error:
    /// it is noted and the others go on.
    pub fn run(&self, task: &Task, progress: &Progress, tables: &mut Tables) -> Result<()> {
        let network = self.model.network(task, self.activation)?;
        let condition = Condition {
            dataset: task.name.clone(),
            architecture: network.name(),
            activation: self.activation.to_string(),
            train_fraction: self.train_fraction,
        };
        let splits: Vec<Split> =
            self.replicas.iter().map(|&(_, seed)| Split::draw(task, self.split, self.train_fraction, seed)).collect();
        let replicas = self
            .replicas
            .iter()
            .zip(&splits)
            .map(|(&(_, seed), split)| Replica { seed, train: split.train.clone(), labels: split.labels.clone() })
            .collect();
        let compute = self.compute.backend.open(self.compute.device)?;
        let count = self.replicas.len();
        let training = Training::new(network, task.inputs.view(), replicas, self.train, self.epochs, &compute)?
            .on_epoch(|_| progress.epoch(count));

        for snapshot in training {
            let mut losses = Vec::new();
            for (k, replica) in snapshot.replicas.iter().enumerate() {
                let (number, seed) = self.replicas[k];
                let Some(replica) = replica else { continue };
                let moment = Moment { condition: &condition, replica: number, seed, epoch: snapshot.epoch };
                for row in measure::information(replica, task, self.estimators, moment)? {
                    tables.write("information_plane", &row)?;
                }
                let row = measure::training(replica, task, &splits[k], moment);
                losses.push(row.train_loss_bits);
                tables.write("training", &row)?;
            }
            for &(k, epoch) in &snapshot.diverged {
                let (number, seed) = self.replicas[k];
                tables.note(format!(
                    "replica {number} (seed {seed}) of {}, {} % train: its numbers were no longer finite at epoch {epoch}; \
                     its rows end there and the others went on",
                    condition.activation,
                    self.train_fraction * 100.0
                ));
            }
            let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
            progress.message(format!(
                "{} {} %: {count} networks, epoch {}, loss {mean:.3} bits",
                condition.activation,
                self.train_fraction * 100.0,
                snapshot.epoch
            ));
        }
        Ok(())
    }
}
