//! RQ4: see `infoplane_experiments::questions::rq4`.

use std::process::ExitCode;

use infoplane_experiments::program;
use infoplane_experiments::questions::rq4::Rq4;

fn main() -> ExitCode {
    program::main::<Rq4>()
}
