//! Information as burn-train's metric, beside loss and accuracy.

use std::sync::{Arc, Mutex};

use burn::tensor::TensorReadError;
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry, SerializedEntry,
};
use infoplane_experiments::rows::InformationRow;

use crate::lock;
use crate::record::Record;

/// I(X;T) or I(T;Y) of one layer, in bits, as last recorded: burn-train computes metrics before it hands an epoch's weights over, so the
/// value is that of an epoch before. It looks at no batch. From [`crate::Recorder::metrics`].
#[derive(Debug, Clone)]
pub struct InformationMetric {
    name: MetricName,
    layer: usize,
    estimator: String,
    of: fn(&InformationRow) -> f64,
    higher_is_better: bool,
    record: Arc<Mutex<Record>>,
}

impl InformationMetric {
    /// I(X;T) and I(T;Y) of a layer, counted from 1.
    pub(crate) fn pair(name: &str, layer: usize, estimator: &str, record: &Arc<Mutex<Record>>) -> (Self, Self) {
        let metric = |quantity: &str, of: fn(&InformationRow) -> f64, higher_is_better| Self {
            name: Arc::new(format!("{quantity} {name}")),
            layer,
            estimator: estimator.to_owned(),
            of,
            higher_is_better,
            record: Arc::clone(record),
        };
        (metric("I(X;T)", |row| row.i_xt_bits, false), metric("I(T;Y)", |row| row.i_ty_bits, true))
    }

    /// Epoch and bits, as last recorded.
    fn latest(&self) -> Option<(usize, f64)> {
        let record = lock(&self.record);
        let is_of = |row: &&InformationRow| row.layer == self.layer && row.estimator == self.estimator;
        record.tables.information.iter().rev().find(is_of).map(|row| (row.epoch, (self.of)(row)))
    }

    fn entry(&self) -> SerializedEntry {
        match self.latest() {
            Some((epoch, bits)) => SerializedEntry::new(format!("{bits:.3} bits at epoch {epoch}"), bits.to_string()),
            None => SerializedEntry::not_available(Some("bits")),
        }
    }
}

impl Metric for InformationMetric {
    type Input = ();

    fn name(&self) -> MetricName {
        Arc::clone(&self.name)
    }

    fn description(&self) -> Option<String> {
        Some(format!("{} in bits over all patterns, through {}", self.name, self.estimator))
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes { unit: Some("bits".to_owned()), higher_is_better: self.higher_is_better }.into()
    }

    fn update(&mut self, (): &(), _: &MetricMetadata) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.entry())
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.entry())
    }

    fn clear(&mut self) {}
}

impl Numeric for InformationMetric {
    fn value(&self) -> Option<NumericEntry> {
        self.latest().map(|(_, bits)| NumericEntry::Value(bits))
    }

    fn running_value(&self) -> Option<NumericEntry> {
        self.value()
    }

    fn final_value(&self) -> NumericEntry {
        NumericEntry::Final(self.latest().map_or(f64::NAN, |(_, bits)| bits))
    }
}
