//! What comes out is a run like any other.

use infoplane_experiments::report::Report;
use infoplane_train::{Error, RecordPlane};

use crate::paper::Case;

#[test]
fn the_folder_is_a_run_that_the_report_takes() {
    let case = Case::new();
    for _ in 0..2 {
        // Run again, it is written anew.
        let recorder = case.recorder(case.plane_of_sample()).unwrap();
        let result = case.launch(case.training(3).record_plane(&recorder));
        recorder.finish(&result).unwrap();
    }
    let files =
        ["information_plane.csv", "training.csv", "curve.csv", "information_plane.png", "run.json", "config.toml"];
    for file in files {
        assert!(case.results().join(file).metadata().is_ok_and(|about| about.len() > 0), "{file}");
    }
    let run = std::fs::read_to_string(case.results().join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&run).unwrap();
    assert_eq!(run["question"], "custom");
    assert_eq!(run["tables"].as_object().unwrap().len(), 3);
    assert_eq!(run["config"]["plane"]["layers"].as_array().unwrap().len(), 6);
    assert_eq!(run["config"]["model"]["modules"][5], "layers.5");
    let page = case.folder.path().join("report.html");
    Report::gather(&[case.results()]).unwrap().write(&page).unwrap();
    assert!(std::fs::read_to_string(page).unwrap().contains("hidden 1-hidden 2"));
}

#[test]
fn information_stands_beside_loss_in_burn_trains_logs() {
    let case = Case::new();
    let recorder = case.recorder(case.plane_of_sample()).unwrap();
    assert!(matches!(recorder.metrics("hidden 9"), Err(Error::UnknownLayer { .. })));
    let training = case.training(3).metrics(recorder.metrics("hidden 5").unwrap()).record_plane(&recorder);
    recorder.finish(&case.launch(training)).unwrap();
    let log = std::fs::read_dir(case.folder.path().join("burn/train/epoch-3")).unwrap();
    let names: Vec<String> = log.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().any(|name| name.contains("I(T;Y)")), "{names:?}");

    let said = recorder.summary();
    assert!(said.starts_with("After 3 epochs, of 12.00 bits of X and 1.00 bits of Y:"), "{said}");
    assert!(
        said.contains(
            "Through binning:width=0.07
  hidden 1: I(X;T) "
        ),
        "{said}"
    );
    assert!(said.contains("tells all patterns apart in hidden 1"), "{said}");
    assert!(said.contains("numbers fall, too, where activations shrink"), "{said}");
    assert!(said.contains("of the others"), "{said}");
}
