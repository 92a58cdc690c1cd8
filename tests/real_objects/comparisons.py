"""How our picklers are held against their models over objects of real libraries.

Each comparison takes a function that makes the object, afresh or not. What the model cannot pickle
at a protocol, ours refuses with an exception of the same class.
"""

import collections.abc
import copyreg
import io
import pickle
import types

import oxipickle
from faces import dumped, outcome

ATOMS = (type(None), bool, int, float, complex, str, bytes, bytearray, type(...), type(NotImplemented))
NAMED = (type, types.FunctionType, types.ModuleType)


def same_bytes(face, make, protocol, **options):
    """Fresh pickles of two fresh objects, and a second one of each, which may hold caches by then."""
    for_ours, for_model = make(), make()
    ours = outcome(dumped, face.ours, for_ours, protocol, **options)
    assert ours == outcome(dumped, face.model, for_model, protocol, **options)
    if ours[0] == "error":
        return
    again = outcome(dumped, face.model, for_model, protocol, **options)
    assert outcome(dumped, face.ours, for_model, protocol, **options) == again
    assert outcome(dumped, face.ours, for_ours, protocol, **options) == again


def same_bytes_when_reused(face, make, protocol):
    """One pickler dumps the object, dumps it again with another one, and once more without memo."""

    def attempt(pickler_class):
        obj = make()
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.dump(obj)
        pickler.dump([obj, make()])
        pickler.clear_memo()
        pickler.dump(obj)
        return file.getvalue()

    assert outcome(attempt, face.ours) == outcome(attempt, face.model)


def label(obj):
    """A name for an object that is the same in both runs, whatever its address."""
    if isinstance(obj, NAMED):
        return obj.__name__
    if type(obj) in ATOMS:
        return repr(obj)[:60]
    return type(obj).__name__


def hooked(base, log):
    """A pickler that logs what its hooks are asked, and lets them stand in for an object now and then."""

    class Hooked(base):
        def persistent_id(self, obj):
            log.append(("persistent_id", label(obj)))
            return f"stored {len(log)}" if len(log) % 31 == 0 else None

        def reducer_override(self, obj):
            log.append(("reducer_override", label(obj)))
            return (str, ("replaced",)) if len(log) % 37 == 0 else NotImplemented

    return Hooked


def same_bytes_with_hooks(face, make, protocol):
    """The hooks are asked the same, and what they answer is written the same."""

    def attempt(base):
        log = []
        return outcome(dumped, hooked(base, log), make(), protocol), log

    assert attempt(face.ours) == attempt(face.model)


def reduce_value(obj):
    """What an object is made from and of, with iterators laid out."""
    reducer = copyreg.dispatch_table.get(type(obj))
    value = reducer(obj) if reducer else obj.__reduce_ex__(4)
    if isinstance(value, str):
        return value
    return tuple(list(item) if isinstance(item, collections.abc.Iterator) else item for item in value)


def parts(obj):
    """What an object consists of, in the order in which it is pickled."""
    if type(obj) in (list, tuple):
        return list(obj)
    if type(obj) is dict:
        return [part for item in obj.items() for part in item]
    value = reduce_value(obj)
    return [value] if isinstance(value, str) else list(value)


def assert_alike(first, second):
    """Two graphs have the same types, values, attributes and order, however they compare."""
    kept, seen, left = [], set(), [(first, second)]
    while left:
        a, b = left.pop()
        assert type(a) is type(b)
        if a is b or (id(a), id(b)) in seen:
            continue
        seen.add((id(a), id(b)))
        # What was made here must live on, or its identity would be another object's.
        kept.append((a, b))
        assert not isinstance(a, NAMED), f"{a!r} is not {b!r}"
        if type(a) in ATOMS:
            assert repr(a) == repr(b)
        elif type(a) in (set, frozenset):
            assert a == b
        else:
            of_a, of_b = parts(a), parts(b)
            assert len(of_a) == len(of_b)
            left.extend(zip(of_a, of_b, strict=True))


# What reads a pickle back: ours from memory and by object, the C class, the Python class. The
# pickles of each pickler and its model are the same bytes, so these are all directions.
READERS = (
    oxipickle.loads,
    lambda data: oxipickle.Unpickler(io.BytesIO(data)).load(),
    lambda data: oxipickle.HookableUnpickler(io.BytesIO(data)).load(),
    pickle.loads,
    pickle._loads,
)


def round_trip(face, make, protocol):
    """What our pickle is read back as has every attribute of the object, whoever reads it."""
    kind, written = outcome(dumped, face.ours, make(), protocol)
    if kind == "value":
        for read in READERS:
            assert_alike(make(), read(written))
    else:
        assert outcome(dumped, face.model, make(), protocol) == (kind, written)


def compare(face, make, protocol, read_back=True):
    """All comparisons; what the interpreter or a library does not read back whole is not read back."""
    same_bytes(face, make, protocol)
    same_bytes_when_reused(face, make, protocol)
    same_bytes_with_hooks(face, make, protocol)
    if read_back:
        round_trip(face, make, protocol)
