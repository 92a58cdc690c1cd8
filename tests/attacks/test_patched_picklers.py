"""Attack: somebody has exchanged the interpreter's picklers, or watches them, before our first use.

How the running release pickles is found out by asking its own picklers: those that it came with,
whoever stands in their place by now.
"""

import pickle

import pytest
from scripts import said

# Each case is a process of its own.
pytestmark = pytest.mark.long

# Where the picklers are exchanged: before the import, or between it and the first use.
PATCH_EARLY = """
import pickle, _pickle, io, copyreg, sys
{patch}
import oxipickle
"""
PATCH_LATE = """
import pickle, _pickle, io, copyreg, sys
import oxipickle
{patch}
"""

# What both faces and both directions make of data on which releases and faces differ.
USE = r"""
class Meddler:
    def __init__(self, items): self.items = items
    def __reduce__(self):
        self.items.append(1)
        return int, ()
def growing():
    items = []
    items += [Meddler(items), 0, 0]
    return items
def local():
    def inner(): pass
    return inner
class Outer:
    class Inner: pass
def buffers():
    buffer = pickle.PickleBuffer(bytearray(b"content"))
    return [buffer, buffer]
class Unstated:
    __setstate__ = None
DUMPED = [lambda: list(range(1001)), lambda: dict.fromkeys(range(1000)), growing, local, lambda: Outer.Inner,
          buffers, lambda: range(3)]
ESCAPED = ["a\nb" * 2] * 2
LOADED = [b"I010\n.", b"L010L\n.", b"I+1\n.", b"N(e.", b"\x95\x0a\0\0\0\0\0\0\0\x95\1\0\0\0\0\0\0\0N.",
          b"c__main__\nUnstated\n)\x81}K\1K\2sb."]
def outcome(call, *args):
    try: result = call(*args)
    except Exception as error: return type(error).__name__
    return result if isinstance(result, (bytes, int)) else type(result).__name__
def dumped(pickler, obj, protocol):
    file = io.BytesIO()
    pickler(file, protocol).dump(obj)
    return file.getvalue()
for make in DUMPED:
    for protocol in (1, 2, 5):
        for pickler in PICKLERS:
            print(outcome(dumped, pickler, make(), protocol))
for pickler in PICKLERS: print(outcome(dumped, pickler, ESCAPED, 0))
for data in LOADED:
    for unpickler in UNPICKLERS:
        print(outcome(lambda: unpickler(io.BytesIO(data)).load()))
"""

OURS = """
PICKLERS = oxipickle.Pickler, oxipickle.HookablePickler
UNPICKLERS = oxipickle.Unpickler, oxipickle.HookableUnpickler
"""
MODELS = """
import pickle, io
PICKLERS = pickle.Pickler, pickle._Pickler
UNPICKLERS = pickle.Unpickler, pickle._Unpickler
"""

STRANGER = """
class Stranger:
    def __init__(self, *args, **options): raise AssertionError("asked")
"""

# What needs `oxipickle` patches late only; the others may do so early too.
OURS_IN_PLACE = {
    name: f"{name} = oxipickle.{name.split('.')[-1]}"
    for name in ("pickle.Pickler", "pickle._Pickler", "pickle.Unpickler", "pickle._Unpickler")
} | {
    "_pickle.Pickler": "_pickle.Pickler = oxipickle.Pickler",
    "_pickle.Unpickler": "_pickle.Unpickler = oxipickle.Unpickler",
    "functions": """
for name in ("dump", "dumps", "load", "loads"): setattr(pickle, name, getattr(oxipickle, name))
""",
    "everything": """
for name in ("Pickler", "_Pickler", "Unpickler", "_Unpickler", "dump", "dumps", "load", "loads"):
    setattr(pickle, name, getattr(oxipickle, name))
_pickle.Pickler, _pickle.Unpickler = oxipickle.Pickler, oxipickle.Unpickler
""",
    "the module": "sys.modules['pickle'] = oxipickle",
}

OTHERS_IN_PLACE = {
    "a stranger": STRANGER
    + """
for name in ("Pickler", "_Pickler", "Unpickler", "_Unpickler"): setattr(pickle, name, Stranger)
_pickle.Pickler = _pickle.Unpickler = Stranger
""",
    "the Python class in C's place": """
pickle.Pickler, pickle.Unpickler = pickle._Pickler, pickle._Unpickler
pickle.dumps, pickle.loads = pickle._dumps, pickle._loads
""",
    "a subclass": """
pickle.Pickler = type("Pickler", (pickle.Pickler,), {"persistent_id": lambda self, obj: "patched"})
pickle._Pickler = type("_Pickler", (pickle._Pickler,), {"persistent_id": lambda self, obj: "patched"})
pickle.Unpickler = type("Unpickler", (pickle.Unpickler,), {"find_class": None})
pickle._Unpickler = type("_Unpickler", (pickle._Unpickler,), {"find_class": None})
""",
    "methods of the Python class": """
def save(self, obj, *args): raise AssertionError("asked")
pickle._Pickler.save = pickle._Pickler.memoize = save
pickle._Unpickler.load = pickle._Unpickler.find_class = save
""",
    "entries of dispatch, as dill has them": """
def save_function(pickler, obj): pickler.save_reduce(int, (), obj=obj)
import types
pickle._Pickler.dispatch[types.FunctionType] = save_function
pickle._Pickler.dispatch[type] = save_function
pickle._Pickler.dispatch[range] = pickle._Pickler.dispatch[pickle.PickleBuffer] = save_function
""",
    "entries of the unpickler's dispatch": """
def load(self): raise AssertionError("asked")
for code in (pickle.INT, pickle.LONG, pickle.BUILD, pickle.FRAME): pickle._Unpickler.dispatch[code[0]] = load
""",
    "functions of the module": """
def asked(*args, **options): raise AssertionError("asked")
pickle.dumps = pickle.loads = pickle.dump = pickle.load = pickle.whichmodule = pickle._getattribute = asked
""",
    "names missing": "del pickle.Pickler, pickle.Unpickler, pickle.dumps, pickle.loads",
}

# Patches of what the picklers are made of. What is there before the import is the picklers' own.
PARTS_IN_PLACE = {
    "parts of the Python classes": """
class Part:
    def __init__(self, *args): raise AssertionError("asked")
pickle._Framer = pickle._Unframer = Part
pickle._Stop = type("_Stop", (Exception,), {})
""",
    "tables of copyreg": """
copyreg.dispatch_table = {range: None}
copyreg._extension_registry = copyreg._inverted_registry = copyreg._extension_cache = None
""",
    "modules gone": """
for name in ("pickle", "_pickle", "copyreg", "_compat_pickle"): del sys.modules[name]
""",
    "modules exchanged": """
import types
for name in ("pickle", "_pickle"): sys.modules[name] = types.ModuleType(name)
""",
}


# How each is put in place.
ORDERS = [
    *((PATCH_LATE, name, patch) for name, patch in OURS_IN_PLACE.items()),
    *((PATCH_LATE, name, patch) for name, patch in OTHERS_IN_PLACE.items()),
    *((PATCH_LATE, name, patch) for name, patch in PARTS_IN_PLACE.items()),
    *((PATCH_EARLY, name, patch) for name, patch in OTHERS_IN_PLACE.items() if name != "names missing"),
]


@pytest.fixture(scope="module")
def pristine():
    """What the models say where nobody has touched them."""
    return said(MODELS + USE)


@pytest.mark.parametrize(
    ("order", "patch"),
    [(order, patch) for order, _, patch in ORDERS],
    ids=[f"{name}, {'late' if order is PATCH_LATE else 'early'}" for order, name, _ in ORDERS],
)
def test_exchanged(order, patch, pristine):
    """Ours is what the untouched models are, whatever stands in their place."""
    assert said(order.format(patch=patch) + OURS + USE, seconds=20) == pristine


def test_untouched(pristine):
    assert said(PATCH_LATE.format(patch="") + OURS + USE) == pristine


HOOK = """
seen = []
def hook(event, args):
    if event.startswith("pickle."):
        seen.append((event, args))
        {act}
sys.addaudithook(hook)
"""

FIRST_USES = """
for use in (lambda: oxipickle.dumps([1, {"a": (2,)}]), lambda: oxipickle.loads(b"K\\x01."),
            lambda: oxipickle.Pickler(io.BytesIO()).dump([1]),
            lambda: oxipickle.HookablePickler(io.BytesIO()).dump([1]),
            lambda: oxipickle.Unpickler(io.BytesIO(b"K\\x01.")).load(),
            lambda: oxipickle.HookableUnpickler(io.BytesIO(b"K\\x01.")).load()):
    use()
"""


@pytest.mark.parametrize("order", [PATCH_LATE, PATCH_EARLY], ids=["late", "early"])
def test_an_audit_hook_sees_no_look_at_the_picklers(order):
    assert said(order.format(patch=HOOK.format(act="")) + FIRST_USES + "print(seen)") == ["[]"]


@pytest.mark.parametrize("act", ["raise RuntimeError('refused')", "raise SystemExit('refused')"])
@pytest.mark.parametrize("order", [PATCH_LATE, PATCH_EARLY], ids=["late", "early"])
def test_an_audit_hook_refuses_everything(order, act, pristine):
    """What it refuses is no fact about the release."""
    only_main = "if args[0] not in ('__main__', 'builtins'): " + act
    script = order.format(patch=HOOK.format(act=only_main)) + OURS + USE
    assert said(script) == pristine


def test_dill():
    pytest.importorskip("dill")
    assert said("import dill, oxipickle; print(oxipickle.dumps(1))") == [repr(pickle.dumps(1))]


def test_a_user_who_asks_is_seen():
    """Only the look at the picklers goes unseen: what the user loads is told to the hook."""
    use = "oxipickle.loads(b'cbuiltins\\nlen\\n.'); print(seen)"
    script = PATCH_LATE.format(patch=HOOK.format(act="")) + use
    assert said(script) == ["[('pickle.find_class', ('builtins', 'len'))]"]


EARLY = r"""
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "oxipickle._behaviour":
            native = sys.modules["oxipickle._oxipickle"]
            for use in (lambda: native.dumps(int), lambda: native.loads(b"N.")):
                try: print(use())
                except RuntimeError as error: print(error)
sys.meta_path.insert(0, Finder())
import oxipickle, pickle
print(oxipickle.dumps(int, 4) == pickle.dumps(int, 4), oxipickle.loads(b"N."))
"""


def test_used_while_it_is_being_imported():
    """The look at the interpreter's picklers may lead to ours: an error then, and not a wait for itself."""
    assert said(EARLY) == ["oxipickle is still being imported"] * 2 + ["True None"]
