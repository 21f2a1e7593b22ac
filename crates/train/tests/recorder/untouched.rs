//! Training is what it is without a recorder, and nothing of it is missing from the plane.

use burn::train::checkpoint::KeepLastNCheckpoints;
use burn::train::metric::store::EventStoreClient;
use burn::train::{EarlyStoppingStrategy, SupervisedTraining};
use infoplane_train::{Epochs, RecordPlane, Recorder, WithGradients};

use crate::paper::{Case, Paper, layers, recorded, weights};

#[test]
fn training_is_the_same_to_the_last_bit_with_and_without_a_recorder() {
    let case = Case::new();
    let bare = case.launch(case.training(5));
    assert_ne!(weights(&bare.model), weights(&case.model()));

    let recorder = case.recorder(case.plane()).unwrap();
    let observed = case.launch(case.training(5).record_plane(&recorder));
    recorder.finish(&observed).unwrap();
    assert_eq!(recorded(&recorder), [0, 1, 2, 3, 4, 5]);
    assert_eq!(weights(&bare.model), weights(&observed.model));

    let (model, x) = (WithGradients::new(case.model()), case.patterns());
    let folder = case.folder.path().join("gradients");
    let recorder = Recorder::new(&model, case.plane(), folder, move |model| layers(model, x.clone()));
    let recorder = recorder.unwrap().gradients_of(&model);
    let observed = case.training(5).record_plane(&recorder).launch(Case::learner(model));
    recorder.finish(&observed).unwrap();
    assert_eq!(weights(&bare.model), weights(&observed.model));
}

/// Stops after an epoch that no schedule names.
#[derive(Clone)]
struct StopAfter(usize);

impl EarlyStoppingStrategy for StopAfter {
    fn should_stop(&mut self, epoch: usize, _: &EventStoreClient) -> bool {
        epoch >= self.0
    }
}

#[test]
fn the_last_epoch_of_an_early_stop_is_there() {
    let case = Case::new();
    let (model, x) = (WithGradients::new(case.model()), case.patterns());
    let plane = case.plane().epochs(Epochs::Every(4));
    let recorder = Recorder::new(&model, plane, case.results(), move |model| layers(model, x.clone()));
    let recorder = recorder.unwrap().gradients_of(&model);
    let training = case.training(20).early_stopping(StopAfter(6)).record_plane(&recorder);
    recorder.finish(&training.launch(Case::learner(model))).unwrap();
    assert_eq!(recorded(&recorder), [0, 4, 6]);
    let gradients = std::fs::read_to_string(case.results().join("gradients.csv")).unwrap();
    assert!(gradients.lines().any(|line| line.contains(",6,6,kernel,")), "the last epoch's gradients:\n{gradients}");
}

#[test]
fn a_training_resumed_from_a_checkpoint_gives_the_plane_of_one_that_was_not_stopped() {
    let case = Case::new();
    let plane = || case.plane_of_sample().epochs(Epochs::Every(2));
    let whole = case.recorder_in("whole", plane()).unwrap();
    let result = case.launch(case.training(7).record_plane(&whole));
    whole.finish(&result).unwrap();

    let files = case.folder.path().join("checkpoint");
    let save = |training: SupervisedTraining<Paper>, recorder: &Recorder<Paper>| {
        training.record_plane_and_save(recorder, &files, KeepLastNCheckpoints::new(1))
    };
    // Killed after epoch 5, so that `finish` was never called.
    let first = case.recorder(plane()).unwrap();
    case.launch(save(case.training(5), &first));
    assert!(files.join("model-5.bpk").exists() && !files.join("model-4.bpk").exists());
    let second = case.recorder(plane()).unwrap();
    let resumed = case.launch(save(case.training_after(5, 7), &second).checkpoint(5));
    second.finish(&resumed).unwrap();
    assert_eq!(recorded(&second), [0, 2, 4, 6, 7]);
    assert_eq!(weights(&resumed.model), weights(&result.model));
    for table in ["information_plane.csv", "training.csv"] {
        let read = |folder: &str| std::fs::read_to_string(case.folder.path().join(folder).join(table)).unwrap();
        assert_eq!(read("results"), read("whole"), "{table}");
    }

    // Nothing is left to train: the plane stands as it is.
    let third = case.recorder(plane()).unwrap();
    let nothing = case.launch(save(case.training_after(7, 7), &third).checkpoint(7));
    third.finish(&nothing).unwrap();
    assert_eq!(third.rows(), second.rows());
}
