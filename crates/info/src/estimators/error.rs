//! What an estimator answers where there is no number.

use thiserror::Error;

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
    /// No two rows with the same label.
    #[error(
        "every label occurs once, so no two rows are of one class; nearest neighbours of a class need at least two"
    )]
    LabelsOccurOnce,
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
        "this estimator has no information between two samples; ksg, lnc, mixed-ksg, gaussian, gaussian-mixture, cca, edge, binning, \
         plugin, sliced, renyi and the neural bounds have, and probe where one side is few classes"
    )]
    NoPairs,
    /// A method of two continuous samples only.
    #[error(
        "this estimator has no information about labels, only between two continuous samples; ksg and mixed-ksg have both"
    )]
    PairsOnly,
    /// A method whose number is no mean over rows.
    #[error(
        "this estimator says nothing of single rows; ksg, mixed-ksg, plugin without a correction, binning and its like do, of labels \
         probe, of pairs lnc"
    )]
    NoPointwise,
    /// More columns than a method is made for.
    #[error("this estimator is made for {most} columns of both samples together at most, but there are {columns}")]
    TooManyColumns {
        /// Columns of both samples.
        columns: usize,
        /// The most.
        most: usize,
    },
    /// Fewer neighbours than columns.
    #[error("{k} neighbours fill no box in {columns} columns; take k={columns} or more, or leave k out")]
    TooFewNeighbours {
        /// Neighbours asked for.
        k: usize,
        /// Columns of both samples.
        columns: usize,
    },
    /// A method that has no I(A;B|C).
    #[error("this estimator has no information given a third sample; ksg and plugin have")]
    NoConditional,
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
    /// Noise below the last digits of what it is added to.
    #[error(
        "noise of {sigma:e} is lost in rounding beside activations of {greatest:e}; choose a sigma above {:e}, or plugin, to which any \
         difference is one",
        greatest * 1e-8
    )]
    NoiseTooSmall {
        /// Standard deviation of the noise.
        sigma: f64,
        /// The greatest size of an activation.
        greatest: f64,
    },
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
