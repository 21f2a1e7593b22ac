//! Text behind gzip, and files of formats that are not read, known by what they begin with.
#![no_main]

use infoplane_experiments::arrays;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for extension in ["csv.gz", "bin"] {
        let _ = arrays::read(&infoplane_fuzz::file(extension, bytes));
    }
});
