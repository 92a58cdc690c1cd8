//! Dicts whose table of keys is shared with others, as those of a class's instances are.

use super::dict::{Dict, SHARED, TextEntry};
use super::object::View;
use super::text::Text;

/// What a dict has of its own beside a shared table: its values at the places of their keys, and those places in
/// the order of insertion (CPython's `Include/internal/pycore_dict.h`).
#[cfg(Py_3_13)]
#[repr(C)]
struct Values {
    capacity: u8,
    size: u8,
    embedded: u8,
    valid: u8,
    values: [*mut pyo3::ffi::PyObject; 1],
}

/// The entries of a dict whose keys, all exact strings, lie in a shared table.
#[derive(Copy, Clone)]
pub struct SharedEntries<'q> {
    keys: &'q [TextEntry<'q>],
    /// As many as there are keys.
    values: *const Option<View<'q>>,
    /// The places of the entries, up to 3.12 from the last one to the first.
    order: &'q [u8],
}

impl<'q> SharedEntries<'q> {
    /// The entry at `position`, which moves past it; None at the end. Positions are the dict's own.
    #[inline(always)]
    pub fn next(self, position: &mut isize) -> Option<(Text<'q>, View<'q>)> {
        let at = *position as usize;
        let at = if cfg!(Py_3_13) {
            at
        } else {
            self.order.len().wrapping_sub(at + 1)
        };
        let place = usize::from(*self.order.get(at)?);
        let key = self.keys.get(place)?.key?;
        *position += 1;
        // SAFETY: there is a value, or null, for each key of the table, all of which are exact strings.
        unsafe { Some((Text::new(key), (*self.values.add(place))?)) }
    }
}

impl<'q> Dict<'q> {
    /// The entries where the table of keys is shared.
    #[inline(always)]
    pub fn shared_entries(self) -> Option<SharedEntries<'q>> {
        if cfg!(Py_GIL_DISABLED) {
            return None;
        }
        // SAFETY: a table of this kind has pairs, and nothing but exact strings.
        let keys = unsafe { self.entries_of(SHARED)? };
        let len = self.len();
        // SAFETY: a dict whose table of keys is of this kind has values of its own: a place for each key that the
        // table has room for, and a byte for each entry, up to 3.12 before the values, with two bytes in between,
        // and behind them later (`layout.rs` looks). Each value is null or an object that the dict holds. The
        // dict does not change for `'q`.
        unsafe {
            let values = (*self.raw()).ma_values;
            if values.is_null() {
                return None;
            }
            #[cfg(not(Py_3_13))]
            let (values, order) = {
                let order = values.cast::<u8>().sub(2 + len);
                (values.cast(), order)
            };
            #[cfg(Py_3_13)]
            let (values, order) = {
                let values = values.cast::<Values>();
                let first = (&raw const (*values).values).cast::<Option<View<'q>>>();
                let capacity = usize::from((*values).capacity);
                (first, first.add(capacity).cast::<u8>())
            };
            Some(SharedEntries {
                keys,
                values,
                order: std::slice::from_raw_parts(order, len),
            })
        }
    }
}
