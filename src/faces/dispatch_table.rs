//! `Pickler.dispatch_table`: a slot of every instance, as C's class has one.
//!
//! A class may have an attribute of that name: then an instance shows the class's, and what is assigned to the
//! instance goes to its dict and means nothing, as in C. Whoever has to reach past the class's attribute, as
//! loky does, looks for a member descriptor among the bases and calls its `__set__`. So this descriptor says
//! that it is one.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::fast::attribute::optional_attribute;
use crate::fast::class::{class_attribute, finds_attributes_ordinarily};
use crate::fast::held::{Held, give_up_late};
use crate::fast::thread_end::Frames;
use crate::gate::home::{FindHome, Home};
use crate::gate::session::Walked;
use crate::save::state::State;

/// The functions that reduce objects, by class, in place of `copyreg.dispatch_table`. AttributeError
/// where neither the class nor an assignment has set it.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct DispatchTableSlot {
    class: Py<PyType>,
    home: FindHome<State>,
}

impl DispatchTableSlot {
    /// Gives a class of picklers the slot.
    ///
    /// # Errors
    /// MemoryError.
    pub fn install(class: &Bound<'_, PyType>, home: FindHome<State>) -> PyResult<()> {
        let slot = Self {
            class: class.clone().unbind(),
            home,
        };
        class.setattr(NAME, slot)
    }

    fn replace(&self, pickler: &Bound<'_, PyAny>, table: Option<Held>) -> PyResult<Option<Held>> {
        (self.home)(pickler)?.with_early(State::placeholder, |state| {
            std::mem::replace(&mut state.hooks.found.dispatch_table, table)
        })
    }
}

/// The table that a pickler shows while it is initialised: what its class has of this name, or what the slot has.
///
/// # Errors
/// What looking the attribute up raises.
pub fn shown<'py>(pickler: &Bound<'py, PyAny>, home: &Home<State>) -> PyResult<Option<Held>> {
    let class = pickler.get_type();
    // An attribute that is not there costs an exception, and mostly it is not.
    if finds_attributes_ordinarily(&class)
        && class_attribute(&class, intern!(pickler.py(), NAME))
            .is_some_and(|found| found.is_exact_instance_of::<DispatchTableSlot>())
    {
        let table = home.with(|state| state.hooks.found.dispatch_table.take());
        return Ok(table.ok().flatten());
    }
    let table = optional_attribute(pickler, intern!(pickler.py(), NAME))?;
    Ok(table.map(Held::from))
}

/// The attribute's name.
const NAME: &str = "dispatch_table";

fn missing() -> PyErr {
    PyAttributeError::new_err(NAME)
}

#[pymethods]
impl DispatchTableSlot {
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        pickler: Option<&Bound<'py, PyAny>>,
        class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = class;
        let Some(pickler) = pickler else {
            return Ok(slf.as_any().clone());
        };
        let py = slf.py();
        let home = (slf.get().home)(pickler)?;
        let table = home.with_early(State::placeholder, |state| {
            let table = state.hooks.found.dispatch_table.as_ref();
            table.map(|table| table.to_bound(py))
        })?;
        table.ok_or_else(missing)
    }

    fn __set__(&self, pickler: &Bound<'_, PyAny>, table: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        drop(self.replace(pickler, Some(Held::from(table)))?);
        give_up_late(pickler.py());
        Ok(())
    }

    fn __delete__(&self, pickler: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        let old = self.replace(pickler, None)?;
        let was_there = old.is_some();
        drop(old);
        give_up_late(pickler.py());
        if was_there { Ok(()) } else { Err(missing()) }
    }

    /// The class that has the slot.
    #[getter(__objclass__)]
    fn class_of_owner<'py>(&self, py: Python<'py>) -> Bound<'py, PyType> {
        self.class.bind(py).clone()
    }

    #[getter(__name__)]
    fn name(&self) -> &'static str {
        NAME
    }

    #[getter(__qualname__)]
    fn qualified_name(&self) -> &'static str {
        "Pickler.dispatch_table"
    }

    /// The type of the interpreter's own member descriptors.
    #[getter(__class__)]
    fn class<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("types")?.getattr("MemberDescriptorType")
    }
}
