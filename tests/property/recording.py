"""Picklers with hooks that log every call, the same for ours and for the model."""

import dataclasses
import io
import re

import specimens
from recipes import parts


@dataclasses.dataclass(frozen=True)
class Hooks:
    """Which hooks are overridden, and with what."""

    persistent_id: str | None = None
    reducer_override: str | None = None
    dispatch_table: str | None = None
    buffer_callback: str | None = None
    fast: bool = False
    fix_imports: bool = True
    # Whether the log holds the objects it saw; then it can tell which of them were one.
    keeps: bool = False


PLAIN = Hooks()


class Log:
    """Calls in their order, with objects told apart by what they look like, not by address."""

    def __init__(self, keeps):
        self.calls = []
        self.kept = [] if keeps else None
        self.numbers = {}

    def add(self, hook, obj):
        self.calls.append((hook, type(obj).__qualname__, _looks(obj), self._number(obj)))

    def _number(self, obj):
        if self.kept is None:
            return None
        if id(obj) not in self.numbers:
            self.numbers[id(obj)] = len(self.kept)
            self.kept.append(obj)
        return self.numbers[id(obj)]


def _looks(obj):
    if type(obj) in (str, bytes, bytearray):
        return len(obj), obj[:20]
    if type(obj) in (int, float, bool):
        return repr(obj)
    if type(obj) in (list, tuple, dict, set, frozenset):
        return len(obj)
    return None


class PersistentIds:
    """Answers for some objects; the answer may itself be large, or a part of the graph."""

    @staticmethod
    def never(obj):
        return None

    @staticmethod
    def text(obj):
        return "persistent" if type(obj) in (specimens.Identified, complex) else None

    @staticmethod
    def fresh(obj):
        return ("persistent", ["fresh"]) if type(obj) is specimens.Identified else None

    @staticmethod
    def piece(obj):
        return obj.__dict__ if type(obj) is specimens.Identified else None

    @staticmethod
    def atoms(obj):
        return "atom" if type(obj) is int and obj % 2 else None


class Reducers:
    """Answers for some objects in the forms that `__reduce__` has."""

    @staticmethod
    def never(obj):
        return NotImplemented

    @staticmethod
    def args(obj):
        if type(obj) in (specimens.Overridden, specimens.StateCopy):
            return specimens.rebuild, ("overridden", obj.__dict__)
        return NotImplemented

    @staticmethod
    def everything(obj):
        if type(obj) in (specimens.Overridden, specimens.Slotted):
            return specimens.rebuild, (), {"state": 1}, iter([obj]), iter([(1, obj)])
        return NotImplemented

    @staticmethod
    def name(obj):
        return "THE_ONE" if type(obj) is specimens.Overridden else NotImplemented

    @staticmethod
    def functions(obj):
        if obj is specimens.function or obj is specimens.Plain:
            return specimens.rebuild, (obj.__qualname__,)
        return NotImplemented


class LoggedTable(dict):
    """A dispatch table that logs how it is asked; the two faces ask differently."""

    log: Log

    def __getitem__(self, key):
        self.log.add("dispatch_table[]", key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.log.add("dispatch_table.get", key)
        return super().get(key, default)


TABLE = {
    specimens.Tabled: specimens.reduce_tabled,
    specimens.StateTuple: specimens.reduce_tabled,
    specimens.Metaclass: specimens.reduce_class,
}
BUFFER_ANSWERS = {"out of band": lambda n: False, "in band": lambda n: True, "by turns": lambda n: n % 2}
# What may be chosen for each field of `Hooks`.
CHOICES = {
    "persistent_id": [None, "never", "text", "fresh", "piece", "atoms"],
    "reducer_override": [None, "never", "args", "everything", "name", "functions"],
    "dispatch_table": [None, "class", "instance", "subclass of dict"],
    "buffer_callback": [None, *BUFFER_ANSWERS],
}


def new_pickler(base, file, protocol, hooks, log):
    """A pickler of a subclass that has the hooks asked for, and no method for the others."""
    namespace = {}
    if hooks.persistent_id:
        answer = getattr(PersistentIds, hooks.persistent_id)
        namespace["persistent_id"] = _logged(log, "persistent_id", answer)
    if hooks.reducer_override:
        answer = getattr(Reducers, hooks.reducer_override)
        namespace["reducer_override"] = _logged(log, "reducer_override", answer)
    if hooks.dispatch_table == "class":
        namespace["dispatch_table"] = TABLE
    callback = None
    if hooks.buffer_callback and protocol >= 5:
        callback = _buffer_callback(log, BUFFER_ANSWERS[hooks.buffer_callback])
    pickler_class = type("Recorded", (base,), namespace)
    pickler = pickler_class(file, protocol, fix_imports=hooks.fix_imports, buffer_callback=callback)
    if hooks.dispatch_table == "instance":
        pickler.dispatch_table = TABLE
    elif hooks.dispatch_table == "subclass of dict":
        pickler.dispatch_table = LoggedTable(TABLE)
        pickler.dispatch_table.log = log
    if hooks.fast:
        pickler.fast = True
    return pickler


def _logged(log, name, answer):
    def hook(self, obj):
        log.add(name, obj)
        return answer(obj)

    return hook


def _buffer_callback(log, answer):
    def callback(buffer):
        log.add("buffer_callback", buffer)
        return answer(len(log.calls))

    return callback


# What the text of an object says of where it lies.
ADDRESS = re.compile(rb" at 0x[0-9a-f]+>")


@dataclasses.dataclass
class Told:
    """What one dump came to."""

    bytes: bytes
    calls: list
    error: type | None
    indices: list | None

    def gave_up(self):
        """Whether recursion ended it: where upstream's limits lie is nobody's promise."""
        return self.error in (RecursionError, MemoryError)


def session(base, graph, protocol, hooks=PLAIN, *, peeks=True):
    """What one pickler makes of a graph; then of all its parts, which it has seen; then of the
    graph once more with an empty memo. A dump that fails is the last, as the model is then left
    between two frames.

    `peeks` says whether somebody looks at the memo in between, which enters what was put off.
    """
    file, log = io.BytesIO(), Log(hooks.keeps)
    pickler = new_pickler(base, file, protocol, hooks, log)
    told = [_dump(pickler, graph, file, log, peeks)]
    if told[-1].error is None:
        told.append(_dump(pickler, parts(graph), file, log, True))
    pickler.clear_memo()
    assert pickler.memo.copy() == {}
    if told[-1].error is None:
        told.append(_dump(pickler, graph, file, log, peeks))
    return told


def _dump(pickler, graph, file, log, peeks):
    start, calls, error = file.tell(), len(log.calls), None
    try:
        pickler.dump(graph)
    except Exception as failure:
        error = type(failure)
    written = file.getvalue()[start:] if error is None else b""
    # At protocol 0 a persistent id is written as its text, and each graph lies elsewhere.
    written = ADDRESS.sub(b">", written)
    indices = None
    if peeks and error is None:
        indices = sorted(entry[0] for entry in pickler.memo.copy().values())
    return Told(written, log.calls[calls:], error, indices)


def assert_same_session(face, make, protocol, hooks=PLAIN, *, peeks=True):
    """Ours and the model tell the same, each of a graph of its own; then both of one and the same,
    in either order, as the first look at an object may change it."""
    model = session(face.model, make(), protocol, hooks, peeks=peeks)
    if any(told.gave_up() for told in model):
        # What never ends goes on a hundred times longer with ours.
        return
    assert session(face.ours, make(), protocol, hooks, peeks=peeks) == model
    ours_first, model_first = make(), make()
    first = session(face.ours, ours_first, protocol, hooks, peeks=peeks)
    second = session(face.model, ours_first, protocol, hooks, peeks=peeks)
    assert first == session(face.model, model_first, protocol, hooks, peeks=peeks)
    assert second == session(face.ours, model_first, protocol, hooks, peeks=peeks)
