//! The learning rate of each depth: the one whose pilot networks reach the goal in the fewest epochs.
//!
//! The rule: for every family, activation, optimiser and depth, networks with seeds of their own train at every rate of a
//! logarithmic grid; the rate of the least median time to the goal (Kaplan–Meier, failures censored) is chosen. Where two
//! tie, or none has a median, the greatest mean I(T;Y) of the output at the end of the pilot decides; then the smaller rate.
//! The main run's networks have no part in it. A chosen rate at the edge of its grid (`at_edge`) might be bettered beyond it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use infoplane_info::survival::{kaplan_meier, median_time};
use serde::{Deserialize, Serialize};

use super::plan::{Arm, DepthSettings, PerOptimizer, RateRule, Tuning, name};
use super::rule::DepthRule;
use super::thresholds::{Path, Threshold};
use crate::rows::table;
use crate::run::Settings;
use crate::verdict::intervals::LEVEL;

/// One rate tried for one depth: a row of `learning_rates.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct RateRow {
    pub group: String,
    pub depth: usize,
    pub learning_rate: f64,
    pub pilots: usize,
    pub reached: usize,
    pub median_epochs: Option<f64>,
    pub output_i_ty_bits: f64,
    pub chosen: bool,
    pub at_edge: bool,
}

table!(RateRow = "learning_rates.csv");

impl Tuning {
    fn check(&self, seeds: &[u64]) -> Result<()> {
        ensure!(!self.seeds.is_empty() && self.epochs > 0, "tuning.seeds and tuning.epochs: pilots need at least one");
        if let Some(seed) = self.seeds.iter().find(|seed| seeds.contains(seed)) {
            anyhow::bail!("tuning.seeds has {seed}, which the run itself uses: pilots have seeds of their own");
        }
        for (key, rates) in [("sgd", &self.grid.sgd), ("adam", &self.grid.adam)] {
            ensure!(
                !rates.is_empty() && rates.windows(2).all(|pair| pair[0] < pair[1]),
                "tuning.grid.{key} = {rates:?}: at least one learning rate, in ascending order"
            );
        }
        let rates = |of: &PerOptimizer<Vec<f64>>| [&of.sgd[..], &of.adam[..]].concat();
        let fixed = [self.fixed.sgd, self.fixed.adam];
        if let Some(rate) = rates(&self.grid).iter().chain(&fixed).find(|rate| !(rate.is_finite() && **rate > 0.0)) {
            anyhow::bail!("tuning.fixed or tuning.grid has {rate}: learning rates are finite numbers above 0");
        }
        Ok(())
    }
}

/// The settings of the pilots: a condition per tuned network and rate. None if nothing is tuned.
///
/// # Errors
/// If the tuning is impossible.
pub fn pilots(main: &Settings<DepthRule>, depth: &DepthSettings, arms: &[Arm]) -> Result<Option<Settings<DepthRule>>> {
    depth.tuning.check(&main.run.checked_seeds()?)?;
    let mut pilot = main.clone();
    pilot.run.seeds.clone_from(&depth.tuning.seeds);
    pilot.train.epochs = depth.tuning.epochs;
    pilot.measure.snapshots = depth.tuning.snapshots;
    pilot.measure.epochs.clear();
    pilot.measure.estimators.truncate(1);
    pilot.measure.costly_estimators.clear();
    pilot.condition.clear();
    for arm in arms.iter().filter(|arm| arm.rate == RateRule::Tuned) {
        for &rate in depth.tuning.grid.of(arm.optimizer) {
            pilot.condition.push(arm.changes(pilot_name(arm, rate)?, rate)?);
        }
    }
    Ok((!pilot.condition.is_empty()).then_some(pilot))
}

/// The name of the condition in which a depth is tried at a rate.
fn pilot_name(arm: &Arm, rate: f64) -> Result<String> {
    Ok(format!("{} {} {} {} at {rate}", arm.family, arm.activation, name(&arm.optimizer)?, arm.depth))
}

/// The main settings with every arm's condition, at a learning rate each.
///
/// # Errors
/// If a setting cannot be written.
pub fn with_rates(main: &Settings<DepthRule>, arms: &[Arm], rates: &[f64]) -> Result<Settings<DepthRule>> {
    let conditions = arms.iter().zip(rates).map(|(arm, &rate)| arm.changes(arm.condition(), rate));
    Ok(Settings { condition: conditions.collect::<Result<_>>()?, ..main.clone() })
}

/// Every arm's learning rate, and what was tried for it.
///
/// # Errors
/// If a pilot is missing.
pub fn choose(
    depth: &DepthSettings,
    arms: &[Arm],
    pilots: &BTreeMap<String, Vec<Path>>,
    goal: Threshold,
) -> Result<(Vec<f64>, Vec<RateRow>)> {
    let (mut rates, mut rows) = (Vec::new(), Vec::new());
    for arm in arms {
        if arm.rate == RateRule::Fixed {
            rates.push(*depth.tuning.fixed.of(arm.optimizer));
            continue;
        }
        let grid = depth.tuning.grid.of(arm.optimizer);
        let mut tried: Vec<RateRow> = Vec::new();
        for &rate in grid {
            let paths = pilots.get(&pilot_name(arm, rate)?).map_or(&[][..], Vec::as_slice);
            tried.push(try_rate(arm, rate, paths, goal, depth.tuning.epochs));
        }
        let best = (0..tried.len()).fold(0, |best, k| if better(&tried[k], &tried[best]) { k } else { best });
        tried[best].chosen = true;
        rates.push(tried[best].learning_rate);
        let last = tried.len() - 1;
        (tried[0].at_edge, tried[last].at_edge) = (true, true);
        rows.extend(tried);
    }
    Ok((rates, rows))
}

fn try_rate(arm: &Arm, learning_rate: f64, paths: &[Path], goal: Threshold, last: usize) -> RateRow {
    let times: Vec<_> = paths.iter().map(|path| path.time_to(goal, last)).collect();
    // A network that diverged knows nothing at the end.
    let at_end = |path: &Path| match (path.epochs.last(), path.layers.last().and_then(|output| output.last())) {
        (Some(&epoch), Some(output)) if epoch == last => output.1,
        _ => 0.0,
    };
    RateRow {
        group: arm.group.clone(),
        depth: arm.depth,
        learning_rate,
        pilots: paths.len(),
        reached: times.iter().filter(|time| time.event).count(),
        median_epochs: median_time(&kaplan_meier(&times, LEVEL)).median,
        output_i_ty_bits: paths.iter().map(at_end).sum::<f64>() / paths.len().max(1) as f64,
        chosen: false,
        at_edge: false,
    }
}

/// Whether the first is better than the second, which has the smaller rate.
fn better(new: &RateRow, old: &RateRow) -> bool {
    match (new.median_epochs, old.median_epochs) {
        (Some(new), Some(old)) if new != old => new < old,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        _ => new.output_i_ty_bits > old.output_i_ty_bits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::rq4::plan::{Cell, Family};
    use crate::questions::rq4::thresholds::Quantity;
    use infoplane_model::{Activation, OptimizerKind};

    #[test]
    fn the_fastest_rate_is_chosen_and_where_none_arrives_the_one_that_comes_nearest() {
        let depth = DepthSettings {
            family: vec![Family { name: "f".into(), hidden: vec![vec![3], vec![3, 3]] }],
            cell: vec![Cell {
                family: "f".into(),
                activation: Activation::Tanh,
                optimizer: OptimizerKind::Sgd,
                learning_rate: RateRule::Tuned,
            }],
            tuning: Tuning {
                seeds: vec![9],
                epochs: 100,
                snapshots: 2,
                fixed: PerOptimizer { sgd: 0.1, adam: 0.1 },
                grid: PerOptimizer { sgd: vec![0.1, 1.0, 10.0], adam: vec![0.1] },
            },
        };
        let arms = depth.arms().unwrap();
        assert_eq!(arms.iter().map(Arm::condition).collect::<Vec<_>>(), ["f tanh sgd tuned 1", "f tanh sgd tuned 2"]);
        let path = |middle: f64, end: f64| {
            let output = vec![(2.0, 0.0), (2.0, middle), (2.0, end)];
            vec![Path { epochs: vec![0, 10, 100], layers: vec![output.clone(), output], ..Path::default() }]
        };
        let pilots = [
            ("f tanh sgd 1 at 0.1", path(0.2, 0.95)),
            ("f tanh sgd 1 at 1", path(0.95, 0.9)),
            ("f tanh sgd 1 at 10", path(0.1, 0.1)),
            ("f tanh sgd 2 at 0.1", path(0.1, 0.5)),
            ("f tanh sgd 2 at 1", path(0.1, 0.6)),
            ("f tanh sgd 2 at 10", path(0.1, 0.6)),
        ];
        let pilots = pilots.into_iter().map(|(name, path)| (name.to_owned(), path)).collect();
        let goal = Threshold { quantity: Quantity::OutputInformation, level: 0.9 };
        let (rates, rows) = choose(&depth, &arms, &pilots, goal).unwrap();
        assert_eq!(rates, [1.0, 1.0]);
        assert_eq!(rows.iter().map(|row| row.reached).collect::<Vec<_>>(), [1, 1, 0, 0, 0, 0]);
    }
}
