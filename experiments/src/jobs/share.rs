//! What one process does of a run: the jobs selected for it and, where that is the whole run, the merging.

use anyhow::{Result, bail};

use super::Jobs;
use super::claim::Claim;
use super::selection::{JobArgs, listed};
use crate::terminal::say;

/// What is left to do once the jobs of this process are finished.
#[derive(Debug)]
pub enum Left {
    /// To merge, which nobody else does while the claim lives.
    Merging(Claim),
    /// Nothing: another process has completed the run.
    Nothing,
    /// What was not asked for: other jobs, or to merge them.
    Others,
}

impl Jobs {
    /// Sees to it that the selected jobs are finished, by `run`, which is handed them all and those that are finished already.
    ///
    /// # Errors
    /// If there are no such jobs, one fails (finished jobs are kept), or all are to be merged and some are not finished.
    pub fn share(
        &self,
        args: &JobArgs,
        is_complete: impl Fn() -> bool,
        run: impl FnOnce(&[usize], &[usize]) -> Result<()>,
    ) -> Result<Left> {
        if !args.merge {
            let all = || Ok((0..self.count).collect());
            let selected: Vec<usize> = args.jobs.as_ref().map_or_else(all, |jobs| jobs.of(self.count))?;
            let finished = self.finished(&selected);
            if !finished.is_empty() {
                say!(
                    "resuming: {} of {} jobs were finished before and are kept ({})",
                    finished.len(),
                    selected.len(),
                    listed(&finished)
                );
            }
            let outcome = run(&selected, &finished);
            // Another process may have been faster, and have thrown the jobs away under this one's hands.
            if is_complete() {
                return Ok(Left::Nothing);
            }
            outcome?;
            if args.jobs.is_some() {
                say!("{}", self.progress(&selected));
                return Ok(Left::Others);
            }
        }
        let merging = self.claim_merge();
        if is_complete() {
            return Ok(Left::Nothing);
        }
        let merging = merging?;
        let unfinished = self.unfinished();
        if let Some((first, why)) = unfinished.first() {
            let numbers: Vec<usize> = unfinished.iter().map(|(job, _)| *job).collect();
            bail!(
                "cannot merge: {} of {} jobs are not finished (job {first}: {why}); finish them with --jobs {}",
                numbers.len(),
                self.count,
                listed(&numbers)
            );
        }
        Ok(Left::Merging(merging))
    }

    fn progress(&self, selected: &[usize]) -> String {
        let left = self.count - self.count_finished();
        let here = if selected.is_empty() {
            "no jobs fall to this one".to_owned()
        } else {
            format!("jobs {} are finished", listed(selected))
        };
        if left == 0 {
            format!("{here}, and so are all {}: --merge makes the results of them", self.count)
        } else {
            format!("{here}; {left} of {} are still to be done", self.count)
        }
    }
}
