//! What a load by the hookable face rests on while it goes on natively, and whether Python code has changed it.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::fast::class::contents_version;
use crate::fast::dict_version::{TELLS_OF_INSTANCES, version_of};
use crate::load::entries::Entries;
use crate::load::ours::{Changed, answer_of, changed};

/// The version of a class that the interpreter gave none.
const NO_VERSION: u32 = 0;

/// The unpickler as it was when it was last looked at.
pub struct Premises<'py> {
    class: Bound<'py, PyType>,
    class_version: u32,
    /// The dispatch is read once for a load, as upstream does; what is in it is read at each opcode.
    pub dispatch: Bound<'py, PyDict>,
    dispatch_version: Option<u64>,
    pub changed: Changed,
    pub dict: Bound<'py, PyDict>,
    dict_version: Option<u64>,
    pub entries: Entries<'py>,
}

/// What has become of the premises.
pub enum Review<'py> {
    /// They stand.
    Stand,
    /// They stand but for entries of the instance, which are these now.
    Entries(Entries<'py>),
    /// The machine does not model what there is.
    Fall,
}

impl<'py> Premises<'py> {
    /// What there is at the beginning of a load; None where the machine does not model it.
    ///
    /// # Errors
    /// MemoryError.
    pub fn of(
        class: Bound<'py, PyType>,
        dispatch: Bound<'py, PyDict>,
        dict: Bound<'py, PyDict>,
        entries: Entries<'py>,
    ) -> PyResult<Option<Self>> {
        let dispatch_version = version_of(&dispatch);
        let Some(changed) = changed(&dispatch, dispatch_version)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            class_version: contents_version(&class),
            class,
            dispatch,
            dispatch_version,
            changed,
            dict_version: None,
            dict,
            entries,
        }))
    }

    /// Whether entries of the instance are as they were noted, as far as that can be told at once.
    pub fn has_noted_entries(&self) -> bool {
        self.dict_version.is_some() && version_of(&self.dict) == self.dict_version
    }

    /// The entries as they are now are what the load rests on.
    pub fn note_entries(&mut self) {
        self.dict_version = if TELLS_OF_INSTANCES {
            version_of(&self.dict)
        } else {
            None
        };
    }

    /// Sets the protocol, which changes nothing else that the load rests on.
    ///
    /// # Errors
    /// MemoryError.
    pub fn set_proto(&mut self, proto: u8) -> PyResult<()> {
        let stand = self.has_noted_entries();
        self.dict
            .set_item(intern!(self.dict.py(), "proto"), proto)?;
        if stand {
            self.note_entries();
        }
        Ok(())
    }

    /// Looks at everything once more, to be called after Python code has run. Where the version of a single
    /// dict can't be told, entries are looked through if `hook_has_run`.
    ///
    /// # Errors
    /// MemoryError.
    pub fn review(
        &mut self,
        unpickler: &Bound<'py, PyAny>,
        dict: &Bound<'py, PyDict>,
        hook_has_run: bool,
    ) -> PyResult<Review<'py>> {
        let class = unpickler.get_type();
        let version = contents_version(&class);
        if !class.is(&self.class) || version != self.class_version || version == NO_VERSION {
            if !answer_of(&class)?.is_modelled() {
                return Ok(Review::Fall);
            }
            self.class_version = contents_version(&class);
            self.class = class;
        }
        let version = version_of(&self.dispatch);
        if version.is_none() || version != self.dispatch_version {
            match changed(&self.dispatch, version)? {
                Some(changed) => self.changed = changed,
                None => return Ok(Review::Fall),
            }
            self.dispatch_version = version;
        }
        let is_same_dict = dict.is(&self.dict);
        let is_unchanged = if TELLS_OF_INSTANCES {
            self.has_noted_entries()
        } else {
            !hook_has_run
        };
        if is_same_dict && is_unchanged {
            return Ok(Review::Stand);
        }
        self.dict = dict.clone();
        self.note_entries();
        let entries = Entries::of(dict);
        if entries.has_others || !entries.has_settings_of(&self.entries) {
            return Ok(Review::Fall);
        }
        Ok(Review::Entries(entries))
    }
}
