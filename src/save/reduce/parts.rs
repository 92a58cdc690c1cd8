//! The parts of a reduce value, and how each is held.

use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::quiet::Quiet;
use crate::fast::view::{Tuple, View};
use crate::save::containers::batch::{Items, Step};
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing, chain_through_others};
use crate::save::write::writer::Writer;

/// The part of a reduce value that was begun last, in the order in which they are begun.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Debug)]
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
pub struct Part<'q> {
    pub object: View<'q>,
    pub container: Container,
    pub ours: usize,
}

impl<'q> Part<'q> {
    #[inline(always)]
    fn held_by(container: Container, object: View<'q>) -> Self {
        Self {
            object,
            container,
            ours: 0,
        }
    }

    #[inline(always)]
    pub fn shared(object: View<'q>) -> Self {
        Self::held_by(Container::Open, object)
    }

    /// How the part is held.
    #[inline(always)]
    pub fn holding(&self) -> Holding {
        self.container.holding(self.object, self.ours)
    }

    /// Writes a leaf; anything else is to be opened.
    #[inline(always)]
    pub fn write(&self, inside: Standing, writer: &mut Writer) -> Result<Option<Step<'q>>, Fault> {
        if writer.write_leaf(self.object, self.container, self.ours)? {
            return Ok(None);
        }
        Ok(Some(Step::Open(self.object, inside.part(self.holding()))))
    }
}

#[inline(always)]
fn temporary_if(is_temporary: bool) -> Container {
    if is_temporary {
        Container::Temporary
    } else {
        Container::Open
    }
}

impl Reduce {
    #[inline(always)]
    pub fn value<'q>(&self, quiet: &'q Quiet) -> Option<Tuple<'q>> {
        self.value.view(quiet).as_tuple()
    }

    /// An item of the reduce value.
    #[inline(always)]
    pub fn item<'q>(&self, index: usize, quiet: &'q Quiet) -> Option<Part<'q>> {
        let item = self.value(quiet)?.item(index)?;
        Some(Part::held_by(temporary_if(self.is_temporary), item))
    }

    /// An item that may be left out, or be None.
    #[inline(always)]
    pub fn optional_item<'q>(&self, index: usize, quiet: &'q Quiet) -> Option<Part<'q>> {
        self.item(index, quiet)
            .filter(|part| !part.object.is_none())
    }

    /// The second or third argument of `__newobj_ex__`.
    pub fn newobj_ex_argument<'q>(&self, index: usize, quiet: &'q Quiet) -> Option<Part<'q>> {
        let arguments = self.value(quiet)?.item(1)?;
        let is_temporary = self.is_temporary && arguments.is_held_once();
        let item = arguments.as_tuple()?.item(index)?;
        Some(Part::held_by(temporary_if(is_temporary), item))
    }

    /// The callable or the class.
    #[inline(always)]
    pub fn rebuilder<'q>(&self, quiet: &'q Quiet) -> Option<Part<'q>> {
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
    #[inline(always)]
    pub fn arguments<'q>(&self, quiet: &'q Quiet) -> Option<Part<'q>> {
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
    #[inline(always)]
    pub fn state<'q>(&self, quiet: &'q Quiet) -> Option<Part<'q>> {
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

    /// The standing of what the object is made of, and of what is put into it later: once the object is
    /// memoized, a chain that comes back to it ends there.
    #[inline(always)]
    pub fn standings(&self, writer: &Writer) -> (Standing, Standing) {
        let first = Standing::new(Holding::Shared, self.chain);
        let stays = writer.fast || self.made;
        let later = Standing {
            within_made: self.made,
            ..Standing::new(
                Holding::Shared,
                if stays {
                    self.chain
                } else {
                    chain_through_others(self.chain)
                },
            )
        };
        (first, later)
    }

    /// The items that are put into the object, and the standing of each.
    pub fn items(&self, kind: Items, writer: &Writer, quiet: &Quiet) -> Option<(Held, Standing)> {
        let index = match kind {
            Items::List => 3,
            Items::Dict => 4,
        };
        let items = self.item(index, quiet)?.object.hold();
        Some((items, self.standings(writer).1))
    }
}
