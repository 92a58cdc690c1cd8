//! The file that a pickle goes to.

use pickle_format::frame::FRAME_SIZE_TARGET;
use pickle_format::sink::Sink;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::bytes_io::BytesIo;
use crate::fast::call::call_hook;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::method::builtin_method;
use crate::fast::view::{Kind, View};
use crate::fast::written::Written;
use crate::save::note::not_written;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Commits a full frame, hands it to the file where there is one, and opens the next. Without frames, sets the
    /// next milestone.
    ///
    /// # Errors
    /// MemoryError, and what the file's `write` raises.
    pub fn next_frame(&mut self) -> PyResult<()> {
        let writer = self.writer();
        if writer.pass_milestone() {
            return Ok(());
        }
        writer.out.commit_frame();
        if !self.begin_to_wait()? {
            self.flush()?;
        }
        self.write(|w, _| Ok(w.out.open_frame()?))
    }

    /// Lets frames wait for a file that is an empty `BytesIO`, into which they can be put without a copy at the end of
    /// the dump. Whoever could look at the file finds there what the model would have written: the frames go there
    /// before any Python code runs.
    fn begin_to_wait(&mut self) -> PyResult<bool> {
        if !self.state().writes_natively {
            return Ok(false);
        }
        let can_wait = self.with_write(|_, file| Ok(file.is_some_and(BytesIo::is_empty)))?;
        if can_wait {
            let writer = self.writer();
            (writer.waiting, writer.has_file) = (Some(0), false);
            writer.note_waiting();
        }
        Ok(can_wait)
    }

    /// Runs this in C with the file's `write` and the `BytesIO` whose own it is; does nothing where there is no file.
    fn with_write<R: Default>(
        &mut self,
        job: impl for<'py> FnOnce(&Bound<'py, PyAny>, Option<BytesIo<'_, 'py>>) -> PyResult<R>,
    ) -> PyResult<R> {
        let quiet = self.quiet();
        let Some(write) = self.state().write.as_ref().map(|write| write.again(quiet)) else {
            return Ok(R::default());
        };
        self.call_in_c(|py| {
            let write = write.bind(py);
            let owner = builtin_method(write).map(|(_, owner)| owner);
            job(write, owner.as_deref().and_then(BytesIo::of))
        })
    }

    /// Hands the frames that wait to the file.
    ///
    /// # Errors
    /// As for `flush`.
    #[inline(never)]
    pub fn wait_no_longer(&mut self) -> PyResult<()> {
        let writer = self.writer();
        let waiting = writer.waiting.take().unwrap_or(0);
        writer.has_file = true;
        let mut closed = self.write(|w, _| Ok(Written::take_closed(&mut w.out, waiting)?))?;
        self.fill_file(&mut closed)
    }

    /// Puts what was written into the file, which is empty still.
    fn fill_file(&mut self, written: &mut Written) -> PyResult<()> {
        self.with_write(|write, file| {
            let bytes = written.finish(write.py())?;
            let rest = match file {
                Some(file) => file.fill(bytes),
                None => Some(bytes),
            };
            rest.map_or(Ok(()), |bytes| call_hook(write, bytes.as_any()).map(drop))
        })
    }

    /// Hands what was written to the file. The frame must be closed.
    ///
    /// # Errors
    /// MemoryError, and what the file's `write` raises.
    pub fn flush(&mut self) -> PyResult<()> {
        if self.state().write.is_none() {
            return Ok(());
        }
        let writer = self.writer();
        if writer.waiting.take().is_some() {
            writer.has_file = true;
            let mut written = writer.take_for_file();
            let result = self.fill_file(&mut written);
            self.writer().put_output(written.into_room());
            return result;
        }
        let mut written = writer.take_for_file();
        if written.is_empty() {
            self.writer().put_output(written.into_room());
            return Ok(());
        }
        if self.state().writes_natively {
            return self.lend_output(written);
        }
        let data = self.call_in_c(|py| Ok(Held::from(written.finish(py)?)))?;
        self.writer().put_output(written.into_room());
        self.hand_over(&data)
    }

    /// As `flush`, to a `BytesIO`, which copies what it is given: so the room is used for what comes next.
    fn lend_output(&mut self, mut written: Written) -> PyResult<()> {
        let likely = written.expected();
        let result = self.with_write(|write, file| {
            let Some(lent) = written.lend(write.py()) else {
                return Ok(());
            };
            if let Some(file) = file {
                file.make_room(lent.bytes.as_bytes().len(), likely);
            }
            let result = call_hook(write, lent.bytes.as_any());
            written.take_back(lent);
            result.map(drop)
        });
        self.writer().put_output(written.into_room());
        result
    }

    /// Calls the file's `write`.
    fn hand_over(&mut self, data: &Held) -> PyResult<()> {
        if self.state().writes_natively {
            return self.with_write(|write, file| {
                let data = data.bind(write.py());
                if let (Some(file), Ok(bytes)) = (file, data.cast::<PyBytes>()) {
                    file.make_large_room(bytes.as_bytes().len());
                }
                call_hook(write, data).map(drop)
            });
        }
        let quiet = self.quiet();
        let Some(write) = self.state().write.as_ref().map(|write| write.again(quiet)) else {
            return Ok(());
        };
        self.leave(|py| {
            let write = write.bind(py);
            let written = write.call1((data.bind(py),)).map(drop);
            written.map_err(|error| not_written(error, write))
        })
    }

    /// Writes a header and the bytes of `payload`, a bytes object or a str without surrogates: inside the
    /// frame, or past it when large.
    ///
    /// # Errors
    /// As for `flush`.
    pub fn write_payload(&mut self, header: &[u8], payload: &Held) -> PyResult<()> {
        let is_large = self.write(|w, quiet| {
            let is_large = bytes_of(payload.view(quiet)).len() >= FRAME_SIZE_TARGET;
            if is_large {
                // It stands outside of frames, and goes to the file by itself, uncopied, unless it waits too.
                w.out.commit_frame();
            }
            Ok(is_large)
        })?;
        if is_large && self.state().writer.has_file {
            self.begin_to_wait()?;
        }
        self.write(|w, quiet| {
            let data = bytes_of(payload.view(quiet));
            w.out.write_slice(header)?;
            if !is_large || !w.has_file {
                w.out.write_slice(data)?;
            }
            Ok(())
        })?;
        if !is_large {
            return Ok(());
        }
        let has_file = self.state().writer.has_file;
        if has_file {
            self.flush()?;
            self.hand_over(payload)?;
        }
        self.write(|w, quiet| {
            if has_file {
                w.out.count_handed_out(bytes_of(payload.view(quiet)).len());
            }
            w.ask_to_report();
            w.note_waiting();
            Ok(w.out.open_frame()?)
        })
    }

    /// How an object is held whose payload may have gone to the file, so that others may hold it.
    pub fn holding_after_payload(&self, holding: Holding) -> Holding {
        let state = self.state();
        if state.write.is_some() && !state.writes_natively {
            Holding::Shared
        } else {
            holding
        }
    }
}

/// The bytes that an object without parts stands for: its own, or its UTF-8.
pub fn bytes_of(payload: View<'_>) -> &[u8] {
    match payload.kind() {
        Kind::Bytes(bytes) => bytes.data(),
        Kind::Str(text) => text.utf8().unwrap_or_default(),
        _ => &[],
    }
}
