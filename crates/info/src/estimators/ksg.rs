//! Nearest-neighbour information of continuous variables.
//!
//! Kraskov, Stögbauer & Grassberger 2004 (Phys. Rev. E 69, 066138), maximum norm, in nats:
//! - variant 1, eq. 8: ψ(k) + ψ(N) − ⟨ψ(n_a + 1) + ψ(n_b + 1)⟩, n the rows strictly nearer than the k-th neighbour in (a, b);
//! - variant 2, eq. 9: ψ(k) − 1/k + ψ(N) − ⟨ψ(n_a) + ψ(n_b)⟩, n the rows within the k neighbours' own reach in a and in b.
//!
//! Undefined where rows tie or one variable is a function of the other: for a deterministic layer of a continuous X the truth
//! is infinite, and the formula would give a plausible number that only grows with N. So of a layer, I(X;T) is *infinite* where
//! T is a function of X, and I(T;Y) with discrete labels is Ross's (2014, PLoS ONE 9, e87357):
//! ψ(k) + ψ(N) − ⟨ψ(N_y) + ψ(m)⟩, m the rows as near as the k-th neighbour of the same label. It can come out negative.

use std::fmt;

use ndarray::ArrayView2;
use statrs::function::gamma::digamma;

use super::neighbours::{Columns, for_each_row, kth_nearest, nearer, within};
use super::sample::check_finite;
use super::settings::{SettingError, Settings};
use super::{Estimate, EstimateError, Estimator, Information, Sample};

/// k nearest neighbours.
///
/// # Example
/// ```
/// use infoplane_info::estimators::ksg::Ksg;
/// use infoplane_info::Estimator;
/// use ndarray::Array2;
/// use rand::{SeedableRng, rngs::ChaCha8Rng};
/// use rand_distr::{Distribution, StandardNormal};
///
/// // 1000 pairs of correlation 0.8: I = −½ log₂(1 − 0.64) = 0.737 bits.
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
/// let a = Array2::from_shape_simple_fn((1000, 1), &mut normal);
/// let b = a.mapv(|a| 0.8 * a + 0.6 * normal());
/// let information = Ksg { k: 3, variant: 1 }.pair(a.view(), b.view())?;
/// assert!((information.bits - 0.737).abs() < 0.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ksg {
    /// Neighbours.
    pub k: usize,
    /// 1 or 2, as in the paper.
    pub variant: usize,
}

impl Ksg {
    pub(super) fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let k = settings.take_count("k", 1)?.unwrap_or(3);
        match settings.take_count("variant", 1)?.unwrap_or(1) {
            variant @ (1 | 2) => Ok(Self { k, variant }),
            other => Err(settings.value_error("variant", &other.to_string(), "the choices are 1, 2")),
        }
    }
}

/// Checks two samples and that they have enough rows.
pub(super) fn check_pair(a: ArrayView2<f64>, b: ArrayView2<f64>, k: usize) -> Result<(), EstimateError> {
    if a.nrows() != b.nrows() {
        return Err(EstimateError::PairRows { first: a.nrows(), second: b.nrows() });
    }
    if a.nrows() <= k {
        return Err(EstimateError::TooFewSamples { k, samples: a.nrows() });
    }
    for sample in [a, b] {
        if sample.ncols() == 0 {
            return Err(EstimateError::NoUnits);
        }
        check_finite(sample)?;
        for (unit, column) in sample.columns().into_iter().enumerate() {
            let (least, most) =
                column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
            if most > least && most - least < LEAST_SPREAD {
                return Err(EstimateError::TooAlike { unit, spread: most - least });
            }
        }
    }
    Ok(())
}

/// Squares of smaller differences are no numbers any more.
const LEAST_SPREAD: f64 = 1e-100;

/// A k-th neighbour at distance 0, which a continuous variable does not have: the repeated rows of a saturated layer, say.
const REPEATED: EstimateError = EstimateError::Degenerate {
    what: "the distance to the k-th neighbour (rows repeat)",
    advice: "use mixed-ksg, which is made for repeated values",
};

fn bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}

impl Estimator for Ksg {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let labels = sample.labels()?;
        let i_xt = if sample.is_deterministic() {
            Estimate::infinite()
        } else {
            self.pair(sample.inputs.ok_or(EstimateError::NoInputs)?, sample.t)?
        };
        Ok(Information { i_xt, i_ty: ross(sample.t, &labels, self.k)? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        check_pair(a, b, self.k)?;
        let (a, b) = (Columns::new(a), Columns::new(b));
        let n = a.rows() as f64;
        let k = self.k as f64;
        let terms = for_each_row(&a, &b, |row, distances| {
            let radius = kth_nearest(&distances.joint, row, self.k);
            if self.variant == 1 {
                let count = |d: &[f64]| digamma((nearer(d, radius) + 1) as f64);
                Some(count(&distances.a) + count(&distances.b))
            } else {
                // The reach of the k nearest in each space by itself.
                let inside = || (0..distances.joint.len()).filter(|&j| j != row && distances.joint[j] <= radius);
                let reach = |d: &[f64]| inside().map(|j| d[j]).fold(0.0, f64::max);
                let count = |d: &[f64]| within(d, reach(d)).max(1);
                Some(digamma(count(&distances.a) as f64) + digamma(count(&distances.b) as f64))
            }
            .filter(|_| radius > 0.0)
        });
        let terms: Option<Vec<f64>> = terms.into_iter().collect();
        let Some(terms) = terms else {
            return Err(REPEATED);
        };
        let mean = terms.iter().sum::<f64>() / n;
        let offset = if self.variant == 1 { 0.0 } else { 1.0 / k };
        Ok(Estimate::point(bits(digamma(k) - offset + digamma(n) - mean)))
    }
}

/// Ross's estimator of a continuous and a discrete variable.
fn ross(t: ArrayView2<f64>, labels: &[usize], k: usize) -> Result<Estimate, EstimateError> {
    check_pair(t, t, k)?;
    let n = labels.len() as f64;
    let mut of_label = vec![0_usize; labels.iter().max().map_or(0, |most| most + 1)];
    for &label in labels {
        of_label[label] += 1;
    }
    let columns = Columns::new(t);
    // A row that is alone with its label says nothing and is left out (as in scikit-learn).
    let terms = for_each_row(&columns, &columns, |row, distances| {
        let own = of_label[labels[row]];
        if own < 2 {
            return None;
        }
        let k = k.min(own - 1);
        let same: Vec<f64> =
            (0..labels.len()).map(|j| if labels[j] == labels[row] { distances.a[j] } else { f64::INFINITY }).collect();
        let radius = kth_nearest(&same, row, k);
        // The k-th neighbour itself counts, and so do ties with it.
        let m = within(&distances.a, radius);
        Some((radius, digamma(k as f64) - digamma(own as f64), digamma(m as f64)))
    });
    let kept: Vec<(f64, f64, f64)> = terms.into_iter().flatten().collect();
    if kept.iter().any(|&(radius, ..)| radius == 0.0) {
        return Err(REPEATED);
    }
    if kept.is_empty() {
        return Err(EstimateError::TooFewSamples { k, samples: 0 });
    }
    let used = kept.len() as f64;
    let mean = kept.iter().map(|(_, own, near)| own - near).sum::<f64>() / used;
    Ok(Estimate::point(bits(digamma(used.min(n)) + mean)))
}

impl fmt::Display for Ksg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k={}", self.k)?;
        if self.variant == 1 { Ok(()) } else { write!(f, ",variant={}", self.variant) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JointDistribution;
    use ndarray::{Array2, array};
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn correlated_gaussians_have_their_closed_form() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (n, samples, rho) = (500, 20, 0.8_f64);
        let truth = -0.5 * (1.0 - rho * rho).log2();
        let mut means = [0.0; 2];
        for _ in 0..samples {
            let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
            let a = Array2::from_shape_simple_fn((n, 1), &mut normal);
            let b = Array2::from_shape_fn((n, 1), |(i, _)| rho * a[[i, 0]] + (1.0 - rho * rho).sqrt() * normal());
            for variant in [1, 2] {
                means[variant - 1] += Ksg { k: 3, variant }.pair(a.view(), b.view()).unwrap().bits / f64::from(samples);
            }
        }
        for (mean, variant) in means.iter().zip([1, 2]) {
            assert!((mean - truth).abs() < 0.03, "variant {variant}: {mean} instead of {truth}");
        }
    }

    #[test]
    fn a_function_of_a_continuous_variable_is_infinite_and_repeated_rows_are_refused() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0, 0.0, 1.0, 1.0]).unwrap();
        let t = array![[0.1], [0.9], [0.2], [0.8], [0.7]];
        let information = Ksg { k: 1, variant: 1 }.estimate(&Sample::new(t.view(), &joint).unwrap()).unwrap();
        assert_eq!(information.i_xt.bits, f64::INFINITY);
        assert!(information.i_ty.bits.is_finite());
        let same = array![[1.0], [1.0], [1.0]];
        assert!(matches!(
            Ksg { k: 1, variant: 1 }.pair(same.view(), same.view()),
            Err(EstimateError::Degenerate { .. })
        ));
        assert!(Ksg { k: 5, variant: 1 }.pair(t.view(), t.view()).is_err());
        let soft = JointDistribution::uniform_binary(&[0.5; 5]).unwrap();
        assert_eq!(
            Ksg { k: 1, variant: 1 }.estimate(&Sample::new(t.view(), &soft).unwrap()),
            Err(EstimateError::SoftLabels)
        );
    }
}
