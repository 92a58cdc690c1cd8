//! The hooks of the hookable face, and what its pickler's `__dict__` says, looked up as upstream's methods read
//! them.

use std::ffi::CStr;

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyType};

use crate::fast::attribute::optional_attribute;
use crate::fast::class::class_attribute;
use crate::fast::dict_version::GOES_BY_OBJECTS;
use crate::fast::held::Held;
use crate::fast::instance::instance_dict;
use crate::fast::method::builtin_method;
use crate::interpreter::face::GlobalStyle;
use crate::interpreter::functions::of_pickler;
use crate::interpreter::hookable;
use crate::interpreter::imports::Imports;
use crate::save::hooks::class::{ClassSurface, HookSet};
use crate::save::hooks::dispatch::Dispatch;
use crate::save::hooks::found::{Found, Own};
use crate::save::hooks::names::{Entry, Hook, Names, Role};
use crate::save::hooks::silence::Silence;

/// What `__init__` sets and everybody may set anew.
pub struct Entries {
    pub proto: u8,
    pub binary: bool,
    pub fast: bool,
    pub fix_imports: bool,
    pub buffer_callback: Option<Held>,
    pub style: GlobalStyle,
}

/// The entries of the instance's dict, as far as they were read.
#[derive(Default)]
struct Read<'py> {
    hooks: HookSet,
    is_foreign: bool,
    /// Bits for the entries that are objects of ours.
    seen: u8,
    pinned: Vec<Held>,
    proto: Option<u8>,
    binary: Option<Bound<'py, PyAny>>,
    fast: Option<Bound<'py, PyAny>>,
    fix_imports: Option<Bound<'py, PyAny>>,
    buffer_callback: Option<Bound<'py, PyAny>>,
}

/// The framer, and its two methods.
const ALL_SEEN: u8 = 0b111;

impl<'py> Read<'py> {
    /// Runs no Python code.
    fn of(own: &Bound<'py, PyDict>, objects: Own, names: &Names) -> Self {
        let mut read = Self::default();
        for (key, value) in own.iter() {
            // Another key may strike whoever looks it up, and be equal to any name.
            read.is_foreign |= !key.is_exact_instance_of::<PyString>();
            let role = names.role(&key);
            if GOES_BY_OBJECTS && role.is_some() && read.pinned.try_reserve(1).is_ok() {
                read.pinned.push(Held::from(&value));
            }
            match role {
                None => {}
                Some(Role::Hook(hook)) => read.hooks.add(hook),
                Some(Role::Upstreams) => read.is_foreign = true,
                Some(Role::Entry(entry)) => read.add(entry, value, objects),
            }
        }
        read
    }

    fn add(&mut self, entry: Entry, value: Bound<'py, PyAny>, objects: Own) {
        let is_method = |name| is_method(&value, objects.framer, name);
        match entry {
            Entry::Framer if value.as_ptr() as usize == objects.framer => self.seen |= 1,
            Entry::Write if is_method(c"write") => self.seen |= 2,
            Entry::WriteLargeBytes if is_method(c"write_large_bytes") => self.seen |= 4,
            Entry::Memo
                if objects
                    .is_memo
                    .is_some_and(|is_memo| is_memo(&value, objects.framer)) => {}
            Entry::FileWrite => {}
            Entry::Proto => {
                let number = value.cast_exact::<PyInt>();
                let number = number.ok().and_then(|number| number.extract::<u8>().ok());
                self.proto = number.filter(|number| *number <= 5);
            }
            Entry::Bin => self.binary = Some(value),
            Entry::Fast => self.fast = Some(value),
            Entry::FixImports => self.fix_imports = Some(value),
            Entry::BufferCallback => self.buffer_callback = Some(value),
            Entry::Framer | Entry::Write | Entry::WriteLargeBytes | Entry::Memo => {
                self.is_foreign = true;
            }
        }
    }

    /// None where an entry is missing, or one of ours is another's.
    fn entries(&self, style: GlobalStyle) -> PyResult<Option<Entries>> {
        let (Some(proto), Some(binary), Some(fast), Some(fix_imports), Some(callback)) = (
            self.proto,
            &self.binary,
            &self.fast,
            &self.fix_imports,
            &self.buffer_callback,
        ) else {
            return Ok(None);
        };
        if self.seen != ALL_SEEN || self.is_foreign {
            return Ok(None);
        }
        Ok(Some(Entries {
            proto,
            binary: binary.is_truthy()?,
            fast: fast.is_truthy()?,
            fix_imports: fix_imports.is_truthy()?,
            buffer_callback: (!callback.is_none()).then(|| callback.into()),
            style,
        }))
    }
}

/// Whether a value is a method of the framer at this address.
fn is_method(value: &Bound<'_, PyAny>, framer: usize, name: &CStr) -> bool {
    builtin_method(value)
        .is_some_and(|(own_name, owner)| owner.as_ptr() as usize == framer && own_name == name)
}

/// The `save`, `persistent_id` and `memoize` that were found the last time.
pub type Declarable = [Option<Held>; 3];

fn is_as_before(now: [&Option<Held>; 3], before: &Declarable, py: Python<'_>) -> PyResult<bool> {
    for (now, before) in now.into_iter().zip(before) {
        match (now, before) {
            (None, None) => {}
            (Some(now), Some(before)) if is_same_method(now.bind(py), before.bind(py))? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether both call the same function with the same instance: each look-up binds a method anew.
///
/// # Errors
/// What looking up an attribute raises.
pub fn is_same_method(one: &Bound<'_, PyAny>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
    if one.is(other) {
        return Ok(true);
    }
    for name in [intern!(one.py(), "__func__"), intern!(one.py(), "__self__")] {
        match (
            optional_attribute(one, name)?,
            optional_attribute(other, name)?,
        ) {
            (Some(one), Some(other)) if one.is(&other) => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Looks the hooks of a pickler up, and reads the entries of its dict. `before` is what was found the last time:
/// what is declared of methods that are the same still is not asked again. Runs Python code.
///
/// # Errors
/// What looking up an attribute raises.
pub fn look_up(
    pickler: &Bound<'_, PyAny>,
    objects: Own,
    before: &Declarable,
) -> PyResult<(Found, Option<Entries>)> {
    let py = pickler.py();
    let foreign = || Ok((foreign(pickler)?, None));
    let Some(functions) = of_pickler(py) else {
        return foreign();
    };
    let names = Names::get(py)?;
    let surface = ClassSurface::of(&pickler.get_type(), functions, names)?;
    let read = Read::of(&instance_dict(pickler.as_borrowed())?, objects, names);
    if surface.is_foreign {
        return foreign();
    }
    let Some(entries) = read.entries(global_style(&pickler.get_type())?)? else {
        return foreign();
    };
    let get = |hook: Hook, name: &Bound<'_, PyString>| -> PyResult<Option<Held>> {
        if !surface.hooks.has(hook) && !read.hooks.has(hook) {
            return Ok(None);
        }
        Ok(Some(pickler.getattr(name)?.into()))
    };
    let imports = Imports::get(py)?;
    let skips_none = hookable::does(|facts| facts.skips_none);
    let reducer_override = get(Hook::ReducerOverride, intern!(py, "reducer_override"))?;
    let table = get(Hook::DispatchTable, intern!(py, "dispatch_table"))?;
    let mut found = Found {
        persistent_id: get(Hook::PersistentId, intern!(py, "persistent_id"))?,
        reducer_override: reducer_override.filter(|r| !(skips_none && r.bind(py).is_none())),
        resolve_global: get(Hook::ResolveGlobal, intern!(py, "resolve_global"))?,
        dispatch_table: table.filter(|table| !table.bind(py).is(&imports.dispatch_table)),
        save: get(Hook::Save, intern!(py, "save"))?,
        save_global: get(Hook::SaveGlobal, intern!(py, "save_global"))?,
        save_reduce: get(Hook::SaveReduce, intern!(py, "save_reduce"))?,
        memoize: get(Hook::Memoize, intern!(py, "memoize"))?,
        batch_appends: get(Hook::BatchAppends, intern!(py, "_batch_appends"))?,
        batch_setitems: get(Hook::BatchSetitems, intern!(py, "_batch_setitems"))?,
        dispatch: None,
        pinned: Vec::new(),
        silence: Silence::default(),
        keeps_silence: false,
        is_foreign: false,
    };
    let declarable = [&found.save, &found.persistent_id, &found.memoize];
    found.keeps_silence = is_as_before(declarable, before, py)?;
    if !found.keeps_silence {
        found.silence = Silence::of(pickler, declarable.map(Option::is_some))?;
    }
    found.pinned = read.pinned;
    // The last of all, since its versions are noted after it was read.
    match optional_attribute(pickler, intern!(py, "dispatch"))? {
        Some(dispatch) => found.dispatch = Some(Dispatch::of(dispatch, functions)?),
        None => found.is_foreign = true,
    }
    Ok((found, Some(entries)))
}

/// What is called where the walk does not model what the pickler has, but is in the midst of a dump: the work on
/// the stack goes on with the pickler's own methods, whoever wrote them.
fn foreign(pickler: &Bound<'_, PyAny>) -> PyResult<Found> {
    let py = pickler.py();
    let get = |name: &Bound<'_, PyString>| Ok::<_, PyErr>(Some(Held::from(pickler.getattr(name)?)));
    Ok(Found {
        save: get(intern!(py, "save"))?,
        save_global: get(intern!(py, "save_global"))?,
        save_reduce: get(intern!(py, "save_reduce"))?,
        memoize: get(intern!(py, "memoize"))?,
        batch_appends: get(intern!(py, "_batch_appends"))?,
        batch_setitems: get(intern!(py, "_batch_setitems"))?,
        is_foreign: true,
        ..Found::default()
    })
}

/// The style that the pickler's class chooses; the interpreter's where it says nothing.
///
/// # Errors
/// ValueError for any but the two.
pub fn global_style(class: &Bound<'_, PyType>) -> PyResult<GlobalStyle> {
    let style = class_attribute(class, intern!(class.py(), "global_style"));
    let Some(style) = style else {
        return Ok(GlobalStyle::Interpreter);
    };
    match style.cast::<PyString>()?.to_str()? {
        "interpreter" => Ok(GlobalStyle::Interpreter),
        "package" => Ok(GlobalStyle::Package),
        other => Err(PyValueError::new_err(format!(
            "global_style must be 'interpreter' or 'package', not {other:?}"
        ))),
    }
}
