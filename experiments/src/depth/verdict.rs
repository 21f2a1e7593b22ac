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
//!   `law_share`, is best in at least that share of resamples, and rises; refuted if it is best in at most 1 − `law_share`.
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
use crate::claims::{ClaimRow, above_zero, at_least, claim, reversed};
use crate::trajectories::verdict::Outcome;
use crate::trajectories::{LEVEL, RESAMPLES, interval};

/// A figure of where a network ends.
type Figure = fn(&End) -> f64;

/// Judges every claim.
pub fn judge(
    depths: &[DepthRow],
    times: &[TimeRow],
    laws: &[LawRow],
    ends: &BTreeMap<String, BTreeMap<usize, End>>,
    estimator: &str,
    rule: &DepthRule,
) -> Vec<ClaimRow> {
    let mut claims = Vec::new();
    for group in depths.chunk_by(|a, b| a.group == b.group) {
        let name = group[0].group.as_str();
        let mut push = |words: (&str, &str), value: (usize, Interval), outcome: Outcome| {
            claims.push(claim("rq4", (words.0, name, estimator, words.1), value, outcome));
        };
        for &threshold in &rule.thresholds {
            let of_level: Vec<&TimeRow> =
                times.iter().filter(|row| row.group == name && row.is_about(threshold)).collect();
            let units: [(&str, Unit); 2] = [
                ("more hidden layers reach it in fewer epochs", TimeRow::in_epochs),
                ("more hidden layers reach it with less computation", TimeRow::in_gflop),
            ];
            for (words, unit) in units {
                if let Some((replicas, share)) = deeper_is_first(&of_level, unit) {
                    let measured = format!("share of pairs in which the deeper is first: {threshold}");
                    push((words, &measured), (replicas, share), above_zero(shifted(share, -0.5)));
                }
            }
        }
        if let Some(shallowest) = group.iter().min_by_key(|row| row.depth) {
            let share = wilson(shallowest.goal_reached, shallowest.replicas, LEVEL);
            let words = format!("the network of {} hidden layer(s) fails", shallowest.depth);
            let measured = format!("share that reaches the goal: {}", rule.goal());
            push((&words, &measured), (shallowest.replicas, share), reversed(at_least(share, rule.failing_share)));
        }
        let hidden: Vec<&LawRow> =
            laws.iter().filter(|row| row.group == name && row.layers == Layers::Hidden).collect();
        if let Some(exponential) = hidden.iter().find(|row| row.law == Law::Exponential) {
            let best = hidden.iter().fold(exponential, |best, row| if row.aicc < best.aicc { row } else { best });
            let measured = format!(
                "rate per bit of ΔS; best law: {} (weight {:.2}); exponential best in {:.0} % of resamples",
                best.law,
                best.weight,
                100.0 * exponential.share_best
            );
            let rate = Interval { mean: exponential.b, lower: exponential.b_lower, upper: exponential.b_upper };
            let outcome = exponential_law(exponential, rule.law_share);
            push(("compression time is exponential in what is lost", &measured), (exponential.replicas, rate), outcome);
        }
        let per_layer: [(&str, Figure); 2] = [
            ("test information gained per hidden layer, bits", |end| end.test_information),
            ("test accuracy gained per hidden layer", |end| end.test_accuracy),
        ];
        for (measured, value) in per_layer {
            let slopes = slopes(group, ends, value);
            if !slopes.is_empty() {
                let slope = interval(&slopes);
                push(("more hidden layers generalise better", measured), (slopes.len(), slope), above_zero(slope));
            }
        }
    }
    claims
}

fn shifted(i: Interval, by: f64) -> Interval {
    Interval { mean: i.mean + by, lower: i.lower.map(|v| v + by), upper: i.upper.map(|v| v + by) }
}

fn exponential_law(law: &LawRow, share: f64) -> Outcome {
    let rises = law.b_lower.is_some_and(|rate| rate > 0.0);
    if law.b_lower.is_none() {
        Outcome::Inconclusive
    } else if law.weight >= share && law.share_best >= share && rises {
        Outcome::Supported
    } else if law.share_best <= 1.0 - share {
        Outcome::Refuted
    } else {
        Outcome::Inconclusive
    }
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
    any.then(|| (seeds.len(), bootstrap(seeds.len(), RESAMPLES, LEVEL, &mut rng, share)))
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
    use crate::depth::thresholds::Quantity;

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
        assert_eq!((epochs.mean, epochs.lower), (1.0, Some(1.0)));
        let computation = deeper_is_first(&rows, TimeRow::in_gflop).unwrap().1;
        assert_eq!((computation.mean, computation.upper), (0.0, Some(0.0)));
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
        assert_eq!(exponential_law(&law(0.99, 0.97, 0.5), 0.95), Outcome::Supported);
        assert_eq!(exponential_law(&law(0.99, 0.80, 0.5), 0.95), Outcome::Inconclusive);
        assert_eq!(exponential_law(&law(0.99, 0.97, -0.5), 0.95), Outcome::Inconclusive);
        assert_eq!(exponential_law(&law(0.00, 0.02, 0.5), 0.95), Outcome::Refuted);
    }
}
