//! RQ5: see `infoplane_experiments::questions::rq5`.

use std::process::ExitCode;

use infoplane_experiments::program;
use infoplane_experiments::questions::rq5::Rq5;

fn main() -> ExitCode {
    program::main::<Rq5>()
}
