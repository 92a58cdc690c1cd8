//! Which containers are opened without asking anybody.

use crate::fast::fresh::boxed;
use crate::fast::no_memory::NoMemory;
use crate::fast::view::{Kind, View};
use crate::save::containers::dict::open_dict;
use crate::save::containers::list::open_list;
use crate::save::containers::set::open_set;
use crate::save::containers::tuple::open_tuple;
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

/// What became of a part that was to be opened.
pub enum Opening {
    /// It is written whole.
    Whole,
    /// It is written in part; this is left to do.
    Pushed(Work),
    /// Nothing is written: somebody has to be asked about the part, or it is none of these containers.
    NotOpened,
}

impl Opening {
    #[inline(always)]
    fn of<T>(rest: Option<T>, work: impl FnOnce(T) -> Work) -> Self {
        match rest {
            Some(rest) => Self::Pushed(work(rest)),
            None => Self::Whole,
        }
    }

    fn boxed<T>(rest: Option<T>, work: impl FnOnce(Box<T>) -> Work) -> Result<Self, NoMemory> {
        match rest {
            Some(rest) => Ok(Self::Pushed(work(boxed(rest)?))),
            None => Ok(Self::Whole),
        }
    }
}

/// Opens a part of a container that is no leaf, and not in the memo, if nobody has to be asked about it.
///
/// # Errors
/// What writing fails with; `Endless` and `Cyclic`.
#[inline(always)]
pub fn open_part(
    part: View<'_>,
    standing: Standing,
    writer: &mut Writer,
) -> Result<Opening, Fault> {
    if !writer.direct || !writer.begin_object()? {
        return Ok(Opening::NotOpened);
    }
    match part.kind() {
        kind @ (Kind::Dict(_) | Kind::List(_) | Kind::Tuple(_)) => {
            open_container(part, kind, standing, writer)
        }
        _ => Ok(Opening::NotOpened),
    }
}

/// Opens a container of an exact type that is not in the memo. Sets are not opened below protocol 4,
/// where they are reduced.
///
/// # Errors
/// As for `open_part`.
#[inline(always)]
pub fn open_container(
    obj: View<'_>,
    kind: Kind<'_>,
    standing: Standing,
    writer: &mut Writer,
) -> Result<Opening, Fault> {
    Ok(match kind {
        Kind::Dict(dict) => Opening::of(open_dict(obj, dict, standing, writer)?, Work::Dict),
        Kind::List(list) => Opening::of(open_list(obj, list, standing, writer)?, Work::List),
        Kind::Tuple(tuple) => Opening::of(open_tuple(tuple, standing, writer)?, Work::Tuple),
        Kind::Set(set) if writer.protocol.is_framed() => {
            Opening::boxed(open_set(obj, set, standing, writer)?, Work::Set)?
        }
        Kind::FrozenSet(set) if writer.protocol.is_framed() => {
            Opening::boxed(open_set(obj, set, standing, writer)?, Work::FrozenSet)?
        }
        _ => Opening::NotOpened,
    })
}
