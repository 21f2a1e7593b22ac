//! NumPy arrays: as numbers, and as labels.
#![no_main]

use infoplane_experiments::arrays::{self, labels::Rows};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = infoplane_fuzz::file("npy", bytes);
    let _ = arrays::read(&file);
    let _ = arrays::read_labels(&file, Some(Rows { count: 3, under_numbers: false }));
    let _ = arrays::shape(&file);
});
