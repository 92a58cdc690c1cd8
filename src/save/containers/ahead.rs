//! Elements that are taken out of their container before Python code runs, which may change it.

use crate::fast::held::Held;
use crate::save::fault::Fault;

/// How many elements a room has place for that is kept.
const MAX_ROOM: usize = 64;

/// How many rooms are kept: containers lie one within the other, seldom deeper.
const MAX_ROOMS: usize = 16;

/// Room that batches were taken out into and that is empty again, for the next ones: most containers are small, and
/// memory of their own would cost them more than their elements do.
#[derive(Default)]
pub struct Rooms(Vec<Vec<Held>>);

impl Rooms {
    fn keep(&mut self, room: Vec<Held>) {
        let is_kept = room.capacity() <= MAX_ROOM && self.0.len() < MAX_ROOMS;
        if is_kept && self.0.try_reserve(1).is_ok() {
            self.0.push(room);
        }
    }
}

/// What is left of such elements, the next one last. Of dicts, each key comes before its value.
pub struct Ahead(Vec<Held>);

impl Ahead {
    /// Takes elements out, `count` of them at the most, which have so many parts each.
    ///
    /// # Errors
    /// Where there is no memory.
    #[inline(always)]
    pub fn of<const PARTS: usize>(
        count: usize,
        elements: impl Iterator<Item = [Held; PARTS]>,
        rooms: &mut Rooms,
    ) -> Result<Self, Fault> {
        let mut taken = rooms.0.pop().unwrap_or_default();
        let reserved = taken.try_reserve_exact(count * PARTS);
        reserved.map_err(|_| Fault::NoMemory)?;
        for element in elements.take(count) {
            // There is room for all of them.
            for part in element {
                taken.push(part);
            }
        }
        taken.reverse();
        Ok(Self(taken))
    }

    /// The next one.
    #[inline(always)]
    pub fn next(&mut self) -> Option<Held> {
        self.0.pop()
    }

    /// Gives the room back, of a batch that is done.
    #[inline(always)]
    pub fn end(mut self, rooms: &mut Rooms) {
        self.0.clear();
        rooms.keep(self.0);
    }
}
