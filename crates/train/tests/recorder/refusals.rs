//! What users do wrong is said, at once where it can be.

use burn::train::SupervisedTraining;
use burn::train::checkpoint::KeepLastNCheckpoints;
use infoplane_train::{Error, Plane, RecordPlane, Recorder, WithGradients};

use crate::paper::{Case, Paper, layers, recorded};

#[test]
fn a_panic_in_the_closure_is_an_error_of_the_training() {
    let case = Case::new();
    let (x, calls) = (case.patterns(), std::cell::Cell::new(0));
    let recorder = Recorder::new(&case.model(), case.plane(), case.results(), move |model: &Paper| {
        calls.set(calls.get() + 1);
        assert!(calls.get() < 3, "no third time");
        layers(model, x.clone())
    });
    let recorder = recorder.unwrap();
    let result = case.launch(case.training(500).record_plane(&recorder));
    let said = result.error.as_ref().expect("burn-train has the error").to_string();
    assert!(said.contains("no third time"), "{said}");
    let error = recorder.finish(&result).unwrap_err();
    assert!(matches!(error, Error::Closure { epoch: 2, .. }), "{error}");
    assert!(error.to_string().contains("no third time"), "{error}");
    assert_eq!(recorded(&recorder), [0, 1]);
    assert!(!case.results().join("run.json").exists());
}

#[test]
fn what_cannot_work_is_refused_before_training() {
    let case = Case::new();
    let refusal = |plane: Plane| case.recorder(plane).unwrap_err().to_string();
    let unknown = refusal(case.plane().estimators(["bining:width=0.1"]));
    assert!(unknown.contains("binning"), "{unknown}");
    let pattern = refusal(case.plane().trained_on([4095, 4096], 256));
    assert!(pattern.contains("pattern 4096, and there are 4096"), "{pattern}");
    let open = refusal(case.plane().trained_on(0..4096, 256));
    assert!(open.contains("p(y|x) leaves the label of the training pattern"), "{open}");
    let labels = refusal(case.plane().trained_on([0, 1], 256).labelled(vec![0]));
    assert!(labels.contains("1 labels for 4096 patterns"), "{labels}");
    assert!(refusal(case.plane().trained_on([], 256)).contains("at least one"));
    assert!(refusal(case.plane().estimators(Vec::<String>::new())).contains("no estimator is named"));

    let x = case.patterns();
    let halves = Recorder::new(&case.model(), case.plane(), case.results(), move |model: &Paper| {
        layers(model, x.clone().slice([0..2048, 0..12]))
    });
    let error = halves.unwrap_err().to_string();
    assert!(error.contains("2048 rows for 4096 patterns"), "{error}");
    let none = Recorder::new(&case.model(), case.plane(), case.results(), |_: &Paper| Vec::new());
    assert!(none.unwrap_err().to_string().contains("at least one named tensor"));
    let label = Plane::of_labels("mine", vec![0, 1, 2], 2).unwrap_err().to_string();
    assert!(label.contains("label 2 of pattern 2 is not one of the 2 classes 0 to 1"), "{label}");

    // Of another run.
    case.recorder(case.plane()).unwrap();
    let other = refusal(case.plane().estimators(["binning:width=0.1"]));
    assert!(other.contains("holds results of other settings"), "{other}");
}

#[test]
fn what_replaces_the_recorder_is_noticed() {
    let case = Case::new();
    let finish = |change: fn(SupervisedTraining<Paper>, &Recorder<Paper>) -> SupervisedTraining<Paper>| {
        let recorder = case.recorder(case.plane()).unwrap();
        let result = case.launch(change(case.training(2), &recorder));
        recorder.finish(&result).unwrap_err()
    };
    for error in [
        finish(|training, _| training),
        finish(|training, recorder| training.record_plane(recorder).with_default_checkpointers()),
        finish(|training, recorder| {
            training.record_plane(recorder).with_checkpointing_strategy(KeepLastNCheckpoints::new(1))
        }),
    ] {
        assert!(matches!(error, Error::Replaced { .. }), "{error}");
    }
}

#[test]
fn gradients_of_another_model_are_noticed() {
    let case = Case::new();
    let (model, x) = (WithGradients::new(case.model()), case.patterns());
    let recorder = Recorder::new(&model, case.plane(), case.results(), move |model| layers(model, x.clone()));
    let recorder = recorder.unwrap().gradients_of(&WithGradients::new(case.model()));
    let result = case.training(2).record_plane(&recorder).launch(Case::learner(model));
    assert!(matches!(recorder.finish(&result), Err(Error::NoGradients)));
}

#[test]
fn a_training_stopped_before_its_first_epoch_has_no_plane_and_one_stopped_later_says_so() {
    let case = Case::new();
    let recorder = case.recorder(case.plane()).unwrap();
    let training = case.training(3).record_plane(&recorder);
    training.interrupter().stop(None);
    assert!(matches!(recorder.finish(&case.launch(training)), Err(Error::NoEpoch)));

    let (recorder, training) = (case.recorder(case.plane()).unwrap(), case.training(100_000));
    let (interrupter, watched) = (training.interrupter(), recorder.clone());
    let stop = std::thread::spawn(move || {
        while recorded(&watched).len() < 3 {
            std::thread::yield_now();
        }
        interrupter.stop(Some("enough"));
    });
    recorder.finish(&case.launch(training.record_plane(&recorder))).unwrap();
    stop.join().unwrap();
    let run = std::fs::read_to_string(case.results().join("run.json")).unwrap();
    assert!(run.contains("training was stopped after epoch") && run.contains("enough"), "{run}");
}
