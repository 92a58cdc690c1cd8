//! Counters: `collections.Counter`, called with a dict, makes a new instance and updates it, as a dict is, with that one.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::fast::attached::Attached;
use crate::fast::build;
use crate::fast::class::{class_attribute, contents_version, finds_attributes_ordinarily};
use crate::fast::derived;
use crate::fast::method::builtin_method;
use crate::fast::view::{ClassVersion, View};
use crate::interpreter::imports::Imports;
use crate::load::known::rests::Method;

/// What the call rests on.
pub struct Counter<'py> {
    /// The number of the class's contents.
    version: u32,
    init: Method<'py>,
    update: Method<'py>,
    /// The builtins `super` and `isinstance`.
    super_type: Bound<'py, PyAny>,
    isinstance: Bound<'py, PyAny>,
    /// `_collections_abc`, its contents, and its `Mapping` as it was.
    abc: Bound<'py, PyAny>,
    abc_contents: Bound<'py, PyAny>,
    mapping: Bound<'py, PyAny>,
    mapping_version: ClassVersion,
}

/// A class that derives from `dict`, and the dict that it is called with; None for any other call.
#[inline(always)]
pub fn may_be_called<'a, 'py>(
    callable: &'a Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
) -> Option<(&'a Bound<'py, PyType>, Bound<'py, PyDict>)> {
    let class = callable.cast_exact::<PyType>().ok()?;
    if !derived::is_made_as_dict(class) {
        return None;
    }
    let args = args.cast_exact::<PyTuple>().ok()?;
    let contents = args.get_item(0).ok().filter(|_| args.len() == 1)?;
    let contents = contents.cast_into_exact::<PyDict>().ok()?;
    Some((class, contents))
}

impl<'py> Counter<'py> {
    /// Looks at a class that is called. To be called in a passage of the gate.
    ///
    /// # Errors
    /// MemoryError, and what looking through the standard library raises.
    pub fn look(class: &Bound<'py, PyType>, imports: &Imports) -> PyResult<Option<Self>> {
        let py = class.py();
        let method =
            |name: &Bound<'py, PyString>| class_attribute(class, name).and_then(Method::of);
        let (Some(init), Some(update)) = (
            method(intern!(py, "__init__")),
            method(intern!(py, "update")),
        ) else {
            return Ok(None);
        };
        let dict = py.get_type::<PyDict>();
        let bases = class.mro();
        let length = intern!(py, "__len__");
        let is_dict = bases.len() == 3
            && bases.get_item(1)?.is(&dict)
            && finds_attributes_ordinarily(class)
            && class_attribute(class, intern!(py, "__bool__")).is_none()
            && class_attribute(class, length)
                .zip(class_attribute(&dict, length))
                .is_some_and(|(own, of_dict)| own.is(&of_dict));
        if !is_dict
            || !init.is_known_as("Counter.__init__", imports)?
            || !update.is_known_as("Counter.update", imports)?
        {
            return Ok(None);
        }
        let builtins = py.import("builtins")?;
        let super_type = builtins.getattr(intern!(py, "super"))?;
        let isinstance = builtins.getattr(intern!(py, "isinstance"))?;
        let is_own = builtin_method(&isinstance)
            .is_some_and(|(name, owner)| name == c"isinstance" && owner.is(&builtins))
            && derived::is_super(&super_type);
        let abc = update
            .globals()?
            .get_item(intern!(py, "_collections_abc"))?;
        let mapping = abc.getattr(intern!(py, "Mapping"))?;
        let is_mapping = isinstance.call1((PyDict::new(py), &mapping))?.is_truthy()?;
        let version = contents_version(class);
        let attached = Attached::new(py);
        let quiet = attached.quiet();
        let is_around = [&init, &update].iter().all(|method| {
            let names = method.names(quiet);
            let class_around = names.and_then(|names| names.class_around());
            class_around.is_some_and(|found| found.is(View::of(class.as_any().as_unbound(), quiet)))
        });
        let of_mapping = View::of(mapping.as_unbound(), quiet).as_class();
        let of_mapping = of_mapping.and_then(|class| class.version());
        match of_mapping.filter(|_| is_own && is_mapping && is_around && version != 0) {
            Some(mapping_version) => Ok(Some(Self {
                version,
                init,
                update,
                super_type,
                isinstance,
                abc_contents: abc.getattr(intern!(py, "__dict__"))?,
                abc,
                mapping,
                mapping_version,
            })),
            None => Ok(None),
        }
    }

    /// Whether a call of the class still does what it did.
    #[inline(always)]
    pub fn stands(&self, class: &Bound<'py, PyType>) -> bool {
        let py = class.py();
        let attached = Attached::new(py);
        let quiet = attached.quiet();
        let (Some(init), Some(update)) = (self.init.names(quiet), self.update.names(quiet)) else {
            return false;
        };
        let super_name = intern!(py, "super");
        let is_abc = |found: View<'_>| found.is(View::of(self.abc.as_unbound(), quiet));
        let mapping = View::of(self.abc_contents.as_unbound(), quiet).as_dict();
        let mapping = mapping.and_then(|contents| {
            contents.get_named(View::of(intern!(py, "Mapping").as_unbound(), quiet))
        });
        contents_version(class) == self.version
            && init.has_builtin(super_name, &self.super_type)
            && update.has_builtin(super_name, &self.super_type)
            && update.has_builtin(intern!(py, "isinstance"), &self.isinstance)
            && update
                .global(intern!(py, "_collections_abc"))
                .is_some_and(is_abc)
            && mapping.is_some_and(|found| {
                found.is(View::of(self.mapping.as_unbound(), quiet))
                    && found.as_class().and_then(|class| class.version())
                        == Some(self.mapping_version)
            })
    }

    /// A new instance with these contents. To be called in a passage of the gate: keys may be compared.
    ///
    /// # Errors
    /// MemoryError, and what comparing keys raises.
    pub fn make(
        class: &Bound<'py, PyType>,
        contents: &Bound<'py, PyDict>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = class.py();
        let made = build::new_instance(class, &PyTuple::empty(py), None)?;
        derived::update_dict(&made, contents)?;
        Ok(made)
    }
}
