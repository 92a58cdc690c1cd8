"""`python -m oxipickle check`: whether pickles are well-formed, and where they are broken."""

import io
import json
import pickle

import pytest
from looked_at import SOUND


@pytest.mark.parametrize("data", SOUND[::4], ids=range(len(SOUND[::4])))
def test_sound_pickles(command, saved, data):
    done = command("check", saved(data))
    assert (done.code, done.err) == (0, "")
    assert f"{len(data)} bytes" in done.out and "well-formed" in done.out


BROKEN = {
    "unknown opcode": (b"N0\xff.", "at byte 2: unknown opcode 0xff"),
    "cut off": (b"K\x01X\x05\0\0\0ab", "at byte 7 (BINUNICODE): data ends"),
    "no STOP": (b"N", "at byte 1: data ends before STOP"),
    "malformed argument": (b"Ix\n.", "at byte 1 (INT): malformed argument of INT"),
    "nothing to pop": (b"a.", "at byte 0 (APPEND): too little on the stack for APPEND"),
    "no MARK": (b"Nt.", "at byte 1 (TUPLE): no MARK for TUPLE"),
    "nothing stored": (b"h\x07.", "at byte 0 (BINGET): nothing at memo index 7 for BINGET"),
    "too much on the stack": (b"NN.", "at byte 2 (STOP): the stack is not empty after STOP"),
    "a size beyond the file": (b"\x8e\0\0\0\0\0\0\0\x10.", "at byte 9 (BINBYTES8): data ends"),
    "a frame beyond the file": (
        b"\x80\x04\x95\x09\0\0\0\0\0\0\0N.",
        "at byte 2 (FRAME): FRAME claims 9 bytes, and 2 are left",
    ),
    "unknown protocol": (b"\x80\x07N.", "at byte 0 (PROTO): protocol 7 is unknown"),
    "empty": (b"", "empty: there is no pickle"),
    "text": (b"{'a': 1}", "at byte 0: unknown opcode 0x7b"),
    "HTML": (b"<!DOCTYPE html>", "no pickle, but an HTML page"),
    "an array": (b"\x93NUMPY\x01\0", "no pickle, but numpy's .npy format"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_pickles(command, saved, name):
    data, words = BROKEN[name]
    path = saved(data)
    done = command("check", path)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"oxipickle: {path}: {words}\n"


def test_json(command, saved):
    [told] = [json.loads(line) for line in command("check", "--json", saved(b"NN.")).lines]
    assert told["fault"] == {
        "offset": 2,
        "opcode": "STOP",
        "words": "the stack is not empty after STOP",
    }
    assert (told["well_formed"], told["begin"], told["instructions"]) == (False, 0, 2)
    [told] = [json.loads(line) for line in command("check", "--json", saved(b"N.")).lines]
    assert (told["well_formed"], told["end"], told["fault"]) == (True, 2, None)
    [told] = [json.loads(line) for line in command("check", "--json", saved(b"")).lines]
    assert told["error"] == "empty: there is no pickle"


def test_several_pickles_are_told_apart(command, saved):
    path = saved(b"N.K\x01.NN.")
    done = command("check", path)
    assert done.code == 2
    assert [line.split(": ")[1] for line in done.lines] == ["pickle at byte 0", "pickle at byte 2"]
    assert done.err == (
        f"oxipickle: {path}: pickle at byte 5: at byte 7 (STOP): the stack is not empty after STOP\n"
    )


def test_pickles_that_share_a_memo(command, saved):
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 4)
    shared = ["a"]
    for _ in range(3):
        pickler.dump(shared)
    assert command("check", saved(file.getvalue())).code == 0


def test_several_files(command, saved):
    good, bad = saved(b"N."), saved(b"\xff", "bad.pkl")
    done = command("check", good, bad, good)
    assert done.code == 2
    assert len(done.lines) == 2 and done.err.count("\n") == 1


def test_what_is_no_file(command, tmp_path):
    done = command("check", tmp_path / "missing")
    assert (done.code, done.err) == (2, f"oxipickle: {tmp_path / 'missing'}: No such file or directory\n")
    assert command("check", tmp_path).code == 2
