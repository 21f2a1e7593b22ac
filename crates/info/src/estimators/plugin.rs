//! Discrete activations as they are: equal rows are one symbol.
//!
//! Without a correction p(x, y) is taken as known, and the result is exact (Shannon 1948). With one, rows are taken as a
//! sample of something larger, every entropy in I(T;Y) = H(T) + H(Y) − H(T,Y) and I(X;T) = H(T) − H(T|X) is corrected for
//! sampling bias ([`super::corrections`]), and labels must be certain. Corrected information can come out negative.

use std::fmt;

use super::corrections::Correction;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::partition::Partition;

/// The plug-in estimator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugin {
    /// Correction for sampled data.
    pub correction: Option<Correction>,
}

impl Plugin {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let correction = match settings.take::<String>("correction")? {
            None => None,
            Some(name) => Some(Correction::named(&name).ok_or_else(|| {
                settings.value_error("correction", &name, &format!("the choices are {}", Correction::NAMES.join(", ")))
            })?),
        };
        Ok(Self { correction })
    }
}

impl Estimator for Plugin {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let t = Partition::of_rows(sample.t);
        let Some(correction) = self.correction else { return Ok(sample.discrete(&t)) };
        let labels: Vec<u64> = sample.labels()?.into_iter().map(|label| label as u64).collect();
        let y = Partition::from_labels(&labels);
        let h = |partition: &Partition| correction.entropy(&partition.counts());
        // Every row an x of its own: T is a function of X, and H(T|X) = 0.
        let i_xt = sample.same_x.map_or_else(|| h(&t), |x| h(&t) + h(x) - h(&t.refine(x)));
        Ok(Information { i_xt: Estimate::point(i_xt), i_ty: Estimate::point(h(&t) + h(&y) - h(&t.refine(&y))) })
    }
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.correction.map_or(Ok(()), |correction| write!(f, "correction={}", correction.name()))
    }
}
