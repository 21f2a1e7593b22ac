//! How long a layer's compression takes, against how much it compresses: the paper's Δt ∝ exp(ΔS).
//!
//! Of each layer of each network: ΔS, the bits of I(X;T) it loses from its greatest to the end of training, and Δt, the epochs
//! from the greatest until it has lost a stated share of ΔS (one may never lose all). Layers that lose fewer than a stated
//! number of bits have no compression to time. The paper counts relaxation in nats: its law is Δt = a·exp(ln 2 · ΔS) in bits, a
//! rate of 0.693 per bit.
//!
//! The laws are fitted over the layers of all depths and networks of a cell, as `infoplane_info::scaling` says; intervals
//! and shares resample whole networks (seeds), so layers that belong together stay together. Training ends for all at one
//! epoch: a layer that compresses until then is cut short, in ΔS and in Δt, and `settled` is false.

use std::collections::BTreeMap;

use infoplane_info::scaling::{Fit, Law, best, compare};
use infoplane_info::statistics::quantile;
use infoplane_model::random::{Purpose, stream};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::network::Network;
use super::rule::DepthRule;
use super::thresholds::Path;
use crate::rows::table;
use crate::verdict::intervals::LEVEL;

/// Resamples behind the intervals: each is a fit of every law.
const RESAMPLES: usize = 400;
/// A layer that took more of the training than this was still compressing.
const SETTLED_SHARE: f64 = 0.5;

/// One layer of one network: a row of `relaxation.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct RelaxationRow {
    pub group: String,
    pub depth: usize,
    pub condition: String,
    pub replica: usize,
    pub layer: usize,
    pub is_output: bool,
    pub peak_epoch: usize,
    pub delta_s_bits: f64,
    pub compression_epochs: usize,
    pub settled: bool,
}

table!(RelaxationRow = "relaxation.csv");

/// One law for the layers of one cell: a row of `relaxation_laws.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct LawRow {
    pub group: String,
    pub layers: Layers,
    pub points: usize,
    pub replicas: usize,
    pub share_settled: f64,
    pub law: Law,
    pub a: f64,
    pub b: f64,
    pub b_lower: Option<f64>,
    pub b_upper: Option<f64>,
    pub log_error: f64,
    pub aicc: f64,
    pub weight: f64,
    pub share_best: f64,
}

table!(LawRow = "relaxation_laws.csv");

/// Which layers a law is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layers {
    /// The hidden ones.
    Hidden,
    /// The output alone.
    Output,
}

/// Every layer that compresses.
pub fn rows(networks: &[Network], paths: &BTreeMap<String, Vec<Path>>, rule: &DepthRule) -> Vec<RelaxationRow> {
    let mut rows = Vec::new();
    for network in networks {
        for path in paths.get(&network.condition).map_or(&[][..], Vec::as_slice) {
            for (index, layer) in path.layers.iter().enumerate() {
                let i_xt: Vec<f64> = layer.iter().map(|point| point.0).collect();
                let Some((peak, lost, end)) = relaxation(&i_xt, rule.relaxation_bits, rule.relaxation_share) else {
                    continue;
                };
                let last = *path.epochs.last().unwrap_or(&0) as f64;
                rows.push(RelaxationRow {
                    group: network.group.clone(),
                    depth: network.depth,
                    condition: network.condition.clone(),
                    replica: path.replica,
                    layer: index + 1,
                    is_output: index + 1 == path.layers.len(),
                    peak_epoch: path.epochs[peak],
                    delta_s_bits: lost,
                    compression_epochs: path.epochs[end] - path.epochs[peak],
                    settled: path.epochs[end] as f64 <= SETTLED_SHARE * last,
                });
            }
        }
    }
    rows
}

/// Place of the greatest value, bits lost from it to the end, and the place by which a share of them is lost.
fn relaxation(i_xt: &[f64], least_bits: f64, share: f64) -> Option<(usize, f64, usize)> {
    let peak = (0..i_xt.len()).fold(0, |peak, k| if i_xt[k] > i_xt[peak] { k } else { peak });
    let lost = i_xt.get(peak)? - i_xt.last()?;
    let end = (peak + 1..i_xt.len()).find(|&k| i_xt[peak] - i_xt[k] >= share * lost)?;
    (lost >= least_bits && lost > 0.0).then_some((peak, lost, end))
}

/// Every law, for the hidden layers and for the outputs of every cell.
pub fn laws(rows: &[RelaxationRow]) -> Vec<LawRow> {
    let mut groups: Vec<&str> = Vec::new();
    for row in rows {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    let of = |group: &str, layers: Layers| {
        let chosen = rows.iter().filter(|row| row.group == group && row.is_output == (layers == Layers::Output));
        laws_of(group, layers, &chosen.collect::<Vec<_>>())
    };
    groups.iter().flat_map(|group| [of(group, Layers::Hidden), of(group, Layers::Output)].concat()).collect()
}

fn laws_of(group: &str, layers: Layers, rows: &[&RelaxationRow]) -> Vec<LawRow> {
    let mut networks: BTreeMap<usize, Vec<(f64, f64)>> = BTreeMap::new();
    for row in rows {
        let point = (row.delta_s_bits, row.compression_epochs as f64);
        networks.entry(row.replica).or_default().push(point);
    }
    let networks: Vec<Vec<(f64, f64)>> = networks.into_values().collect();
    let Some(fits) = compare(&networks.concat()) else { return Vec::new() };
    let mut rng = stream(0, Purpose::Bootstrap);
    let resampled: Vec<[Fit; 4]> = (0..RESAMPLES)
        .filter_map(|_| {
            let drawn = (0..networks.len()).flat_map(|_| networks[rng.random_range(0..networks.len())].iter().copied());
            compare(&drawn.collect::<Vec<_>>())
        })
        .collect();
    let settled = rows.iter().filter(|row| row.settled).count();
    let row = |(k, fit): (usize, &Fit)| {
        let mut rates: Vec<f64> = resampled.iter().map(|fits| fits[k].b).collect();
        rates.sort_by(f64::total_cmp);
        let end = |q: f64| if networks.len() < 2 { None } else { quantile(&rates, q) };
        LawRow {
            group: group.to_owned(),
            layers,
            points: rows.len(),
            replicas: networks.len(),
            share_settled: settled as f64 / rows.len() as f64,
            law: fit.law,
            a: fit.a,
            b: fit.b,
            b_lower: end((1.0 - LEVEL) / 2.0),
            b_upper: end(f64::midpoint(1.0, LEVEL)),
            log_error: (fit.squares / rows.len() as f64).sqrt(),
            aicc: fit.aicc,
            weight: fit.weight,
            share_best: resampled.iter().filter(|fits| best(fits) == fit.law).count() as f64
                / resampled.len().max(1) as f64,
        }
    };
    fits.iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn compression_is_timed_from_the_peak_until_most_of_it_is_done() {
        assert_eq!(relaxation(&[5.0, 8.0, 7.0, 4.2, 4.0, 4.0], 0.5, 0.9), Some((1, 4.0, 3)));
        assert_eq!(relaxation(&[5.0, 8.0, 7.8], 0.5, 0.9), None);
        assert_eq!(relaxation(&[1.0, 2.0, 3.0], 0.0, 0.9), None);
        assert_eq!(relaxation(&[], 0.5, 0.9), None);
    }

    /// Layers whose Δt follows a law of their ΔS, with errors that a network's layers share.
    fn planted(law: Law, a: f64, b: f64) -> Vec<RelaxationRow> {
        let mut rng = stream(7, Purpose::Noise);
        let mut normal = move || -> f64 { StandardNormal.sample(&mut rng) };
        let mut rows = Vec::new();
        for replica in 0..20 {
            let of_network = 0.3 * normal();
            for layer in 1..=15 {
                let delta_s_bits = 0.5 + f64::from(layer as u32) / 3.0;
                let time = law.at(a, b, delta_s_bits) * (of_network + 0.3 * normal()).exp();
                rows.push(RelaxationRow {
                    group: "g".into(),
                    depth: 5,
                    condition: "g 5".into(),
                    replica,
                    layer,
                    is_output: false,
                    peak_epoch: 0,
                    delta_s_bits,
                    compression_epochs: time.round() as usize,
                    settled: true,
                });
            }
        }
        rows
    }

    #[test]
    fn a_planted_exponential_is_found_with_its_rate_and_a_planted_line_is_not_taken_for_one() {
        let of = |rows: &[LawRow], law| rows.iter().find(|row| row.law == law).unwrap().clone();
        let exponential = of(&laws(&planted(Law::Exponential, 60.0, 0.693)), Law::Exponential);
        assert!(exponential.weight > 0.99 && exponential.share_best > 0.95, "{exponential:?}");
        assert!(exponential.b_lower.unwrap() < 0.693 && 0.693 < exponential.b_upper.unwrap(), "{exponential:?}");
        let linear = laws(&planted(Law::Linear, 30.0, 400.0));
        let wrong = of(&linear, Law::Exponential);
        assert!(wrong.weight < 0.01 && wrong.share_best < 0.05, "{wrong:?}");
        // A line through nearly 0 is nearly a power law of exponent 1: the two cannot be told apart.
        assert!(of(&linear, Law::Linear).weight + of(&linear, Law::Power).weight > 0.99, "{linear:?}");
    }
}
