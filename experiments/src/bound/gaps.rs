//! Means over networks of how far a layer is from the bound: `gaps.csv`.

use std::collections::BTreeMap;

use infoplane_info::statistics::quantile;
use serde::{Deserialize, Serialize};

use super::layers::{Control, LayerRow};
use crate::rows::{self, OfCondition, table};
use crate::verdict::interval;

/// One layer as one encoder at one epoch, over all networks of a condition. Intervals are 95 % bootstrap intervals of means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // the columns are documented in docs/files.md
pub struct GapRow {
    pub dataset: String,
    pub architecture: String,
    pub condition: String,
    pub activation: String,
    pub train_fraction: f64,
    pub epoch: usize,
    pub layer: usize,
    pub encoder: String,
    pub control: Control,
    pub replicas: usize,
    pub cells: f64,
    pub i_xt_bits: f64,
    pub i_ty_bits: f64,
    pub vertical_gap_bits: f64,
    pub vertical_gap_bits_lower: Option<f64>,
    pub vertical_gap_bits_upper: Option<f64>,
    pub horizontal_gap_bits: f64,
    pub horizontal_gap_bits_lower: Option<f64>,
    pub horizontal_gap_bits_upper: Option<f64>,
    pub certificate_bits: f64,
    pub share_identified: f64,
    pub beta_median: Option<f64>,
    pub beta_first_quartile: Option<f64>,
    pub beta_third_quartile: Option<f64>,
    pub residual_bits: f64,
    pub floor_bits: f64,
    pub decoder_kl_bits: f64,
    pub decision_agreement: f64,
}

table!(GapRow = "gaps.csv");

/// What tells groups of networks apart, apart from the epoch and the layer: the condition, the encoder, and whether labels were permuted.
pub type Key<'a> = (rows::Key<'a>, &'a str, bool);

/// The group a row belongs to.
pub fn key(row: &LayerRow) -> Key<'_> {
    (row.key(), &row.encoder, row.control == Control::Permuted)
}

/// Rows of equal keys together, in the order of first appearance.
pub fn groups<'a, K: Ord>(
    rows: impl Iterator<Item = &'a LayerRow>,
    key: impl Fn(&'a LayerRow) -> K,
) -> Vec<Vec<&'a LayerRow>> {
    let mut place: BTreeMap<K, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&LayerRow>> = Vec::new();
    for row in rows {
        let index = *place.entry(key(row)).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[index].push(row);
    }
    groups
}

/// The table of means.
pub fn rows(layers: &[LayerRow]) -> Vec<GapRow> {
    groups(layers.iter(), |row| (key(row), row.epoch, row.layer)).iter().map(|group| mean_row(group)).collect()
}

fn mean_row(group: &[&LayerRow]) -> GapRow {
    let first = group[0];
    let values = |value: fn(&LayerRow) -> f64| group.iter().map(|row| value(row)).collect::<Vec<f64>>();
    let mean = |value: fn(&LayerRow) -> f64| values(value).iter().sum::<f64>() / group.len() as f64;
    let vertical = interval(&values(|row| row.vertical_gap_upper_bits));
    let horizontal = interval(&values(|row| row.horizontal_gap_upper_bits));
    let certificate = |row: &&LayerRow| {
        (row.vertical_gap_upper_bits - row.vertical_gap_lower_bits)
            .max(row.horizontal_gap_upper_bits - row.horizontal_gap_lower_bits)
    };
    let mut betas: Vec<f64> = group.iter().filter_map(|row| row.beta).collect();
    betas.sort_by(f64::total_cmp);
    GapRow {
        dataset: first.dataset.clone(),
        architecture: first.architecture.clone(),
        condition: first.condition.clone(),
        activation: first.activation.clone(),
        train_fraction: first.train_fraction,
        epoch: first.epoch,
        layer: first.layer,
        encoder: first.encoder.clone(),
        control: first.control,
        replicas: group.len(),
        cells: mean(|row| row.cells as f64),
        i_xt_bits: mean(|row| row.i_xt_bits),
        i_ty_bits: mean(|row| row.i_ty_bits),
        vertical_gap_bits: vertical.mean,
        vertical_gap_bits_lower: vertical.lower,
        vertical_gap_bits_upper: vertical.upper,
        horizontal_gap_bits: horizontal.mean,
        horizontal_gap_bits_lower: horizontal.lower,
        horizontal_gap_bits_upper: horizontal.upper,
        certificate_bits: group.iter().map(certificate).fold(0.0, f64::max),
        share_identified: betas.len() as f64 / group.len() as f64,
        beta_median: quantile(&betas, 0.5),
        beta_first_quartile: quantile(&betas, 0.25),
        beta_third_quartile: quantile(&betas, 0.75),
        residual_bits: mean(|row| row.residual_bits),
        floor_bits: mean(|row| row.floor_bits),
        decoder_kl_bits: mean(|row| row.decoder_kl_bits),
        decision_agreement: mean(|row| row.decision_agreement),
    }
}
