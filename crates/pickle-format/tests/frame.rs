//! Framing: where frames begin and end, to the byte.

mod output;

use output::{LARGEST, VecOutput, bytes, writer};
use pickle_format::error::FormatErrorKind;
use pickle_format::frame::{FRAME_HEADER_SIZE, FRAME_SIZE_TARGET};
use pickle_format::sink::Sink;

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut all = vec![0x95];
    all.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    all.extend_from_slice(payload);
    all
}

#[test]
fn nothing_is_framed_before_framing_starts() {
    let mut w = writer();
    w.write(*b"N.").unwrap();
    assert_eq!(w.position(), 2);
    assert!(!w.is_frame_full());
    assert_eq!(bytes(w), b"N.");
}

#[test]
fn a_frame_of_less_than_four_bytes_has_no_header() {
    for size in 0..4 {
        let mut w = writer();
        w.write(*b"\x80\x04").unwrap();
        w.start_framing().unwrap();
        w.write_slice(&b"abcd"[..size]).unwrap();
        assert_eq!(w.position(), 2 + FRAME_HEADER_SIZE + size);
        w.end_framing().unwrap();
        assert_eq!(w.position(), 2 + size);
        assert_eq!(bytes(w), [b"\x80\x04", &b"abcd"[..size]].concat());
    }
}

#[test]
fn a_frame_of_four_bytes_has_a_header() {
    let mut w = writer();
    w.start_framing().unwrap();
    w.write(*b"abcd").unwrap();
    w.end_framing().unwrap();
    assert_eq!(bytes(w), framed(b"abcd"));
}

#[test]
fn a_frame_is_full_at_its_target_and_not_before() {
    let mut w = writer();
    w.write(*b"\x80\x04").unwrap();
    w.start_framing().unwrap();
    w.write_slice(&[7; FRAME_SIZE_TARGET - 1]).unwrap();
    assert!(!w.is_frame_full());
    w.write([7]).unwrap();
    assert!(w.is_frame_full());
    w.commit_frame();
    assert!(!w.is_frame_full(), "no frame is open");
    w.open_frame().unwrap();
    w.write(*b"N.").unwrap();
    assert!(!w.is_frame_full());
    w.end_framing().unwrap();
    let expected = [
        b"\x80\x04",
        framed(&[7; FRAME_SIZE_TARGET]).as_slice(),
        b"N.",
    ]
    .concat();
    assert_eq!(bytes(w), expected);
}

#[test]
fn a_frame_that_overshoots_keeps_all_its_bytes() {
    let mut w = writer();
    w.start_framing().unwrap();
    w.write_slice(&[1; FRAME_SIZE_TARGET - 1]).unwrap();
    w.write_with(*b"X\xff\0\0\0", &[2; 255]).unwrap();
    w.end_framing().unwrap();
    let payload = [&[1; FRAME_SIZE_TARGET - 1][..], b"X\xff\0\0\0", &[2; 255]].concat();
    assert_eq!(bytes(w), framed(&payload));
}

#[test]
fn a_large_payload_stands_between_frames() {
    let large = vec![9; FRAME_SIZE_TARGET];
    let mut w = writer();
    w.start_framing().unwrap();
    w.write(*b"(((((").unwrap();
    w.commit_frame();
    w.write(*b"B\0\0\x01\0").unwrap();
    w.write_slice(&large).unwrap();
    w.open_frame().unwrap();
    w.write(*b"\x94ttttt.").unwrap();
    w.end_framing().unwrap();
    let expected = [
        framed(b"((((("),
        b"B\0\0\x01\0".to_vec(),
        large,
        framed(b"\x94ttttt."),
    ]
    .concat();
    assert_eq!(bytes(w), expected);
}

#[test]
fn committing_and_opening_twice_changes_nothing() {
    let mut w = writer();
    w.start_framing().unwrap();
    w.open_frame().unwrap();
    w.write(*b"abcde").unwrap();
    w.commit_frame();
    w.commit_frame();
    w.end_framing().unwrap();
    w.open_frame().unwrap();
    w.write(*b"fghij").unwrap();
    assert_eq!(bytes(w), [framed(b"abcde"), b"fghij".to_vec()].concat());
}

#[test]
fn writing_goes_on_in_a_replaced_output() {
    let mut w = writer();
    w.start_framing().unwrap();
    w.write(*b"abcd").unwrap();
    w.commit_frame();
    let (_, filled) = w.replace_output(VecOutput::new());
    assert_eq!(filled, FRAME_HEADER_SIZE + 4);
    assert_eq!(w.position(), 0);
    w.open_frame().unwrap();
    w.write(*b"efgh").unwrap();
    w.end_framing().unwrap();
    assert_eq!(bytes(w), framed(b"efgh"));
}

#[test]
fn an_output_that_cannot_grow_gives_its_error() {
    let mut w = writer();
    w.write(*b"abc").unwrap();
    let error = w.write_slice(&[0; LARGEST]).unwrap_err();
    assert_eq!((error.kind, error.offset), (FormatErrorKind::NoMemory, 3));
    assert_eq!(bytes(w), b"abc");
}

#[test]
fn a_milestone_stands_where_there_are_no_frames() {
    let mut w = writer();
    w.set_milestone();
    w.write_slice(&[7; FRAME_SIZE_TARGET - 1]).unwrap();
    assert!(!w.is_frame_full());
    w.write([7]).unwrap();
    assert!(w.is_frame_full() && w.frame_size().is_none());
    // It is no frame: nothing is written for it.
    w.commit_frame();
    w.end_framing().unwrap();
    assert!(w.is_frame_full());
    w.set_milestone();
    assert!(!w.is_frame_full());
    // Frames take its place.
    w.start_framing().unwrap();
    assert_eq!(w.frame_size(), Some(0));
    w.write(*b"abcd").unwrap();
    w.end_framing().unwrap();
    assert_eq!(
        bytes(w),
        [vec![7; FRAME_SIZE_TARGET], framed(b"abcd")].concat()
    );
}

#[test]
fn a_milestone_stays_where_it_is_when_output_is_handed_out() {
    let mut w = writer();
    w.set_milestone();
    for _ in 0..8 {
        assert!(!w.is_frame_full());
        w.write_slice(&[7; FRAME_SIZE_TARGET / 8]).unwrap();
        w.count_handed_out(w.position());
        w.replace_output(VecOutput::new());
    }
    assert!(w.is_frame_full());
    assert_eq!(w.written(), FRAME_SIZE_TARGET as u64);
}

#[test]
fn what_was_written_never_falls() {
    let mut w = writer();
    w.write(*b"\x80\x04").unwrap();
    w.start_framing().unwrap();
    let mut last = 0;
    for byte in 0..6 {
        assert!(w.written() > last || byte == 0 && w.written() == 2);
        last = w.written();
        w.write([byte]).unwrap();
    }
    w.end_framing().unwrap();
    assert!(w.written() == 2 + FRAME_HEADER_SIZE as u64 + 6);
    w.count_handed_out(10);
    assert!(w.written() == 2 + FRAME_HEADER_SIZE as u64 + 16);
    w.begin_anew();
    assert_eq!(w.written(), 0);
}
