//! What a reduce value says: its forms, checked before anything is written.

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::error::{class_name, endless, pickling_error};
use crate::fast::memo::{Holding, Mark};
use crate::fast::object::{
    Exact, exact, is_callable, is_held_once, is_iterator, is_named_like, reference_count,
};
use crate::fast::sequence::tuple_item;
use crate::fast::text::utf8;
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::chain::MAX_CHAIN;
use crate::save::reduce::{Form, Reduce, Stage};
use crate::save::work::{Standing, Work};

/// A reduce value, and what stands in for its first two parts.
struct Parts<'py> {
    value: Bound<'py, PyTuple>,
    form: Form,
    function: Option<Bound<'py, PyAny>>,
    arguments: Option<Bound<'py, PyAny>>,
    /// How what stands in is held.
    holding: Holding,
}

impl<'py> Parts<'py> {
    fn of_the_value(value: Bound<'py, PyTuple>, form: Form) -> Self {
        Self {
            value,
            form,
            function: None,
            arguments: None,
            holding: Holding::Shared,
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// Reads a reduce value, as far as that is done before anything is written, and puts the work on
    /// the stack.
    pub fn push_reduce(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        value: Bound<'py, PyAny>,
        standing: Standing,
        met: Option<Mark>,
    ) -> PyResult<()> {
        let py = self.py;
        let chain = standing.chain;
        let refuse = |words: String| pickling_error(py, words);
        if chain >= MAX_CHAIN {
            return Err(endless());
        }
        let value = value.cast_into::<PyTuple>().map_err(|error| {
            refuse(format!(
                "__reduce__ must return a string or tuple, not {}",
                class_name(&error.into_inner())
            ))
        })?;
        if !(2..=6).contains(&value.len()) {
            return Err(refuse(
                "tuple returned by __reduce__ must contain 2 through 6 elements".to_owned(),
            ));
        }
        let (Some(function), Some(arguments)) = (tuple_item(&value, 0), tuple_item(&value, 1))
        else {
            return Err(PyIndexError::new_err("tuple index out of range"));
        };
        let (function, arguments) = (function.to_owned(), arguments.to_owned());
        if !is_callable(function.as_borrowed()) {
            return Err(refuse(format!(
                "first item of the tuple returned by __reduce__ must be callable, not {}",
                class_name(&function)
            )));
        }
        if !arguments.is_instance_of::<PyTuple>() {
            return Err(refuse(format!(
                "second item of the tuple returned by __reduce__ must be a tuple, not {}",
                class_name(&arguments)
            )));
        }
        if self.face == Face::Lean {
            self.check_reduce_items(&value)?;
        }
        let form = self.reduce_form(&function)?;
        drop((function, arguments));
        let holding = if met.is_some() && !is_held_once(value.as_any().as_borrowed()) {
            Holding::Shared
        } else {
            Holding::Temporary
        };
        let parts = match form {
            Form::Reduce => Parts::of_the_value(value, form),
            Form::NewObject => self.prepare_newobj(obj, value, holding)?,
            Form::NewObjectEx => self.prepare_newobj_ex(obj, value)?,
        };
        self.push(Work::Reduce(Reduce {
            obj: obj.map(|o| o.clone().unbind()),
            value: parts.value.unbind(),
            held: standing.holding,
            met,
            holding,
            form: parts.form,
            arguments: parts.arguments.map(Bound::unbind),
            function: parts.function.map(Bound::unbind),
            part_holding: parts.holding,
            stage: Stage::Start,
            chain: chain + 1,
            made: standing.made,
        }))
    }

    /// The lean face checks items four to six before anything is written.
    fn check_reduce_items(&self, value: &Bound<'py, PyTuple>) -> PyResult<()> {
        for (index, word) in [(3, "fourth"), (4, "fifth")] {
            if let Some(items) = tuple_item(value, index)
                && !items.is_none()
                && !is_iterator(items)
            {
                return Err(pickling_error(
                    self.py,
                    format!(
                        "{word} item of the tuple returned by __reduce__ must be an iterator, \
                             not {}",
                        class_name(&items)
                    ),
                ));
            }
        }
        if let Some(setter) = tuple_item(value, 5)
            && !setter.is_none()
            && !is_callable(setter)
        {
            return Err(pickling_error(
                self.py,
                format!(
                    "sixth item of the tuple returned by __reduce__ must be callable, not {}",
                    class_name(&setter.to_owned())
                ),
            ));
        }
        Ok(())
    }

    /// From protocol 2 on, functions of two names stand for opcodes of their own.
    fn reduce_form(&mut self, function: &Bound<'py, PyAny>) -> PyResult<Form> {
        if !self.protocol.has_proto_opcode() {
            return Ok(Form::Reduce);
        }
        let py = self.py;
        let imports = Imports::get(py)?;
        // Ordinary classes and functions tell their names without running Python code.
        let class = exact(function.as_borrowed()) == Exact::Type;
        if class && !is_named_like(function.as_borrowed(), [b"__newobj__", b"__newobj_ex__"]) {
            return Ok(Form::Reduce);
        }
        let plain = class || function.get_type().is(&imports.function_type);
        let name = if plain {
            Some(function.getattr(intern!(py, "__name__"))?)
        } else {
            self.leave(|py| function.getattr_opt(intern!(py, "__name__")))?
        };
        let Some(name) = name.filter(|n| n.is_instance_of::<PyString>()) else {
            return Ok(Form::Reduce);
        };
        Ok(match utf8(name.as_borrowed()) {
            Some(b"__newobj__") => Form::NewObject,
            Some(b"__newobj_ex__") => Form::NewObjectEx,
            _ => Form::Reduce,
        })
    }

    fn prepare_newobj(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        mut value: Bound<'py, PyTuple>,
        holding: Holding,
    ) -> PyResult<Parts<'py>> {
        let py = self.py;
        let arguments = value.get_item(1)?.cast_into::<PyTuple>()?;
        if arguments.is_empty() {
            return Err(match self.face {
                Face::Lean => pickling_error(
                    py,
                    "__newobj__ expected at least 1 argument, got 0".to_owned(),
                ),
                Face::Hookable => PyIndexError::new_err("tuple index out of range"),
            });
        }
        let class = arguments.get_item(0)?;
        if self.face == Face::Lean && !class.is_instance_of::<PyType>() {
            return Err(pickling_error(
                py,
                format!(
                    "first argument to __newobj__() must be a class, not {}",
                    class_name(&class)
                ),
            ));
        }
        self.check_class(obj, &class, "__newobj__")?;
        let rest = arguments.get_slice(1, arguments.len());
        let ours = !rest.is_empty()
            && holding == Holding::Temporary
            && reference_count(arguments.as_any().as_borrowed()) == 2;
        drop(arguments);
        if ours {
            // The arguments live on in the slice alone, so that the counts of what they hold tell
            // the truth again.
            let empty = Imports::get(py)?.empty_tuple.bind(py).clone().into_any();
            let parts = value.iter().enumerate();
            let parts: Vec<_> = parts
                .map(|(i, part)| if i == 1 { empty.clone() } else { part })
                .collect();
            let old = std::mem::replace(&mut value, PyTuple::new(py, parts)?);
            self.release(old.unbind());
        }
        Ok(Parts {
            value,
            form: Form::NewObject,
            function: Some(class),
            arguments: Some(rest.into_any()),
            holding: if ours {
                Holding::Temporary
            } else {
                Holding::Shared
            },
        })
    }

    fn check_class(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        class: &Bound<'py, PyAny>,
        function: &str,
    ) -> PyResult<()> {
        let face = self.face;
        self.leave(|py| {
            if face == Face::Hookable && class.getattr_opt(intern!(py, "__new__"))?.is_none() {
                return Err(pickling_error(
                    py,
                    format!("first argument to {function}() has no __new__"),
                ));
            }
            if let Some(obj) = obj {
                let own = obj.getattr(intern!(py, "__class__"))?;
                if !own.is(class) {
                    return Err(pickling_error(
                        py,
                        format!(
                            "first argument to {function}() must be {}, not {}",
                            own.repr()?,
                            class.repr()?
                        ),
                    ));
                }
            }
            Ok(())
        })
    }

    fn prepare_newobj_ex(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        value: Bound<'py, PyTuple>,
    ) -> PyResult<Parts<'py>> {
        let py = self.py;
        let arguments = value.get_item(1)?.cast_into::<PyTuple>()?;
        if arguments.len() != 3 {
            let n = arguments.len();
            return Err(match self.face {
                Face::Lean => {
                    pickling_error(py, format!("__newobj_ex__ expected 3 arguments, got {n}"))
                }
                Face::Hookable if n > 3 => PyValueError::new_err(format!(
                    "too many values to unpack (expected 3, got {n})"
                )),
                Face::Hookable => PyValueError::new_err(format!(
                    "not enough values to unpack (expected 3, got {n})"
                )),
            });
        }
        let (class, args, kwargs) = (
            arguments.get_item(0)?,
            arguments.get_item(1)?,
            arguments.get_item(2)?,
        );
        if self.face == Face::Lean {
            let wrong = |which: &str, wanted: &str, got: &Bound<'py, PyAny>| {
                pickling_error(
                    py,
                    format!(
                        "{which} argument to __newobj_ex__() must be a {wanted}, not {}",
                        class_name(got)
                    ),
                )
            };
            if !class.is_instance_of::<PyType>() {
                return Err(wrong("first", "class", &class));
            }
            if !args.is_instance_of::<PyTuple>() {
                return Err(wrong("second", "tuple", &args));
            }
            if !kwargs.is_instance_of::<PyDict>() {
                return Err(wrong("third", "dict", &kwargs));
            }
        } else {
            self.check_class(obj, &class, "__newobj_ex__")?;
        }
        if self.protocol.is_framed() {
            return Ok(Parts {
                function: Some(class),
                ..Parts::of_the_value(value, Form::NewObjectEx)
            });
        }
        let imports = Imports::get(py)?;
        let bind_new = imports.bind_new.bind(py).clone();
        let function = self.leave(|_| bind_new.call1((class, args, kwargs)))?;
        Ok(Parts {
            value,
            form: Form::Reduce,
            function: Some(function),
            arguments: Some(imports.empty_tuple.bind(py).clone().into_any()),
            holding: Holding::Temporary,
        })
    }
}
