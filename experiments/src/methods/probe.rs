//! `probe:kind=best|linear|mlp|knn`: what a classifier of limited means reads off a layer about Y, a lower bound on I(T;Y).
//!
//! Usable information (Xu et al. 2020, arXiv 2002.10689): H(Y) less the cross-entropy of a probe on rows it has not seen, cross-validated
//! ([`infoplane_model::probes`]). With z_i = log₂ q(y_i|t_i) − log₂ p(y_i) the estimate is the mean of z, its standard error that
//! of a mean, and the 95 % lower confidence limit 1.645 standard errors below: of the probes' usable information, which is at most
//! I(T;Y). H(Y) is the other end, of which the rows are a sample too: corrected (Miller–Madow, Chao–Shen) and 1.645 standard errors up, at
//! most log₂ of the classes; where more than a twentieth of the rows have a label that occurs once, log₂ of the classes that Chao 1984
//! (Scand. J. Statist. 11, 265) expects, and a tenth more. Less than nothing is nothing.
//!
//! Columns are put in units of their spread and cut off at six of them, so neither units nor tails matter. There is no I(X;T).

use std::fmt;

use infoplane_info::description::{Description, Values, spread};
use infoplane_info::estimators::corrections::Correction;
use infoplane_info::estimators::settings::{SettingError, Settings};
use infoplane_info::{Estimate, EstimateError, Estimator, Information, JointDistribution, Partition, Sample};
use infoplane_model::probes::{Labelled, ProbeKind, held_out};
use ndarray::{Array1, Array2, ArrayView2};

use super::{compute, in_order};

/// One-sided 95 % of a Gaussian.
const ONE_SIDED: f64 = 1.645;
/// Spreads at which a column is cut off.
const MOST_SPREADS: f64 = 6.0;

/// A probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Which family of classifiers.
    pub kind: ProbeKind,
    /// Seed of splits, weights and shuffles.
    pub seed: u64,
}

impl Default for Probe {
    fn default() -> Self {
        Self { kind: ProbeKind::Best, seed: 1 }
    }
}

impl Probe {
    /// Its name.
    pub const NAME: &str = "probe";

    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let kind = match settings.take::<String>("kind")?.as_deref() {
            None | Some("best") => ProbeKind::Best,
            Some("linear") => ProbeKind::Linear,
            Some("mlp") => ProbeKind::Mlp,
            Some("knn") => ProbeKind::Knn,
            Some(other) => return Err(settings.value_error("kind", other, "the choices are best, linear, mlp, knn")),
        };
        Ok(Self { kind, seed: settings.take("seed")?.unwrap_or(1) })
    }
}

/// What a probe says of each row of a sample.
struct Said {
    /// log₂ q(y|t) − log₂ p(y).
    scores: Vec<f64>,
    /// Rows that are copies of one another stay together.
    groups: Vec<u32>,
}

impl Probe {
    /// None where there is nothing to know.
    fn said(&self, sample: &Sample) -> Result<Option<Said>, EstimateError> {
        let labels = sample.labels()?;
        let (n, n_classes) = (labels.len(), sample.joint.n_y());
        if n_classes == n && n > 1 {
            return Err(EstimateError::LabelsOccurOnce);
        }
        let described = Description::of(sample.t);
        if n_classes < 2 || described.values == Values::Constant {
            return Ok(None);
        }
        let groups =
            if described.copies > 0 { Partition::of_rows(sample.t).cell().to_vec() } else { (0..n as u32).collect() };
        let classes = in_order(&labels);
        let (rows, columns) = (scaled(sample.t), sample.t.ncols());
        let data = Labelled { rows: &rows, columns, classes: &classes, n_classes, groups: &groups };
        let ln_q = held_out(data, self.kind, self.seed, &compute()?)
            .map_err(|error| EstimateError::Critic(error.to_string()))?;
        let mut counts = vec![0_usize; n_classes];
        labels.iter().for_each(|&label| counts[label] += 1);
        let score =
            |(ln_q, &label): (&f64, &usize)| (ln_q - (counts[label] as f64 / n as f64).ln()) / std::f64::consts::LN_2;
        Ok(Some(Said { scores: ln_q.iter().zip(&labels).map(score).collect(), groups }))
    }
}

impl Estimator for Probe {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        // A stochastic layer has an I(X;T), which a probe knows nothing of.
        let i_xt = sample.of_function(|_| Ok(Estimate::point(f64::NAN)))?;
        let nothing =
            Estimate { lower: Some(0.0), upper: Some(greatest_entropy(sample.joint)), ..Estimate::point(0.0) };
        let Some(Said { scores, groups }) = self.said(sample)? else {
            return Ok(Information { i_xt, i_ty: nothing });
        };
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let error = standard_error(&scores, mean, &groups);
        let lower = (mean - ONE_SIDED * error).max(0.0);
        let i_ty = Estimate { bits: mean.max(0.0), lower: Some(lower), standard_error: Some(error), ..nothing };
        Ok(Information { i_xt, i_ty })
    }

    /// What the probe says of each row; the mean may lie below 0, which the estimate does not.
    fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
        let said = self.said(sample)?;
        Ok(said.map_or_else(|| vec![Some(0.0); sample.t.nrows()], |said| said.scores.into_iter().map(Some).collect()))
    }

    /// Of a sample beside another whose rows are few classes.
    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        let classes = [a, b].map(|side| Partition::of_rows(side));
        let (t, y) = if classes[1].cells() <= classes[0].cells() { (a, &classes[1]) } else { (b, &classes[0]) };
        if a.nrows() != b.nrows() {
            return Err(EstimateError::PairRows { first: a.nrows(), second: b.nrows() });
        }
        if 2 * y.cells() > t.nrows() {
            return Err(EstimateError::NoPairs);
        }
        let p_y_given_x = Array2::from_shape_fn((t.nrows(), y.cells()), |(row, class)| {
            f64::from(u8::from(y.cell()[row] as usize == class))
        });
        let p_x = Array1::from_elem(t.nrows(), 1.0 / t.nrows() as f64);
        let joint = JointDistribution::from_conditional(p_x, p_y_given_x)
            .map_err(|error| EstimateError::Critic(error.to_string()))?;
        Ok(self.estimate(&Sample::new(t, &joint)?)?.i_ty)
    }
}

/// The upper confidence limit of H(Y) in bits.
fn greatest_entropy(joint: &JointDistribution) -> f64 {
    let n = joint.n_x() as f64;
    let counts: Vec<usize> = joint.p_y().iter().map(|p| (p * n).round() as usize).filter(|&count| count > 0).collect();
    let of = |wanted: usize| counts.iter().filter(|&&count| count == wanted).count() as f64;
    let (once, twice, seen) = (of(1), of(2), counts.len() as f64);
    // Classes there must be beside those seen, by Chao's estimate, and a tenth more.
    let classes = if once > 0.0 { 1.1 * (seen + once * (once - 1.0) / (2.0 * (twice + 1.0))) } else { seen };
    if once > MOST_ALONE * n {
        return classes.max(seen).log2();
    }
    let h = joint.h_y();
    let square: f64 = joint.p_y().iter().filter(|&&p| p > 0.0).map(|p| p * p.log2().powi(2)).sum();
    let error = ((square - h * h).max(0.0) / n).sqrt();
    let corrected = Correction::MillerMadow.entropy(&counts, None).max(Correction::ChaoShen.entropy(&counts, None));
    (corrected + ONE_SIDED * error).min(classes.max(seen).log2()).max(h)
}

/// Share of rows whose label occurs once beyond which many classes have not been seen.
const MOST_ALONE: f64 = 0.05;

/// Rows one after the other, columns in units of their spread about their middle, cut off.
fn scaled(t: ArrayView2<f64>) -> Vec<f32> {
    let (n, d) = t.dim();
    let mut rows = vec![0.0_f32; n * d];
    for (column, values) in t.columns().into_iter().enumerate() {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (middle, unit) = (sorted[n / 2], spread(&sorted));
        if unit > 0.0 {
            for (row, value) in values.iter().enumerate() {
                rows[row * d + column] = ((value - middle) / unit).clamp(-MOST_SPREADS, MOST_SPREADS) as f32;
            }
        }
    }
    rows
}

/// Of the mean of scores, groups taken as one draw each.
fn standard_error(scores: &[f64], mean: f64, groups: &[u32]) -> f64 {
    let mut sums = std::collections::BTreeMap::new();
    for (score, group) in scores.iter().zip(groups) {
        *sums.entry(group).or_insert(0.0) += score - mean;
    }
    let m = sums.len() as f64;
    let squares: f64 = sums.values().map(|sum: &f64| sum * sum).sum();
    (squares * m / (m - 1.0).max(1.0)).sqrt() / scores.len() as f64
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ProbeKind::Linear => "linear",
            ProbeKind::Mlp => "mlp",
            ProbeKind::Knn => "knn",
            ProbeKind::Best => "best",
        };
        write!(f, "{}:kind={kind}", Self::NAME)?;
        if self.seed == 1 { Ok(()) } else { write!(f, ",seed={}", self.seed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use infoplane_model::random::{Purpose, stream};
    use rand::RngExt;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn a_layer_says_what_it_can_in_any_units_and_copies_add_nothing() {
        let rng = &mut stream(1, Purpose::MonteCarlo);
        let y: Vec<f64> = (0..600).map(|_| f64::from(rng.random_range(0..2_u32))).collect();
        let t = Array2::from_shape_fn((600, 2), |(row, column)| {
            let noise: f64 = StandardNormal.sample(rng);
            noise + if column == 0 { 2.0 * y[row] } else { 0.0 }
        });
        let probe: super::super::Method = "probe".parse().unwrap();
        let of = |t: &Array2<f64>, y: &[f64]| {
            let joint = JointDistribution::uniform_binary(y).unwrap();
            probe.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap().i_ty
        };
        let once = of(&t, &y);
        // A sign in noise of 1: 0.486 bits.
        assert!((0.35..0.55).contains(&once.bits) && once.lower.unwrap() < 0.486, "{once:?}");
        let mut units = t.clone();
        units.column_mut(0).mapv_inplace(|v| 1e-9 * v);
        units.column_mut(1).mapv_inplace(|v| 1e9 * v);
        approx::assert_abs_diff_eq!(of(&units, &y).bits, once.bits, epsilon = 1e-3);
        let twice = of(&ndarray::concatenate![ndarray::Axis(0), t, t], &[y.clone(), y.clone()].concat());
        assert!(
            (twice.bits - once.bits).abs() < 0.06 && twice.standard_error.unwrap() > 0.8 * once.standard_error.unwrap()
        );
        let dead = of(&Array2::zeros((600, 2)), &y);
        assert!(dead.bits == 0.0 && dead.upper.unwrap() >= JointDistribution::uniform_binary(&y).unwrap().h_y());
    }
}
