//! Objects that are rebuilt by a call: the value of `__reduce__` in all its forms.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{Path, class_name};
use crate::fast::instance::placed_dict;
use crate::fast::memo::{Holding, Mark};
use crate::fast::object::{Exact, exact, is_held_once, reference_count};
use crate::fast::sequence::tuple_item;
use crate::hooks::{Walk, in_use};
use crate::interpreter::face::Face;
use crate::save::leaf::{Container, holding_of};
use crate::save::state::State;
use crate::save::walk::Opened;
use crate::save::work::{Standing, Work};

/// The part of a reduce value that was begun last.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Stage {
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
pub enum Form {
    Reduce,
    NewObject,
    NewObjectEx,
}

/// An object that is being rebuilt.
pub struct Reduce {
    /// None where nothing is to be memoized.
    pub obj: Option<Py<PyAny>>,
    pub value: Py<PyTuple>,
    /// How `obj` was held when it was met.
    pub held: Holding,
    /// Whether only the pickler holds `value`.
    pub holding: Holding,
    pub form: Form,
    /// Arguments that were made of the value's own.
    pub arguments: Option<Py<PyAny>>,
    pub function: Option<Py<PyAny>>,
    /// How what was made of the value's own parts is held.
    pub part_holding: Holding,
    pub stage: Stage,
    pub chain: u32,
    /// Whether the object itself was made during the dump and nobody else holds it.
    pub made: bool,
    /// Where the memo stood when the object was met and not found; None for what the walk made up
    /// for a builtin type, which no reducer returned.
    pub met: Option<Mark>,
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
        if self.met.is_some() {
            notes.push(format!("when serializing {name} object"));
        }
        notes
    }

    /// An item of the reduce value, with how it is held.
    fn item(&self, py: Python<'_>, index: usize) -> PyResult<(Py<PyAny>, Holding)> {
        let Some(item) = tuple_item(self.value.bind(py), index) else {
            return Err(PyIndexError::new_err("tuple index out of range"));
        };
        let holding = match self.holding {
            Holding::Temporary => holding_of(Container::Temporary, item),
            Holding::Shared | Holding::Deferred => Holding::Shared,
        };
        Ok((item.to_owned().unbind(), holding))
    }

    /// An item that may be left out, or be None.
    fn optional_item(&self, py: Python<'_>, index: usize) -> Option<(Py<PyAny>, Holding)> {
        tuple_item(self.value.bind(py), index).filter(|item| !item.is_none())?;
        self.item(py, index).ok()
    }

    /// The second or third argument of `__newobj_ex__`.
    fn newobj_ex_argument(&self, py: Python<'_>, index: usize) -> PyResult<(Py<PyAny>, Holding)> {
        let value = self.value.bind(py);
        let arguments = tuple_item(value, 1);
        let ours = self.holding == Holding::Temporary && arguments.is_some_and(is_held_once);
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

    /// The callable or the class.
    fn rebuilder(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, Holding)> {
        match &self.function {
            Some(function) if self.form == Form::Reduce => {
                Ok((function.clone_ref(py), self.part_holding))
            }
            Some(class) => Ok((class.clone_ref(py), Holding::Shared)),
            None => self.item(py, 0),
        }
    }

    /// The arguments; the positional ones where there are keyword arguments too.
    fn arguments(&self, py: Python<'_>) -> PyResult<(Py<PyAny>, Holding)> {
        match (&self.arguments, self.form) {
            (Some(arguments), Form::NewObject) => Ok((arguments.clone_ref(py), self.part_holding)),
            (Some(arguments), _) => Ok((arguments.clone_ref(py), Holding::Shared)),
            (None, Form::NewObjectEx) => self.newobj_ex_argument(py, 1),
            (None, _) => self.item(py, 1),
        }
    }

    /// How the state is held: the object's own `__dict__` by the object, which has its index already,
    /// and by a value that is given up soon.
    fn state_holding(&self, py: Python<'_>, state: &Py<PyAny>, holding: Holding) -> Holding {
        let Some(obj) = &self.obj else {
            return holding;
        };
        let own = placed_dict(obj.bind(py).as_borrowed()).is_some_and(|dict| dict.is(state));
        // The caller's reference is the third.
        let count = reference_count(state.bind(py).as_borrowed());
        if own && count == 3 && self.holding == Holding::Temporary {
            Holding::Deferred
        } else {
            holding
        }
    }

    /// The opcode that rebuilds the object from what was written.
    fn opcode(&self) -> Opcode {
        match self.form {
            Form::Reduce => Opcode::REDUCE,
            Form::NewObject => Opcode::NEWOBJ,
            Form::NewObjectEx => Opcode::NEWOBJ_EX,
        }
    }
}

impl State {
    fn reduce_at(&mut self, at: usize) -> PyResult<&mut Reduce> {
        match self.stack.get_mut(at) {
            Some(Work::Reduce(w)) => Ok(w),
            _ => Err(in_use()),
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// Begins to save what `value` rebuilds, and memoizes `obj` once that is written.
    pub fn save_reduce(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        value: Bound<'py, PyAny>,
        standing: Standing,
        met: Option<Mark>,
    ) -> PyResult<()> {
        match self.push_reduce(obj, value, standing, met) {
            Ok(()) => self.step_reduce(true),
            Err(error) => {
                if let (Some(_), Some(obj)) = (met, obj) {
                    let note = format!("when serializing {} object", class_name(obj));
                    let mut path = Path::default();
                    path.extend([note]);
                    path.tell(self.py, &error);
                }
                Err(error)
            }
        }
    }

    /// Goes on with the reduce value on top of the stack until a part needs work of its own.
    ///
    /// `at_once` says that the object is only being met: then a part is written only where that opens
    /// no other object, so that the native stack does not grow with the depth of the data.
    pub fn step_reduce(&mut self, at_once: bool) -> PyResult<()> {
        let at = self.stack.len().saturating_sub(1);
        let py = self.py;
        let fast = self.fast;
        let w = self.reduce_at(at)?;
        let first = Standing::new(Holding::Shared, w.chain);
        // Once the object is memoized, a chain that comes back to it ends there.
        let later = Standing {
            within_made: w.made,
            ..Standing::new(Holding::Shared, if fast || w.made { w.chain } else { 0 })
        };
        loop {
            let w = self.reduce_at(at)?;
            let ((part, holding), inside, next) = match w.stage {
                Stage::Start if w.form == Form::Reduce => {
                    (w.rebuilder(py)?, first, Stage::Function)
                }
                Stage::Start => (w.rebuilder(py)?, first, Stage::Class),
                Stage::Function => (w.arguments(py)?, first, Stage::Arguments),
                Stage::Class => (w.arguments(py)?, first, Stage::NewArguments),
                Stage::NewArguments if w.form == Form::NewObjectEx => {
                    let keywords = w.newobj_ex_argument(py, 2)?;
                    (keywords, first, Stage::KeywordArguments)
                }
                Stage::Arguments | Stage::NewArguments | Stage::KeywordArguments => {
                    let opcode = w.opcode();
                    w.stage = Stage::ListItems;
                    let items = w.optional_item(py, 3);
                    let obj = w.obj.as_ref().map(|obj| obj.bind(py).clone());
                    let met = w.met;
                    encode::encode_opcode(&mut self.out, opcode)?;
                    if !self.memoize_rebuilt(obj.as_ref(), met)? {
                        self.reduce_at(at)?.stage = Stage::Done;
                    } else if let Some((items, _)) = items
                        && !self.save_list_items(obj.as_ref(), items.bind(py), later)?
                    {
                        return Ok(());
                    }
                    continue;
                }
                Stage::ListItems => {
                    w.stage = Stage::DictItems;
                    if let Some((items, _)) = w.optional_item(py, 4) {
                        let obj = w.obj.as_ref().map(|obj| obj.bind(py).clone());
                        if !self.save_dict_items(obj.as_ref(), items.bind(py), later)? {
                            return Ok(());
                        }
                    }
                    continue;
                }
                Stage::DictItems => match (w.optional_item(py, 2), w.optional_item(py, 5)) {
                    (None, _) => {
                        w.stage = Stage::Done;
                        continue;
                    }
                    (Some(_), Some(setter)) => (setter, later, Stage::StateSetter),
                    (Some((state, holding)), None) => {
                        let holding = w.state_holding(py, &state, holding);
                        ((state, holding), later, Stage::State)
                    }
                },
                Stage::StateSetter => {
                    let obj = w.obj.as_ref();
                    let obj = obj.map_or_else(|| py.None(), |obj| obj.clone_ref(py));
                    ((obj, Holding::Shared), later, Stage::SetterObject)
                }
                Stage::SetterObject => (w.item(py, 2)?, later, Stage::State),
                Stage::State => {
                    w.stage = Stage::Done;
                    if w.optional_item(py, 5).is_some() {
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
            let before = std::mem::replace(&mut w.stage, next);
            let standing = inside.part(holding);
            match self.open_part(&part, standing)? {
                Opened::Whole => {}
                Opened::Pushed => return Ok(()),
                Opened::Closed if at_once => {
                    self.reduce_at(at)?.stage = before;
                    return Ok(());
                }
                Opened::Closed => return self.save(part, standing, true),
            }
        }
        let Some(Work::Reduce(Reduce {
            obj,
            value,
            held,
            arguments,
            function,
            met,
            ..
        })) = self.stack.pop()
        else {
            return Err(in_use());
        };
        if met.is_some() {
            // The value may lie in the graph too, where one holder is left of parts that were met as
            // shared. The memo's own reference keeps the count from saying that they were never met.
            self.memo.claim();
        }
        for part in [arguments, function].into_iter().flatten() {
            self.release(part);
        }
        if let Some(obj) = obj {
            self.close(obj, held);
        }
        self.release(value);
        Ok(())
    }

    /// Writes a part of a reduce value as far as nobody is to be asked about it.
    pub fn open_part(&mut self, part: &Py<PyAny>, standing: Standing) -> PyResult<Opened> {
        let part = part.bind(self.py).as_borrowed();
        let kind = exact(part);
        if self.save_leaf(part, kind, standing.holding)? {
            return Ok(Opened::Whole);
        }
        self.open(part, kind, standing)
    }

    /// Gives the rebuilt object its index. False where nothing more is to be written: the object
    /// was met while its arguments were saved, and is fetched in place of the new one.
    pub fn memoize_rebuilt(
        &mut self,
        obj: Option<&Bound<'py, PyAny>>,
        met: Option<Mark>,
    ) -> PyResult<bool> {
        let Some(obj) = obj else {
            return Ok(true);
        };
        if obj.is_none() && self.face == Face::Hookable {
            // There, `obj=None` says that nothing is to be memoized.
            return Ok(true);
        }
        let found = match met {
            Some(met) => self.memo.get_since(met, obj.as_borrowed())?,
            None => self.memo.get(obj.as_borrowed())?,
        };
        if let Some(index) = found {
            encode::encode_opcode(&mut self.out, Opcode::POP)?;
            self.get(index)?;
            return Ok(self.face == Face::Hookable);
        }
        self.memoize_owned(obj)?;
        let kind = exact(obj.as_borrowed());
        if matches!(kind, Exact::None | Exact::Bool | Exact::Int | Exact::Float) {
            self.atoms_memoized = true;
        }
        Ok(true)
    }
}
