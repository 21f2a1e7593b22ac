//! Ctrl-C, and the SIGTERM of a scheduler: the first asks jobs to stop at a checkpoint, the second ends the program at once.
//!
//! Outside of jobs there is nothing to keep, and the first ends the program.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, Once, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::terminal::say;

/// What a shell reports of a program that Ctrl-C ended: 128 + SIGINT.
pub const EXIT_CODE: u8 = 130;

/// Whether the next signal ends the program. A signal that does not sets it.
static LEAVE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let leave = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: what the first sets is for the second. If the system has no signals, nothing can arrive.
        let _ = flag::register_conditional_shutdown(signal, i32::from(EXIT_CODE), Arc::clone(&leave));
        let _ = flag::register(signal, Arc::clone(&leave));
    }
    leave
});

/// How many watches live.
static WATCHES: Mutex<usize> = Mutex::new(0);

/// While it lives, the first Ctrl-C only asks.
#[derive(Debug)]
pub struct Watch(());

/// Starts to watch for Ctrl-C.
pub fn watch() -> Watch {
    let mut watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
    if *watches == 0 {
        LEAVE.store(false, Ordering::Relaxed);
    }
    *watches += 1;
    Watch(())
}

/// Whether the user has asked to stop. To be called while a [`Watch`] lives.
pub fn asked() -> bool {
    static SAID: Once = Once::new();
    let asked = LEAVE.load(Ordering::Relaxed);
    if asked {
        SAID.call_once(|| say!("stopping at a checkpoint; Ctrl-C again leaves at once"));
    }
    asked
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watches = WATCHES.lock().unwrap_or_else(PoisonError::into_inner);
        *watches -= 1;
        if *watches == 0 {
            LEAVE.store(true, Ordering::Relaxed);
        }
    }
}
