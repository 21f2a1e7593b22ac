//! RQ1: see `infoplane_experiments::questions::rq1`.

use std::process::ExitCode;

use infoplane_experiments::program;
use infoplane_experiments::questions::rq1::Rq1;

fn main() -> ExitCode {
    program::main::<Rq1>()
}
