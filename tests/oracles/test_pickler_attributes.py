"""What a pickler has beside its methods, exchanged anywhere: `dispatch`, `write`, `framer`, `memo`."""

import functools
import inspect
import io
import pickle
import textwrap

import pytest
from faces import HOOKABLE, outcome
from graph_of_kinds import Plain, Trigger, graph, looks

KINDS = [*pickle._Pickler.dispatch, Plain]


def session(base, protocol, prepare, make=graph):
    """The outcome, the file's contents and the log of a dump by a pickler that `prepare(cls, log)` gives."""
    log = []
    file = io.BytesIO()
    cls = type("Sub", (base,), {"dispatch": base.dispatch.copy()})
    pickler = prepare(cls, file, protocol, log)
    try:
        result = outcome(lambda: pickler.dump(make(protocol)))
    finally:
        Trigger.act = None
    return result, file.getvalue() if result[0] == "value" else None, log


def same(protocol, prepare, make=graph):
    ours, model = (session(base, protocol, prepare, make) for base in HOOKABLE.both())
    assert ours == model


def entry_for(cls, kind, log):
    original = cls.dispatch.get(kind)

    def method(pickler, obj):
        log.append(("dispatch", looks(obj)))
        if original is None:
            pickler.write(pickle.NONE)
        else:
            original(pickler, obj)

    return method


def put(cls, file, protocol, log, *, kind):
    cls.dispatch[kind] = entry_for(cls, kind, log)
    return cls(file, protocol)


def put_on_instance(cls, file, protocol, log, *, kind):
    pickler = cls(file, protocol)
    pickler.dispatch = {**cls.dispatch, kind: entry_for(cls, kind, log)}
    return pickler


def put_in_the_middle(cls, file, protocol, log, *, kind):
    Trigger.act = lambda: cls.dispatch.update({kind: entry_for(cls, kind, log)})
    return cls(file, protocol)


def taken_away(cls, file, protocol, log, *, kind):
    cls.dispatch.pop(kind, None)
    return cls(file, protocol)


def taken_away_in_the_middle(cls, file, protocol, log, *, kind):
    Trigger.act = lambda: cls.dispatch.pop(kind, None)
    return cls(file, protocol)


class Asked(dict):
    """Has a `get` of its own, as dill's."""

    log: list

    def get(self, key, default=None):
        self.log.append(("get", key))
        return super().get(key, default)


def in_a_subclass(cls, file, protocol, log, *, kind):
    cls.dispatch = Asked(cls.dispatch)
    cls.dispatch.log = log
    cls.dispatch[kind] = entry_for(cls, kind, log)
    return cls(file, protocol)


WAYS = [put, put_on_instance, put_in_the_middle, taken_away, taken_away_in_the_middle, in_a_subclass]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_dispatch(kind, way, protocol):
    same(protocol, functools.partial(way, kind=kind))


class LoggedMemo(dict):
    """A memo that notes what is put in."""

    log: list

    def __setitem__(self, key, value):
        self.log.append(("memo", value[0], looks(value[1])))
        super().__setitem__(key, value)


class Tee:
    """Stands in for a framer."""

    def __init__(self, framer, log):
        self.__dict__.update(framer=framer, log=log)

    def __getattr__(self, name):
        self.log.append(("framer", name))
        return getattr(self.framer, name)


def set_memo(pickler, log):
    pickler.memo = LoggedMemo()
    pickler.memo.log = log


def set_write(pickler, log):
    write = pickler.write

    def logged(data):
        log.append(("write", len(data)))
        return write(data)

    pickler.write = logged


def set_large(pickler, log):
    write = pickler._write_large_bytes

    def logged(header, payload):
        log.append(("large", bytes(header), len(payload)))
        return write(header, payload)

    pickler._write_large_bytes = logged


def set_framer(pickler, log):
    pickler.framer = Tee(pickler.framer, log)


def set_upstreams_framer(pickler, log):
    pickler.framer = pickle._Framer(pickler._file_write)
    pickler.write = pickler.framer.write
    pickler._write_large_bytes = pickler.framer.write_large_bytes


def set_proto(pickler, log):
    pickler.proto = 2


def set_bin(pickler, log):
    pickler.bin = not pickler.bin


def set_fast(pickler, log):
    pickler.fast = 1


def set_batch_size(pickler, log):
    pickler._BATCHSIZE = 3


def set_batch_size_of_class(pickler, log):
    type(pickler)._BATCHSIZE = 3


def set_fix_imports(pickler, log):
    pickler.fix_imports = False


def set_callback(pickler, log):
    pickler._buffer_callback = lambda buffer: log.append("buffer")


SETTERS = [
    set_memo,
    set_write,
    set_large,
    set_framer,
    set_upstreams_framer,
    set_proto,
    set_bin,
    set_fast,
    set_batch_size,
    set_batch_size_of_class,
    set_fix_imports,
    set_callback,
]


def without_cycles(protocol):
    """`fast` mode has no end for an object within itself."""
    return graph(protocol)[:-1]


@pytest.mark.parametrize("setter", SETTERS, ids=lambda setter: setter.__name__)
def test_set_before_a_dump(setter, protocol):
    def prepare(cls, file, protocol, log):
        pickler = cls(file, protocol)
        setter(pickler, log)
        return pickler

    same(protocol, prepare, without_cycles)


# In the middle these would take what was written or memoized by then away.
@pytest.mark.parametrize(
    "setter",
    [setter for setter in SETTERS if setter not in (set_memo, set_upstreams_framer)],
    ids=lambda setter: setter.__name__,
)
def test_set_in_the_middle_of_a_dump(setter, protocol):
    def prepare(cls, file, protocol, log):
        pickler = cls(file, protocol)
        Trigger.act = lambda: setter(pickler, log)
        return pickler

    same(protocol, prepare, without_cycles)


def copied(name, **more):
    """A copy of one of upstream's methods, made from its source."""
    source = textwrap.dedent(inspect.getsource(getattr(pickle._Pickler, name)))
    namespace = {**vars(pickle), **more}
    exec(source, namespace)
    return namespace[name]


@pytest.mark.parametrize("name", ["dump", "save", "save_reduce", "save_tuple", "memoize", "clear_memo"])
def test_a_copy_of_upstreams_method(name, protocol):
    def prepare(cls, file, protocol, log):
        setattr(cls, name, copied(name))
        return cls(file, protocol)

    same(protocol, prepare)


def test_a_save_that_only_queues(protocol):
    """The recipe for pickling without recursion: `write` and `save` collect what is to be done."""

    def attempt(base):
        class Queueing(base):
            def __init__(self, *args):
                super().__init__(*args)
                self.queue = []
                self.really_write = self.write
                self.write = lambda *args: self.queue.append((self.really_write, args))

            def save(self, *args):
                self.queue.append((super().save, args))

            def dump(self, obj):
                if self.proto >= 2:
                    self.really_write(pickle.PROTO + bytes([self.proto]))
                self.save(obj)
                while self.queue:
                    todo, self.queue = self.queue, []
                    for at, (call, args) in enumerate(todo):
                        call(*args)
                        if self.queue:
                            self.queue += todo[at + 1 :]
                            break
                self.really_write(pickle.STOP)

        file = io.BytesIO()
        Queueing(file, protocol).dump([1, {"a": (2, [3])}, "text"])
        return file.getvalue()

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_what_a_fresh_pickler_has():
    ours, model = (vars(c(io.BytesIO(), 4)) for c in HOOKABLE.both())
    assert {key: ours[key] for key in ("proto", "bin", "fast", "fix_imports", "_buffer_callback")} == {
        key: model[key] for key in ("proto", "bin", "fast", "fix_imports", "_buffer_callback")
    }
    assert set(ours) == set(model)


def test_everything_upstreams_class_has():
    """But for what the compiler leaves on a class."""
    assert set(dir(HOOKABLE.ours)) >= set(dir(HOOKABLE.model)) - {"__static_attributes__", "__firstlineno__"}
    assert HOOKABLE.ours.dispatch.keys() == HOOKABLE.model.dispatch.keys()
