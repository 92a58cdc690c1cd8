"""What is no pickle is told in a note by its first bytes; the error itself is the model's."""

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import tempfile
import zipfile
import zlib

import oxipickle
import pytest
from faces import notes, raised

DATA = pickle.dumps({"a": [1, 2.5, "text"]}, 4)


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 30)
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("~name"))
    return file.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
BEGINNINGS = {
    "lfs": (LFS, "Git LFS pointer"),
    "html": (b"<!DOCTYPE html>\n<html><body>Not found</body></html>", "HTML page"),
    "html, after an empty line": (b"\n<HTML><head>", "HTML page"),
    "xml": (b"<?xml version='1.0'?><Error/>", "XML"),
    "gzip": (gzip.compress(DATA), "gzip.open"),
    "bz2": (bz2.compress(DATA), "bz2.open"),
    "xz": (lzma.compress(DATA), "lzma.open"),
    "lzma": (lzma.compress(DATA, lzma.FORMAT_ALONE), "lzma.open"),
    "zlib": (zlib.compress(DATA), "zlib.decompress"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04\x00", "zstd.open"),
    "zip": (zipped("a.txt"), "zipfile"),
    "empty zip": (zipped(), "zipfile"),
    "torch": (zipped("archive/data.pkl"), "torch.load"),
    "npz": (zipped("a.npy"), "numpy.load"),
    "tar": (tarred(), "tarfile"),
    "json object": (json.dumps({"a": 1}, indent=2).encode(), "json.load"),
    "json array": (b"[1, 2, 3]", "json.load"),
    "npy": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}", "numpy.load"),
    "hdf5": (b"\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
    "parquet": (b"PAR1\x15\x04\n", "Parquet"),
    "sqlite": (b"SQLite format 3\0\x10\0", "SQLite"),
    "safetensors": (b'\x40\0\0\0\0\0\0\0{"__metadata__"', "safetensors"),
    "base64": (base64.b64encode(DATA), "base64.b64decode"),
    "hexadecimal": (DATA.hex().encode(), "bytes.fromhex"),
    "repr": (repr(DATA).encode(), "ast.literal_eval"),
    "Latin-1 as UTF-8": (DATA.decode("latin-1").encode(), "encoded by Latin-1"),
    "errors replaced": (DATA.decode("utf-8", "replace").encode(), "is lost"),
    "UTF-8 with mark": ("\ufeffa,b".encode(), "UTF-8"),
    "UTF-16": ("a,b".encode("utf-16"), "UTF-16"),
    "text": (b"Hello, world\n", "begins 'Hello, world'"),
}


def buffered(path):
    return open(path, "rb")


def unbuffered(path):
    return open(path, "rb", buffering=0)


def in_memory(path):
    return io.BytesIO(path.read_bytes())


def behind_something(path):
    """What stands before the pickle is no matter."""
    file = tempfile.TemporaryFile()
    file.write(b"version" * 1000 + path.read_bytes())
    file.seek(7000)
    return file


WAYS = [buffered, unbuffered, in_memory, behind_something]
FACES = {
    "lean": (oxipickle.load, pickle.load),
    "hookable": (oxipickle._load, pickle._load),
}


def same_error(ours, model, face):
    """The class and the arguments are the model's; the hookable face's errors are C's too."""
    if face == "lean":
        assert type(ours) is type(model)
        # The words for persistent ids are the newest release's.
        assert ours.args == model.args or "persistent" in str(model)
    else:
        assert isinstance(ours, (type(model), pickle.UnpicklingError, EOFError))


@pytest.mark.parametrize("name", BEGINNINGS)
def test_in_memory(name):
    data, words = BEGINNINGS[name]
    for form in (bytes, bytearray, memoryview):
        error = raised(oxipickle.loads, form(data))
        same_error(error, raised(pickle.loads, form(data)), "lean")
        assert words in notes(error)[-1] and notes(error)[-1].startswith("by its first bytes this is")
    assert words in notes(raised(oxipickle._loads, data))[-1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", BEGINNINGS)
def test_in_files(tmp_path, name, face, way):
    data, words = BEGINNINGS[name]
    path = tmp_path / "file"
    path.write_bytes(data)
    load, models = FACES[face]
    with way(path) as file, way(path) as models_file:
        error = raised(load, file)
        same_error(error, raised(models, models_file), face)
        assert words in notes(error)[-1]
        if face == "hookable":
            # How far it has read is what it was without the note.
            assert file.tell() == models_file.tell() or way is not in_memory


class Recording:
    """A file that tells which of its methods are called."""

    def __init__(self, data, **attributes):
        self.file, self.calls = io.BytesIO(data), []
        vars(self).update(attributes)

    def read(self, n):
        self.calls.append(("read", n))
        return self.file.read(n)

    def readline(self):
        self.calls.append("readline")
        return self.file.readline()

    def __getattr__(self, name):
        self.calls.append(name)
        raise AttributeError(name)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", ["lfs", "text", "hdf5", "npy", "json object"])
def test_no_method_of_the_file_is_called_for_it(name, face):
    load, models = FACES[face]
    file, models_file = Recording(BEGINNINGS[name][0]), Recording(BEGINNINGS[name][0])
    same_error(raised(load, file), raised(models, models_file), face)
    assert [call for call in file.calls if call != "readinto"] == [
        call for call in models_file.calls if call != "readinto"
    ]


@pytest.mark.parametrize("face", FACES)
def test_a_subclass_of_a_file_is_not_looked_into(tmp_path, face):
    calls = []

    class Raw(io.FileIO):
        def seekable(self):
            calls.append("seekable")
            return super().seekable()

        def tell(self):
            calls.append("tell")
            return super().tell()

    path = tmp_path / "file"
    path.write_bytes(LFS)
    with Raw(path) as file:
        same_error(raised(FACES[face][0], file), raised(FACES[face][1], open(path, "rb")), face)
        assert "tell" not in calls


@pytest.mark.parametrize("face", FACES)
def test_a_pipe_is_not_waited_for(face):
    import os

    reader, writer = os.pipe()
    os.write(writer, b"v")
    with open(reader, "rb", buffering=0) as file:
        error = raised(FACES[face][0], file)
    os.close(writer)
    assert notes(error) == ["at byte 0, reading an opcode"]


@pytest.mark.parametrize("face", FACES)
def test_nothing(tmp_path, face):
    path = tmp_path / "file"
    path.write_bytes(b"")
    for way in WAYS:
        with way(path) as file:
            error = raised(FACES[face][0], file)
        assert (type(error), error.args) == (EOFError, ("Ran out of input",))
        assert notes(error)[-1] == "there are no bytes: the file is empty, or was read to its end before"
    assert notes(raised(oxipickle.loads, b""))[-1] == "there are no bytes"


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("data", [DATA, pickle.dumps([1], 0), b"", b"\xff\xfe"], ids=repr)
def test_files_open_as_text(tmp_path, face, data):
    path = tmp_path / "file"
    path.write_bytes(data)
    load, models = FACES[face]
    with open(path, encoding="utf-8") as file, open(path, encoding="utf-8") as models_file:
        error, model = raised(load, file), raised(models, models_file)
        assert isinstance(error, (TypeError, UnicodeDecodeError)) or type(error) is type(model)
        if face == "lean":
            assert type(error) is type(model) or not data
        assert "mode 'rb'" in notes(error)[-1]


def test_text():
    for text in ("", "text", DATA.decode("latin-1")):
        error, model = raised(oxipickle.loads, text), raised(pickle.loads, text)
        assert (type(error), error.args) == (type(model), model.args)
        assert "a pickle is bytes, and no text" in notes(error)[-1]
        error, model = raised(oxipickle._loads, text), raised(pickle._loads, text)
        assert (type(error), error.args) == (type(model), model.args)
        assert "a pickle is bytes, and no text" in notes(error)[-1]
    for use, models in ((oxipickle.load, pickle.load), (oxipickle.Unpickler, pickle.Unpickler)):
        error, model = raised(use, "file.pkl"), raised(models, "file.pkl")
        assert (type(error), error.args) == (type(model), model.args)
        assert notes(error) == ["this is text: to load from the file of that name, open it in mode 'rb'"]
    assert notes(raised(oxipickle.loads, 1)) == notes(raised(oxipickle.load, 1)) == []


STRINGS = {"SHORT_BINSTRING": b"U\x02\xc3\xa9.", "BINSTRING": b"T\2\0\0\0\xc3\xa9.", "STRING": b"S'\\xe9'\n."}


@pytest.mark.parametrize("opcode", STRINGS)
@pytest.mark.parametrize("before", [b"", b"\x80\x02", b"N0" * 100])
def test_strings_of_python_2(opcode, before):
    data = before + STRINGS[opcode]
    for load, models in ((oxipickle.loads, pickle.loads), (oxipickle._loads, pickle._loads)):
        error, model = raised(load, data), raised(models, data)
        assert (type(error), error.args) == (UnicodeDecodeError, model.args)
        place = f"at byte {len(before)}, reading the argument of {opcode}"
        assert notes(error)[0] == place and 'encoding="latin1"' in notes(error)[1]
        assert load(data, encoding="latin1") == models(data, encoding="latin1")
    # Text that is broken was never Python 2's.
    assert len(notes(raised(oxipickle.loads, b"X\1\0\0\0\xff."))) == 1


GLOBALS = {
    "no module": (b"cnumpy.no_such.module\n_reconstruct\n.", "numpy.no_such.module._reconstruct"),
    "no name": (b"cos\nno_such_name\n.", "os.no_such_name"),
    "no nested name": (b"\x80\x04\x8c\2os\x8c\6path.x\x93.", "os.path.x"),
    "INST": (b"(ios\nno_such_name\n.", "os.no_such_name"),
}


@pytest.mark.parametrize("name", GLOBALS)
def test_globals(name):
    data, path = GLOBALS[name]
    for load, models in ((oxipickle.loads, pickle.loads), (oxipickle._loads, pickle._loads)):
        error, model = raised(load, data), raised(models, data)
        assert type(error) is type(model)
        assert notes(error)[0] == f"looking for the global {path}"
        assert notes(error)[1].endswith(("carrying out GLOBAL", "STACK_GLOBAL", "carrying out INST"))


@pytest.mark.parametrize("base", [oxipickle.Unpickler, oxipickle.HookableUnpickler])
def test_globals_of_hooks(base):
    class Refusing(base):
        def find_class(self, module, name):
            raise {"refused": pickle.UnpicklingError, "missing": ImportError}[name]("by the hook")

    missing = raised(Refusing(io.BytesIO(b"cm\nmissing\n.")).load)
    assert notes(missing)[0] == "looking for the global m.missing"
    assert notes(raised(Refusing(io.BytesIO(b"cm\nrefused\n.")).load)) == ["at byte 0, carrying out GLOBAL"]


@pytest.mark.parametrize("module", [b"m" * 300, b"a b", b"a\x1b[31m", b"\xe2\x80\xa8"])
def test_names_that_are_not_told(module):
    error = raised(oxipickle.loads, b"c" + module + b"\nname\n.")
    assert not any("global" in note for note in notes(error))


CUT_SHORT = {
    "frame": (b"\x80\x04\x95\xff\0\0\0\0\0\0\0abc", 255, 3),
    "text": (b"X\x10\0\0\0abc", 16, 3),
    "bytes": (b"C\x10ab", 16, 2),
    "many bytes": (b"B\0\0\0\x10" + b"x" * 3000, 1 << 28, 3000),
    "bytearray": (b"\x96\0\0\0\x10\0\0\0\0" + b"x" * 70_000, 1 << 28, 70_000),
    "a number": (b"J\1", 4, 1),
}


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("name", CUT_SHORT)
def test_what_is_cut_short(tmp_path, name, face):
    data, claimed, there = CUT_SHORT[name]
    note = f"of the {claimed} bytes that were to follow, {there} are there"
    path = tmp_path / "file"
    path.write_bytes(data)
    load, models = FACES[face]
    for way in WAYS:
        with way(path) as file, way(path) as models_file:
            error = raised(load, file)
            same_error(error, raised(models, models_file), face)
            assert note in notes(error)
    assert note in notes(raised(oxipickle.loads, data))
    assert note in notes(raised(oxipickle.loads, bytearray(data)))


@pytest.mark.parametrize("data", [b"\x80\x04N]", DATA[:-1] + b"\xff", b"cos\nnosuch\n.", b"N" * 10 + LFS])
def test_pickles_are_not_taken_for_something_else(data):
    assert not any("first bytes" in note for note in notes(raised(oxipickle.loads, data)))
