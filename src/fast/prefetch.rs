//! Memory that the processor fetches into its cache before it is read.

use pyo3::prelude::*;

/// Has the processor fetch what lies at an address, since it will be needed soon.
#[inline(always)]
pub fn prefetch<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction is a hint and reads nothing that could fault, whatever lies there. `benchmarks scale` and
    // `benchmarks loads --only graph` earn it: long lists, and values that a memo has had for long.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
}

/// As above, for an object's first bytes.
#[inline(always)]
pub fn prefetch_object(object: &Py<PyAny>) {
    prefetch(object.as_ptr());
}
