//! What is opened without asking anybody: containers, and plain instances of which a plan says all.

use crate::fast::class_table::SeenTable;
use crate::fast::fresh::boxed;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, Kind, List, Set, Tuple, View};
use crate::save::containers::batch::{Batched, MAX_STEP, Rest};
use crate::save::containers::dict::open_dict;
use crate::save::containers::list::open_list;
use crate::save::containers::opener::{Opener, Opening};
use crate::save::containers::set::open_set;
use crate::save::containers::tuple::open_tuple;
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::hooks::silence::Silence;
use crate::save::instances::plans::PlanCache;
use crate::save::next::Due;
use crate::save::standing::Standing;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

/// Parts that are opened one within the other before the outer ones get a work item: most data is no deeper,
/// and each takes some room on the native stack.
const MAX_NESTED: usize = 24;

/// Opens parts natively one within the other, and puts what is left of each on the stack.
pub struct Nest<'a> {
    pub stack: &'a mut Vec<Work>,
    pub plans: &'a mut PlanCache,
    pub table: &'a mut SeenTable,
    /// The dispatch table in use, where instances may be opened: nobody has to be asked about them.
    pub dispatch_table: Option<Dict<'a>>,
    pub quiet: &'a Quiet,
    /// For which types somebody's hooks have nothing to say, where that was declared.
    pub silence: Option<&'a Silence>,
    pub(super) due: &'a mut Option<Due>,
    depth: usize,
    /// Elements that may be written before others get their turn.
    budget: usize,
}

impl<'a> Nest<'a> {
    pub fn new(
        stack: &'a mut Vec<Work>,
        due: &'a mut Option<Due>,
        plans: &'a mut PlanCache,
        table: &'a mut SeenTable,
        dispatch_table: Option<Dict<'a>>,
        quiet: &'a Quiet,
    ) -> Self {
        Self {
            stack,
            due,
            plans,
            table,
            dispatch_table,
            quiet,
            silence: None,
            depth: 0,
            budget: MAX_STEP,
        }
    }

    /// Opens a container of an exact type that is not in the memo. Sets are not opened below protocol 4,
    /// where they are reduced.
    ///
    /// # Errors
    /// What writing fails with; `Endless` and `Cyclic`.
    #[inline(always)]
    pub fn open_container(
        &mut self,
        obj: View<'_>,
        kind: Kind<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if writer.plain
            && standing.is_ordinary()
            && let Some(opening) = self.open_plainly(obj, standing.holding, writer)?
            && opening != Opening::Refused
        {
            return Ok(opening);
        }
        match kind {
            Kind::Dict(dict) => self.open_dict(obj, dict, standing, writer),
            Kind::List(list) => self.open_list(obj, list, standing, writer),
            Kind::Tuple(tuple) => self.open_items(tuple, standing, writer),
            Kind::Set(set) if writer.protocol.is_framed() => {
                self.open_set(obj, set, standing, writer)
            }
            Kind::FrozenSet(set) if writer.protocol.is_framed() => {
                self.open_frozenset(obj, set, standing, writer)
            }
            _ => Ok(Opening::Refused),
        }
    }

    #[inline(always)]
    fn open_dict(
        &mut self,
        obj: View<'_>,
        dict: Dict<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        let at = self.stack.len();
        let rest = open_dict(obj, dict, standing, writer, self)?;
        self.put(at, rest, |w| Ok(Work::Dict(w)))
    }

    #[inline(always)]
    fn open_list(
        &mut self,
        obj: View<'_>,
        list: List<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        let at = self.stack.len();
        let rest = open_list(obj, list, standing, writer, self)?;
        self.put(at, rest, |w| Ok(Work::List(w)))
    }

    #[inline(always)]
    fn open_items(
        &mut self,
        tuple: Tuple<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        let at = self.stack.len();
        let rest = open_tuple(tuple, standing, writer, self)?;
        self.put(at, rest, |w| Ok(Work::Tuple(w)))
    }

    fn open_set(
        &mut self,
        obj: View<'_>,
        set: Set<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        let at = self.stack.len();
        let rest = open_set(obj, set, seen_weakly(obj, standing), writer)?;
        self.put(at, rest, |w| Ok(Work::Set(boxed(w)?)))
    }

    fn open_frozenset(
        &mut self,
        obj: View<'_>,
        set: Set<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        let at = self.stack.len();
        let rest = open_set(obj, set, seen_weakly(obj, standing), writer)?;
        self.put(at, rest, |w| Ok(Work::FrozenSet(boxed(w)?)))
    }

    /// As `open`, for a tuple of at least one item, where the writer is `direct` and an object may begin.
    ///
    /// # Errors
    /// What writing fails with; `Endless`.
    #[inline(always)]
    pub fn open_tuple(
        &mut self,
        tuple: Tuple<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        self.depth += 1;
        let opening = self.open_items(tuple, standing, writer);
        self.depth -= 1;
        opening
    }

    /// Begins a part of so many elements; false where it has to wait for its turn. Then it is refused: the
    /// container around it gets a work item, whose next step opens it.
    #[inline(always)]
    pub fn enter(&mut self, elements: usize) -> bool {
        if self.depth > 0 && (self.depth > MAX_NESTED || self.budget < elements) {
            return false;
        }
        self.budget = self.budget.saturating_sub(elements);
        self.depth += 1;
        true
    }

    /// The part that was begun last is written, or waits on the stack.
    #[inline(always)]
    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Puts what is left of a container on the stack, below what is left of its parts.
    #[inline(always)]
    fn put<E>(
        &mut self,
        at: usize,
        rest: Rest<E>,
        work: impl FnOnce(Batched<E>) -> Result<Work, Fault>,
    ) -> Result<Opening, Fault> {
        match rest {
            Rest::Nothing => Ok(Opening::Whole),
            Rest::Elements(batched) => self.insert(at, work(batched)?),
        }
    }

    /// Puts work on the stack, below what was put there since it was `at` items high.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn insert(&mut self, at: usize, work: Work) -> Result<Opening, Fault> {
        if self.stack.len() == self.stack.capacity() {
            let more = self.stack.len().max(16);
            let reserved = self.stack.try_reserve(more);
            reserved.map_err(|_| Fault::NoMemory)?;
        }
        self.stack.insert(at.min(self.stack.len()), work);
        Ok(Opening::Begun)
    }
}

/// The standing of an object of a type that weak references or finalisers may go with. Who can tell when a
/// temporary is freed can tell that C's memo keeps it; and a weak reference hands it over again.
#[inline(always)]
pub fn seen_weakly(obj: View<'_>, standing: Standing) -> Standing {
    if matches!(standing.holding, Holding::Temporary) && obj.dies_visibly() {
        return standing.seen();
    }
    standing
}

impl Opener for Nest<'_> {
    #[inline(always)]
    fn is_tired(&self) -> bool {
        self.budget == 0
    }

    #[inline(never)]
    fn open(
        &mut self,
        part: View<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if !writer.direct || !writer.begin_object()? {
            return Ok(Opening::Refused);
        }
        if writer.plain
            && standing.is_ordinary()
            && let Some(opening) = self.open_plainly(part, standing.holding, writer)?
        {
            return Ok(opening);
        }
        if self.fetch(part, standing.holding, writer)? {
            return Ok(Opening::Whole);
        }
        let has = |builtin| writer.opened.has(builtin);
        let opening = match part.kind() {
            Kind::Dict(dict) if has(Builtin::Dict) => {
                if !self.enter(dict.len()) {
                    return Ok(Opening::Refused);
                }
                self.open_dict(part, dict, standing, writer)
            }
            Kind::List(list) if has(Builtin::List) => {
                if !self.enter(list.len()) {
                    return Ok(Opening::Refused);
                }
                self.open_list(part, list, standing, writer)
            }
            Kind::Tuple(tuple) => {
                if !self.enter(tuple.len()) {
                    return Ok(Opening::Refused);
                }
                self.open_items(tuple, standing, writer)
            }
            Kind::Set(set) if writer.protocol.is_framed() && has(Builtin::Set) => {
                if !self.enter(set.len()) {
                    return Ok(Opening::Refused);
                }
                self.open_set(part, set, standing, writer)
            }
            Kind::FrozenSet(set) if writer.protocol.is_framed() && has(Builtin::FrozenSet) => {
                if !self.enter(set.len()) {
                    return Ok(Opening::Refused);
                }
                self.open_frozenset(part, set, standing, writer)
            }
            Kind::Other => {
                if !self.enter(1) {
                    return Ok(Opening::Refused);
                }
                self.open_instance(part, standing, writer)
            }
            _ => return Ok(self.ask(part, standing, None)),
        };
        self.leave();
        opening
    }
}
