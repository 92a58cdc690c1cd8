//! How a global's name is written, by the protocol in use. `resolve.rs` finds it.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pickle_format::sink::Sink;
use pyo3::prelude::*;

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::fault::Fault;
use crate::save::file::bytes_of;
use crate::save::globals::attribute_chain::{AttributeChain, Link, call_opcodes};
use crate::save::globals::extension::Extension;
use crate::save::globals::form::{Form, Ways, form_of};
use crate::save::globals::known::KnownName;
use crate::save::globals::line::LineStyle;
use crate::save::globals::references::record;
use crate::save::globals::resolve::find_name;
use crate::save::next::Next;
use crate::save::standing::{MAX_CHAIN, Standing};
use crate::save::walk::Walk;
use crate::save::work::Work;

/// How the parts of a name are held.
const SHARED: Standing = Standing::new(Holding::Shared, 0);

impl Walk<'_, '_> {
    /// Saves a class: the types of the three singletons are calls of `type`, every other class is a global.
    ///
    /// # Errors
    /// As for `save_global`.
    pub fn save_type(&mut self, obj: &Held, standing: Standing) -> PyResult<Next> {
        let imports = self.imports;
        let address = obj.view(self.quiet()).address();
        let singleton = imports
            .singletons
            .iter()
            .find(|singleton| singleton.class.as_ptr() as usize == address);
        let Some(singleton) = singleton else {
            if let Some(next) = self.call_save_global(obj, None)? {
                return Ok(next);
            }
            return self.save_global(obj, None, standing);
        };
        let face = self.writer().face;
        let value = self.leave(|py| {
            let arguments = match &singleton.constant {
                Some(constant) if face == Face::Hookable => constant.bind(py).clone(),
                _ => fresh::tuple(py, [singleton.value.bind(py).clone()])?,
            };
            let function = imports.type_type.bind(py).as_any().clone();
            Ok(fresh::tuple(py, [function, arguments.into_any()])?.into())
        })?;
        self.save_reduce(Some(obj.again(self.quiet())), value, standing, None)
    }

    /// Finds the object's name and writes it for the protocol in use. `name` is the string that its
    /// `__reduce__` returned.
    ///
    /// # Errors
    /// PicklingError and others where no name leads back to the object; what hooks and modules raise.
    pub fn save_global(
        &mut self,
        obj: &Held,
        name: Option<Held>,
        standing: Standing,
    ) -> PyResult<Next> {
        let hook = self.state().hooks.found.resolve_global.as_ref();
        let hook = hook.map(|hook| hook.again(self.quiet()));
        let pairs = self.state().references.held();
        let pairs = pairs.map(|pairs| pairs.again(self.quiet()));
        // Only a pickler can be asked for them.
        let records = self.pickler().is_some();
        let ways = self.ways();
        let known = self
            .known_name(obj)
            .filter(|_| hook.is_none() && name.is_none());
        let (form, pairs, noted) = self.leave(|py| {
            let obj = obj.bind(py);
            let known = known.as_ref().map(|known| known.found(obj));
            let (found, noted) = match known.transpose()?.flatten() {
                Some(found) => (found, None),
                None => {
                    let is_plain = hook.is_none() && name.is_none();
                    let name = name.map(|name| name.into_bound(py));
                    let hook = hook.as_ref().map(|hook| hook.bind(py));
                    let found = find_name(obj, name, hook, ways.face, ways.style)?;
                    let noted = KnownName::of(obj, &found).filter(|_| is_plain);
                    (found, noted)
                }
            };
            let mut kept = None;
            if records {
                let pairs = match &pairs {
                    Some(pairs) => pairs.to_bound(py).cast_into()?,
                    None => fresh::dict(py)?,
                };
                record(&pairs, found.module_name.cast()?, found.qualname.cast()?)?;
                kept = Some(Held::from(pairs));
            }
            Ok((form_of(obj, found, ways)?, kept, noted))
        })?;
        if let Some(pairs) = pairs
            && self.state().references.held().is_none()
        {
            self.state_mut().references.keep(pairs);
        }
        if let Some(noted) = noted {
            let (state, quiet) = self.split();
            if let Some(class) = obj.view(quiet).as_class() {
                state.globals.note(class, noted);
            }
        }
        match form {
            Form::Extension(Extension::Code(code)) => {
                self.write(|w, _| Ok(encode::encode_ext(&mut w.out, code)?))?;
            }
            Form::Extension(Extension::Bytes(bytes)) => {
                self.write(|w, quiet| Ok(w.out.write_slice(bytes_of(bytes.view(quiet)))?))?;
            }
            Form::StackGlobal { module_name, name } => {
                let obj = obj.again(self.quiet());
                // A pickler may have no method for str: then its names are reduced, and lead to globals in turn.
                let chain = standing.chain + 1;
                if chain > MAX_CHAIN {
                    return self.checked(Err(Fault::Endless));
                }
                self.push(Work::StackGlobal {
                    obj,
                    name: Some(name),
                    chain,
                })?;
                let standing = Standing::new(Holding::Shared, chain);
                return Ok(self.save_next(module_name, standing));
            }
            Form::Chain(chain) => {
                self.push(Work::AttributeChain(chain))?;
            }
            Form::Getattr(value) => {
                let obj = obj.again(self.quiet());
                self.push(Work::Memoize(obj))?;
                return self.save_reduce(None, value, standing, None);
            }
            Form::Line(line) => {
                self.write(|w, quiet| {
                    encode::encode_global(&mut w.out, &line.module, &line.name)?;
                    w.memoize(obj.view(quiet), Holding::Shared)
                })?;
            }
        }
        Ok(Next::Step)
    }

    fn known_name(&self, obj: &Held) -> Option<KnownName> {
        let quiet = self.quiet();
        let class = obj
            .view(quiet)
            .as_class()
            .filter(|class| class.is_plain())?;
        self.state().globals.name_of(class, quiet)
    }

    fn ways(&mut self) -> Ways {
        let fix_imports = self.state().fix_imports;
        let style = self.state().style;
        let raises = hookable::does(|facts| facts.raises_unicode_errors);
        let writer = self.writer();
        // On older releases the Python class does not catch them from protocol 3 on.
        let lets_unicode_errors_through =
            raises && writer.face == Face::Hookable && writer.protocol.number() >= 3;
        Ways {
            face: writer.face,
            style,
            line: LineStyle {
                protocol: writer.protocol.number(),
                fix_imports,
                lets_unicode_errors_through,
            },
            is_framed: writer.protocol.is_framed(),
            has_proto_opcode: writer.protocol.has_proto_opcode(),
        }
    }

    /// Goes on with STACK_GLOBAL, once one of its names is written.
    ///
    /// # Errors
    /// MemoryError.
    pub fn step_stack_global(
        &mut self,
        obj: Held,
        name: Option<Held>,
        chain: u32,
    ) -> PyResult<Next> {
        if let Some(name) = name {
            let work = Work::StackGlobal {
                obj,
                name: None,
                chain,
            };
            self.push(work)?;
            return Ok(self.save_next(name, Standing::new(Holding::Shared, chain)));
        }
        self.write(|w, quiet| {
            w.opcode(Opcode::STACK_GLOBAL)?;
            w.memoize(obj.view(quiet), Holding::Shared)
        })?;
        self.release([Some(obj)]);
        Ok(Next::Step)
    }

    /// Goes on with an attribute chain, once one of its parts is written.
    ///
    /// # Errors
    /// MemoryError.
    pub fn step_attribute_chain(&mut self, mut chain: Box<AttributeChain>) -> PyResult<Next> {
        let quiet = self.quiet();
        let link = chain.advance(|name| name.again(quiet));
        let has_proto_opcode = self.writer().protocol.has_proto_opcode();
        let mark = |marks: bool| marks && !has_proto_opcode;
        let next = match link {
            Link::Getattr { marks } => {
                if mark(marks) {
                    self.write(|w, _| w.opcode(Opcode::MARK))?;
                }
                let getattr = &self.imports.getattr;
                let getattr = self.call_in_c(|py| Ok(Held::from(getattr.clone_ref(py))))?;
                Some(getattr)
            }
            Link::Top { marks, name } => {
                self.write(|w, _| {
                    if mark(marks) {
                        w.opcode(Opcode::MARK)?;
                    }
                    let line = &chain.line;
                    Ok(encode::encode_global(&mut w.out, &line.module, &line.name)?)
                })?;
                name
            }
            Link::Call(name) => {
                self.write(|w, _| w.opcodes(call_opcodes(has_proto_opcode)))?;
                name
            }
        };
        match next {
            Some(part) => {
                self.push(Work::AttributeChain(chain))?;
                Ok(self.save_next(part, SHARED))
            }
            None => {
                self.write(|w, quiet| w.memoize(chain.obj.view(quiet), Holding::Shared))?;
                self.release([Some(chain.obj)]);
                Ok(Next::Step)
            }
        }
    }
}
