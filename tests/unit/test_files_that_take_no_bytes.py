"""A path where a file should be, and a file that is open as text: the model's errors, with a note."""

import codecs
import gzip
import io
import pathlib
import subprocess
import sys
import tempfile

import oxipickle
import pytest
from faces import UNPICKLERS, notes, raised

PATH = "this is a path: open it in mode 'wb', and give the file"
PATH_TO_READ = "this is a path: open it in mode 'rb', and give the file"
TEXT = "the file is open as text, and a pickle is bytes: open it in mode 'wb'"


class OwnPath:
    def __fspath__(self):
        raise AssertionError("nobody asks for it")


PATHS = ["name", pathlib.Path("name"), OwnPath()]


def same(ours, model):
    return type(ours) is type(model) and ours.args == model.args


def dump(file, protocol=None):
    oxipickle.dump([1], file, protocol)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: type(path).__name__)
def test_a_path(face, path):
    model = raised(face.model, path)
    for error in (raised(face.ours, path), raised(dump, path)):
        assert same(error, model)
        assert notes(error) == [PATH]


def test_what_is_no_path(face):
    class Silent:
        def __getattr__(self, name):
            raise AttributeError

    for file in (None, 5, object(), Silent()):
        error = raised(face.ours, file)
        assert same(error, raised(face.model, file)) and notes(error) == []


@pytest.mark.parametrize("path", PATHS[1:], ids=lambda path: type(path).__name__)
def test_a_path_to_load_from(path):
    model = raised(UNPICKLERS[0].model, path)
    for error in (raised(oxipickle.Unpickler, path), raised(oxipickle.load, path)):
        assert same(error, model) and notes(error) == [PATH_TO_READ]


class Own(io.StringIO):
    def write(self, text):
        raise TypeError("words of its own")


TEXT_FILES = {
    "open": lambda path: open(path, "w"),  # noqa: SIM115 - the test closes it
    "unread": lambda path: open(path, "x+"),  # noqa: SIM115
    "StringIO": lambda path: io.StringIO(),
    "codecs": lambda path: codecs.open(path, "w", "utf-8"),
    "gzip": lambda path: gzip.open(path, "wt"),
    "temporary": lambda path: tempfile.NamedTemporaryFile("w"),  # noqa: SIM115
    "own": lambda path: Own(),
}


@pytest.mark.filterwarnings("ignore:codecs.open:DeprecationWarning")
@pytest.mark.parametrize("kind", TEXT_FILES)
def test_a_file_that_is_open_as_text(face, kind, protocol, tmp_path):
    errors = []
    for number, pickle_class in enumerate([face.ours, face.model, None]):
        with TEXT_FILES[kind](tmp_path / str(number)) as file:
            if pickle_class is None:
                errors.append(raised(dump, file, protocol))
            else:
                errors.append(raised(pickle_class(file, protocol).dump, [1]))
    ours, model, function = errors
    assert same(ours, model) and same(function, model)
    assert notes(ours) == notes(function) == [TEXT]


def test_large_bytes_too(face, tmp_path):
    with open(tmp_path / "file", "w") as file:
        error = raised(face.ours(file, 4).dump, [b"x" * 100_000])
    assert TEXT in notes(error)


def test_other_errors_have_no_note(face):
    class File:
        def __init__(self, error):
            self.error = error

        def write(self, data):
            raise self.error

    for error in (TypeError("other words"), ValueError("not bytes"), TypeError()):
        assert notes(raised(face.ours(File(error)).dump, [1])) == []


def test_no_note_replaces_an_error(face):
    class Unnotable(TypeError):
        def add_note(self, note):
            raise ZeroDivisionError

    class File(io.StringIO):
        def write(self, data):
            raise Unnotable

    assert type(raised(face.ours(File()).dump, [1])) is Unnotable


def test_nothing_is_imported_before():
    program = """
import io, sys, oxipickle
oxipickle.dump([1], io.BytesIO())
print("oxipickle._no_file" in sys.modules)
try:
    oxipickle.dump([1], io.StringIO())
except TypeError:
    print("oxipickle._no_file" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
