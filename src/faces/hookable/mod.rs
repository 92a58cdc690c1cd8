//! The hookable face: the classes that stand in for the interpreter's classes in Python.

pub mod pickler;
pub mod unpickler;
