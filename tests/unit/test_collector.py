"""The pause of the cyclic collector: taken by long loads, and given back whatever happens."""

import gc
import io
import os
import pickle
import threading

import oxipickle
import pytest
from faces import raised

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
    """Calls in the middle of a load."""

    def __init__(self, call, data=LONG + b"cm\nn\ne."):
        super().__init__(io.BytesIO(data))
        self.call = call

    def find_class(self, module, name):
        self.call()


def test_paused_in_a_long_load_only():
    seen = []
    Calling(lambda: seen.append(gc.get_threshold()[0])).load()
    Calling(lambda: seen.append(gc.get_threshold()[0]), b"cm\nn\n.").load()
    assert seen == [0, 321] and gc.get_threshold()[0] == 321


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
