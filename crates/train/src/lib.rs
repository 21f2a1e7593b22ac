//! The information plane of any burn model that burn-train trains.
//!
//! | file | what |
//! |---|---|
//! | [`layer`] | a layer's tensor of any rank, flattened to one row a pattern |
//! | [`plane`] | what is observed: p(x, y), estimators, epochs, names of the run |
//! | [`recorder`] | measures weights as they come, and writes the folder of a run |
//! | [`attach`] | the two lines: burn-train's checkpointer and strategy, which hand the weights over |
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
//! let plane = Plane::of_labels("my task", labels, 10)?.estimators(["binning:width=0.07"]);
//! let recorder = Recorder::new(&model, plane, "results/mine", move |model: &M| {
//!     vec![Layer::new("hidden", model.hidden(x.clone())), Layer::new("output", model.forward(x.clone()))]
//! })?;
//! let result = training.num_epochs(100).record_plane(&recorder).launch(learner(model));
//! recorder.finish(&result)?;
//! # Ok(())
//! # }
//! ```

pub mod attach;
pub mod error;
pub mod layer;
pub mod plane;
pub mod quiet;
pub mod recorder;

pub use attach::RecordPlane;
pub use error::Error;
pub use layer::Layer;
pub use plane::{Epochs, Plane};
pub use quiet::Quiet;
pub use recorder::Recorder;
