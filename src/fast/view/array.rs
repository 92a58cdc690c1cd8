//! numpy's arrays, by the layout that its C interface promises to the extensions built against it.

use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::object::View;
use crate::fast::relaxed::copy_relaxed;

/// `numpy.ndarray`, once it is known. It stays.
static NDARRAY: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

/// Versions of the binary interface that have this layout: those of numpy 1 and 2.
const INTERFACES: [c_uint; 2] = [0x0100_0009, 0x0200_0000];

/// What an array begins with (numpy's `ndarraytypes.h`: `PyArrayObject_fields`).
#[repr(C)]
struct Fields {
    base: ffi::PyObject,
    data: *mut u8,
    dimensions_count: c_int,
    dimensions: *const isize,
    strides: *const isize,
    owner: *mut ffi::PyObject,
    dtype: *mut ffi::PyObject,
    flags: c_int,
}

/// Flag of an array: the items lie one behind the other in C's order.
const C_CONTIGUOUS: c_int = 1;

/// Flags of a type of items: they are objects, or are pickled as a list for another reason.
const OBJECTS_OR_LIST: i64 = 1 | 2;

/// Dimensions at the most, of any numpy.
const MOST_DIMENSIONS: usize = 64;

/// Makes arrays known, if the class is theirs. `numpy` is the module that numpy's C interface is found in.
pub fn make_arrays_known(class: &Bound<'_, PyType>, numpy: &Bound<'_, PyAny>) {
    let Ok(interface) = numpy.getattr("_ARRAY_API") else {
        return;
    };
    // SAFETY: the class is alive, and its flags and its name are read; what can't be changed was made in C. The
    // capsule, which has no name, holds numpy's table of functions, whose first has been the one that tells the version
    // of the interface in every numpy, and whose third entry the type of arrays.
    unsafe {
        let t = class.as_type_ptr();
        if ffi::PyType_GetFlags(t) & ffi::Py_TPFLAGS_IMMUTABLETYPE == 0
            || std::ffi::CStr::from_ptr((*t).tp_name) != c"numpy.ndarray"
            || ffi::PyCapsule_IsValid(interface.as_ptr(), std::ptr::null()) == 0
        {
            return;
        }
        let table = ffi::PyCapsule_GetPointer(interface.as_ptr(), std::ptr::null());
        let table = table.cast::<*mut c_void>();
        let version: extern "C" fn() -> c_uint = std::mem::transmute(*table);
        let is_this = *table.add(2) == t.cast();
        if is_this && INTERFACES.contains(&version()) && NDARRAY.load(Ordering::Relaxed).is_null() {
            NDARRAY.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
        }
    }
}

/// An exact array, whose items lie one behind the other in C's order.
#[derive(Copy, Clone)]
pub struct Array<'q>(View<'q>);

impl<'q> View<'q> {
    /// Whether the object is an exact array, once that type is known.
    pub fn is_array(self) -> bool {
        self.type_ptr() == NDARRAY.load(Ordering::Relaxed)
    }

    /// The object as such an array, once that type is known.
    #[inline(always)]
    pub fn as_array(self) -> Option<Array<'q>> {
        if !self.is_array() || cfg!(Py_GIL_DISABLED) {
            return None;
        }
        let array = Array(self);
        let is_plain =
            array.flags() & C_CONTIGUOUS != 0 && array.dimensions_count() <= MOST_DIMENSIONS;
        is_plain.then_some(array)
    }

    /// An attribute of a type of items that is an int; None where it is not kept by C, in an object that has its
    /// attributes by its type alone.
    fn number_kept(self, name: View<'_>) -> Option<i64> {
        let class = self.class();
        let found = class.names()?.get(name)?;
        if found.type_ptr() != &raw mut ffi::PyMemberDescr_Type
            || !class.finds_attributes_ordinarily()
            || !self.has_no_attributes()
        {
            return None;
        }
        self.number_named(name)
    }

    /// An attribute that C tells, if it is an int that fits in 64 bits.
    fn number_named(self, name: View<'_>) -> Option<i64> {
        // SAFETY: both callers know that C tells the attribute; it makes an int, or without memory an exception that
        // exists beforehand and is taken away again. The int dies quietly.
        unsafe {
            let number = ffi::PyObject_GetAttr(self.as_ptr(), name.as_ptr());
            if number.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let value = View::within(number).as_int().and_then(|int| int.value());
            ffi::Py_DECREF(number);
            value
        }
    }
}

impl<'q> Array<'q> {
    fn fields(self) -> *const Fields {
        self.0.as_ptr().cast()
    }

    fn flags(self) -> c_int {
        // SAFETY: an exact array has this layout.
        unsafe { (*self.fields()).flags }
    }

    fn dimensions_count(self) -> usize {
        // SAFETY: an exact array has this layout.
        usize::try_from(unsafe { (*self.fields()).dimensions_count }).unwrap_or(usize::MAX)
    }

    /// How many items there are in each direction.
    pub fn shape(self) -> &'q [isize] {
        let n = self.dimensions_count();
        if n == 0 {
            return &[];
        }
        // SAFETY: an array has so many dimensions, which Python code alone changes.
        unsafe { std::slice::from_raw_parts((*self.fields()).dimensions, n) }
    }

    /// The type of the items.
    pub fn dtype(self) -> View<'q> {
        // SAFETY: an array holds it.
        unsafe { View::within((*self.fields()).dtype) }
    }

    /// The bytes of all items, where these are no objects. `flags` is the name under which a type of items tells that,
    /// `nbytes` that under which an array tells its size.
    pub fn bytes(self, flags: View<'_>, nbytes: View<'_>) -> Option<ArrayBytes<'q>> {
        if self.dtype().number_kept(flags)? & OBJECTS_OR_LIST != 0 {
            return None;
        }
        let len = usize::try_from(self.0.number_named(nbytes)?).ok()?;
        Some(ArrayBytes { array: self, len })
    }
}

/// The bytes of an array's items.
#[derive(Copy, Clone)]
pub struct ArrayBytes<'q> {
    array: Array<'q>,
    len: usize,
}

impl<'q> ArrayBytes<'q> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.len
    }

    /// Copies bytes from `start` on; how many were copied.
    pub fn copy(self, start: usize, to: &mut [u8]) -> usize {
        let n = self.len.saturating_sub(start).min(to.len());
        if n > 0 {
            // SAFETY: an array whose items lie one behind the other has `len` bytes there, as it told since Python
            // code last ran.
            unsafe {
                let from = (*self.array.fields()).data.add(start);
                copy_relaxed(from, to.as_mut_ptr(), n);
            }
        }
        n
    }

    /// The object that stands for bytes of this text everywhere, where there is no more than one byte.
    pub fn singleton(self) -> Option<View<'q>> {
        let mut byte = [0];
        if self.len > 1 {
            return None;
        }
        let n = self.copy(0, &mut byte);
        // SAFETY: of none or one byte the call gives an object that lives as long as the interpreter, with a reference
        // that is given back.
        unsafe {
            let bytes = ffi::PyBytes_FromStringAndSize(byte.as_ptr().cast(), n as isize);
            if bytes.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            ffi::Py_DECREF(bytes);
            Some(View::within(bytes))
        }
    }
}
