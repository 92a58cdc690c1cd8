//! Work items: what stands on the stack where recursion would be.
//!
//! Each remembers where its container is, so that the walk can leave for Python at any object and
//! come back.

use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::save::containers::ahead::Rooms;
use crate::save::containers::batch::{Batched, Step};
use crate::save::containers::dict::DictEntries;
use crate::save::containers::list::ListItems;
use crate::save::containers::met::{Meets, Met};
use crate::save::containers::opener::{Closed, Opener};
use crate::save::containers::set::SetElements;
use crate::save::containers::tuple::TupleItems;
use crate::save::fault::Fault;
use crate::save::globals::attribute_chain::AttributeChain;
use crate::save::reduce::dict_items::ReducedEntries;
use crate::save::reduce::list_items::ReducedItems;
use crate::save::reduce::parts::Reduce;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// One open container, or the rest of an object that is being written.
pub enum Work {
    List(Batched<ListItems>),
    Tuple(Batched<TupleItems>),
    Dict(Batched<DictEntries>),
    Set(Box<Batched<SetElements<false>>>),
    FrozenSet(Box<Batched<SetElements<true>>>),
    Reduce(Reduce),
    ListItems(Box<Batched<ReducedItems>>),
    DictItems(Box<Batched<ReducedEntries>>),
    /// The module's name is written; the qualified name follows, then STACK_GLOBAL.
    StackGlobal {
        obj: Held,
        name: Option<Held>,
        /// How many objects made during the dump lie one inside the other up to the global.
        chain: u32,
    },
    /// Attribute by attribute, below protocol 4 (CPython 3.13 and later).
    AttributeChain(Box<AttributeChain>),
    /// Give `obj` an index, once what is above is written.
    Memoize(Held),
    /// BUILD, once the state of a plain instance is written.
    Build {
        obj: Held,
        holding: Holding,
    },
    /// BINPERSID, once the persistent id is written.
    PersistentId,
}

impl Work {
    /// Goes on until a part needs more than this item. None for what is not stepped, but done.
    ///
    /// # Errors
    /// What writing fails with, and what the model raises when a container has changed.
    #[inline(always)]
    pub fn step<'q>(
        &mut self,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Option<Result<Step<'q>, Fault>> {
        Some(match self {
            Work::Dict(w) => w.step(&mut Closed, writer, quiet),
            Work::List(w) => w.step(&mut Closed, writer, quiet),
            Work::Tuple(w) => w.step(&mut Closed, writer, quiet),
            Work::Reduce(w) => w.step(writer, quiet),
            Work::Set(w) => w.step(&mut Closed, writer, quiet),
            Work::FrozenSet(w) => w.step(&mut Closed, writer, quiet),
            Work::ListItems(w) => w.step(&mut Closed, writer, quiet),
            Work::DictItems(w) => w.step(&mut Closed, writer, quiet),
            Work::StackGlobal { .. }
            | Work::AttributeChain(_)
            | Work::Memoize(_)
            | Work::Build { .. }
            | Work::PersistentId => return None,
        })
    }

    /// As `step`, for a list or dict that is not on the stack meanwhile: what an opener leaves of its parts is put
    /// there. None for anything else.
    ///
    /// # Errors
    /// As for `step`; what opening fails with.
    #[inline(always)]
    pub fn step_through<'q>(
        &mut self,
        opener: &mut impl Opener,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Option<Result<Step<'q>, Fault>> {
        match self {
            Work::Dict(w) => Some(w.step(opener, writer, quiet)),
            Work::List(w) => Some(w.step(opener, writer, quiet)),
            _ => None,
        }
    }

    /// Takes references to what is needed of the element that is being saved.
    #[inline(always)]
    pub fn hold(&mut self, quiet: &Quiet) {
        if let Work::Dict(w) = self {
            crate::save::containers::elements::Elements::hold(&mut w.elements, quiet);
        }
    }

    /// Takes the rest of the open batch out of its container, for a face whose batches do not see
    /// what is changed while they are written.
    #[inline(always)]
    pub fn take_batch(&mut self, rooms: &mut Rooms, quiet: &Quiet) {
        match self {
            Work::List(w) => w.take_batch(rooms, quiet),
            Work::Dict(w) => w.take_batch(rooms, quiet),
            Work::Set(w) => w.take_batch(rooms, quiet),
            _ => {}
        }
    }

    /// The standing of a part that was met last, of a container whose parts are met one by one.
    pub fn standing_of(&self, part: &Met) -> Option<Standing> {
        match self {
            Work::List(w) => Some(w.elements.standing_of(part)),
            Work::Tuple(w) => Some(w.elements.standing_of(part)),
            Work::Dict(w) => Some(w.elements.standing_of(part)),
            _ => None,
        }
    }

    /// The container, where it is one, and how it was held when it was met.
    pub fn container(&self) -> Option<(&Held, Holding)> {
        match self {
            Work::List(w) => Some(w.elements.container()),
            Work::Tuple(w) => Some(w.elements.container()),
            Work::Dict(w) => Some(w.elements.container()),
            Work::Set(w) => Some(w.elements.container()),
            Work::FrozenSet(w) => Some(w.elements.container()),
            _ => None,
        }
    }
}
