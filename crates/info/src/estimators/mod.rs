//! Mutual-information estimators: one estimator = one file = one paper.
//!
//! | name | file | what it really measures |
//! |---|---|---|
//! | `binning:width=…`, `binning:bins=…,range=…` | [`binning`] | I of the binned activations: clustering at that width |
//! | `binning:quantile=…`, `binning:bins=…,range=own` | [`binning`] | the same, with bins that move with the layer |
//! | `idnns:edges=…` | [`idnns`] | the same, in the exact convention of the paper's public code |
//! | `quantised:bits=…` | [`quantised`] | exact, if the network itself is so quantised |
//! | `dithered:width=…` | [`dithered`] | exact, if noise as wide as a bin is added inside the network |
//! | `plugin`, `plugin:correction=…` | [`plugin`] | discrete activations; with corrections for sampled ones |
//! | `kde:variance=…,bound=…` | [`kde`] | bounds on the information of T plus Gaussian noise |
//! | `noisy:sigma=…` | [`noisy`] | the information of T plus Gaussian noise, by Monte Carlo with a standard error |
//! | `ksg:k=…` | [`ksg`] | continuous variables; infinite for a deterministic layer, and says so |
//! | `lnc` | [`lnc`] | the same between two samples, corrected where they depend strongly |
//! | `mixed-ksg:k=…` | [`mixed_ksg`] | mixtures of discrete and continuous |
//! | `gaussian` | [`gaussian`] | jointly Gaussian variables |
//! | `gaussian-mixture:bound=…` | [`gaussian_mixture`] | bounds where each class is Gaussian |
//! | `cca` | [`cca`] | Gaussian copulas, whatever the marginals |
//! | `edge` | [`edge`] | hashed buckets with an ensemble of widths |
//! | `sliced` | [`sliced`] | the mean over one-dimensional projections: not I, but finite and easy to estimate |
//! | `renyi:alpha=…` | [`renyi`] | spectra of kernel matrices: driven by the kernel's width |
//!
//! Each looks at a [`Sample`] and answers [`Information`], or an [`EstimateError`] where there is no number.
//!
//! To add one: write its file with a settings struct that implements [`Estimator`], add it to the list at the end of this
//! page, and it is known to every program by its name.

mod all_rows;
pub mod binning;
mod blocks;
pub mod cca;
mod columns;
mod conditional;
pub mod corrections;
mod correlation;
pub mod dithered;
pub mod edge;
mod error;
pub mod gaussian;
mod gaussian_kernel;
pub mod gaussian_mixture;
pub mod idnns;
mod kd_tree;
pub mod kde;
pub mod ksg;
pub mod lnc;
pub mod mixed_ksg;
mod mixture;
mod neighbours;
pub mod noisy;
mod nsb;
pub mod plugin;
pub mod quantised;
pub mod renyi;
mod sample;
pub mod settings;
pub mod significance;
pub mod sliced;
mod sorted;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::encoder::Encoder;
use settings::{SettingError, Settings};

pub use crate::information::{Estimate, Information};
pub use error::EstimateError;
pub use sample::{Sample, Selection};

/// A method with its (immutable, checked) settings.
pub trait Estimator: std::fmt::Debug + Send + Sync {
    /// I(X;T) and I(T;Y) of the sample, in bits.
    ///
    /// # Errors
    /// If the method is undefined on these data; never a made-up number.
    fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError>;

    /// Whether [`Sample::net_input`] is looked at.
    fn wants_net_input(&self) -> bool {
        false
    }

    /// T as a discrete encoder p(t|x), for methods that make T one; none for methods that leave it continuous.
    ///
    /// # Errors
    /// As [`Estimator::estimate`].
    fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
        let _ = sample;
        Ok(None)
    }

    /// I(A;B) in bits of two continuous samples, shapes [n × d_a] and [n × d_b], row by row.
    ///
    /// # Errors
    /// If the method has none, or is undefined on these data.
    fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
        let _ = (a, b);
        Err(EstimateError::NoPairs)
    }

    /// What each row says of its label, i(t;y) = log₂ p(t,y)/(p(t) p(y)) in bits, whose mean over rows is I(T;Y); none for rows that the
    /// method leaves out.
    ///
    /// # Errors
    /// If the method has none, or is undefined on these data.
    fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
        let encoder = self.encoder(sample)?.ok_or(EstimateError::NoPointwise)?;
        Ok(encoder.pointwise(sample.joint).into_iter().map(Some).collect())
    }

    /// The same, i(a;b), of two samples.
    ///
    /// # Errors
    /// If the method has none, or is undefined on these data.
    fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
        let _ = (a, b);
        Err(EstimateError::NoPointwise)
    }

    /// I(A;B|C) in bits of three samples, row by row.
    ///
    /// # Errors
    /// If the method has none, or is undefined on these data.
    fn conditional(
        &self,
        a: ArrayView2<f64>,
        b: ArrayView2<f64>,
        given: ArrayView2<f64>,
    ) -> Result<Estimate, EstimateError> {
        let _ = (a, b, given);
        Err(EstimateError::NoConditional)
    }
}

/// Declares the list of estimators: the enum, its names and its parser stay one line per estimator.
macro_rules! estimators {
    ($($(#[$doc:meta])* $variant:ident($settings:ty) = $name:literal,)*) => {
        /// Any estimator, written as users write it: `name:key=value,…`.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        #[non_exhaustive]
        pub enum EstimatorKind {
            $($(#[$doc])* $variant($settings),)*
        }

        impl EstimatorKind {
            /// The names this build knows.
            pub const NAMES: &[&str] = &[$($name),*];
        }

        impl std::str::FromStr for EstimatorKind {
            type Err = SettingError;

            fn from_str(text: &str) -> Result<Self, SettingError> {
                let mut settings = Settings::parse(text)?;
                let kind = match settings.name() {
                    $($name => <$settings>::from_settings(&mut settings).map(Self::$variant),)*
                    _ => return Err(settings.unknown_name(Self::NAMES)),
                };
                // A mistyped key explains a missing one: say that first.
                if matches!(kind, Ok(_) | Err(SettingError::Missing { .. })) {
                    settings.finish()?;
                }
                kind
            }
        }

        impl std::fmt::Display for EstimatorKind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant(estimator) => {
                        let settings = estimator.to_string();
                        if settings.is_empty() { f.write_str($name) } else { write!(f, "{}:{settings}", $name) }
                    })*
                }
            }
        }

        impl Estimator for EstimatorKind {
            fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => estimator.estimate(sample),)*
                }
            }

            fn wants_net_input(&self) -> bool {
                match self {
                    $(Self::$variant(estimator) => estimator.wants_net_input(),)*
                }
            }

            fn encoder(&self, sample: &Sample) -> Result<Option<Encoder>, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => Estimator::encoder(estimator, sample),)*
                }
            }

            fn pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Estimate, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => estimator.pair(a, b),)*
                }
            }

            fn pointwise(&self, sample: &Sample) -> Result<Vec<Option<f64>>, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => estimator.pointwise(sample),)*
                }
            }

            fn pointwise_of_pair(&self, a: ArrayView2<f64>, b: ArrayView2<f64>) -> Result<Vec<Option<f64>>, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => estimator.pointwise_of_pair(a, b),)*
                }
            }

            fn conditional(
                &self,
                a: ArrayView2<f64>,
                b: ArrayView2<f64>,
                given: ArrayView2<f64>,
            ) -> Result<Estimate, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => estimator.conditional(a, b, given),)*
                }
            }
        }
    };
}

estimators! {
    /// Fixed bins.
    Binning(binning::Binning) = "binning",
    /// The bins of the paper's public code.
    Idnns(idnns::Idnns) = "idnns",
    /// Quantised networks.
    Quantised(quantised::Quantised) = "quantised",
    /// Bins with noise as wide.
    Dithered(dithered::Dithered) = "dithered",
    /// Discrete activations.
    Plugin(plugin::Plugin) = "plugin",
    /// Kernel density bounds.
    Kde(kde::Kde) = "kde",
    /// Noisy networks.
    Noisy(noisy::Noisy) = "noisy",
    /// Nearest neighbours.
    Ksg(ksg::Ksg) = "ksg",
    /// Nearest neighbours in turned boxes.
    Lnc(lnc::Lnc) = "lnc",
    /// Nearest neighbours for mixtures.
    MixedKsg(mixed_ksg::MixedKsg) = "mixed-ksg",
    /// Gaussian variables.
    Gaussian(gaussian::Gaussian) = "gaussian",
    /// Gaussian classes.
    GaussianMixture(gaussian_mixture::GaussianMixture) = "gaussian-mixture",
    /// Gaussian copulas.
    Cca(cca::Cca) = "cca",
    /// Hashed buckets.
    Edge(edge::Edge) = "edge",
    /// One-dimensional projections.
    Sliced(sliced::Sliced) = "sliced",
    /// Spectra of kernel matrices.
    Renyi(renyi::Renyi) = "renyi",
}

impl From<EstimatorKind> for String {
    fn from(kind: EstimatorKind) -> Self {
        kind.to_string()
    }
}

impl TryFrom<String> for EstimatorKind {
    type Error = SettingError;

    fn try_from(text: String) -> Result<Self, SettingError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for text in [
            "binning:width=0.07",
            "binning:bins=30,range=-1..1",
            "binning:bins=30,range=own",
            "binning:quantile=30",
            "binning:width=0.5,on=net-input",
            "idnns:edges=30",
            "quantised:bits=4",
            "plugin",
            "plugin:correction=nsb",
            "plugin:correction=nsb,symbols=512",
            "kde:variance=0.001,bound=upper",
            "noisy:sigma=0.1,samples=1000,seed=1",
            "ksg:k=3",
            "ksg:k=3,variant=2",
            "ksg:k=3,standardise=false",
            "ksg:k=3,noise=0",
            "lnc",
            "lnc:k=7,alpha=0.25",
            "mixed-ksg:k=3",
            "mixed-ksg:k=3,standardise=false",
            "gaussian",
            "gaussian-mixture:bound=lower",
            "cca",
            "edge",
            "edge:seed=3",
            "sliced:projections=50,k=3,seed=0",
            "sliced:projections=50,k=3,seed=0,standardise=false",
            "renyi:alpha=1.01,rows=500",
            "renyi:alpha=2,width=0.5,rows=100",
        ] {
            let kind: EstimatorKind = text.parse().unwrap();
            assert_eq!(kind.to_string(), text);
        }
    }

    #[test]
    fn a_typo_names_the_key_and_the_choices() {
        let error = |text: &str| text.parse::<EstimatorKind>().unwrap_err().to_string();
        assert!(error("binnning:width=1").contains("binning, idnns"), "{}", error("binnning:width=1"));
        assert!(error("binning:widht=1").contains("widht"), "{}", error("binning:widht=1"));
        assert!(error("binning:width=-1").contains("width"), "{}", error("binning:width=-1"));
        assert!(error("binning:width=NaN").contains("width"));
        assert!(error("binning:bins=0,range=-1..1").contains("bins"));
        assert!(error("binning:bins=3,range=1..1").contains("range"));
        assert!(error("binning:bins=3,range=-1...1").contains("low..high"));
        assert!(error("kde:variance=1e-320").contains("between 1e-100"));
        assert!(error("ksg:k=18446744073709551615").contains("at most"));
        assert!(error("idnns:edges=one").contains("edges"));
        assert!(error("plugin:symbols=9").contains("symbols"));
    }
}
