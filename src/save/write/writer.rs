//! The writer: output, memo, protocol and flags, and what needs no more than these.

use std::collections::HashSet;

use pickle_format::encode;
use pickle_format::frame::FrameWriter;
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pickle_format::sink::Sink;

use crate::fast::memo::{Holding, Memo};
use crate::fast::output::BytesOutput;
use crate::fast::view::{Kind, View};
use crate::interpreter::face::Face;
use crate::save::containers::ahead::Rooms;
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtins;
use crate::save::write::asked::Asked;

/// Where a pickle is written, and what has been written so far.
pub struct Writer {
    pub out: FrameWriter<BytesOutput>,
    pub memo: Memo,
    pub face: Face,
    pub protocol: Protocol,
    /// `Pickler.bin`, which can be set apart from the protocol.
    pub binary: bool,
    /// `Pickler.fast`: nothing is memoized.
    pub fast: bool,
    /// Whether there is a file: then a full frame has to go there before the next one begins.
    pub has_file: bool,
    /// How many bytes of whole frames wait for a file that nobody can look at meanwhile; None where frames go to the
    /// file at once, or there is none. While they wait, the writer has no file.
    pub waiting: Option<usize>,
    /// Whether objects of exact builtin types may be written in binary forms without asking anybody.
    pub direct: bool,
    /// As `direct`, where no mode, protocol or hook asks for another form of a leaf than the usual one.
    pub plain: bool,
    /// The types of containers that may be opened so too.
    pub opened: Builtins,
    /// Whether somebody may have to be asked about an object that is met again, as was declared of a hook.
    pub minds_met: bool,
    /// Whether strings, and bytes, are never memoized, since somebody's `memoize` does nothing for them.
    pub skips_text: bool,
    pub skips_bytes: bool,
    /// Whether an atom (None, a bool, an int, a float) or the empty tuple was memoized, since a reducer took
    /// it on or the memo was assigned: then these have to be looked up.
    pub atoms_memoized: bool,
    /// Whether somebody's method memoizes objects: then nothing is `direct`, and each goes to `asked`.
    pub asks_memoize: bool,
    /// Whether the pickler is foreign, so that upstream's methods ask it for what ends an object.
    pub asks_upstreams: bool,
    /// Whether somebody is told how far the dump has got.
    pub reports: bool,
    /// What is to be done by somebody's function before anything else is written.
    pub asked: Option<Asked>,
    /// Whether a last batch of one element, or of none, is written like any other, as the C class does up
    /// to 3.14.
    pub marks_last_of_batch: bool,
    /// Whether a list that grows while it is saved is an error, as in the C class from 3.14 on.
    pub notices_list_growth: bool,
    /// How often the gate was passed: what was known before may have changed after.
    pub passages: u64,
    /// Containers that are open in `fast` mode, by identity.
    pub fast_path: HashSet<usize>,
    /// How many of them there are, those that are not noted included.
    pub fast_nesting: u32,
    /// Room for batches that are taken out of their containers.
    pub rooms: Rooms,
}

impl Writer {
    /// `keeps_memo` says that the memo outlives its dump.
    pub fn new(face: Face, protocol: Protocol, keeps_memo: bool) -> Self {
        Self {
            out: FrameWriter::new(BytesOutput::new()),
            memo: Memo::new(keeps_memo),
            face,
            protocol,
            binary: protocol.is_binary(),
            fast: false,
            has_file: false,
            waiting: None,
            direct: false,
            plain: false,
            opened: Builtins::ALL,
            minds_met: false,
            skips_text: false,
            skips_bytes: false,
            asks_memoize: false,
            asks_upstreams: false,
            reports: false,
            asked: None,
            atoms_memoized: false,
            marks_last_of_batch: false,
            notices_list_growth: false,
            passages: 0,
            fast_path: HashSet::new(),
            fast_nesting: 0,
            rooms: Rooms::default(),
        }
    }

    /// The protocol that decides between text and binary forms: `Pickler.bin` may be set apart.
    #[inline(always)]
    pub fn encoding_protocol(&self) -> Protocol {
        if self.binary == self.protocol.is_binary() {
            self.protocol
        } else {
            Protocol::new(u8::from(self.binary)).unwrap_or(Protocol::HIGHEST)
        }
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

    /// Writes a bare opcode.
    #[inline(always)]
    pub fn opcode(&mut self, opcode: Opcode) -> Result<(), Fault> {
        Ok(encode::encode_opcode(&mut self.out, opcode)?)
    }

    /// Writes bare opcodes.
    #[inline(always)]
    pub fn opcodes<const N: usize>(&mut self, opcodes: [Opcode; N]) -> Result<(), Fault> {
        Ok(self.out.write(opcodes.map(Opcode::code))?)
    }

    /// Begins a list or dict, which is memoized before its parts, by the opcode of the binary protocols or by MARK
    /// and that of the text protocol; with MARK behind if that is wanted.
    ///
    /// # Errors
    /// What writing fails with; `Endless` and `Cyclic`.
    #[inline(always)]
    pub fn begin_container(
        &mut self,
        opcodes: [Opcode; 2],
        obj: View<'_>,
        holding: Holding,
        marks: bool,
    ) -> Result<(), Fault> {
        if self.plain || self.binary && self.is_usual() {
            self.memo.memoize(obj, holding)?;
            let [opcode, _] = opcodes;
            return if marks {
                self.opcodes([opcode, Opcode::MEMOIZE, Opcode::MARK])
            } else {
                self.opcodes([opcode, Opcode::MEMOIZE])
            };
        }
        self.begin_unusually(opcodes, obj, holding, marks)
    }

    #[inline(never)]
    fn begin_unusually(
        &mut self,
        [opcode, text]: [Opcode; 2],
        obj: View<'_>,
        holding: Holding,
        marks: bool,
    ) -> Result<(), Fault> {
        self.enter_fast(obj)?;
        if self.encoding_protocol().is_binary() {
            self.opcode(opcode)?;
        } else {
            self.opcodes([Opcode::MARK, text])?;
        }
        self.memoize(obj, holding)?;
        if marks {
            self.opcode(Opcode::MARK)?;
        }
        Ok(())
    }

    /// Notes whether objects of exact builtin types may be written without asking anybody.
    #[inline(always)]
    pub fn set_direct(&mut self, direct: bool) {
        self.direct = direct;
        self.plain = direct && self.is_usual();
    }

    /// Whether no mode, protocol or hook asks for another form of what is memoized than the usual one.
    #[inline(always)]
    fn is_usual(&self) -> bool {
        self.protocol.is_framed()
            && !(self.fast
                | self.asks_memoize
                | self.minds_met
                | self.skips_text
                | self.skips_bytes)
    }

    /// From now on atoms and the empty tuple have to be looked up.
    pub fn expect_memoized_atoms(&mut self) {
        self.atoms_memoized = true;
        self.set_direct(false);
    }

    /// Notes that an object that a reducer took on was memoized.
    #[inline(always)]
    pub fn note_reduced(&mut self, obj: View<'_>) {
        let is_atom = match obj.kind() {
            Kind::None | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => true,
            Kind::Tuple(tuple) => tuple.len() == 0,
            _ => false,
        };
        if is_atom {
            self.expect_memoized_atoms();
        }
    }
}
