//! Lists, tuples, dicts and sets, and the opcodes that only move the stack.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet};

use crate::error::unpickling_error;
use crate::fast::attribute::optional_attribute;
use crate::fast::build;
use crate::fast::fresh;
use crate::fast::object::{Exact, exact};
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::key::{check_key, hashes_natively};
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    #[inline(always)]
    pub fn load_empty_list(&mut self) -> PyResult<()> {
        let list = fresh::list(self.py)?;
        self.push_new(list.into_any())
    }

    pub fn load_list(&mut self) -> PyResult<()> {
        let start = self.stack.pop_mark(self.py)?;
        let list = build::list(self.py, &mut self.stack.values, start)?;
        self.stack.push(list.into_any())
    }

    #[inline(always)]
    pub fn load_append(&mut self) -> PyResult<()> {
        let start = self.stack.start_of(1, self.py)?;
        self.append_from(start, true)
    }

    #[inline(always)]
    pub fn load_appends(&mut self) -> PyResult<()> {
        let start = self.stack.pop_mark(self.py)?;
        self.append_from(start, false)
    }

    /// Appends the values from `start` on to what lies below them.
    #[inline(always)]
    fn append_from(&mut self, start: usize, one: bool) -> PyResult<()> {
        let start = self.stack.with_below(start, self.py)?;
        let list = self.stack.values[start - 1].clone();
        if let Ok(list) = list.cast_exact::<PyList>() {
            return build::extend_list(list, &mut self.stack.values, start);
        }
        let values = self.stack.take_from(start)?;
        self.append_to_other(&list, values, one)
    }

    fn append_to_other(
        &mut self,
        list: &Bound<'py, PyAny>,
        mut values: Vec<Bound<'py, PyAny>>,
        one: bool,
    ) -> PyResult<()> {
        let py = self.py;
        let refuses_nothing = match self.face {
            Face::Lean => !self.imports.lean.asks_for_empty_batches,
            Face::Hookable => false,
        };
        if values.is_empty() && refuses_nothing {
            return Ok(());
        }
        let extend = match (self.face, one) {
            (Face::Hookable, true) => None,
            _ => self.leave(|_| optional_attribute(list, intern!(py, "extend")))?,
        };
        if let Some(extend) = extend {
            let slice = build::list(py, &mut values, 0)?;
            return self.leave(|_| extend.call1((slice,)).map(drop));
        }
        let append = self.leave(|_| list.getattr(intern!(py, "append")))?;
        self.call_with_each(&append, values)
    }

    /// Calls a method with each of these values, which were taken off the stack, in a passage of the gate:
    /// where one of them is left with nobody to hold it, its finaliser runs there too.
    fn call_with_each(
        &mut self,
        method: &Bound<'py, PyAny>,
        values: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        self.leave(|_| {
            let mut values = values.into_iter();
            values.try_for_each(|value| method.call1((value,)).map(drop))
        })
    }

    #[inline(always)]
    pub fn load_counted_tuple(&mut self, n: usize) -> PyResult<()> {
        let start = self.stack.start_of(n, self.py)?;
        let tuple = build::tuple(self.py, &mut self.stack.values, start)?;
        self.push_new(tuple.into_any())
    }

    #[inline(always)]
    pub fn load_tuple(&mut self) -> PyResult<()> {
        let start = self.stack.pop_mark(self.py)?;
        let tuple = build::tuple(self.py, &mut self.stack.values, start)?;
        self.push_new(tuple.into_any())
    }

    #[inline(always)]
    pub fn load_empty_dict(&mut self) -> PyResult<()> {
        let dict = fresh::dict(self.py)?;
        self.push_new(dict.into_any())
    }

    pub fn load_dict(&mut self) -> PyResult<()> {
        let start = self.stack.pop_mark(self.py)?;
        if !(self.stack.len() - start).is_multiple_of(2) {
            return Err(unpickling_error(self.py, "odd number of items for DICT"));
        }
        let dict = fresh::dict(self.py)?;
        self.fill_dict(&dict, start)?;
        self.stack.push(dict.into_any())
    }

    #[inline(always)]
    pub fn load_setitem(&mut self) -> PyResult<()> {
        let start = self.stack.start_of(2, self.py)?;
        // A text for a key can't lead back here by its own methods, so that nothing need be laid aside for it.
        if self.stack.has_below(start)
            && exact(self.stack.values[start].as_borrowed()) == Exact::Str
            && !self.may_be_state()
            && let Ok(dict) = self.stack.values[start - 1].cast_exact::<PyDict>()
        {
            let dict = dict.clone();
            let value = self.stack.pop(self.py)?;
            let key = self.stack.pop(self.py)?;
            return build::set_item_taking(&dict, key, value);
        }
        self.set_items_from(start)
    }

    #[inline(always)]
    pub fn load_setitems(&mut self) -> PyResult<()> {
        let start = self.stack.pop_mark(self.py)?;
        self.set_items_from(start)
    }

    /// Stores the pairs from `start` on in what lies below them.
    #[inline(always)]
    fn set_items_from(&mut self, start: usize) -> PyResult<()> {
        let start = self.stack.with_below(start, self.py)?;
        if !(self.stack.len() - start).is_multiple_of(2) {
            let words = "odd number of items for SETITEMS";
            return Err(unpickling_error(self.py, words));
        }
        let dict = self.stack.values[start - 1].clone();
        if let Ok(dict) = dict.cast_exact::<PyDict>() {
            if self.set_state_directly(dict.as_any().as_borrowed(), start)? {
                return Ok(());
            }
            return self.fill_dict(dict, start);
        }
        self.set_items_of_other(&dict, start)
    }

    /// Stores the pairs from `start` on in an exact dict.
    #[inline(always)]
    fn fill_dict(&mut self, dict: &Bound<'py, PyDict>, start: usize) -> PyResult<()> {
        // Where there is a way to the memo, a key's own `__hash__` and `__eq__` may look at it, a key's that the dict has
        // included, and so may the finaliser of a value that is replaced.
        if self.unpickler().is_some() {
            let pairs = &self.stack.values[start..];
            if dict.is_empty() && pairs.iter().step_by(2).all(hashes_natively) {
                let new = build::set_new_items(dict, pairs);
                self.stack.values.drain(start..start + 2 * new);
            }
            if self.stack.len() == start {
                return Ok(());
            }
            return self.set_items_of_other(dict, start);
        }
        // They run with nothing of the stack borrowed.
        let mut values = std::mem::take(&mut self.stack.values);
        let result = store_pairs(dict, values.drain(start..), self.imports);
        self.stack.values = values;
        result
    }

    /// Stores pairs in anything with `__setitem__`.
    fn set_items_of_other(&mut self, target: &Bound<'py, PyAny>, start: usize) -> PyResult<()> {
        let imports = self.imports;
        let values = self.stack.take_from(start)?;
        self.leave(|_| {
            let mut pairs = values.into_iter();
            while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
                check_key(&key, imports)?;
                target.set_item(key, value)?;
            }
            Ok(())
        })
    }

    pub fn load_empty_set(&mut self) -> PyResult<()> {
        let set = fresh::set(self.py)?;
        self.stack.push(set.into_any())
    }

    pub fn load_additems(&mut self) -> PyResult<()> {
        let py = self.py;
        let start = self.stack.pop_mark(py)?;
        let start = self.stack.with_below(start, py)?;
        for element in &self.stack.values[start..] {
            check_key(element, self.imports)?;
        }
        let set = self.stack.values[start - 1].clone();
        let is_set = set.is_instance_of::<PySet>();
        let natively = match self.face {
            Face::Lean => is_set,
            Face::Hookable => set.is_exact_instance_of::<PySet>(),
        };
        if natively {
            return self.add_to_set(&set, start);
        }
        if is_set {
            let items = build::list(py, &mut self.stack.values, start)?;
            return self.leave(|_| set.call_method1(intern!(py, "update"), (items,)).map(drop));
        }
        let is_asked = self.face == Face::Hookable || self.imports.lean.asks_for_empty_batches;
        if start == self.stack.len() && !is_asked {
            return Ok(());
        }
        let values = self.stack.take_from(start)?;
        let add = self.leave(|_| set.getattr(intern!(py, "add")))?;
        self.call_with_each(&add, values)
    }

    /// Adds the values from `start` on to a set, by the set's own method.
    fn add_to_set(&mut self, set: &Bound<'py, PyAny>, start: usize) -> PyResult<()> {
        if self.stack.values[start..].iter().all(hashes_natively) {
            for element in self.stack.values.drain(start..) {
                build::add_to_set(set, &element)?;
            }
            return Ok(());
        }
        let elements = self.stack.take_from(start)?;
        self.leave(|_| {
            let mut elements = elements.into_iter();
            elements.try_for_each(|element| build::add_to_set(set, &element))
        })
    }

    pub fn load_frozenset(&mut self) -> PyResult<()> {
        let py = self.py;
        let start = self.stack.pop_mark(py)?;
        for element in &self.stack.values[start..] {
            check_key(element, self.imports)?;
        }
        let items = build::tuple(py, &mut self.stack.values, start)?;
        let frozenset = self.leave(move |_| build::frozenset(&items))?;
        self.stack.push(frozenset)
    }

    pub fn load_pop(&mut self) -> PyResult<()> {
        if self.stack.is_mark_on_top() {
            return self.stack.pop_mark(self.py).map(drop);
        }
        let value = self.stack.pop(self.py)?;
        self.leave(|_| drop(value));
        Ok(())
    }

    pub fn load_pop_mark(&mut self) -> PyResult<()> {
        let start = self.stack.pop_mark(self.py)?;
        let mut values = self.stack.take_from(start)?;
        self.leave(|_| while values.pop().is_some() {});
        Ok(())
    }

    pub fn load_dup(&mut self) -> PyResult<()> {
        let value = self.stack.top(self.py)?.clone();
        self.stack.push(value)
    }
}

/// Stores keys and values that take turns in an exact dict.
#[inline(always)]
fn store_pairs<'py>(
    dict: &Bound<'py, PyDict>,
    mut pairs: impl Iterator<Item = Bound<'py, PyAny>>,
    imports: &Imports,
) -> PyResult<()> {
    while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
        check_key(&key, imports)?;
        build::set_item_taking(dict, key, value)?;
    }
    Ok(())
}
