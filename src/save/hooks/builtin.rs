//! The exact types for which upstream's `dispatch` has methods.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString,
    PyTuple, PyType,
};

use crate::fast::view::Kind;
use crate::interpreter::imports::Imports;

/// One of them.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Builtin {
    None,
    Bool,
    Int,
    Float,
    Bytes,
    ByteArray,
    Buffer,
    Str,
    Tuple,
    List,
    Dict,
    Set,
    FrozenSet,
    Function,
    Class,
}

/// Their number.
const COUNT: usize = 15;

/// Each, with the name of the method that upstream's `dispatch` has for it.
const METHODS: [(Builtin, &str); COUNT] = [
    (Builtin::None, "save_none"),
    (Builtin::Bool, "save_bool"),
    (Builtin::Int, "save_long"),
    (Builtin::Float, "save_float"),
    (Builtin::Bytes, "save_bytes"),
    (Builtin::ByteArray, "save_bytearray"),
    (Builtin::Buffer, "save_picklebuffer"),
    (Builtin::Str, "save_str"),
    (Builtin::Tuple, "save_tuple"),
    (Builtin::List, "save_list"),
    (Builtin::Dict, "save_dict"),
    (Builtin::Set, "save_set"),
    (Builtin::FrozenSet, "save_frozenset"),
    (Builtin::Function, "save_global"),
    (Builtin::Class, "save_type"),
];

/// A set of these types.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Builtins(u16);

impl Builtins {
    /// All of them.
    pub const ALL: Self = Self((1 << COUNT) - 1);

    /// Those whose objects are never memoized.
    pub const ATOMS: Self = Self(
        1 << Builtin::None as u16
            | 1 << Builtin::Bool as u16
            | 1 << Builtin::Int as u16
            | 1 << Builtin::Float as u16,
    );

    /// Those whose objects a container's loop writes by itself, and tuples.
    pub const LEAVES: Self = Self(
        1 << Builtin::None as u16
            | 1 << Builtin::Bool as u16
            | 1 << Builtin::Int as u16
            | 1 << Builtin::Float as u16
            | 1 << Builtin::Bytes as u16
            | 1 << Builtin::Str as u16
            | 1 << Builtin::Tuple as u16,
    );

    /// Whether this is one of them.
    #[inline(always)]
    pub fn has(self, builtin: Builtin) -> bool {
        self.0 & 1 << builtin as u16 != 0
    }

    /// Whether all of the others are among these.
    pub fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those that are among these and among others.
    #[inline(always)]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are among these or among others.
    pub fn or(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are not among these.
    pub fn others(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// Puts one more in.
    pub fn add(&mut self, builtin: Builtin) {
        self.0 |= 1 << builtin as u16;
    }
}

impl Builtin {
    /// What an object of this kind is an instance of; None for what the kind does not tell.
    pub fn of_kind(kind: Kind<'_>) -> Option<Self> {
        Some(match kind {
            Kind::None => Self::None,
            Kind::Bool(_) => Self::Bool,
            Kind::Int(_) => Self::Int,
            Kind::Float(_) => Self::Float,
            Kind::Str(_) => Self::Str,
            Kind::Bytes(_) => Self::Bytes,
            Kind::Tuple(_) => Self::Tuple,
            Kind::List(_) => Self::List,
            Kind::Dict(_) => Self::Dict,
            Kind::Set(_) => Self::Set,
            Kind::FrozenSet(_) => Self::FrozenSet,
            Kind::ByteArray => Self::ByteArray,
            Kind::Type(_) => Self::Class,
            Kind::Other => return None,
        })
    }

    /// Each with its class.
    ///
    /// # Errors
    /// RuntimeError while the module is being made.
    pub fn classes(py: Python<'_>) -> PyResult<impl Iterator<Item = (Self, &'static Py<PyAny>)>> {
        let known = KNOWN.get_or_try_init(py, || Known::new(py))?;
        let builtins = METHODS.iter().map(|(builtin, _)| *builtin);
        Ok(builtins.zip(&known.classes))
    }

    /// The one that a class is, and the name of its method in upstream's `dispatch`.
    ///
    /// # Errors
    /// RuntimeError while the module is being made.
    pub fn of_class<'py>(
        class: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Self, Bound<'py, PyString>)>> {
        let py = class.py();
        let known = KNOWN.get_or_try_init(py, || Known::new(py))?;
        let found = known
            .classes
            .iter()
            .position(|known| known.bind(py).is(class));
        Ok(found.map(|index| (METHODS[index].0, known.methods[index].bind(py).clone())))
    }
}

/// The classes, and the methods' names, in the order of `METHODS`.
struct Known {
    classes: [Py<PyAny>; COUNT],
    methods: [Py<PyString>; COUNT],
}

static KNOWN: PyOnceLock<Known> = PyOnceLock::new();

impl Known {
    fn new(py: Python<'_>) -> PyResult<Self> {
        let imports = Imports::get(py)?;
        let none = py.None().bind(py).get_type();
        let class = |builtin: Builtin| match builtin {
            Builtin::None => none.clone(),
            Builtin::Bool => py.get_type::<PyBool>(),
            Builtin::Int => py.get_type::<PyInt>(),
            Builtin::Float => py.get_type::<PyFloat>(),
            Builtin::Bytes => py.get_type::<PyBytes>(),
            Builtin::ByteArray => py.get_type::<PyByteArray>(),
            Builtin::Buffer => imports.buffer_type.bind(py).clone(),
            Builtin::Str => py.get_type::<PyString>(),
            Builtin::Tuple => py.get_type::<PyTuple>(),
            Builtin::List => py.get_type::<PyList>(),
            Builtin::Dict => py.get_type::<PyDict>(),
            Builtin::Set => py.get_type::<PySet>(),
            Builtin::FrozenSet => py.get_type::<PyFrozenSet>(),
            Builtin::Function => imports.function_type.bind(py).clone(),
            Builtin::Class => py.get_type::<PyType>(),
        };
        Ok(Self {
            classes: METHODS.map(|(builtin, _)| class(builtin).into_any().unbind()),
            methods: METHODS.map(|(_, name)| PyString::intern(py, name).unbind()),
        })
    }
}
