//! Names under which classes were found: a class that was saved before is looked for there first.

use pyo3::prelude::*;
use pyo3::types::{PyModule, PyString, PyType};

use crate::fast::held::Held;
use crate::fast::import::own_modules;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, ClassVersion};
use crate::interpreter::imports::Imports;
use crate::save::globals::resolve::Resolved;

/// Classes that were saved, of which each has one place.
#[derive(Default)]
pub struct KnownGlobals {
    met: Vec<Option<Known>>,
}

struct Known {
    /// The class's address, and its contents, of which `__module__` is one.
    address: usize,
    version: ClassVersion,
    name: KnownName,
}

/// The name of a class, without dots, and that of its module: exact strings.
pub struct KnownName {
    module_name: Held,
    qualname: Held,
}

/// Places, of 48 bytes each. Their number is a power of two.
const PLACES: usize = 64;

impl KnownGlobals {
    fn place(address: usize) -> usize {
        (address >> 4 ^ address >> 10) & (PLACES - 1)
    }

    /// The name under which a class was found, while the class is as it was then.
    pub fn name_of(&self, class: Class<'_>, quiet: &Quiet) -> Option<KnownName> {
        let known = self.met.get(Self::place(class.address()))?.as_ref()?;
        let is_same = known.address == class.address() && Some(known.version) == class.version();
        is_same.then(|| KnownName {
            module_name: known.name.module_name.again(quiet),
            qualname: known.name.qualname.again(quiet),
        })
    }

    /// Notes the name under which a class was found.
    pub fn note(&mut self, class: Class<'_>, name: KnownName) {
        let Some(version) = class.version() else {
            return;
        };
        if self.met.is_empty() {
            if self.met.try_reserve_exact(PLACES).is_err() {
                return;
            }
            self.met.resize_with(PLACES, || None);
        }
        let address = class.address();
        self.met[Self::place(address)] = Some(Known {
            address,
            version,
            name,
        });
    }
}

impl KnownName {
    /// The name under which an object was found, if a class of it can be found there again by what `leads_to` asks.
    pub fn of(obj: &Bound<'_, PyAny>, found: &Resolved<'_>) -> Option<Self> {
        let is_plain = obj.get_type().is(obj.py().get_type::<PyType>());
        let module_name = found.module_name.cast_exact::<PyString>().ok()?;
        let qualname = found.qualname.cast_exact::<PyString>().ok()?;
        let text = qualname.to_str().ok()?;
        // A module's own attributes come before its contents.
        let is_known =
            is_plain && found.parent.is_none() && !text.contains('.') && !text.starts_with("__");
        is_known.then(|| Self {
            module_name: module_name.into(),
            qualname: qualname.into(),
        })
    }

    /// What looking the class up gives, if that is sure without asking anybody: the class has the name still, and
    /// the module of that name, an ordinary one, has the class.
    ///
    /// # Errors
    /// What comparing a module's name with a key of `sys.modules` raises.
    pub fn found<'py>(&self, class: &Bound<'py, PyAny>) -> PyResult<Option<Resolved<'py>>> {
        let py = class.py();
        let (module_name, qualname) = (self.module_name.bind(py), self.qualname.bind(py));
        // A name that is set anew does not change the class's version.
        if !class.cast::<PyType>()?.qualname()?.is(qualname) {
            return Ok(None);
        }
        let Some(modules) = own_modules(Imports::get(py)?.sys_contents.bind(py))? else {
            return Ok(None);
        };
        let module = modules.get_item(module_name)?;
        let Some(Ok(module)) = module.as_ref().map(|m| m.cast_exact::<PyModule>()) else {
            return Ok(None);
        };
        let value = module.dict().get_item(qualname)?;
        Ok(value.filter(|value| value.is(class)).map(|_| Resolved {
            module_name: module_name.clone(),
            qualname: qualname.clone(),
            parent: None,
        }))
    }
}
