//! Tables as text: as an array, as labels, as a task, as a joint distribution, and as rows of our own tables.
#![no_main]

use infoplane_experiments::rows::{self, InformationRow, TrainingRow};
use infoplane_experiments::arrays::{self, labels::Rows};
use infoplane_experiments::joint_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = infoplane_fuzz::file("csv", bytes);
    let _ = arrays::read(&file);
    let _ = arrays::read_labels(&file, Some(Rows { count: 3, under_numbers: true }));
    let _ = arrays::read_with_labels(&file);
    let _ = joint_file::read(&file);
    let _ = rows::read::<InformationRow>(&file);
    let _ = rows::read::<TrainingRow>(&file);
});
