//! The plan: families of widths × activation × optimiser × learning rate, fixed or tuned.

use anyhow::{Context, Result, ensure};
use infoplane_model::{Activation, OptimizerKind};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::config::typed;

/// The tables of the configuration that are rq4's own.
const OWN_TABLES: [&str; 3] = ["family", "cell", "tuning"];

/// What rq4 adds to the settings every question has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepthSettings {
    /// Families of hidden widths, a network per depth.
    pub family: Vec<Family>,
    /// Which families are trained how.
    pub cell: Vec<Cell>,
    /// Where learning rates come from.
    pub tuning: Tuning,
}

/// Networks that differ in their number of hidden layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// Hidden widths of each of its networks, from the shallowest.
    pub hidden: Vec<Vec<usize>>,
}

/// A family in one kind of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Name of the family.
    pub family: String,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Update rule.
    pub optimizer: OptimizerKind,
    /// One learning rate for all depths, or the best of a grid for each.
    pub learning_rate: RateRule,
}

/// How a learning rate is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateRule {
    /// The same for every depth, as in the paper.
    Fixed,
    /// Each depth's own, by the rule of [`super::tuning`].
    Tuned,
}

/// Where learning rates come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// Seeds of the pilot networks: none that the run itself uses.
    pub seeds: Vec<u64>,
    /// Epochs a pilot trains.
    pub epochs: usize,
    /// Recorded epochs of a pilot.
    pub snapshots: usize,
    /// Fixed learning rates.
    pub fixed: PerOptimizer<f64>,
    /// Learning rates that are tried.
    pub grid: PerOptimizer<Vec<f64>>,
}

/// One of something for each optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerOptimizer<T> {
    /// SGD's.
    pub sgd: T,
    /// Adam's.
    pub adam: T,
}

impl<T> PerOptimizer<T> {
    /// That of an optimiser.
    pub fn of(&self, optimizer: OptimizerKind) -> &T {
        if optimizer == OptimizerKind::Adam { &self.adam } else { &self.sgd }
    }
}

/// One network of a family in one kind of training, before its learning rate is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// Name of the cell, like `paper tanh sgd tuned`.
    pub group: String,
    /// Name of the family.
    pub family: String,
    /// Hidden layers.
    pub depth: usize,
    /// Their widths.
    pub hidden: Vec<usize>,
    /// Their activation.
    pub activation: Activation,
    /// Update rule.
    pub optimizer: OptimizerKind,
    /// How its learning rate is chosen.
    pub rate: RateRule,
}

impl DepthSettings {
    /// Takes rq4's own tables out of a merged configuration, which is left with those every question has.
    ///
    /// # Errors
    /// If a field is unknown, missing or of the wrong type.
    pub fn split(table: &mut Table) -> Result<Self> {
        let own = OWN_TABLES.iter().filter_map(|&key| Some((key.to_owned(), table.remove(key)?)));
        typed(own.collect()).context("the tables [[family]], [[cell]] and [tuning]")
    }

    /// Every network to train: cells in their order, depths inside.
    ///
    /// # Errors
    /// If a family is unknown, has two networks of one depth, or a cell comes twice.
    pub fn arms(&self) -> Result<Vec<Arm>> {
        let mut arms: Vec<Arm> = Vec::new();
        for cell in &self.cell {
            let names = || self.family.iter().map(|family| family.name.as_str()).collect::<Vec<_>>().join(", ");
            let family = self.family.iter().find(|family| family.name == cell.family).with_context(|| {
                format!("a [[cell]] names the family `{}`, which is none of: {}", cell.family, names())
            })?;
            let group = format!(
                "{} {} {} {}",
                cell.family,
                cell.activation,
                name(&cell.optimizer)?,
                name(&cell.learning_rate)?
            );
            ensure!(arms.iter().all(|arm| arm.group != group), "the [[cell]] `{group}` comes twice");
            for (k, hidden) in family.hidden.iter().enumerate() {
                ensure!(
                    family.hidden[..k].iter().all(|other| other.len() != hidden.len()),
                    "the family `{}` has two networks of {} hidden layers",
                    family.name,
                    hidden.len()
                );
                arms.push(Arm {
                    group: group.clone(),
                    family: family.name.clone(),
                    depth: hidden.len(),
                    hidden: hidden.clone(),
                    activation: cell.activation,
                    optimizer: cell.optimizer,
                    rate: cell.learning_rate,
                });
            }
        }
        ensure!(!arms.is_empty(), "there is no [[cell]]: nothing would be trained");
        Ok(arms)
    }
}

impl Arm {
    /// Name of its condition, like `paper tanh sgd tuned 3`.
    pub fn condition(&self) -> String {
        format!("{} {}", self.group, self.depth)
    }

    /// What it changes in the settings, under a name, at a learning rate.
    ///
    /// # Errors
    /// If a setting cannot be written as TOML.
    pub fn changes(&self, name: String, learning_rate: f64) -> Result<Table> {
        let table = |pairs: Vec<(&str, Value)>| -> Table {
            pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
        };
        let train =
            vec![("optimizer", Value::try_from(self.optimizer)?), ("learning_rate", Value::Float(learning_rate))];
        Ok(table(vec![
            ("name", Value::String(name)),
            ("grid", Value::Table(table(vec![("activations", Value::try_from([self.activation])?)]))),
            ("model", Value::Table(table(vec![("hidden", Value::try_from(&self.hidden)?)]))),
            ("train", Value::Table(table(train))),
        ]))
    }
}

/// The name of a setting as the configuration writes it.
pub(crate) fn name(setting: &impl Serialize) -> Result<String> {
    Ok(Value::try_from(setting)?.as_str().unwrap_or_default().to_owned())
}
