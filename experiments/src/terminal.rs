//! What programs say, and how they end: answers on standard output, everything else on the error stream. Whoever reads may have
//! left (`rq1 | head`); that ends no run.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Error, Result};

use crate::interrupt;
use crate::jobs::Interrupted;
use crate::{quoting, threads};

/// A line on standard output, as `println!` writes it.
#[macro_export]
macro_rules! tell {
    ($($text:tt)*) => { $crate::terminal::write_answer(format_args!($($text)*)) };
}

/// A line on the error stream, as `eprintln!` writes it.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::terminal::write_note(format_args!($($text)*)) };
}

pub use crate::{say, tell};

/// Whether some of the answer could not be written.
static CUT: AtomicBool = AtomicBool::new(false);

/// What [`tell!`] does. A run goes on if it fails, for its files; [`exit`] then says so.
pub fn write_answer(text: Arguments) {
    match writeln!(io::stdout(), "{}", quoting::terminal(&text.to_string())) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe && !CUT.swap(true, Ordering::Relaxed) => {
            say!("the answer cannot be written: {error}");
        }
        _ => (),
    }
}

/// What [`say!`] does.
pub fn write_note(text: Arguments) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "{}", quoting::terminal(&text.to_string()));
}

/// A program from start to end: its error, said, and the exit code. That nobody reads its answer any more is no error.
pub fn exit(program: &str, answer: impl FnOnce() -> Result<()>) -> ExitCode {
    threads::start();
    let Err(error) = answer() else {
        return if CUT.load(Ordering::Relaxed) { ExitCode::FAILURE } else { ExitCode::SUCCESS };
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
