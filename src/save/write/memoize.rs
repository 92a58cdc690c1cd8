//! Indices that objects are given, and the opcodes that store and fetch them.

use pickle_format::encode;

use crate::fast::memo::Holding;
use crate::fast::view::{Kind, View};
use crate::save::fault::Fault;
use crate::save::write::asked::Asked;
use crate::save::write::writer::Writer;

impl Writer {
    /// Gives the object the next index and writes the opcode, unless in `fast` mode.
    #[inline(always)]
    pub fn memoize(&mut self, obj: View<'_>, holding: Holding) -> Result<(), Fault> {
        if self.asks_memoize {
            self.asked = Some(Asked::Memoize(obj.hold()));
            return Ok(());
        }
        if (self.skips_text || self.skips_bytes) && self.skips(obj) {
            return Ok(());
        }
        self.memoize_natively(obj, holding)
    }

    fn skips(&self, obj: View<'_>) -> bool {
        match obj.kind() {
            Kind::Str(_) => self.skips_text,
            Kind::Bytes(_) => self.skips_bytes,
            _ => false,
        }
    }

    /// As `memoize`, whosever method has the pickler.
    #[inline(always)]
    pub fn memoize_natively(&mut self, obj: View<'_>, holding: Holding) -> Result<(), Fault> {
        if self.fast {
            return Ok(());
        }
        let index = self.memo.memoize(obj, holding)?;
        self.put(index)
    }

    /// As `memoize`, for an object that Python code has seen.
    #[inline(always)]
    pub fn memoize_owned(&mut self, obj: View<'_>) -> Result<(), Fault> {
        if self.asks_memoize || self.skips_text || self.skips_bytes {
            return self.memoize(obj, Holding::Shared);
        }
        if self.fast {
            return Ok(());
        }
        let index = self.memo.memoize_owned(obj)?;
        self.put(index)
    }

    /// Writes the PUT for an index, or MEMOIZE.
    #[inline(always)]
    pub fn put(&mut self, index: usize) -> Result<(), Fault> {
        let protocol = if self.protocol.is_framed() {
            self.protocol
        } else {
            self.encoding_protocol()
        };
        Ok(encode::encode_put(&mut self.out, protocol, index)?)
    }

    /// Writes a GET if the object was memoized.
    pub fn get_memoized(&mut self, obj: View<'_>) -> Result<bool, Fault> {
        match self.memo.get(obj)? {
            Some(index) => self.get(index).map(|()| true),
            None => Ok(false),
        }
    }

    /// Writes the GET for an index.
    pub fn get(&mut self, index: usize) -> Result<(), Fault> {
        let protocol = self.encoding_protocol();
        Ok(encode::encode_get(&mut self.out, protocol, index)?)
    }

    /// To be called when the walk is done with a container, or with an object it reduced, and before it
    /// gives its own reference back.
    ///
    /// An object that was met as shared and is left with one holder would count as never met when
    /// that holder is walked again, as a reduce value that lies in the graph too can be. The memo's
    /// own reference keeps the count above one.
    #[inline(always)]
    pub fn close(&mut self, obj: View<'_>, holding: Holding) {
        if holding.is_shared() && !obj.has_others(2) {
            self.memo.claim();
        }
    }
}
