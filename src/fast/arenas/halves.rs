//! The interpreter's arenas as halves of large pages.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

use pyo3::ffi::{PyObject_GetArenaAllocator, PyObject_SetArenaAllocator, PyObjectArenaAllocator};

use crate::fast::arenas::marks::ARENA;
use crate::fast::arenas::pages::Pages;
use crate::fast::pages::ask_for_large;

/// Bytes of a large page, and of what its address is a multiple of.
const LARGE_PAGE: usize = 2 * ARENA;

/// The allocator that was there before ours.
struct Before(PyObjectArenaAllocator);

// SAFETY: what it holds is never changed, and the interpreter calls it from any thread itself.
unsafe impl Send for Before {}
// SAFETY: as above.
unsafe impl Sync for Before {}

static BEFORE: OnceLock<Before> = OnceLock::new();

thread_local! {
    /// Large loads under way on this thread.
    static LOADS: Cell<usize> = const { Cell::new(0) };
    /// The half of a large page that is the next arena; null where there is none.
    static HALF: Cell<*mut c_void> = const { Cell::new(ptr::null_mut()) };
}

impl Before {
    fn allocate(&self, size: usize) -> Option<*mut c_void> {
        Some(self.0.alloc?(self.0.ctx, size))
    }

    fn free(&self, arena: *mut c_void, size: usize) -> Option<()> {
        self.0.free?(self.0.ctx, arena, size);
        Some(())
    }
}

/// What the interpreter calls for each arena.
extern "C" fn allocate(_: *mut c_void, size: usize) -> *mut c_void {
    let ours = match size {
        ARENA if LOADS.get() > 0 => next_half(),
        _ => None,
    };
    ours.or_else(|| BEFORE.get()?.allocate(size))
        .unwrap_or(ptr::null_mut())
}

/// What the interpreter calls when an arena is empty.
extern "C" fn free(_: *mut c_void, arena: *mut c_void, size: usize) {
    let theirs = match Pages::of_arena(arena) {
        Some(_) => None,
        None => BEFORE.get(),
    };
    theirs.and_then(|before| before.free(arena, size));
}

/// The half that was kept, or the first half of another large page, of which the second is kept. None where the system
/// has no more.
fn next_half() -> Option<*mut c_void> {
    let half = HALF.replace(ptr::null_mut());
    if !half.is_null() {
        return Some(half);
    }
    let memory = Pages::new(2 * LARGE_PAGE)?;
    // The last large page that lies whole in it is taken, so that the next one will lie right below.
    let before = LARGE_PAGE - memory.address() % LARGE_PAGE;
    let (mut page, _) = memory.split(before).1.split(LARGE_PAGE);
    ask_for_large(page.room());
    let (first, second) = page.split(ARENA);
    let first = first.into_arena()?;
    HALF.set(second.into_arena().unwrap_or(ptr::null_mut()));
    Some(first)
}

/// Sets our allocator, once for the process.
fn set_allocator() {
    let mut allocator = PyObjectArenaAllocator {
        ctx: ptr::null_mut(),
        alloc: None,
        free: None,
    };
    // SAFETY: the caller is attached, and the call fills the struct that it is given.
    unsafe { PyObject_GetArenaAllocator(&raw mut allocator) };
    if BEFORE.set(Before(allocator)).is_ok() {
        allocator.alloc = Some(allocate);
        allocator.free = Some(free);
        // SAFETY: the caller is attached. Arenas that are in use came from the allocator before, and will go to it; the context
        // stays as it is, so an interpreter on another thread may see the new functions one after the other.
        unsafe { PyObject_SetArenaAllocator(&raw mut allocator) };
    }
}

/// A large load begins on this thread.
pub(super) fn begin() {
    if BEFORE.get().is_none() {
        set_allocator();
    }
    LOADS.set(LOADS.get() + 1);
}

/// A large load ends on this thread. With the last one of those that run within each other, the half that is left goes
/// back to the system.
pub(super) fn end() {
    LOADS.set(LOADS.get() - 1);
    if LOADS.get() > 0 {
        return;
    }
    drop(Pages::of_arena(HALF.replace(ptr::null_mut())));
}
