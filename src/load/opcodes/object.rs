//! Objects that are made by a call: REDUCE, NEWOBJ and their like.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::error::unpickling_error;
use crate::fast::attribute::optional_attribute;
use crate::fast::build::{self, Maker};
use crate::interpreter::face::Face;
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    pub fn load_reduce(&mut self) -> PyResult<()> {
        let args = self.stack.pop(self.py)?;
        let args = self.as_arguments(args)?;
        let callable = self.stack.pop(self.py)?;
        let object = match self.call_known(&callable, &args)? {
            Some(object) => object,
            None => self.leave(move |_| build::call(&callable, &args))?,
        };
        self.push_new(object)
    }

    /// On the hookable face any iterable is unpacked as arguments; what is none is left for the
    /// call to refuse.
    fn as_arguments(&mut self, args: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if self.face == Face::Lean || args.is_instance_of::<PyTuple>() {
            return Ok(args);
        }
        match self.leave(|py| py.get_type::<PyTuple>().call1((&args,))) {
            Err(error) if error.is_instance_of::<PyTypeError>(self.py) => Ok(args),
            result => result,
        }
    }

    /// What INST and OBJ make of a class and arguments: without arguments, `__init__` is not
    /// called unless the class has `__getinitargs__`.
    fn instantiate(&mut self, class: Bound<'py, PyAny>, args: Bound<'py, PyTuple>) -> PyResult<()> {
        let object = self.leave(move |py| {
            if args.is_empty()
                && class.is_instance_of::<PyType>()
                && optional_attribute(&class, intern!(py, "__getinitargs__"))?.is_none()
            {
                return class.call_method1(intern!(py, "__new__"), (&class,));
            }
            build::call(&class, args.as_any())
        })?;
        self.stack.push(object)
    }

    pub fn load_obj(&mut self) -> PyResult<()> {
        let py = self.py;
        let start = self.stack.pop_mark(py)?;
        if self.stack.len() <= start {
            return Err(self.stack.underflow(py));
        }
        let args = build::tuple(py, &mut self.stack.values, start + 1)?;
        let class = self.stack.pop(py)?;
        self.instantiate(class, args)
    }

    pub fn load_inst(&mut self) -> PyResult<()> {
        let py = self.py;
        // In the order of the model: `find_class` may look at the stack on the hookable face only.
        let lean = self.face == Face::Lean;
        let start = lean.then(|| self.stack.pop_mark(py)).transpose()?;
        let (module_name, name) = self.take_names(true)?;
        let class = self.find_class(&module_name, &name, false)?;
        if self.hook_has_run && !self.review()? {
            return self.leave_instantiating(&class);
        }
        let start = match start {
            Some(start) => start,
            None => self.stack.pop_mark(py)?,
        };
        let args = build::tuple(py, &mut self.stack.values, start)?;
        self.instantiate(class, args)
    }

    #[inline(always)]
    pub fn load_newobj(&mut self) -> PyResult<()> {
        let args = self.stack.pop(self.py)?;
        let class = self.stack.pop(self.py)?;
        self.new_object(class, args, None, "NEWOBJ")
    }

    pub fn load_newobj_ex(&mut self) -> PyResult<()> {
        let kwargs = self.stack.pop(self.py)?;
        let args = self.stack.pop(self.py)?;
        let class = self.stack.pop(self.py)?;
        self.new_object(class, args, Some(kwargs), "NEWOBJ_EX")
    }

    #[inline(always)]
    fn new_object(
        &mut self,
        class: Bound<'py, PyAny>,
        args: Bound<'py, PyAny>,
        kwargs: Option<Bound<'py, PyAny>>,
        opcode: &str,
    ) -> PyResult<()> {
        let Ok(class) = class.cast::<PyType>() else {
            return Err(self.bad_argument(opcode, "class argument must be a type", &class));
        };
        let maker = build::maker(class);
        if maker == Maker::Nobody {
            let words = format!("{opcode} class argument 'type' doesn't have __new__");
            return Err(unpickling_error(self.py, &words));
        }
        let args = self.as_arguments(args)?;
        let args = match args.cast_into::<PyTuple>() {
            Ok(args) => args,
            Err(error) => {
                let args = error.into_inner();
                return Err(self.bad_argument(opcode, "args argument must be a tuple", &args));
            }
        };
        let kwargs = match &kwargs {
            None => None,
            Some(kwargs) => match kwargs.cast::<PyDict>() {
                Ok(kwargs) => Some(kwargs),
                Err(_) => {
                    return Err(self.bad_argument(
                        opcode,
                        "kwargs argument must be a dict",
                        kwargs,
                    ));
                }
            },
        };
        // On the hookable face what the class shows as `__new__` is called, as upstream.
        let object = if maker == Maker::Object && (self.face == Face::Lean || kwargs.is_none()) {
            build::new_instance(class, &args, kwargs)?
        } else if kwargs.is_none()
            && let Some(made) = self.make_known(class, &args)?
        {
            made
        } else if self.face == Face::Lean {
            self.leave(move |_| build::new_instance(class, &args, kwargs))?
        } else {
            self.leave(move |py| {
                let new = class.getattr(intern!(py, "__new__"))?;
                let class = PyTuple::new(py, [class])?;
                let args = class.as_sequence().concat(args.as_sequence())?;
                new.call(args.cast::<PyTuple>()?, kwargs)
            })?
        };
        self.push_new(object)
    }

    #[cold]
    fn bad_argument(&self, opcode: &str, words: &str, given: &Bound<'_, PyAny>) -> PyErr {
        let name = given
            .get_type()
            .fully_qualified_name()
            .map_or_else(|_| String::new(), |name| name.to_string());
        unpickling_error(self.py, &format!("{opcode} {words}, not {name}"))
    }
}
