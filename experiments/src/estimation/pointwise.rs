//! What single rows say: pointwise information, of methods whose number is a mean over rows.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use infoplane_info::{Description, Estimator};
use serde::{Deserialize, Serialize};

use super::{Layers, Wanted, choice, samples, shape_of_pair};
use crate::calibration::advice::Calibration;

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

impl Layers {
    /// Every row of every layer through every estimator.
    ///
    /// # Errors
    /// If an estimator says nothing of single rows, or refuses.
    pub fn pointwise(&self, estimators: &[Wanted]) -> Result<Vec<PointwiseRow>> {
        let mut rows = Vec::new();
        for layer in &self.activations {
            let described = Description::of(layer.values.view());
            for wanted in estimators {
                let method = wanted.or(|| choice(&described, self.shape(&described)));
                let bits = self.sample(&layer.values).and_then(|sample| method.pointwise(&sample));
                let bits = bits.with_context(|| format!("--pointwise: {method} on {}", layer.name))?;
                rows.extend(numbered(&layer.name, &method.to_string(), bits));
            }
        }
        Ok(rows)
    }
}

/// Every row of two samples through every estimator.
///
/// # Errors
/// If a file cannot be read, the numbers of rows differ, or an estimator says nothing of single rows.
pub fn of_pair(files: [&PathBuf; 2], estimators: &[Wanted], groups: Option<&Path>) -> Result<Vec<PointwiseRow>> {
    let sides = samples(&files, groups)?;
    let (a, b) = (&sides[0].values, &sides[1].values);
    let layer = format!("{} {}", sides[0].name, sides[1].name);
    let mut rows = Vec::new();
    for wanted in estimators {
        let method = wanted.or(|| Calibration::committed().choice(shape_of_pair(a, b)));
        let bits = method.pointwise_of_pair(a.view(), b.view());
        let bits = bits.with_context(|| format!("--pointwise: {method} on {layer}"))?;
        rows.extend(numbered(&layer, &method.to_string(), bits));
    }
    Ok(rows)
}
