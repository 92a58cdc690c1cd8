"""`Unpickler` and `HookableUnpickler`: files, hooks, memo, nested and concurrent use."""

import codecs
import collections
import gc
import io
import pickle
import sys
import threading
import weakref

import oxipickle
import pytest
from faces import PROTOCOLS, UNPICKLERS, notes, outcome, raised


@pytest.fixture(params=UNPICKLERS, ids=lambda face: face.name)
def unpicklers(request):
    return request.param


@pytest.fixture
def unpickler_class(unpicklers):
    return unpicklers.ours


class OnlyWhatIsAskedFor:
    """A file with nothing but `read` and `readline`."""

    def __init__(self, data):
        self.file = io.BytesIO(data)

    def read(self, n):
        return self.file.read(n)

    def readline(self):
        return self.file.readline()


def opened(data, kind, folder):
    if kind == "buffered":
        path = folder / "pickle"
        path.write_bytes(data)
        return open(path, "rb")
    return {"memory": io.BytesIO, "plain": OnlyWhatIsAskedFor}[kind](data)


KINDS = ["memory", "plain", "buffered"]


@pytest.mark.parametrize("kind", KINDS)
def test_pickles_and_raw_data_follow_each_other(unpickler_class, protocol, kind, tmp_path):
    values = [{"a": [1, 2.5, None]}, "x" * 200_000, b"y" * 300_000, list(range(10_000)), 1 << 100]
    values += [b"z" * 5_000_000, bytearray(b"w" * 5_000_000), "v" * 3_000_000]
    raw = b"raw\n" * 100
    data = b"".join(pickle.dumps(value, protocol) + raw for value in values)
    file = opened(data, kind, tmp_path)
    for value in values:
        assert unpickler_class(file).load() == value
        assert file.read(len(raw)) == raw
    assert type(raised(unpickler_class(file).load)) is EOFError


@pytest.mark.parametrize("kind", KINDS)
def test_one_unpickler_reads_several(unpickler_class, protocol, kind, tmp_path):
    data = b"".join(pickle.dumps([i, str(i)], protocol) for i in range(5))
    unpickler = unpickler_class(opened(data, kind, tmp_path))
    assert [unpickler.load() for _ in range(5)] == [[i, str(i)] for i in range(5)]


class Plain:
    pass


class Slotted:
    __slots__ = ("a", "b")


class WithProperty:
    @property
    def a(self):
        return self.__dict__["a"]


class Refusing:
    def __setattr__(self, name, value):
        raise AssertionError("BUILD does not ask")


class Guarded:
    def __getattr__(self, name):
        raise AttributeError(name)


class Setting:
    def __setstate__(self, state):
        self.seen = state


@pytest.mark.parametrize("cls", [Plain, WithProperty, Refusing, Guarded])
def test_dict_state_goes_to_the_dict(cls, protocol):
    before = cls()
    before.__dict__.update({"a": 1, "b": [2]})
    for many in (1, 400):
        for after in oxipickle.loads(pickle.dumps([before] * 1 + [cls()] * many, protocol))[:1]:
            assert type(after) is cls and after.__dict__ == {"a": 1, "b": [2]}


def test_many_instances_share_their_names(protocol):
    before = []
    for i in range(1000):
        before.append(Plain())
        before[-1].number, before[-1].name = i, f"name {i}"
    after = oxipickle.loads(pickle.dumps(before, protocol))
    assert [vars(instance) for instance in after] == [vars(instance) for instance in before]
    assert list(vars(after[0])) == ["number", "name"]
    assert next(iter(vars(after[0]))) is next(iter(vars(after[999])))


def test_slots_and_setstate():
    slotted = Slotted()
    slotted.a, slotted.b = 1, [2]
    after = oxipickle.loads(pickle.dumps(slotted, 2))
    assert (after.a, after.b) == (1, [2])
    setting = Setting()
    setting.x = 1
    assert oxipickle.loads(pickle.dumps(setting, 2)).seen == {"x": 1}


def test_a_setstate_of_the_instance_is_called():
    # The first BUILD stores a callable under the name, the second one finds it.
    calls = []

    class Loading(oxipickle.Unpickler):
        def persistent_load(self, pid):
            return calls.append

    data = b"\x80\x02ctest_unpickler\nPlain\n)\x81}X\x0c\0\0\0__setstate__K\0Qsb}X\1\0\0\0aK\1sb."
    Loading.find_class = lambda self, module, name: Plain
    assert "a" not in vars(Loading(io.BytesIO(data)).load())
    assert calls == [{"a": 1}]


def test_hooks_in_a_subclass_and_on_the_instance(unpickler_class, protocol):
    class Pickling(pickle.Pickler):
        def persistent_id(self, obj):
            return "7" if obj == "seven" else None

    file = io.BytesIO()
    Pickling(file, protocol).dump([Plain, "seven"])

    class Overriding(unpickler_class):
        def find_class(self, module, name):
            return module, name, super().find_class(module, name)

        def persistent_load(self, pid):
            return "overridden", pid

    file.seek(0)
    found, persistent = Overriding(file).load()
    assert found == (__name__, "Plain", Plain) and persistent == ("overridden", "7")

    file.seek(0)
    unpickler = unpickler_class(file)
    unpickler.find_class = lambda module, name: "set"
    unpickler.persistent_load = lambda pid: int(pid)
    assert unpickler.load() == ["set", 7]

    file.seek(0)
    error = raised(unpickler_class(file).load)
    assert type(error) is pickle.UnpicklingError and "persistent_load" in str(error)


def test_a_method_assigned_on_our_class_counts(unpickler_class, monkeypatch):
    monkeypatch.setattr(unpickler_class, "find_class", lambda self, module, name: (module, name))
    assert unpickler_class(io.BytesIO(b"cm\nn\n.")).load() == ("m", "n")


def test_hooks_set_in_the_middle(unpicklers):
    def loaded(unpickler_class, place):
        class Changing(unpickler_class):
            def find_class(self, module, name):
                hook = {"class": lambda self, pid: "new", "instance": lambda pid: "new"}[place]
                setattr(type(self) if place == "class" else self, "persistent_load", hook)
                self.find_class = lambda module, name: "found anew"
                return "found"

            def persistent_load(self, pid):
                return "old"

        return Changing(io.BytesIO(b"(NQcm\nn\nNQP7\ncm\nn\nt.")).load()

    for place in ("class", "instance"):
        ours, model = (loaded(unpickler_class, place) for unpickler_class in unpicklers.both())
        assert ours == model


def test_hooks_that_are_properties(unpicklers):
    def asked(unpickler_class, data):
        names = []

        class Asked(unpickler_class):
            @property
            def find_class(self):
                names.append("find_class")
                return lambda module, name: name

            @property
            def persistent_load(self):
                names.append("persistent_load")
                return lambda pid: pid

        return Asked(io.BytesIO(data)).load(), names

    ours, model = (asked(unpickler_class, b"(cm\nn\ncm\nn\nt.") for unpickler_class in unpicklers.both())
    # The C class asks for `persistent_load` whether it is needed or not.
    assert ours == model
    ours, model = (asked(unpickler_class, b"(P1\nP2\nt.") for unpickler_class in unpicklers.both())
    assert ours == model


def test_hooks_found_by_getattribute(unpicklers):
    def loaded(unpickler_class):
        class Finding(unpickler_class):
            def __getattribute__(self, name):
                if name in ("find_class", "persistent_load"):
                    return lambda *args: (name, args)
                return super().__getattribute__(name)

        return Finding(io.BytesIO(b"(cos\nsep\nP7\nt.")).load()

    ours, model = map(loaded, unpicklers.both())
    assert ours == model


@pytest.mark.parametrize("fix_imports", [0, 1, None, [], "yes"])
def test_fix_imports_counts_by_its_truth(unpicklers, fix_imports):
    def loaded(unpickler_class):
        file = io.BytesIO(b"c__builtin__\nunicode\n.")
        return outcome(lambda: unpickler_class(file, fix_imports=fix_imports).load())

    ours, model = map(loaded, unpicklers.both())
    assert ours == model
    for module in (oxipickle, pickle):
        assert outcome(module.loads, b"c__builtin__\nunicode\n.", fix_imports=fix_imports) == model
        file = io.BytesIO(b"c__builtin__\nunicode\n.")
        assert outcome(module.load, file, fix_imports=fix_imports) == model


@pytest.mark.parametrize("place", [0, 1, 5, 9, 20])
@pytest.mark.parametrize("kind", KINDS)
def test_loading_goes_on_after_an_error(unpickler_class, kind, place, tmp_path):
    # What follows is nonsense, but it ends: whoever loads until EOFError does not do so forever.
    data = pickle.dumps([1.5] * 10, 2) * 3
    results = []
    for cls in (unpickler_class, pickle.Unpickler):
        unpickler = cls(opened(data[:place] + b"\xff" + data[place:] + b"\xff\x80\2N.", kind, tmp_path))
        results.append([outcome(unpickler.load) for _ in range(60)])
    assert results[0][-1] == ("error", EOFError)
    for (kind, value), (models_kind, models) in zip(*results, strict=True):
        assert kind == models_kind
        # On the hookable face an error may be of upstream's class too.
        assert issubclass(value, models) if kind == "error" else value == models


@pytest.mark.parametrize("kind", KINDS)
def test_after_an_error_the_protocol_is_known(unpicklers, kind, tmp_path):
    for unpickler_class in unpicklers.both():
        unpickler = unpickler_class(opened(b"\x80\4K\1\x86.", kind, tmp_path))
        raised(unpickler.load)
        assert unpickler.find_class("collections", "OrderedDict.keys") is collections.OrderedDict.keys


def test_arguments_that_fail_to_be_told(unpicklers):
    class Failing:
        def __iter__(self):
            raise KeyError("of the arguments")

    for data in (b"cbuiltins\nmax\nNQR.", b"cbuiltins\nobject\nNQ\x81."):

        def loaded(unpickler_class):
            unpickler = unpickler_class(io.BytesIO(data))
            unpickler.persistent_load = lambda pid: Failing()
            return outcome(unpickler.load)

        if unpicklers.name == "hookable":
            assert loaded(unpicklers.ours) == loaded(unpicklers.model) == ("error", KeyError)
        else:
            # Only a tuple is taken, and not asked for anything.
            assert loaded(unpicklers.ours)[0] == "error"


def test_the_memo(unpickler_class):
    unpickler = unpickler_class(io.BytesIO(b"]p7\n.h\x07.h\x07."))
    first = unpickler.load()
    assert unpickler.memo.copy() == {7: []} and unpickler.load() is first
    saved = unpickler.memo
    other = unpickler_class(io.BytesIO(b"h\x07."))
    other.memo = saved
    assert other.load() is first
    unpickler.memo.clear()
    assert unpickler.memo.copy() == {}
    assert type(raised(unpickler.load)) is pickle.UnpicklingError


def test_what_the_memo_can_be():
    unpickler = oxipickle.Unpickler(io.BytesIO())
    for wrong, expected in [([], TypeError), ({"a": 1}, TypeError), ({-1: 1}, ValueError)]:
        with pytest.raises(expected):
            unpickler.memo = wrong


def test_a_hook_sees_and_changes_the_memo(unpickler_class):
    class Looking(unpickler_class):
        def find_class(self, module, name):
            assert self.memo.copy() == {0: None}
            self.memo = {5: "put"}

    assert Looking(io.BytesIO(b"Np0\ncm\nn\n0h\x05.")).load() == "put"


def test_load_within_load(unpickler_class):
    class Nesting(unpickler_class):
        def find_class(self, module, name):
            errors = [raised(self.load)]
            if unpickler_class is oxipickle.Unpickler:
                errors.append(raised(self.__init__, io.BytesIO(b"N.")))
            return errors

    unpickler = Nesting(io.BytesIO(b"cm\nn\n.N."))
    for error in unpickler.load():
        assert (type(error), str(error)) == (RuntimeError, "Unpickler object is already used")
    assert unpickler.load() is None


def test_two_threads(unpickler_class):
    inside, done = threading.Event(), threading.Event()

    class Waiting(unpickler_class):
        def find_class(self, module, name):
            inside.set()
            done.wait(10)
            return "found"

    unpickler = Waiting(io.BytesIO(b"cm\nn\n.N."))
    results = []
    thread = threading.Thread(target=lambda: results.append(unpickler.load()))
    thread.start()
    inside.wait(10)
    error = raised(unpickler.load)
    done.set()
    thread.join()
    assert type(error) is RuntimeError and results == ["found"] and unpickler.load() is None


def test_init_was_not_called(unpickler_class):
    class Careless(unpickler_class):
        def __init__(self):
            pass

    error = raised(Careless().load)
    assert type(error) is pickle.UnpicklingError and "Careless" in str(error)


def test_init_again(unpickler_class):
    unpickler = unpickler_class(io.BytesIO(b"Np0\n."))
    unpickler.load()
    unpickler.__init__(io.BytesIO(b"h\0."))
    assert type(raised(unpickler.load)) is pickle.UnpicklingError


@pytest.mark.parametrize("encoding", ["ASCII", "latin1", "bytes"])
def test_strings_of_python_2(encoding):
    for data in (b"U\x02ab.", b"T\2\0\0\0ab.", b"S'ab'\n."):
        expected = pickle.loads(data, encoding=encoding)
        assert oxipickle.loads(data, encoding=encoding) == expected
        assert oxipickle.HookableUnpickler(io.BytesIO(data), encoding=encoding).load() == expected


def test_buffers_out_of_band():
    for writable in (b"content", bytearray(b"content")):
        buffers = []
        data = pickle.dumps(pickle.PickleBuffer(writable), 5, buffer_callback=buffers.append)
        ours, model = (loads(data, buffers=buffers) for loads in (oxipickle.loads, pickle.loads))
        assert type(ours) is type(model) and bytes(ours) == b"content"
        assert memoryview(ours).readonly == memoryview(model).readonly
    for given in (None, []):
        assert type(raised(oxipickle.loads, data, buffers=given)) is pickle.UnpicklingError


class Lying:
    """A file whose methods give what a test says."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def read(self, n):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def readline(self):
        return self.read(None)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([b"NN"], ValueError),
        (["N"], TypeError),
        ([None], TypeError),
        ([b"N", b""], EOFError),
        ([b"X", b"\1\0"], pickle.UnpicklingError),
        ([b"X", b"\1\0\0\0", OSError()], OSError),
        ([b"I", b"1\n2\n"], ValueError),
        ([b"I", b"1"], pickle.UnpicklingError),
        ([b"\x95", b"\2\0\0\0\0\0\0\0", b"N"], pickle.UnpicklingError),
    ],
)
def test_files_that_lie(unpickler_class, answers, expected):
    error = raised(unpickler_class(Lying(*answers)).load)
    # On the hookable face it may be an error of upstream's class too.
    assert isinstance(error, expected) and type(error).__name__ == expected.__name__ and notes(error)


def test_a_file_that_shows_other_than_it_gives():
    class Showing(io.BytesIO):
        def peek(self, n):
            return b"]."

        def read(self, n=-1):
            return b""

    assert type(raised(oxipickle.load, Showing())) is ValueError


def test_unpicklers_are_collected(unpickler_class):
    class Circular(unpickler_class):
        pass

    unpickler = Circular(io.BytesIO(b"N."))
    unpickler.persistent_load = unpickler.load
    unpickler.memo = {0: unpickler}
    unpickler.view = unpickler.memo
    gone = weakref.ref(unpickler)
    del unpickler
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_behind(unpickler_class, kind, tmp_path):
    value = ["text" * 400, b"y" * 3_000_000, bytearray(b"z" * 3_000_000), bytearray(400), 1 << 100, Plain()]
    data = pickle.dumps(value, 5)

    def load_often():
        for _ in range(20):
            unpickler_class(opened(data, kind, tmp_path)).load()
        gc.collect()
        return sys.getallocatedblocks()

    # The interpreter itself keeps some objects for later at first: frames, and what it finds out of code.
    for _ in range(5):
        load_often()
    before = load_often()
    assert load_often() < before + 20


def test_every_protocol_in_both_directions():
    value = {"a": [1, (2, 3), {4}, frozenset({5}), b"6", bytearray(b"7"), 8.5, None, True, 1 << 70]}
    for protocol in PROTOCOLS:
        for dumps in (pickle.dumps, oxipickle.dumps):
            for loads in (pickle.loads, oxipickle.loads):
                assert loads(dumps(value, protocol)) == value


def test_many_loads_leave_nothing_behind(unpickler_class):
    objects = [["list"], {"k": (1, 2.5)}, {3}, frozenset([4]), b"bytes", bytearray(1000), 1 << 70, "text"]
    data = pickle.dumps([objects, bytearray(200_000)], 5)

    def growth():
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(200):
            unpickler_class(io.BytesIO(data)).load()
            raised(unpickler_class(io.BytesIO(data[:-10])).load)
        gc.collect()
        return sys.getallocatedblocks() - before

    # The interpreter's own caches grow at first; a leak grows in every round.
    assert min(growth() for _ in range(4)) < 100


class LookingKey:
    """A key whose hash looks at the memo of the unpickler that makes it."""

    unpickler = None

    def __hash__(self):
        self.seen = sorted(type(self).unpickler.memo.copy())
        return 1


@pytest.mark.parametrize(
    "opcodes", [b"}%bNs.", b"}(%bNu.", b"(%bNd.", b"\x8f(%b\x90.", b"(%b\x91.", b"}%b\x85Ns."]
)
def test_a_key_that_looks_at_the_memo(opcodes, monkeypatch):
    seen = []
    for module in (oxipickle, pickle):
        data = opcodes % f"c{__name__}\nLookingKey\n)\x81q\5".encode("latin1")
        unpickler = module.Unpickler(io.BytesIO(data))
        monkeypatch.setattr(LookingKey, "unpickler", unpickler)
        (key,) = unpickler.load()
        seen.append((key[0] if isinstance(key, tuple) else key).seen)
    assert seen == [[5], [5]]


@pytest.mark.parametrize(
    ("handler", "malformed", "text"),
    [
        ("surrogatepass", b"X\2\0\0\0a\xff", "a?"),
        ("surrogatepass", b"\x8c\1\xff", "?"),
        ("strict", b"U\1\xff", "?"),
        ("strict", b"V\\u12\n", "?"),
    ],
)
def test_a_handler_of_errors_that_looks_at_the_memo(handler, malformed, text):
    """It may run in the middle of a text, and change the bytes that the text is read from."""
    before = codecs.lookup_error(handler)
    data = bytearray(b"]q\5" + malformed + b"\x86.")
    answers = []

    def look(error):
        answers.append(sorted(unpickler.memo.copy()))
        return "?", error.end

    class Handed(io.BytesIO):
        """Gives views of bytes that others may change."""

        def read(self, n=-1):
            return memoryview(bytearray(super().read(n)))

    codecs.register_error(handler, look)
    try:
        for make in (
            lambda: oxipickle.Unpickler(io.BytesIO(data)),
            lambda: oxipickle.Unpickler(Handed(data)),
            lambda: pickle.Unpickler(io.BytesIO(data)),
        ):
            unpickler = make()
            answers.append(outcome(unpickler.load))
    finally:
        codecs.register_error(handler, before)
    assert answers == [[5], ("value", ([], text))] * 3


@pytest.mark.parametrize(
    "widest", ["\x7f", "\x80", "\xff", "\u0100", "\u07ff", "\u0800", "\uffff", "\U0010ffff"]
)
def test_texts_of_every_width(widest):
    """As small as the interpreter makes them, and single characters shared."""
    for text in (widest, widest + "a", "a" + widest, "\0" + widest + "\xe9" * 300, widest * 3):
        for protocol in PROTOCOLS:
            data = pickle.dumps([text, text[::-1]], protocol)
            ours, model = oxipickle.loads(data), pickle.loads(data)
            assert ours == model and list(map(hash, ours)) == list(map(hash, model))
            assert list(map(sys.getsizeof, ours)) == list(map(sys.getsizeof, model))
            assert [one is other for one, other in zip(ours, oxipickle.loads(data), strict=True)] == [
                one is other for one, other in zip(model, pickle.loads(data), strict=True)
            ]
            assert [part.encode("utf-32") for part in ours] == [part.encode("utf-32") for part in model]
