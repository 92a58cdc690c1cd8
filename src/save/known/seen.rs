//! What a class says of how its instances are reduced, read without asking Python code.

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, Kind, Names, Slots, View};
use crate::save::instances::plain::{Making, Plain};
use crate::save::instances::plan::PlanKind;
use crate::save::known::facts::Method;
use crate::save::vocabulary::Vocabulary;

/// As `oxipickle._known` calls them.
pub const NAMED_TUPLE: &str = "named tuple";
pub const FRACTION: &str = "Fraction";
pub const COUNTER: &str = "Counter";
pub const UUID: &str = "UUID";

/// A class, and what it and its bases define.
pub struct Seen<'a, 'q> {
    pub class: Class<'q>,
    pub names: Names<'q>,
    pub vocabulary: &'a Vocabulary,
    pub quiet: &'q Quiet,
}

impl<'a, 'q> Seen<'a, 'q> {
    fn get(&self, name: &Held) -> Option<View<'q>> {
        self.names.get(name.view(self.quiet))
    }

    fn are_of(&self, base: View<'q>, names: &[&Held]) -> bool {
        let base = base.as_class().and_then(Class::names);
        base.is_some_and(|base| {
            names.iter().all(|name| {
                let (found, own) = (self.get(name), base.get(name.view(self.quiet)));
                found.is_some_and(|found| own.is_some_and(|own| own.is(found)))
            })
        })
    }

    /// A method written in Python.
    pub fn method(&self, name: &Held) -> Option<Method> {
        let function = self.get(name)?.as_function()?;
        Some(Method {
            names: self.class.seen_names()?,
            name: name.again(self.quiet),
            code: function.code().hold(),
        })
    }

    /// Which method of a class has to be looked at, and as what it may be known.
    pub fn known_name(&self, kind: &PlanKind) -> Option<(&'a Held, &'static str)> {
        let words = self.vocabulary;
        match kind {
            PlanKind::Getstate { has_dict: false } => Some((&words.getstate, UUID)),
            PlanKind::ReduceEx if self.is_reduced_as_tuple() => {
                Some((&words.getnewargs, NAMED_TUPLE))
            }
            PlanKind::ReduceEx | PlanKind::Reduce(_) if self.is_reduced_as_dict() => {
                Some((&words.reduce, COUNTER))
            }
            PlanKind::Reduce(_) if self.is_called_without_attributes() => {
                Some((&words.reduce, FRACTION))
            }
            _ => None,
        }
    }

    /// Whether `object.__reduce_ex__` reduces instances, which are tuples with nothing besides their items, and may
    /// be made anew from arguments.
    fn is_reduced_as_tuple(&self) -> bool {
        let words = self.vocabulary;
        let object = words.object.view(self.quiet);
        let own = [
            &words.reduce_ex,
            &words.reduce,
            &words.getstate,
            &words.class,
        ];
        let slotnames = self.class.contents();
        let slotnames =
            slotnames.and_then(|own| own.get_named(words.slotnames.view(self.quiet))?.as_list());
        self.class.is_plain()
            && self.class.iterates_as_tuple()
            && self.class.finds_attributes_ordinarily()
            && self.are_of(object, &own)
            && self.get(&words.getnewargs_ex).is_none()
            && self.get(&words.dict).is_none()
            && slotnames.is_some_and(|names| names.len() == 0)
    }

    /// Whether `object.__reduce_ex__` asks the `__reduce__` of instances, which are dicts, and `dict` makes an exact one
    /// of their entries.
    fn is_reduced_as_dict(&self) -> bool {
        let words = self.vocabulary;
        let object = words.object.view(self.quiet);
        self.class.is_plain()
            && self.class.iterates_as_dict()
            && self.class.finds_attributes_ordinarily()
            && self.are_of(object, &[&words.reduce_ex, &words.class])
    }

    /// Whether `object.__reduce_ex__` asks the `__reduce__` of instances, which have no attributes but slots, and the
    /// class has the name that `type` says.
    fn is_called_without_attributes(&self) -> bool {
        let words = self.vocabulary;
        let object = words.object.view(self.quiet);
        // The metaclass of `object` is `type`.
        let names = [self.class.object(), object]
            .map(|class| class.class().names()?.get(words.name.view(self.quiet)));
        matches!(names, [Some(own), Some(of_type)] if own.is(of_type))
            && self.get(&words.dict).is_none()
            && self.are_of(object, &[&words.reduce_ex, &words.class])
    }

    /// The names of a node's fields, where they are a tuple of exact strings.
    pub fn fields(&self) -> Option<Held> {
        let fields = self.get(&self.vocabulary.fields)?;
        let Kind::Tuple(names) = fields.kind() else {
            return None;
        };
        let is_exact = |name: &Option<View<'_>>| name.is_some_and(|name| name.as_text().is_some());
        names.items().iter().all(is_exact).then(|| fields.hold())
    }

    /// Where instances keep the numbers of a fraction.
    pub fn numbers(&self) -> Option<Slots> {
        let words = self.vocabulary;
        let numerator = self.get(&words.numerator)?;
        let denominator = self.get(&words.denominator)?;
        self.class.slots(&[numerator, denominator])
    }

    /// For what may be a node of a syntax tree, with its `__reduce__`: that calls the class without arguments or with
    /// None for fields, and has the `__dict__` for its state.
    pub fn node(&self) -> Option<(Plain, Held)> {
        let words = self.vocabulary;
        let reduce = self.get(&words.reduce)?;
        let getset = words.getset_type.view(self.quiet);
        let object = words.object.view(self.quiet);
        let is_node = self.class.is_plain()
            && self.class.finds_attributes_ordinarily()
            && self.are_of(object, &[&words.reduce_ex, &words.class])
            && reduce.is_method_descriptor()
            && reduce.as_function().is_none()
            && !self.are_of(object, &[&words.reduce])
            && self.get(&words.dict)?.class().object().is(getset);
        let node = Plain {
            has_dict: true,
            names: Vec::new(),
            slots: self.class.slots(&[])?,
            making: Making::Call { nones: 0 },
        };
        is_node.then(|| (node, reduce.hold()))
    }
}
