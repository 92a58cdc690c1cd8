//! A file as a load sees it: the methods that are called, and what they may give.

use std::ffi::CStr;
use std::sync::OnceLock;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::{with_note, with_note_on_path};
use crate::fast::attribute::optional_attribute;
use crate::fast::bytes_io::BytesIo;
use crate::fast::call::call_hook;
use crate::fast::decode;
use crate::fast::fresh;
use crate::fast::instance::has_no_attributes;
use crate::fast::method::builtin_method;
use crate::fast::window::Window;
use crate::interpreter::imports::Imports;

/// Bytes that are asked of a file at once, at the most. A pickle may claim any length for an argument or a
/// frame, and memory is taken for bytes that have arrived only.
pub const LARGEST_READ: usize = 1024 * 1024;

/// The methods of a file that are used.
pub(super) struct Methods {
    pub(super) read: Py<PyAny>,
    readline: Py<PyAny>,
    pub(super) readinto: Option<Py<PyAny>>,
    /// None on the hookable face, where hooks may read the file themselves between two opcodes: it never
    /// looks ahead.
    pub(super) peek: Option<Py<PyAny>>,
}

/// A file, and how it is read.
pub struct File {
    /// None for a `BytesIO` that had no attributes when it was given: then they are its class's, which nobody can
    /// change, and are bound where one is needed.
    pub(super) methods: Option<Methods>,
    /// Whether reading may wait for somebody who writes: not from a `BytesIO`, where all bytes are there.
    pub waits: bool,
    /// The `BytesIO` that the methods belong to: what was read of it too early is given back before anybody can see
    /// it.
    pub in_memory: Option<Py<PyAny>>,
    /// What `is_stored` said when a load first asked.
    may_wait: OnceLock<bool>,
}

impl File {
    /// Finds the methods, for the lean face.
    ///
    /// # Errors
    /// TypeError for a file without `read` or `readline`.
    #[inline(always)]
    pub fn of(file: &Bound<'_, PyAny>) -> PyResult<Self> {
        if BytesIo::of(file).is_some() && has_no_attributes(file.as_borrowed()) {
            return Ok(Self {
                methods: None,
                waits: false,
                in_memory: Some(file.clone().unbind()),
                may_wait: OnceLock::new(),
            });
        }
        Self::of_other(file)
    }

    #[inline(never)]
    fn of_other(file: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = file.py();
        let peek = optional_attribute(file, intern!(py, "peek"))?;
        let readinto = optional_attribute(file, intern!(py, "readinto"))?;
        let read = optional_attribute(file, intern!(py, "read"))?;
        let readline = optional_attribute(file, intern!(py, "readline"))?;
        let (Some(read), Some(readline)) = (read, readline) else {
            let error = PyTypeError::new_err("file must have 'read' and 'readline' attributes");
            return Err(if file.is_instance_of::<PyString>() {
                let note = "this is text: to load from the file of that name, open it in mode 'rb'";
                with_note(py, error, note)
            } else {
                with_note_on_path(error, file, "rb")
            });
        };
        let is_in_memory = file.get_type().is(&Imports::get(py)?.bytes_io_type)
            && is_own_method(&read, c"read", file)
            && is_own_method(&readline, c"readline", file)
            && readinto
                .as_ref()
                .is_none_or(|found| is_own_method(found, c"readinto", file));
        Ok(Self {
            waits: peek.is_some() || !is_in_memory,
            methods: Some(Methods {
                read: read.unbind(),
                readline: readline.unbind(),
                readinto: readinto.map(Bound::unbind),
                peek: peek.map(Bound::unbind),
            }),
            in_memory: is_in_memory.then(|| file.clone().unbind()),
            may_wait: OnceLock::new(),
        })
    }

    /// The methods that an unpickler of the hookable face has kept of its file. Upstream calls no others.
    ///
    /// # Errors
    /// RuntimeError while the module is being made.
    pub fn of_methods(read: &Bound<'_, PyAny>, readline: &Bound<'_, PyAny>) -> PyResult<Self> {
        let imports = Imports::get(read.py())?;
        let owner = |method, name| {
            let (own, owner) = builtin_method(method)?;
            let is_in_memory = own == name && owner.get_type().is(&imports.bytes_io_type);
            is_in_memory.then(|| owner.to_owned().unbind())
        };
        let in_memory = owner(read, c"read").filter(|_| owner(readline, c"readline").is_some());
        Ok(Self {
            methods: Some(Methods {
                read: read.clone().unbind(),
                readline: readline.clone().unbind(),
                readinto: None,
                peek: None,
            }),
            waits: in_memory.is_none(),
            in_memory,
            may_wait: OnceLock::new(),
        })
    }

    /// Whether reading may wait for somebody who writes, as far as that is known of the file.
    pub fn may_wait(&self, py: Python<'_>) -> bool {
        self.waits
            && *self
                .may_wait
                .get_or_init(|| !self.is_stored(py).unwrap_or(false))
    }

    /// A method of the file's class, bound to the file.
    fn of_class<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let method = Imports::get(py)?.bytes_io_type.bind(py).getattr(name)?;
        method.call_method1(intern!(py, "__get__"), (&self.in_memory,))
    }

    /// The method `read`.
    ///
    /// # Errors
    /// MemoryError.
    pub fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.methods {
            Some(methods) => Ok(methods.read.bind(py).clone()),
            None => self.of_class(py, intern!(py, "read")),
        }
    }

    /// The method `readline`.
    ///
    /// # Errors
    /// MemoryError.
    pub fn readline<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.methods {
            Some(methods) => Ok(methods.readline.bind(py).clone()),
            None => self.of_class(py, intern!(py, "readline")),
        }
    }

    /// The method `readinto`, where it is used: on the hookable face of a `BytesIO` alone, where nobody can tell it from
    /// `read`.
    ///
    /// # Errors
    /// MemoryError.
    pub fn readinto<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.methods {
            Some(Methods {
                readinto: Some(own),
                ..
            }) => Ok(Some(own.bind(py).clone())),
            Some(_) if self.in_memory.is_none() => Ok(None),
            _ => self.of_class(py, intern!(py, "readinto")).map(Some),
        }
    }

    /// The method `peek`, where it is used.
    pub fn peek(&self) -> Option<&Py<PyAny>> {
        self.methods.as_ref()?.peek.as_ref()
    }

    /// Shows the collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(methods) = &self.methods {
            visit.call(&methods.read)?;
            visit.call(&methods.readline)?;
            visit.call(&methods.readinto)?;
            visit.call(&methods.peek)?;
        }
        visit.call(&self.in_memory)
    }
}

/// Whether a method is the object's own of this name, and not one that was set on it.
pub(super) fn is_own_method(
    method: &Bound<'_, PyAny>,
    name: &CStr,
    object: &Bound<'_, PyAny>,
) -> bool {
    builtin_method(method).is_some_and(|(own, owner)| own == name && owner.is(object))
}

impl File {
    /// Gives back the last bytes that were read of what is in memory.
    ///
    /// # Errors
    /// What `seek` raises.
    pub fn give_back(&self, py: Python<'_>, bytes: usize) -> PyResult<()> {
        let Some(owner) = self.in_memory.as_ref().filter(|_| bytes > 0) else {
            return Ok(());
        };
        let imports = Imports::get(py)?;
        let in_memory = BytesIo::of(owner.bind(py));
        if in_memory.is_some_and(|file| file.give_back(bytes)) {
            return Ok(());
        }
        // A window is never longer than `isize` says.
        let back = decode::int(py, -(bytes as i64))?;
        let from_here = decode::int(py, 1)?;
        let arguments = fresh::tuple(py, [owner.bind(py).clone(), back, from_here])?;
        imports.bytes_io_seek.bind(py).call1(arguments)?;
        Ok(())
    }
}

/// What `file.read(n)` gives.
pub fn read_at_most(py: Python<'_>, file: &File, n: usize) -> PyResult<Window> {
    if let Some(owner) = &file.in_memory
        && let Some(in_memory) = BytesIo::of(owner.bind(py))
        && let Some(window) = in_memory.read(n)
    {
        return Ok(window);
    }
    let count = fresh::int(py, n)?;
    let bytes = Window::of_object(&call_hook(&file.read(py)?, &count)?)?;
    check_read(bytes.len(), n)?;
    Ok(bytes)
}

/// Checks that a file gave no more than was asked of it.
pub fn check_read(read: usize, asked: usize) -> PyResult<()> {
    if read > asked {
        return Err(PyValueError::new_err(format!(
            "read() returned {read} bytes, though {asked} were asked for"
        )));
    }
    Ok(())
}
