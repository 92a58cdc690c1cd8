//! Leaves in their usual form, each written with one look at the room.

use pickle_format::cursor::{Cursor, LeafSink};
use pickle_format::encode;
use pickle_format::opcode::Opcode;

use crate::fast::memo::{Holding, Memo};
use crate::fast::view::{Int, Text, View};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Writes leaves where a writer is `plain`, as far as the open frame and the room at hand go. What it does not
/// write is for `Writer::write_if_leaf`.
pub struct Leaves<'a, S> {
    sink: S,
    memo: &'a mut Memo,
}

impl Writer {
    /// For one leaf, or for some between which other things are written. To be called where the writer is
    /// `plain`.
    #[inline(always)]
    pub fn leaves(&mut self) -> Leaves<'_, &mut impl LeafSink> {
        debug_assert!(self.plain);
        Leaves {
            sink: &mut self.out,
            memo: &mut self.memo,
        }
    }

    /// For many, at a place that is kept at hand; None where they may need another form than the usual one.
    #[inline(always)]
    pub fn leaf_run(&mut self) -> Option<Leaves<'_, Cursor<'_>>> {
        if !self.plain {
            return None;
        }
        Some(Leaves {
            sink: self.out.cursor()?,
            memo: &mut self.memo,
        })
    }
}

impl<S: LeafSink> Leaves<'_, S> {
    /// Begins a container that is memoized before its parts, with MARK behind if that is wanted; false, with
    /// nothing written, where the room may not do.
    #[inline(always)]
    pub fn begin(&mut self, opcode: Opcode, obj: View<'_>, holding: Holding, marks: bool) -> bool {
        let opcodes = [opcode, Opcode::MEMOIZE, Opcode::MARK].map(Opcode::code);
        self.sink.has_room(0)
            && self.memo.memoize(obj, holding).is_ok()
            && self.sink.write_leaf((opcodes, if marks { 3 } else { 2 }))
    }

    /// Writes an instance that an opcode makes of the class with this index, and of no arguments; false, with nothing written, where
    /// the room may not do, or where the open frame may not have place for an object more.
    #[inline(always)]
    pub fn begin_instance(
        &mut self,
        class: usize,
        make: Opcode,
        obj: View<'_>,
        holding: Holding,
    ) -> bool {
        let Some((bytes, n)) = encode::new_instance(class, make) else {
            return false;
        };
        self.sink.has_room(n)
            && self.memo.memoize(obj, holding).is_ok()
            && self.sink.write_leaf((bytes, n))
    }

    /// Writes a GET for an object that is in the memo; false, with nothing written, for any other, and where the
    /// room may not do.
    #[inline(always)]
    pub fn write_met(&mut self, obj: View<'_>) -> bool {
        let Ok(Some(index)) = self.memo.get_entered(obj) else {
            return false;
        };
        encode::binget(index).is_some_and(|word| self.sink.write_leaf(word))
    }

    /// Writes a string that is ASCII, a small number, None, True or False, and what is in the memo;
    /// false, with nothing written, for anything else.
    #[inline(always)]
    pub fn write(&mut self, part: View<'_>, container: Container) -> bool {
        if let Some(text) = part.as_text() {
            self.write_text(text, container)
        } else if let Some(int) = part.as_int() {
            self.write_int(int)
        } else if let Some(float) = part.as_float() {
            self.sink.write_leaf(encode::binfloat(float.value()))
        } else if part.is_none() {
            self.sink.write_leaf(([Opcode::NONE.code()], 1))
        } else if let Some(value) = part.as_bool() {
            let opcode = if value {
                Opcode::NEWTRUE
            } else {
                Opcode::NEWFALSE
            };
            self.sink.write_leaf(([opcode.code()], 1))
        } else {
            container.holding(part, 0).is_shared() && self.write_met(part)
        }
    }

    #[inline(always)]
    fn write_int(&mut self, int: Int<'_>) -> bool {
        if let Some(value) = int.positive_short_value()
            && let Some(word) = encode::binint_of_positive(value as u64)
        {
            return self.sink.write_leaf(word);
        }
        int.value()
            .and_then(encode::binint)
            .is_some_and(|word| self.sink.write_leaf(word))
    }

    /// As `write`, for a string.
    #[inline(always)]
    pub fn write_text(&mut self, text: Text<'_>, container: Container) -> bool {
        let part = text.object();
        let mut holding = container.holding(part, 0);
        if !holding.is_shared() && text.is_interned() {
            holding = Holding::Shared;
        }
        if holding.is_shared() {
            match self.memo.get_entered(part) {
                Ok(Some(index)) => {
                    return encode::binget(index).is_some_and(|word| self.sink.write_leaf(word));
                }
                Ok(None) => {}
                Err(_) => return false,
            }
        }
        let Some(data) = text.ascii() else {
            return false;
        };
        let Ok(len) = u8::try_from(data.len()) else {
            return false;
        };
        let header = [Opcode::SHORT_BINUNICODE.code(), len];
        // The room is looked at first, since what is in the memo has to be written.
        self.sink.has_room(data.len())
            && self.memo.memoize(part, holding).is_ok()
            && self.sink.write_leaf_around(header, data, Opcode::MEMOIZE)
    }
}
