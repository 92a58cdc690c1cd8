//! What a reduce value says: its forms, checked before anything is written.

use pyo3::exceptions::{PyIndexError, PyMemoryError};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use crate::error::{class_name, pickling_error, settled, with_note};
use crate::fast::held::Held;
use crate::fast::memo::Mark;
use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::next::Next;
use crate::save::reduce::checks::{
    Function, check_class, check_newobj_ex, form_of, function_of, is_sound, refusal,
};
use crate::save::reduce::parts::{Form, Reduce, Stage};
use crate::save::standing::{MAX_CHAIN, Standing};
use crate::save::walk::Walk;

/// What stands in for the first two parts of a reduce value.
struct Parts {
    form: Form,
    function: Option<Held>,
    arguments: Option<Held>,
    /// Whether only the pickler holds what stands in.
    are_temporary: bool,
}

impl Parts {
    /// The value's own parts.
    fn own(form: Form) -> Self {
        Self {
            form,
            function: None,
            arguments: None,
            are_temporary: false,
        }
    }
}

impl Walk<'_, '_> {
    /// Begins to save what `value` rebuilds, and memoizes `obj` once that is written. `met` is where the
    /// memo stood when the object was met; None for what the walk made up for a builtin type.
    ///
    /// # Errors
    /// PicklingError and others, as the model raises them, for a value that is none.
    pub fn save_reduce(
        &mut self,
        obj: Option<Held>,
        value: Held,
        standing: Standing,
        met: Option<Mark>,
    ) -> PyResult<Next> {
        if self.writer().face == Face::Hookable {
            // Whoever gave the value may have changed what becomes of it.
            self.refresh_hooks()?;
            if let Some(next) = self.call_save_reduce(obj.as_ref(), &value)? {
                self.release([obj, Some(value)]);
                return Ok(next);
            }
        }
        self.save_reduce_natively(obj, value, standing, met)
    }

    /// As `save_reduce`, whosever method has the pickler.
    ///
    /// # Errors
    /// As for `save_reduce`.
    pub fn save_reduce_natively(
        &mut self,
        obj: Option<Held>,
        mut value: Held,
        standing: Standing,
        met: Option<Mark>,
    ) -> PyResult<Next> {
        let is_temporary = met.is_none() || value.view(self.quiet()).is_held_once();
        let parts = match self.read_form(&value, standing) {
            Ok(Form::Reduce) => Parts::own(Form::Reduce),
            Ok(form) => match self.prepare(form, obj.as_ref(), &mut value, is_temporary) {
                Ok(parts) => parts,
                Err(error) => return Err(self.noted(error, obj, value, met)),
            },
            Err(error) => return Err(self.noted(error, obj, value, met)),
        };
        self.open_reduce(Reduce {
            obj,
            value,
            held: standing.holding,
            met,
            is_temporary,
            form: parts.form,
            arguments: parts.arguments,
            function: parts.function,
            parts_are_temporary: parts.are_temporary,
            stage: Stage::Start,
            chain: standing.chain + 1,
            made: standing.made,
        })
    }

    /// The error for a reduce value that can't be read, with a note on whose it is.
    #[cold]
    fn noted(&mut self, error: PyErr, obj: Option<Held>, value: Held, met: Option<Mark>) -> PyErr {
        drop(value);
        let (Some(_), Some(obj)) = (met, obj) else {
            return error;
        };
        let noted = self.leave(|py| {
            let error = settled(py, error);
            // Telling more takes memory.
            if error.is_instance_of::<PyMemoryError>(py) {
                return Ok(error);
            }
            let name = class_name(obj.bind(py));
            let note = format!("when serializing {name} object");
            Ok(with_note(py, error, &note))
        });
        noted.unwrap_or_else(|error| error)
    }

    /// How a reduce value rebuilds its object, if the value is sound.
    #[inline(always)]
    fn read_form(&mut self, value: &Held, standing: Standing) -> PyResult<Form> {
        if standing.chain >= MAX_CHAIN {
            return self.checked(Err(Fault::Endless));
        }
        let face = self.writer().face;
        let has_opcodes = self.writer().protocol.has_proto_opcode();
        let quiet = self.quiet();
        let seen = value.view(quiet);
        if !is_sound(seen, face) {
            return self.leave(|py| Err(refusal(value.bind(py), face)));
        }
        let types = [
            View::of(&self.imports.function_type, quiet),
            View::of(&self.imports.builtin_method_type, quiet),
        ];
        match function_of(seen, has_opcodes, types) {
            Function::Unnamed => Ok(Form::Reduce),
            Function::NamedInC => self.call_in_c(|py| form_of(value.bind(py))),
            Function::Named => self.leave(|py| form_of(value.bind(py))),
        }
    }

    /// What stands in for the parts of a value whose function is that of an opcode.
    fn prepare(
        &mut self,
        form: Form,
        obj: Option<&Held>,
        value: &mut Held,
        is_temporary: bool,
    ) -> PyResult<Parts> {
        match form {
            Form::Reduce => Ok(Parts::own(form)),
            Form::NewObject => self.prepare_newobj(obj, value, is_temporary),
            Form::NewObjectEx => self.prepare_newobj_ex(obj, value),
        }
    }

    fn prepare_newobj(
        &mut self,
        obj: Option<&Held>,
        value: &mut Held,
        is_temporary: bool,
    ) -> PyResult<Parts> {
        let face = self.writer().face;
        // The counts are looked at before the arguments are held by others than the value.
        let is_ours = {
            let tuple = value.view(self.quiet()).as_tuple();
            let arguments = tuple.and_then(|tuple| tuple.item(1));
            is_temporary && arguments.is_some_and(View::is_held_once)
        };
        let imports = self.imports;
        let (class, rest, new_value) = self.leave(|py| {
            let tuple = value.cast::<PyTuple>(py)?;
            let arguments = tuple.get_item(1)?.cast_into::<PyTuple>()?;
            if arguments.is_empty() {
                return Err(match face {
                    Face::Lean => pickling_error(
                        py,
                        "__newobj__ expected at least 1 argument, got 0".to_owned(),
                    ),
                    Face::Hookable => PyIndexError::new_err("tuple index out of range"),
                });
            }
            let class = arguments.get_item(0)?;
            if face == Face::Lean && !class.is_instance_of::<PyType>() {
                return Err(pickling_error(
                    py,
                    format!(
                        "first argument to __newobj__() must be a class, not {}",
                        class_name(&class)
                    ),
                ));
            }
            check_class(obj, &class, "__newobj__", face)?;
            let rest = arguments.get_slice(1, arguments.len());
            // The arguments live on in the slice alone, so that the counts of what they hold tell the truth
            // again.
            let new_value = if is_ours && !rest.is_empty() {
                let empty = imports.empty_tuple.bind(py).clone().into_any();
                let parts = tuple.iter().enumerate();
                let parts = parts.map(|(i, part)| if i == 1 { empty.clone() } else { part });
                Some(Held::from(PyTuple::new(py, parts.collect::<Vec<_>>())?))
            } else {
                None
            };
            Ok((Held::from(class), Held::from(rest), new_value))
        })?;
        let are_temporary = new_value.is_some();
        if let Some(new_value) = new_value {
            let old = std::mem::replace(value, new_value);
            self.release([Some(old)]);
        }
        Ok(Parts {
            form: Form::NewObject,
            function: Some(class),
            arguments: Some(rest),
            are_temporary,
        })
    }

    fn prepare_newobj_ex(&mut self, obj: Option<&Held>, value: &Held) -> PyResult<Parts> {
        let face = self.writer().face;
        let is_framed = self.writer().protocol.is_framed();
        let imports = self.imports;
        self.leave(|py| {
            let tuple = value.cast::<PyTuple>(py)?;
            let arguments = tuple.get_item(1)?.cast_into::<PyTuple>()?;
            let class = check_newobj_ex(obj, &arguments, face)?;
            if is_framed {
                return Ok(Parts {
                    function: Some(class.into()),
                    ..Parts::own(Form::NewObjectEx)
                });
            }
            let bind_new = imports.bind_new.bind(py);
            let function = bind_new.call1(&arguments)?;
            Ok(Parts {
                form: Form::Reduce,
                function: Some(function.into()),
                arguments: Some(imports.empty_tuple.bind(py).into()),
                are_temporary: true,
            })
        })
    }
}
