//! Makes the running Python's version known to the compiler (`cfg(Py_3_12)` and so on).
//! Without it the oldest memory layout would be compiled in, silently.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
