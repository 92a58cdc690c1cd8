//! The loop over the elements of an open container, batch by batch, whatever kind it is of.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::ahead::Rooms;
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// Elements between MARK and APPENDS, SETITEMS or ADDITEMS.
pub const BATCH_SIZE: usize = 1000;

/// Elements that one step writes before others get their turn.
pub const MAX_STEP: usize = 4096;

/// What a step wants next.
pub enum Step<'q> {
    /// Open a part that is no leaf.
    Open(View<'q>, Standing),
    /// A part is begun: what is left to do of it is to be found above, or somebody has to be asked about it.
    Begun,
    /// Save a part about which somebody has to be asked.
    Save(Held, Standing),
    /// Give a reference up that may be the last.
    Release(Held),
    /// Items have to be taken from the iterator.
    Advance,
    /// Begin with the list items of a reduce value, or with its dict items.
    Iterate(Items),
    /// Others get their turn.
    Yield,
    /// Nothing is left to be written.
    Done,
}

/// What an iterator of a reduce value yields.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Items {
    /// Items to be appended.
    List,
    /// Pairs to be set.
    Dict,
}

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

/// Which opcode closes the batch that is open.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Batch {
    /// None is open: one may begin.
    Closed,
    /// MARK was written.
    Marked,
    /// One element alone: APPEND, SETITEM.
    Single,
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

/// A container that is being written.
pub struct Batched<E> {
    pub elements: E,
    pub(super) batch: Batch,
    /// Elements that are left of the open batch; none where none is open.
    pub(super) left: usize,
    /// There was no memory to take the open batch out.
    lost: bool,
}

impl<E: Elements> Batched<E> {
    /// Within the first batch, where it is begun: whether it is of one element alone, and how many are
    /// left of it.
    #[inline(always)]
    pub fn within(elements: E, batch: Option<(bool, usize)>) -> Self {
        let (batch, left) = match batch {
            None => (Batch::Closed, 0),
            Some((true, left)) => (Batch::Single, left),
            Some((false, left)) => (Batch::Marked, left),
        };
        Self {
            elements,
            batch,
            left,
            lost: false,
        }
    }

    /// Goes on until a part needs more than this loop, or than the opener has.
    ///
    /// # Errors
    /// What writing and opening fail with, and what the model raises when the container has changed.
    #[inline(always)]
    pub fn step<'q>(
        &mut self,
        opener: &mut impl Opener,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<Step<'q>, Fault> {
        if let Some(held) = self.elements.resume(writer, quiet)? {
            return Ok(Step::Release(held));
        }
        if self.lost {
            return Err(Fault::NoMemory);
        }
        let mut budget = MAX_STEP;
        loop {
            if self.batch == Batch::Closed {
                match self.elements.begin(writer, quiet)? {
                    Begin::End => {
                        self.elements.finish(writer, quiet)?;
                        return Ok(Step::Done);
                    }
                    Begin::Single => (self.batch, self.left) = (Batch::Single, 1),
                    Begin::Marked(left) => {
                        writer.opcode(Opcode::MARK)?;
                        (self.batch, self.left) = (Batch::Marked, left);
                    }
                    Begin::Advance => return Ok(Step::Advance),
                }
            }
            if writer.direct && self.left > 0 {
                let left = self.left.min(budget);
                let written = self.elements.write_leaves(writer, left, quiet)?;
                self.left -= written;
                budget -= written;
                if budget == 0 {
                    return Ok(Step::Yield);
                }
            }
            let (part, is_last) = if self.left > 0 {
                self.elements.next(writer, quiet)?
            } else {
                (Part::End, false)
            };
            self.left -= usize::from(is_last);
            match part {
                Part::Written => {}
                Part::Seen(part, standing) => match opener.open(part, standing, writer)? {
                    Opening::Refused => return Ok(Step::Open(part, standing)),
                    Opening::Begun => return Ok(Step::Begun),
                    Opening::Whole => {
                        if let Some(held) = self.elements.resume(writer, quiet)? {
                            return Ok(Step::Release(held));
                        }
                        budget = budget.saturating_sub(1);
                        if budget == 0 || opener.is_tired() {
                            return Ok(Step::Yield);
                        }
                    }
                },
                Part::Taken(part, standing) => {
                    // Python code may have met it: then it is looked up like anything that others hold.
                    let seen = part.view(quiet);
                    let parts = Container::of_alone(standing.holding);
                    if !writer.write_leaf(seen, parts, 1)? {
                        let opening = opener.open(seen, standing, writer)?;
                        if opening == Opening::Refused {
                            return Ok(Step::Save(part, standing));
                        }
                        budget = budget.saturating_sub(1);
                        if opening == Opening::Begun {
                            writer.close(seen, standing.holding);
                            return Ok(Step::Begun);
                        }
                    }
                    writer.close(seen, standing.holding);
                    drop(part);
                    if let Some(held) = self.elements.resume(writer, quiet)? {
                        return Ok(Step::Release(held));
                    }
                    if budget == 0 || opener.is_tired() {
                        return Ok(Step::Yield);
                    }
                }
                Part::Release(held) => return Ok(Step::Release(held)),
                Part::Advance => return Ok(Step::Advance),
                Part::End if !E::IS_BATCHED => {
                    self.elements.finish(writer, quiet)?;
                    return Ok(Step::Done);
                }
                Part::End => {
                    self.close_batch(writer)?;
                }
            }
        }
    }

    /// Closes the batch that is open.
    ///
    /// # Errors
    /// What writing fails with.
    #[inline(always)]
    pub(super) fn close_batch(&mut self, writer: &mut Writer) -> Result<(), Fault> {
        let [one, many] = E::CLOSE;
        let close = if self.batch == Batch::Single {
            one
        } else {
            many
        };
        writer.opcode(close)?;
        (self.batch, self.left) = (Batch::Closed, 0);
        self.elements.end_batch(&mut writer.rooms);
        Ok(())
    }

    /// Whether a batch is open that was not lost.
    #[inline(always)]
    pub(super) fn is_open(&self) -> bool {
        self.batch != Batch::Closed && !self.lost
    }

    /// Takes the rest of the open batch out of the container, for a face whose batches do not see what is
    /// changed while they are written.
    #[inline(always)]
    pub fn take_batch(&mut self, rooms: &mut Rooms, quiet: &Quiet) {
        if self.batch == Batch::Marked && !self.elements.is_taken() {
            let left = self.left.min(BATCH_SIZE);
            if self.elements.take(left, rooms, quiet).is_err() {
                (self.lost, self.left) = (true, 0);
            }
        }
    }
}

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

/// What is left of a container that was opened.
pub enum Rest<E> {
    /// Nothing.
    Nothing,
    /// The elements from one on that was not written, or of which a part is on the stack already.
    Elements(Batched<E>),
}
