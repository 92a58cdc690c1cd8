//! `collections.OrderedDict`, whose order is not that of the dict within.

use std::marker::PhantomData;

use pyo3::ffi;

use super::dict::Dict;
use super::object::View;
use crate::fast::collector_pause::CollectorPause;
use crate::fast::count::count;
use crate::fast::libpython;
use crate::fast::watch;

/// Entries that are put in order at the most: without memory of one's own.
pub const MOST_ORDERED: usize = 32;

/// Entries in order, before places that are empty.
pub type Ordered<'q> = [Option<(View<'q>, View<'q>)>; MOST_ORDERED];

impl<'q> View<'q> {
    /// The object as the dict within an exact `OrderedDict`.
    #[inline(always)]
    pub fn as_ordered_dict(self) -> Option<Dict<'q>> {
        // SAFETY: the static is only compared.
        if self.type_ptr() != &raw mut libpython::PyODict_Type {
            return None;
        }
        self.as_any_dict()
    }

    /// The entries of an exact `OrderedDict` of a few texts for keys, in its own order; None for any other object,
    /// and where that order is not of the entries there are.
    pub fn ordered_entries(self) -> Option<Ordered<'q>> {
        let dict = self.as_ordered_dict()?;
        if !dict.has_text_keys() || dict.len() > MOST_ORDERED {
            return None;
        }
        let mut ordered = [None; MOST_ORDERED];
        let keys = Keys::of(self)?;
        let mut places = ordered.iter_mut();
        let mut position = 0;
        for _ in 0..dict.len() {
            let key = keys.next()??;
            // Most are in the order of the dict.
            let value = match dict.next(&mut position) {
                Some((same, value)) if same.is(key) => value,
                _ => dict.get_text(key.as_text()?)?,
            };
            *places.next()? = Some((key, value));
        }
        keys.next()?.is_none().then_some(ordered)
    }
}

/// An iterator over the keys of an `OrderedDict`.
struct Keys<'q> {
    iterator: *mut ffi::PyObject,
    of: PhantomData<View<'q>>,
}

impl<'q> Keys<'q> {
    fn of(ordered: View<'q>) -> Option<Self> {
        watch::allocation_foreseen();
        let _pause = CollectorPause::new();
        // SAFETY: the exact type makes an iterator in C, which the collector tracks: it is paused. Without memory an
        // exception that exists beforehand is set, and taken away again.
        let iterator = unsafe { ffi::PyObject_GetIter(ordered.as_ptr()) };
        if iterator.is_null() {
            // SAFETY: as above.
            unsafe { ffi::PyErr_Clear() };
            return None;
        }
        Some(Self {
            iterator,
            of: PhantomData,
        })
    }

    /// The next key, None within at the end; None without where the order is not of the entries there are.
    fn next(&self) -> Option<Option<View<'q>>> {
        let _pause = CollectorPause::new();
        // SAFETY: the iterator is alive, and gives a key of the dict with a reference; given back, that frees nothing.
        // The keys are texts, which are looked up in C. Of a dict that lacks a key in its order an exception is made,
        // and dies quietly; the collector is paused meanwhile.
        unsafe {
            let key = ffi::PyIter_Next(self.iterator);
            if key.is_null() {
                let is_end = ffi::PyErr_Occurred().is_null();
                ffi::PyErr_Clear();
                return is_end.then_some(None);
            }
            let is_held = count(key).is_some_and(|count| count > 1);
            ffi::Py_DECREF(key);
            is_held.then(|| Some(View::within(key)))
        }
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        watch::released(self.iterator);
        // SAFETY: the reference is ours. What the iterator holds is held by the dict too.
        unsafe { ffi::Py_DECREF(self.iterator) }
    }
}
