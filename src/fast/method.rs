//! Functions of ours as methods of plain Python classes: what is found on an instance is bound to it, as a Python
//! function is, and what is found on the class can be put back there.

use std::ffi::{CStr, c_int, c_void};
use std::mem::offset_of;
use std::ptr::null_mut;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyString, PyType};
use pyo3::{Borrowed, ffi};

use crate::fast::libpython;

/// A method: calls a builtin function that has the class for its `__self__`, with the instance first.
#[repr(C)]
struct Method {
    object: ffi::PyObject,
    vectorcall: Option<ffi::vectorcallfunc>,
    builtin: *mut ffi::PyObject,
}

/// The attributes that are those of the builtin function.
const OF_THE_BUILTIN: [&CStr; 6] = [
    c"__name__",
    c"__qualname__",
    c"__module__",
    c"__doc__",
    c"__text_signature__",
    c"__self__",
];

/// # Safety
/// As the interpreter calls it: with a method, and arguments as vectorcall has them.
unsafe extern "C" fn call(
    method: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the method holds its function, and the arguments are handed on as they are.
    unsafe { ffi::PyObject_Vectorcall((*method.cast::<Method>()).builtin, arguments, count, names) }
}

/// # Safety
/// As the interpreter calls it: with a method, and the instance or null.
unsafe extern "C" fn get(
    method: *mut ffi::PyObject,
    instance: *mut ffi::PyObject,
    _class: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: both are alive; what is given out is a new reference, or null with an exception set.
    unsafe {
        if instance.is_null() || instance == ffi::Py_None() {
            ffi::Py_INCREF(method);
            return method;
        }
        libpython::PyMethod_New(method, instance)
    }
}

/// # Safety
/// As the interpreter calls it: with a method, and a str.
unsafe extern "C" fn attribute(
    method: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: both are alive, and the method holds its function.
    unsafe {
        let is_the_builtins = OF_THE_BUILTIN
            .iter()
            .any(|own| ffi::PyUnicode_CompareWithASCIIString(name, own.as_ptr()) == 0);
        if is_the_builtins {
            return ffi::PyObject_GetAttr((*method.cast::<Method>()).builtin, name);
        }
        ffi::PyObject_GenericGetAttr(method, name)
    }
}

/// # Safety
/// As the interpreter calls it: with a method.
unsafe extern "C" fn documentation(
    method: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: the method holds its function.
    unsafe {
        let builtin = (*method.cast::<Method>()).builtin;
        ffi::PyObject_GetAttrString(builtin, c"__doc__".as_ptr())
    }
}

/// What a method is pickled as: a global by its qualified name, as a Python function is.
///
/// # Safety
/// As the interpreter calls it: with a method.
unsafe extern "C" fn reduce(
    method: *mut ffi::PyObject,
    _nothing: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the method holds its function.
    unsafe {
        let builtin = (*method.cast::<Method>()).builtin;
        ffi::PyObject_GetAttrString(builtin, c"__qualname__".as_ptr())
    }
}

/// # Safety
/// As the interpreter calls it: with a method.
unsafe extern "C" fn represent(method: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the method holds its function.
    unsafe { ffi::PyObject_Repr((*method.cast::<Method>()).builtin) }
}

/// # Safety
/// As the collector calls it: with a method.
unsafe extern "C" fn traverse(
    method: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the method holds its function, and its type, which is made at run time. The function is null while
    // the method is being made.
    unsafe {
        let builtin = (*method.cast::<Method>()).builtin;
        if !builtin.is_null() {
            let stop = visit(builtin, argument);
            if stop != 0 {
                return stop;
            }
        }
        visit(ffi::Py_TYPE(method).cast(), argument)
    }
}

/// # Safety
/// As the interpreter calls it: with a method that nobody holds any more.
unsafe extern "C" fn free(method: *mut ffi::PyObject) {
    // SAFETY: the references that the method owned are given back, its type's last.
    unsafe {
        let class = ffi::Py_TYPE(method);
        ffi::PyObject_GC_UnTrack(method.cast());
        ffi::Py_XDECREF((*method.cast::<Method>()).builtin);
        if let Some(free) = (*class).tp_free {
            free(method.cast());
        }
        ffi::Py_DECREF(class.cast());
    }
}

static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The class of methods, made once.
fn class_of_methods(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let class = CLASS.get_or_try_init(py, || {
        let vectorcall = ffi::PyMemberDef {
            name: c"__vectorcalloffset__".as_ptr(),
            type_code: ffi::Py_T_PYSSIZET,
            offset: offset_of!(Method, vectorcall) as ffi::Py_ssize_t,
            flags: ffi::Py_READONLY,
            doc: std::ptr::null(),
        };
        // SAFETY: a member of nulls ends the list.
        let mut members = [vectorcall, unsafe { std::mem::zeroed() }];
        // `help()` looks past `__getattribute__`.
        let documentation = ffi::PyGetSetDef {
            name: c"__doc__".as_ptr(),
            get: Some(documentation),
            set: None,
            doc: std::ptr::null(),
            closure: null_mut(),
        };
        // SAFETY: an entry of nulls ends the list. The interpreter keeps its address, so it stays.
        let getters = Box::leak(Box::new([documentation, unsafe { std::mem::zeroed() }]));
        let reduce = ffi::PyMethodDef {
            ml_name: c"__reduce__".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer {
                PyCFunction: reduce,
            },
            ml_flags: ffi::METH_NOARGS,
            ml_doc: std::ptr::null(),
        };
        // SAFETY: an entry of nulls ends the list, which stays as the other one does.
        let methods = Box::leak(Box::new([reduce, unsafe { std::mem::zeroed() }]));
        let slot = |slot: c_int, pfunc: *mut c_void| ffi::PyType_Slot { slot, pfunc };
        let mut slots = [
            slot(ffi::Py_tp_members, members.as_mut_ptr().cast()),
            slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()),
            slot(ffi::Py_tp_getset, getters.as_mut_ptr().cast()),
            slot(ffi::Py_tp_call, ffi::PyVectorcall_Call as *mut c_void),
            slot(ffi::Py_tp_descr_get, get as *mut c_void),
            slot(ffi::Py_tp_getattro, attribute as *mut c_void),
            slot(ffi::Py_tp_repr, represent as *mut c_void),
            slot(ffi::Py_tp_traverse, traverse as *mut c_void),
            slot(ffi::Py_tp_dealloc, free as *mut c_void),
            slot(0, null_mut()),
        ];
        let flags = ffi::Py_TPFLAGS_DEFAULT
            | ffi::Py_TPFLAGS_HAVE_GC
            | ffi::Py_TPFLAGS_HAVE_VECTORCALL
            | ffi::Py_TPFLAGS_METHOD_DESCRIPTOR
            | ffi::Py_TPFLAGS_IMMUTABLETYPE
            | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
        let mut specification = ffi::PyType_Spec {
            name: c"oxipickle.method".as_ptr(),
            basicsize: size_of::<Method>() as c_int,
            itemsize: 0,
            flags: flags as std::ffi::c_uint,
            slots: slots.as_mut_ptr(),
        };
        // SAFETY: the specification is whole, and the interpreter copies what it keeps of it.
        unsafe {
            let class = ffi::PyType_FromSpec(&raw mut specification);
            Ok::<_, PyErr>(
                Bound::from_owned_ptr_or_err(py, class)?
                    .cast_into::<PyType>()?
                    .unbind(),
            )
        }
    })?;
    Ok(class.bind(py))
}

/// A function as a method of `class`: its first argument is the instance. `module` is what it says as its
/// `__module__`; its qualified name begins with the class's, and by this name it can be pickled.
///
/// # Errors
/// MemoryError.
pub fn method_of<'py>(
    function: &Bound<'py, PyCFunction>,
    class: &Bound<'py, PyType>,
    module: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = class.py();
    let methods = class_of_methods(py)?;
    // SAFETY: the GIL is held, and a `PyCFunction` has this layout. PyO3 keeps the definitions of its functions
    // for as long as the process lives, and its functions look at no `self` unless they ask for their module,
    // which those handed in here don't. What is given out are new references; a method is filled with zeros first.
    unsafe {
        let definition = definition_of(function);
        let builtin = ffi::PyCMethod_New(definition, class.as_ptr(), module.as_ptr(), null_mut());
        let builtin = Bound::from_owned_ptr_or_err(py, builtin)?;
        let method = ffi::PyType_GenericAlloc(methods.as_type_ptr(), 0);
        let method = Bound::from_owned_ptr_or_err(py, method)?;
        let fields = method.as_ptr().cast::<Method>();
        (*fields).vectorcall = Some(call);
        (*fields).builtin = builtin.into_ptr();
        Ok(method)
    }
}

/// Whether what a class has is a method that [`method_of`] made of this function, of whatever class.
pub fn is_made_of(attribute: &Bound<'_, PyAny>, function: &Bound<'_, PyCFunction>) -> bool {
    let py = attribute.py();
    let is_method = CLASS
        .get(py)
        .is_some_and(|class| attribute.get_type().is(class));
    // SAFETY: the GIL is held; a method has this layout, and holds a function, of the layout that `definition_of`
    // looks at.
    unsafe {
        let mut object = attribute.as_ptr();
        if is_method {
            object = (*object.cast::<Method>()).builtin;
        }
        let inner = Bound::from_borrowed_ptr(py, object);
        inner
            .cast_exact::<PyCFunction>()
            .is_ok_and(|inner| definition_of(inner) == definition_of(function))
    }
}

/// The name of a builtin method, and the object that it is bound to; None for anything else. Those that are told the
/// class that defines them are of a type of their own, derived from the others'.
pub fn builtin_method<'a, 'py>(
    method: &'a Bound<'py, PyAny>,
) -> Option<(&'a CStr, Borrowed<'a, 'py, PyAny>)> {
    let method = method.cast::<PyCFunction>().ok()?;
    // SAFETY: the thread is attached. A definition and its name are there as long as the method, which holds the
    // object too; that is null where there is none.
    unsafe {
        let name = (*definition_of(method)).ml_name;
        let owner = (*method.as_ptr().cast::<ffi::PyCFunctionObject>()).m_self;
        (!name.is_null() && !owner.is_null()).then(|| {
            let owner = Borrowed::from_ptr(method.py(), owner);
            (CStr::from_ptr(name), owner)
        })
    }
}

/// # Safety
/// The GIL is held.
unsafe fn definition_of(function: &Bound<'_, PyCFunction>) -> *mut ffi::PyMethodDef {
    // SAFETY: a `PyCFunction` has this layout on the versions that this is compiled for.
    unsafe { (*function.as_ptr().cast::<ffi::PyCFunctionObject>()).m_ml }
}
