//! What a pickler is between two passages of the gate: options, hooks, writer, work stack.

use pickle_format::protocol::Protocol;

use crate::fast::class_table::SeenTable;
use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::gate::progress::Progress;
use crate::interpreter::face::{Face, GlobalStyle};
use crate::save::containers::open::Nest;
use crate::save::globals::known::KnownGlobals;
use crate::save::globals::references::GlobalReferences;
use crate::save::hooks::Hooks;
use crate::save::instances::plans::PlanCache;
use crate::save::next::{Due, Next, Questions};
use crate::save::older_save::OlderSaves;
use crate::save::standing::Standing;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

/// Work items for which a state keeps room between two dumps, of some 150 bytes each.
const MAX_ROOM: usize = 64;

/// Everything that one pickler owns.
pub struct State {
    pub writer: Writer,
    pub style: GlobalStyle,
    pub fix_imports: bool,
    pub hooks: Hooks,
    /// The pickler's `save` as it was read by whoever is at work on the stack since before it was exchanged.
    pub older_saves: OlderSaves,
    /// `file.write`, or None for `dumps`.
    pub write: Option<Held>,
    /// Whether `write` is known to run no Python code.
    pub writes_natively: bool,
    pub buffer_callback: Option<Held>,
    /// Who is told how far a dump has got.
    pub progress: Option<Box<Progress<Held>>>,
    pub stack: Vec<Work>,
    /// What is to be saved before the work on top of the stack goes on.
    pub due: Option<Due>,
    /// Items below this one have their open batch taken out already (hookable face).
    batches_taken: usize,
    /// How many walks are nested on this stack.
    pub depth: usize,
    /// What was seen of the dispatch table in use.
    pub table: SeenTable,
    /// What was seen of `dispatch`, the pickler's methods by type.
    pub methods: SeenTable,
    pub references: GlobalReferences,
    /// Under which names classes were found.
    pub globals: KnownGlobals,
    pub plans: PlanCache,
}

impl State {
    /// `keeps_memo` says that the pickler outlives its dump.
    pub fn new(face: Face, protocol: Protocol, fix_imports: bool, keeps_memo: bool) -> Self {
        Self {
            writer: Writer::new(face, protocol, keeps_memo),
            style: GlobalStyle::Interpreter,
            fix_imports: fix_imports && protocol.number() < 3,
            hooks: Hooks::default(),
            older_saves: OlderSaves::default(),
            write: None,
            writes_natively: false,
            buffer_callback: None,
            progress: None,
            stack: Vec::new(),
            due: None,
            batches_taken: 0,
            depth: 0,
            table: SeenTable::default(),
            methods: SeenTable::default(),
            references: GlobalReferences::default(),
            globals: KnownGlobals::default(),
            plans: PlanCache::default(),
        }
    }

    /// Makes the choices of `new` for a state that began anew.
    pub fn choose(&mut self, face: Face, protocol: Protocol, fix_imports: bool, keeps_memo: bool) {
        self.fix_imports = fix_imports && protocol.number() < 3;
        self.writer.choose(face, protocol, keeps_memo);
    }

    /// Makes it what `new` gives, but for the choices, for room, and for what was seen of classes and tables, which
    /// are known again by their versions. Gives up what it holds, which may run Python code.
    pub fn begin_anew(&mut self) {
        // Every field is named, so that none is forgotten.
        let Self {
            writer,
            style,
            fix_imports: _,
            hooks,
            older_saves,
            write,
            writes_natively,
            buffer_callback,
            progress,
            stack: _,
            due,
            batches_taken,
            depth: _,
            table: _,
            methods: _,
            references,
            globals: _,
            plans: _,
        } = self;
        *style = GlobalStyle::Interpreter;
        hooks.begin_anew();
        if !older_saves.is_empty() {
            *older_saves = OlderSaves::default();
        }
        (*write, *buffer_callback, *due) = (None, None, None);
        if progress.is_some() {
            *progress = None;
        }
        *writes_natively = false;
        *batches_taken = 0;
        *references = GlobalReferences::default();
        writer.begin_anew();
        writer.memo.begin_anew();
        self.drop_work();
    }

    /// Forgets the work that a dump which failed has left.
    pub fn drop_work(&mut self) {
        self.stack.clear();
        if self.stack.capacity() > MAX_ROOM {
            self.stack = Vec::new();
        }
        self.depth = 0;
    }

    /// Finds out whether leaves may be written without asking anybody.
    #[inline(always)]
    pub fn refresh_direct(&mut self) {
        let writer = &self.writer;
        let is_direct = self.hooks.are_quiet
            && !writer.atoms_memoized
            && writer.binary
            && writer.protocol.is_binary()
            && (matches!(writer.face, Face::Lean) || self.hooks.seen_at == writer.passages);
        self.writer.set_direct(is_direct);
        self.writer.opened = self.hooks.opened;
    }

    /// Whether the persistent id is all that is to be asked of leaves, lists, dicts and tuples, by what was looked up
    /// since the gate was passed, and leaves are written in their binary forms.
    #[inline(always)]
    pub fn asks_ids_alone(&self) -> bool {
        let writer = &self.writer;
        let is_seen = matches!(writer.face, Face::Lean) | (self.hooks.seen_at == writer.passages);
        (self.hooks.asks_ids_alone & is_seen & !writer.atoms_memoized)
            && (writer.binary & writer.protocol.is_binary())
            && (writer.asked.is_none() & self.older_saves.is_empty())
    }

    /// Whether that was so, and still is, after a hook was asked.
    #[inline(always)]
    pub fn still_asks_ids_alone(&mut self, pickler: Option<&Held>, quiet: &Quiet) -> bool {
        let Some(pickler) = pickler.filter(|_| matches!(self.writer.face, Face::Hookable)) else {
            return self.asks_ids_alone();
        };
        if !self.hooks.stand(pickler, quiet) {
            return false;
        }
        // What the instance's dict tells of the forms in which leaves are written is the same, too.
        self.hooks.seen_at = self.writer.passages;
        (self.hooks.asks_ids_alone & !self.writer.atoms_memoized) && self.older_saves.is_empty()
    }

    /// Notes that an object is to be saved next, of which all is to be asked.
    pub fn save_next(&mut self, obj: Held, standing: Standing) {
        self.due = Some(Due {
            obj,
            standing,
            questions: Questions::All,
        });
    }

    /// What to do after something was opened: what it holds may be due.
    #[inline(always)]
    pub fn next(&self) -> Next {
        if self.due.is_some() {
            Next::Save
        } else {
            Next::Step
        }
    }

    /// Puts a work item on the stack.
    ///
    /// # Errors
    /// Where there is no memory.
    #[inline(always)]
    pub fn push(&mut self, work: Work) -> Result<(), crate::save::fault::Fault> {
        self.make_room()?;
        self.stack.push(work);
        Ok(())
    }

    /// Makes room for a work item.
    ///
    /// # Errors
    /// Where there is no memory.
    #[inline(always)]
    pub fn make_room(&mut self) -> Result<(), crate::save::fault::Fault> {
        if self.stack.len() == self.stack.capacity() {
            let more = self.stack.len().max(16);
            let reserved = self.stack.try_reserve(more);
            reserved.map_err(|_| crate::save::fault::Fault::NoMemory)?;
        }
        Ok(())
    }

    /// What opens parts without asking anybody, beside the writer that it writes to.
    #[inline(always)]
    pub fn nest<'a>(
        &'a mut self,
        copyreg_table: View<'a>,
        quiet: &'a Quiet,
    ) -> (&'a mut Writer, Nest<'a>) {
        let found = &self.hooks.found;
        let dispatch = found.dispatch.as_ref();
        let asks = found.reducer_override.is_some()
            || dispatch.is_some_and(|dispatch| !dispatch.leaves_instances_alone());
        let table = match &self.hooks.found.dispatch_table {
            Some(table) => table.view(quiet),
            None => copyreg_table,
        };
        let table = if asks { None } else { table.as_dict() };
        let silence = &self.hooks.found.silence;
        let silence = silence.is_declared().then_some(silence);
        let mut nest = Nest::new(
            &mut self.stack,
            &mut self.due,
            &mut self.plans,
            &mut self.table,
            table,
            quiet,
        );
        nest.silence = silence;
        (&mut self.writer, nest)
    }

    /// On the hookable face a batch is what the container held when the batch began.
    #[inline(always)]
    pub fn take_batches(&mut self, quiet: &Quiet) {
        if self.batches_taken < self.stack.len() {
            self.take_more_batches(quiet);
        }
    }

    fn take_more_batches(&mut self, quiet: &Quiet) {
        let first = self.batches_taken.min(self.stack.len());
        for work in &mut self.stack[first..] {
            work.take_batch(&mut self.writer.rooms, quiet);
        }
        self.batches_taken = self.stack.len();
    }

    /// The work on top of the stack may begin another batch.
    #[inline(always)]
    pub fn note_top(&mut self) {
        self.batches_taken = self.batches_taken.min(self.stack.len().saturating_sub(1));
    }
}
