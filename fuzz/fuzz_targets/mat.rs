//! MATLAB files: as an array, and as a task.
#![no_main]

use infoplane_experiments::{arrays, tasks};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = infoplane_fuzz::file("mat", bytes);
    let _ = arrays::read(&file);
    let _ = tasks::mat::load(&file);
});
