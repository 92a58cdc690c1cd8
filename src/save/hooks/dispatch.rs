//! A pickler's `dispatch`: its methods by the exact type of the object.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::dict_version::version_of;
use crate::fast::held::Held;
use crate::interpreter::functions::Functions;
use crate::interpreter::hookable;
use crate::save::hooks::builtin::{Builtin, Builtins};

/// A pickler's `dispatch`.
pub struct Dispatch {
    /// The mapping that the pickler has.
    pub table: Held,
    /// What was read of it; None where it is neither a dict nor known to be like one, and so has to be asked for
    /// each object.
    pub contents: Option<Contents>,
}

/// What an exact dict has.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Contents {
    /// The types for which it has upstream's method, or ours in its place.
    pub native: Builtins,
    /// Whether it has entries for other types.
    pub adds: bool,
    /// Whether it is of a subclass that has something of its own to say of classes: for these it is to be asked.
    pub minds_classes: bool,
}

/// What every dict has that nobody has changed.
const UPSTREAMS: Contents = Contents {
    native: Builtins::ALL,
    adds: false,
    minds_classes: false,
};

/// Dicts whose contents are kept.
const KEPT: usize = 8;

/// A dict's address and the version of its contents, and what they are.
type Known = (usize, u64, Contents);

/// No Python code runs while this is locked.
static KNOWN: Mutex<[Option<Known>; KEPT]> = Mutex::new([None; KEPT]);

impl Contents {
    fn of(table: &Bound<'_, PyDict>, functions: &Functions) -> PyResult<Self> {
        let address = table.as_ptr() as usize;
        let place = address / 64 % KEPT;
        let Some(version) = version_of(table) else {
            return Self::read(table, functions);
        };
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner)[place];
        if let Some((known_address, known_version, contents)) = known
            && (known_address, known_version) == (address, version)
        {
            return Ok(contents);
        }
        let contents = Self::read(table, functions)?;
        if version_of(table) == Some(version) {
            let known = Some((address, version, contents));
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner)[place] = known;
        }
        Ok(contents)
    }

    fn read(table: &Bound<'_, PyDict>, functions: &Functions) -> PyResult<Self> {
        let mut contents = Self {
            native: Builtins::default(),
            adds: false,
            minds_classes: !table.is_exact_instance_of::<PyDict>(),
        };
        for (class, method) in table.copy()? {
            match Builtin::of_class(&class)? {
                None => contents.adds = true,
                Some((builtin, name)) => {
                    if functions.is_untouched(&name, &method)? {
                        contents.native.add(builtin);
                    }
                }
            }
        }
        Ok(contents)
    }
}

/// Whether a dict of a subclass gives what it has, as a dict does, but for classes.
fn is_known(table: &Bound<'_, PyDict>) -> PyResult<bool> {
    let py = table.py();
    let class = table.get_type();
    let is_known = hookable::found()?.is_known_mapping.bind(py);
    is_known.call1((class,))?.is_truthy()
}

impl Dispatch {
    /// What there is to know of it.
    ///
    /// # Errors
    /// What comparing its methods raises; MemoryError.
    pub fn of(table: Bound<'_, PyAny>, functions: &Functions) -> PyResult<Self> {
        let contents = match table.cast::<PyDict>() {
            Ok(dict) if dict.is_exact_instance_of::<PyDict>() || is_known(dict)? => {
                Some(Contents::of(dict, functions)?)
            }
            _ => None,
        };
        let table = table.into();
        Ok(Self { table, contents })
    }

    /// Whether it says what upstream's says.
    pub fn is_upstreams(&self) -> bool {
        self.contents == Some(UPSTREAMS)
    }

    /// Whether it has methods for the builtin types at the most, and so none for instances of other classes.
    pub fn leaves_instances_alone(&self) -> bool {
        let alone = |contents: Contents| !contents.adds && !contents.minds_classes;
        self.contents.is_some_and(alone)
    }

    /// The types for which upstream's methods are in use, as far as this is known beforehand.
    pub fn native(&self) -> Builtins {
        self.contents
            .map(|contents| contents.native)
            .unwrap_or_default()
    }
}
