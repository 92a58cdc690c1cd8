//! The loop over the elements of an open container, batch by batch, whatever kind it is of.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::ahead::Rooms;
use crate::save::containers::elements::{BATCH_SIZE, Begin, Elements, Part};
use crate::save::containers::opener::{Opener, Opening};
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

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

/// What is left of a container that was opened.
pub enum Rest<E> {
    /// Nothing.
    Nothing,
    /// The elements from one on that was not written, or of which a part is on the stack already.
    Elements(Batched<E>),
}
