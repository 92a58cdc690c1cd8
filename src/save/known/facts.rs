//! What is known of a class besides its plan: what the reduce values of its instances say.

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, ClassVersion, Function, SeenNames, Slots, View};
use crate::save::instances::plain::{Making, Plain};

/// A class of which it is known how its instances are written, as long as they are leaves or have none but
/// leaves for parts. All else goes by the class's plan.
pub enum Known {
    /// A type of `datetime`, whose reduce value has a value's own bytes or numbers.
    Date,
    /// A tuple with names, whose `__getnewargs__` gives its items.
    NamedTuple(NamedTuple),
    Node(Node),
    Uuid(Box<Uuid>),
    /// A call of the class with two numbers, `numerator` and `denominator`.
    Fraction(Fraction),
    Counter(Counter),
    Array(Box<Arrays>),
    DefaultDict,
    OrderedDict,
    Deque,
    Decimal,
}

/// A method of a class, written in Python, whose code is known.
pub struct Method {
    pub names: SeenNames,
    pub name: Held,
    pub code: Held,
}

impl Method {
    /// The method, if it is still what it was.
    #[inline(always)]
    pub fn found<'q>(&self, class: Class<'q>, quiet: &Quiet) -> Option<Function<'q>> {
        let names = class.names_as_seen(self.names)?;
        let function = names.get(self.name.view(quiet))?.as_function()?;
        // Code can be exchanged without a change of the class.
        function
            .code()
            .is(self.code.view(quiet))
            .then_some(function)
    }
}

/// The function that stands for NEWOBJ, which `object.__reduce_ex__` looks up in `copyreg` for each object.
pub struct NewObject {
    /// The contents of `copyreg`, the function's name, and the function.
    pub contents: Held,
    pub name: Held,
    pub function: Held,
}

impl NewObject {
    /// Whether `copyreg` has the function still.
    #[inline(always)]
    pub fn stands(&self, quiet: &Quiet) -> bool {
        let contents = self.contents.view(quiet).as_dict();
        let found = contents.and_then(|contents| contents.get_named(self.name.view(quiet)));
        found.is_some_and(|found| found.is(self.function.view(quiet)))
    }
}

/// A node of a syntax tree: a call of the class, and the `__dict__`.
pub struct Node {
    pub plain: Plain,
    /// The names for which the class is called with None, up to the first that the `__dict__` has not: exact
    /// strings. Up to 3.12 there are none.
    pub fields: Option<Held>,
}

impl Node {
    /// How an instance is made; None where its class is called with too many arguments, or where the `__dict__` has
    /// other keys than exact strings.
    #[inline(always)]
    pub fn making(&self, obj: View<'_>, quiet: &Quiet) -> Option<Making> {
        let Some(fields) = &self.fields else {
            return Some(Making::Call { nones: 0 });
        };
        let fields = fields.view(quiet).as_tuple()?.items();
        let dict = obj.instance_dict().ok()??;
        if !dict.has_text_keys() {
            return None;
        }
        let found = |field: &&Option<View<'_>>| field.is_some_and(|f| dict.get_named(f).is_some());
        let nones = fields.iter().take_while(found).count();
        (nones <= MOST_NONES).then_some(Making::Call { nones })
    }
}

/// As many fields as a node of the interpreter's has, and some more.
const MOST_NONES: usize = 16;

/// What the reduce value of a tuple with names rests on.
pub struct NamedTuple {
    pub getnewargs: Method,
    pub newobj: NewObject,
}

/// What the `__reduce__` of `collections.Counter` rests on.
pub struct Counter {
    pub reduce: Method,
    /// The name `dict`.
    pub dict: Held,
}

impl Counter {
    /// Whether an instance's `__reduce__` still makes an exact dict of it, and no more.
    pub fn makes_dict(&self, class: Class<'_>, quiet: &Quiet) -> bool {
        let dict = self.dict.view(quiet);
        self.reduce.found(class, quiet).is_some_and(|function| {
            let globals = function.globals().filter(|globals| globals.has_text_keys());
            globals.is_some_and(|globals| globals.get_named(dict).is_none())
                && function
                    .builtins()
                    .and_then(|builtins| builtins.get_named(dict))
                    .is_some_and(View::is_dict_type)
        })
    }
}

/// What the `__reduce__` of `fractions.Fraction` rests on, and where an instance keeps its numbers.
pub struct Fraction {
    pub reduce: Method,
    pub slots: Slots,
}

/// What the `__getstate__` of `uuid.UUID` rests on.
pub struct Uuid {
    pub getstate: Method,
    pub newobj: NewObject,
    /// Where an instance keeps `int` and `is_safe`.
    pub slots: Slots,
    /// The key of the state.
    pub int: Held,
    /// The name of `uuid.SafeUUID`, and what had that name.
    pub safe_uuid: Held,
    pub safe: (usize, Option<ClassVersion>),
    /// The member `SafeUUID.unknown`; None where a comparison with it has to be asked for.
    pub unknown: Option<usize>,
}

impl Uuid {
    /// What has the name of `uuid.SafeUUID` now: its address, and the version of a class. None where the method is
    /// another than it was.
    #[inline(always)]
    pub fn safe_now(
        &self,
        class: Class<'_>,
        quiet: &Quiet,
    ) -> Option<(usize, Option<ClassVersion>)> {
        let globals = self.getstate.found(class, quiet)?.globals()?;
        let safe = globals.get_named(self.safe_uuid.view(quiet))?;
        Some((safe.address(), safe.as_class().and_then(Class::version)))
    }
}

impl Known {
    /// Whether something besides the class itself has changed, so that another look may tell something else.
    pub fn is_stale(&self, class: Class<'_>, quiet: &Quiet) -> bool {
        match self {
            Known::Uuid(uuid) => uuid
                .safe_now(class, quiet)
                .is_some_and(|now| now != uuid.safe),
            _ => false,
        }
    }
}

/// What the reduce value of an array rests on.
pub struct Arrays {
    /// The contents of numpy's module, the name of the function that makes an empty array, and that function.
    pub contents: Held,
    pub name: Held,
    pub reconstruct: Held,
    /// The bytes `b`, which the function is called with.
    pub code: Held,
    /// The names `flags` and `nbytes`.
    pub flags: Held,
    pub nbytes: Held,
}
