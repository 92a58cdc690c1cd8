//! Runs of leaves: what a container writes before its first part that is none.

use pickle_format::cursor::Cursor;
use pickle_format::encode;
use pickle_format::frame::FrameWriter;

use crate::fast::output::BytesOutput;
use crate::fast::view::{Dict, Int, Kind, Set, TextEntries, View};
use crate::save::fault::Fault;
use crate::save::standing::Container;
use crate::save::write::leaf::is_to_be_opened;
use crate::save::write::writer::Writer;

/// Where a run of leaves in a dict ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EntriesEnd {
    /// At the end of the dict, or after as many entries as were asked for.
    Complete,
    /// Before an entry whose key is no leaf.
    Key,
    /// Within the entry that begins at `start`: its key is written, its value is no leaf.
    Value { start: isize },
}

/// Parts in the order in which they are written.
trait Run<'q> {
    /// The next part, and what its container says of it; None at the end.
    fn next(&mut self) -> Option<(View<'q>, Container)>;

    /// The part that was given out last is written.
    fn written(&mut self);

    /// Writes numbers of this kind, that of the next part, as far as they go.
    #[inline(always)]
    fn write_numbers(&mut self, kind: Kind<'q>, out: &mut FrameWriter<BytesOutput>) {
        let _ = (kind, out);
    }
}

impl Writer {
    /// Writes leaves to the end of the run, or to the first part that is none. To be called where
    /// `direct`.
    #[inline(always)]
    fn write_run<'q>(&mut self, run: &mut impl Run<'q>) -> Result<(), Fault> {
        debug_assert!(self.direct);
        while let Some((part, container)) = run.next() {
            if !self.begin_object()? || !self.write_if_leaf(part, container, 0)? {
                break;
            }
            run.written();
            run.write_numbers(part.kind(), &mut self.out);
        }
        Ok(())
    }

    /// As `write_run`, for entries whose keys are exact strings.
    #[inline(always)]
    fn write_text_entries<'q>(
        &mut self,
        entries: TextEntries<'q>,
        position: &mut isize,
        end: usize,
        (keys, values): (Container, Container),
    ) -> Result<(usize, EntriesEnd), Fault> {
        let mut done = 0;
        while done < end {
            let start = *position;
            let Some((key, value)) = entries.next(position) else {
                break;
            };
            if !self.begin_object()? || !self.write_text(key, keys, 0)? {
                *position = start;
                return Ok((done, EntriesEnd::Key));
            }
            if !self.begin_object()? || !self.write_if_leaf(value, values, 0)? {
                return Ok((done, EntriesEnd::Value { start }));
            }
            done += 1;
        }
        Ok((done, EntriesEnd::Complete))
    }

    /// Writes items of a list or tuple from `next` on, up to `end`.
    #[inline(always)]
    pub fn write_items(
        &mut self,
        items: &[Option<View<'_>>],
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> Result<(), Fault> {
        if let Some(Some(first)) = items.get(*next)
            && is_to_be_opened(*first, container)
        {
            return Ok(());
        }
        self.write_items_from(items, next, end, container)
    }

    #[inline(never)]
    fn write_items_from(
        &mut self,
        items: &[Option<View<'_>>],
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> Result<(), Fault> {
        let items = items.get(*next..end.min(items.len())).unwrap_or_default();
        let mut run = Items {
            rest: items,
            container,
        };
        let result = self.write_run(&mut run);
        *next += items.len() - run.rest.len();
        result
    }

    /// Writes the elements of a set from `position` on, and gives their number.
    pub fn write_elements(
        &mut self,
        set: Set<'_>,
        position: &mut isize,
        end: usize,
        container: Container,
    ) -> Result<usize, Fault> {
        let mut run = Elements {
            set,
            position: *position,
            done: 0,
            end,
            container,
            before: position,
        };
        self.write_run(&mut run)?;
        Ok(run.done)
    }

    /// Writes up to `end` entries of a dict from `position` on, and gives the number of those that are
    /// written whole. `keys` is the container that tells how keys are held, `values` how values are. The
    /// position moves past an entry once its key is written.
    pub fn write_entries(
        &mut self,
        dict: Dict<'_>,
        position: &mut isize,
        end: usize,
        (keys, values): (Container, Container),
    ) -> Result<(usize, EntriesEnd), Fault> {
        if let Some(entries) = dict.text_entries() {
            return self.write_text_entries(entries, position, end, (keys, values));
        }
        let mut run = Entries {
            dict,
            position: *position,
            start: *position,
            value: None,
            half: false,
            done: 0,
            end,
            keys,
            values,
            over: false,
        };
        self.write_run(&mut run)?;
        let start = run.start;
        let end = match (run.over, run.half) {
            (true, _) => EntriesEnd::Complete,
            (false, true) => EntriesEnd::Value { start },
            (false, false) => EntriesEnd::Key,
        };
        *position = if run.over || run.half {
            run.position
        } else {
            start
        };
        Ok((run.done, end))
    }
}

struct Items<'a, 'q> {
    rest: &'a [Option<View<'q>>],
    container: Container,
}

impl<'q> Run<'q> for Items<'_, 'q> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        let part = self.rest.first().copied().flatten()?;
        Some((part, self.container))
    }

    #[inline(always)]
    fn written(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    #[inline(always)]
    fn write_numbers(&mut self, kind: Kind<'q>, out: &mut FrameWriter<BytesOutput>) {
        match kind {
            Kind::Int(_) => self.rest = write_ints(self.rest, out.cursor()),
            Kind::Float(_) => self.rest = write_floats(self.rest, out.cursor()),
            _ => {}
        }
    }
}

/// Writes the ints that items begin with, as far as BININT1, BININT2 and BININT can say them; the rest of
/// the items.
#[inline(never)]
fn write_ints<'a, 'q>(
    items: &'a [Option<View<'q>>],
    mut cursor: Cursor<'_>,
) -> &'a [Option<View<'q>>] {
    let mut rest = items.iter();
    cursor.write_run(|| {
        let ahead = rest.as_slice();
        let int = rest.next().copied().flatten().and_then(View::as_int);
        if let Some(value) = int.and_then(Int::positive_short_value)
            && let Some(word) = encode::binint_of_positive(value as u64)
        {
            return Some(word);
        }
        let word = int.and_then(Int::value).and_then(encode::binint);
        if word.is_none() {
            rest = ahead.iter();
        }
        word
    });
    rest.as_slice()
}

/// Writes the floats that items begin with; the rest of the items.
#[inline(never)]
fn write_floats<'a, 'q>(
    items: &'a [Option<View<'q>>],
    mut cursor: Cursor<'_>,
) -> &'a [Option<View<'q>>] {
    let mut rest = items.iter();
    cursor.write_run(|| {
        let float = rest.as_slice().first().copied().flatten()?.as_float()?;
        rest.next();
        Some(encode::binfloat(float.value()))
    });
    rest.as_slice()
}

struct Elements<'a, 'q> {
    set: Set<'q>,
    position: isize,
    /// The position behind the last element that is written.
    before: &'a mut isize,
    done: usize,
    end: usize,
    container: Container,
}

impl<'q> Run<'q> for Elements<'_, 'q> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        if self.done >= self.end {
            return None;
        }
        Some((self.set.next(&mut self.position)?, self.container))
    }

    #[inline(always)]
    fn written(&mut self) {
        self.done += 1;
        *self.before = self.position;
    }
}

struct Entries<'q> {
    dict: Dict<'q>,
    /// Behind the entry whose key was given out last.
    position: isize,
    /// Before that entry.
    start: isize,
    /// The value whose key was given out last.
    value: Option<View<'q>>,
    /// Whether a key is written, and its value is not.
    half: bool,
    done: usize,
    end: usize,
    keys: Container,
    values: Container,
    /// Whether all entries that were asked for are written.
    over: bool,
}

impl<'q> Run<'q> for Entries<'q> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        if self.half {
            return self.value.map(|value| (value, self.values));
        }
        let entry = if self.done < self.end {
            self.start = self.position;
            self.dict.next(&mut self.position)
        } else {
            None
        };
        let Some((key, value)) = entry else {
            self.over = true;
            return None;
        };
        self.value = Some(value);
        Some((key, self.keys))
    }

    #[inline(always)]
    fn written(&mut self) {
        if self.half {
            self.done += 1;
        }
        self.half = !self.half;
    }
}
