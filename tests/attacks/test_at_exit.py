"""Attack: the interpreter ends while something is pickled, or something is pickled while it ends.

Up to 3.13 a daemon thread that waits for the interpreter's lock at exit is ended where it stands,
with native frames on its stack.
"""

import pytest
from scripts import ended, said

DAEMONS = r"""
import io, sys, threading, time
import oxipickle
class Reduced:
    def __reduce__(self): return Reduced, ()
class Stated:
    def __setstate__(self, state):
        for _ in range(20): pass
class File:
    def write(self, data): return len(data)
class Slow:
    def __init__(self, data): self.file = io.BytesIO(data)
    def read(self, size): return self.file.read(size)
    def readline(self): return self.file.readline()
class Asking:
    def persistent_id(self, obj): return None
    def find_class(self, module, name): return super().find_class(module, name)
class Pickler(Asking, oxipickle.HookablePickler): pass
class Unpickler(Asking, oxipickle.Unpickler): pass
data = [[Reduced() for _ in range(50)] for _ in range(200)]
pickled = oxipickle.dumps(data)
stated = b"\x80\x04(" + b"".join(b"c__main__\nStated\n)\x81K\1b" for _ in range(5000)) + b"l."
plain = [["a"] * 100] * 100
def work():
    for _ in range(300): pass
class Finalised:
    def __del__(self): work()
class Truth:
    def __bool__(self): work(); return True
def drop(unpickler):
    unpickler.memo = {index: Finalised() for index in range(20)}
def drop_pickler(pickler):
    pickler.memo = {index: (index, Finalised()) for index in range(20)}
KINDS = {
    "dumps": lambda: oxipickle.dumps(data),
    "dump": lambda: oxipickle.dump(data, File(), 4),
    "loads": lambda: oxipickle.loads(pickled),
    "load": lambda: oxipickle.load(Slow(pickled)),
    "__setstate__": lambda: oxipickle.loads(stated),
    "Pickler": lambda: oxipickle.Pickler(io.BytesIO(), 4).dump(data),
    "HookablePickler": lambda: oxipickle.HookablePickler(File(), 4).dump(data),
    "hooks": lambda: Pickler(File(), 4).dump(data),
    "Unpickler": lambda: oxipickle.Unpickler(io.BytesIO(pickled)).load(),
    "HookableUnpickler": lambda: oxipickle.HookableUnpickler(Slow(pickled)).load(),
    "find_class": lambda: Unpickler(io.BytesIO(pickled)).load(),
    "plain data": lambda: oxipickle.dumps(plain),
    "argument": lambda: oxipickle.dumps(1, fix_imports=Truth()),
    "end of a Pickler": lambda: drop_pickler(oxipickle.Pickler(io.BytesIO())),
    "end of a HookablePickler": lambda: drop_pickler(oxipickle.HookablePickler(io.BytesIO())),
    "end of an Unpickler": lambda: drop(oxipickle.Unpickler(io.BytesIO())),
}
def forever(use):
    while True: use()
for _ in range(2): threading.Thread(target=forever, args=(KINDS[sys.argv[1]],), daemon=True).start()
time.sleep(0.15)
"""

KINDS = [
    "dumps",
    "dump",
    "loads",
    "load",
    "__setstate__",
    "Pickler",
    "HookablePickler",
    "hooks",
    "Unpickler",
    "HookableUnpickler",
    "find_class",
    "plain data",
    "argument",
    "end of a Pickler",
    "end of a HookablePickler",
    "end of an Unpickler",
]

# A thread may be anywhere when the interpreter ends.
TIMES = 4


@pytest.mark.parametrize("kind", KINDS)
def test_daemon_threads(kind):
    for _ in range(TIMES):
        assert said(DAEMONS, kind) == []


FINALISED = r"""
import atexit, builtins, io, os, pickle, sys
import oxipickle
class Reduced:
    def __reduce__(self): return int, ()
class Finalised:
    def __init__(self, name, module):
        self.name, self.module, self.itself = name, module, self
        self.pickler = module.Pickler(io.BytesIO())
        self.hookable = module._Pickler(io.BytesIO(), 4)
        self.unpickler = module.Unpickler(io.BytesIO(b"K\1." * 9))
    def __del__(self, Reduced=Reduced, write=os.write, type=type, BaseException=BaseException):
        for use in (lambda: self.module.loads(self.module.dumps([1, {"x": (1, 2)}])),
                    lambda: self.module.dumps([Reduced()]),
                    lambda: self.pickler.dump([{1: 2}, Reduced()]),
                    lambda: self.hookable.dump([{1: 2}, Reduced()]),
                    lambda: self.unpickler.load()):
            try: result = type(use()).__name__
            except BaseException as error: result = type(error).__name__
            write(1, f"{self.name} {result}\n".encode())
module = {"oxipickle": oxipickle, "pickle": pickle}[sys.argv[1]]
if sys.argv[2] == "used": module.loads(module.dumps([Reduced()]))
first = Finalised("global", module)
sys.kept = Finalised("sys", module)
builtins.kept = Finalised("builtins", module)
atexit.register(lambda: module.dumps([Reduced()]))
"""


# What is left of the modules by then may answer in either way; nothing else may be raised.
LATE_ERRORS = {"PicklingError", "UnpicklingError", "ImportError", "RuntimeError", "TypeError"}


@pytest.mark.parametrize("before", ["used", "unused"])
def test_pickled_while_the_interpreter_ends(before):
    """What the interpreter's own picklers still do late, ours do or refuse; they never panic."""
    done = ended(FINALISED, "oxipickle", before)
    assert done.returncode == 0
    assert "panic" not in (done.stderr + done.stdout).lower()
    ours = done.stdout.splitlines()
    assert len(ours) == 15
    # Up to 3.11 the model crashes on the way.
    model = ended(FINALISED, "pickle", before).stdout.splitlines()
    for line, of_model in zip(ours, model):
        assert line == of_model or line.split()[1] in LATE_ERRORS
    # What needs no module is pickled and loaded to the end.
    assert ours[::5][:1] == ["builtins list"] and ours[4::5] == ["builtins int", "sys int", "global int"]


def test_pickled_by_a_thread_after_the_main_one_ended():
    script = r"""
import threading, oxipickle
def late():
    threading.main_thread().join()
    print(oxipickle.loads(oxipickle.dumps([1])))
threading.Thread(target=late).start()
"""
    assert said(script) == ["[1]"]
