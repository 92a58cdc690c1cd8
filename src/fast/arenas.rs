//! Large pages for the objects of a large load.
//!
//! The interpreter keeps small objects in arenas, which it takes from the system one by one, 1 MiB each. The system gives
//! the pages of an arena at the first write to each, by 4 KiB, and that takes longer than all the rest of loading an int or
//! a short string. While a large load runs, its thread's arenas are halves of large pages, which the system gives at
//! once.
//!
//! The interpreter's allocator of arenas stays in place below ours: it gets every other request, and what it gave goes back
//! to it. It is never put back in our place, since somebody may have set a third one on top.

use std::cell::Cell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;

use pyo3::ffi::{PyObject_GetArenaAllocator, PyObject_SetArenaAllocator, PyObjectArenaAllocator};
use pyo3::prelude::*;

use crate::fast::pages;

mod marks;

/// Bytes of an arena that is half a large page. Where the interpreter's arenas have another size they stay as they are.
const ARENA: usize = 1 << 20;

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

/// What the interpreter calls for each arena.
extern "C" fn allocate(ctx: *mut c_void, size: usize) -> *mut c_void {
    if size == ARENA && LOADS.get() > 0 {
        let half = HALF.replace(ptr::null_mut());
        let arena = if half.is_null() { first_half() } else { half };
        if !arena.is_null() {
            return arena;
        }
    }
    let before = BEFORE.get().and_then(|before| before.0.alloc);
    before.map_or(ptr::null_mut(), |alloc| alloc(ctx, size))
}

/// What the interpreter calls when an arena is empty.
extern "C" fn free(ctx: *mut c_void, arena: *mut c_void, size: usize) {
    if marks::take_off(arena) {
        unmap(arena, size);
    } else if let Some(free) = BEFORE.get().and_then(|before| before.0.free) {
        free(ctx, arena, size);
    }
}

/// The first half of a large page, of which the other is kept for the next arena; null where there is none to be had.
fn first_half() -> *mut c_void {
    // SAFETY: memory that nobody has is asked for, wherever it may lie.
    let memory = unsafe {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        libc::mmap(ptr::null_mut(), 2 * LARGE_PAGE, protection, flags, -1, 0)
    };
    if memory == libc::MAP_FAILED {
        return ptr::null_mut();
    }
    // The last large page that lies whole in it is kept, so that the next one will lie right below.
    let before = LARGE_PAGE - memory.addr() % LARGE_PAGE;
    let page = memory.wrapping_byte_add(before);
    unmap(memory, before);
    unmap(page.wrapping_byte_add(LARGE_PAGE), LARGE_PAGE - before);
    let half = page.wrapping_byte_add(ARENA);
    if !(marks::put_on(page) && marks::put_on(half)) {
        marks::take_off(page);
        unmap(page, LARGE_PAGE);
        return ptr::null_mut();
    }
    // SAFETY: of the memory that was got so much was kept, and nobody else has it yet.
    let room =
        unsafe { std::slice::from_raw_parts_mut(page.cast::<MaybeUninit<u8>>(), LARGE_PAGE) };
    pages::ask_for_large(room);
    HALF.set(half);
    page
}

/// Gives whole pages, which `first_half` got, back to the system.
fn unmap(memory: *mut c_void, size: usize) {
    if size > 0 {
        // SAFETY: nobody has these pages any more: the interpreter freed them, or never got them.
        unsafe { libc::munmap(memory, size) };
    }
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

/// A large load under way on this thread: what the thread makes lies in large pages where the system has some.
pub struct LargeArenas<'py>(PhantomData<Python<'py>>);

impl<'py> LargeArenas<'py> {
    /// The load begins.
    #[cold]
    pub fn begin(_: Python<'py>) -> Self {
        if BEFORE.get().is_none() {
            set_allocator();
        }
        LOADS.set(LOADS.get() + 1);
        Self(PhantomData)
    }
}

impl Drop for LargeArenas<'_> {
    fn drop(&mut self) {
        LOADS.set(LOADS.get() - 1);
        let half = match LOADS.get() {
            0 => HALF.replace(ptr::null_mut()),
            _ => return,
        };
        if marks::take_off(half) {
            unmap(half, ARENA);
        }
    }
}
