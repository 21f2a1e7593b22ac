//! One bar for the whole run, with an honest time left, or with `--watch` the plane as it fills; silent when nobody looks.

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::rows::{InformationRow, TrainingRow};
use crate::terminal::say;
use crate::threads;
use crate::watch::Watch;

/// Counts work done, in patterns presented to networks.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    watch: Option<Watch>,
}

impl Progress {
    /// A bar over so much work, of which `done` was done in an earlier run; if asked to `watch`, the plane and the losses
    /// instead, where the terminal can (it is said where it cannot). Draws nothing if the error stream is no terminal.
    pub fn new(work: u64, done: u64, watch: bool) -> Self {
        let watch = watch.then(Watch::open).and_then(|opened| match opened {
            Ok(watch) => Some(watch),
            Err(error) => {
                say!("{error:#}");
                None
            }
        });
        let target = if watch.is_some() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(5) };
        let bar = ProgressBar::with_draw_target(Some(work), target);
        let template = "{elapsed_precise} [{bar:40}] {percent:>3} %  {eta} left  {msg}";
        // The template is ours and valid; the default would do, were it not.
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_position(done);
        bar.reset_eta();
        // The clock is a thread of indicatif's, which does not take it well if there is none.
        if threads::can_be_had() {
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        Self { bar, watch }
    }

    /// A layer has been measured.
    pub fn sees(&self, row: &InformationRow) {
        if let Some(watch) = &self.watch {
            watch.sees(row);
        }
    }

    /// A network's losses have been measured.
    pub fn sees_losses(&self, row: &TrainingRow) {
        if let Some(watch) = &self.watch {
            watch.sees_losses(row, || self.status());
        }
    }

    fn status(&self) -> String {
        let share = self.bar.position() as f64 / self.bar.length().unwrap_or(1).max(1) as f64;
        let (elapsed, left) = (HumanDuration(self.bar.elapsed()), HumanDuration(self.bar.eta()));
        format!("{:.0} % of the run, {elapsed} so far, {left} left", 100.0 * share)
    }

    /// So much more work is done.
    pub fn advance(&self, work: u64) {
        self.bar.inc(work);
    }

    /// What is being trained, and how it goes.
    pub fn message(&self, message: String) {
        self.bar.set_message(message);
    }

    /// Removes the bar; a watched plane stays.
    pub fn finish(&self) {
        if let Some(watch) = &self.watch {
            watch.close(&self.status());
        }
        self.bar.finish_and_clear();
    }
}
