"""What users do with an unpickler of the hookable face beside overriding its methods: a `load` written
anew, a memo of their own, opcodes of their own, the unframer."""

import copy
import gc
import io
import pickle
import weakref

import oxipickle
import pytest
from faces import PROTOCOLS
from loaded_pickles import BASES, OBJECT, PICKLES, Persistent, Point, compare, described, opened, outcome


@pytest.fixture(params=PICKLES)
def data(request):
    return PICKLES[request.param]


def written_anew(self):
    """A copy of upstream's `load`, as scanners, progress bars and debuggers have it."""
    self._unframer = pickle._Unframer(self._file_read, self._file_readline)
    self.read = self._unframer.read
    self.readinto = self._unframer.readinto
    self.readline = self._unframer.readline
    self.metastack = []
    self.stack = []
    self.append = self.stack.append
    self.proto = 0
    self.opcodes = []
    try:
        while True:
            key = self.read(1)
            if not key:
                raise EOFError
            self.opcodes.append(key)
            self.dispatch[key[0]](self)
    except pickle._Stop as stop:
        return stop.value


def test_load_written_anew(data):
    def attempt(base):
        unpickler = opened(type("Sub", (Persistent, base), {"load": written_anew}), data)
        first = outcome(unpickler.load, unpickler.opcodes if hasattr(unpickler, "opcodes") else [])
        return first, unpickler.opcodes, sorted(unpickler.memo), base.load(unpickler), sorted(unpickler.memo)

    compare(attempt)


class Listed(list):
    """A memo that is a list: what nobody asks for is left out."""

    def __setitem__(self, index, value):
        while len(self) <= index:
            self.append(None)
        super().__setitem__(index, value)


class Counted(dict):
    def __setitem__(self, index, value):
        self.asked = getattr(self, "asked", 0) + 1
        super().__setitem__(index, value)

    def __getitem__(self, index):
        self.asked = getattr(self, "asked", 0) + 1
        return super().__getitem__(index)


@pytest.mark.parametrize("kind", [Listed, Counted, dict])
def test_a_memo_of_ones_own(kind, data):
    def attempt(base):
        unpickler = opened(type("Sub", (Persistent, base), {}), data)
        unpickler.memo = memo = kind()
        found = outcome(unpickler.load, [])
        assert unpickler.memo is memo
        return found, list(map(described, memo)), getattr(memo, "asked", None), unpickler.load()

    compare(attempt)


@pytest.mark.parametrize("kind", [Listed, Counted, dict])
def test_a_memo_of_ones_own_in_the_middle(kind, data):
    def attempt(base):
        class Sub(Persistent, base):
            def find_class(self, *args):
                if type(self.memo) is not kind or kind is dict:
                    old, self.memo = self.memo, kind()
                    for index in old:
                        self.memo[index] = old[index]
                return super().find_class(*args)

        unpickler = opened(Sub, data)
        found = outcome(unpickler.load, [])
        return found, list(map(described, unpickler.memo))

    compare(attempt)


def test_the_memo_is_a_dict(data):
    def attempt(base):
        unpickler = opened(type("Sub", (Persistent, base), {}), data)
        first = unpickler.load()
        memo = unpickler.memo
        assert type(memo) is dict and unpickler.memo is memo
        kept = {index: type(memo[index]) for index in memo}
        memo[7000] = "added"
        return first, list(kept), kept, unpickler.load(), unpickler.memo is memo

    compare(attempt)


def test_what_memoized_before_is_found_after():
    for cls in BASES:
        unpickler = cls(io.BytesIO(b"]p7\n.h\x07.h\x07.h\x08.h\x07.h\x07."))
        first = unpickler.load()
        assert unpickler.load() is first
        assert unpickler.memo[7] is first
        unpickler.memo[8] = "mine"
        assert unpickler.load() is first and unpickler.load() == "mine"
        unpickler.memo = {7: "other"}
        assert unpickler.load() == "other"
        unpickler.memo = {}
        with pytest.raises(pickle.UnpicklingError, match="Memo value not found at index 7"):
            unpickler.load()


@pytest.mark.parametrize("where", ["class", "instance", "middle", "inherited"])
def test_an_opcode_of_ones_own(where, protocol):
    def attempt(base):
        def load_own(self):
            self.append(("own", self.read(1), len(self.stack)))

        class Sub(base):
            dispatch = base.dispatch if where == "inherited" else dict(base.dispatch)

            def find_class(self, *args):
                if where == "middle":
                    self.dispatch[0xF0] = load_own
                return super().find_class(*args)

        unpickler = Sub(io.BytesIO(b"cloaded_pickles\nPoint\n(\xf0aK\x01\xf0bt\x86."))
        if where == "instance":
            unpickler.dispatch = {**base.dispatch, 0xF0: load_own}
        elif where != "middle":
            Sub.dispatch[0xF0] = load_own
        try:
            return outcome(unpickler.load, [])
        finally:
            base.dispatch.pop(0xF0, None)

    assert compare(attempt)[0] == "value"


def test_dispatch_changed_in_the_middle(data):
    def attempt(base):
        log = []

        def load_tuple(self):
            log.append(len(self.stack))
            base.load_tuple(self)

        class Sub(Persistent, base):
            dispatch = dict(base.dispatch)

            def find_class(self, *args):
                self.dispatch[pickle.TUPLE[0]] = load_tuple
                # Upstream has read the attribute by then.
                self.dispatch = {}
                type(self).dispatch = {}
                return super().find_class(*args)

        return outcome(opened(Sub, data).load, log)

    compare(attempt)


@pytest.mark.parametrize("kind", ["subclass", "no dict", "missing"])
def test_dispatch_of_another_kind(kind, protocol):
    class Table(dict):
        def __missing__(self, key):
            return lambda unpickler: unpickler.append(key)

    def attempt(base):
        tables = {"subclass": Table(base.dispatch), "no dict": None, "missing": dict(base.dispatch)}
        table = tables[kind]
        if table:
            del table[pickle.NONE[0]]
        cls = type("Sub", (base,), {"dispatch": table})
        return outcome(opened(cls, pickle.dumps([None, 1], protocol)).load, [])

    compare(attempt)


def test_functions_of_upstream_count_as_not_overridden(protocol):
    """joblib and pandas copy the dispatch of whichever class is there when they are imported."""
    data = pickle.dumps([range(5)] * 3, protocol)

    class Sub(oxipickle.HookableUnpickler):
        dispatch = dict(pickle._Unpickler.dispatch)

    class Failing(oxipickle.HookableUnpickler):
        dispatch = dict(pickle._Unpickler.dispatch)
        dispatch[pickle.STOP[0]] = oxipickle.HookableUnpickler.load_none

    assert Sub(io.BytesIO(data)).load() == [range(5)] * 3
    with pytest.raises(pickle.UnpicklingError) as caught:
        Sub(io.BytesIO(b"K")).load()
    assert caught.value.__notes__ == [
        "at byte 0, reading the argument of BININT1",
        "the byte that was to follow is not there",
    ]
    with pytest.raises(EOFError):
        Failing(io.BytesIO(data)).load()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_unframer_in_a_hook(protocol):
    def attempt(base):
        log = []

        class Sub(base):
            def find_class(self, *args):
                frame = self._unframer.current_frame
                log.append(None if frame is None else (frame.tell(), len(frame.getbuffer())))
                return super().find_class(*args)

        return outcome(opened(Sub, PICKLES[f"protocol {protocol}"]).load, log)

    log = compare(attempt)[-1]
    assert log and (log[0] is not None) == (protocol >= 4)


@pytest.mark.parametrize("how", ["read", "readline", "readinto", "file_read", "_file_read"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_hooks_that_read_on(how, protocol):
    def attempt(base):
        class Sub(base):
            def find_class(self, *args):
                if how == "readinto":
                    part = bytearray(1)
                    self.readinto(part)
                elif how == "readline":
                    part = self.readline()
                elif how == "file_read":
                    part = self._unframer.file_read(1)
                else:
                    part = getattr(self, how)(1)
                return part

        # Of what follows the name one byte, or line, is read: NONE, a PUT or a newline.
        data = b"cm\nn\nN\n0K\x01\x86."
        if protocol >= 4:
            data = b"\x80\x04\x8c\x01m\x8c\x01n\x93NN\n0K\x01\x86."
            data = b"\x95" + len(data).to_bytes(8, "little") + data
        return outcome(opened(Sub, data).load, [])

    def without_words(base):
        found = attempt(base)
        return found if found[0] == "value" else "error"

    compare(without_words)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_hook_that_changes_the_stack(protocol):
    def attempt(base):
        class Sub(base):
            def persistent_load(self, pid):
                self.stack.append("below")
                self.stack[0] = "first"
                self.append("more")
                self.metastack.append(["under"])
                return self.pop_mark()

        return outcome(Sub(io.BytesIO(b"(K\x01(K\x02Pid\nK\x03tt.")).load, [])

    compare(attempt)


def test_what_upstream_has_at_each_moment():
    def names(unpickler):
        return sorted(name for name in dir(unpickler) if hasattr(unpickler, name) and name[:2] != "__")

    for protocol in PROTOCOLS:
        ours, model = (cls(io.BytesIO(pickle.dumps(Point(), protocol))) for cls in BASES)
        assert names(ours) == names(model) and ours.memo == model.memo == {}
        assert ours.load() == model.load() and names(ours) == names(model)
        assert [ours.stack, ours.metastack, ours.proto] == [model.stack, model.metastack, model.proto]
        assert sorted(vars(ours)) == sorted(vars(model))
    assert names(BASES[0]) == names(BASES[1])


def test_a_copy_goes_on_alone_or_together(protocol):
    def attempt(base):
        first = base(io.BytesIO(pickle.dumps([1, 2], protocol) + b"]q\x05.h\x05."))
        second = copy.copy(first)
        return first.load(), second.load(), outcome(first.load, []), len(second.memo)

    compare(attempt)


@pytest.mark.parametrize("looks", [(), ("memo",), ("stack",), ("read",), ("memo", "stack", "append", "read")])
def test_freed_without_the_collector(looks):
    class Sub(oxipickle.HookableUnpickler):
        def find_class(self, *args):
            for name in looks:
                getattr(self, name)
            return super().find_class(*args)

    gc.disable()
    try:
        for file in (io.BytesIO(pickle.dumps(OBJECT)), io.BytesIO(b"cm\nn\n")):
            unpickler = Sub(file)
            outcome(unpickler.load, [])
            gone = weakref.ref(unpickler)
            del unpickler
            assert gone() is None
    finally:
        gc.enable()


def test_a_cycle_through_the_memo_is_collected():
    class Sub(oxipickle.HookableUnpickler):
        def persistent_load(self, pid):
            return self

    unpickler = Sub(io.BytesIO(b"(Pid\np0\nt."))
    assert unpickler.load() == (unpickler,)
    gone = weakref.ref(unpickler)
    del unpickler
    gc.collect()
    assert gone() is None


def test_missing_init():
    class Sub(oxipickle.HookableUnpickler):
        def __init__(self):
            pass

    with pytest.raises(
        pickle.UnpicklingError, match=r"Unpickler.__init__\(\) was not called by Sub.__init__\(\)"
    ):
        Sub().load()


def test_any_object_that_has_what_upstream_asks_for(protocol):
    class Other:
        pass

    for name in [name for name in dir(pickle._Unpickler) if name[:2] != "__" and name != "load"]:
        setattr(Other, name, vars(pickle._Unpickler)[name])
    for cls in BASES:
        other = Other()
        cls.__init__(other, io.BytesIO(pickle.dumps(OBJECT[:20], protocol)))
        assert cls.load(other) == OBJECT[:20]


@pytest.mark.parametrize("where", ["load_stop", "find_class", "load_build"])
def test_a_load_that_is_stopped(where, data):
    """What raises `_Stop` ends the load, wherever it does."""

    def attempt(base):
        def stop(self, *args):
            raise pickle._Stop(("stopped", len(self.stack)))

        class Sub(Persistent, base):
            dispatch = dict(base.dispatch)

        setattr(Sub, where, stop)
        if where != "find_class":
            opcode = pickle.STOP if where == "load_stop" else pickle.BUILD
            Sub.dispatch[opcode[0]] = stop
        unpickler = opened(Sub, data)
        found = outcome(unpickler.load, [])
        # What is left on a stack that nobody has looked at is gone after the load.
        left = None if where == "find_class" else (len(unpickler.stack), len(unpickler.metastack))
        return found, left

    compare(attempt)


def test_an_error_of_a_function_of_the_dispatch_tells_the_place():
    class Failing(oxipickle.HookableUnpickler):
        dispatch = dict(oxipickle.HookableUnpickler.dispatch)

        def load_tuple(self):
            raise ZeroDivisionError

        dispatch[pickle.TUPLE[0]] = load_tuple

    with pytest.raises(ZeroDivisionError) as caught:
        Failing(io.BytesIO(b"(K\x01t.")).load()
    assert caught.value.__notes__ == ["at byte 3, carrying out TUPLE"]


def test_a_load_within_a_function_of_the_dispatch():
    class Nesting(oxipickle.HookableUnpickler):
        dispatch = dict(oxipickle.HookableUnpickler.dispatch)

        def load_tuple(self):
            with pytest.raises(RuntimeError, match="already used"):
                self.load()
            oxipickle.HookableUnpickler.load_tuple(self)

        dispatch[pickle.TUPLE[0]] = load_tuple

    assert Nesting(io.BytesIO(b"(K\x01t.")).load() == (1,)
