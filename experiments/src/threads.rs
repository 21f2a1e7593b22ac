//! Threads, where a system gives fewer than are asked for.

use std::num::NonZero;
use std::thread::{Builder, Scope, ScopedJoinHandle, available_parallelism};

use anyhow::{Result, bail};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::terminal::say;

/// Starts the threads that computations share; with fewer, or this one alone, where no more can be had.
pub fn start() {
    // A try apart: after one that failed, rayon's own threads could not be had at all.
    let Err(error) = ThreadPoolBuilder::new().build() else { return };
    // Whoever embeds this may have started them before.
    if ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().is_ok() {
        say!("note: this system gives no more threads ({error}), so one computes; `ulimit -u` has its limit");
    }
}

/// How many a run takes: those asked for, or one for each core.
pub fn of(asked: Option<usize>) -> usize {
    asked.or_else(|| available_parallelism().ok().map(NonZero::get)).unwrap_or(1)
}

/// A thread for work that is timed, whose loops then stay on it. `None`: there is none but this one, which stays alone anyway.
///
/// # Errors
/// If no more threads can be had, and loops would spread over those there are.
pub fn alone() -> Result<Option<ThreadPool>> {
    match ThreadPoolBuilder::new().num_threads(1).build() {
        Ok(pool) => Ok(Some(pool)),
        Err(_) if rayon::current_thread_index().is_some() && rayon::current_num_threads() == 1 => Ok(None),
        Err(error) => bail!(
            "this system gives no more threads ({error}), and what is timed needs one for itself; `ulimit -u` has its limit, --threads \
             asks for fewer"
        ),
    }
}

/// Whether one more thread can be had.
pub fn can_be_had() -> bool {
    Builder::new().spawn(|| ()).is_ok_and(|thread| thread.join().is_ok())
}

/// Starts a thread in a scope; `None`, and a note, where no more can be had.
pub fn spawn<'scope, 'env, T: Send + 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Option<ScopedJoinHandle<'scope, T>> {
    match Builder::new().spawn_scoped(scope, work) {
        Ok(handle) => Some(handle),
        Err(error) => {
            say!(
                "note: this system gives no more threads ({error}); `ulimit -u` has its limit, --threads asks for fewer"
            );
            None
        }
    }
}
