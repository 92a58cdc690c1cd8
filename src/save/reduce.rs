//! Objects that are rebuilt by a call: the value of `__reduce__` in all its forms.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::error::{class_name, endless, pickling_error};
use crate::fast::memo::Holding;
use crate::fast::object::{
    Exact, exact, is_callable, is_held_once, is_iterator, is_named_like, reference_count,
};
use crate::fast::sequence::tuple_item;
use crate::fast::text::utf8;
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::scalar::{Container, holding_of};
use crate::save::state::Face;
use crate::save::walk::MAX_CHAIN;
use crate::save::work::{Standing, Work};

/// The part of a reduce value that was begun last.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Stage {
    Start,
    Class,
    Function,
    Arguments,
    NewArguments,
    KeywordArguments,
    ListItems,
    DictItems,
    StateSetter,
    SetterObject,
    State,
    Done,
}

/// How the object comes into being on loading.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Form {
    Reduce,
    NewObject,
    NewObjectEx,
}

pub struct Reduce {
    /// None where nothing is to be memoized.
    obj: Option<Py<PyAny>>,
    value: Py<PyTuple>,
    /// How `obj` was held when it was met.
    met: Holding,
    /// Whether only the pickler holds `value`.
    holding: Holding,
    form: Form,
    /// Arguments that were made of the value's own.
    arguments: Option<Py<PyAny>>,
    function: Option<Py<PyAny>>,
    /// How what was made of the value's own parts is held.
    part_holding: Holding,
    stage: Stage,
    chain: u32,
    /// Whether the object itself was made during the dump and nobody else holds it.
    made: bool,
    /// True for what a reducer returned, false for what the walk made up for a builtin type.
    from_reducer: bool,
}

impl Reduce {
    pub fn notes(&self, py: Python<'_>) -> Vec<String> {
        let name = self
            .obj
            .as_ref()
            .map_or_else(|| "NoneType".to_owned(), |o| class_name(o.bind(py)));
        let part = match self.stage {
            Stage::Class => Some("class"),
            Stage::Function => Some("reconstructor"),
            Stage::Arguments => Some("reconstructor arguments"),
            Stage::NewArguments | Stage::KeywordArguments => Some("__new__ arguments"),
            Stage::State => Some("state"),
            Stage::StateSetter => Some("state setter"),
            _ => None,
        };
        let mut notes: Vec<String> = part
            .map(|part| format!("when serializing {name} {part}"))
            .into_iter()
            .collect();
        if self.from_reducer {
            notes.push(format!("when serializing {name} object"));
        }
        notes
    }
}

impl<'py> Walk<'py, '_> {
    /// Begins to save what `value` rebuilds, and memoizes `obj` once that is written.
    pub fn save_reduce(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        value: Bound<'py, PyAny>,
        standing: Standing,
        from_reducer: bool,
    ) -> PyResult<()> {
        match self.open_reduce(obj, value, standing, from_reducer) {
            Ok(work) => self.step_reduce(work, true),
            Err(error) => {
                if let (true, Some(obj)) = (from_reducer, obj) {
                    let note = format!("when serializing {} object", class_name(obj));
                    let mut path = crate::error::Path::default();
                    path.extend([note]);
                    path.tell(self.py, &error);
                }
                Err(error)
            }
        }
    }

    fn open_reduce(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        value: Bound<'py, PyAny>,
        standing: Standing,
        from_reducer: bool,
    ) -> PyResult<Reduce> {
        let py = self.py;
        let chain = standing.chain;
        let made = standing.made;
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
        let function = value.get_item(0)?;
        let arguments = value.get_item(1)?;
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
        let holding = if from_reducer && !is_held_once(value.as_any().as_borrowed()) {
            Holding::Shared
        } else {
            Holding::Temporary
        };
        let mut work = Reduce {
            obj: obj.map(|o| o.clone().unbind()),
            value: value.unbind(),
            met: standing.holding,
            holding,
            form,
            arguments: None,
            function: None,
            part_holding: Holding::Shared,
            stage: Stage::Start,
            chain: chain + 1,
            made,
            from_reducer,
        };
        match form {
            Form::Reduce => {}
            Form::NewObject => self.prepare_newobj(&mut work)?,
            Form::NewObjectEx => self.prepare_newobj_ex(&mut work)?,
        }
        Ok(work)
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
        if class
            && !is_named_like(function.as_borrowed(), b"__newobj__")
            && !is_named_like(function.as_borrowed(), b"__newobj_ex__")
        {
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

    fn prepare_newobj(&mut self, work: &mut Reduce) -> PyResult<()> {
        let py = self.py;
        let arguments = work.value.bind(py).get_item(1)?.cast_into::<PyTuple>()?;
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
        self.check_class(work, &class, "__newobj__")?;
        let rest = arguments.get_slice(1, arguments.len());
        work.arguments = Some(rest.into_any().unbind());
        work.function = Some(class.unbind());
        let ours = work.holding == Holding::Temporary
            && reference_count(arguments.as_any().as_borrowed()) == 2;
        drop(arguments);
        if ours {
            // The arguments live on in the slice alone, so that the counts of what they hold tell
            // the truth again.
            let empty = Imports::get(py)?.empty_tuple.bind(py).clone().into_any();
            let parts = work.value.bind(py).iter().enumerate();
            let parts: Vec<_> = parts
                .map(|(i, part)| if i == 1 { empty.clone() } else { part })
                .collect();
            let value = PyTuple::new(py, parts)?.unbind();
            let old = std::mem::replace(&mut work.value, value);
            self.release(old);
            work.part_holding = Holding::Temporary;
        }
        Ok(())
    }

    fn check_class(
        &mut self,
        work: &Reduce,
        class: &Bound<'py, PyAny>,
        function: &str,
    ) -> PyResult<()> {
        let py = self.py;
        let face = self.face;
        let obj = work.obj.as_ref().map(|o| o.bind(py).clone());
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

    fn prepare_newobj_ex(&mut self, work: &mut Reduce) -> PyResult<()> {
        let py = self.py;
        let arguments = work.value.bind(py).get_item(1)?.cast_into::<PyTuple>()?;
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
            self.check_class(work, &class, "__newobj_ex__")?;
        }
        if self.protocol.is_framed() {
            work.function = Some(class.unbind());
            return Ok(());
        }
        let bind_new = Imports::get(py)?.bind_new.bind(py).clone();
        let function = self.leave(|_| bind_new.call1((class, args, kwargs)))?;
        work.function = Some(function.unbind());
        work.part_holding = Holding::Temporary;
        work.arguments = Some(Imports::get(py)?.empty_tuple.clone_ref(py).into_any());
        work.form = Form::Reduce;
        Ok(())
    }

    /// Saves one part, and comes back at `next`. The part is told by the stage that is left.
    fn save_part(
        &mut self,
        work: Reduce,
        part: Py<PyAny>,
        holding: Holding,
        inside: Standing,
    ) -> PyResult<()> {
        self.push(Work::Reduce(work))?;
        self.save(part, inside.part(holding), true)
    }

    /// An item of the reduce value, with how it is held.
    fn item(&self, work: &Reduce, index: usize) -> PyResult<(Py<PyAny>, Holding)> {
        let value = work.value.bind(self.py);
        let Some(item) = tuple_item(value, index) else {
            return Err(PyIndexError::new_err("tuple index out of range"));
        };
        let holding = match work.holding {
            Holding::Temporary => holding_of(Container::Temporary, item),
            Holding::Shared | Holding::Deferred => Holding::Shared,
        };
        Ok((item.to_owned().unbind(), holding))
    }

    fn optional_item(&self, work: &Reduce, index: usize) -> Option<(Py<PyAny>, Holding)> {
        let value = work.value.bind(self.py);
        tuple_item(value, index).filter(|item| !item.is_none())?;
        self.item(work, index).ok()
    }

    /// Goes on with a reduce value until a part needs work of its own.
    ///
    /// Where `at_once` says that the object is only being met, the parts that need no work item are
    /// written; a part that may open another reduce value waits for its turn on the stack, so that
    /// the native stack does not grow with the depth of the data.
    pub fn step_reduce(&mut self, mut w: Reduce, at_once: bool) -> PyResult<()> {
        let py = self.py;
        let chain = w.chain;
        // Once the object is memoized, a chain that comes back to it ends there.
        let later = if self.fast || w.made { chain } else { 0 };
        let first = Standing::new(Holding::Shared, chain);
        let later = Standing {
            within_made: w.made,
            ..Standing::new(Holding::Shared, later)
        };
        loop {
            let (part, holding, inside, next) = match w.stage {
                Stage::Start => {
                    let next = if w.form == Form::Reduce {
                        Stage::Function
                    } else {
                        Stage::Class
                    };
                    let (part, holding) = match &w.function {
                        Some(function) if w.form == Form::Reduce => {
                            (function.clone_ref(py), w.part_holding)
                        }
                        Some(class) => (class.clone_ref(py), Holding::Shared),
                        None => self.item(&w, 0)?,
                    };
                    (part, holding, first, next)
                }
                Stage::Function | Stage::Class => {
                    let next = if w.form == Form::Reduce {
                        Stage::Arguments
                    } else {
                        Stage::NewArguments
                    };
                    let (part, holding) = match (&w.arguments, w.form) {
                        (Some(arguments), Form::NewObject) => {
                            (arguments.clone_ref(py), w.part_holding)
                        }
                        (Some(arguments), _) => (arguments.clone_ref(py), Holding::Shared),
                        (None, Form::NewObjectEx) => self.newobj_ex_argument(&w, 1)?,
                        (None, _) => self.item(&w, 1)?,
                    };
                    (part, holding, first, next)
                }
                Stage::NewArguments if w.form == Form::NewObjectEx => {
                    let (part, holding) = self.newobj_ex_argument(&w, 2)?;
                    (part, holding, first, Stage::KeywordArguments)
                }
                Stage::Arguments | Stage::NewArguments | Stage::KeywordArguments => {
                    let opcode = match w.form {
                        Form::Reduce => Opcode::REDUCE,
                        Form::NewObject => Opcode::NEWOBJ,
                        Form::NewObjectEx => Opcode::NEWOBJ_EX,
                    };
                    encode::encode_opcode(&mut self.out, opcode)?;
                    w.stage = Stage::ListItems;
                    if !self.memoize_rebuilt(&w)? {
                        w.stage = Stage::Done;
                    } else if let Some((items, _)) = self.optional_item(&w, 3) {
                        let owner = w.obj.as_ref().map(|o| o.bind(py).clone());
                        self.push(Work::Reduce(w))?;
                        return self.save_list_items(owner.as_ref(), items.bind(py), later);
                    }
                    continue;
                }
                Stage::ListItems => {
                    w.stage = Stage::DictItems;
                    if let Some((items, _)) = self.optional_item(&w, 4) {
                        let owner = w.obj.as_ref().map(|o| o.bind(py).clone());
                        self.push(Work::Reduce(w))?;
                        return self.save_dict_items(owner.as_ref(), items.bind(py), later);
                    }
                    continue;
                }
                Stage::DictItems => {
                    let Some((state, holding)) = self.optional_item(&w, 2) else {
                        w.stage = Stage::Done;
                        continue;
                    };
                    if let Some((setter, holding)) = self.optional_item(&w, 5) {
                        (setter, holding, later, Stage::StateSetter)
                    } else {
                        (state, holding, later, Stage::State)
                    }
                }
                Stage::StateSetter => {
                    let obj = w
                        .obj
                        .as_ref()
                        .map_or_else(|| py.None(), |obj| obj.clone_ref(py));
                    (obj, Holding::Shared, later, Stage::SetterObject)
                }
                Stage::SetterObject => {
                    let (state, holding) = self.item(&w, 2)?;
                    (state, holding, later, Stage::State)
                }
                Stage::State => {
                    w.stage = Stage::Done;
                    if self.optional_item(&w, 5).is_some() {
                        // The setter's result is of no use to anybody.
                        let call = [Opcode::TUPLE2, Opcode::REDUCE, Opcode::POP];
                        self.out.write(call.map(Opcode::code))?;
                    } else {
                        encode::encode_opcode(&mut self.out, Opcode::BUILD)?;
                    }
                    continue;
                }
                Stage::Done => break,
            };
            if self.save_at_once(&part, holding)? {
                w.stage = next;
            } else if at_once && !self.only_opens(&part) {
                return self.push(Work::Reduce(w));
            } else {
                w.stage = next;
                return self.save_part(w, part, holding, inside);
            }
        }
        for part in [w.arguments, w.function].into_iter().flatten() {
            self.release(part);
        }
        if let Some(obj) = w.obj {
            self.close(obj, w.met);
        }
        self.release(w.value);
        Ok(())
    }

    /// Whether saving the part puts a work item on the stack and does nothing else.
    fn only_opens(&self, part: &Py<PyAny>) -> bool {
        let kind = exact(part.bind(self.py).as_borrowed());
        self.is_direct()
            && !self.out.is_frame_full()
            && matches!(kind, Exact::Dict | Exact::List | Exact::Tuple)
    }

    /// Writes a part that needs no work item of its own: one that was memoized, or a tuple of leaves.
    fn save_at_once(&mut self, part: &Py<PyAny>, holding: Holding) -> PyResult<bool> {
        if !self.is_quiet() || self.out.is_frame_full() {
            return Ok(false);
        }
        let part = part.bind(self.py);
        match exact(part.as_borrowed()) {
            Exact::Tuple if self.has_batches() && part.is(&Imports::get(self.py)?.empty_tuple) => {
                encode::encode_opcode(&mut self.out, Opcode::EMPTY_TUPLE)?;
                Ok(true)
            }
            Exact::None | Exact::Bool | Exact::Int | Exact::Float => Ok(false),
            _ if holding == Holding::Shared && self.save_memoized(part)? => Ok(true),
            Exact::Tuple => self.save_leaf_tuple(part.cast()?, holding),
            _ => Ok(false),
        }
    }

    fn newobj_ex_argument(&self, work: &Reduce, index: usize) -> PyResult<(Py<PyAny>, Holding)> {
        let value = work.value.bind(self.py);
        let arguments = tuple_item(value, 1);
        let ours = work.holding == Holding::Temporary && arguments.is_some_and(is_held_once);
        let arguments = value.get_item(1)?.cast_into::<PyTuple>()?;
        let Some(item) = tuple_item(&arguments, index) else {
            return Err(PyIndexError::new_err("tuple index out of range"));
        };
        let holding = if ours {
            holding_of(Container::Temporary, item)
        } else {
            Holding::Shared
        };
        Ok((item.to_owned().unbind(), holding))
    }

    /// Gives the rebuilt object its index. False where nothing more is to be written: the object
    /// was met while its arguments were saved, and is fetched in place of the new one.
    fn memoize_rebuilt(&mut self, w: &Reduce) -> PyResult<bool> {
        let Some(obj) = w.obj.as_ref().map(|o| o.bind(self.py).clone()) else {
            return Ok(true);
        };
        if obj.is_none() && self.face == Face::Hookable {
            // There, `obj=None` says that nothing is to be memoized.
            return Ok(true);
        }
        if let Some(index) = self.memo.get(obj.as_borrowed())? {
            encode::encode_opcode(&mut self.out, Opcode::POP)?;
            self.get(index)?;
            return Ok(self.face == Face::Hookable);
        }
        self.memoize(&obj, Holding::Shared)?;
        let kind = exact(obj.as_borrowed());
        if matches!(kind, Exact::None | Exact::Bool | Exact::Int | Exact::Float) {
            self.atoms_memoized = true;
        }
        Ok(true)
    }
}
