//! Measures weights as they come.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::train::LearningResult;
use infoplane_experiments::rows::InformationRow;

use crate::epochs::Epochs;
use crate::error::Error;
use crate::folder::Folder;
use crate::gradients::{self, EpochMoments, WithGradients};
use crate::layer::Layer;
use crate::lock;
use crate::measurement::Measurement;
use crate::metric::InformationMetric;
use crate::observe::{Observe, observed};
use crate::plane::Plane;
use crate::record::Record;
use crate::words;

/// Measures a model's layers as burn-train trains it. Clones share what was recorded.
pub struct Recorder<M> {
    pub(crate) shared: Arc<Shared<M>>,
}

impl<M> Clone for Recorder<M> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<M> std::fmt::Debug for Recorder<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Measurement { names, methods, .. } = &self.shared.measurement;
        f.debug_struct("Recorder").field("layers", names).field("estimators", methods).finish_non_exhaustive()
    }
}

/// What the recorder, the checkpointer and the strategy share.
pub(crate) struct Shared<M> {
    measurement: Measurement,
    epochs: Epochs,
    folder: Folder,
    /// A module may be sent to another thread, but not shared between two.
    model: Mutex<(M, Observe<M>)>,
    pub(crate) record: Arc<Mutex<Record>>,
    /// Where gradients come from, if they are watched.
    gradients: OnceLock<Arc<Mutex<EpochMoments>>>,
}

impl<M: Module + 'static> Recorder<M> {
    /// Of the model about to be trained, with a closure that gives its layers over all patterns, from the input to the output, in the
    /// order of the labels. Measures epoch 0 at once, so that what cannot work is refused before any training. The model that the closure
    /// sees has no autodiff and is in validation mode (no dropout). The folder is made, or must hold this run already: it is then written
    /// anew.
    ///
    /// # Errors
    /// If an estimator is not known or undefined on the first activations, the training sample or its labels do not fit, the closure
    /// panics or returns layers that do not fit the patterns, or the folder belongs to another run or cannot be written.
    pub fn new(
        model: &M,
        plane: Plane,
        folder: impl AsRef<Path>,
        layers: impl Fn(&M) -> Vec<Layer> + Send + 'static,
    ) -> Result<Self, Error> {
        let methods = plane.methods()?;
        let model = model.valid();
        let observe: Observe<M> = Box::new(layers);
        let first = observed(&model, &observe, plane.joint.n_x(), 0)?;
        let measurement = Measurement::new(&plane, methods, &first)?;
        let start = measurement.rows(&first, 0)?;
        let folder = Folder::claim(folder.as_ref(), &plane, &measurement, &model).map_err(|e| Error::files(&e))?;
        let mut record = Record::default();
        record.add(0, start, Vec::new());
        let shared = Shared {
            measurement,
            epochs: plane.epochs,
            folder,
            model: Mutex::new((model, observe)),
            record: Arc::new(Mutex::new(record)),
            gradients: OnceLock::new(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The rows recorded so far, in bits.
    pub fn rows(&self) -> Vec<InformationRow> {
        lock(&self.shared.record).tables.information.clone()
    }

    /// I(X;T) and I(T;Y) of a layer as burn-train's metrics, through the first estimator, as last recorded: for its terminal view, its logs
    /// and early stopping: `.metrics(recorder.metrics("hidden")?)`.
    ///
    /// # Errors
    /// If the closure gives no layer of that name.
    pub fn metrics(&self, layer: &str) -> Result<(InformationMetric, InformationMetric), Error> {
        let Measurement { names, methods, .. } = &self.shared.measurement;
        let place = names.iter().position(|name| name == layer);
        let place = place.ok_or_else(|| Error::UnknownLayer { name: layer.to_owned(), layers: names.clone() })?;
        let estimator = methods.first().ok_or(Error::NoEstimator)?.to_string();
        Ok(InformationMetric::pair(layer, place + 1, &estimator, &self.shared.record))
    }

    /// What the numbers say, in sentences: each layer at the last epoch through each estimator, in bits, which of these say nothing, since
    /// the estimator tells all patterns apart, and how many labels are predicted.
    pub fn summary(&self) -> String {
        words::summary(&self.shared.measurement, &lock(&self.shared.record).tables)
    }

    /// Measures the last epoch if no schedule named it (an early stop's), and writes `information_plane.csv`, `training.csv` and
    /// `gradients.csv` where they were asked for, `curve.csv` where it is quickly found, the plane as a picture, and `run.json`.
    ///
    /// # Errors
    /// If the closure panicked on the way, something replaced the recorder in burn-train's chain, training stopped on an error, or a file
    /// cannot be written. What was measured before stays in [`Recorder::rows`].
    pub fn finish(&self, result: &LearningResult<M>) -> Result<(), Error> {
        if let Some(failure) = lock(&self.shared.record).failure.take() {
            return Err(failure);
        }
        let last = self.last_epoch(result)?;
        // After an interruption the weights may be those of the middle of an epoch.
        if result.interrupted.is_none() && !lock(&self.shared.record).measured.contains(&last) {
            let layers = {
                let model = lock(&self.shared.model);
                observed(&result.model.valid(), &model.1, self.shared.measurement.joint.n_x(), last)?
            };
            self.shared.measure(&result.model, &layers, last)?;
        }
        let mut record = lock(&self.shared.record);
        if let Some(stop) = &result.interrupted {
            let reason = stop.reason.as_deref().unwrap_or("no reason given");
            record.notes.push(format!("training was stopped after epoch {last}: {reason}"));
        }
        if self.shared.gradients.get().is_some() && last > 0 && record.tables.gradients.is_empty() {
            return Err(Error::NoGradients);
        }
        self.shared.folder.complete(&record, &self.shared.measurement).map_err(|error| Error::files(&error))
    }

    /// The last complete epoch, if burn-train asked this recorder and no other.
    fn last_epoch(&self, result: &LearningResult<M>) -> Result<usize, Error> {
        let record = lock(&self.shared.record);
        let none_arrived = record.arrived.is_empty();
        if let Some(error) = &result.error {
            return Err(Error::Training { epoch: record.last_epoch.unwrap_or(0), message: error.to_string() });
        }
        match record.last_epoch {
            Some(_) if none_arrived && record.waits() => {
                Err(Error::Replaced { what: "other checkpointers took its place" })
            }
            Some(last) => Ok(last),
            None if !none_arrived => Err(Error::Replaced { what: "another checkpointing strategy took its place" }),
            None if result.interrupted.is_some() => Err(Error::NoEpoch),
            None => Err(Error::Replaced { what: "its checkpointers and strategy saw no epoch" }),
        }
    }
}

impl<M: Module + 'static> Recorder<WithGradients<M>> {
    /// Records the gradients of this model's steps at the same epochs, for `gradients.csv`.
    #[must_use]
    pub fn gradients_of(self, model: &WithGradients<M>) -> Self {
        self.shared.gradients.get_or_init(|| Arc::clone(&model.moments));
        self
    }
}

impl<M: Module + 'static> Shared<M> {
    /// An epoch is over: whether it is recorded. Called on the training thread, between two epochs.
    pub(crate) fn end(&self, epoch: usize) -> bool {
        let moments = self.gradients.get().map(|moments| std::mem::take(&mut *lock(moments))).unwrap_or_default();
        let mut record = lock(&self.record);
        let is_named = self.epochs.includes(epoch, record.last_named);
        record.end(epoch, is_named, moments);
        is_named
    }

    /// Weights of an epoch: loads and measures them if it is to be recorded. The first failure is kept for [`Recorder::finish`]; a panic
    /// here would end the process.
    pub(crate) fn receive(&self, epoch: usize, weights: ModuleRecord) -> Result<(), String> {
        let is_wanted = {
            let mut record = lock(&self.record);
            record.arrived.insert(epoch);
            record.failure.is_none() && record.wants(epoch)
        };
        if !is_wanted {
            return Ok(());
        }
        let measured = || {
            let (loaded, layers) = {
                let model = lock(&self.model);
                let loaded = model.0.clone().try_load_record(weights);
                let loaded = loaded.map_err(|error| Error::Weights { epoch, message: error.to_string() })?;
                let layers = observed(&loaded, &model.1, self.measurement.joint.n_x(), epoch)?;
                (loaded, layers)
            };
            self.measure(&loaded, &layers, epoch)
        };
        self.kept(measured())
    }

    /// Writes the tables as they are, for a training that may be resumed.
    pub(crate) fn write_along(&self) -> Result<(), String> {
        let written = self.folder.write_tables(&lock(&self.record).tables);
        self.kept(written.map_err(|error| Error::files(&error)))
    }

    /// Training goes on from a checkpoint, and the plane from the folder's rows up to it.
    pub(crate) fn resume(&self, epoch: usize) -> Result<(), String> {
        let tables = self.folder.read_tables(epoch).map_err(|error| format!("{error:#}"))?;
        lock(&self.record).resume(epoch, tables);
        Ok(())
    }

    fn measure(&self, model: &M, layers: &[Layer], epoch: usize) -> Result<(), Error> {
        let measured = self.measurement.rows(layers, epoch)?;
        let moments = lock(&self.record).take_moments(epoch);
        let gradients = gradients::rows(model, &moments, &self.measurement, epoch);
        lock(&self.record).add(epoch, measured, gradients);
        Ok(())
    }

    /// Keeps a failure, and says it.
    fn kept(&self, outcome: Result<(), Error>) -> Result<(), String> {
        outcome.map_err(|error| {
            let text = error.to_string();
            lock(&self.record).failure.get_or_insert(error);
            text
        })
    }
}
