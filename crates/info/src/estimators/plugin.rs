//! Discrete activations as they are: equal rows are one symbol.
//!
//! Without a correction p(x, y) is taken as known, and the result is exact (Shannon 1948). With one, rows are taken as a
//! sample of something larger, every entropy in I(T;Y) = H(T) + H(Y) − H(T,Y) and I(X;T) = H(T) − H(T|X) is corrected for
//! sampling bias ([`super::corrections`]), and labels must be certain. Corrected information can come out negative.
//!
//! `symbols=K` states how many values T can take, seen or not (NSB needs it where many are unseen); (T, Y) then has K·|Y|. Of
//! two samples, each has K, and both together K².

use std::fmt;

use ndarray::{Array1, ArrayView2};

use super::corrections::Correction;
use super::ksg::check_pair;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};
use crate::encoder::Encoder;
use crate::partition::Partition;

/// The plug-in estimator.
///
/// # Example
/// ```
/// use infoplane_info::estimators::plugin::Plugin;
/// use infoplane_info::{Estimator, JointDistribution, Sample};
/// use ndarray::array;
/// let joint = JointDistribution::uniform_binary(&[0.0, 0.0, 1.0, 1.0])?;
/// let layer = array![[0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [2.0, 0.5]];
/// let information = Plugin { correction: None, symbols: None }.estimate(&Sample::new(layer.view(), &joint)?)?;
/// assert_eq!((information.i_xt.bits, information.i_ty.bits), (1.5, 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plugin {
    /// Correction for sampled data.
    pub correction: Option<Correction>,
    /// How many values T can take, where known.
    pub symbols: Option<usize>,
}

impl Plugin {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let correction = match settings.take::<String>("correction")? {
            None => None,
            Some(name) => Some(Correction::named(&name).ok_or_else(|| {
                settings.value_error("correction", &name, &format!("the choices are {}", Correction::NAMES.join(", ")))
            })?),
        };
        let symbols = settings.take_count("symbols", 1)?;
        match symbols {
            Some(symbols) if correction != Some(Correction::Nsb) => {
                Err(settings.value_error("symbols", &symbols.to_string(), "belongs to correction=nsb"))
            }
            _ => Ok(Self { correction, symbols }),
        }
    }
}

impl Estimator for Plugin {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let t = Partition::of_rows(sample.t);
        let Some(correction) = self.correction else { return Ok(sample.discrete(&t)) };
        if let Some(stated) = self.symbols.filter(|&stated| stated < t.cells()) {
            return Err(EstimateError::Symbols { seen: t.cells(), stated });
        }
        let labels: Vec<u64> = sample.labels()?.into_iter().map(|label| label as u64).collect();
        let y = Partition::from_labels(&labels);
        let h = |partition: &Partition| correction.entropy(&partition.counts(), None);
        let h_t = correction.entropy(&t.counts(), self.symbols);
        // Of (T, other) there are K times as many as of the other.
        let h_with = |other: &Partition| {
            correction
                .entropy(&t.refine(other).counts(), self.symbols.map(|symbols| symbols.saturating_mul(other.cells())))
        };
        // T a function of X: H(T|X) = 0.
        let i_xt = match sample.same_x {
            Some(x) if !sample.is_deterministic() => h_t + h(x) - h_with(x),
            _ => h_t,
        };
        Ok(Information { i_xt: Estimate::point(i_xt), i_ty: Estimate::point(h_t + h(&y) - h_with(&y)) })
    }

    fn conditional(
        &self,
        a: ArrayView2<f64>,
        b: ArrayView2<f64>,
        given: ArrayView2<f64>,
    ) -> Result<Estimate, EstimateError> {
        if self.correction.is_some() {
            return Err(EstimateError::NoConditional);
        }
        super::conditional::of_symbols(a, b, given)
    }

    /// Of two discrete samples: equal rows are one symbol. A continuous one has a symbol in every row, and its information comes
    /// out as the other's entropy: log₂ of the rows where no row repeats on either side.
    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, 1)?;
        let (a, b) = (Partition::of_rows(a), Partition::of_rows(b));
        let both = a.refine(&b);
        let p = Array1::from_elem(both.cell().len(), 1.0 / both.cell().len() as f64);
        let h = |partition: &Partition, symbols| match self.correction {
            None => partition.entropy(p.view()),
            Some(correction) => correction.entropy(&partition.counts(), symbols),
        };
        let seen = a.cells().max(b.cells());
        if let Some(stated) = self.symbols.filter(|&stated| stated < seen) {
            return Err(EstimateError::Symbols { seen, stated });
        }
        // Of (A, B) there are K² where each has K.
        let of_both = self.symbols.map(|symbols| symbols.saturating_mul(symbols));
        Ok(Estimate::point(h(&a, self.symbols) + h(&b, self.symbols) - h(&both, of_both)))
    }

    fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
        // Corrections are of sums, not of rows.
        if self.correction.is_some() {
            return Err(EstimateError::NoPointwise);
        }
        let encoder = Encoder::of_partition(&Partition::of_rows(sample.t));
        Ok(encoder.pointwise(sample.joint).into_iter().map(Some).collect())
    }

    fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
        check_pair(a, b, 1)?;
        if self.correction.is_some() {
            return Err(EstimateError::NoPointwise);
        }
        let [a, b] = [a, b].map(Partition::of_rows);
        let both = a.refine(&b);
        let counts = [&a, &b, &both].map(Partition::counts);
        let n = a.cell().len() as f64;
        let count = |of: usize, partition: &Partition, row: usize| counts[of][partition.cell()[row] as usize] as f64;
        let of_row = |row: usize| (n * count(2, &both, row) / (count(0, &a, row) * count(1, &b, row))).log2();
        Ok((0..a.cell().len()).map(|row| Some(of_row(row))).collect())
    }

    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        Ok(Some(Encoder::of_partition(&Partition::of_rows(sample.t))))
    }
}

impl fmt::Display for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.correction.map_or(Ok(()), |correction| write!(f, "correction={}", correction.name()))?;
        self.symbols.map_or(Ok(()), |symbols| write!(f, ",symbols={symbols}"))
    }
}
