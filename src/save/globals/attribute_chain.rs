//! Dotted names below protocol 4, from CPython 3.13 on: attribute by attribute.

use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::save::globals::line::GlobalLine;

/// A nested global on its way out: `getattr(getattr(module.a, "b"), "c")`, none of it memoized but the end.
pub struct AttributeChain {
    pub obj: Held,
    /// The names of the module and of the outermost object.
    pub line: GlobalLine,
    path: Vec<Held>,
    stage: usize,
}

/// What comes next of an attribute chain.
pub enum Link {
    /// `getattr` itself is to be saved, behind MARK unless it is the first.
    Getattr { marks: bool },
    /// The outermost object is to be written, and then this name saved.
    Top { marks: bool, name: Option<Held> },
    /// The call is complete, and the next name is to be saved; None where the chain ends.
    Call(Option<Held>),
}

impl AttributeChain {
    /// The chain of a dotted name. Runs Python code.
    ///
    /// # Errors
    /// MemoryError.
    pub fn new(
        obj: Held,
        qualname: &Bound<'_, PyString>,
        line: impl FnOnce(&Bound<'_, PyString>) -> PyResult<GlobalLine>,
    ) -> PyResult<Box<Self>> {
        let py = qualname.py();
        let parts = qualname.call_method1(intern!(py, "split"), (".",))?;
        let mut parts = parts.try_iter()?;
        let top = parts.next().transpose()?;
        let top = top.unwrap_or_else(|| qualname.clone().into_any());
        let path = parts
            .map(|part| Ok(part?.into()))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(fresh::boxed(Self {
            obj,
            line: line(top.cast()?)?,
            path,
            stage: 0,
        })?)
    }

    /// What comes next.
    pub fn advance(&mut self, take: impl Fn(&Held) -> Held) -> Link {
        let n = self.path.len();
        let stage = self.stage;
        self.stage += 1;
        if stage < n {
            return Link::Getattr { marks: stage > 0 };
        }
        let name = self.path.get(stage - n).map(take);
        if stage == n {
            return Link::Top {
                marks: stage > 0,
                name,
            };
        }
        Link::Call(name)
    }
}

/// The opcodes that close one call of `getattr`.
pub fn call_opcodes(has_proto_opcode: bool) -> [Opcode; 2] {
    let tuple = if has_proto_opcode {
        Opcode::TUPLE2
    } else {
        Opcode::TUPLE
    };
    [tuple, Opcode::REDUCE]
}
