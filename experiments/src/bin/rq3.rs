//! RQ3: see `infoplane_experiments::questions::rq3`.

use std::process::ExitCode;

use infoplane_experiments::program;
use infoplane_experiments::questions::rq3::Rq3;

fn main() -> ExitCode {
    program::main::<Rq3>()
}
