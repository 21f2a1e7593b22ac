//! Whether networks have learned their task: how far their mean training accuracy has come, at the last epoch, on the way from guessing the
//! likeliest label, max_y p(y), to the best that p(y|x) allows, Σ_x p(x) max_y p(y|x). Of networks that have not, nothing is decided.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rows::{OfCondition, TrainingRow};
use crate::tasks::Task;
use crate::verdict::headline::percent;
use crate::verdict::{ClaimRow, Why};

/// Share of the way at which networks have learned, unless a rule has its own.
pub fn learned_share() -> f64 {
    0.8
}

/// How far networks came, by task, condition, activation and training fraction.
#[derive(Debug)]
pub struct Learning {
    came: Vec<(TrainingRow, f64)>,
    share: f64,
}

impl Learning {
    /// From the last epoch of every condition; `share` of the way is learned.
    pub fn new(training: &[TrainingRow], tasks: &[Arc<Task>], share: f64) -> Self {
        let ends: BTreeMap<&str, (f64, f64)> =
            tasks.iter().map(|task| (task.name.as_str(), (task.guess(), task.best_accuracy()))).collect();
        let mut conditions: Vec<&TrainingRow> = Vec::new();
        for row in training {
            if !conditions.iter().any(|known| known.key() == row.key()) {
                conditions.push(row);
            }
        }
        let came = conditions.into_iter().filter_map(|first| {
            let accuracy = final_accuracy(training, |row| row.key() == first.key());
            let &(guess, best) = ends.get(first.dataset.as_str())?;
            // Where guessing is the best there is, there is nothing to learn.
            Some((first.clone(), if best > guess { (accuracy - guess) / (best - guess) } else { 1.0 }))
        });
        Self { came: came.collect(), share }
    }

    /// Whether any networks of a condition have learned.
    pub fn is_seen_in(&self, condition: &str) -> bool {
        self.came.iter().any(|(of, share)| of.condition == condition && *share >= self.share)
    }

    /// Leaves undecided what is about networks that have not learned; controls need not have, and of few networks it is not asked.
    pub fn guard(&self, claims: &mut [ClaimRow]) {
        for row in claims.iter_mut().filter(|row| !row.is_control && row.why != Some(Why::FewNetworks)) {
            let is_about = |of: &TrainingRow| {
                (&of.dataset, &of.architecture, &of.condition, &of.activation)
                    == (&row.dataset, &row.architecture, &row.condition, &row.activation)
                    // What compares training fractions is about both.
                    && (Some(of.train_fraction) == row.train_fraction
                        || row.compared_with == format!("{} train", percent(of.train_fraction)))
            };
            // An accuracy that is no number has not come far either.
            if self.came.iter().any(|(of, share)| is_about(of) && (share.is_nan() || *share < self.share)) {
                row.leave_open(Why::NotLearned);
            }
        }
    }
}

/// The mean training accuracy of some networks at their last epoch; no number if there are none.
pub fn final_accuracy<R: Borrow<TrainingRow>>(training: &[R], is_of: impl Fn(&TrainingRow) -> bool) -> f64 {
    let of = || training.iter().map(Borrow::borrow).filter(|row| is_of(row));
    let last = of().map(|row| row.epoch).max();
    let at_end: Vec<f64> = of().filter(|row| Some(row.epoch) == last).map(|row| row.train_accuracy).collect();
    at_end.iter().sum::<f64>() / at_end.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Labelling;
    use crate::tasks::o3;
    use crate::verdict::{Claim, Decision, Outcome, Place, Quantity};
    use infoplane_info::statistics::Interval;

    #[test]
    fn networks_that_guess_decide_nothing_and_controls_may() {
        let task = o3(Labelling::Soft, 0.99).unwrap();
        let trained = |condition: &str, train_fraction, train_accuracy| TrainingRow {
            dataset: task.name.clone(),
            architecture: "a".into(),
            condition: condition.into(),
            activation: "tanh".into(),
            train_fraction,
            replica: 0,
            seed: 0,
            epoch: 3,
            updates: 3,
            train_loss_bits: 0.1,
            train_accuracy,
            test_loss_bits: None,
            test_accuracy: None,
        };
        let training = [
            trained("good", 0.85, 0.98),
            trained("good", 0.05, 0.97),
            trained("bad", 0.85, 0.6),
            trained("nan", 0.85, f64::NAN),
        ];
        let claim = Claim { question: "rq0", id: "c", asks: "Is it so?", paper: "yes" };
        let interval = Interval { mean: 1.0, lower: Some(1.0), upper: Some(1.0) };
        let row = |of: &TrainingRow, is_control: bool| {
            let place = Place { is_control, ..of.place() };
            claim.row(&place, Quantity { what: "loss", unit: "bits" }, (20, interval), Decision::SUPPORTED)
        };
        let mut claims =
            [row(&training[0], false), row(&training[2], false), row(&training[2], true), row(&training[3], false)];
        Learning::new(&training, &[task.into()], 0.8).guard(&mut claims);
        assert_eq!(
            claims.map(|row| (row.outcome, row.why)),
            [
                (Outcome::Supported, None),
                (Outcome::Undecided, Some(Why::NotLearned)),
                (Outcome::Supported, None),
                (Outcome::Undecided, Some(Why::NotLearned)),
            ]
        );
    }
}
