//! An object that is being rebuilt: the parts of its reduce value, in the order in which they are written.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::quiet::Quiet;
use crate::fast::view::{Kind, Tuple, View};
use crate::interpreter::face::Face;
use crate::save::containers::batch::{Items, Step};
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// The part of a reduce value that was begun last.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Stage {
    Start,
    Class,
    Function,
    Arguments,
    NewArguments,
    KeywordArguments,
    Rebuilt,
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
    pub obj: Option<Held>,
    /// A tuple of two to six parts.
    pub value: Held,
    /// How `obj` was held when it was met.
    pub held: Holding,
    /// Whether only the pickler holds `value`.
    pub is_temporary: bool,
    pub form: Form,
    /// Arguments that stand in for those of the value.
    pub arguments: Option<Held>,
    /// What stands in for the value's function: the class, where there is an opcode for the call.
    pub function: Option<Held>,
    /// Whether only the pickler holds the arguments that stand in, and the function of `Form::Reduce`.
    pub parts_are_temporary: bool,
    pub stage: Stage,
    pub chain: u32,
    /// Whether the object itself was made during the dump and nobody else holds it.
    pub made: bool,
    /// Where the memo stood when the object was met and not found; None for what the walk made up
    /// for a builtin type, which no reducer returned.
    pub met: Option<Mark>,
}

/// A part that is to be written: how it is held, and by how many references of the walk's own besides.
struct Part<'q> {
    object: View<'q>,
    container: Container,
    ours: usize,
}

impl<'q> Part<'q> {
    fn held_by(container: Container, object: View<'q>) -> Self {
        Self {
            object,
            container,
            ours: 0,
        }
    }

    fn shared(object: View<'q>) -> Self {
        Self::held_by(Container::Open, object)
    }
}

fn temporary_if(is_temporary: bool) -> Container {
    if is_temporary {
        Container::Temporary
    } else {
        Container::Open
    }
}

impl Reduce {
    fn value<'q>(&self, quiet: &'q Quiet) -> Option<Tuple<'q>> {
        self.value.view(quiet).as_tuple()
    }

    /// An item of the reduce value.
    fn item<'q>(&self, index: usize, quiet: &'q Quiet) -> Option<Part<'q>> {
        let item = self.value(quiet)?.item(index)?;
        Some(Part::held_by(temporary_if(self.is_temporary), item))
    }

    /// An item that may be left out, or be None.
    fn optional_item<'q>(&self, index: usize, quiet: &'q Quiet) -> Option<Part<'q>> {
        self.item(index, quiet)
            .filter(|part| !part.object.is_none())
    }

    /// The second or third argument of `__newobj_ex__`.
    fn newobj_ex_argument<'q>(&self, index: usize, quiet: &'q Quiet) -> Option<Part<'q>> {
        let arguments = self.value(quiet)?.item(1)?;
        let is_temporary = self.is_temporary && arguments.is_held_once();
        let item = arguments.as_tuple()?.item(index)?;
        Some(Part::held_by(temporary_if(is_temporary), item))
    }

    /// The callable or the class.
    fn rebuilder<'q>(&self, quiet: &'q Quiet) -> Option<Part<'q>> {
        match &self.function {
            Some(function) if self.form == Form::Reduce => Some(Part::held_by(
                temporary_if(self.parts_are_temporary),
                function.view(quiet),
            )),
            Some(class) => Some(Part::shared(class.view(quiet))),
            None => self.item(0, quiet),
        }
    }

    /// The arguments; the positional ones where there are keyword arguments too.
    fn arguments<'q>(&self, quiet: &'q Quiet) -> Option<Part<'q>> {
        match (&self.arguments, self.form) {
            (Some(arguments), Form::NewObject) => Some(Part::held_by(
                temporary_if(self.parts_are_temporary),
                arguments.view(quiet),
            )),
            (Some(arguments), _) => Some(Part::shared(arguments.view(quiet))),
            (None, Form::NewObjectEx) => self.newobj_ex_argument(1, quiet),
            (None, _) => self.item(1, quiet),
        }
    }

    /// The state. The object's own `__dict__` is held by the object, which has its index already, and by
    /// the reduce value, which is given up soon.
    fn state<'q>(&self, quiet: &'q Quiet) -> Option<Part<'q>> {
        let state = self.item(2, quiet)?;
        let own = self
            .obj
            .as_ref()
            .and_then(|obj| obj.view(quiet).placed_dict());
        let is_own = own.is_some_and(|dict| dict.is(state.object));
        if is_own && self.is_temporary && !state.object.has_others(2) {
            return Some(Part {
                container: Container::Entered,
                ours: 1,
                ..state
            });
        }
        Some(state)
    }

    /// The opcode that rebuilds the object from what was written.
    fn opcode(&self) -> Opcode {
        match self.form {
            Form::Reduce => Opcode::REDUCE,
            Form::NewObject => Opcode::NEWOBJ,
            Form::NewObjectEx => Opcode::NEWOBJ_EX,
        }
    }

    /// The standing of what the object is made of, and of what is put into it later: once the object is
    /// memoized, a chain that comes back to it ends there.
    fn standings(&self, writer: &Writer) -> (Standing, Standing) {
        let first = Standing::new(Holding::Shared, self.chain);
        let stays = writer.fast || self.made;
        let later = Standing {
            within_made: self.made,
            ..Standing::new(Holding::Shared, if stays { self.chain } else { 0 })
        };
        (first, later)
    }

    /// Goes on until a part needs more than to be written as a leaf.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn step<'q>(&mut self, writer: &mut Writer, quiet: &'q Quiet) -> Result<Step<'q>, Fault> {
        let (first, later) = self.standings(writer);
        loop {
            let (part, inside, next) = match self.stage {
                Stage::Start if self.form == Form::Reduce => {
                    (self.rebuilder(quiet), first, Stage::Function)
                }
                Stage::Start => (self.rebuilder(quiet), first, Stage::Class),
                Stage::Function => (self.arguments(quiet), first, Stage::Arguments),
                Stage::Class => (self.arguments(quiet), first, Stage::NewArguments),
                Stage::NewArguments if self.form == Form::NewObjectEx => {
                    let keywords = self.newobj_ex_argument(2, quiet);
                    (keywords, first, Stage::KeywordArguments)
                }
                Stage::Arguments | Stage::NewArguments | Stage::KeywordArguments => {
                    writer.opcode(self.opcode())?;
                    self.stage = if self.memoize_obj(writer, quiet)? {
                        Stage::Rebuilt
                    } else {
                        Stage::Done
                    };
                    continue;
                }
                Stage::Rebuilt => {
                    self.stage = Stage::ListItems;
                    match self.optional_item(3, quiet) {
                        Some(items) => {
                            let items = items.object.hold();
                            return Ok(Step::Iterate(Items::List, items, later));
                        }
                        None => continue,
                    }
                }
                Stage::ListItems => {
                    self.stage = Stage::DictItems;
                    match self.optional_item(4, quiet) {
                        Some(items) => {
                            let items = items.object.hold();
                            return Ok(Step::Iterate(Items::Dict, items, later));
                        }
                        None => continue,
                    }
                }
                Stage::DictItems => {
                    match (self.optional_item(2, quiet), self.optional_item(5, quiet)) {
                        (None, _) => {
                            self.stage = Stage::Done;
                            continue;
                        }
                        (Some(_), Some(setter)) => (Some(setter), later, Stage::StateSetter),
                        (Some(_), None) => (self.state(quiet), later, Stage::State),
                    }
                }
                Stage::StateSetter => {
                    let obj = match &self.obj {
                        Some(obj) => obj.view(quiet),
                        None => View::none(quiet),
                    };
                    (Some(Part::shared(obj)), later, Stage::SetterObject)
                }
                Stage::SetterObject => (self.item(2, quiet), later, Stage::State),
                Stage::State => {
                    self.stage = Stage::Done;
                    if self.optional_item(5, quiet).is_some() {
                        // The setter's result is of no use to anybody.
                        writer.opcodes([Opcode::TUPLE2, Opcode::REDUCE, Opcode::POP])?;
                    } else {
                        writer.opcode(Opcode::BUILD)?;
                    }
                    continue;
                }
                Stage::Done => return Ok(Step::Done),
            };
            self.stage = next;
            // The value's length and the arguments' were looked at before anything was written.
            let Some(part) = part else {
                continue;
            };
            if !writer.write_leaf(part.object, part.container, part.ours)? {
                let holding = part.container.holding(part.object, part.ours);
                return Ok(Step::Open(part.object, inside.part(holding)));
            }
        }
    }

    /// Gives the rebuilt object its index. False where nothing more is to be written: the object
    /// was met while its arguments were saved, and is fetched in place of the new one.
    fn memoize_obj(&self, writer: &mut Writer, quiet: &Quiet) -> Result<bool, Fault> {
        let Some(obj) = &self.obj else {
            return Ok(true);
        };
        let obj = obj.view(quiet);
        if obj.is_none() && writer.face == Face::Hookable {
            // There, `obj=None` says that nothing is to be memoized.
            return Ok(true);
        }
        memoize_rebuilt(obj, self.met, writer)
    }
}

/// Gives an object that was just rebuilt its index, unless it was met since `met` while its arguments were
/// saved: then it is fetched in place of the new one. False where nothing more is to be written.
///
/// # Errors
/// What writing fails with.
pub fn memoize_rebuilt(
    obj: View<'_>,
    met: Option<Mark>,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    let found = match met {
        Some(met) => writer.memo.get_since(met, obj)?,
        None => writer.memo.get(obj)?,
    };
    if let Some(index) = found {
        writer.opcode(Opcode::POP)?;
        writer.get(index)?;
        return Ok(writer.face == Face::Hookable);
    }
    writer.memoize_owned(obj)?;
    if matches!(
        obj.kind(),
        Kind::None | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_)
    ) {
        writer.expect_memoized_atoms();
    }
    Ok(true)
}
