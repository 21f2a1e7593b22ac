//! The two lines: burn-train's checkpointer and strategy, which hand the weights over.

use std::path::Path;

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::optim::lr_scheduler::LrSchedulerRecord;
use burn::store::ModuleRecord;
use burn::train::checkpoint::{
    Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy, FileCheckpointer,
};
use burn::train::metric::store::EventStoreClient;
use burn::train::{LearnerModel, SupervisedTraining};

use crate::lock;
use crate::recorder::Recorder;

/// Attaches a [`Recorder`] to burn-train's builder. It takes the place of checkpointers and strategy, so call it last.
pub trait RecordPlane<M>: Sized {
    /// Records the plane; keeps no checkpoints. What goes wrong on the way (the closure panics) ends training as burn-train's `result.error`,
    /// and [`Recorder::finish`] says it.
    #[must_use]
    fn record_plane(self, recorder: &Recorder<M>) -> Self;

    /// Records the plane and keeps the checkpoints that `strategy` names as files in `directory`, named as burn-train names them. With
    /// `.checkpoint(n)` training goes on from them, and the plane from what the recorder's folder holds up to epoch n; without either,
    /// burn-train ends in a panic before it trains.
    #[must_use]
    fn record_plane_and_save(
        self,
        recorder: &Recorder<M>,
        directory: impl AsRef<Path>,
        strategy: impl CheckpointingStrategy + 'static,
    ) -> Self;
}

impl<M: LearnerModel> RecordPlane<M> for SupervisedTraining<M> {
    fn record_plane(self, recorder: &Recorder<M>) -> Self {
        let weights = Weights { recorder: recorder.clone(), files: None };
        self.with_custom_checkpointers(weights, Files::none(), Files::none())
            .with_checkpointing_strategy(Schedule { recorder: recorder.clone(), files: None })
    }

    fn record_plane_and_save(
        self,
        recorder: &Recorder<M>,
        directory: impl AsRef<Path>,
        strategy: impl CheckpointingStrategy + 'static,
    ) -> Self {
        let files = |name| FileCheckpointer::new(&directory, name);
        let beside = |name| Files { files: Some((files(name), recorder.clone())) };
        let weights = Weights { recorder: recorder.clone(), files: Some(files("model")) };
        self.with_custom_checkpointers(weights, beside("optim"), beside("scheduler"))
            .with_checkpointing_strategy(Schedule { recorder: recorder.clone(), files: Some(Box::new(strategy)) })
    }
}

fn no_files(epoch: usize) -> CheckpointerError {
    CheckpointerError::Unknown(format!(
        "there is no checkpoint of epoch {epoch}: `.record_plane` keeps none, `.record_plane_and_save` does"
    ))
}

/// Names the epochs that are recorded, and those that are kept as files.
struct Schedule<M> {
    recorder: Recorder<M>,
    files: Option<Box<dyn CheckpointingStrategy>>,
}

impl<M: Module + 'static> CheckpointingStrategy for Schedule<M> {
    fn checkpointing(&mut self, epoch: usize, events: &EventStoreClient) -> Vec<CheckpointingAction> {
        let mut actions = self.files.as_mut().map_or_else(Vec::new, |files| files.checkpointing(epoch, events));
        let is_kept = actions.contains(&CheckpointingAction::Save);
        let is_named = self.recorder.shared.end(epoch);
        if is_kept {
            lock(&self.recorder.shared.record).to_files.insert(epoch);
        } else if is_named {
            actions.push(CheckpointingAction::Save);
        }
        actions
    }
}

/// Measures weights, and keeps those that the strategy for files named.
struct Weights<M> {
    recorder: Recorder<M>,
    files: Option<FileCheckpointer>,
}

impl<M: Module + 'static> Checkpointer<ModuleRecord> for Weights<M> {
    fn save(&self, epoch: usize, weights: ModuleRecord) -> Result<(), CheckpointerError> {
        let shared = &self.recorder.shared;
        let files = self.files.as_ref().filter(|_| lock(&shared.record).to_files.contains(&epoch));
        let Some(files) = files else {
            return shared.receive(epoch, weights).map_err(CheckpointerError::Unknown);
        };
        shared.receive(epoch, weights.clone()).map_err(CheckpointerError::Unknown)?;
        // Before the checkpoint: whoever goes on from that finds the plane up to it.
        shared.write_along().map_err(CheckpointerError::Unknown)?;
        files.save(epoch, weights)
    }

    fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
        match &self.files {
            Some(files) => Checkpointer::<ModuleRecord>::delete(files, epoch),
            None => Ok(()),
        }
    }

    fn restore(&self, epoch: usize) -> Result<ModuleRecord, CheckpointerError> {
        let weights = self.files.as_ref().ok_or_else(|| no_files(epoch))?.restore(epoch)?;
        self.recorder.shared.resume(epoch).map_err(CheckpointerError::Unknown)?;
        Ok(weights)
    }
}

/// Keeps optimiser or scheduler where the weights are kept.
struct Files<M> {
    files: Option<(FileCheckpointer, Recorder<M>)>,
}

impl Files<()> {
    fn none() -> Self {
        Self { files: None }
    }
}

macro_rules! beside_weights {
    ($($record:ty),*) => {
        $(impl<M: Send + 'static> Checkpointer<$record> for Files<M> {
            fn save(&self, epoch: usize, state: $record) -> Result<(), CheckpointerError> {
                match &self.files {
                    Some((files, recorder)) if lock(&recorder.shared.record).to_files.contains(&epoch) => {
                        files.save(epoch, state)
                    }
                    _ => Ok(()),
                }
            }

            fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
                match &self.files {
                    Some((files, _)) => Checkpointer::<$record>::delete(files, epoch),
                    None => Ok(()),
                }
            }

            fn restore(&self, epoch: usize) -> Result<$record, CheckpointerError> {
                self.files.as_ref().ok_or_else(|| no_files(epoch))?.0.restore(epoch)
            }
        })*
    };
}

beside_weights!(OptimizerRecord, LrSchedulerRecord);
