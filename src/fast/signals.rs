//! Signals, as far as they can be asked about without running Python code.

#[cfg(target_os = "linux")]
use std::mem::MaybeUninit;
#[cfg(target_os = "linux")]
use std::ptr;

use pyo3::ffi;

use crate::fast::quiet::Quiet;

/// Whether a signal other than Ctrl-C may have a handler in Python: on Linux, where any has a handler at all.
#[cfg(target_os = "linux")]
pub fn have_handlers() -> bool {
    (1..=libc::SIGRTMAX()).any(|signal| signal != libc::SIGINT && has_handler(signal))
}

#[cfg(target_os = "linux")]
fn has_handler(signal: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the call changes nothing where no new action is given, and fills the present one in, or fails where there is
    // no such signal.
    let handler = unsafe {
        if libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) != 0 {
            return false;
        }
        action.assume_init().sa_sigaction
    };
    handler != libc::SIG_DFL && handler != libc::SIG_IGN
}

/// Elsewhere none is ruled out.
#[cfg(not(target_os = "linux"))]
#[inline(always)]
pub fn have_handlers() -> bool {
    true
}

/// Whether Ctrl-C was pressed and its handler has not run yet; asking leaves it to be run.
///
/// False on threads that handle no signals.
pub fn is_interrupted(quiet: &Quiet) -> bool {
    let _ = quiet;
    // SAFETY: the GIL is held, as `Quiet` says. The first call reads and clears a flag, the second sets it again. Neither
    // runs Python code, or frees anything: the second compares the handler, where it is an exact int, with the two that stand
    // for none, and writes to the wakeup descriptor, of which a failure is told later (`PyErr_SetInterruptEx`, `trip_signal`).
    unsafe {
        let interrupted = ffi::PyOS_InterruptOccurred() != 0;
        if interrupted {
            ffi::PyErr_SetInterrupt();
        }
        interrupted
    }
}
