//! Whether a class that loads is upstream's in all that the machine does natively: what a program has put in
//! the place of one of upstream's functions is told from these functions themselves, from ours, and from copies
//! of either.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyString, PyType};

use crate::fast::class::{
    class_attribute, contents_version, finds_attributes_ordinarily, sets_ordinarily,
};
use crate::fast::dict::next_entry;
use crate::fast::method::is_made_of;
use crate::interpreter::imports::Imports;
use crate::load::late::Late;

/// Upstream's functions, as the file has them that they are made from.
pub struct Ours {
    /// The code of each function of the class, by its name.
    codes: Py<PyDict>,
    /// The name of the function that carries out an opcode, by the opcode.
    names: Py<PyDict>,
    /// The namespaces in which such a function does what upstream's does.
    namespaces: [Py<PyAny>; 2],
    /// The functions of ours that stand in for some of them.
    natives: Vec<Py<PyCFunction>>,
    /// Upstream's `load` and `load_build`, and what it raises at STOP.
    pub load: Py<PyAny>,
    pub load_build: Py<PyAny>,
    pub stop: Py<PyAny>,
}

static OURS: PyOnceLock<Ours> = PyOnceLock::new();

/// Methods that opcodes use. The first two are hooks, which the machine calls where they are overridden.
const METHODS: [&str; 6] = [
    "find_class",
    "persistent_load",
    "get_extension",
    "pop_mark",
    "_instantiate",
    "_decode_string",
];

/// Attributes of the instance that a class must not have an opinion of.
const ATTRIBUTES: [&str; 8] = [
    "encoding",
    "errors",
    "proto",
    "fix_imports",
    "_buffers",
    "_unframer",
    "_file_read",
    "_file_readline",
];

/// What is known of a class's contents, in bits.
#[derive(Copy, Clone)]
pub struct Answer(u64);

/// Bits of an answer: nothing but hooks is overridden; and for each hook, that it is not.
const MODELLED: u64 = 4;

impl Answer {
    /// Whether the machine models all that the class overrides.
    pub fn is_modelled(self) -> bool {
        self.0 & MODELLED != 0
    }

    /// Whether `find_class` (0) or `persistent_load` (1) is upstream's or ours.
    pub fn has_own_hook(self, which: usize) -> bool {
        self.0 & (1 << which) != 0
    }
}

/// Answers by the number of the class's contents, which no other contents ever have: that in the upper half
/// of each place, the answer in the lower.
static ANSWERS: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

/// What is known of a class.
///
/// # Errors
/// RuntimeError before the hookable class is made; MemoryError.
pub fn answer_of(class: &Bound<'_, PyType>) -> PyResult<Answer> {
    let version = contents_version(class);
    let place = &ANSWERS[version as usize % ANSWERS.len()];
    let known = place.load(Ordering::Relaxed);
    if version != 0 && known >> 32 == u64::from(version) {
        return Ok(Answer(known & u64::from(u32::MAX)));
    }
    let answer = Ours::get(class.py())?.look_at(class)?;
    let version = u64::from(contents_version(class));
    ANSWERS[version as usize % ANSWERS.len()].store(version << 32 | answer.0, Ordering::Relaxed);
    Ok(answer)
}

/// Dispatches that were looked through, by address and version.
static DISPATCHES: Mutex<[Option<(usize, u64, Changed)>; 8]> = Mutex::new([None; 8]);

/// The opcodes for which a dispatch of this version has other functions than upstream's, or none; None where it
/// is no dict of opcodes.
///
/// # Errors
/// RuntimeError before the hookable class is made; MemoryError.
pub fn changed(dispatch: &Bound<'_, PyDict>, version: Option<u64>) -> PyResult<Option<Changed>> {
    let address = dispatch.as_ptr() as usize;
    let seen = || DISPATCHES.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(version) = version else {
        return Ours::get(dispatch.py())?.changed(dispatch);
    };
    let known = seen()
        .iter()
        .flatten()
        .find(|(a, v, _)| *a == address && *v == version)
        .map(|(_, _, changed)| *changed);
    if known.is_some() {
        return Ok(known);
    }
    let found = Ours::get(dispatch.py())?.changed(dispatch)?;
    if let Some(found) = found {
        let mut seen = seen();
        // What was seen of this dict before goes, or else what lies longest.
        let at = seen
            .iter()
            .position(|place| place.is_none_or(|(a, _, _)| a == address));
        let at = at.unwrap_or(seen.len() - 1);
        seen[at] = Some((address, version, found));
        seen.swap(at, 0);
    }
    Ok(found)
}

impl Ours {
    /// Remembers upstream's functions, and those of ours that stand in for some.
    ///
    /// # Errors
    /// What importing the modules raises; MemoryError.
    pub fn remember(py: Python<'_>, natives: Vec<Py<PyCFunction>>) -> PyResult<()> {
        let class = py
            .import("oxipickle._pristine_python")?
            .getattr("PythonUnpickler")?;
        let load = class.getattr("load")?;
        let (codes, names) = (PyDict::new(py), PyDict::new(py));
        for item in class
            .getattr("__dict__")?
            .call_method0("items")?
            .try_iter()?
        {
            let (name, value) = item?.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            if let Some(code) = value.getattr_opt("__code__")? {
                codes.set_item(name, code)?;
            }
        }
        let dispatch = class.getattr("dispatch")?.cast_into::<PyDict>()?;
        for (opcode, function) in dispatch.iter() {
            names.set_item(opcode, function.getattr("__name__")?)?;
        }
        let ours = Self {
            codes: codes.unbind(),
            names: names.unbind(),
            namespaces: [
                load.getattr("__globals__")?.unbind(),
                Imports::get(py)?.pickle.bind(py).dict().into_any().unbind(),
            ],
            natives,
            stop: load.getattr("__globals__")?.get_item("_Stop")?.unbind(),
            load_build: class.getattr("load_build")?.unbind(),
            load: load.unbind(),
        };
        // What was remembered first stays.
        let _ = OURS.set(py, ours);
        Ok(())
    }

    /// The one instance.
    ///
    /// # Errors
    /// RuntimeError before the class that loads is made.
    pub fn get(py: Python<'_>) -> PyResult<&'static Self> {
        OURS.get(py)
            .ok_or_else(|| PyRuntimeError::new_err("the hookable classes are still being made"))
    }

    /// Whether something that a class or a dispatch has is the function of this name: upstream's, a copy of
    /// it, or ours.
    fn has(&self, found: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> PyResult<bool> {
        let py = found.py();
        if !found.get_type().is(&Imports::get(py)?.function_type) {
            return Ok(self.natives.iter().any(|native| {
                let native = native.bind(py);
                let is_named = native
                    .getattr(intern!(py, "__name__"))
                    .and_then(|own| own.eq(name));
                is_made_of(found, native) && is_named.unwrap_or(false)
            }));
        }
        let namespace = found.getattr(intern!(py, "__globals__"))?;
        if !self.namespaces.iter().any(|own| namespace.is(own)) {
            return Ok(false);
        }
        let code = found.getattr(intern!(py, "__code__"))?;
        match self.codes.bind(py).get_item(name)? {
            Some(own) => Ok(own.is(&code) || own.eq(&code)?),
            None => Ok(false),
        }
    }

    fn look_at(&self, class: &Bound<'_, PyType>) -> PyResult<Answer> {
        let py = class.py();
        let mut answer = 0;
        let mut is_modelled = finds_attributes_ordinarily(class) && sets_ordinarily(class);
        for (which, name) in METHODS.iter().enumerate() {
            let name = PyString::intern(py, name);
            let is_ours = match class_attribute(class, &name) {
                Some(found) => self.has(&found, &name)?,
                None => false,
            };
            if which < 2 {
                answer |= u64::from(is_ours) << which;
            } else {
                is_modelled &= is_ours;
            }
        }
        for name in ATTRIBUTES {
            is_modelled &= class_attribute(class, &PyString::intern(py, name)).is_none();
        }
        for name in Late::NAMES {
            let found = class_attribute(class, &PyString::intern(py, name));
            is_modelled &= found.is_some_and(|found| found.is_exact_instance_of::<Late>());
        }
        Ok(Answer(answer | if is_modelled { MODELLED } else { 0 }))
    }

    /// The opcodes for which a dispatch has other functions than upstream's, or none; None where it is no
    /// dict of opcodes.
    ///
    /// # Errors
    /// MemoryError.
    fn changed(&self, dispatch: &Bound<'_, PyDict>) -> PyResult<Option<Changed>> {
        let py = dispatch.py();
        let names = self.names.bind(py);
        let mut own = Changed::default();
        let mut changed = Changed::default();
        let mut position = 0;
        while let Some((key, value)) = next_entry(dispatch, &mut position) {
            let Some(opcode) = key
                .cast_exact::<pyo3::types::PyInt>()
                .ok()
                .and_then(|key| key.extract::<u8>().ok())
            else {
                return Ok(None);
            };
            let is_own = match names.get_item(&key)? {
                Some(name) => self.has(&value, name.cast()?)?,
                None => false,
            };
            if is_own {
                own.add(opcode);
            } else {
                changed.add(opcode);
            }
        }
        for (opcode, _) in names.iter() {
            let opcode = opcode.extract()?;
            if !own.contains(opcode) {
                changed.add(opcode);
            }
        }
        Ok(Some(changed))
    }
}

/// A set of opcodes.
#[derive(Copy, Clone, Default, PartialEq, Eq)]
pub struct Changed([u64; 4]);

impl Changed {
    fn add(&mut self, opcode: u8) {
        self.0[usize::from(opcode / 64)] |= 1 << (opcode % 64);
    }

    /// Whether the opcode is one of them.
    #[inline(always)]
    pub fn contains(&self, opcode: u8) -> bool {
        self.0[usize::from(opcode / 64)] & (1 << (opcode % 64)) != 0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
}
