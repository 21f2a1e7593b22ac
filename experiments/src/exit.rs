//! How programs end.

use std::io;
use std::process::ExitCode;

use anyhow::{Error, Result};

use crate::jobs::Interrupted;
use crate::terminal::{is_cut, say};
use crate::{interrupt, threads};

/// A program from start to end: its error, said, and the exit code. That nobody reads its answer any more is no error.
pub fn exit(program: &str, answer: impl FnOnce() -> Result<()>) -> ExitCode {
    threads::start();
    let Err(error) = answer() else {
        return if is_cut() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    };
    if has_lost_its_reader(&error) {
        return ExitCode::SUCCESS;
    }
    say!("{program}: {error:#}");
    if error.is::<Interrupted>() { ExitCode::from(interrupt::EXIT_CODE) } else { ExitCode::FAILURE }
}

fn has_lost_its_reader(error: &Error) -> bool {
    let kind = match error.downcast_ref::<csv::Error>().map(csv::Error::kind) {
        Some(csv::ErrorKind::Io(error)) => Some(error.kind()),
        _ => error.downcast_ref::<io::Error>().map(io::Error::kind),
    };
    kind == Some(io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_reader_that_has_left_is_no_error() {
        let left = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(has_lost_its_reader(&left().into()));
        assert!(has_lost_its_reader(&csv::Error::from(left()).into()));
        assert!(!has_lost_its_reader(&io::Error::from(io::ErrorKind::NotFound).into()));
        assert!(!has_lost_its_reader(&anyhow!("broken pipe")));
    }
}
