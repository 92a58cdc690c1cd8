//! Large pages for the objects of a large load.
//!
//! The interpreter keeps small objects in arenas, which it takes from the system one by one, 1 MiB each. The system gives
//! the pages of an arena at the first write to each, by 4 KiB, and that takes longer than all the rest of loading an int or
//! a short string. While a large load runs, its thread's arenas are halves of large pages, which the system gives at
//! once.
//!
//! The interpreter's allocator of arenas stays in place below ours: it gets every other request, and what it gave goes back
//! to it. It is never put back in our place, since somebody may have set a third one on top.

use std::marker::PhantomData;

use pyo3::prelude::*;

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod halves;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod marks;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod pages;

/// A large load under way on this thread: what the thread makes lies in large pages where the system has some.
pub struct LargeArenas<'py>(PhantomData<Python<'py>>);

impl<'py> LargeArenas<'py> {
    /// The load begins.
    #[cold]
    pub fn begin(_: Python<'py>) -> Self {
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        halves::begin();
        Self(PhantomData)
    }
}

impl Drop for LargeArenas<'_> {
    fn drop(&mut self) {
        #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
        halves::end();
    }
}
