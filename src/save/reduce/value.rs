//! What a reduce value says: its forms, checked before anything is written.

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::error::{class_name, pickling_error, with_note};
use crate::fast::held::Held;
use crate::fast::memo::Mark;
use crate::fast::view::{Kind, View};
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::next::Next;
use crate::save::reduce::work::{Form, Reduce, Stage};
use crate::save::standing::{MAX_CHAIN, Standing};
use crate::save::walk::Walk;
use crate::save::work::Work;

/// What stands in for the first two parts of a reduce value.
#[derive(Default)]
struct Parts {
    form: Option<Form>,
    function: Option<Held>,
    arguments: Option<Held>,
    /// Whether only the pickler holds what stands in.
    are_temporary: bool,
}

/// What is to be looked at in the function of a reduce value.
enum Function {
    /// Its name can't be that of an opcode.
    Unnamed,
    /// It is of a type that tells its name without running Python code.
    NamedInC,
    /// Its name is to be asked for, by Python code maybe.
    Named,
}

impl Walk<'_, '_> {
    /// Begins to save what `value` rebuilds, and memoizes `obj` once that is written. `met` is where the
    /// memo stood when the object was met; None for what the walk made up for a builtin type.
    ///
    /// # Errors
    /// PicklingError and others, as the model raises them, for a value that is none.
    pub fn save_reduce(
        &mut self,
        obj: Option<&Held>,
        value: Held,
        standing: Standing,
        met: Option<Mark>,
    ) -> PyResult<Next> {
        match self.push_reduce(obj, value, standing, met) {
            Ok(()) => Ok(Next::Step),
            Err(error) => {
                if let (Some(_), Some(obj)) = (met, obj) {
                    let noted = self.leave(|py| {
                        let name = class_name(obj.bind(py));
                        let note = format!("when serializing {name} object");
                        Ok(with_note(py, error, note))
                    });
                    return Err(noted?);
                }
                Err(error)
            }
        }
    }

    /// Reads a reduce value, as far as that is done before anything is written, and puts the work on
    /// the stack.
    fn push_reduce(
        &mut self,
        obj: Option<&Held>,
        mut value: Held,
        standing: Standing,
        met: Option<Mark>,
    ) -> PyResult<()> {
        let chain = standing.chain;
        if chain >= MAX_CHAIN {
            return self.checked(Err(Fault::Endless));
        }
        let face = self.writer().face;
        let has_opcodes = self.writer().protocol.has_proto_opcode();
        let (is_sound, is_temporary, function) = {
            let quiet = self.quiet();
            let value = value.view(quiet);
            let is_temporary = met.is_none() || value.is_held_once();
            (
                is_sound(value, face),
                is_temporary,
                function_of(
                    value,
                    has_opcodes,
                    [
                        View::of(&self.imports.function_type, quiet),
                        View::of(&self.imports.builtin_method_type, quiet),
                    ],
                ),
            )
        };
        if !is_sound {
            return self.leave(|py| Err(refusal(value.bind(py), face)));
        }
        let form = match function {
            Function::Unnamed => Form::Reduce,
            Function::NamedInC => self.call_in_c(|py| form_of(value.bind(py)))?,
            Function::Named => self.leave(|py| form_of(value.bind(py)))?,
        };
        let parts = match form {
            Form::Reduce => Parts::default(),
            Form::NewObject => self.prepare_newobj(obj, &mut value, is_temporary)?,
            Form::NewObjectEx => self.prepare_newobj_ex(obj, &value)?,
        };
        let again = |quiet| obj.map(|obj| obj.again(quiet));
        let reduce = Reduce {
            obj: again(self.quiet()),
            value,
            held: standing.holding,
            met,
            is_temporary,
            form: parts.form.unwrap_or(form),
            arguments: parts.arguments,
            function: parts.function,
            parts_are_temporary: parts.are_temporary,
            stage: Stage::Start,
            chain: chain + 1,
            made: standing.made,
        };
        self.push(Work::Reduce(reduce))
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
            form: None,
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
                    ..Parts::default()
                });
            }
            let bind_new = imports.bind_new.bind(py);
            let function = bind_new.call1(&arguments)?;
            Ok(Parts {
                form: Some(Form::Reduce),
                function: Some(function.into()),
                arguments: Some(imports.empty_tuple.bind(py).into()),
                are_temporary: true,
            })
        })
    }
}

/// Whether a value is a tuple of two to six parts of the right kinds. The lean face checks items four to
/// six before anything is written, too.
fn is_sound(value: View<'_>, face: Face) -> bool {
    let Some(value) = value.as_tuple() else {
        return false;
    };
    let (2..=6, Some(function), Some(arguments)) = (value.len(), value.item(0), value.item(1))
    else {
        return false;
    };
    let is_left_out_or = |index, test: &dyn Fn(View<'_>) -> bool| {
        let item = value.item(index);
        item.is_none_or(|item| item.is_none() || test(item))
    };
    function.is_callable()
        && arguments.as_tuple().is_some()
        && (face == Face::Hookable
            || is_left_out_or(3, &|item| item.is_iterator())
                && is_left_out_or(4, &|item| item.is_iterator())
                && is_left_out_or(5, &|item| item.is_callable()))
}

/// What is wrong with a value that is not sound.
#[cold]
fn refusal(value: &Bound<'_, PyAny>, face: Face) -> PyErr {
    let py = value.py();
    let refuse = |words: String| pickling_error(py, words);
    let Ok(value) = value.cast::<PyTuple>() else {
        let name = class_name(value);
        return refuse(format!(
            "__reduce__ must return a string or tuple, not {name}"
        ));
    };
    if !(2..=6).contains(&value.len()) {
        return refuse("tuple returned by __reduce__ must contain 2 through 6 elements".to_owned());
    }
    let item = |index: usize| value.get_item(index).ok();
    let name = |index: usize| item(index).map_or_else(String::new, |item| class_name(&item));
    if item(0).is_some_and(|function| !function.is_callable()) {
        return refuse(format!(
            "first item of the tuple returned by __reduce__ must be callable, not {}",
            name(0)
        ));
    }
    if item(1).is_some_and(|arguments| !arguments.is_instance_of::<PyTuple>()) {
        return refuse(format!(
            "second item of the tuple returned by __reduce__ must be a tuple, not {}",
            name(1)
        ));
    }
    debug_assert_eq!(face, Face::Lean);
    for (index, word) in [(3, "fourth"), (4, "fifth")] {
        if item(index).is_some_and(|items| !items.is_none() && !is_iterator(&items)) {
            return refuse(format!(
                "{word} item of the tuple returned by __reduce__ must be an iterator, not {}",
                name(index)
            ));
        }
    }
    refuse(format!(
        "sixth item of the tuple returned by __reduce__ must be callable, not {}",
        name(5)
    ))
}

fn is_iterator(items: &Bound<'_, PyAny>) -> bool {
    items.cast::<pyo3::types::PyIterator>().is_ok()
}

/// How the function's name is found. From protocol 2 on, functions of two names stand for opcodes of their
/// own; ordinary classes tell theirs without running Python code.
fn function_of(value: View<'_>, has_opcodes: bool, types: [View<'_>; 2]) -> Function {
    let function = value.as_tuple().and_then(|value| value.item(0));
    let Some(function) = function.filter(|_| has_opcodes) else {
        return Function::Unnamed;
    };
    match function.kind() {
        Kind::Type(class) if !class.is_named_like([b"__newobj__", b"__newobj_ex__"]) => {
            Function::Unnamed
        }
        _ if types.iter().any(|t| function.class().object().is(*t)) => Function::NamedInC,
        _ => Function::Named,
    }
}

/// Which opcode a reduce value's function stands for.
fn form_of(value: &Bound<'_, PyAny>) -> PyResult<Form> {
    let py = value.py();
    let function = value.cast::<PyTuple>()?.get_item(0)?;
    let name = function.getattr_opt(intern!(py, "__name__"))?;
    let Some(name) = name.and_then(|name| name.cast_into::<PyString>().ok()) else {
        return Ok(Form::Reduce);
    };
    Ok(match name.to_string_lossy().as_ref() {
        "__newobj__" => Form::NewObject,
        "__newobj_ex__" => Form::NewObjectEx,
        _ => Form::Reduce,
    })
}

fn check_class(
    obj: Option<&Held>,
    class: &Bound<'_, PyAny>,
    function: &str,
    face: Face,
) -> PyResult<()> {
    let py = class.py();
    if face == Face::Hookable && class.getattr_opt(intern!(py, "__new__"))?.is_none() {
        return Err(pickling_error(
            py,
            format!("first argument to {function}() has no __new__"),
        ));
    }
    let Some(obj) = obj else {
        return Ok(());
    };
    let own = obj.bind(py).getattr(intern!(py, "__class__"))?;
    if own.is(class) {
        return Ok(());
    }
    Err(pickling_error(
        py,
        format!(
            "first argument to {function}() must be {}, not {}",
            own.repr()?,
            class.repr()?
        ),
    ))
}

/// The class among the arguments of `__newobj_ex__`.
fn check_newobj_ex<'py>(
    obj: Option<&Held>,
    arguments: &Bound<'py, PyTuple>,
    face: Face,
) -> PyResult<Bound<'py, PyAny>> {
    let py = arguments.py();
    if arguments.len() != 3 {
        let n = arguments.len();
        return Err(match face {
            Face::Lean => {
                pickling_error(py, format!("__newobj_ex__ expected 3 arguments, got {n}"))
            }
            Face::Hookable if n > 3 => {
                PyValueError::new_err(format!("too many values to unpack (expected 3, got {n})"))
            }
            Face::Hookable => {
                PyValueError::new_err(format!("not enough values to unpack (expected 3, got {n})"))
            }
        });
    }
    let class = arguments.get_item(0)?;
    if face == Face::Hookable {
        check_class(obj, &class, "__newobj_ex__", face)?;
        return Ok(class);
    }
    let (args, kwargs) = (arguments.get_item(1)?, arguments.get_item(2)?);
    let wrong = |which: &str, wanted: &str, got: &Bound<'py, PyAny>| {
        let name = class_name(got);
        let words = format!("{which} argument to __newobj_ex__() must be a {wanted}, not {name}");
        pickling_error(py, words)
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
    Ok(class)
}
