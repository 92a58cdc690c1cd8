//! What a plan says, read off a class.

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, Kind, Names, View};
use crate::save::instances::plain::{Making, Plain};
use crate::save::instances::plan::PlanKind;
use crate::save::vocabulary::Vocabulary;

/// A class whose attributes are looked up without running Python code.
struct Readable<'a, 'q> {
    class: Class<'q>,
    names: Names<'q>,
    object: Names<'q>,
    vocabulary: &'a Vocabulary,
    quiet: &'q Quiet,
}

impl<'a, 'q> Readable<'a, 'q> {
    fn new(class: Class<'q>, vocabulary: &'a Vocabulary, quiet: &'q Quiet) -> Option<Self> {
        Some(Self {
            class,
            names: class.names()?,
            object: vocabulary.object.view(quiet).as_class()?.names()?,
            vocabulary,
            quiet,
        })
    }

    fn get(&self, name: &Held) -> Option<View<'q>> {
        self.names.get(name.view(self.quiet))
    }

    /// Whether what the class has under this name is what `object` has.
    fn is_of_object(&self, name: &Held) -> bool {
        let own = self.object.get(name.view(self.quiet));
        match (self.get(name), own) {
            (Some(found), Some(own)) => found.is(own),
            _ => false,
        }
    }

    /// Whether the class leaves it to `object.__reduce_ex__` to make a reduce value, without arguments
    /// for NEWOBJ.
    fn is_reduced_by_object(&self) -> bool {
        let words = self.vocabulary;
        self.class.is_ordinary()
            && self.is_asked_itself()
            && [&words.reduce_ex, &words.reduce, &words.class]
                .into_iter()
                .all(|name| self.is_of_object(name))
            && self.get(&words.getnewargs).is_none()
            && self.get(&words.getnewargs_ex).is_none()
    }

    /// Whether looking a method up on the class itself, as `object.__reduce_ex__` does, finds the class's: a
    /// metaclass's data descriptor would come before it.
    fn is_asked_itself(&self) -> bool {
        let words = self.vocabulary;
        let Some(metaclass) = self.class.object().class().names() else {
            return self.class.is_plain();
        };
        [&words.reduce_ex, &words.reduce, &words.getstate]
            .into_iter()
            .filter_map(|name| metaclass.get(name.view(self.quiet)))
            .all(|found| !found.is_data_descriptor())
    }

    /// Whether instances have a `__dict__`, the ordinary one; None where they have another.
    fn has_ordinary_dict(&self) -> Option<bool> {
        let getset = self.vocabulary.getset_type.view(self.quiet);
        match self.get(&self.vocabulary.dict) {
            None => Some(false),
            Some(found) if found.class().object().is(getset) => Some(true),
            Some(_) => None,
        }
    }

    /// Where a plain instance keeps its state, for a class that leaves all of it to `object`.
    fn plain(&self) -> Option<Plain> {
        let has_dict = self.has_ordinary_dict()?;
        let slotnames = self.vocabulary.slotnames.view(self.quiet);
        let Kind::List(slotnames) = self.class.contents()?.get_named(slotnames)?.kind() else {
            return None;
        };
        let mut names: Vec<View<'_>> = Vec::new();
        let mut descriptors = Vec::new();
        for i in 0..slotnames.len() {
            let name = slotnames.item(i)?;
            let Kind::Str(text) = name.kind() else {
                return None;
            };
            // A slot that a subclass defines anew is named twice, and is one attribute.
            let is_known = names.iter().any(|known| match known.kind() {
                Kind::Str(known) => known.utf8() == text.utf8(),
                _ => false,
            });
            text.utf8()?;
            if !is_known {
                names.push(name);
                descriptors.push(self.names.get(name)?);
            }
        }
        Some(Plain {
            has_dict,
            names: names.into_iter().map(View::hold).collect(),
            slots: self.class.slots(&descriptors)?,
            making: Making::NewObject,
        })
    }

    /// The method to ask, for a class where neither the look-up nor the instance can come between.
    fn method(&self) -> Option<PlanKind> {
        let is_asked = self.class.is_looked_up_as_type() && self.is_asked_itself();
        if !is_asked || !self.class.finds_attributes_ordinarily() {
            return None;
        }
        let words = self.vocabulary;
        self.get(&words.reduce_ex)
            .filter(|found| found.is_method_descriptor())?;
        if !self.is_of_object(&words.reduce_ex) || self.is_of_object(&words.reduce) {
            return Some(PlanKind::ReduceEx);
        }
        self.get(&words.reduce)
            .filter(|found| found.is_method_descriptor())?;
        Some(if self.class.keeps_placed_dict() {
            PlanKind::Reduce(self.class.seen_names()?)
        } else {
            PlanKind::ReduceEx
        })
    }
}

/// What the class says of its instances. None where an instance has to be asked another time: its value was
/// not what the class says, so it had hooks of its own.
///
/// `value` is the reduce value of an instance, got the long way, and `is_shadowed` whether that instance has
/// attributes of its own that come before the class's.
pub fn read_class<'q>(
    class: Class<'q>,
    value: View<'q>,
    is_shadowed: impl FnOnce() -> bool,
    vocabulary: &Vocabulary,
    quiet: &'q Quiet,
) -> Option<PlanKind> {
    let Some(readable) = Readable::new(class, vocabulary, quiet) else {
        return Some(PlanKind::Unplanned);
    };
    if readable.is_reduced_by_object() {
        if readable.is_of_object(&vocabulary.getstate) {
            if let Some(plain) = readable.plain() {
                let shadowed = plain.has_dict && is_shadowed();
                let is_plain = is_plain_value(value, vocabulary, quiet);
                return (is_plain && !shadowed).then_some(PlanKind::Plain(plain));
            }
        } else if let Some(has_dict) = readable.has_ordinary_dict() {
            return Some(PlanKind::Getstate { has_dict });
        }
    }
    Some(readable.method().unwrap_or(PlanKind::Unplanned))
}

/// Whether a reduce value says no more than NEWOBJ of the class alone, and a state.
fn is_plain_value(value: View<'_>, vocabulary: &Vocabulary, quiet: &Quiet) -> bool {
    let Some(value) = value.as_tuple() else {
        return false;
    };
    let newobj = vocabulary.newobj.view(quiet);
    value.len() >= 3
        && value.item(0).is_some_and(|function| function.is(newobj))
        && value
            .item(1)
            .and_then(View::as_tuple)
            .is_some_and(|arguments| arguments.len() == 1)
        && (3..value.len()).all(|i| value.item(i).is_none_or(View::is_none))
}
