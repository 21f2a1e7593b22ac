//! What observing costs: the paper's network trained by burn-train, bare and observed in turn; medians of several trainings.
//!
//! Observed is each epoch, over all 4096 patterns through bins, which is more than anyone needs, and growing steps, the default; then with
//! gradients. `cargo bench -p infoplane-train`; arguments: epochs, and how often.

use std::time::Instant;

use infoplane_train::{Epochs, RecordPlane, Recorder, WithGradients};
use paper::{Case, layers};

#[allow(dead_code)]
#[path = "../tests/recorder/paper.rs"]
mod paper;

const WAYS: [&str; 4] = ["bare", "every epoch", "growing steps", "growing steps, and gradients"];

/// Wall and processor seconds of one training.
fn seconds(way: usize, epochs: usize) -> [f64; 2] {
    let case = Case::new();
    let plane = case.plane().epochs(if way == 1 { Epochs::Every(1) } else { Epochs::Growing });
    if way == 3 {
        let (model, x) = (WithGradients::new(case.model()), case.patterns());
        let recorder = Recorder::new(&model, plane, case.results(), move |model| layers(model, x.clone()));
        let recorder = recorder.expect("the plane can be recorded").gradients_of(&model);
        return timed(|| drop(case.training(epochs).record_plane(&recorder).launch(Case::learner(model))));
    }
    let recorder = (way > 0).then(|| case.recorder(plane).expect("the plane can be recorded"));
    timed(|| {
        let training = case.training(epochs);
        case.launch(match &recorder {
            Some(recorder) => training.record_plane(recorder),
            None => training,
        });
    })
}

fn timed(work: impl FnOnce()) -> [f64; 2] {
    let (started, used) = (Instant::now(), processor_seconds());
    work();
    [started.elapsed().as_secs_f64(), processor_seconds() - used]
}

/// What this process has used, from Linux's /proc: the 14th and 15th word, in hundredths of a second. Elsewhere no number.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let words: Vec<f64> = stat.split_whitespace().skip(13).take(2).filter_map(|word| word.parse().ok()).collect();
    if words.len() == 2 { (words[0] + words[1]) / 100.0 } else { f64::NAN }
}

fn main() {
    let mut numbers = std::env::args().filter_map(|word| word.parse::<usize>().ok());
    let (epochs, times) = (numbers.next().unwrap_or(200), numbers.next().unwrap_or(7));
    let mut all = vec![[Vec::new(), Vec::new()]; WAYS.len()];
    for _ in 0..times {
        for (way, found) in all.iter_mut().enumerate() {
            let [wall, processor] = seconds(way, epochs);
            found[0].push(wall);
            found[1].push(processor);
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        1e3 * times[times.len() / 2] / epochs as f64
    };
    let medians: Vec<[f64; 2]> = all.iter_mut().map(|found| [median(&mut found[0]), median(&mut found[1])]).collect();
    println!("{:30} ms an epoch, wall and processor; times bare", "");
    for (way, [wall, processor]) in WAYS.iter().zip(&medians) {
        let (of_wall, of_processor) = (wall / medians[0][0], processor / medians[0][1]);
        println!("{way:30} {wall:7.2} {processor:7.2} {of_wall:7.2} {of_processor:7.2}");
    }
}
