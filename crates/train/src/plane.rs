//! What is observed: p(x, y), estimators, epochs, the training sample, names of the run.

use infoplane_experiments::methods::Method;
use infoplane_experiments::rows::Condition;
use infoplane_experiments::tasks::Split;
use infoplane_info::JointDistribution;

use crate::epochs::Epochs;
use crate::error::Error;

/// What is observed, and what the run is called.
#[derive(Debug, Clone)]
pub struct Plane {
    pub(crate) dataset: String,
    pub(crate) joint: JointDistribution,
    pub(crate) estimators: Vec<String>,
    pub(crate) epochs: Epochs,
    pub(crate) condition: String,
    pub(crate) activation: String,
    pub(crate) replica: usize,
    pub(crate) seed: u64,
    /// Patterns that train, and how many of them make a mini-batch.
    trained: Option<(Vec<usize>, usize)>,
    labels: Option<Vec<u32>>,
}

/// The training sample, as `training.csv` needs it.
#[derive(Debug, Clone)]
pub(crate) struct Trained {
    pub split: Split,
    pub batch_size: usize,
}

impl Plane {
    /// Of equally likely patterns, each with one label for certain, from 0 to `classes` − 1. Every row is an x of its own.
    ///
    /// # Errors
    /// If there is no pattern, or a label is outside its classes.
    pub fn of_labels(dataset: impl Into<String>, labels: Vec<u32>, classes: usize) -> Result<Self, Error> {
        check_labels(&labels, classes)?;
        Ok(Self::of_joint(dataset, JointDistribution::of_labels(labels, classes)?))
    }

    /// Of a known p(x, y), in the order of the patterns.
    pub fn of_joint(dataset: impl Into<String>, joint: JointDistribution) -> Self {
        Self {
            dataset: dataset.into(),
            joint,
            estimators: vec!["binning:width=0.07".to_owned()],
            epochs: Epochs::Growing,
            condition: "custom".to_owned(),
            activation: "custom".to_owned(),
            replica: 0,
            seed: 0,
            trained: None,
            labels: None,
        }
    }

    /// Measured by these estimators, written as `estimate` writes them, instead of `binning:width=0.07`; the first is drawn.
    #[must_use]
    pub fn estimators<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        Self { estimators: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// Measured at these epochs instead of growing steps. Epoch 0 and the last one always are.
    #[must_use]
    pub fn epochs(self, epochs: Epochs) -> Self {
        Self { epochs, ..self }
    }

    /// Which patterns train, in mini-batches of so many: with it, and an output given by [`crate::Layer::logits`], losses and accuracies of
    /// the training sample and of the other patterns are written to `training.csv`.
    #[must_use]
    pub fn trained_on(self, patterns: impl IntoIterator<Item = usize>, batch_size: usize) -> Self {
        Self { trained: Some((patterns.into_iter().collect(), batch_size)), ..self }
    }

    /// The labels that training is shown, one a pattern, where they are not those of p(y|x) for certain: noisy ones, or drawn ones.
    #[must_use]
    pub fn labelled(self, labels: Vec<u32>) -> Self {
        Self { labels: Some(labels), ..self }
    }

    /// The columns `condition` and `activation` of the tables, both "custom" unless named.
    #[must_use]
    pub fn named(self, condition: impl Into<String>, activation: impl Into<String>) -> Self {
        Self { condition: condition.into(), activation: activation.into(), ..self }
    }

    /// Which network this is, for the tables: its number from 0, and its seed.
    #[must_use]
    pub fn replica(self, replica: usize, seed: u64) -> Self {
        Self { replica, seed, ..self }
    }

    /// The estimators, parsed.
    pub(crate) fn methods(&self) -> Result<Vec<Method>, Error> {
        if self.estimators.is_empty() {
            return Err(Error::NoEstimator);
        }
        let parse = |name: &String| name.parse().map_err(|source| Error::Estimator { name: name.clone(), source });
        self.estimators.iter().map(parse).collect()
    }

    /// The training sample, if there is one, checked.
    pub(crate) fn trained(&self) -> Result<Option<Trained>, Error> {
        let Some((patterns, batch_size)) = &self.trained else { return Ok(None) };
        let n = self.joint.n_x();
        let mut train = Vec::with_capacity(patterns.len());
        for &pattern in patterns {
            let index = u32::try_from(pattern).ok().filter(|_| pattern < n);
            train.push(index.ok_or(Error::Pattern { pattern, patterns: n })?);
        }
        if train.is_empty() || *batch_size == 0 {
            return Err(Error::NoSample);
        }
        let labels = match &self.labels {
            Some(labels) if labels.len() != n => return Err(Error::Labels { labels: labels.len(), patterns: n }),
            Some(labels) => labels.clone(),
            None => (0..n).map(|x| self.certain(x, patterns)).collect::<Result<_, _>>()?,
        };
        check_labels(&labels, self.joint.n_y())?;
        Ok(Some(Trained { split: Split { train, labels }, batch_size: *batch_size }))
    }

    /// The label of a pattern. Those that do not train are never looked up.
    fn certain(&self, x: usize, trained: &[usize]) -> Result<u32, Error> {
        match self.joint.certain_label(x) {
            Some(label) => Ok(label as u32),
            None if trained.contains(&x) => Err(Error::OpenLabel { pattern: x }),
            None => Ok(0),
        }
    }

    /// What the rows say of the run; `architecture` are the layers' names.
    pub(crate) fn condition(&self, layers: &[String]) -> Condition {
        let n = self.joint.n_x() as f64;
        Condition {
            dataset: self.dataset.clone(),
            architecture: layers.join("-"),
            condition: self.condition.clone(),
            activation: self.activation.clone(),
            train_fraction: self.trained.as_ref().map_or(1.0, |(patterns, _)| patterns.len() as f64 / n),
        }
    }
}

fn check_labels(labels: &[u32], classes: usize) -> Result<(), Error> {
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(pattern) => Err(Error::Label { pattern, label: labels[pattern], classes }),
        None => Ok(()),
    }
}
