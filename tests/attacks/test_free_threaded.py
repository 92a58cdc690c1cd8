"""Attack: on a build that can run without the GIL, other threads change what is pickled."""

import sysconfig

import pytest
from scripts import said

pytestmark = pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="needs a build that can run without the GIL"
)


def test_the_import_brings_the_lock_back():
    script = """
import sys, warnings
warnings.simplefilter("ignore")
before = sys._is_gil_enabled()
import oxipickle
print(before, sys._is_gil_enabled())
"""
    assert said(script) == ["False True"]


def test_an_interpreter_told_to_do_without_is_refused():
    script = """
try: import oxipickle
except ImportError as error: print(str(error)[:23])
"""
    assert said(script, PYTHON_GIL="0") == ["oxipickle needs the GIL"]


CHANGING = r"""
import random, threading, time, warnings
warnings.simplefilter("ignore")
import oxipickle
class Instance: pass
data = [[1], {"a": 1}, {1, 2}, Instance(), ["text"] * 100]
ended = time.monotonic() + 3
def change():
    made = random.Random(1)
    while time.monotonic() < ended:
        data[0][:] = [str(made.random())] * made.randrange(50)
        data[1][str(made.randrange(99))] = [made.random()]
        data[1].pop(str(made.randrange(99)), None)
        data[2].add(str(made.random())); data[2].pop()
        setattr(data[3], "a" + str(made.randrange(20)), [made.random()])
        data[4].append(made.random()); data[4].pop(0)
def work():
    while time.monotonic() < ended:
        try: oxipickle.loads(oxipickle.dumps(data))
        except RuntimeError as error: assert "changed size" in str(error), error
threads = [threading.Thread(target=target) for target in (change, change, work, work)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("alive")
"""


def test_containers_changed_by_other_threads():
    assert said(CHANGING) == ["alive"]
