//! What an unpickler of the hookable face has in its `__dict__`, of what upstream's code reads there.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyString};

use crate::fast::dict::next_entry;
use crate::fast::object::{Exact, exact};
use crate::gate::progress::check_callback;
use crate::interpreter::face::Face;
use crate::load::input::file::File;
use crate::load::settings::Settings;

/// Entries of an instance's `__dict__`, by their names.
#[derive(Default)]
pub struct Entries<'py> {
    pub file_read: Option<Bound<'py, PyAny>>,
    pub file_readline: Option<Bound<'py, PyAny>>,
    pub buffers: Option<Bound<'py, PyAny>>,
    pub encoding: Option<Bound<'py, PyAny>>,
    pub errors: Option<Bound<'py, PyAny>>,
    pub fix_imports: Option<Bound<'py, PyAny>>,
    pub proto: Option<Bound<'py, PyAny>>,
    pub memo: Option<Bound<'py, PyAny>>,
    pub unframer: Option<Bound<'py, PyAny>>,
    pub dispatch: Option<Bound<'py, PyAny>>,
    /// What `__init__` was given for `progress`.
    pub progress: Option<Bound<'py, PyAny>>,
    /// There is one of `stack`, `metastack`, `append`; one of `read`, `readinto`, `readline`.
    pub has_lists: bool,
    pub has_readers: bool,
    /// There is something that the machine does not model: another method, or a name that may equal any.
    pub has_others: bool,
}

impl<'py> Entries<'py> {
    /// Looks through the dict.
    pub fn of(dict: &Bound<'py, PyDict>) -> Self {
        let mut entries = Self::default();
        let mut position = 0;
        while let Some((name, value)) = next_entry(dict, &mut position) {
            let place = match name.cast_exact::<PyString>().map(|name| name.to_str()) {
                Ok(Ok(name)) => match name {
                    "_file_read" => &mut entries.file_read,
                    "_file_readline" => &mut entries.file_readline,
                    "_buffers" => &mut entries.buffers,
                    "encoding" => &mut entries.encoding,
                    "errors" => &mut entries.errors,
                    "fix_imports" => &mut entries.fix_imports,
                    "proto" => &mut entries.proto,
                    "memo" => &mut entries.memo,
                    "_unframer" => &mut entries.unframer,
                    "dispatch" => &mut entries.dispatch,
                    "_oxipickle_progress" => &mut entries.progress,
                    "stack" | "metastack" | "append" => {
                        entries.has_lists = true;
                        continue;
                    }
                    "read" | "readinto" | "readline" => {
                        entries.has_readers = true;
                        continue;
                    }
                    "get_extension" | "pop_mark" | "_instantiate" | "_decode_string" => {
                        entries.has_others = true;
                        continue;
                    }
                    _ => continue,
                },
                // A string that has no UTF-8 is none of these names.
                Ok(Err(_)) => continue,
                Err(_) => {
                    entries.has_others = true;
                    continue;
                }
            };
            *place = Some(value);
        }
        entries
    }

    /// The settings of a load; None where they are none that the machine models.
    ///
    /// # Errors
    /// TypeError for a callback that can't be called; RuntimeError while the module is being made.
    pub fn settings(&self) -> PyResult<Option<Settings>> {
        let (Some(read), Some(readline), Some(buffers)) =
            (&self.file_read, &self.file_readline, &self.buffers)
        else {
            return Ok(None);
        };
        let text = |value: &Option<Bound<'py, PyAny>>| {
            let text = value.as_ref()?.cast_exact::<PyString>().ok()?;
            std::ffi::CString::new(text.to_str().ok()?).ok()
        };
        let (Some(encoding), Some(errors)) = (text(&self.encoding), text(&self.errors)) else {
            return Ok(None);
        };
        let Some(fix_imports) = self.fix_imports.as_ref().filter(|value| {
            value.is_exact_instance_of::<PyBool>() || value.is_exact_instance_of::<PyInt>()
        }) else {
            return Ok(None);
        };
        let progress = self
            .progress
            .as_ref()
            .filter(|progress| !progress.is_none());
        if let Some(progress) = progress {
            check_callback(progress)?;
        }
        Ok(Some(Settings {
            face: Face::Hookable,
            file: Some(File::of_methods(read, readline)?),
            fix_imports: fix_imports.is_truthy()?,
            encoding: encoding.into(),
            errors: errors.into(),
            buffers: (!buffers.is_none()).then(|| buffers.clone().unbind()),
            progress: progress.map(|progress| progress.clone().unbind()),
            counts_far_entries: true,
        }))
    }

    /// Whether the settings are the very objects that the load began with.
    pub fn has_settings_of(&self, other: &Self) -> bool {
        let same = |a: &Option<Bound<'py, PyAny>>, b: &Option<Bound<'py, PyAny>>| match (a, b) {
            (Some(a), Some(b)) => a.is(b),
            _ => false,
        };
        same(&self.buffers, &other.buffers)
            && same(&self.encoding, &other.encoding)
            && same(&self.errors, &other.errors)
            && same(&self.fix_imports, &other.fix_imports)
    }

    /// The protocol, if it is one.
    pub fn protocol(&self) -> Option<u8> {
        let proto = self.proto.as_ref()?;
        if exact(proto.as_borrowed()) != Exact::Int {
            return None;
        }
        proto.extract().ok()
    }
}
