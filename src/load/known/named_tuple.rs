//! Tuples with names: the `__new__` that `collections.namedtuple` makes calls `tuple.__new__` with its arguments.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::fast::attached::Attached;
use crate::fast::class::contents_version;
use crate::fast::derived;
use crate::fast::method::builtin_method;
use crate::fast::view::View;
use crate::interpreter::imports::Imports;
use crate::load::known::rests::Method;

/// What the method rests on.
pub struct NamedTuple<'py> {
    method: Method<'py>,
    /// The number of the class's contents.
    version: u32,
    fields: usize,
    /// `tuple.__new__`, as the method finds it.
    tuple_new: Bound<'py, PyAny>,
}

/// Whether a class may be one of a tuple with names.
#[inline(always)]
pub fn may_be_one(class: &Bound<'_, PyType>) -> bool {
    derived::derives_from_tuple(class) && class.get_type().is(class.py().get_type::<PyType>())
}

impl<'py> NamedTuple<'py> {
    /// Looks at a class's `__new__`. To be called in a passage of the gate.
    ///
    /// # Errors
    /// MemoryError, and what taking a digest raises.
    pub fn look(class: &Bound<'py, PyType>, imports: &Imports) -> PyResult<Option<Self>> {
        let py = class.py();
        let Some(method) = Method::of(class.getattr(intern!(py, "__new__"))?) else {
            return Ok(None);
        };
        let version = contents_version(class);
        let told = imports.makes_named_tuple.bind(py);
        let fields = told.call1((method.code(),))?.extract::<Option<usize>>()?;
        let tuple_new = method.globals()?.get_item(intern!(py, "_tuple_new"))?;
        let is_own = builtin_method(&tuple_new)
            .is_some_and(|(name, owner)| name == c"__new__" && owner.is(py.get_type::<PyTuple>()));
        match fields.filter(|_| is_own && version != 0) {
            Some(fields) => Ok(Some(Self {
                method,
                version,
                fields,
                tuple_new,
            })),
            None => Ok(None),
        }
    }

    /// The tuple that the method makes of these arguments; None where it is to be called.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn make(
        &self,
        class: &Bound<'py, PyType>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if args.len() != self.fields || contents_version(class) != self.version {
            return Ok(None);
        }
        let py = class.py();
        {
            let attached = Attached::new(py);
            let quiet = attached.quiet();
            let names = self.method.names(quiet);
            let found = names.and_then(|names| names.global(intern!(py, "_tuple_new")));
            if !found.is_some_and(|found| found.is(View::of(self.tuple_new.as_unbound(), quiet))) {
                return Ok(None);
            }
        }
        derived::tuple_of_class(class, args).map(Some)
    }
}
