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
//! | `mixed-ksg:k=…` | [`mixed_ksg`] | mixtures of discrete and continuous |
//! | `gaussian` | [`gaussian`] | jointly Gaussian variables |
//! | `gaussian-mixture:bound=…` | [`gaussian_mixture`] | bounds where each class is Gaussian |
//! | `cca` | [`cca`] | Gaussian copulas, whatever the marginals |
//! | `edge` | [`edge`] | hashed buckets with an ensemble of widths |
//! | `sliced` | [`sliced`] | the mean over one-dimensional projections: not I, but finite and easy to estimate |
//! | `renyi:alpha=…` | [`renyi`] | spectra of kernel matrices: driven by the kernel's width |
//!
//! To add one: write its file with a settings struct that implements [`Estimator`], add it to the list at the end of this
//! page, and it is known to every program by its name.

pub mod binning;
mod blocks;
pub mod cca;
pub mod corrections;
pub mod dithered;
pub mod edge;
pub mod gaussian;
mod gaussian_kernel;
pub mod gaussian_mixture;
pub mod idnns;
pub mod kde;
pub mod ksg;
pub mod mixed_ksg;
mod mixture;
pub mod neighbours;
pub mod noisy;
mod nsb;
pub mod plugin;
pub mod quantised;
pub mod renyi;
pub mod settings;
pub mod significance;
pub mod sliced;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::distribution::JointDistribution;
use crate::encoder::Encoder;
use crate::partition::Partition;
use settings::{SettingError, Settings};

/// What an estimator looks at: one representation T of every x.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Activations, shape [n × d]: row i is t(x_i).
    pub t: ArrayView2<'a, f64>,
    /// p(x, y) over the same n rows.
    pub joint: &'a JointDistribution,
    /// Net inputs, shape [n × d], before the nonlinearity, where known.
    pub net_input: Option<ArrayView2<'a, f64>>,
    /// Inputs, shape [n × d_x], where known.
    pub inputs: Option<ArrayView2<'a, f64>>,
    /// Which rows are the same x, where known; otherwise every row is an x of its own.
    pub same_x: Option<&'a Partition>,
}

impl<'a> Sample<'a> {
    /// Checks that there is one row of finite numbers for each x.
    ///
    /// # Errors
    /// If there is nothing to measure, the rows do not match p(x), or a value is not finite.
    pub fn new(t: ArrayView2<'a, f64>, joint: &'a JointDistribution) -> Result<Self, EstimateError> {
        if t.nrows() != joint.n_x() {
            return Err(EstimateError::Rows { activations: t.nrows(), joint: joint.n_x() });
        }
        if t.ncols() == 0 {
            return Err(EstimateError::NoUnits);
        }
        check_finite(t)?;
        Ok(Self { t, joint, net_input: None, inputs: None, same_x: None })
    }

    /// Adds net inputs, shape [n × d].
    ///
    /// # Errors
    /// If their shape is not that of the activations, or a value is not finite.
    pub fn with_net_input(self, z: ArrayView2<'a, f64>) -> Result<Self, EstimateError> {
        Sample::new(z, self.joint)?;
        Ok(Self { net_input: Some(z), ..self })
    }

    /// Adds inputs, shape [n × d_x], and which rows of them are equal (see [`Partition::of_rows`]): those are one x.
    ///
    /// # Errors
    /// If there is not one row for each row of activations, or a value is not finite.
    pub fn with_inputs(self, x: ArrayView2<'a, f64>, same_x: &'a Partition) -> Result<Self, EstimateError> {
        Sample::new(x, self.joint)?;
        if same_x.cell().len() != x.nrows() {
            return Err(EstimateError::Rows { activations: x.nrows(), joint: same_x.cell().len() });
        }
        Ok(Self { inputs: Some(x), same_x: Some(same_x), ..self })
    }

    /// The information of a discrete T. With I(T;Y) over rows; I(X;T) = H(T) − H(T|X), which is H(T) unless equal x's have
    /// different t's.
    pub fn discrete(&self, t: &Partition) -> Information {
        let mut information = t.information(self.joint);
        if let Some(same_x) = self.same_x {
            let p = self.joint.p_x();
            let both = t.refine(same_x);
            let i_xt = t.entropy(p) + same_x.entropy(p) - both.entropy(p);
            information.i_xt = Estimate::exact(i_xt.max(0.0));
        }
        information
    }

    /// Whether T is a function of X: no two rows of one x differ in t.
    pub fn is_deterministic(&self) -> bool {
        let t = Partition::of_rows(self.t);
        self.same_x.is_none_or(|same_x| t.refine(same_x).cells() == same_x.cells())
    }

    /// The label of each row, if all are certain.
    ///
    /// # Errors
    /// If p(y|x) leaves a label open.
    pub fn labels(&self) -> Result<Vec<usize>, EstimateError> {
        let p = self.joint.p_y_given_x();
        let label = |row: ndarray::ArrayView1<f64>| row.iter().position(|&p| p == 1.0);
        p.outer_iter().map(|row| label(row).ok_or(EstimateError::SoftLabels)).collect()
    }
}

/// The square of what is larger is no number any more.
const GREATEST: f64 = 1e100;

/// Checks that all are numbers.
fn check_finite(sample: ArrayView2<f64>) -> Result<(), EstimateError> {
    // In the order of memory and without places, which are slow to count, as long as nothing is found.
    let is_fine = |value: &f64| value.abs() <= GREATEST;
    if sample.fold(true, |all, value| all & is_fine(value)) {
        return Ok(());
    }
    match sample.indexed_iter().find(|(_, value)| !is_fine(value)) {
        Some(((row, unit), &value)) if value.is_finite() => Err(EstimateError::TooLarge { row, unit, value }),
        Some(((row, unit), &value)) => Err(EstimateError::NotFinite { row, unit, value }),
        None => Ok(()),
    }
}

/// I(X;T) and I(T;Y).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Information {
    /// I(X;T).
    pub i_xt: Estimate,
    /// I(T;Y).
    pub i_ty: Estimate,
}

/// A number in bits, with what is known about its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate, in bits.
    pub bits: f64,
    /// A lower bound in bits, where the method has one.
    pub lower: Option<f64>,
    /// An upper bound in bits, where the method has one.
    pub upper: Option<f64>,
    /// A standard error in bits, where the method has one.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// A number without a known error.
    pub fn point(bits: f64) -> Self {
        Self { bits, lower: None, upper: None, standard_error: None }
    }

    /// Infinite, and known to be: a continuous variable and a function of it.
    pub fn infinite() -> Self {
        Self { bits: f64::INFINITY, lower: Some(f64::INFINITY), upper: None, standard_error: None }
    }

    /// Exact for the discrete variable it is about: nothing was sampled.
    pub fn exact(bits: f64) -> Self {
        Self { bits, lower: Some(bits), upper: Some(bits), standard_error: None }
    }
}

/// Why there is no number. Estimators never answer 0 for "undefined".
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// Activations and p(x, y) of different lengths.
    #[error("there are {activations} rows of activations but {joint} x's in p(x, y); one row per x is needed")]
    Rows {
        /// Rows of activations.
        activations: usize,
        /// Values of x.
        joint: usize,
    },
    /// Activations without columns.
    #[error("the activations have no units (0 columns)")]
    NoUnits,
    /// A NaN or infinity.
    #[error("the activation of unit {unit} in row {row} is {value}; information needs finite numbers")]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        unit: usize,
        /// The value.
        value: f64,
    },
    /// A number whose square is none.
    #[error(
        "the activation of unit {unit} in row {row} is {value:e}; beyond 1e100 nothing can be computed: scale the data down"
    )]
    TooLarge {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        unit: usize,
        /// The value.
        value: f64,
    },
    /// A column whose values hardly differ.
    #[error(
        "the values of unit {unit} differ by {spread:e} at most, the square of which is no number any more: scale the data up"
    )]
    TooAlike {
        /// Column, from 0.
        unit: usize,
        /// Its greatest value less its least.
        spread: f64,
    },
    /// More symbols than there are said to be.
    #[error("the layer takes {seen} different values, more than the {stated} that symbols={stated} states")]
    Symbols {
        /// Values seen.
        seen: usize,
        /// Values stated.
        stated: usize,
    },
    /// Labels that are not certain, for a method that needs samples.
    #[error("this estimator needs samples with certain labels, but p(y|x) leaves labels open")]
    SoftLabels,
    /// A method asked for more neighbours than there are samples.
    #[error("k = {k} nearest neighbours need at least {} samples, but there are {samples}", k + 1)]
    TooFewSamples {
        /// Neighbours asked for.
        k: usize,
        /// Samples there are.
        samples: usize,
    },
    /// As many columns as rows, between which a line can always be drawn.
    #[error(
        "{columns} columns need more rows than that, but there are {rows}; the correlations of fewer are made of chance"
    )]
    TooFewRows {
        /// Rows there are.
        rows: usize,
        /// Columns of both sides.
        columns: usize,
    },
    /// Samples of different numbers.
    #[error(
        "the first sample has {first} rows and the second {second}; each row of the one belongs to a row of the other"
    )]
    PairRows {
        /// Rows of the first.
        first: usize,
        /// Rows of the second.
        second: usize,
    },
    /// A method that has no I(A;B) of two continuous samples.
    #[error(
        "this estimator has no information between two samples; ksg, mixed-ksg, gaussian, gaussian-mixture, cca, edge, binning, \
         plugin, sliced, renyi and the neural bounds have"
    )]
    NoPairs,
    /// More cells than can be enumerated.
    #[error(
        "{rows} rows of {units} units, each in one of two bins, are more than the {most} cells that are enumerated; dithered \
         noise is for narrow layers"
    )]
    Intractable {
        /// Units of the layer.
        units: usize,
        /// Rows.
        rows: usize,
        /// Pairs of a row and a cell that are enumerated.
        most: usize,
    },
    /// A trained critic that came to nothing.
    #[error("{0}")]
    Critic(String),
    /// Net inputs asked for but not given.
    #[error("bins of the net input need the net inputs of the layer, which these data do not have")]
    NoNetInput,
    /// Inputs asked for but not given.
    #[error("I(X;T) by this estimator needs the inputs x")]
    NoInputs,
    /// Numbers that fell out of floating point.
    #[error("{what} is not a finite number at these settings; {advice}")]
    Degenerate {
        /// What could not be computed.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A value that no bin holds.
    #[error(
        "the activation of unit {unit} in row {row} is {value}, outside the range {low}..{high} of the bins; widen the range or the \
         bins, or use binning:width=…"
    )]
    OutOfRange {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        unit: usize,
        /// The value.
        value: f64,
        /// Lower end of the range.
        low: f64,
        /// Upper end of the range.
        high: f64,
    },
}

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
            "mixed-ksg:k=3",
            "gaussian",
            "gaussian-mixture:bound=lower",
            "cca",
            "edge",
            "edge:seed=3",
            "sliced:projections=50,k=3,seed=0",
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

    #[test]
    fn rows_that_are_not_finite_or_not_one_per_x_are_refused() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0]).unwrap();
        let nan = ndarray::array![[0.0, 1.0], [f64::NAN, 2.0]];
        assert!(matches!(Sample::new(nan.view(), &joint), Err(EstimateError::NotFinite { row: 1, unit: 0, .. })));
        let large = ndarray::array![[0.0, 1.0], [1e200, 2.0]];
        assert!(matches!(Sample::new(large.view(), &joint), Err(EstimateError::TooLarge { row: 1, unit: 0, .. })));
        let short = ndarray::array![[0.0]];
        assert!(matches!(Sample::new(short.view(), &joint), Err(EstimateError::Rows { activations: 1, joint: 2 })));
    }
}
