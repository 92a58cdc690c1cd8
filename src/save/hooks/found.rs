//! A pickler's hooks: which are overridden, and until when what was found holds.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::fast::dict_version;
use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{ClassVersion, View};
use crate::interpreter::face::Face;
use crate::save::hooks::builtin::{Builtin, Builtins};
use crate::save::hooks::dispatch::Dispatch;
use crate::save::hooks::silence::Silence;

/// What users override, in a subclass or on the instance.
#[derive(Default)]
pub struct Found {
    pub persistent_id: Option<Held>,
    pub reducer_override: Option<Held>,
    pub resolve_global: Option<Held>,
    /// A table other than `copyreg`'s.
    pub dispatch_table: Option<Held>,
    // What follows is the hookable face's.
    pub save: Option<Held>,
    pub save_global: Option<Held>,
    pub save_reduce: Option<Held>,
    pub memoize: Option<Held>,
    pub batch_appends: Option<Held>,
    pub batch_setitems: Option<Held>,
    pub dispatch: Option<Dispatch>,
    /// Values of the instance's dict that are kept alive, since their addresses tell whether they are still there.
    pub pinned: Vec<Held>,
    /// For which types `save`, `persistent_id` and `memoize` have nothing to say.
    pub silence: Silence,
    /// Whether these methods are the same as before, and what is declared of them still stands.
    pub keeps_silence: bool,
    /// Whether something is overridden that the walk does not model: upstream's own code saves each object.
    pub is_foreign: bool,
}

/// The hooks of a pickler as far as they were looked up.
#[derive(Default)]
pub struct Hooks {
    pub found: Found,
    /// The class of the lean face, whose methods are no overrides; None where nobody can override anything.
    pub base: Option<Held>,
    /// What the hookable face's pickler has for itself, beside its hooks.
    pub own: Own,
    /// Whether nobody has to be asked about leaves.
    pub are_quiet: bool,
    /// Whether nobody's `save` is to be asked, and nothing is declared of other hooks, at any object.
    pub saves_by_itself: bool,
    /// Whether the persistent id is all that is to be asked of leaves, lists, dicts and tuples.
    pub asks_ids_alone: bool,
    /// Whether None, bools, ints and floats are written without asking anything but their persistent id.
    pub writes_atoms: bool,
    /// The types of containers that are opened within their containers, where nobody has to be asked about leaves.
    pub opened: Builtins,
    /// `Writer::passages` when these were looked up; the hookable face looks again once it moved.
    pub seen_at: u64,
    /// Whether anything was found since this was empty, beside a table in its slot.
    looked_up: bool,
    /// What the look-up rests on; None where that has no version.
    versions: Option<Versions>,
}

/// How the objects are told that belong to a hookable pickler.
#[derive(Copy, Clone, Default)]
pub struct Own {
    /// The address of its framer, which keeps the state.
    pub framer: usize,
    /// Whether an object is the view of the memo that belongs to a framer at this address.
    pub is_memo: Option<fn(&Bound<'_, PyAny>, usize) -> bool>,
}

/// The versions of all that a look-up on the hookable face reads.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Versions {
    class: ClassVersion,
    /// The address and the version of the instance's dict.
    own: (usize, u64),
    /// The same of `dispatch`, unless that is asked for each object.
    dispatch: Option<(usize, u64)>,
}

impl Versions {
    /// Those of the class and of the instance's dict, before anything was read of them.
    pub fn now(pickler: &Held, quiet: &Quiet) -> Option<Self> {
        Self::of(pickler, None, quiet)
    }

    fn is_but_for_dispatch(&self, other: &Self) -> bool {
        (self.class, self.own) == (other.class, other.own)
    }

    fn of(pickler: &Held, dispatch: Option<&Held>, quiet: &Quiet) -> Option<Self> {
        let pickler = pickler.view(quiet);
        let own = pickler.instance_dict().ok()??;
        let dispatch = match dispatch.map(|table| table.view(quiet)) {
            Some(table) => Some(version_of_dict(table)?),
            None => None,
        };
        Some(Self {
            class: pickler.class().version()?,
            own: (
                own.object().address(),
                dict_version::version_of_instance(own)?,
            ),
            dispatch,
        })
    }
}

fn version_of_dict(table: View<'_>) -> Option<(usize, u64)> {
    let dict = table.as_any_dict()?;
    Some((table.address(), dict_version::version(dict)?))
}

impl Found {
    fn held(&self) -> impl Iterator<Item = &Held> {
        [
            &self.persistent_id,
            &self.reducer_override,
            &self.resolve_global,
            &self.dispatch_table,
            &self.save,
            &self.save_global,
            &self.save_reduce,
            &self.memoize,
            &self.batch_appends,
            &self.batch_setitems,
        ]
        .into_iter()
        .flatten()
        .chain(self.dispatch.iter().map(|dispatch| &dispatch.table))
        .chain(self.silence.held())
        .chain(&self.pinned)
    }

    /// The hooks of which something may be declared.
    pub fn declarable(&self, quiet: &Quiet) -> [Option<Held>; 3] {
        let hooks = [&self.save, &self.persistent_id, &self.memoize];
        hooks.map(|hook| hook.as_ref().map(|hook| hook.again(quiet)))
    }

    /// Whether nobody has to be asked about leaves.
    fn is_quiet(&self, face: Face) -> bool {
        let declared = &self.silence.predicates;
        let is_asked_of_all = self.persistent_id.is_some() && declared.persistent_id.is_none()
            || self.save.is_some() && declared.save.is_none()
            || self.is_foreign
            || self.asks_memoize()
            || self.save_reduce.is_some()
            || face == Face::Hookable && self.reducer_override.is_some();
        !is_asked_of_all && self.native().has_all(Builtins::LEAVES)
    }

    /// Whether nobody's `save` is to be asked, and nothing is declared of other hooks.
    fn saves_by_itself(&self) -> bool {
        self.save.is_none() && !self.is_foreign && !self.silence.is_declared()
    }

    /// Whether all that is to be asked of leaves, lists, dicts and tuples is their persistent id, and that of each.
    fn asks_ids_alone(&self, face: Face) -> bool {
        self.persistent_id.is_some()
            && self.saves_by_itself()
            && !self.asks_memoize()
            && (face == Face::Lean || self.reducer_override.is_none())
            && self.native().has_all(Builtins::LEAVES)
            && [Builtin::List, Builtin::Dict]
                .iter()
                .all(|builtin| self.opened().has(*builtin))
    }

    /// Whether only the persistent id of None, bools, ints and floats is asked for.
    fn writes_atoms(&self, face: Face) -> bool {
        (face == Face::Lean || self.reducer_override.is_none())
            && self.native().has_all(Builtins::ATOMS)
            && !self.is_foreign
    }

    /// Whether somebody's method memoizes everything.
    pub fn asks_memoize(&self) -> bool {
        let is_declared = self.silence.predicates.memoize.is_some() && !self.silence.memoize_speaks;
        self.memoize.is_some() && !is_declared || self.is_foreign
    }

    /// The builtin types of whose objects nobody has to be asked, if that can be told by the type.
    pub fn native(&self) -> Builtins {
        let native = self
            .dispatch
            .as_ref()
            .map_or(Builtins::ALL, Dispatch::native);
        native.and(self.silence.silent())
    }

    /// Those of them that are opened within their containers.
    fn opened(&self) -> Builtins {
        let mut asked = Builtins::default();
        if self.batch_appends.is_some() {
            asked.add(Builtin::List);
        }
        if self.batch_setitems.is_some() {
            asked.add(Builtin::Dict);
        }
        self.native().and(asked.others())
    }
}

impl Hooks {
    /// Nobody can override anything: there is no pickler.
    pub fn ask_nobody(&mut self) {
        self.are_quiet = true;
        self.saves_by_itself = true;
        self.asks_ids_alone = false;
        self.writes_atoms = true;
        self.opened = Builtins::ALL;
    }

    /// Takes out what a dump looked up: it would keep the pickler alive through its own bound methods. The
    /// lean face's table is no such thing: it is a slot.
    pub fn take_found(&mut self, face: Face) -> Option<Found> {
        self.are_quiet = false;
        self.saves_by_itself = false;
        self.asks_ids_alone = false;
        self.writes_atoms = false;
        self.seen_at = 0;
        self.versions = None;
        if !std::mem::take(&mut self.looked_up) {
            return None;
        }
        let mut found = std::mem::take(&mut self.found);
        if face == Face::Lean {
            self.found.dispatch_table = found.dispatch_table.take();
        }
        Some(found)
    }

    /// Forgets everything.
    pub fn begin_anew(&mut self) {
        drop(self.take_found(Face::Hookable));
        self.found.dispatch_table = None;
        self.base = None;
        self.own = Own::default();
        self.opened = Builtins::default();
    }

    /// Puts in what was looked up at this moment, and gives out what was there.
    pub fn put_found(&mut self, mut found: Found, face: Face, passages: u64) -> Found {
        if found.keeps_silence {
            found.silence = std::mem::take(&mut self.found.silence);
        }
        self.are_quiet = found.is_quiet(face);
        self.opened = found.opened();
        self.saves_by_itself = found.saves_by_itself();
        self.asks_ids_alone = found.asks_ids_alone(face);
        self.writes_atoms = found.writes_atoms(face);
        if face == Face::Lean && found.dispatch_table.is_none() {
            found.dispatch_table = self.found.dispatch_table.take();
        }
        self.seen_at = passages;
        self.looked_up = true;
        std::mem::replace(&mut self.found, found)
    }

    fn versions(&self, pickler: &Held, quiet: &Quiet) -> Option<Versions> {
        let dispatch = self.found.dispatch.as_ref();
        let dispatch = dispatch.filter(|dispatch| dispatch.contents.is_some());
        Versions::of(pickler, dispatch.map(|dispatch| &dispatch.table), quiet)
    }

    /// Notes until when what was put in holds. `before` is what `Versions::now` gave before the look-up: what
    /// has changed since may have been read as it was.
    pub fn note_versions(&mut self, before: Option<Versions>, pickler: &Held, quiet: &Quiet) {
        let now = self.versions(pickler, quiet);
        let is_same = |now: &Versions| before.is_some_and(|before| before.is_but_for_dispatch(now));
        self.versions = now.filter(is_same);
    }

    /// Whether what was looked up still stands: everything that it rests on is as it was.
    #[inline(always)]
    pub fn stand(&self, pickler: &Held, quiet: &Quiet) -> bool {
        let Some(versions) = &self.versions else {
            return false;
        };
        let pickler = pickler.view(quiet);
        if !pickler.class().is_still(versions.class) {
            return false;
        }
        let (address, version) = versions.own;
        let own = pickler.made_dict_at(address);
        if !own.is_some_and(|own| dict_version::is_still_of_instance(own, version)) {
            return false;
        }
        match (&self.found.dispatch, versions.dispatch) {
            (Some(dispatch), Some((_, version))) => {
                let table = dispatch.table.view(quiet).as_any_dict();
                table.is_some_and(|table| dict_version::is_still(table, version))
            }
            _ => true,
        }
    }

    /// For the collector.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.found.held().try_for_each(|held| held.traverse(visit))
    }
}
