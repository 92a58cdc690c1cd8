//! Dotted names below protocol 4, from CPython 3.13 on: attribute by attribute.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::memo::Holding;
use crate::hooks::Walk;
use crate::interpreter::imports::Imports;
use crate::save::global::SHARED;
use crate::save::work::Work;

/// A nested global on its way out, attribute by attribute.
pub struct AttributeChain {
    pub obj: Py<PyAny>,
    pub module_name: Py<PyAny>,
    pub top: Py<PyString>,
    pub path: Vec<Py<PyAny>>,
    pub stage: usize,
}

impl<'py> Walk<'py, '_> {
    /// `getattr(getattr(module.a, "b"), "c")`, none of it memoized but the end.
    pub fn save_attribute_chain(
        &mut self,
        obj: &Bound<'py, PyAny>,
        module_name: Bound<'py, PyAny>,
        qualname: &Bound<'py, PyString>,
    ) -> PyResult<()> {
        let py = self.py;
        let mut parts = qualname
            .call_method1(intern!(py, "split"), (".",))?
            .try_iter()?;
        let Some(top) = parts.next().transpose()? else {
            return Ok(());
        };
        let top = top.cast_into::<PyString>()?.unbind();
        let path = parts
            .map(|part| Ok(part?.unbind()))
            .collect::<PyResult<Vec<_>>>()?;
        self.push(Work::AttributeChain(Box::new(AttributeChain {
            obj: obj.clone().unbind(),
            module_name: module_name.unbind(),
            top,
            path,
            stage: 0,
        })))
    }

    pub fn step_attribute_chain(&mut self, mut w: Box<AttributeChain>) -> PyResult<()> {
        let py = self.py;
        let n = w.path.len();
        let stage = w.stage;
        w.stage += 1;
        let marks = !self.protocol.has_proto_opcode();
        if stage <= n {
            if stage > 0 && marks {
                encode::encode_opcode(&mut self.out, Opcode::MARK)?;
            }
            if stage < n {
                let getattr = Imports::get(py)?.getattr.clone_ref(py);
                self.push(Work::AttributeChain(w))?;
                return self.save(getattr, SHARED, true);
            }
            let module = w.module_name.bind(py).cast::<PyString>()?.clone();
            let top = w.top.bind(py).clone();
            self.write_global(&module, &top)?;
        } else {
            let opcode = if marks { Opcode::TUPLE } else { Opcode::TUPLE2 };
            self.out.write([opcode.code(), Opcode::REDUCE.code()])?;
        }
        match w.path.get(stage - n) {
            Some(name) => {
                let name = name.clone_ref(py);
                self.push(Work::AttributeChain(w))?;
                self.save(name, SHARED, true)
            }
            None => {
                self.memoize(w.obj.bind(py), Holding::Shared)?;
                let w = *w;
                for part in w.path.into_iter().chain([w.module_name, w.obj]) {
                    self.release(part);
                }
                Ok(())
            }
        }
    }
}
