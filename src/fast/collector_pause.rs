//! A pause of the collector. Up to 3.11 an allocation that it tracks may run it, and so finalisers, on the spot;
//! later it waits until Python code runs.

/// The pause lasts as long as this does.
pub struct CollectorPause {
    #[cfg(not(Py_3_12))]
    was_enabled: bool,
}

impl CollectorPause {
    #[inline(always)]
    pub fn new() -> Self {
        Self {
            // SAFETY: the caller is attached, since it is about to make an object; pausing runs nothing.
            #[cfg(not(Py_3_12))]
            was_enabled: unsafe { pyo3::ffi::PyGC_Disable() != 0 },
        }
    }
}

impl Drop for CollectorPause {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(not(Py_3_12))]
        if self.was_enabled {
            // SAFETY: the caller is still attached; resuming runs nothing.
            unsafe { pyo3::ffi::PyGC_Enable() };
        }
    }
}
