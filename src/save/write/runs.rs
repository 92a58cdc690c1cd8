//! Runs of leaves: what a container writes before its first part that is none.

use pickle_format::cursor::{Cursor, LEAF_ROOM};
use pickle_format::encode;

use crate::fast::view::{Dict, Kind, Set, View};
use crate::save::fault::{Fault, Stop};
use crate::save::standing::Container;
use crate::save::write::leaf::Leaves;
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
    fn write_numbers(&mut self, kind: Kind<'q>, cursor: &mut Cursor<'_>) {
        let _ = (kind, cursor);
    }
}

impl Writer {
    /// Writes leaves to the end of the run, or to the first part that is none. To be called where
    /// `direct`.
    #[inline(always)]
    fn write_run<'q>(&mut self, run: &mut impl Run<'q>) -> Result<(), Fault> {
        debug_assert!(self.direct);
        let mut leaves = Leaves {
            memo: &mut self.memo,
            protocol: self.protocol,
            fast: self.fast,
        };
        let Some(mut next) = run.next() else {
            return Ok(());
        };
        loop {
            let mut cursor = self.out.cursor();
            while cursor.has_room() {
                match leaves.write(&mut cursor, next.0, next.1, 0) {
                    Ok(true) => {
                        run.written();
                        run.write_numbers(next.0.kind(), &mut cursor);
                    }
                    Ok(false) => return Ok(()),
                    Err(Stop::Full) => break,
                    Err(Stop::Fault(fault)) => return Err(fault),
                }
                match run.next() {
                    Some(part) => next = part,
                    None => return Ok(()),
                }
            }
            drop(cursor);
            // The frame is full, or the output has to grow, or this one leaf is long.
            if self.out.is_frame_full() {
                if self.has_file {
                    return Ok(());
                }
                self.out.commit_frame();
                self.out.open_frame()?;
            }
            self.out.reserve(LEAF_ROOM)?;
            match leaves.write(&mut self.out, next.0, next.1, 0) {
                Ok(true) => run.written(),
                Ok(false) | Err(Stop::Full) => return Ok(()),
                Err(Stop::Fault(fault)) => return Err(fault),
            }
            match run.next() {
                Some(part) => next = part,
                None => return Ok(()),
            }
        }
    }

    /// Writes items of a list or tuple from `next` on, up to `end`.
    pub fn write_items(
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
    fn write_numbers(&mut self, kind: Kind<'q>, cursor: &mut Cursor<'_>) {
        match kind {
            Kind::Int(_) => self.rest = write_ints(self.rest, cursor),
            Kind::Float(_) => self.rest = write_floats(self.rest, cursor),
            _ => {}
        }
    }
}

/// Writes the ints that items begin with, as far as BININT1, BININT2 and BININT can say them; the rest of
/// the items.
#[inline(never)]
fn write_ints<'a, 'q>(
    items: &'a [Option<View<'q>>],
    cursor: &mut Cursor<'_>,
) -> &'a [Option<View<'q>>] {
    let mut rest = items.iter();
    cursor.write_run(|| {
        let ahead = rest.as_slice();
        let int = rest.next().copied().flatten().and_then(View::as_int);
        let value = int.and_then(|int| int.positive_short_value().or_else(|| int.value()));
        let word = value.and_then(encode::binint);
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
    cursor: &mut Cursor<'_>,
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
