"""Attack: the process is forked in the midst of a dump or a load, by the one at work or by another thread.

The child has a copy of everything, and of the threads only the one that forked it.
"""

import os

import pytest
from scripts import said

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no forks")

# In either process the one at work goes on to the same bytes and objects; then a fresh one works too.
BY_THE_ONE_AT_WORK = r"""
import io, os, sys, warnings
import oxipickle, pickle
warnings.simplefilter("ignore")
class Forking:
    def __reduce__(self):
        fork()
        return int, (7,)
def fork():
    global pid
    if pid is None: pid = os.fork()
pid = 0
data = [[1, "text"], {"key": (1, 2)}, Forking(), [1, "text"] * 3, Forking()]
expected = pickle.dumps(data, 4)
class Loading(oxipickle.Unpickler):
    def find_class(self, module, name): fork(); return super().find_class(module, name)
class LoadingHookable(oxipickle.HookableUnpickler):
    def find_class(self, module, name): fork(); return super().find_class(module, name)
def dump(pickler):
    file = io.BytesIO()
    pickler(file, 4).dump(data)
    return file.getvalue()
WORK = {
    "dumps": lambda: oxipickle.dumps(data, 4) == expected,
    "Pickler": lambda: dump(oxipickle.Pickler) == expected,
    "HookablePickler": lambda: dump(oxipickle.HookablePickler) == expected,
    "Unpickler": lambda: Loading(io.BytesIO(expected)).load()[2] == 7,
    "HookableUnpickler": lambda: LoadingHookable(io.BytesIO(expected)).load()[2] == 7,
}
work = WORK[sys.argv[1]]
pid = None
is_right = work() and pid is not None
is_right = is_right and work() and oxipickle.loads(oxipickle.dumps([1, "text"])) == [1, "text"]
if pid == 0: os._exit(0 if is_right else 1)
print(is_right, os.waitpid(pid, 0)[1])
"""

WAYS = ["dumps", "Pickler", "HookablePickler", "Unpickler", "HookableUnpickler"]


@pytest.mark.parametrize("way", WAYS)
def test_by_the_one_at_work(way):
    assert said(BY_THE_ONE_AT_WORK, way) == ["True 0"]


# The child can't have the pickler whose dump another thread had under way, and everything else it can.
BY_ANOTHER_THREAD = r"""
import io, os, sys, threading, warnings
import oxipickle, pickle
warnings.simplefilter("ignore")
inside, done = threading.Event(), threading.Event()
class Waiting:
    def __reduce__(self):
        inside.set(); done.wait(30)
        return int, ()
pickler = {"lean": oxipickle.Pickler, "hookable": oxipickle.HookablePickler}[sys.argv[1]](io.BytesIO(), 4)
thread = threading.Thread(target=lambda: pickler.dump([[1] * 5000, Waiting()]))
thread.start()
inside.wait(30)
pid = os.fork()
if pid == 0:
    right = oxipickle.loads(oxipickle.dumps(["a"] * 3000)) == ["a"] * 3000
    for used in (oxipickle.Pickler, oxipickle.HookablePickler):
        file = io.BytesIO()
        used(file, 4).dump([1, (2, "x")])
        right = right and file.getvalue() == pickle.dumps([1, (2, "x")], 4)
    try: pickler.dump([1])
    except RuntimeError: pass
    del pickler
    os._exit(0 if right else 1)
done.set()
thread.join()
print(os.waitpid(pid, 0)[1])
"""


@pytest.mark.parametrize("face", ["lean", "hookable"])
def test_by_another_thread(face):
    assert said(BY_ANOTHER_THREAD, face) == ["0"]
