//! What programs say: answers on standard output, everything else on the error stream. Whoever reads may have left (`rq1 | head`); that
//! ends no run.

use std::fmt::Arguments;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::quoting;

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

/// What [`tell!`] does. A run goes on if it fails, for its files; [`is_cut`] then says so.
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

/// Whether some of what was told could not be written, though somebody was there to read it.
pub fn is_cut() -> bool {
    CUT.load(Ordering::Relaxed)
}
