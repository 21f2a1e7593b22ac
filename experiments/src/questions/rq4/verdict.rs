//! RQ4's verdict, claim by claim, for every cell (family × activation × optimiser × learning rate). The rules are fixed before
//! the run; the goal is the first threshold.
//!
//! - *More hidden layers reach it in fewer epochs*, for every threshold: Harrell's concordance between depth and speed, the share
//!   of pairs of networks of different depth, of those whose order is known, in which the deeper is first; above ½ (95 %
//!   interval over seeds, which all depths share) supports, below ½ refutes. Failures count as slower than any success.
//! - *… with less gradient computation*: the same in floating-point operations.
//! - *The shallowest fails*: the share of its networks that reach the goal by the end is below `failing_share` (Wilson
//!   interval); at least that refutes.
//! - *Compression time is exponential in ΔS*: over hidden layers, the exponential law has an Akaike weight of at least
//!   `law_share`, is best in at least that share of resamples, and rises; refuted if it is best in at most 1 − `law_share`, or falls.
//! - *More hidden layers generalise better*: test information at the end rises with depth (slope per layer of each seed's
//!   networks, 95 % interval above 0); falls: refuted. The same for test accuracy.

use std::collections::BTreeMap;

use infoplane_info::scaling::{Law, line};
use infoplane_info::statistics::{Interval, bootstrap, wilson};
use infoplane_info::survival::{Observation, greater_first};
use infoplane_model::random::{Purpose, stream};

use super::generalisation::{DepthRow, End};
use super::relaxation::{LawRow, Layers};
use super::rule::DepthRule;
use super::thresholds::{TimeRow, Unit};
use crate::learning::Learning;
use crate::rows::{OfCondition, TrainingRow};
use crate::verdict::intervals::{LEVEL, RESAMPLES, interval, within_0_and_1};
use crate::verdict::{Claim, ClaimRow, Decision, Place, Quantity, Why, above_zero, at_least, reversed};

/// Depth saves epochs.
pub const FEWER_EPOCHS: Claim = Claim {
    question: "rq4",
    id: "deeper_in_fewer_epochs",
    asks: "Do more hidden layers reach the goal in fewer epochs?",
    paper: "yes",
};
/// Depth saves computation.
pub const LESS_COMPUTATION: Claim = Claim {
    question: "rq4",
    id: "deeper_with_less_computation",
    asks: "Do more hidden layers reach it with less computation?",
    paper: "not looked at",
};
/// Without depth it fails.
pub const SHALLOWEST_FAILS: Claim = Claim {
    question: "rq4",
    id: "shallowest_fails",
    asks: "Does the shallowest network fail to reach the goal?",
    paper: "yes",
};
/// Relaxation takes exponential time.
pub const EXPONENTIAL: Claim = Claim {
    question: "rq4",
    id: "compression_time_exponential",
    asks: "Is compression time exponential in what is lost?",
    paper: "yes",
};
/// Depth generalises.
pub const GENERALISES: Claim = Claim {
    question: "rq4",
    id: "deeper_generalises_better",
    asks: "Do more hidden layers generalise better?",
    paper: "yes",
};
/// What RQ4 claims.
pub const CLAIMS: [Claim; 5] = [FEWER_EPOCHS, LESS_COMPUTATION, EXPONENTIAL, SHALLOWEST_FAILS, GENERALISES];

const PAIRS_EPOCHS: Quantity = Quantity { what: "pairs in which the deeper is first, in epochs", unit: "share" };
const PAIRS_COMPUTATION: Quantity =
    Quantity { what: "pairs in which the deeper is first, in computation", unit: "share" };
const REACHES: Quantity = Quantity { what: "networks that reach the goal", unit: "share" };
const RATE: Quantity = Quantity { what: "log of compression time per bit of ΔS", unit: "1/bit" };
const TEST_INFORMATION: Quantity = Quantity { what: "test information gained per hidden layer", unit: "bits" };
const TEST_ACCURACY: Quantity = Quantity { what: "test accuracy gained per hidden layer", unit: "share" };

/// A figure of where a network ends.
type Figure = fn(&End) -> f64;

/// Judges every claim.
pub fn judge(
    depths: &[DepthRow],
    times: &[TimeRow],
    laws: &[LawRow],
    ends: &BTreeMap<String, BTreeMap<usize, End>>,
    (training, estimator): (&[TrainingRow], &str),
    rule: &DepthRule,
) -> Vec<ClaimRow> {
    let mut claims = Vec::new();
    for group in depths.chunk_by(|a, b| a.group == b.group) {
        let name = group[0].group.as_str();
        let place = Place {
            condition: name.to_owned(),
            // A cell is about networks of several depths.
            architecture: String::new(),
            estimator: estimator.to_owned(),
            ..training
                .iter()
                .find(|row| row.condition == group[0].condition)
                .map(OfCondition::place)
                .unwrap_or_default()
        };
        for threshold in &rule.thresholds {
            let of_level: Vec<&TimeRow> =
                times.iter().filter(|row| row.group == name && row.is_about(*threshold)).collect();
            let place = Place { level: threshold.to_string(), ..place.clone() };
            let units: [(Claim, Quantity, Unit); 2] = [
                (FEWER_EPOCHS, PAIRS_EPOCHS, TimeRow::in_epochs),
                (LESS_COMPUTATION, PAIRS_COMPUTATION, TimeRow::in_gflop),
            ];
            for (claim, quantity, unit) in units {
                if let Some((networks, share)) = deeper_is_first(&of_level, unit) {
                    claims.push(claim.row(&place, quantity, (networks, share), above_zero(shifted(share, -0.5))));
                }
            }
        }
        if let Some(shallowest) = group.iter().min_by_key(|row| row.depth) {
            let share = wilson(shallowest.goal_reached as f64, shallowest.replicas, LEVEL);
            let place = Place {
                layers: format!("{} hidden", shallowest.depth),
                level: rule.goal().to_string(),
                ..place.clone()
            };
            let decision = reversed(at_least(share, rule.failing_share));
            claims.push(SHALLOWEST_FAILS.row(&place, REACHES, (shallowest.replicas, share), decision));
        }
        let hidden: Vec<&LawRow> =
            laws.iter().filter(|row| row.group == name && row.layers == Layers::Hidden).collect();
        if let Some(exponential) = hidden.iter().find(|row| row.law == Law::Exponential) {
            let best = hidden.iter().fold(exponential, |best, row| if row.aicc < best.aicc { row } else { best });
            let detail = format!(
                "best law: {} (weight {:.2}); exponential best in {:.0} % of resamples",
                best.law,
                best.weight,
                100.0 * exponential.share_best
            );
            let rate = Interval { mean: exponential.b, lower: exponential.b_lower, upper: exponential.b_upper };
            let decision = exponential_law(exponential, rule.law_share);
            claims.push(EXPONENTIAL.row(&place, RATE, (exponential.replicas, rate), decision).with_detail(detail));
        }
        let per_layer: [(Quantity, Figure); 2] =
            [(TEST_INFORMATION, |end| end.test_information), (TEST_ACCURACY, |end| end.test_accuracy)];
        for (quantity, value) in per_layer {
            let slopes = slopes(group, ends, value);
            if !slopes.is_empty() {
                let slope = interval(&slopes);
                claims.push(GENERALISES.row(&place, quantity, (slopes.len(), slope), above_zero(slope)));
            }
        }
    }
    claims
}

/// Leaves undecided how networks of several depths generalise, and how they relax, if those of no depth have learned. (Of times to a goal,
/// failures are part.)
pub fn guard_learned(claims: &mut [ClaimRow], depths: &[DepthRow], learning: &Learning) {
    for row in claims.iter_mut().filter(|row| GENERALISES.is_of(row) || EXPONENTIAL.is_of(row)) {
        let mut of_cell = depths.iter().filter(|depth| depth.group == row.condition);
        if row.why != Some(Why::FewNetworks) && !of_cell.any(|depth| learning.is_seen_in(&depth.condition)) {
            row.leave_open(Why::NotLearned);
        }
    }
}

fn shifted(i: Interval, by: f64) -> Interval {
    Interval { mean: i.mean + by, lower: i.lower.map(|v| v + by), upper: i.upper.map(|v| v + by) }
}

fn exponential_law(law: &LawRow, share: f64) -> Decision {
    let (Some(lower), Some(upper)) = (law.b_lower, law.b_upper) else { return Decision::undecided(Why::NoInterval) };
    let rises_and_fits = law.weight >= share && law.share_best >= share && lower > 0.0;
    Decision::of(rises_and_fits, law.share_best <= 1.0 - share || upper < 0.0, Why::LawsTie)
}

/// Harrell's concordance of depth with speed over the networks of a cell, seeds resampled whole; none if there is one depth
/// alone, or no pair's order is known.
fn deeper_is_first(rows: &[&TimeRow], unit: Unit) -> Option<(usize, Interval)> {
    let mut seeds: BTreeMap<usize, Vec<(f64, Observation)>> = BTreeMap::new();
    for row in rows {
        seeds.entry(row.replica).or_default().push((row.depth as f64, unit(row)));
    }
    let seeds: Vec<Vec<(f64, Observation)>> = seeds.into_values().collect();
    // Pairs known and pairs won, between any two seeds: all that a resample needs.
    let counts: Vec<Vec<(f64, f64)>> = seeds
        .iter()
        .map(|a| {
            let between = |b: &Vec<(f64, Observation)>| {
                let known: Vec<bool> = a.iter().flat_map(|x| b.iter().filter_map(|y| greater_first(*x, *y))).collect();
                (known.len() as f64, known.iter().filter(|&&first| first).count() as f64)
            };
            seeds.iter().map(between).collect()
        })
        .collect();
    let share = |drawn: &[usize]| {
        let (mut known, mut won) = (0.0, 0.0);
        for &a in drawn {
            for &b in drawn {
                known += counts[a][b].0;
                won += counts[a][b].1;
            }
        }
        won / known
    };
    let any = counts.iter().flatten().any(|count| count.0 > 0.0);
    let mut rng = stream(0, Purpose::Bootstrap);
    any.then(|| (seeds.len(), within_0_and_1(bootstrap(seeds.len(), RESAMPLES, LEVEL, &mut rng, share), seeds.len())))
}

/// Of each seed whose networks of all depths reached the end: the slope of a value against depth.
fn slopes(group: &[DepthRow], ends: &BTreeMap<String, BTreeMap<usize, End>>, value: fn(&End) -> f64) -> Vec<f64> {
    if group.len() < 2 {
        return Vec::new();
    }
    let Some(first) = ends.get(&group[0].condition) else { return Vec::new() };
    let of_seed = |replica: &usize| {
        let point = |row: &DepthRow| Some((row.depth as f64, value(ends.get(&row.condition)?.get(replica)?)));
        group.iter().map(point).collect::<Option<Vec<_>>>().map(|points| line(&points).0)
    };
    first.keys().filter_map(of_seed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::rq4::thresholds::Quantity;

    fn time(depth: usize, replica: usize, epochs: usize, reached: bool) -> TimeRow {
        TimeRow {
            group: "g".into(),
            depth,
            condition: format!("g {depth}"),
            replica,
            quantity: Quantity::OutputInformation,
            level: 0.9,
            reached,
            epochs,
            gradient_gflop: (epochs * depth * depth) as f64,
        }
    }

    #[test]
    fn depth_that_saves_epochs_may_still_cost_computation() {
        let rows: Vec<TimeRow> = (0..10)
            .flat_map(|r| [time(1, r, 900 + r, true), time(2, r, 500 + r, true), time(3, r, 400 + r, true)])
            .collect();
        let rows: Vec<&TimeRow> = rows.iter().collect();
        let epochs = deeper_is_first(&rows, TimeRow::in_epochs).unwrap().1;
        assert!(epochs.mean == 1.0 && epochs.lower.is_some_and(|lower| lower > 0.5 && lower < 1.0));
        let computation = deeper_is_first(&rows, TimeRow::in_gflop).unwrap().1;
        assert!(computation.mean == 0.0 && computation.upper.is_some_and(|upper| upper > 0.0 && upper < 0.5));
    }

    #[test]
    fn failures_count_as_slow_and_all_failing_says_nothing() {
        let rows: Vec<TimeRow> = (0..10).flat_map(|r| [time(1, r, 1000, false), time(2, r, 300 + r, true)]).collect();
        assert_eq!(deeper_is_first(&rows.iter().collect::<Vec<_>>(), TimeRow::in_epochs).unwrap().1.mean, 1.0);
        let rows: Vec<TimeRow> = (0..10).flat_map(|r| [time(1, r, 1000, false), time(2, r, 1000, false)]).collect();
        assert!(deeper_is_first(&rows.iter().collect::<Vec<_>>(), TimeRow::in_epochs).is_none());
    }

    #[test]
    fn a_law_is_called_exponential_only_when_weight_and_resamples_say_so() {
        let law = |weight, share_best, b_lower| LawRow {
            group: "g".into(),
            layers: Layers::Hidden,
            points: 100,
            replicas: 20,
            share_settled: 1.0,
            law: Law::Exponential,
            a: 1.0,
            b: 0.7,
            b_lower: Some(b_lower),
            b_upper: Some(0.9),
            log_error: 0.3,
            aicc: 0.0,
            weight,
            share_best,
        };
        assert_eq!(exponential_law(&law(0.99, 0.97, 0.5), 0.95), Decision::SUPPORTED);
        assert_eq!(exponential_law(&law(0.99, 0.80, 0.5), 0.95), Decision::undecided(Why::LawsTie));
        assert_eq!(exponential_law(&law(0.99, 0.97, -0.5), 0.95), Decision::undecided(Why::LawsTie));
        assert_eq!(exponential_law(&law(0.00, 0.02, 0.5), 0.95), Decision::REFUTED);
    }
}
