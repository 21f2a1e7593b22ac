//! The information plane of any burn model that burn-train trains.
//!
//! | file | what |
//! |---|---|
//! | [`layer`] | a layer's tensor of any rank, flattened to one row a pattern |
//! | [`plane`], [`epochs`] | what is observed: p(x, y), estimators, the training sample, names of the run; at which epochs |
//! | [`recorder`] | measures weights as they come |
//! | [`attach`] | the two lines: burn-train's checkpointer and strategy, which hand the weights over |
//! | [`gradients`] | opt-in: the signal-to-noise ratio of mini-batch gradients |
//! | [`metric`] | information beside loss and accuracy in burn-train's view |
//! | `observe`, `measurement`, `record`, `folder`, `words` | the closure guarded; layers to rows; what is known so far; the run's files; what its numbers say |
//! | [`quiet`] | a renderer that says nothing |
//! | [`error`] | what is refused, and why |
//!
//! burn-train hands weights to checkpointers at the end of an epoch, on a thread of their own. [`Recorder`] is one: it loads them into a
//! copy of the model, asks the caller's closure for the layers over all patterns, measures I(X;T) and I(T;Y) in bits and drops
//! them. Training is not touched: with and without a recorder its weights are the same to the last bit, as long as the closure draws no
//! numbers from burn's global generator. A measurement that takes longer than the epochs until the next makes training wait for it.
//!
//! ```no_run
//! use burn::prelude::*;
//! use infoplane_train::{Layer, Plane, RecordPlane, Recorder};
//! # use burn::train::{Learner, LearnerModel, SupervisedTraining};
//! # trait Stranger { fn hidden(&self, x: Tensor<2>) -> Tensor<3>; fn forward(&self, x: Tensor<2>) -> Tensor<2>; }
//! # fn main() {}
//! # fn train<M: LearnerModel + Stranger>(
//! #     model: M, x: Tensor<2>, labels: Vec<u32>, training: SupervisedTraining<M>,
//! #     learner: impl FnOnce(M) -> Learner<M>,
//! # ) -> Result<(), infoplane_train::Error> {
//! // Patterns x, one a row, and their labels; `model` is the one about to be trained.
//! let plane = Plane::of_labels("my task", labels, 10)?.trained_on(0..50_000, 64);
//! let recorder = Recorder::new(&model, plane, "results/mine", move |model: &M| {
//!     vec![Layer::new("hidden", model.hidden(x.clone())), Layer::logits("output", model.forward(x.clone()))]
//! })?;
//! let result = training.num_epochs(100).record_plane(&recorder).launch(learner(model));
//! recorder.finish(&result)?;
//! # Ok(())
//! # }
//! ```

pub mod attach;
pub mod epochs;
pub mod error;
mod folder;
pub mod gradients;
pub mod layer;
mod measurement;
pub mod metric;
mod observe;
pub mod plane;
pub mod quiet;
mod record;
pub mod recorder;
mod words;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use attach::RecordPlane;
pub use epochs::Epochs;
pub use error::Error;
pub use gradients::WithGradients;
pub use layer::Layer;
pub use metric::InformationMetric;
pub use plane::Plane;
pub use quiet::Quiet;
pub use recorder::Recorder;

/// Whatever panicked elsewhere, what is in here is whole: it changes at once.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The README's programs, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
