//! Every estimator by name, in one list: the formulas of `info`, and the neural bounds and [`probe`]s that `model` trains.
//!
//! Neural bounds are `infonce`, `infonce-anchor`, `nwj`, `mine` and `smile:tau=5`, each with `seeds=3`: so many critics, each with a split, initial
//! weights and shuffles of its own; the estimate is their mean and its standard error their spread over √seeds. Each column is
//! replaced by the normal scores of its ranks first: that changes no information, and critics then meet no tails.

pub mod probe;

use std::fmt;
use std::str::FromStr;

use infoplane_info::estimators::EstimatorKind;
use infoplane_info::estimators::cca::normal_scores;
use infoplane_info::estimators::settings::{SettingError, Settings};
use infoplane_info::{Encoder, Estimate, EstimateError, Estimator, Information, Partition, Sample};
use infoplane_model::Backend;
use infoplane_model::backend::Compute;
use infoplane_model::critics::{Bound, CriticSettings, estimate, held_out_rows};
use ndarray::{Array2, ArrayView2};
use probe::Probe;

/// Any estimator, written as users write it: `name:key=value,…`.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// A formula.
    Formula(EstimatorKind),
    /// A trained critic.
    Neural(Neural),
    /// A trained classifier.
    Probe(Probe),
}

/// Where critics and probes are trained.
fn compute() -> Result<Compute, EstimateError> {
    let backend = Backend::ALL.into_iter().find(|backend| backend.is_compiled());
    let backend = backend.ok_or_else(|| EstimateError::Critic("this build has no backend".to_owned()))?;
    backend.open(0).map_err(|error| EstimateError::Critic(error.to_string()))
}

/// Classes numbered by their first row: what is trained on them does not depend on their names.
fn in_order(labels: &[usize]) -> Vec<u32> {
    let labels: Vec<u64> = labels.iter().map(|&label| label as u64).collect();
    Partition::from_labels(&labels).cell().to_vec()
}

/// A neural bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neural {
    /// Which.
    pub bound: Bound,
    /// Critics, of seeds 1, 2, ….
    pub seeds: u64,
}

impl Neural {
    /// The names.
    pub const NAMES: [&str; 5] = ["infonce", "infonce-anchor", "nwj", "mine", "smile"];

    /// Those that are lower bounds.
    pub const BOUNDS: [&str; 2] = ["infonce", "nwj"];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self.bound {
            Bound::InfoNce => "infonce",
            Bound::InfoNceAnchor => "infonce-anchor",
            Bound::Nwj => "nwj",
            Bound::Mine => "mine",
            Bound::Smile { .. } => "smile",
        }
    }

    fn from_settings(settings: &mut Settings) -> Result<Self, SettingError> {
        let bound = match settings.name() {
            "infonce" => Bound::InfoNce,
            "infonce-anchor" => Bound::InfoNceAnchor,
            "nwj" => Bound::Nwj,
            "mine" => Bound::Mine,
            _ => Bound::Smile { tau: settings.take_positive("tau")?.unwrap_or(5.0) },
        };
        Ok(Self { bound, seeds: settings.take_count("seeds", 1)?.unwrap_or(3) as u64 })
    }

    /// What no estimate from so many rows can pass, in bits; none where the form has no such ceiling.
    pub fn ceiling_bits(self, rows: usize) -> Option<f64> {
        (self.bound == Bound::InfoNce).then(|| (held_out_rows(rows) as f64).log2())
    }
}

impl FromStr for Method {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let mut settings = Settings::parse(text)?;
        if settings.name() == Probe::NAME {
            let probe = Probe::from_settings(&mut settings)?;
            settings.finish()?;
            return Ok(Self::Probe(probe));
        }
        if !Neural::NAMES.contains(&settings.name()) {
            let names = [EstimatorKind::NAMES, &Neural::NAMES, &[Probe::NAME]].concat();
            return text.parse().map(Self::Formula).map_err(|error| match error {
                SettingError::UnknownName { .. } => settings.unknown_name(&names),
                other => other,
            });
        }
        let neural = Neural::from_settings(&mut settings)?;
        settings.finish()?;
        Ok(Self::Neural(neural))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Formula(kind) => kind.fmt(f),
            Self::Probe(probe) => probe.fmt(f),
            Self::Neural(neural) => match neural.bound {
                Bound::Smile { tau } => write!(f, "smile:tau={tau},seeds={}", neural.seeds),
                _ => write!(f, "{}:seeds={}", neural.name(), neural.seeds),
            },
        }
    }
}

impl Estimator for Method {
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        match self {
            Self::Formula(kind) => kind.estimate(sample),
            Self::Neural(neural) => neural.estimate(sample),
            Self::Probe(probe) => probe.estimate(sample),
        }
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        match self {
            Self::Formula(kind) => kind.pair(a, b),
            Self::Neural(neural) => neural.pair(a, b),
            Self::Probe(probe) => probe.pair(a, b),
        }
    }

    fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
        match self {
            Self::Formula(kind) => kind.pointwise(sample),
            Self::Neural(neural) => neural.pointwise(sample),
            Self::Probe(probe) => probe.pointwise(sample),
        }
    }

    fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
        match self {
            Self::Formula(kind) => kind.pointwise_of_pair(a, b),
            Self::Neural(neural) => neural.pointwise_of_pair(a, b),
            Self::Probe(probe) => probe.pointwise_of_pair(a, b),
        }
    }

    fn conditional(
        &self,
        a: ArrayView2<f64>,
        b: ArrayView2<f64>,
        given: ArrayView2<f64>,
    ) -> Result<Estimate, EstimateError> {
        match self {
            Self::Formula(kind) => kind.conditional(a, b, given),
            Self::Neural(_) | Self::Probe(_) => Err(EstimateError::NoConditional),
        }
    }

    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        match self {
            Self::Formula(kind) => Estimator::encoder(kind, sample),
            Self::Neural(_) | Self::Probe(_) => Ok(None),
        }
    }
}

impl Estimator for Neural {
    /// Labels are columns of 0 and 1, one for each class. I(X;T) of a layer that is a function of X is infinite.
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
        let classes = in_order(&sample.labels()?);
        let y = Array2::from_shape_fn((classes.len(), sample.joint.n_y()), |(row, class)| {
            f64::from(u8::from(classes[row] as usize == class))
        });
        let i_xt = sample.of_function(|x| self.pair(x, sample.t))?;
        Ok(Information { i_xt, i_ty: self.pair(sample.t, y.view())? })
    }

    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        for sample in [a, b] {
            if let Some(((row, unit), &value)) = sample.indexed_iter().find(|(_, value)| !value.is_finite()) {
                return Err(EstimateError::NotFinite { row, unit, value });
            }
        }
        let untrained = EstimateError::Critic;
        let compute = compute()?;
        let seeds: Vec<u64> = (1..=self.seeds).collect();
        let (a, b) = (normal_scores(a), normal_scores(b));
        let found = estimate(a.view(), b.view(), self.bound, CriticSettings::default(), &seeds, &compute)
            .map_err(|error| untrained(error.to_string()))?;
        let bits: Vec<f64> = found.iter().map(|held_out| held_out.nats / std::f64::consts::LN_2).collect();
        let n = bits.len() as f64;
        let mean = bits.iter().sum::<f64>() / n;
        let variance = bits.iter().map(|bits| (bits - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Ok(Estimate { standard_error: (bits.len() > 1).then(|| (variance / n).sqrt()), ..Estimate::point(mean) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use infoplane_model::random::{Purpose, stream};
    use rand_distr::{Distribution, StandardNormal};

    #[test]
    fn names_round_trip_and_a_typo_names_all_choices() {
        for text in [
            "infonce:seeds=3",
            "infonce-anchor:seeds=2",
            "nwj:seeds=1",
            "smile:tau=5,seeds=3",
            "ksg:k=3",
            "probe:kind=mlp",
        ] {
            assert_eq!(text.parse::<Method>().unwrap().to_string(), text);
        }
        assert_eq!("smile".parse::<Method>().unwrap().to_string(), "smile:tau=5,seeds=3");
        let error = |text: &str| text.parse::<Method>().unwrap_err().to_string();
        assert!(
            error("infonec").contains("cca") && error("infonec").contains("infonce, infonce-anchor, nwj"),
            "{}",
            error("infonec")
        );
        assert!(error("mine:tau=1").contains("no key `tau`"));
        assert!(error("nwj:seeds=0").contains("at least 1"));
        assert!(
            error("probe:kind=deep").contains("best, linear, mlp, knn") && error("probe:k=3").contains("no key `k`")
        );
        assert!(error("smile:tau=-1").contains("above 0"));
    }

    #[test]
    fn distortions_of_columns_change_nothing_and_ceilings_are_stated() {
        let rng = &mut stream(1, Purpose::MonteCarlo);
        let a: Array2<f64> = Array2::from_shape_simple_fn((400, 1), || StandardNormal.sample(rng));
        let b = &a + Array2::from_shape_simple_fn((400, 1), || StandardNormal.sample(rng));
        let method: Method = "infonce:seeds=2".parse().unwrap();
        let plain = method.pair(a.view(), b.view()).unwrap();
        assert!(plain.standard_error.is_some() && plain.bits > 0.2, "{plain:?}");
        assert_eq!(plain, method.pair(a.mapv(f64::exp).view(), b.mapv(|v| v.powi(3)).view()).unwrap());
        let Method::Neural(neural) = method else { panic!("it is neural") };
        approx::assert_abs_diff_eq!(neural.ceiling_bits(400).unwrap(), 80_f64.log2());
        let few = method.pair(a.slice(ndarray::s![..20, ..]), b.slice(ndarray::s![..20, ..]));
        assert!(few.unwrap_err().to_string().contains("at least 50 rows"));
    }
}
