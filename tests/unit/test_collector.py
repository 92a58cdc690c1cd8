"""The pause of the cyclic collector: taken by long loads, and given back whatever happens."""

import gc
import io
import os
import pickle
import sys
import threading
from functools import partial

import oxipickle
import pytest
from faces import in_a_row, raised

pytestmark = pytest.mark.collector

LONG = b"](" + b"N" * 1000


@pytest.fixture(autouse=True)
def threshold():
    before = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(321, 10, 10)
    gc.enable()
    yield
    gc.set_threshold(*before[0])
    (gc.enable if before[1] else gc.disable)()


class Calling(oxipickle.Unpickler):
    """Calls in the middle of a load, as the pickle says."""

    def __init__(self, call, data=LONG + b"cm\nn\n)Re."):
        super().__init__(io.BytesIO(data))
        self.call = call

    def find_class(self, module, name):
        return self.call


def test_paused_in_a_long_load_only():
    seen = []
    Calling(lambda: seen.append(gc.get_threshold()[0])).load()
    Calling(lambda: seen.append(gc.get_threshold()[0]), b"cm\nn\n)R.").load()
    assert seen == [0, 321] and gc.get_threshold()[0] == 321


class Waiting(io.BytesIO):
    """A file and hooks that may wait, and note the threshold meanwhile."""

    def __init__(self, data, seen):
        super().__init__(data)
        self.seen = seen

    def note(self, name):
        self.seen.setdefault(name, []).append(gc.get_threshold()[0])

    def read(self, size):
        self.note("read")
        return super().read(size)

    def readline(self):
        self.note("readline")
        return super().readline()

    def readinto(self, buffer):
        self.note("readinto")
        return super().readinto(buffer)

    def __iter__(self):
        while True:
            self.note("next")
            yield b""


class Peeking(Waiting):
    def peek(self, size):
        self.note("peek")
        return self.getvalue()[self.tell() :][:40]


@pytest.mark.parametrize("file_class", [Waiting, Peeking])
@pytest.mark.parametrize("unpickler_class", [oxipickle.Unpickler, oxipickle.HookableUnpickler])
def test_as_the_user_left_it_while_a_load_waits(file_class, unpickler_class):
    seen = {}
    many = 2 << 20
    data = LONG + b"cm\nn\nNQ\x97B" + many.to_bytes(4, "little") + bytes(many) + b"e."
    file = file_class(data, seen)

    class Hooked(unpickler_class):
        def find_class(self, module, name):
            file.note("find_class")

        def persistent_load(self, pid):
            file.note("persistent_load")

    Hooked(file, buffers=file).load()
    expected = {"read", "readline", "readinto", "next", "find_class", "persistent_load"}
    if unpickler_class is oxipickle.HookableUnpickler:
        expected.remove("readinto")
    elif file_class is Peeking:
        # What was looked at is not read by lines.
        expected ^= {"peek", "readline"}
    assert set(seen) == expected
    assert all(set(thresholds) == {321} for thresholds in seen.values()), seen


def test_as_the_user_left_it_while_a_module_is_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "oxipickle_imported.py").write_text("import gc\nseen = gc.get_threshold()[0]\n")
    try:
        assert oxipickle.loads(LONG + b"coxipickle_imported\nseen\ne.")[-1] == 321
    finally:
        sys.modules.pop("oxipickle_imported", None)


@pytest.mark.parametrize("opened", [io.BytesIO, lambda data: io.BufferedReader(io.BytesIO(data))])
def test_paused_while_bytes_in_memory_are_read(opened):
    collections = []
    gc.collect()
    gc.callbacks.append(lambda phase, info: collections.append(phase))
    file = opened(b"](" + b"]" * 10_000 + b"e.")
    try:
        value, seen = in_a_row(partial(oxipickle.load, file), partial(len, collections))
    finally:
        gc.callbacks.pop()
    assert len(value) == 10_000 and seen == 0


def test_given_back_after_an_error():
    assert type(raised(oxipickle.loads, LONG)) is EOFError
    assert gc.get_threshold()[0] == 321


def test_nested_loads():
    seen = []

    def nested():
        oxipickle.loads(LONG + b"e.")
        seen.append(gc.get_threshold()[0])

    Calling(nested).load()
    assert seen == [0] and gc.get_threshold()[0] == 321


def test_overlapping_threads():
    first_inside, second_done = threading.Event(), threading.Event()

    def wait():
        first_inside.set()
        second_done.wait(10)

    thread = threading.Thread(target=Calling(wait).load)
    thread.start()
    first_inside.wait(10)
    Calling(lambda: None).load()
    assert gc.get_threshold()[0] == 0
    second_done.set()
    thread.join()
    assert gc.get_threshold()[0] == 321


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("within", [gc.enable, gc.disable, None])
def test_what_is_said_about_it_stands(before, within):
    (gc.enable if before else gc.disable)()
    Calling(within or (lambda: None)).load()
    assert gc.isenabled() == {gc.enable: True, gc.disable: False, None: before}[within]
    assert gc.get_threshold()[0] == 321


def test_a_threshold_set_within_stands():
    Calling(lambda: gc.set_threshold(99)).load()
    assert gc.get_threshold()[0] == 99


def test_no_threshold_is_no_threshold_afterwards():
    gc.set_threshold(0)
    oxipickle.loads(pickle.dumps(list(range(1000))))
    assert gc.get_threshold()[0] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("own_load", [False, True])
def test_given_back_in_a_child_forked_while_another_thread_loads(own_load):
    inside, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=Calling(lambda: (inside.set(), done.wait(10))).load)
    thread.start()
    inside.wait(10)
    if own_load:
        # The child goes on with the load that it was forked in.
        pids = []
        Calling(lambda: pids.append(os.fork())).load()
        pid = pids[0]
    else:
        pid = os.fork()
    if pid == 0:
        os._exit(gc.get_threshold()[0] != 321)
    done.set()
    thread.join()
    assert os.waitpid(pid, 0)[1] == 0 and gc.get_threshold()[0] == 321
