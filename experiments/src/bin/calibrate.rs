//! Which estimator can be trusted, where: every estimator, on problems whose information is known.

use std::process::ExitCode;

use infoplane_experiments::calibration::program;

fn main() -> ExitCode {
    // The allocator of this program counts by thread.
    program::main(|work| Some(allocation_counter::measure(work).bytes_max))
}
