//! Instances by their type's plan: written without being asked, or asked by the method it names.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::fresh::tuple;
use crate::fast::instance::{has_place_for_dict, instance_dict, placed_dict};
use crate::fast::memo::Holding;
use crate::fast::object::reference_count;
use crate::hooks::Walk;
use crate::interpreter::imports::Imports;
use crate::save::plan::{Plain, PlanKind, is_shadowed};
use crate::save::work::{Standing, Work};

impl<'py> Walk<'py, '_> {
    /// The reduce value of an object as its type's plan has it got; None where the object is saved
    /// without one.
    pub fn value_of_plan(
        &mut self,
        obj: &Bound<'py, PyAny>,
        plan: &PlanKind,
        standing: Standing,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = match plan {
            PlanKind::Plain(plain) if self.save_instance(obj, plain, standing)? => return Ok(None),
            PlanKind::ReduceEx => {
                let protocol = self.protocol.number();
                let name = intern!(self.py, "__reduce_ex__");
                return self
                    .leave(|_| obj.call_method1(name, (protocol,)))
                    .map(Some);
            }
            PlanKind::Reduce(method) => self.call_method_of_plan(obj, method)?,
            PlanKind::Getstate { has_dict } => self.value_of_getstate(obj, *has_dict)?,
            PlanKind::Collection(collection) => self.leave(|_| collection.reduce_value(obj))?,
            PlanKind::Plain(_) | PlanKind::Unplanned => None,
        };
        match value {
            Some(value) => Ok(Some(value)),
            None => self.call_reduce(obj).map(Some),
        }
    }

    /// Saves a plain instance by its type's plan; false where it has to be asked after all.
    fn save_instance(
        &mut self,
        obj: &Bound<'py, PyAny>,
        plan: &Plain,
        standing: Standing,
    ) -> PyResult<bool> {
        if !self.is_quiet() || self.fast || !self.protocol.has_proto_opcode() || !self.binary {
            return Ok(false);
        }
        let class = obj.get_type();
        let Some(index) = self.memo.get(class.as_any().as_borrowed())? else {
            return Ok(false);
        };
        let dict = if plan.has_dict {
            Some(instance_dict(obj.as_borrowed())?)
        } else {
            None
        };
        if dict.as_ref().is_some_and(is_shadowed) {
            return Ok(false);
        }
        let passages = self.passages;
        self.get(index)?;
        if self.out.is_frame_full() {
            self.next_frame()?;
        }
        self.out
            .write([Opcode::EMPTY_TUPLE.code(), Opcode::NEWOBJ.code()])?;
        let mut held = standing.holding;
        if self.passages == passages {
            self.memoize(obj, held)?;
        } else {
            // The file has run Python code.
            held = Holding::Shared;
            if !self.memoize_rebuilt(Some(obj), None)? {
                return Ok(true);
            }
        }
        let inside = Standing {
            within_made: standing.made,
            ..Standing::new(
                Holding::Shared,
                if standing.made { standing.chain + 1 } else { 0 },
            )
        };
        if plan.slots.is_empty() {
            let Some(dict) = dict.filter(|dict| !dict.is_empty()) else {
                return Ok(true);
            };
            // One reference is the instance's, the other ours.
            let alone = reference_count(dict.as_any().as_borrowed()) == 2;
            let holding = match (alone, held) {
                _ if self.passages != passages => Holding::Shared,
                (false, _) => Holding::Shared,
                (true, Holding::Temporary) => Holding::Temporary,
                (true, _) => Holding::Deferred,
            };
            self.push(Work::Build {
                obj: obj.clone().unbind(),
                holding: held,
            })?;
            self.save(dict.into_any().unbind(), inside.part(holding), true)?;
            return Ok(true);
        }
        self.save_slots(obj, &plan.slots, dict, held, inside)?;
        Ok(true)
    }

    /// What `object.__reduce_ex__` makes of the state that the object's own `__getstate__` gives; None
    /// where the instance has hooks of its own.
    fn value_of_getstate(
        &mut self,
        obj: &Bound<'py, PyAny>,
        has_dict: bool,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if !self.protocol.has_proto_opcode() {
            return Ok(None);
        }
        // A `__getstate__` written in C tells an instance that has a dict from one that has none yet.
        let dict = match has_dict {
            false => None,
            true if has_place_for_dict(obj.as_borrowed()) => placed_dict(obj.as_borrowed()),
            true => Some(instance_dict(obj.as_borrowed())?.into_any()),
        };
        if let Some(dict) = dict
            && !dict
                .cast_exact::<PyDict>()
                .is_ok_and(|dict| !is_shadowed(dict))
        {
            return Ok(None);
        }
        let newobj = &Imports::get(self.py)?.newobj;
        self.leave(|py| {
            let state = obj.call_method0(intern!(py, "__getstate__"))?;
            let arguments = tuple(py, [obj.get_type().into_any()])?.into_any();
            let none = py.None().into_bound(py);
            let newobj = newobj.bind(py).clone();
            let value = tuple(py, [newobj, arguments, state, none.clone(), none])?;
            Ok(Some(value.into_any()))
        })
    }

    /// Asks an object for its reduce value by the function that its type's plan names; None where the
    /// instance has one of its own.
    fn call_method_of_plan(
        &mut self,
        obj: &Bound<'py, PyAny>,
        method: &Py<PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.leave(|py| {
            if let Some(dict) = placed_dict(obj.as_borrowed()) {
                let Ok(dict) = dict.cast_into_exact::<PyDict>() else {
                    return Ok(None);
                };
                for own in [intern!(py, "__reduce_ex__"), intern!(py, "__reduce__")] {
                    if dict.contains(own)? {
                        return Ok(None);
                    }
                }
            }
            method.bind(py).call1((obj,)).map(Some)
        })
    }

    /// BUILD, once the state is written.
    pub fn finish_instance(&mut self, obj: Py<PyAny>, holding: Holding) -> PyResult<()> {
        encode::encode_opcode(&mut self.out, Opcode::BUILD)?;
        self.close(obj, holding);
        Ok(())
    }
}
