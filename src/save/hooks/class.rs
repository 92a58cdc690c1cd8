//! What a class of hookable picklers overrides.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::fast::class::{class_attribute, contents_version};
use crate::interpreter::functions::Functions;
use crate::save::hooks::names::{Hook, Names, Role};

/// A set of hooks.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct HookSet(u16);

impl HookSet {
    /// Whether this hook is among them.
    pub fn has(self, hook: Hook) -> bool {
        self.0 & 1 << hook as u16 != 0
    }

    /// Puts one more in.
    pub fn add(&mut self, hook: Hook) {
        self.0 |= 1 << hook as u16;
    }
}

/// What a class, its bases included, has under the names that upstream reads through `self`.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct ClassSurface {
    /// The hooks that it overrides.
    pub hooks: HookSet,
    /// Whether it overrides what the walk does not model.
    pub is_foreign: bool,
}

/// Classes whose surfaces are kept: a process has few classes of picklers at work at a time.
const KEPT: usize = 64;

/// Surfaces by the version of the class's contents, which no other contents ever have. No Python code runs
/// while this is locked.
static KNOWN: Mutex<[Option<(u32, ClassSurface)>; KEPT]> = Mutex::new([None; KEPT]);

impl ClassSurface {
    /// Looks a class over, unless it is known as it is now.
    ///
    /// # Errors
    /// What comparing an attribute raises; MemoryError.
    pub fn of(class: &Bound<'_, PyType>, functions: &Functions, names: &Names) -> PyResult<Self> {
        let version = contents_version(class);
        let place = version as usize % KEPT;
        let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner)[place];
        if let Some((known_version, surface)) = known
            && known_version == version
            && version != 0
        {
            return Ok(surface);
        }
        let surface = Self::read(class, functions, names)?;
        // Looking attributes up gives a class its version.
        let version = contents_version(class);
        if version != 0 {
            let place = version as usize % KEPT;
            KNOWN.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some((version, surface));
        }
        Ok(surface)
    }

    fn read(class: &Bound<'_, PyType>, functions: &Functions, names: &Names) -> PyResult<Self> {
        let py = class.py();
        let mut surface = Self::default();
        for (name, role) in names.iter() {
            let name = name.bind(py);
            let Some(attribute) = class_attribute(class, name) else {
                // A name that upstream's class has was taken away.
                surface.is_foreign |=
                    *role == Role::Upstreams && functions.upstream(py, name)?.is_some();
                continue;
            };
            match role {
                // It says nothing by itself: the dict that stands there is looked at.
                Role::Hook(Hook::Dispatch) => {}
                Role::Hook(hook) => {
                    if !functions.is_untouched(name, &attribute)? {
                        surface.hooks.add(*hook);
                    }
                }
                Role::Entry(_) => surface.is_foreign = true,
                Role::Upstreams => {
                    surface.is_foreign |= !functions.is_untouched(name, &attribute)?;
                }
            }
        }
        Ok(surface)
    }
}
