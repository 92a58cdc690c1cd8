//! Who opens a part of a container that is no leaf.

use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// What became of a part that was to be opened.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Opening {
    /// It is written whole.
    Whole,
    /// It is begun: what is left to do is on the stack, or somebody has to be asked first.
    Begun,
    /// Nothing is written: it is to wait for its turn.
    Refused,
}

/// Opens parts that are no leaves, and not in the memo.
pub trait Opener {
    /// # Errors
    /// What writing fails with.
    fn open(
        &mut self,
        part: View<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault>;

    /// Whether others are to get their turn.
    fn is_tired(&self) -> bool {
        false
    }
}

/// Opens nothing: a part that is no leaf waits for its container's next step.
pub struct Closed;

impl Opener for Closed {
    #[inline(always)]
    fn open(&mut self, _: View<'_>, _: Standing, _: &mut Writer) -> Result<Opening, Fault> {
        Ok(Opening::Refused)
    }
}
