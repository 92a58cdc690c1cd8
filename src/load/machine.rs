//! A load under way: what it works on, and the way out to Python code and back.

use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::arenas::LargeArenas;
use crate::fast::instance::instance_dict;
use crate::gate::home::Home;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::attributes::Attributes;
use crate::load::carried::Carried;
use crate::load::collector::Pause;
use crate::load::input::Input;
use crate::load::known::KnownMethods;
use crate::load::lists::Below;
use crate::load::meter::Meter;
use crate::load::premises::Premises;
use crate::load::settings::Settings;
use crate::load::stack::Stack;
use crate::load::state::State;

/// Ticks before the collector is paused: shorter pickles do not earn the pause.
const TICKS_BEFORE_PAUSE: u32 = 256;

/// Memo entries after which a load looks ahead for the indices that the rest of the pickle fetches. The
/// look takes a pass over the pickle, which small pickles, and those that memoize little, would not win
/// back.
pub const ENTRIES_BEFORE_LOOKING_AHEAD: usize = 256;

/// The way home for a state.
struct WayHome<'py, 'h> {
    home: &'h Home<State>,
    /// The unpickler that hooks see as `self`.
    unpickler: &'h Bound<'py, PyAny>,
}

/// A load under way.
pub struct Machine<'py, 'h> {
    pub py: Python<'py>,
    pub input: Input<'h>,
    pub stack: Stack<'py>,
    /// The memo and whatever else goes home while Python code runs.
    pub state: Carried,
    pub face: Face,
    pub imports: &'static Imports,
    pub settings: &'h Settings,
    /// Where the state goes; None in a load by a function, and once the state was not found again.
    way: Option<WayHome<'py, 'h>>,
    /// `persistent_load`, where it is overridden, on the face that looks it up once.
    pub persistent_load: Option<Bound<'py, PyAny>>,
    /// The memo indices that the rest of the pickle fetches, once the load has looked ahead.
    pub fetched: Option<Fetched>,
    /// What is known of classes whose instances were built.
    pub attributes: Attributes<'py>,
    /// What is known of methods that are called again and again.
    pub known_methods: KnownMethods<'py>,
    /// Frames are minded: each is read to its end before the next begins.
    pub minds_frames: bool,
    /// Where the present opcode stands, and which it is; None while it is being read.
    pub opcode_at: usize,
    pub opcode: Option<Opcode>,
    pub pause: Option<Pause<'py>>,
    /// Large pages for what is made, once it is known to be much.
    pub arenas: Option<LargeArenas<'py>>,
    /// The file was asked how many bytes are left.
    pub has_asked_file: bool,
    /// Who is told how far the load has got.
    pub meter: Option<Box<Meter<'py>>>,
    /// Ticks until `tick` is due: one for each opcode, and for each byte of plain ones.
    pub ticks: u32,
    /// Ticks from then on until it is due again: Python code has run, and what it did comes first.
    pub later_ticks: u32,
    /// The memo is the unpickler's attribute.
    pub memo_is_shown: bool,
    /// What the load rests on, on the hookable face; and whether a hook has run since it was looked at.
    pub premises: Option<Premises<'py>>,
    pub hook_has_run: bool,
    /// Some opcodes are left to functions of the unpickler's dispatch.
    pub has_handlers: bool,
    /// An error of what goes on around a passage of the gate, to be raised before the next opcode.
    pub pending: Option<PyErr>,
}

impl<'py, 'h> Machine<'py, 'h> {
    /// A machine at the first byte.
    #[inline(always)]
    pub fn new(
        py: Python<'py>,
        imports: &'static Imports,
        input: Input<'h>,
        mut state: Box<State>,
        way: Option<(&'h Home<State>, &'h Bound<'py, PyAny>)>,
    ) -> Self {
        let values = std::mem::take(&mut state.values);
        let marks = std::mem::take(&mut state.marks);
        let settings = input.settings;
        let face = settings.face;
        Self {
            py,
            input,
            stack: Stack::in_room(py, values, marks),
            state: Carried(Some(state)),
            face,
            imports,
            settings,
            way: way.map(|(home, unpickler)| WayHome { home, unpickler }),
            persistent_load: None,
            fetched: None,
            attributes: Attributes::default(),
            known_methods: KnownMethods::default(),
            minds_frames: face == Face::Hookable || imports.lean.minds_frames,
            opcode_at: 0,
            opcode: None,
            pause: None,
            arenas: None,
            has_asked_file: false,
            meter: None,
            ticks: TICKS_BEFORE_PAUSE,
            later_ticks: 0,
            memo_is_shown: false,
            premises: None,
            hook_has_run: false,
            has_handlers: false,
            pending: None,
        }
    }

    /// Gives the unpickler's state out, with the room of the stack if that is empty; None if another load took it
    /// away.
    pub fn give_state_back(&mut self) -> Option<Box<State>> {
        self.way.as_ref()?;
        let mut state = self.state.0.take()?;
        if self.stack.len() == 0 && !self.stack.has_lists() {
            (state.values, state.marks) = self.stack.take_room();
        }
        Some(state)
    }

    /// The unpickler that hooks see as `self`; None in a load by a function.
    #[inline(always)]
    pub fn unpickler(&self) -> Option<&'h Bound<'py, PyAny>> {
        self.way.as_ref().map(|way| way.unpickler)
    }

    /// The unpickler, and the home of its state.
    pub fn owner(&self) -> Option<(&'h Bound<'py, PyAny>, &'h Home<State>)> {
        self.way.as_ref().map(|way| (way.unpickler, way.home))
    }

    /// Runs `call`, which may run any Python code, with the state at home.
    #[inline(always)]
    pub fn leave<R>(&mut self, call: impl FnOnce(Python<'py>) -> R) -> R {
        self.put_state_home();
        let result = call(self.py);
        self.take_state_back();
        result
    }

    #[inline(always)]
    fn put_state_home(&mut self) {
        self.give_back();
        if let Some(way) = &self.way
            && let Some(mut state) = self.state.0.take()
        {
            if let Some(shown) = &mut state.shown {
                if self.stack.has_lists() {
                    let noted = self.premises.as_mut();
                    let noted = noted.filter(|premises| premises.has_noted_entries());
                    let dict = instance_dict(way.unpickler.as_borrowed());
                    let laid_down = dict.and_then(|dict| self.stack.lay_down(&dict));
                    self.pending = self.pending.take().or(laid_down.err());
                    if let Some(premises) = noted {
                        premises.note_entries();
                    }
                } else {
                    shown.stack = self.stack.rest();
                }
            }
            way.home.put(state);
        }
    }

    /// Has the file stand where upstream's code would have left it.
    #[inline(always)]
    pub fn give_back(&mut self) {
        if self.input.has_taken_ahead()
            && let Err(error) = self.input.give_back(self.py)
        {
            self.pending = Some(error);
            self.tick_soon();
        }
    }

    /// Nothing comes back where another load has taken the state away, as Python code that switches
    /// stacks can bring about: then the load fails at its end.
    #[inline(always)]
    fn take_state_back(&mut self) {
        let Some(way) = &self.way else {
            return;
        };
        match way.home.take(self.py) {
            Ok(state) => {
                self.state.0 = Some(state);
                self.look_at_what_is_shown();
            }
            Err(error) => {
                self.way = None;
                self.state.0 = Some(Box::default());
                self.pending = Some(error);
                self.tick_soon();
            }
        }
    }

    /// Goes on with the stack, wherever it is by now, and has it looked at before the next opcode what Python
    /// code has done to the unpickler.
    #[inline(always)]
    fn look_at_what_is_shown(&mut self) {
        let Some(shown) = &mut self.state.shown else {
            return;
        };
        self.memo_is_shown = shown.has_memo;
        if shown.has_lists {
            self.go_on_above_lists();
        } else {
            self.stack = std::mem::take(&mut shown.stack).go_on(self.py);
        }
        self.tick_soon();
    }

    #[cold]
    #[inline(never)]
    fn go_on_above_lists(&mut self) {
        let below = self.instance_dict().and_then(|dict| Below::of(&dict));
        match below {
            Ok(below) => self.stack = Stack::above(below),
            Err(error) => self.pending = Some(error),
        }
    }

    /// The unpickler's `__dict__`.
    ///
    /// # Errors
    /// RuntimeError where there is none any more.
    pub fn instance_dict(&self) -> PyResult<Bound<'py, PyDict>> {
        match self.unpickler() {
            Some(unpickler) => instance_dict(unpickler.as_borrowed()),
            None => Err(Home::<State>::in_use()),
        }
    }

    /// Has `tick` called before the next opcode.
    #[inline(always)]
    pub fn tick_soon(&mut self) {
        if self.later_ticks == 0 {
            self.later_ticks = self.ticks;
            self.ticks = 1;
        }
    }

    /// As `leave`, for a call that may wait for something outside of the process, or for another
    /// thread: meanwhile the collector is as the user left it.
    pub fn leave_and_wait<R>(&mut self, call: impl FnOnce(Python<'py>) -> R) -> R {
        self.interrupt_pause();
        let result = self.leave(call);
        self.go_on_with_pause();
        result
    }

    /// Lets the input run Python code, the file's, with the state at home, and wait for bytes.
    pub fn read_from_file<R>(&mut self, read: impl FnOnce(&mut Input<'h>) -> R) -> R {
        // A `BytesIO`'s own methods run no Python code, and have nothing to wait for.
        let Some(file) = self.settings.file.as_ref().filter(|file| file.waits) else {
            return read(&mut self.input);
        };
        let waits = self.pause.is_some() && file.may_wait(self.py);
        if waits {
            self.interrupt_pause();
        }
        self.put_state_home();
        let result = read(&mut self.input);
        self.take_state_back();
        if waits {
            self.go_on_with_pause();
        }
        self.look_soon();
        result
    }

    fn interrupt_pause(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.interrupt();
        }
    }

    fn go_on_with_pause(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.go_on();
        }
    }

    /// Gives out the state of a load by a function, with the room of the stack. What is left there is released, which
    /// may run Python code.
    #[inline(always)]
    pub fn give_state_out(&mut self) -> Option<Box<State>> {
        let mut state = self.state.0.take()?;
        (state.values, state.marks) = self.stack.take_room();
        Some(state)
    }
}
