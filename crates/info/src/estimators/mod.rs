//! Mutual-information estimators: one estimator = one file = one paper.
//!
//! | name | file | what it really measures |
//! |---|---|---|
//! | `binning:width=…`, `binning:bins=…,range=…` | [`binning`] | I of the binned activations: clustering at that width |
//! | `idnns:edges=…` | [`idnns`] | the same, in the exact convention of the paper's public code |
//!
//! To add one: write its file with a settings struct that implements [`Estimator`], add it to the list at the end of this
//! page, and it is known to every program by its name.

pub mod binning;
pub mod idnns;
pub mod settings;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::distribution::JointDistribution;
use settings::{SettingError, Settings};

/// What an estimator looks at: one representation T of every x.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Activations, shape [n × d]: row i is t(x_i).
    pub t: ArrayView2<'a, f64>,
    /// p(x, y) over the same n x's.
    pub joint: &'a JointDistribution,
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
        match t.indexed_iter().find(|(_, value)| !value.is_finite()) {
            Some(((row, unit), &value)) => Err(EstimateError::NotFinite { row, unit, value }),
            None => Ok(Self { t, joint }),
        }
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
    /// A value that no bin holds.
    #[error(
        "the activation of unit {unit} in row {row} is {value}, outside the range {low}..{high} of the bins; widen the range, or use binning:width=… which has no range"
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
                    $(Self::$variant(estimator) => write!(f, "{}:{estimator}", $name),)*
                }
            }
        }

        impl Estimator for EstimatorKind {
            fn estimate(&self, sample: &Sample) -> Result<Information, EstimateError> {
                match self {
                    $(Self::$variant(estimator) => estimator.estimate(sample),)*
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
        for text in ["binning:width=0.07", "binning:bins=30,range=-1..1", "idnns:edges=30"] {
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
        assert!(error("idnns:edges=one").contains("edges"));
    }

    #[test]
    fn rows_that_are_not_finite_or_not_one_per_x_are_refused() {
        let joint = JointDistribution::uniform_binary(&[0.0, 1.0]).unwrap();
        let nan = ndarray::array![[0.0, 1.0], [f64::NAN, 2.0]];
        assert!(matches!(Sample::new(nan.view(), &joint), Err(EstimateError::NotFinite { row: 1, unit: 0, .. })));
        let short = ndarray::array![[0.0]];
        assert!(matches!(Sample::new(short.view(), &joint), Err(EstimateError::Rows { activations: 1, joint: 2 })));
    }
}
