//! Dates, times and durations of the module `datetime` written in C.
//!
//! Their layout is public (CPython's `Include/datetime.h`), and tells what their reduce values say.

use pyo3::ffi;
use pyo3::prelude::*;

use super::object::View;

/// What a value of an exact type of `datetime` is rebuilt from.
#[derive(Copy, Clone)]
pub enum Dated<'q> {
    /// A date, time or datetime, by so many bytes of its own, and its time zone if it has one.
    Packed {
        data: [u8; 10],
        len: usize,
        zone: Option<View<'q>>,
    },
    /// A timedelta, by days, seconds and microseconds.
    Delta([i32; 3]),
}

/// The bit that says of a time's first byte, and of a datetime's third, that the hour is told twice.
const FOLD: u8 = 0x80;

/// Makes the types of `datetime` known to `View::dated`, if the class may be one of them: one that is written in C.
pub fn make_dates_known(py: Python<'_>, class: &Bound<'_, pyo3::types::PyType>) {
    // SAFETY: the thread is attached, and the class alive. Importing may fail with an exception, which is taken
    // away: then no type is known.
    unsafe {
        let flags = ffi::PyType_GetFlags(class.as_type_ptr());
        if flags & ffi::Py_TPFLAGS_IMMUTABLETYPE == 0 || !ffi::PyDateTimeAPI().is_null() {
            return;
        }
        let name = std::ffi::CStr::from_ptr((*class.as_type_ptr()).tp_name);
        if name.to_bytes().starts_with(b"datetime.") {
            ffi::PyDateTime_IMPORT();
            drop(PyErr::take(py));
        }
    }
}

impl<'q> View<'q> {
    /// The object as a value of an exact type of `datetime`; None for any other. Protocols from 4 on tell which of two
    /// hours of the same name is meant.
    #[inline(always)]
    pub fn dated(self, tells_fold: bool) -> Option<Dated<'q>> {
        // SAFETY: the interpreter's table of these types, once there, stays. An object of such an exact type is
        // laid out as the header says; there is a time zone only where `hastzinfo` says so, and then the object
        // holds it. The flag of the hour lies where the shorter layout has padding.
        unsafe {
            let api = ffi::PyDateTimeAPI();
            if api.is_null() {
                return None;
            }
            let (t, object) = (self.type_ptr(), self.as_ptr());
            let mut data = [0; 10];
            if t == (*api).DateTimeType {
                let value = object.cast::<ffi::PyDateTime_DateTime>();
                data = (*value).data;
                if tells_fold && (*value).fold != 0 {
                    data[2] |= FOLD;
                }
                let zone = (*value).hastzinfo != 0;
                let zone = zone.then(|| View::within((*value).tzinfo));
                Some(Dated::Packed {
                    data,
                    len: 10,
                    zone,
                })
            } else if t == (*api).DateType {
                let value = object.cast::<ffi::PyDateTime_Date>();
                data[..4].copy_from_slice(&(*value).data);
                let zone = None;
                Some(Dated::Packed { data, len: 4, zone })
            } else if t == (*api).DeltaType {
                let value = object.cast::<ffi::PyDateTime_Delta>();
                let parts = [(*value).days, (*value).seconds, (*value).microseconds];
                Some(Dated::Delta(parts))
            } else if t == (*api).TimeType {
                let value = object.cast::<ffi::PyDateTime_Time>();
                data[..6].copy_from_slice(&(*value).data);
                if tells_fold && (*value).fold != 0 {
                    data[0] |= FOLD;
                }
                let zone = (*value).hastzinfo != 0;
                let zone = zone.then(|| View::within((*value).tzinfo));
                Some(Dated::Packed { data, len: 6, zone })
            } else {
                None
            }
        }
    }
}
