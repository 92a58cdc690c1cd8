//! Exact tuples.

use pickle_format::opcode::Opcode;

use super::batch::{Batched, MAX_STEP, Rest};
use super::elements::{Begin, Elements, Part};
use super::opener::{Opener, Opening};
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Tuple, View};
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// The items of an open tuple.
pub struct TupleItems {
    tuple: Held,
    pub(super) next: usize,
    /// `Writer::passages` when it was opened.
    passages: u64,
    pub(super) standing: Standing,
    /// Whether it was begun without MARK: Python code may set the protocol meanwhile.
    is_short: bool,
}

impl TupleItems {
    /// The object, and how it was held when it was met.
    pub fn container(&self) -> (&Held, Holding) {
        (&self.tuple, self.standing.holding)
    }

    /// The object, once it is written.
    pub fn into_container(self) -> Held {
        self.tuple
    }

    #[inline(always)]
    pub(super) fn view<'q>(&self, quiet: &'q Quiet) -> Option<Tuple<'q>> {
        self.tuple.view(quiet).as_tuple()
    }

    /// The item that is being saved, for the path of an error.
    pub fn note(&self) -> String {
        let item = self.next.saturating_sub(1);
        format!("when serializing tuple item {item}")
    }
}

/// Writes a tuple as far as its items can be opened.
///
/// # Errors
/// What writing fails with; `Endless`.
#[inline(always)]
pub fn open_tuple(
    tuple: Tuple<'_>,
    standing: Standing,
    writer: &mut Writer,
    opener: &mut impl Opener,
) -> Result<Rest<TupleItems>, Fault> {
    let items = tuple.items();
    let n = items.len();
    if n == 0 {
        if writer.has_batches() {
            writer.opcode(Opcode::EMPTY_TUPLE)?;
        } else {
            writer.opcodes([Opcode::MARK, Opcode::TUPLE])?;
        }
        return Ok(Rest::Nothing);
    }
    // A tuple is memoized last, so passing through one does not end a chain.
    let chain = standing.deepen()?.chain.max(standing.chain);
    let inner = Standing { chain, ..standing };
    let is_short = n <= 3 && writer.protocol.has_proto_opcode();
    if !is_short {
        writer.opcode(Opcode::MARK)?;
    }
    let passages = writer.passages;
    let mut next = 0;
    while writer.direct {
        let container = Container::memoized_last(standing.holding);
        writer.write_items(items, &mut next, n.min(MAX_STEP), container)?;
        if next == n {
            close(tuple, standing.holding, is_short, writer)?;
            return Ok(Rest::Nothing);
        }
        let Some(Some(item)) = items.get(next).filter(|_| next < MAX_STEP) else {
            break;
        };
        let holding = container.holding(*item, 0);
        let part = inner.part_held(holding, item.is_held_once());
        let opening = opener.open(*item, part, writer)?;
        next += usize::from(!matches!(opening, Opening::Refused));
        if !matches!(opening, Opening::Whole) {
            break;
        }
    }
    Ok(Rest::Elements(rest_of(
        tuple, inner, next, is_short, passages,
    )))
}

/// The items of a tuple from `next` on. `passages` is `Writer::passages` of when it was opened.
pub fn rest_of(
    tuple: Tuple<'_>,
    standing: Standing,
    next: usize,
    is_short: bool,
    passages: u64,
) -> Batched<TupleItems> {
    let items = TupleItems {
        tuple: tuple.object().hold(),
        next,
        passages,
        standing,
        is_short,
    };
    Batched::within(items, Some((false, usize::MAX)))
}

/// Makes the tuple of what was written, and memoizes it; or fetches it, where it was saved on the way.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn close(
    tuple: Tuple<'_>,
    holding: Holding,
    is_short: bool,
    writer: &mut Writer,
) -> Result<(), Fault> {
    let n = tuple.len();
    if holding.is_shared()
        && let Some(index) = writer.memo.get(tuple.object())?
    {
        // A recursive tuple: what was written is thrown away.
        if is_short {
            return writer.pop_and_get(n, index);
        }
        if writer.encoding_protocol().is_binary() {
            writer.opcode(Opcode::POP_MARK)?;
        } else {
            for _ in 0..=n {
                writer.opcode(Opcode::POP)?;
            }
        }
        return writer.get_in_place(index);
    }
    make(tuple, is_short, writer, |writer| {
        writer.memoize(tuple.object(), holding)
    })
}

#[inline(always)]
fn make(
    tuple: Tuple<'_>,
    is_short: bool,
    writer: &mut Writer,
    memoize: impl FnOnce(&mut Writer) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let opcode = match tuple.len() {
        1 if is_short => Opcode::TUPLE1,
        2 if is_short => Opcode::TUPLE2,
        3 if is_short => Opcode::TUPLE3,
        _ => {
            writer.opcode(Opcode::TUPLE)?;
            return memoize(writer);
        }
    };
    writer.make_of_parts(opcode, Some(tuple.object()), memoize)
}

impl Elements for TupleItems {
    // Never written: a tuple is one batch, which `finish` closes.
    const CLOSE: [Opcode; 2] = [Opcode::TUPLE, Opcode::TUPLE];
    const IS_BATCHED: bool = false;

    #[inline(always)]
    fn resume(&mut self, _: &mut Writer, _: &Quiet) -> Result<Option<Held>, Fault> {
        Ok(None)
    }

    fn begin(&mut self, _: &mut Writer, _: &Quiet) -> Result<Begin, Fault> {
        Ok(Begin::End)
    }

    #[inline(always)]
    fn write_leaves(
        &mut self,
        writer: &mut Writer,
        left: usize,
        quiet: &Quiet,
    ) -> Result<usize, Fault> {
        let Some(tuple) = self.view(quiet) else {
            return Ok(0);
        };
        let before = self.next;
        let container = Container::memoized_last(self.standing.holding);
        let end = before.saturating_add(left);
        writer.write_items(tuple.items(), &mut self.next, end, container)?;
        Ok(self.next - before)
    }

    #[inline(always)]
    fn next<'q>(&mut self, _: &mut Writer, quiet: &'q Quiet) -> Result<(Part<'q>, bool), Fault> {
        let item = self.view(quiet).and_then(|tuple| tuple.item(self.next));
        let Some(item) = item else {
            return Ok((Part::End, false));
        };
        self.next += 1;
        let container = Container::memoized_last(self.standing.holding);
        let holding = container.holding(item, 0);
        let standing = self.standing.part_held(holding, item.is_held_once());
        Ok((Part::Seen(item, standing), true))
    }

    fn finish(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<(), Fault> {
        let Some(tuple) = self.view(quiet) else {
            return Ok(());
        };
        let (holding, is_short) = (self.standing.holding, self.is_short);
        if holding != Holding::Deferred || self.passages == writer.passages {
            return close(tuple, holding, is_short, writer);
        }
        // Python code has run since a tuple was opened that only one container held. Had it been met again,
        // whoever handed it over or the memo would hold it, besides its container and the work item.
        if has_others_than_container(tuple.object()) {
            return close(tuple, Holding::Shared, is_short, writer);
        }
        make(tuple, is_short, writer, |writer| {
            writer.memoize_owned(tuple.object())
        })
    }
}

/// Whether somebody holds an open tuple or frozenset besides its container and its work item.
pub fn has_others_than_container(obj: View<'_>) -> bool {
    obj.has_others(2)
}
