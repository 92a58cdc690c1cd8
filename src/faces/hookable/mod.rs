//! The hookable face: the classes that stand in for the interpreter's classes in Python.

pub mod framer;
mod init;
pub mod memo;
mod methods;
pub mod pickler;
mod reducing;
mod served;
pub mod unpickler;
