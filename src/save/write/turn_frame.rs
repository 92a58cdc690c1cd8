//! Full frames are closed before an object begins, and whoever is told how far the dump has got is thought of.

use crate::save::fault::Fault;
use crate::save::write::asked::Asked;
use crate::save::write::writer::Writer;

impl Writer {
    /// Commits a full frame and opens the next one before an object begins; false where the frame has to
    /// go to the file first.
    #[inline(always)]
    pub fn begin_object(&mut self) -> Result<bool, Fault> {
        if self.out.is_frame_full() {
            return self.turn_frame();
        }
        Ok(true)
    }

    #[cold]
    #[inline(never)]
    fn turn_frame(&mut self) -> Result<bool, Fault> {
        if self.pass_milestone() {
            return Ok(true);
        }
        if self.has_file {
            return Ok(false);
        }
        self.out.commit_frame();
        self.note_waiting();
        self.out.open_frame()?;
        Ok(true)
    }

    /// What comes first where `is_frame_full`: whoever is told how far the dump has got is thought of, and without frames
    /// the next milestone is set. False where there is a frame to turn.
    pub fn pass_milestone(&mut self) -> bool {
        self.ask_to_report();
        let is_framing = self.out.is_framing();
        if !is_framing {
            self.out.set_milestone();
        }
        !is_framing
    }

    /// Has the loop look whether it is time to tell how far the dump has got, if somebody is told.
    pub fn ask_to_report(&mut self) {
        if self.reports && self.asked.is_none() {
            self.asked = Some(Asked::Report);
        }
    }

    /// To be called where no frame is open.
    pub fn note_waiting(&mut self) {
        if let Some(waiting) = &mut self.waiting {
            *waiting = self.out.position();
        }
    }
}
