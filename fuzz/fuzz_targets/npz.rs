//! NumPy archives: as an array, and as the weights of a network.
#![no_main]

use infoplane_experiments::{arrays, weights};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = infoplane_fuzz::file("npz", bytes);
    let _ = arrays::read(&file);
    let _ = weights::hidden_widths(&file);
});
