//! Files of which all bytes are there: in memory, or in a regular file. Such a file fills what it says it filled, and
//! tells how many bytes are left.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::fast::bytes_io::BytesIo;
use crate::fast::method::builtin_method;
use crate::interpreter::imports::Imports;
use crate::load::input::file::{File, is_own_method};

/// What a file's mode says of its type, and that it is a regular file: the same on every system.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

/// Where the bytes are.
enum Store<'py> {
    /// The file itself is a `BytesIO`, as the class of such says.
    Memory(Bound<'py, PyAny>),
    /// The file reads ahead in a `BytesIO`.
    AheadInMemory {
        file: Bound<'py, PyAny>,
        raw: Bound<'py, PyAny>,
    },
    /// The file reads ahead in a regular file of so many bytes.
    AheadOnDisk { file: Bound<'py, PyAny>, size: u64 },
}

impl File {
    /// Whether all bytes are there, and only the interpreter's own classes read them. Runs no Python code.
    ///
    /// # Errors
    /// What asking a closed file raises; MemoryError.
    pub fn is_stored(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.store(py)?.is_some())
    }

    /// How many bytes are left of a file that is stored, 0 where that is not known; None of any other. Runs no Python code.
    ///
    /// # Errors
    /// What asking a closed file raises; OSError where the system can't tell; MemoryError.
    pub fn bytes_left(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let imports = Imports::get(py)?;
        let in_memory = |file: &Bound<'_, PyAny>| {
            let place = BytesIo::of(file).and_then(BytesIo::place);
            place.unwrap_or_default()
        };
        // Its own `tell`, whatever attributes the file has.
        let tell = |file| {
            let class = imports.buffered_reader_type.bind(py);
            let told = class.getattr(intern!(py, "tell"))?.call1((file,))?;
            told.extract::<u64>()
        };
        let Some(store) = self.store(py)? else {
            return Ok(None);
        };
        Ok(Some(match store {
            Store::Memory(file) => {
                let (position, length) = in_memory(&file);
                length.saturating_sub(position)
            }
            Store::AheadInMemory { file, raw } => {
                let (_, length) = in_memory(&raw);
                length.saturating_sub(tell(file)?)
            }
            Store::AheadOnDisk { file, size } => size.saturating_sub(tell(file)?),
        }))
    }

    fn store<'py>(&self, py: Python<'py>) -> PyResult<Option<Store<'py>>> {
        let Some(methods) = &self.methods else {
            let owner = self.in_memory.as_ref();
            return Ok(owner.map(|owner| Store::Memory(owner.bind(py).clone())));
        };
        let imports = Imports::get(py)?;
        let Some((_, file)) = builtin_method(methods.read.bind(py)) else {
            return Ok(None);
        };
        let are_own = [
            (Some(&methods.read), c"read"),
            (methods.readinto.as_ref(), c"readinto"),
            (methods.peek.as_ref(), c"peek"),
        ];
        let are_own = are_own.iter().all(|(method, name)| {
            method.is_none_or(|method| is_own_method(method.bind(py), name, &file))
        });
        if !are_own {
            return Ok(None);
        }
        let is = |object: &Bound<'_, PyAny>, class: &Py<PyType>| object.get_type().is(class);
        if is(&file, &imports.bytes_io_type) {
            return Ok(Some(Store::Memory(file.to_owned())));
        }
        if !is(&file, &imports.buffered_reader_type) {
            return Ok(None);
        }
        let raw = file.getattr(intern!(py, "raw"))?;
        let is_in_memory = is(&raw, &imports.bytes_io_type);
        if !is_in_memory && !is(&raw, &imports.file_io_type) {
            return Ok(None);
        }
        // An attribute of the instance would be called in its place.
        let readinto = raw.getattr(intern!(py, "readinto"))?;
        let tell = raw.getattr(intern!(py, "tell"))?;
        if !is_own_method(&readinto, c"readinto", &raw) || !is_own_method(&tell, c"tell", &raw) {
            return Ok(None);
        }
        let file = file.to_owned();
        if is_in_memory {
            return Ok(Some(Store::AheadInMemory { file, raw }));
        }
        let fileno = imports
            .file_io_type
            .bind(py)
            .getattr(intern!(py, "fileno"))?;
        let status = imports.fstat.bind(py).call1((fileno.call1((raw,))?,))?;
        let mode = status.getattr(intern!(py, "st_mode"))?.extract::<u32>()?;
        if mode & FILE_TYPE != REGULAR {
            return Ok(None);
        }
        let size = status.getattr(intern!(py, "st_size"))?.extract()?;
        Ok(Some(Store::AheadOnDisk { file, size }))
    }
}
