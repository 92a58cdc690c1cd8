//! Leaves: what a container's loop writes on the spot, without a work item and without asking
//! anybody. No Python code runs in here.

use pickle_format::encode;
use pickle_format::frame::FRAME_SIZE_TARGET;
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::fast::dict::next_entry;
use crate::fast::int::int_value;
use crate::fast::memo::Holding;
use crate::fast::object::{Exact, exact, float_value, is_empty, is_held_once, is_true};
use crate::fast::sequence::{list_item, tuple_item};
use crate::fast::set::next_element;
use crate::fast::text::{is_interned, utf8};
use crate::interpreter::face::Face;
use crate::save::state::State;

/// Bytes that the opcodes and sizes around a leaf take at most: LONG1 with eight bytes, or the
/// header of a text, and a PUT.
const LEAF: usize = 16;

/// What a container's own standing says of its parts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Container {
    /// It has its index already, so it is walked once: a part that it alone holds is met once.
    Entered,
    /// Each of its parts can be met again: it gets its index last and can be met again before, or
    /// the counts of its parts don't tell the truth.
    Open,
    /// Only the pickler holds it.
    Temporary,
}

impl Container {
    /// A list, dict or set: memoized before its parts.
    #[inline(always)]
    pub fn memoized_first(holding: Holding) -> Self {
        match holding {
            Holding::Shared | Holding::Deferred => Self::Entered,
            Holding::Temporary => Self::Temporary,
        }
    }

    /// A tuple or frozenset: memoized after its parts. One that only a container already walked
    /// holds can't be met again.
    #[inline(always)]
    pub fn memoized_last(holding: Holding) -> Self {
        match holding {
            Holding::Shared => Self::Open,
            Holding::Deferred => Self::Entered,
            Holding::Temporary => Self::Temporary,
        }
    }
}

/// How a part of a container is held, seen before the walk takes a reference of its own.
#[inline(always)]
pub fn holding_of(container: Container, part: Borrowed<'_, '_, PyAny>) -> Holding {
    match container {
        _ if !is_held_once(part) => Holding::Shared,
        Container::Entered => Holding::Deferred,
        Container::Open => Holding::Shared,
        Container::Temporary => Holding::Temporary,
    }
}

/// Where a run of leaves in a dict ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EntriesEnd {
    /// At the end of the dict, or after as many entries as were asked for.
    Complete,
    /// Before an entry whose key is no leaf.
    Key,
    /// Within an entry: its key is written, its value is no leaf.
    Value,
}

impl State {
    /// The protocol that decides between text and binary forms: `Pickler.bin` may be set apart.
    #[inline(always)]
    pub fn form(&self) -> Protocol {
        if self.binary == self.protocol.is_binary() {
            self.protocol
        } else {
            Protocol::new(u8::from(self.binary)).unwrap_or(Protocol::HIGHEST)
        }
    }

    /// Whether objects may be written without asking anybody, in binary forms.
    #[inline(always)]
    pub fn is_direct(&self) -> bool {
        self.is_quiet() && self.binary && self.protocol.is_binary()
    }

    /// Whether elements go in batches, and empty tuples in one opcode: the lean face asks the
    /// protocol, the hookable face `bin`.
    #[inline(always)]
    pub fn has_batches(&self) -> bool {
        match self.face {
            Face::Lean => self.protocol.is_binary(),
            Face::Hookable => self.binary,
        }
    }

    /// Writes a leaf of a container without asking anybody; false where that is not possible.
    #[inline(always)]
    pub fn save_leaf(
        &mut self,
        obj: Borrowed<'_, '_, PyAny>,
        kind: Exact,
        holding: Holding,
    ) -> PyResult<bool> {
        Ok(self.is_direct() && self.write_leaf(obj, kind, holding)?)
    }

    /// Writes the items of a list from `next` on, and stops before the first that is no leaf.
    /// To be called where `is_direct`.
    pub fn save_leaf_items(
        &mut self,
        list: &Bound<'_, PyList>,
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> PyResult<()> {
        debug_assert!(self.is_direct());
        while *next < end
            && let Some(item) = list_item(list, *next)
            && self.write_leaf(item, exact(item), holding_of(container, item))?
        {
            *next += 1;
        }
        Ok(())
    }

    /// As `save_leaf_items`, of a tuple.
    pub fn save_leaf_parts(
        &mut self,
        tuple: &Bound<'_, PyTuple>,
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> PyResult<()> {
        debug_assert!(self.is_direct());
        while *next < end
            && let Some(item) = tuple_item(tuple, *next)
            && self.write_leaf(item, exact(item), holding_of(container, item))?
        {
            *next += 1;
        }
        Ok(())
    }

    /// As `save_leaf_items`, of a set or frozenset from `position` on; counts them in `done`.
    pub fn save_leaf_elements(
        &mut self,
        set: Borrowed<'_, '_, PyAny>,
        position: &mut isize,
        done: &mut usize,
        container: Container,
    ) -> PyResult<()> {
        debug_assert!(self.is_direct());
        loop {
            let before = *position;
            let Some(item) = next_element(set, position) else {
                return Ok(());
            };
            if !self.write_leaf(item, exact(item), holding_of(container, item))? {
                *position = before;
                return Ok(());
            }
            *done += 1;
        }
    }

    /// Writes up to `end` entries of a dict from `position` on, and counts them in `done`.
    /// To be called where `is_direct`.
    ///
    /// `keys` is the container that tells how keys are held, `values` how values are.
    pub fn save_leaf_entries(
        &mut self,
        dict: &Bound<'_, PyDict>,
        position: &mut isize,
        done: &mut usize,
        end: usize,
        (keys, values): (Container, Container),
    ) -> PyResult<EntriesEnd> {
        debug_assert!(self.is_direct());
        while *done < end {
            let before = *position;
            let Some((key, value)) = next_entry(dict, position) else {
                break;
            };
            if !self.write_leaf(key, exact(key), holding_of(keys, key))? {
                *position = before;
                return Ok(EntriesEnd::Key);
            }
            if !self.write_leaf(value, exact(value), holding_of(values, value))? {
                *position = before;
                return Ok(EntriesEnd::Value);
            }
            *done += 1;
        }
        Ok(EntriesEnd::Complete)
    }

    /// Writes a leaf where `is_direct`; false, with nothing written, for what is none and where the
    /// open frame has to go to the file first.
    #[inline(always)]
    fn write_leaf(
        &mut self,
        obj: Borrowed<'_, '_, PyAny>,
        kind: Exact,
        holding: Holding,
    ) -> PyResult<bool> {
        if self.out.is_frame_full() && !self.turn_frame()? {
            return Ok(false);
        }
        match kind {
            Exact::Str => self.write_str(obj, holding),
            Exact::Int => match int_value(obj) {
                Some(value) if self.protocol.has_proto_opcode() || i32::try_from(value).is_ok() => {
                    encode::encode_i64(&mut self.out, self.protocol, value)?;
                    Ok(true)
                }
                _ => Ok(false),
            },
            Exact::Float => {
                encode::encode_binfloat(&mut self.out, float_value(obj))?;
                Ok(true)
            }
            Exact::None => {
                encode::encode_none(&mut self.out)?;
                Ok(true)
            }
            Exact::Bool => {
                encode::encode_bool(&mut self.out, self.protocol, is_true(obj))?;
                Ok(true)
            }
            _ => self.write_small(obj, kind, holding),
        }
    }

    /// To be called before an object that is not written by `write_leaf`.
    #[inline(always)]
    pub fn begin_object(&mut self) -> PyResult<()> {
        if self.out.is_frame_full() {
            self.turn_frame()?;
        }
        Ok(())
    }

    /// At most how many bytes a leaf takes; None where it may not be one.
    pub fn leaf_size(&self, obj: Borrowed<'_, '_, PyAny>, kind: Exact) -> Option<usize> {
        match kind {
            Exact::None | Exact::Bool | Exact::Float => Some(LEAF),
            Exact::Int if self.protocol.has_proto_opcode() => int_value(obj).map(|_| LEAF),
            Exact::Str => {
                let len = utf8(obj)?.len();
                (len < FRAME_SIZE_TARGET).then_some(len + LEAF)
            }
            _ => None,
        }
    }

    /// Closes a full frame and opens the next; false where it has to go to the file first.
    #[cold]
    #[inline(never)]
    fn turn_frame(&mut self) -> PyResult<bool> {
        if self.write.is_some() {
            return Ok(false);
        }
        self.out.commit_frame();
        self.out.open_frame()?;
        Ok(true)
    }

    /// What was memoized, short bytes, and containers that are empty.
    #[inline(never)]
    fn write_small(
        &mut self,
        obj: Borrowed<'_, '_, PyAny>,
        kind: Exact,
        holding: Holding,
    ) -> PyResult<bool> {
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(obj)?
        {
            encode::encode_get(&mut self.out, self.protocol, index)?;
            return Ok(true);
        }
        let opcode = match kind {
            Exact::Bytes => return self.write_short_bytes(obj, holding),
            Exact::Tuple if is_empty(obj) => {
                encode::encode_opcode(&mut self.out, Opcode::EMPTY_TUPLE)?;
                return Ok(true);
            }
            Exact::List if is_empty(obj) => Opcode::EMPTY_LIST,
            Exact::Dict if is_empty(obj) => Opcode::EMPTY_DICT,
            _ => return Ok(false),
        };
        encode::encode_opcode(&mut self.out, opcode)?;
        self.memoize_leaf(obj, holding)?;
        Ok(true)
    }

    fn write_short_bytes(
        &mut self,
        obj: Borrowed<'_, '_, PyAny>,
        holding: Holding,
    ) -> PyResult<bool> {
        let bytes = obj.cast::<PyBytes>()?;
        let data = bytes.as_bytes();
        if !self.protocol.has_native_bytes() || data.len() >= FRAME_SIZE_TARGET {
            return Ok(false);
        }
        let Some(header) = encode::bytes_header(data.len(), self.protocol) else {
            return Ok(false);
        };
        self.out.write_slice(header.as_slice())?;
        self.out.write_slice(data)?;
        self.memoize_leaf(obj, holding)?;
        Ok(true)
    }

    #[inline(always)]
    fn write_str(&mut self, obj: Borrowed<'_, '_, PyAny>, mut holding: Holding) -> PyResult<bool> {
        if holding != Holding::Shared && is_interned(obj) {
            holding = Holding::Shared;
        }
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(obj)?
        {
            encode::encode_get(&mut self.out, self.protocol, index)?;
            return Ok(true);
        }
        let Some(data) = utf8(obj) else {
            return Ok(false);
        };
        if data.len() >= FRAME_SIZE_TARGET {
            return Ok(false);
        }
        encode::encode_str(&mut self.out, self.protocol, data)?;
        self.memoize_leaf(obj, holding)?;
        Ok(true)
    }

    #[inline(always)]
    fn memoize_leaf(&mut self, obj: Borrowed<'_, '_, PyAny>, holding: Holding) -> PyResult<()> {
        if self.fast {
            return Ok(());
        }
        let index = self.memo.memoize(obj, holding)?;
        encode::encode_put(&mut self.out, self.protocol, index)
    }
}
