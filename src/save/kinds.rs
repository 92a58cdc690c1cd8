//! How an object is saved once all questions are asked, by its exact type.

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::view::{Kind, View};
use crate::interpreter::face::Face;
use crate::save::hooks::Builtin;
use crate::save::next::Next;
use crate::save::standing::Standing;
use crate::save::walk::Walk;

/// What is done with an object once all questions are asked.
pub enum Kin {
    /// None, a bool, an int or a float.
    Atom,
    Str,
    Bytes,
    ByteArray,
    /// A list, dict, tuple, set or frozenset that is written as such.
    Container,
    /// A set below protocol 4.
    Set {
        frozen: bool,
    },
    Class,
    Buffer,
    Other,
}

impl Walk<'_, '_> {
    /// Saves an exact instance of a type for which upstream has a method, without asking anything more. None for
    /// an object of another type, and for one that is in the memo.
    ///
    /// # Errors
    /// What hooks and the file raise.
    pub fn save_builtin(&mut self, obj: &Held, builtin: Builtin) -> PyResult<Option<Next>> {
        if self.builtin_of(obj) != Some(builtin) {
            return Ok(None);
        }
        if self.write(|w, quiet| Ok(w.memo.get(obj.view(quiet))?.is_some()))? {
            return Ok(None);
        }
        let standing = Standing::new(Holding::Shared, 0);
        let met = self.state().writer.memo.no_mark();
        let kin = self.kin_of(obj);
        self.save_as(&kin, obj, standing, met).map(Some)
    }

    /// Saves an object, of this kind, of which all questions were asked.
    ///
    /// # Errors
    /// What hooks and the file raise.
    pub fn save_as(
        &mut self,
        kin: &Kin,
        obj: &Held,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Next> {
        let face = self.writer().face;
        match kin {
            Kin::Atom => {
                self.save_atom(obj)?;
                Ok(Next::Step)
            }
            Kin::Str => self.save_str(obj, standing),
            Kin::Bytes => self.save_bytes(obj, standing),
            Kin::ByteArray => self.save_bytearray(obj, standing),
            Kin::Container => {
                if face == Face::Hookable
                    && let Some(next) = self.open_by_hook(obj)?
                {
                    return Ok(next);
                }
                let imports = self.imports;
                let (state, quiet) = self.split();
                let table = View::of(&imports.dispatch_table, quiet);
                let (writer, mut nest) = state.nest(table, quiet);
                let obj = obj.view(quiet);
                let opening = nest.open_container(obj, obj.kind(), standing, writer);
                self.checked(opening)?;
                Ok(self.state().next())
            }
            Kin::Set { frozen } => self.save_set_as_list(obj, *frozen, standing),
            Kin::Buffer => self.save_picklebuffer(obj),
            Kin::Class | Kin::Other => self.save_other(obj, kin, standing, met),
        }
    }

    /// What is to be done with an object.
    pub fn kin_of(&self, obj: &Held) -> Kin {
        let quiet = self.quiet();
        let is_framed = self.state().writer.protocol.is_framed();
        let obj = obj.view(quiet);
        match obj.kind() {
            Kind::None | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => Kin::Atom,
            Kind::Str(_) => Kin::Str,
            Kind::Bytes(_) => Kin::Bytes,
            Kind::ByteArray => Kin::ByteArray,
            Kind::Dict(_) | Kind::List(_) | Kind::Tuple(_) => Kin::Container,
            Kind::Set(_) | Kind::FrozenSet(_) if is_framed => Kin::Container,
            Kind::Set(_) => Kin::Set { frozen: false },
            Kind::FrozenSet(_) => Kin::Set { frozen: true },
            Kind::Type(_) => Kin::Class,
            _ => {
                let buffer = View::of(&self.imports.buffer_type, quiet);
                if obj.class().object().is(buffer) {
                    Kin::Buffer
                } else {
                    Kin::Other
                }
            }
        }
    }

    /// A set below protocol 4: a call of its class with a list of the elements.
    fn save_set_as_list(&mut self, obj: &Held, frozen: bool, standing: Standing) -> PyResult<Next> {
        let imports = self.imports;
        let class = if frozen {
            &imports.frozenset_type
        } else {
            &imports.set_type
        };
        let value = self.leave(|py| {
            let elements = crate::fast::fresh::list(py)?;
            for element in obj.bind(py).try_iter()? {
                elements.append(element?)?;
            }
            let arguments = crate::fast::fresh::tuple(py, [elements.into_any()])?;
            let class = class.bind(py).as_any().clone();
            Ok(crate::fast::fresh::tuple(py, [class, arguments.into_any()])?.into())
        })?;
        self.save_reduce(Some(obj.again(self.quiet())), value, standing, None)
    }
}
