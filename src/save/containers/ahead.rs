//! Elements that are taken out of their container before Python code runs, which may change it.

use crate::fast::held::Held;
use crate::fast::row::Row;

/// How many elements a room has place for that is kept.
const MAX_ROOM: usize = 64;

/// How many rooms are kept: containers lie one within the other, seldom deeper.
const MAX_ROOMS: usize = 16;

/// Room that batches were taken out into and that is empty again, for the next ones: most containers are small, and
/// memory of their own would cost them more than their elements do.
#[derive(Default)]
pub struct Rooms(Vec<Row>);

impl Rooms {
    /// A room that is empty and has place for so many parts; None where there is no memory.
    #[inline(always)]
    fn room(&mut self, parts: usize) -> Option<Row> {
        let mut room = self.0.pop().unwrap_or_default();
        room.reserve(parts)?;
        Some(room)
    }

    fn keep(&mut self, room: Row) {
        let is_kept = room.room() <= MAX_ROOM && self.0.len() < MAX_ROOMS;
        if is_kept && self.0.try_reserve(1).is_ok() {
            self.0.push(room);
        }
    }
}

/// What is left of such elements, in order: objects that were made one after the other are often near in memory. Of dicts,
/// each key comes before its value.
pub struct Ahead(Row);

impl Ahead {
    /// Room for so many parts; None where there is no memory.
    #[inline(always)]
    pub fn with_room(parts: usize, rooms: &mut Rooms) -> Option<Self> {
        Some(Self(rooms.room(parts)?))
    }

    /// Puts a part behind the others, for which there is room.
    #[inline(always)]
    pub fn put(&mut self, part: Held) {
        self.0.put(part);
    }

    /// The next one.
    #[inline(always)]
    pub fn next(&mut self) -> Option<Held> {
        self.0.next()
    }

    /// Gives the room back, of a batch that is done.
    #[inline(always)]
    pub fn end(mut self, rooms: &mut Rooms) {
        self.0.clear();
        rooms.keep(self.0);
    }
}
