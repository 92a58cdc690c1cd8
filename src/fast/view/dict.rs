//! Exact dicts.

use pyo3::ffi;

use super::object::View;
use super::text::Text;

/// An exact dict.
#[derive(Copy, Clone)]
pub struct Dict<'q>(View<'q>);

/// The beginning of a dict's table of keys (CPython's `Include/internal/pycore_dict.h`). Behind it follow so
/// many bytes of indices, and then the entries in order.
#[repr(C)]
pub(super) struct Keys {
    references: ffi::Py_ssize_t,
    log2_size: u8,
    log2_index_bytes: u8,
    /// 0 where keys are anything, else all of them are exact strings.
    kind: u8,
    version: u32,
    usable: ffi::Py_ssize_t,
    pub(super) used: ffi::Py_ssize_t,
}

/// An entry of a table of exact strings; one that was taken out is empty.
#[repr(C)]
pub(super) struct TextEntry<'q> {
    pub(super) key: Option<View<'q>>,
    value: Option<View<'q>>,
}

/// An entry of a table of any keys; one that was taken out has no value.
#[repr(C)]
struct AnyEntry<'q> {
    hash: ffi::Py_hash_t,
    key: Option<View<'q>>,
    value: Option<View<'q>>,
}

/// The entries of a dict whose keys may be anything.
#[derive(Copy, Clone)]
pub struct AnyEntries<'q>(&'q [AnyEntry<'q>]);

impl<'q> AnyEntries<'q> {
    /// The entry at `position`, which moves past it; None at the end. Positions are the dict's own.
    #[inline(always)]
    pub fn next(self, position: &mut isize) -> Option<(View<'q>, View<'q>)> {
        while let Some(entry) = self.0.get(*position as usize) {
            *position += 1;
            if let (Some(key), Some(value)) = (entry.key, entry.value) {
                return Some((key, value));
            }
        }
        None
    }
}

/// The entries of a dict whose keys are exact strings that lie beside their values.
#[derive(Copy, Clone)]
pub struct TextEntries<'q>(&'q [TextEntry<'q>]);

impl<'q> TextEntries<'q> {
    /// The entry at `position`, which moves past it; None at the end. Positions are the dict's own.
    #[inline(always)]
    pub fn next(self, position: &mut isize) -> Option<(Text<'q>, View<'q>)> {
        while let Some(entry) = self.0.get(*position as usize) {
            *position += 1;
            if let (Some(key), Some(value)) = (entry.key, entry.value) {
                // SAFETY: all keys of such a table are of the exact type.
                return Some((unsafe { Text::new(key) }, value));
            }
        }
        None
    }
}

/// `Keys::kind` of a table of any keys, with values beside them: its entries are triples.
const ANY: u8 = 0;

/// `Keys::kind` of a table of exact strings, with values beside them: its entries are pairs.
const UNICODE: u8 = 1;

/// `Keys::kind` of a table of exact strings that dicts share: its entries are pairs too, with no values in them.
pub(super) const SHARED: u8 = 2;

impl<'q> Dict<'q> {
    /// # Safety
    /// The object is of the exact type.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The object itself.
    #[inline(always)]
    pub fn object(self) -> View<'q> {
        self.0
    }

    #[inline(always)]
    pub(in crate::fast) fn as_ptr(self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    #[inline(always)]
    pub(super) fn raw(self) -> *const ffi::PyDictObject {
        self.0.as_ptr().cast()
    }

    /// The number of entries.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: a dict has this layout on the versions supported; its size is never negative.
        unsafe { (*self.raw()).ma_used as usize }
    }

    /// The entry at `position`, which moves past it; None at the end. Every position is checked against
    /// the dict's table as it is now.
    #[inline(always)]
    pub fn next(self, position: &mut isize) -> Option<(View<'q>, View<'q>)> {
        if let Some(entries) = self.text_entries() {
            let (key, value) = entries.next(position)?;
            return Some((key.object(), value));
        }
        if let Some(entries) = self.shared_entries() {
            let (key, value) = entries.next(position)?;
            return Some((key.object(), value));
        }
        if let Some(entries) = self.any_entries() {
            return entries.next(position);
        }
        self.next_of_any(position)
    }

    /// The entries where all keys are exact strings and lie beside their values.
    #[inline(always)]
    pub fn text_entries(self) -> Option<TextEntries<'q>> {
        if cfg!(Py_GIL_DISABLED) {
            return None;
        }
        // SAFETY: a table of this kind has pairs, and nothing but exact strings.
        let entries = unsafe { self.entries_of(UNICODE)? };
        (!self.shares_keys()).then_some(TextEntries(entries))
    }

    /// The entries where keys may be anything.
    #[inline(always)]
    pub fn any_entries(self) -> Option<AnyEntries<'q>> {
        if cfg!(Py_GIL_DISABLED) {
            return None;
        }
        // SAFETY: a table of this kind has triples.
        unsafe { self.entries_of(ANY).map(AnyEntries) }
    }

    /// The entries of a table of this kind.
    ///
    /// # Safety
    /// The entries of such a table are of the type `E`.
    #[inline(always)]
    pub(super) unsafe fn entries_of<E>(self, kind: u8) -> Option<&'q [E]> {
        // SAFETY: a dict has a table of keys, which begins like this (`layout.rs` looks). Entries follow, as many as
        // were used, of pointers that are null or to an object that the table holds; a view is such a pointer, and
        // None is null. The table of a dict that does not change for `'q` does not change either, but for keys that
        // another dict adds where it is shared.
        unsafe {
            let keys = (*self.raw()).ma_keys.cast::<Keys>();
            if (*keys).kind != kind {
                return None;
            }
            if (*keys).used == 0 {
                // The empty table that all dicts share has no room for an entry, nor the alignment of one.
                return Some(&[]);
            }
            let indices = keys.add(1).cast::<u8>();
            let entries = indices.add(1 << (*keys).log2_index_bytes).cast();
            Some(std::slice::from_raw_parts(entries, (*keys).used as usize))
        }
    }

    #[inline(never)]
    fn next_of_any(self, position: &mut isize) -> Option<(View<'q>, View<'q>)> {
        let mut key = std::ptr::null_mut();
        let mut value = std::ptr::null_mut();
        // SAFETY: of a dict the call walks the table, and gives an entry that the dict holds.
        unsafe {
            if ffi::PyDict_Next(self.0.as_ptr(), position, &raw mut key, &raw mut value) == 0 {
                return None;
            }
            Some((View::within(key), View::within(value)))
        }
    }

    /// Whether the dict shares its table of keys with other instances of a class.
    ///
    /// A key of such a table is counted once, however many dicts show it.
    #[inline(always)]
    pub fn shares_keys(self) -> bool {
        // SAFETY: a dict has this layout on the versions supported.
        unsafe { !(*self.raw()).ma_values.is_null() }
    }

    /// Whether the dict's table holds nothing but exact strings. The answer may be no where that is so
    /// only by now, since other keys were taken out.
    #[inline(always)]
    pub fn has_text_keys(self) -> bool {
        if cfg!(Py_GIL_DISABLED) {
            return false;
        }
        // SAFETY: a dict always has a table of keys, which begins like this (`layout.rs` looks).
        unsafe { (*(*self.raw()).ma_keys.cast::<Keys>()).kind != 0 }
    }

    /// The value under a name, in a dict whose keys are all exact strings; None for other dicts.
    pub(super) fn get_text(self, name: Text<'_>) -> Option<View<'q>> {
        if !self.has_text_keys() {
            return None;
        }
        // SAFETY: an exact string hashes and compares with others in C, without an allocation, and no
        // exception is set where it is not found. The dict holds the value.
        unsafe {
            let value = ffi::PyDict_GetItemWithError(self.0.as_ptr(), name.object().as_ptr());
            (!value.is_null()).then(|| View::within(value))
        }
    }

    /// The value under a class.
    ///
    /// # Safety
    /// All keys of the dict compare by identity, and so does the class.
    #[inline(always)]
    pub(in crate::fast) unsafe fn get_class(self, class: View<'_>) -> Option<View<'q>> {
        // SAFETY: by the caller's word the class hashes by its address, and no comparison runs Python code. No
        // exception is set where it is not found. The dict holds the value.
        unsafe {
            let value = ffi::PyDict_GetItemWithError(self.0.as_ptr(), class.as_ptr());
            (!value.is_null()).then(|| View::within(value))
        }
    }
}
