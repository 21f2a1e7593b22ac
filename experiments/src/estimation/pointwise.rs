//! What single rows say: pointwise information, of methods whose number is a mean over rows.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::ksg::Ksg;
use infoplane_info::{EstimateError, Estimator};
use serde::{Deserialize, Serialize};

use super::Layers;
use super::row::EstimateRow;
use super::sides::{read, together};
use crate::arrays::labels::LabelFile;
use crate::methods::Method;

/// One row of a sample through one estimator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PointwiseRow {
    /// The file of the layer, or of both samples.
    pub layer: String,
    /// Estimator.
    pub estimator: String,
    /// The row, from 0.
    pub row: usize,
    /// i(t;y) (or i(a;b)) in bits; empty where the method leaves the row out. Its mean is the estimate.
    pub bits: Option<f64>,
}

fn numbered(layer: &str, estimator: &str, bits: Vec<Option<f64>>) -> Vec<PointwiseRow> {
    let row = |(row, bits)| PointwiseRow { layer: layer.to_owned(), estimator: estimator.to_owned(), row, bits };
    bits.into_iter().enumerate().map(row).collect()
}

/// Every row by the estimator of an estimate; by ksg, with a note, where `auto` took one that says nothing of single rows.
fn of_estimate(
    estimate: &mut EstimateRow,
    by: impl Fn(&Method) -> Result<Vec<Option<f64>>, EstimateError>,
) -> Result<Vec<PointwiseRow>> {
    let method: Method = estimate.estimator.parse().map_err(|error| anyhow!("{error}"))?;
    let of = |method: &Method, bits: Result<Vec<Option<f64>>, EstimateError>| -> Result<Vec<PointwiseRow>> {
        let bits = bits.with_context(|| format!("--pointwise: {method} on {}", estimate.layer))?;
        Ok(numbered(&estimate.layer, &method.to_string(), bits))
    };
    match by(&method) {
        Err(EstimateError::NoPointwise) if estimate.is_auto => {
            let ksg = Method::Formula(EstimatorKind::Ksg(Ksg::default()));
            let rows = of(&ksg, by(&ksg))?;
            estimate.notes.push(format!(
                "--pointwise: {method}, which auto took, says nothing of single rows; they are by {ksg}, whose mean is another number"
            ));
            Ok(rows)
        }
        bits => of(&method, bits),
    }
}

impl Layers<'_> {
    /// Every row of every layer by the estimators of its estimates; what those refused has none.
    ///
    /// # Errors
    /// If an estimator that was asked for by name says nothing of single rows, or refuses.
    pub fn pointwise(&self, estimates: &mut [EstimateRow]) -> Result<Vec<PointwiseRow>> {
        let mut rows = Vec::new();
        for estimate in estimates.iter_mut().filter(|estimate| estimate.refused.is_none()) {
            let of_layer = |side: &&super::Side| side.name() == estimate.layer && side.epoch() == estimate.epoch;
            let Some(side) = self.activations.iter().find(of_layer) else { continue };
            rows.extend(of_estimate(estimate, |method| method.pointwise(&self.sample(side.values())?))?);
        }
        Ok(rows)
    }
}

/// Every row of two samples by the estimators of their estimates.
///
/// # Errors
/// If a file cannot be read, the numbers of rows differ, or an estimator that was asked for by name says nothing of single rows.
pub fn of_pair(
    files: [&PathBuf; 2],
    estimates: &mut [EstimateRow],
    groups: Option<&Path>,
) -> Result<Vec<PointwiseRow>> {
    let sides = together(read(files)?, groups.map(LabelFile::open))?;
    let (a, b) = (sides[0].values(), sides[1].values());
    let mut rows = Vec::new();
    for estimate in estimates.iter_mut().filter(|estimate| estimate.refused.is_none()) {
        rows.extend(of_estimate(estimate, |method| method.pointwise_of_pair(a, b))?);
    }
    Ok(rows)
}
