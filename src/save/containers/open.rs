//! What is opened without asking anybody: containers, and plain instances of which a plan says all.

use std::sync::Arc;

use crate::fast::class_table::SeenTable;
use crate::fast::fresh::boxed;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, Kind, List, Set, Tuple, View};
use crate::save::containers::batch::{Batched, MAX_STEP, Opener, Opening, Rest};
use crate::save::containers::dict::open_dict;
use crate::save::containers::list::open_list;
use crate::save::containers::set::open_set;
use crate::save::containers::tuple::open_tuple;
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::hooks::silence::Silence;
use crate::save::instances::instance::{Planned, open_instance};
use crate::save::instances::plain::Plain;
use crate::save::instances::plan::{OPCODE_FUNCTIONS, Plan, PlanKind};
use crate::save::instances::plans::PlanCache;
use crate::save::known::facts::Known;
use crate::save::known::open::write_known;
use crate::save::next::{Due, Questions};
use crate::save::standing::Standing;
use crate::save::work::Work;
use crate::save::write::writer::Writer;
use pickle_format::opcode::Opcode;

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
    due: &'a mut Option<Due>,
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

    /// Notes that somebody has to be asked about a part, which is not in the memo.
    #[inline(always)]
    fn ask(&mut self, part: View<'_>, standing: Standing, plan: Option<Arc<Plan>>) -> Opening {
        *self.due = Some(Due {
            obj: part.hold(),
            standing,
            questions: match plan {
                Some(plan) => Questions::Planned(plan),
                // Somebody has to be asked before it is looked up.
                None if self.silence.is_some() => Questions::All,
                None => Questions::AllOfNew,
            },
        });
        Opening::Begun
    }

    /// Opens an instance of whose class nobody registered a reducer, and a plan says all.
    #[inline(always)]
    fn open_instance(
        &mut self,
        obj: View<'_>,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if self
            .silence
            .is_some_and(|silence| !silence.is_silent(obj, self.quiet))
        {
            return Ok(self.ask(obj, standing, None));
        }
        let Some(plan) = self.plan_of(obj) else {
            return Ok(self.ask(obj, standing, None));
        };
        let plain = match (&plan.kind, &plan.known) {
            (PlanKind::Plain(plain), _) => Some(plain),
            (_, Some(Known::Node(plain))) if !obj.class().may_be_named(OPCODE_FUNCTIONS) => {
                Some(plain)
            }
            _ => None,
        };
        if writer.plain
            && standing.is_ordinary()
            && let Some(plain) = plain
            && plain.slots.is_empty()
        {
            let (has_dict, making) = (plain.has_dict, plain.making);
            let opening =
                self.open_plain_instance(obj, has_dict, making, standing.holding, writer)?;
            return Ok(match opening {
                Some(opening) => opening,
                None => self.ask(obj, standing, None),
            });
        }
        let plan = plan.clone();
        let standing = seen_weakly(obj, standing);
        if let PlanKind::Plain(plain) = &plan.kind {
            return self.open_plain(obj, plain, standing, writer);
        }
        match &plan.known {
            Some(Known::Node(plain)) if !obj.class().may_be_named(OPCODE_FUNCTIONS) => {
                return self.open_plain(obj, plain, standing, writer);
            }
            Some(known)
                if self.silence.is_none()
                    && write_known(obj, known, standing.holding, writer, self.quiet)? =>
            {
                return Ok(Opening::Whole);
            }
            _ => {}
        }
        Ok(self.ask(obj, standing, Some(plan)))
    }

    /// Writes a GET for an object that is in the memo, where somebody may have to be asked about such, but nobody
    /// about this one.
    ///
    /// # Errors
    /// What writing fails with.
    pub fn fetch(
        &self,
        obj: View<'_>,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<bool, Fault> {
        if !writer.direct || !writer.minds_met || !holding.is_shared() {
            return Ok(false);
        }
        let is_silent = |silence: &Silence| silence.is_silent_of_met(obj, self.quiet);
        Ok(self.silence.is_some_and(is_silent)
            && writer.begin_object()?
            && writer.get_memoized(obj)?)
    }

    /// The plan for an object of whose class nobody registered a reducer.
    #[inline(always)]
    fn plan_of(&mut self, obj: View<'_>) -> Option<&Arc<Plan>> {
        let table = self.table.view(self.dispatch_table?, self.quiet)?;
        self.plans.unregistered(obj.class(), table)
    }

    /// Opens an instance of which a plan says all.
    #[inline(never)]
    fn open_plain(
        &mut self,
        obj: View<'_>,
        plain: &Plain,
        standing: Standing,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if plain.has_dict && !writer.opened.has(Builtin::Dict) {
            return Ok(self.ask(obj, standing, None));
        }
        let at = self.stack.len();
        match open_instance(obj, plain, standing, writer, self.quiet)? {
            Planned::NotOpened => Ok(self.ask(obj, standing, None)),
            Planned::Whole => Ok(Opening::Whole),
            Planned::State(state, inside, holding) => {
                // There is room in the frame where a full one would have to go to the file.
                writer.begin_object()?;
                let is_shared = inside.holding.is_shared();
                let opening = if is_shared && writer.get_memoized(state)? {
                    Opening::Whole
                } else {
                    self.open_container(state, state.kind(), inside, writer)?
                };
                if matches!(opening, Opening::Whole) {
                    writer.opcode(Opcode::BUILD)?;
                    return Ok(Opening::Whole);
                }
                let obj = obj.hold();
                self.insert(at, Work::Build { obj, holding })
            }
        }
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
