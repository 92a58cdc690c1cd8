//! A place for a boxed value that whoever needs it takes out.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use crate::fast::quiet::Quiet;

/// A place that holds a boxed value or nothing. No thread waits for another here: who comes while the value is out
/// finds nothing.
///
/// A value is shared as a lock would share it, which is what the marker says.
pub struct Slot<T>(AtomicPtr<T>, PhantomData<Mutex<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Slot<T> {
    /// A place that holds nothing.
    pub const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()), PhantomData)
    }

    /// A place that holds this value.
    #[inline(always)]
    pub fn holding(value: Box<T>) -> Self {
        Self(AtomicPtr::new(Box::into_raw(value)), PhantomData)
    }

    /// Takes the value out.
    #[inline(always)]
    pub fn take(&self) -> Option<Box<T>> {
        owned(self.0.swap(std::ptr::null_mut(), Ordering::AcqRel))
    }

    /// As `take`, for less: the GIL keeps all others away.
    #[inline(always)]
    pub fn take_quietly(&self, _: &Quiet) -> Option<Box<T>> {
        if cfg!(Py_GIL_DISABLED) {
            return self.take();
        }
        let value = self.0.load(Ordering::Acquire);
        self.0.store(std::ptr::null_mut(), Ordering::Release);
        owned(value)
    }

    /// Puts a value in where there is none; else gives it back.
    #[inline(always)]
    pub fn keep_quietly(&self, value: Box<T>, quiet: &Quiet) -> Option<Box<T>> {
        if cfg!(Py_GIL_DISABLED) {
            return self.replace(value);
        }
        let _ = quiet;
        if !self.0.load(Ordering::Acquire).is_null() {
            return Some(value);
        }
        self.put_back(value);
        None
    }

    /// As `replace`, for less: the GIL keeps all others away.
    #[inline(always)]
    pub fn replace_quietly(&self, value: Box<T>, quiet: &Quiet) -> Option<Box<T>> {
        if cfg!(Py_GIL_DISABLED) {
            return self.replace(value);
        }
        let old = self.take_quietly(quiet);
        self.put_back(value);
        old
    }

    /// Takes the value out of a slot that is nobody else's any more.
    #[inline(always)]
    pub fn take_from_ended(&mut self) -> Option<Box<T>> {
        owned(std::mem::replace(self.0.get_mut(), std::ptr::null_mut()))
    }

    /// Puts a value in, and gives out the one that was there.
    pub fn replace(&self, value: Box<T>) -> Option<Box<T>> {
        owned(self.0.swap(Box::into_raw(value), Ordering::AcqRel))
    }

    /// Puts back what was taken out. A value that is there nevertheless is lost, never freed: an exchange would
    /// cost what a lock costs, at each passage of the gate.
    #[inline(always)]
    pub fn put_back(&self, value: Box<T>) {
        self.0.store(Box::into_raw(value), Ordering::Release);
    }
}

/// What was taken out of a slot.
#[inline(always)]
fn owned<T>(value: *mut T) -> Option<Box<T>> {
    // SAFETY: a slot's addresses come from `Box::into_raw` alone, and each leaves its slot once: by an exchange, or while
    // nobody else is at work, as `Quiet` shows.
    (!value.is_null()).then(|| unsafe { Box::from_raw(value) })
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        drop(self.take_from_ended());
    }
}

/// A number for this thread, never zero, that no other thread of the process has or had.
#[inline(always)]
pub fn thread_number() -> u64 {
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    let number = NUMBER.get();
    if number != 0 {
        return number;
    }
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    NUMBER.set(number);
    number
}
