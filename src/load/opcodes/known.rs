//! What is known of the methods that REDUCE, NEWOBJ and BUILD would call: then these are not called.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::known::counter::{self, Counter};
use crate::load::known::named_tuple::{self, NamedTuple};
use crate::load::known::uuid::Uuid;
use crate::load::known::{Known, Met};
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    /// The place of what is known of an object, once that was looked at; None where it is to be called.
    #[inline(always)]
    fn known_place(
        &mut self,
        object: &Bound<'py, PyAny>,
        look: impl FnOnce(&Imports) -> PyResult<Option<Known<'py>>>,
    ) -> PyResult<Option<usize>> {
        let place = match self.known_methods.meet(object) {
            Met::Known(place) => return Ok(Some(place)),
            Met::Often(place) => place,
            Met::Other => return Ok(None),
        };
        let imports = self.imports;
        let known = match self.leave(|_| look(imports)) {
            Ok(known) => known,
            // What can't be looked at is called.
            Err(error) if error.is_instance_of::<PyException>(self.py) => None,
            Err(error) => return Err(error),
        };
        let is_known = known.is_some();
        self.known_methods.put(place, known.unwrap_or(Known::Other));
        Ok(is_known.then_some(place))
    }

    /// Does what `__setstate__` of an instance's class does to it, if that is known; false where it is to be called.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn set_known_state(
        &mut self,
        setstate: &Bound<'py, PyAny>,
        instance: &Bound<'py, PyAny>,
        state: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        let Ok(state) = state.cast_exact::<PyDict>() else {
            return Ok(false);
        };
        let look =
            |imports: &Imports| Ok(Uuid::look(instance, setstate, imports)?.map(Known::Uuid));
        let Some(place) = self.known_place(setstate, look)? else {
            return Ok(false);
        };
        let Known::Uuid(uuid) = self.known_methods.at(place) else {
            return Ok(false);
        };
        let Some(old) = uuid.set_state(setstate, instance, state) else {
            return Ok(false);
        };
        if old.iter().any(Option::is_some) {
            self.leave(|_| drop(old));
        }
        Ok(true)
    }

    /// What the `__new__` of a class that derives from `tuple` makes of arguments, if that is known; None where it is to
    /// be called.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn make_known(
        &mut self,
        class: &Bound<'py, PyType>,
        args: &Bound<'py, PyTuple>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.face != Face::Lean || !named_tuple::may_be_one(class) {
            return Ok(None);
        }
        let look = |imports: &Imports| Ok(NamedTuple::look(class, imports)?.map(Known::NamedTuple));
        let Some(place) = self.known_place(class, look)? else {
            return Ok(None);
        };
        match self.known_methods.at(place) {
            Known::NamedTuple(known) => known.make(class, args),
            _ => Ok(None),
        }
    }

    /// What a call gives, if that is known; None where it is to be made.
    ///
    /// # Errors
    /// What the call raises.
    #[inline(always)]
    pub fn call_known(
        &mut self,
        callable: &Bound<'py, PyAny>,
        args: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some((class, contents)) = counter::may_be_called(callable, args) else {
            return Ok(None);
        };
        let look = |imports: &Imports| {
            Ok(Counter::look(class, imports)?.map(|known| Known::Counter(Box::new(known))))
        };
        let Some(place) = self.known_place(callable, look)? else {
            return Ok(None);
        };
        match self.known_methods.at(place) {
            Known::Counter(known) if known.stands(class) => {
                self.leave(|_| Counter::make(class, &contents)).map(Some)
            }
            _ => Ok(None),
        }
    }
}
