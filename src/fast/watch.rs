//! What the memo tells the watchman: which of its entries own no reference, and until when.
//!
//! Only a build with the feature `watch` has a watchman (`watchman.rs`), and only tests make one. In
//! any other build each of these functions is nothing.

#[cfg(feature = "watch")]
pub use crate::fast::watchman::{
    allocation_foreseen, entry_forgotten, entry_owned, entry_unowned, released,
};

/// An object was given an index, without a reference: until `entry_owned` nothing may free it.
#[cfg(not(feature = "watch"))]
#[inline(always)]
pub fn entry_unowned(_object: *mut pyo3::ffi::PyObject) {}

/// A reference is about to be taken to an object that had none: it must still be what it was.
#[cfg(not(feature = "watch"))]
#[inline(always)]
pub fn entry_owned(_object: *mut pyo3::ffi::PyObject) {}

/// An entry that never owned a reference is gone, with its memo.
#[cfg(not(feature = "watch"))]
#[inline(always)]
pub fn entry_forgotten(_object: *mut pyo3::ffi::PyObject) {}

/// An object that the collector tracks may be made now. Where this would collect on the spot, on
/// 3.11, references have been taken; elsewhere nothing happens, and so the watchman is told.
#[cfg(not(feature = "watch"))]
#[inline(always)]
pub fn allocation_foreseen() {}

/// A reference is about to be given back. Up to 3.12 the interpreter does not tell who dies.
#[cfg(not(feature = "watch"))]
#[inline(always)]
pub fn released(_object: *mut pyo3::ffi::PyObject) {}
