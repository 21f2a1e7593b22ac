//! RQ2: see `infoplane_experiments::questions::rq2`.

use std::process::ExitCode;

use infoplane_experiments::program;
use infoplane_experiments::questions::rq2::Rq2;

fn main() -> ExitCode {
    program::main::<Rq2>()
}
