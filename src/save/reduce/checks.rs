//! What makes a reduce value sound, and what is said of one that is not.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::error::{class_name, pickling_error};
use crate::fast::attribute::optional_attribute;
use crate::fast::held::Held;
use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::instances::plan::OPCODE_FUNCTIONS;
use crate::save::reduce::parts::Form;

/// What is to be looked at in the function of a reduce value.
pub enum Function {
    /// Its name can't be that of an opcode.
    Unnamed,
    /// It is of a type that tells its name without running Python code.
    NamedInC,
    /// Its name is to be asked for, by Python code maybe.
    Named,
}

/// Whether a value is a tuple of two to six parts of the right kinds. The lean face checks items four to
/// six before anything is written, too.
#[inline(always)]
pub fn is_sound(value: View<'_>, face: Face) -> bool {
    let Some(value) = value.as_tuple() else {
        return false;
    };
    let (2..=6, Some(function), Some(arguments)) = (value.len(), value.item(0), value.item(1))
    else {
        return false;
    };
    if !function.is_callable() || arguments.as_tuple().is_none() {
        return false;
    }
    let is_left_out_or = |index, test: &dyn Fn(View<'_>) -> bool| {
        let item = value.item(index);
        item.is_none_or(|item| item.is_none() || test(item))
    };
    value.len() <= 3
        || face == Face::Hookable
        || is_left_out_or(3, &|item| item.is_iterator())
            && is_left_out_or(4, &|item| item.is_iterator())
            && is_left_out_or(5, &|item| item.is_callable())
}

/// What is wrong with a value that is not sound.
#[cold]
pub fn refusal(value: &Bound<'_, PyAny>, face: Face) -> PyErr {
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
#[inline(always)]
pub fn function_of(value: View<'_>, has_opcodes: bool, types: [View<'_>; 2]) -> Function {
    let function = value.as_tuple().and_then(|value| value.item(0));
    let Some(function) = function.filter(|_| has_opcodes) else {
        return Function::Unnamed;
    };
    match function.as_class() {
        Some(class) if class.is_plain() && !class.may_be_named(OPCODE_FUNCTIONS) => {
            Function::Unnamed
        }
        _ if types.iter().any(|t| function.class().object().is(*t)) => Function::NamedInC,
        _ => Function::Named,
    }
}

/// Which opcode a reduce value's function stands for.
pub fn form_of(value: &Bound<'_, PyAny>) -> PyResult<Form> {
    let py = value.py();
    let function = value.cast::<PyTuple>()?.get_item(0)?;
    let name = optional_attribute(&function, intern!(py, "__name__"))?;
    let Some(name) = name.and_then(|name| name.cast_into::<PyString>().ok()) else {
        return Ok(Form::Reduce);
    };
    Ok(match name.to_string_lossy().as_ref() {
        "__newobj__" => Form::NewObject,
        "__newobj_ex__" => Form::NewObjectEx,
        _ => Form::Reduce,
    })
}

pub fn check_class(
    obj: Option<&Held>,
    class: &Bound<'_, PyAny>,
    function: &str,
    face: Face,
) -> PyResult<()> {
    let py = class.py();
    if face == Face::Hookable && optional_attribute(class, intern!(py, "__new__"))?.is_none() {
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
pub fn check_newobj_ex<'py>(
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
