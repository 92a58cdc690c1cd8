//! Functions written in Python, and what they rest on.

use pyo3::ffi;

use super::dict::Dict;
use super::object::View;

/// A function written in Python.
#[derive(Copy, Clone)]
pub struct Function<'q>(View<'q>);

impl<'q> View<'q> {
    /// The object as a function written in Python.
    #[inline(always)]
    pub fn as_function(self) -> Option<Function<'q>> {
        (self.type_ptr() == &raw mut ffi::PyFunction_Type).then_some(Function(self))
    }

    /// Whether it is the type `tuple` itself.
    pub fn is_tuple_type(self) -> bool {
        self.as_ptr() == (&raw mut ffi::PyTuple_Type).cast()
    }

    /// Whether it is the type `dict` itself.
    pub fn is_dict_type(self) -> bool {
        self.as_ptr() == (&raw mut ffi::PyDict_Type).cast()
    }
}

impl<'q> Function<'q> {
    #[inline(always)]
    fn raw(self) -> *const ffi::PyFunctionObject {
        self.0.as_ptr().cast()
    }

    /// Its code, which may be exchanged.
    #[inline(always)]
    pub fn code(self) -> View<'q> {
        // SAFETY: a function holds its code, and no Python code exchanges it for `'q`.
        unsafe { View::within((*self.raw()).func_code) }
    }

    /// Where it looks for globals first.
    #[inline(always)]
    pub fn globals(self) -> Option<Dict<'q>> {
        // SAFETY: a function holds its globals.
        unsafe { View::within((*self.raw()).func_globals).as_dict() }
    }

    /// Where it looks for globals next.
    #[inline(always)]
    pub fn builtins(self) -> Option<Dict<'q>> {
        // SAFETY: a function holds the builtins that it was made with.
        unsafe { View::within((*self.raw()).func_builtins).as_dict() }
    }

    /// What the first name stands for that it takes from the function around it.
    #[inline(always)]
    pub fn first_of_closure(self) -> Option<View<'q>> {
        // SAFETY: a function's closure is null or a tuple that it holds; one of the cells' exact type holds what
        // is null or an object.
        unsafe {
            let closure = (*self.raw()).func_closure;
            if closure.is_null() {
                return None;
            }
            let cell = View::within(closure).as_tuple()?.item(0)?.as_ptr();
            if ffi::Py_TYPE(cell) != &raw mut ffi::PyCell_Type {
                return None;
            }
            let value = (*cell.cast::<Cell>()).value;
            (!value.is_null()).then(|| View::within(value))
        }
    }
}

/// A cell (CPython's `Include/cpython/cellobject.h`).
#[repr(C)]
struct Cell {
    base: ffi::PyObject,
    value: *mut ffi::PyObject,
}
