//! CSV: as an array, as a joint distribution, and as rows of our own tables.
#![no_main]

use infoplane_experiments::rows::{self, InformationRow, TrainingRow};
use infoplane_experiments::{arrays, joint_file};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = infoplane_fuzz::file("csv", bytes);
    let _ = arrays::read(&file);
    let _ = joint_file::read(&file);
    let _ = rows::read::<InformationRow>(&file);
    let _ = rows::read::<TrainingRow>(&file);
});
