//! How long estimates will take, said before they do, and how many are done.
//!
//! What an estimator costs depends on the machine, the data and the estimator, so it is tried on some of the rows, twice as many each time,
//! until that takes long enough to be timed; from the last two the cost of all rows follows as a power of their number.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::methods::Method;
use crate::progress::Progress;
use crate::terminal::say;

use super::Resampling;

/// Seconds of which nothing is said.
const SHORT: f64 = 10.0;
/// Rows that are tried first, and fewer than which there is nothing to wait for.
const FIRST: usize = 256;
const LEAST_ROWS: usize = 2000;
/// A trial that takes so long is timed well.
const TIMED: Duration = Duration::from_millis(300);

/// What is done of so many estimates.
pub(super) struct Work {
    estimates: usize,
    done: Cell<usize>,
    progress: Cell<Option<Progress>>,
}

impl Work {
    pub fn of(estimates: usize) -> Self {
        Self { estimates, done: Cell::new(0), progress: Cell::new(None) }
    }

    /// Says how long an estimate will take, if that is long; `some` estimates from some of the rows.
    pub fn announce(&self, method: &Method, layer: &str, rows: usize, resampling: Resampling, some: impl Fn(&[usize])) {
        let Some(seconds) = expected(rows, |count| {
            let rows: Vec<usize> = (0..count).map(|at| at * rows / count).collect();
            let started = Instant::now();
            some(&rows);
            started.elapsed()
        }) else {
            return;
        };
        // A half is so much less.
        let seconds = seconds * (1.0 + resampling.permutations as f64 + resampling.halves as f64 / 3.0);
        if seconds > SHORT {
            say!("{method} on {layer}, {rows} rows: about {}, and what judges it beside", in_words(seconds));
            let progress = self
                .progress
                .take()
                .unwrap_or_else(|| Progress::new(self.estimates as u64, self.done.get() as u64, false));
            progress.message(format!("{method} on {layer}"));
            self.progress.set(Some(progress));
        }
    }

    /// One more is done.
    pub fn is_done(&self) {
        self.done.set(self.done.get() + 1);
        if let Some(progress) = self.progress.take() {
            progress.advance(1);
            self.progress.set(Some(progress));
        }
    }

    /// All are.
    pub fn finish(&self) {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
    }
}

/// Seconds that so many rows will take, from what some of them take; none if there are few.
fn expected(rows: usize, time: impl Fn(usize) -> Duration) -> Option<f64> {
    if rows < LEAST_ROWS {
        return None;
    }
    let (mut count, mut before) = (FIRST, time(FIRST));
    while 8 * count <= rows {
        count *= 2;
        let took = time(count);
        if took > TIMED {
            let power = (took.as_secs_f64() / before.as_secs_f64().max(1e-6)).log2().clamp(1.0, 2.2);
            return Some(took.as_secs_f64() * (rows as f64 / count as f64).powf(power));
        }
        before = took;
    }
    None
}

fn in_words(seconds: f64) -> String {
    match seconds {
        ..100.0 => format!("{seconds:.0} seconds"),
        ..6000.0 => format!("{:.0} minutes", seconds / 60.0),
        _ => format!("{:.0} hours", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_foreseen_and_what_does_not_is_not_tried_long() {
        let square = |rows: usize| Duration::from_secs_f64(1e-6 * (rows * rows) as f64);
        let seconds = expected(20_000, square).unwrap();
        assert!((300.0..500.0).contains(&seconds), "{seconds}");
        let line = |rows: usize| Duration::from_secs_f64(1e-6 * rows as f64);
        assert_eq!((expected(20_000, line), expected(500, square)), (None, None));
        assert_eq!(
            (in_words(40.2), in_words(200.0), in_words(7300.0)),
            ("40 seconds".into(), "3 minutes".into(), "2 hours".into())
        );
    }
}
