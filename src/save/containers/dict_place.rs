//! Where the walk is among the entries of a dict, and how they are written when it is opened.

use pickle_format::cursor::LeafSink;

use crate::fast::view::{AnyEntries, Dict, SharedEntries, Text, TextEntries, View};
use crate::save::containers::opener::{Closed, Opener, Opening};
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::plain::Leaves;
use crate::save::write::writer::Writer;

/// How a dict was opened, and where the walk is among its entries.
pub struct Place {
    /// Behind the entry within which the walk is, or behind the last one.
    pub position: isize,
    /// Before that entry.
    pub start: isize,
    pub done: usize,
    /// The dict's size when it was opened.
    pub size: usize,
    pub standing: Standing,
    /// Whether the keys' table is shared with other dicts.
    shares_keys: bool,
    pub within: Within,
}

/// Where the walk is within an entry.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Within {
    /// Nothing of the next entry is written.
    Nothing,
    /// The key is being saved, or is written, and Python code may have run since.
    Key,
    /// The key is written, and the value is no leaf and not in the memo, as it was seen when the gate had
    /// been passed so often.
    WrittenKey { passages: u64 },
    /// The value is being saved.
    Value,
}

/// The entries of a dict, in order.
pub trait Entries<'q>: Copy {
    type Key: Key;

    /// The entry at `position`, which moves past it; None at the end.
    fn next(self, position: &mut isize) -> Option<(Self::Key, View<'q>)>;
}

/// A key by what is known of it.
pub trait Key: Copy {
    /// The key, whatever it is.
    fn view(&self) -> View<'_>;

    /// Writes a key that is a leaf; false, with nothing written, for one that is none.
    ///
    /// # Errors
    /// What writing fails with.
    fn write(self, keys: Container, to: &mut Writer) -> Result<bool, Fault>;

    /// As `Leaves::write`.
    fn write_plainly(self, keys: Container, to: &mut Leaves<'_, impl LeafSink>) -> bool;
}

impl Key for Text<'_> {
    #[inline(always)]
    fn view(&self) -> View<'_> {
        self.object()
    }

    #[inline(always)]
    fn write(self, keys: Container, to: &mut Writer) -> Result<bool, Fault> {
        to.write_text(self, keys, 0)
    }

    #[inline(always)]
    fn write_plainly(self, keys: Container, to: &mut Leaves<'_, impl LeafSink>) -> bool {
        to.write_text(self, keys)
    }
}

impl Key for View<'_> {
    #[inline(always)]
    fn view(&self) -> View<'_> {
        *self
    }

    #[inline(always)]
    fn write(self, keys: Container, to: &mut Writer) -> Result<bool, Fault> {
        to.write_if_leaf(self, keys, 0)
    }

    #[inline(always)]
    fn write_plainly(self, keys: Container, to: &mut Leaves<'_, impl LeafSink>) -> bool {
        to.write(self, keys)
    }
}

/// All keys are exact strings.
impl<'q> Entries<'q> for TextEntries<'q> {
    type Key = Text<'q>;

    #[inline(always)]
    fn next(self, position: &mut isize) -> Option<(Text<'q>, View<'q>)> {
        self.next(position)
    }
}

/// All keys are exact strings, in a table that others share.
impl<'q> Entries<'q> for SharedEntries<'q> {
    type Key = Text<'q>;

    #[inline(always)]
    fn next(self, position: &mut isize) -> Option<(Text<'q>, View<'q>)> {
        self.next(position)
    }
}

/// Keys may be anything.
impl<'q> Entries<'q> for AnyEntries<'q> {
    type Key = View<'q>;

    #[inline(always)]
    fn next(self, position: &mut isize) -> Option<(View<'q>, View<'q>)> {
        self.next(position)
    }
}

/// Keys may be anything, and the table is not read directly.
impl<'q> Entries<'q> for Dict<'q> {
    type Key = View<'q>;

    #[inline(always)]
    fn next(self, position: &mut isize) -> Option<(View<'q>, View<'q>)> {
        self.next(position)
    }
}

impl Place {
    /// Before the first entry of a dict.
    #[inline(always)]
    pub fn new(dict: Dict<'_>, standing: Standing) -> Self {
        Self {
            position: 0,
            start: 0,
            done: 0,
            size: dict.len(),
            standing,
            shares_keys: dict.shares_keys(),
            within: Within::Nothing,
        }
    }

    /// The place at which an entry stopped the walk, that at `start`: before its key, or before or within its value.
    pub fn stopped(
        dict: Dict<'_>,
        standing: Standing,
        (start, position, done): (isize, isize, usize),
        within: Within,
    ) -> Self {
        Self {
            position: if within == Within::Nothing {
                start
            } else {
                position
            },
            start,
            done,
            within,
            ..Self::new(dict, standing)
        }
    }

    /// What tells how keys are held, and how values. A key in a table that is shared is counted once, however
    /// many dicts show it.
    #[inline(always)]
    pub fn containers(&self) -> (Container, Container) {
        let values = Container::memoized_first(self.standing.holding);
        let keys = if self.shares_keys {
            Container::Open
        } else {
            values
        };
        (keys, values)
    }

    /// Writes the entries of a dict of one batch; false where that stops before one, or within one. To be
    /// called where the writer is `direct`.
    ///
    /// # Errors
    /// What writing and opening fail with.
    #[inline(always)]
    pub fn write(
        &mut self,
        dict: Dict<'_>,
        writer: &mut Writer,
        opener: &mut impl Opener,
    ) -> Result<bool, Fault> {
        match dict.text_entries() {
            Some(entries) => self.write_entries(entries, self.size, writer, opener),
            None => self.write_any_entries(dict, self.size, writer, opener),
        }
    }

    /// Writes up to `left` entries, as far as keys and values are leaves. To be called where the writer is
    /// `direct`.
    ///
    /// # Errors
    /// What writing fails with.
    #[inline(never)]
    pub fn write_leaves(
        &mut self,
        dict: Dict<'_>,
        left: usize,
        writer: &mut Writer,
    ) -> Result<(), Fault> {
        let end = self.done.saturating_add(left);
        match dict.text_entries() {
            Some(entries) => self.write_entries(entries, end, writer, &mut Closed)?,
            None => self.write_any_entries(dict, end, writer, &mut Closed)?,
        };
        Ok(())
    }

    /// As `write`, where keys may be anything, or lie in a table that is shared.
    #[inline(never)]
    fn write_any_entries(
        &mut self,
        dict: Dict<'_>,
        end: usize,
        writer: &mut Writer,
        opener: &mut impl Opener,
    ) -> Result<bool, Fault> {
        if let Some(entries) = dict.any_entries() {
            return self.write_entries(entries, end, writer, opener);
        }
        match dict.shared_entries() {
            Some(entries) => self.write_entries(entries, end, writer, opener),
            None => self.write_entries(dict, end, writer, opener),
        }
    }

    #[inline(always)]
    fn write_entries<'q>(
        &mut self,
        entries: impl Entries<'q>,
        end: usize,
        writer: &mut Writer,
        opener: &mut impl Opener,
    ) -> Result<bool, Fault> {
        let (keys, values) = self.containers();
        let (mut position, mut done) = (self.position, self.done);
        while done < end {
            let mut start = position;
            let Some((mut key, mut value)) = entries.next(&mut position) else {
                break;
            };
            let mut has_key = false;
            if let Some(mut leaves) = writer.leaf_run() {
                loop {
                    has_key = key.write_plainly(keys, &mut leaves);
                    if !has_key || !leaves.write(value, values) {
                        break;
                    }
                    done += 1;
                    start = position;
                    match entries.next(&mut position) {
                        Some(next) if done < end => (key, value) = next,
                        _ => {
                            (self.position, self.done) = (start, done);
                            return Ok(true);
                        }
                    }
                }
            }
            if !has_key && (!writer.begin_object()? || !key.write(keys, writer)?) {
                (self.position, self.done) = (start, done);
                return Ok(false);
            }
            if writer.begin_object()? && writer.write_if_leaf(value, values, 0)? {
                done += 1;
                continue;
            }
            let part = self.standing.part(values.holding(value, 0));
            let opening = opener.open(value, part, writer)?;
            if matches!(opening, Opening::Whole) {
                done += 1;
                continue;
            }
            (self.start, self.position, self.done) = (start, position, done);
            self.within = match opening {
                Opening::Refused => Within::WrittenKey {
                    passages: writer.passages,
                },
                _ => Within::Value,
            };
            return Ok(false);
        }
        (self.position, self.done) = (position, done);
        Ok(true)
    }
}
