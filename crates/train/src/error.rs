//! What is refused, and why.

use infoplane_info::EstimateError;
use infoplane_info::distribution::DistributionError;
use infoplane_info::estimators::settings::SettingError;
use thiserror::Error;

/// Why a plane could not be recorded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Labels or a joint distribution that cannot be.
    #[error("the labels cannot be used: {0}")]
    Joint(#[from] DistributionError),
    /// A label outside its classes.
    #[error("label {label} of pattern {pattern} is not one of the {classes} classes 0 to {}", classes.saturating_sub(1))]
    Label {
        /// The pattern, from 0.
        pattern: usize,
        /// Its label.
        label: u32,
        /// How many classes were announced.
        classes: usize,
    },
    /// A training pattern that is not there.
    #[error("`trained_on` names pattern {pattern}, and there are {patterns}, counted from 0")]
    Pattern {
        /// The pattern.
        pattern: usize,
        /// How many there are.
        patterns: usize,
    },
    /// Nothing trains.
    #[error("`trained_on` needs at least one pattern, and mini-batches of at least one")]
    NoSample,
    /// Not one label for each pattern.
    #[error("`labelled` has {labels} labels for {patterns} patterns")]
    Labels {
        /// How many labels.
        labels: usize,
        /// How many patterns.
        patterns: usize,
    },
    /// A training pattern whose label p(y|x) leaves open.
    #[error(
        "p(y|x) leaves the label of the training pattern {pattern} open: `.labelled(…)` says which labels training is shown"
    )]
    OpenLabel {
        /// The pattern, from 0.
        pattern: usize,
    },
    /// Logits of other classes.
    #[error("the output has {outputs} logits for {classes} classes (two classes may have one)")]
    Outputs {
        /// Columns of the logits.
        outputs: usize,
        /// Values of Y.
        classes: usize,
    },
    /// A layer that the closure did not name.
    #[error("there is no layer \"{name}\"; the closure gives {layers:?}")]
    UnknownLayer {
        /// As it was written.
        name: String,
        /// Those there are.
        layers: Vec<String>,
    },
    /// An estimator that is not known, or has impossible settings.
    #[error("estimator \"{name}\": {source}")]
    Estimator {
        /// As it was written.
        name: String,
        /// What is wrong.
        source: SettingError,
    },
    /// Nothing to measure with.
    #[error("no estimator is named; `binning:width=0.07` is the paper's")]
    NoEstimator,
    /// The closure returned no layers.
    #[error("the closure returned no layers at epoch {epoch}; return at least one named tensor")]
    NoLayers {
        /// Epochs trained.
        epoch: usize,
    },
    /// The closure panicked.
    #[error("the closure that gives the layers panicked at epoch {epoch}: {message}")]
    Closure {
        /// Epochs trained.
        epoch: usize,
        /// What the panic said.
        message: String,
    },
    /// A layer without one row a pattern.
    #[error(
        "layer \"{layer}\" has {rows} rows for {patterns} patterns at epoch {epoch}: its first dimension must count the patterns, in the \
         order of the labels"
    )]
    Rows {
        /// Its name.
        layer: String,
        /// Its first dimension.
        rows: usize,
        /// Patterns of the joint distribution.
        patterns: usize,
        /// Epochs trained.
        epoch: usize,
    },
    /// Layers that are not those of the start.
    #[error(
        "the closure returned the layers {now:?} at epoch {epoch}, but {before:?} at the start: names and order must stay"
    )]
    Names {
        /// Epochs trained.
        epoch: usize,
        /// At the start.
        before: Vec<String>,
        /// Now.
        now: Vec<String>,
    },
    /// An estimator that is undefined on the first activations.
    #[error("{estimator} is undefined on layer \"{layer}\" at the start: {source}")]
    Estimate {
        /// The estimator.
        estimator: String,
        /// The layer.
        layer: String,
        /// Why.
        source: EstimateError,
    },
    /// Weights that do not fit the model that the recorder was made of.
    #[error("the weights of epoch {epoch} do not fit the model that the recorder was made of: {message}")]
    Weights {
        /// Epochs trained.
        epoch: usize,
        /// What burn says.
        message: String,
    },
    /// Something later in the chain replaced the recorder, or it was never attached.
    #[error(
        "the recorder was never asked to record: {what}. Call `.record_plane(&recorder)` last, after every `with_…checkpointer…` and \
         `with_checkpointing_strategy`; `.record_plane_and_save(…)` keeps checkpoints beside it"
    )]
    Replaced {
        /// Which part is missing.
        what: &'static str,
    },
    /// Gradients were to be watched, and none came.
    #[error(
        "no gradients came: train the `WithGradients` model, or a clone of it, that was given to `gradients_of`, on one device"
    )]
    NoGradients,
    /// burn-train stopped on an error.
    #[error("training stopped on an error after epoch {epoch}: {message}")]
    Training {
        /// The last complete epoch.
        epoch: usize,
        /// What burn-train says.
        message: String,
    },
    /// Training was stopped before its first epoch was complete.
    #[error("training was stopped before its first epoch was complete: there is no plane to write")]
    NoEpoch,
    /// A file that cannot be written or read, or a folder of another run.
    #[error("{0}")]
    Files(String),
}

impl Error {
    /// A failure in writing a run's folder, with all its causes.
    pub(crate) fn files(error: &anyhow::Error) -> Self {
        Self::Files(format!("{error:#}"))
    }
}
