"""Hostile files on the command line: an answer and an exit code, no traceback, memory by the file's size."""

import bz2
import contextlib
import io
import os
import pathlib
import pickle
import struct
import sys
import tempfile
import zipfile
import zlib

import hostile_pickles
import own_process
import pytest
from looked_at import SOUND, mutated

COMMANDS = ["dis", "globals", "check", "stats"]


def looked(command, data, *options):
    """The exit code, bytes on stdout, and lines on stderr."""
    from oxipickle._commands import command_line

    class Counted(io.StringIO):
        total = 0

        def write(self, text):
            self.total += len(text)
            return len(text)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "data.pkl")
        with open(path, "wb") as file:
            file.write(data)
        words = [path, os.path.join(folder, "out.pkl")] if command == "optimize" else [path]
        out, err = Counted(), io.StringIO()
        sys.argv = ["oxipickle", command, *options, *words]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                command_line.main()
            except SystemExit as end:
                code = end.code
    return code, out.total, err.getvalue().splitlines()


MANY = hostile_pickles.MANY
WRAPPER = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\5\0\0\0shape"
DTYPE = b"X\5\0\0\0dtypecnumpy\ndtype\n(X\2\0\0\0f8K\0K\1tRub"

FILES = {
    "vast bytes": b"\x8e" + (2**60).to_bytes(8, "little") + b"ab",
    "vast bytearray": b"\x96" + b"\xff" * 8,
    "vast text": b"X\xff\xff\xff\xffab",
    "vast long": b"\x8b\xff\xff\xff\x7fab",
    "vast frame": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
    "vast index": b"Nr\xff\xff\xff\xffj\xff\xff\xff\xff.",
    "vast decimal index": b"Np4611686018427387904\ng4611686018427387904\n.",
    "indices far apart": b"N" + b"".join(b"r" + struct.pack("<I", i * 40_009) for i in range(100_000)) + b".",
    "marks": b"(" * 200_000,
    "values": b"N" * MANY + b".",
    "memoized": b"]" + b"\x94" * MANY + b".",
    "deep tuple": b")" + b"\x85" * MANY + b".",
    "shared tuple": b")" + b"2\x86" * 100 + b".",
    "a line without end": b"V" + b"a" * MANY,
    "many digits": b"L" + b"9" * MANY + b"L\n.",
    "many pickles": b"N." * 20_000,
    "many globals": b"(" + b"".join(b"ca\nb%d\n" % i for i in range(50_000)) + b"t.",
    "an array of many dimensions": WRAPPER
    + b"("
    + b"\x8a\xff"
    + b"\x7f" * 255
    + b"2" * 60
    + b"t"
    + DTYPE
    + b".",
    "an array of long dimensions": WRAPPER
    + b"("
    + b"\x8b\0\0\x10\0"
    + b"\x7f" * (1 << 20)
    + b"2" * 60
    + b"t"
    + DTYPE,
    "an array within its own tuple": WRAPPER + b")" + b"\x85" * 100_000 + DTYPE + b".",
    "a bomb of zlib": None,
    "a bomb of bz2": None,
    "a bomb in an archive": None,
}
BOMB = 64 << 20


def bomb_in_an_archive():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.pkl", bytes(BOMB))
    return file.getvalue()


# Made when they are needed.
BOMBS = {
    "a bomb of zlib": lambda: zlib.compress(bytes(BOMB)),
    "a bomb of bz2": lambda: bz2.compress(bytes(BOMB)),
    "a bomb in an archive": bomb_in_an_archive,
}


# For each opcode an object on the stack and one in the memo may be noted, and of output there is a piece.
MEMORY = 200 << 20


@pytest.mark.parametrize("name", FILES)
def test_hostile_files(name):
    ends = own_process.run(look_at_file, name, memory=MEMORY, allocator=None)
    for command, code, lines in ends:
        assert code in (0, 2), command
        assert len(lines) == (code == 2), (command, lines)


def look_at_file(name):
    data = FILES[name] or BOMBS[name]()
    ends = []
    for command in [*COMMANDS, "optimize"]:
        code, _, lines = looked(command, data, "--limit", "32M")
        ends.append((command, code, [line[:200] for line in lines]))
    return ends


@pytest.mark.parametrize("command", [*COMMANDS, "optimize"])
@pytest.mark.parametrize("seed", range(2))
def test_mutated_files(command, seed):
    for data in mutated(200, seed):
        code, _, lines = looked(command, data)
        assert (code, min(len(lines), 1)) in ((0, 0), (2, 1)), (data, lines)
        assert not any("Traceback" in line for line in lines)


@pytest.mark.long
def test_ten_thousand_mutated_files():
    for number, data in enumerate(mutated(10_000, "many")):
        command = COMMANDS[number % len(COMMANDS)]
        code, _, lines = looked(command, data)
        assert (code, min(len(lines), 1)) in ((0, 0), (2, 1)), (data, lines)


def test_the_mutations_are_no_mere_noise():
    codes = {looked("check", data)[0] for data in [*SOUND[:5], *mutated(50, 0)]}
    assert codes == {0, 2}


def test_nothing_of_a_pickle_is_run(tmp_path, monkeypatch):
    trace = tmp_path / "trace"
    data = pickle.dumps(1)[:-1] + b"0cos\nsystem\nX" + struct.pack("<I", len(str(trace)) + 6)
    data += b"touch " + str(trace).encode() + b"\x85R."
    for command in [*COMMANDS, "optimize"]:
        assert looked(command, data)[0] == 0
    assert not pathlib.Path(trace).exists()
    pickle.loads(data)
    assert pathlib.Path(trace).exists()
