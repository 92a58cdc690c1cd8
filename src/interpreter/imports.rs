//! Objects of the standard library, found once, while oxipickle is imported.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::fast::bytes_io;
use crate::fast::fresh;
use crate::fast::import::Importing;
use crate::interpreter::behaviour::{self, Lean};

/// An object that is the only one of its class.
pub struct Singleton {
    pub class: Py<PyAny>,
    pub value: Py<PyAny>,
    /// The arguments by which upstream's pickler in Python makes the class again, where its code has them as a constant:
    /// hooks meet the same tuple each time.
    pub constant: Option<Py<PyTuple>>,
}

/// What saving and loading need from the standard library.
pub struct Imports {
    /// The module `pickle`, whatever `sys.modules` has under this name by now.
    pub pickle: Py<PyModule>,
    pub pickling_error: Py<PyType>,
    pub unpickling_error: Py<PyType>,
    /// `pickle.DEFAULT_PROTOCOL`.
    pub default_protocol: i64,
    /// `copyreg.dispatch_table`, and the registry of extension codes.
    pub dispatch_table: Py<PyDict>,
    pub extension_registry: Py<PyDict>,
    /// `copyreg`'s objects by extension code, and its names by extension code.
    pub extension_cache: Py<PyDict>,
    pub inverted_registry: Py<PyDict>,
    pub newobj: Py<PyAny>,
    /// Its name.
    pub newobj_name: Py<PyString>,
    /// What the module `copyreg` has.
    pub copyreg_contents: Py<PyDict>,
    pub codecs_encode: Py<PyAny>,
    /// Makes the partial call of `__new__` that stands for NEWOBJ_EX below protocol 4.
    pub bind_new: Py<PyAny>,
    /// Whether C's picklers raise PicklingError for a code that is none.
    pub refuses_bad_codes: Py<PyAny>,
    /// What the modules `sys` and `builtins` have.
    pub sys_contents: Py<PyDict>,
    pub builtins_contents: Py<PyDict>,
    pub getattr: Py<PyAny>,
    pub import: Py<PyAny>,
    pub bytes_type: Py<PyType>,
    pub bytearray_type: Py<PyType>,
    pub set_type: Py<PyType>,
    pub frozenset_type: Py<PyType>,
    pub type_type: Py<PyType>,
    pub function_type: Py<PyType>,
    pub buffer_type: Py<PyType>,
    pub bytes_io_type: Py<PyType>,
    pub buffered_reader_type: Py<PyType>,
    pub file_io_type: Py<PyType>,
    /// What tells of an open file of the system's.
    pub fstat: Py<PyAny>,
    /// Its `seek`, whatever a `BytesIO` has of that name.
    pub bytes_io_seek: Py<PyAny>,
    pub builtin_method_type: Py<PyType>,
    pub deque_type: Py<PyType>,
    pub ordered_dict_type: Py<PyType>,
    pub singletons: [Singleton; 3],
    pub empty_tuple: Py<PyTuple>,
    /// `_compat_pickle`'s maps from Python 3's names to Python 2's, and back.
    pub reverse_name_mapping: Py<PyDict>,
    pub reverse_import_mapping: Py<PyDict>,
    pub name_mapping: Py<PyDict>,
    pub import_mapping: Py<PyDict>,
    /// `gc`'s functions.
    pub get_threshold: Py<PyAny>,
    pub set_threshold: Py<PyAny>,
    /// What a table is asked to answer where it has no entry.
    pub missing: Py<PyAny>,
    /// As what the code of a method is known.
    pub known_method: Py<PyAny>,
    /// How many fields a tuple with names has whose `__new__` has this code.
    pub makes_named_tuple: Py<PyAny>,
    /// With what a node's `__reduce__` calls the class.
    pub called_for_node: Py<PyAny>,
    /// What the reduce value of numpy's arrays rests on.
    pub reduced_as_array: Py<PyAny>,
    /// How the picklers in C behave.
    pub lean: Lean,
}

static IMPORTS: PyOnceLock<Imports> = PyOnceLock::new();

impl Imports {
    /// Finds all of it. To be called while the module is made: it runs Python code, and what a
    /// program exchanges later, such as `pickle.Pickler`, is no matter then.
    ///
    /// # Errors
    /// What importing the standard library's modules raises; KeyError for a fact that was not told.
    pub fn observe(py: Python<'_>) -> PyResult<()> {
        let imports = Self::resolve(py)?;
        // A second making of the module, after the first one failed, finds the same.
        let _ = IMPORTS.set(py, imports);
        Ok(())
    }

    /// The one instance. Runs no Python code, and takes no lock.
    ///
    /// # Errors
    /// RuntimeError while the module is being made: what is asked of the interpreter's picklers then
    /// may lead to ours.
    #[inline]
    pub fn get(py: Python<'_>) -> PyResult<&'static Imports> {
        IMPORTS.get(py).ok_or_else(too_early)
    }

    /// What importing a module rests on.
    pub fn importing<'a, 'py>(&'a self, py: Python<'py>) -> Importing<'a, 'py> {
        Importing {
            import: self.import.bind(py),
            builtins: self.builtins_contents.bind(py),
            sys: self.sys_contents.bind(py),
        }
    }

    fn resolve(py: Python<'_>) -> PyResult<Self> {
        let pickle = py.import("pickle")?;
        let builtins = py.import("builtins")?;
        let copyreg = py.import("copyreg")?;
        let compat = py.import("_compat_pickle")?;
        let types = py.import("types")?;
        let collections = py.import("collections")?;
        let gc = py.import("gc")?;
        let lean = behaviour::of_c(py)?;
        let answers = py.import("oxipickle._answers")?;
        let known = py.import("oxipickle._known")?;
        let class = |module: &Bound<'_, PyModule>, name: &str| {
            Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        let mapping = |module: &Bound<'_, PyModule>, name: &str| {
            Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyDict>()?.unbind())
        };
        let singleton = |value: Bound<'_, PyAny>, is_constant: bool| {
            let constant = is_constant.then(|| fresh::tuple(py, [value.clone()]));
            Ok::<_, PyErr>(Singleton {
                class: value.get_type().into_any().unbind(),
                constant: constant.transpose()?.map(Bound::unbind),
                value: value.unbind(),
            })
        };
        let io = py.import("io")?;
        let bytes_io_type = class(&io, "BytesIO")?;
        bytes_io::observe(bytes_io_type.bind(py))?;
        Ok(Self {
            pickle: pickle.clone().unbind(),
            pickling_error: class(&pickle, "PicklingError")?,
            unpickling_error: class(&pickle, "UnpicklingError")?,
            default_protocol: pickle.getattr("DEFAULT_PROTOCOL")?.extract()?,
            dispatch_table: mapping(&copyreg, "dispatch_table")?,
            extension_registry: mapping(&copyreg, "_extension_registry")?,
            extension_cache: mapping(&copyreg, "_extension_cache")?,
            inverted_registry: mapping(&copyreg, "_inverted_registry")?,
            newobj_name: PyString::intern(py, "__newobj__").unbind(),
            copyreg_contents: copyreg.dict().unbind(),
            newobj: copyreg.getattr("__newobj__")?.unbind(),
            codecs_encode: py.import("codecs")?.getattr("encode")?.unbind(),
            bind_new: answers.getattr("bind_new")?.unbind(),
            refuses_bad_codes: answers.getattr("refuses_bad_codes")?.unbind(),
            sys_contents: py.import("sys")?.dict().unbind(),
            builtins_contents: builtins.dict().unbind(),
            getattr: builtins.getattr("getattr")?.unbind(),
            import: builtins.getattr("__import__")?.unbind(),
            bytes_type: class(&builtins, "bytes")?,
            bytearray_type: class(&builtins, "bytearray")?,
            set_type: class(&builtins, "set")?,
            frozenset_type: class(&builtins, "frozenset")?,
            type_type: class(&builtins, "type")?,
            function_type: class(&types, "FunctionType")?,
            buffer_type: class(&pickle, "PickleBuffer")?,
            bytes_io_seek: bytes_io_type.bind(py).getattr("seek")?.unbind(),
            bytes_io_type,
            buffered_reader_type: class(&io, "BufferedReader")?,
            file_io_type: class(&io, "FileIO")?,
            fstat: py.import("os")?.getattr("fstat")?.unbind(),
            builtin_method_type: class(&types, "BuiltinMethodType")?,
            deque_type: class(&collections, "deque")?,
            ordered_dict_type: class(&collections, "OrderedDict")?,
            singletons: [
                singleton(py.None().into_bound(py), true)?,
                // To the compiler of Python, a name like any other.
                singleton(py.NotImplemented().into_bound(py), false)?,
                singleton(py.Ellipsis().into_bound(py), true)?,
            ],
            empty_tuple: PyTuple::empty(py).unbind(),
            reverse_name_mapping: mapping(&compat, "REVERSE_NAME_MAPPING")?,
            reverse_import_mapping: mapping(&compat, "REVERSE_IMPORT_MAPPING")?,
            name_mapping: mapping(&compat, "NAME_MAPPING")?,
            import_mapping: mapping(&compat, "IMPORT_MAPPING")?,
            get_threshold: gc.getattr("get_threshold")?.unbind(),
            set_threshold: gc.getattr("set_threshold")?.unbind(),
            missing: py.get_type::<PyAny>().call0()?.unbind(),
            known_method: known.getattr("known_method")?.unbind(),
            makes_named_tuple: known.getattr("makes_named_tuple")?.unbind(),
            reduced_as_array: known.getattr("reduced_as_array")?.unbind(),
            called_for_node: known.getattr("called_for_node")?.unbind(),
            lean,
        })
    }
}

#[cold]
fn too_early() -> PyErr {
    PyRuntimeError::new_err("oxipickle is still being imported")
}
