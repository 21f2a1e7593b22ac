//! One bar for the whole run, with an honest time left; silent when nobody looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Counts work done, in patterns presented to networks.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over so much work, of which `done` was done in an earlier run. Draws nothing if the error stream is no terminal.
    pub fn new(work: u64, done: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(work), ProgressDrawTarget::stderr_with_hz(5));
        let template = "{elapsed_precise} [{bar:40}] {percent:>3} %  {eta} left  {msg}";
        // The template is ours and valid; the default would do, were it not.
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_position(done);
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar }
    }

    /// So much more work is done.
    pub fn advance(&self, work: u64) {
        self.bar.inc(work);
    }

    /// What is being trained, and how it goes.
    pub fn message(&self, message: String) {
        self.bar.set_message(message);
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
