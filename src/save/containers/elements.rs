//! The elements of a container of any kind, as the loop over batches asks for them.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::ahead::Rooms;
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// Elements between MARK and APPENDS, SETITEMS or ADDITEMS.
pub const BATCH_SIZE: usize = 1000;

/// How the next batch begins.
pub enum Begin {
    /// There is none.
    End,
    /// With one element alone: APPEND or SETITEM ends it.
    Single,
    /// With MARK, and so many elements at the most.
    Marked(usize),
    /// Not before items were taken from the iterator.
    Advance,
}

/// A part of an element that is no leaf.
pub enum Part<'q> {
    /// It was a leaf after all.
    Written,
    Seen(View<'q>, Standing),
    /// One that was taken out of its container, or that Python code may have met.
    Taken(Held, Standing),
    /// A reference to what is written, to be given up where Python code may run.
    Release(Held),
    /// The batch has no more.
    End,
    /// Not before an item was taken from the iterator.
    Advance,
}

/// The elements of a container, and where the walk is among them.
pub trait Elements {
    /// What closes a batch of one element, and a batch that began with MARK.
    const CLOSE: [Opcode; 2];

    /// Whether elements go in batches; if not, all are of one, and `finish` closes it.
    const IS_BATCHED: bool = true;

    /// To be called before a step: gives back what was held while a part was saved, and notices changes
    /// that the model minds.
    ///
    /// # Errors
    /// What the model raises when the container has changed.
    fn resume(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Option<Held>, Fault>;

    /// How the next batch begins.
    ///
    /// # Errors
    /// As for `resume`.
    fn begin(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Begin, Fault>;

    /// Writes up to `left` elements as far as their parts are leaves, and gives their number. To be
    /// called where the writer is `direct`.
    ///
    /// # Errors
    /// What writing fails with.
    fn write_leaves(
        &mut self,
        writer: &mut Writer,
        left: usize,
        quiet: &Quiet,
    ) -> Result<usize, Fault>;

    /// The next part, which is no leaf or was not tried, and whether it is the last of its element.
    ///
    /// # Errors
    /// What writing fails with.
    fn next<'q>(
        &mut self,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<(Part<'q>, bool), Fault>;

    /// Takes references to what is needed of the present element while its part is saved.
    #[inline(always)]
    fn hold(&mut self, quiet: &Quiet) {
        let _ = quiet;
    }

    /// Whether the rest of the open batch was taken out of the container.
    #[inline(always)]
    fn is_taken(&self) -> bool {
        false
    }

    /// Takes the rest of the open batch, `left` elements, out of the container.
    ///
    /// # Errors
    /// Where there is no memory.
    fn take(&mut self, left: usize, rooms: &mut Rooms, quiet: &Quiet) -> Result<(), Fault> {
        let _ = (left, rooms, quiet);
        Ok(())
    }

    /// The batch ended.
    fn end_batch(&mut self, rooms: &mut Rooms) {
        let _ = rooms;
    }

    /// Writes what closes the container.
    ///
    /// # Errors
    /// What writing fails with.
    fn finish(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<(), Fault> {
        let _ = (writer, quiet);
        Ok(())
    }
}
