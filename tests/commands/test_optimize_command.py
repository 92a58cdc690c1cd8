"""`python -m oxipickle optimize`: a file of pickles without what they store and never fetch."""

import io
import pickle
import pickletools
import zlib

import pytest
from called import started
from looked_at import SOUND


@pytest.mark.parametrize("data", SOUND[::3], ids=range(len(SOUND[::3])))
def test_the_bytes_of_pickletools(command, saved, tmp_path, data):
    done = command("optimize", saved(data), tmp_path / "out.pkl")
    assert (done.code, done.err) == (0, "")
    assert (tmp_path / "out.pkl").read_bytes() == pickletools.optimize(data)


def test_several_pickles(command, saved, tmp_path):
    parts = [pickle.dumps(["a", "b"], protocol) for protocol in range(6)]
    command("optimize", saved(b"".join(parts)), tmp_path / "out.pkl")
    assert (tmp_path / "out.pkl").read_bytes() == b"".join(map(pickletools.optimize, parts))


def test_in_place(command, saved):
    data = pickle.dumps(["a", "b"])
    path = saved(data)
    assert command("optimize", path, path).code == 0
    assert path.read_bytes() == pickletools.optimize(data)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_stdin_and_stdout():
    data = pickle.dumps(["a", "b"])
    done = started("optimize", "-", "-", given=data)
    assert (done.code, done.out) == (0, pickletools.optimize(data))


def pickles_of_one_pickler():
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 2)
    shared = ["a"]
    pickler.dump(shared)
    pickler.dump([shared])
    return file.getvalue()


REFUSED = {
    "broken": (b"NN.", "stack is not empty"),
    "broken behind": (b"N.NN.", "stack is not empty"),
    "empty": (b"", "empty"),
    "compressed": (zlib.compress(b"N."), "container"),
    "one memo": (pickles_of_one_pickler(), "fetches what a pickle before it has stored"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(command, saved, tmp_path, name):
    data, words = REFUSED[name]
    done = command("optimize", saved(data), tmp_path / "out.pkl")
    assert done.code == 2 and words in done.err and done.err.count("\n") == 1
    assert not (tmp_path / "out.pkl").exists()


def test_where_nothing_can_be_written(command, saved, tmp_path):
    done = command("optimize", saved(b"N."), tmp_path / "no" / "out.pkl")
    assert done.code == 2 and "No such file" in done.err
