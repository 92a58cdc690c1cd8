//! A writer's output between two frames, and the writer between two dumps.

use pickle_format::protocol::Protocol;

use crate::fast::output::{BytesOutput, EXPECTANT_CAPACITY};
use crate::fast::written::Written;
use crate::interpreter::face::Face;
use crate::save::hooks::builtin::Builtins;
use crate::save::write::writer::Writer;

impl Writer {
    /// The output, with what was written; the writer goes on in a fresh one. No frame may be open.
    pub fn take_output(&mut self) -> Written {
        Written::take(&mut self.out)
    }

    /// As `take_output`, for the file.
    pub fn take_for_file(&mut self) -> Written {
        let written = self.out.position();
        self.out.count_handed_out(written);
        self.take_output()
    }

    /// Forgets what was written and not handed to the file.
    pub fn drop_frame(&mut self) {
        let output = self.out.output();
        let in_file = usize::try_from(self.out.written()).unwrap_or(usize::MAX);
        let next =
            (!output.is_small() || in_file > EXPECTANT_CAPACITY).then(|| output.next(in_file));
        self.out.begin_anew();
        if let Some(next) = next {
            self.put_output(next);
        }
    }

    /// Goes on in this output, which holds nothing.
    pub fn put_output(&mut self, output: BytesOutput) {
        self.out.replace_output(output);
    }

    /// Makes the choices of `new` for a writer that began anew.
    pub fn choose(&mut self, face: Face, protocol: Protocol, keeps_memo: bool) {
        (self.face, self.protocol) = (face, protocol);
        self.binary = protocol.is_binary();
        self.memo.choose(keeps_memo);
    }

    /// Makes it what `new` gives, but for the choices, for the room that small dumps need, and for the memo.
    pub fn begin_anew(&mut self) {
        // Every field is named, so that none is forgotten.
        let Self {
            out: _,
            memo: _,
            face: _,
            protocol: _,
            binary: _,
            fast,
            has_file,
            waiting,
            direct,
            plain,
            opened,
            skips_text,
            skips_bytes,
            atoms_memoized,
            asks_memoize,
            asks_upstreams,
            minds_met,
            // Off between two dumps.
            reports: _,
            asked,
            marks_last_of_batch,
            notices_list_growth,
            passages,
            fast_path,
            fast_nesting,
            rooms: _,
        } = self;
        *opened = Builtins::ALL;
        for flag in [
            fast,
            has_file,
            direct,
            plain,
            skips_text,
            skips_bytes,
            atoms_memoized,
            asks_memoize,
            asks_upstreams,
            minds_met,
            marks_last_of_batch,
            notices_list_growth,
        ] {
            *flag = false;
        }
        (*asked, *waiting) = (None, None);
        (*passages, *fast_nesting) = (0, 0);
        fast_path.clear();
        self.drop_frame();
    }
}
