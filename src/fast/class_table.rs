//! Tables whose keys are classes, such as `copyreg.dispatch_table`, and when looking a class up in one runs
//! no Python code.

use pyo3::ffi;

use crate::fast::dict_version::version;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, ClassVersion, Dict, View};

/// Metaclasses of a Python program's own that a table's keys may have: more of them, and the table is
/// looked up in through the gate.
const METACLASSES: usize = 4;

/// What was seen of a table: as long as it stands, all its keys compare by identity.
#[derive(Default)]
pub struct SeenTable {
    seen: Option<Seen>,
}

struct Seen {
    /// The table's address and version.
    table: (usize, u64),
    /// The metaclasses of its keys that may be changed, by address and version, before the places that are
    /// empty.
    metaclasses: [Option<(usize, ClassVersion)>; METACLASSES],
}

/// A table whose keys all compare by identity.
#[derive(Copy, Clone)]
pub struct ClassTable<'q> {
    dict: Dict<'q>,
    version: u64,
}

impl ClassTable<'_> {
    /// What tells this table with its present contents from all others.
    #[inline(always)]
    pub fn version(self) -> (usize, u64) {
        (self.dict.object().address(), self.version)
    }
}

impl<'q> ClassTable<'q> {
    /// What is registered for a class that is known by its identity; None for another too.
    pub fn get(self, class: Class<'_>) -> Option<View<'q>> {
        if !class.is_known_by_identity() {
            return None;
        }
        // SAFETY: all keys compare by identity, and so does such a class.
        unsafe { self.dict.get_class(class.object()) }
    }
}

impl SeenTable {
    /// The table, if all its keys compare by identity. It is looked through when it, or a metaclass of its
    /// keys, has changed since the last time.
    #[inline(always)]
    pub fn view<'q>(&mut self, dict: Dict<'q>, quiet: &'q Quiet) -> Option<ClassTable<'q>> {
        let version = version(dict)?;
        let (address, of_table) = match &self.seen {
            Some(seen) if seen.metaclasses[0].is_none() => seen.table,
            _ => (0, 0),
        };
        if (address != dict.object().address() || of_table != version)
            && !self.stands((dict.object().address(), version), quiet)
        {
            self.look_through(dict, version)?;
        }
        Some(ClassTable { dict, version })
    }

    /// Whether what was seen of a table is so still.
    #[inline(never)]
    fn stands(&self, table: (usize, u64), quiet: &Quiet) -> bool {
        self.seen.as_ref().is_some_and(|seen| {
            seen.table == table
                && seen.metaclasses.iter().flatten().all(|(address, version)| {
                    // SAFETY: the table has not changed, so it holds the key whose class this is.
                    let class = unsafe { View::new(*address as *mut ffi::PyObject, quiet) };
                    class.as_class().and_then(Class::version) == Some(*version)
                })
        })
    }

    #[inline(never)]
    fn look_through(&mut self, dict: Dict<'_>, version: u64) -> Option<()> {
        self.seen = Some(Seen {
            table: (dict.object().address(), version),
            metaclasses: metaclasses_of_keys(dict)?,
        });
        Some(())
    }
}

/// The metaclasses of a table's keys that may be changed; None where a key does not compare by identity.
fn metaclasses_of_keys(dict: Dict<'_>) -> Option<[Option<(usize, ClassVersion)>; METACLASSES]> {
    let mut found = [None; METACLASSES];
    let mut position = 0;
    while let Some((key, _)) = dict.next(&mut position) {
        let class = key.class();
        if !class.compares_by_identity() {
            return None;
        }
        if class.is_immutable() {
            continue;
        }
        let known = Some((class.address(), class.version()?));
        if !found.contains(&known) {
            *found.iter_mut().find(|place| place.is_none())? = known;
        }
    }
    Some(found)
}
