"""What is declared of joblib, dill and datasets: bytes and digests are as upstream's, and as plain calls'."""

import collections
import functools
import importlib.util
import io
import pickle
import subprocess
import sys
import types
import weakref

import oxipickle
import pytest
from faces import HOOKABLE, outcome
from oxipickle import _adapted, _digest
from oxipickle.adapters.pretence import pretends

numpy = pytest.importorskip("numpy", reason="numpy is not installed")
hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from real_things import THINGS, Held, Lying, LyingByLookup, LyingThroughObject  # noqa: E402 - which needs numpy
from recipes import build  # noqa: E402
from strategies import graphs  # noqa: E402


def hashed(module, name):
    def of(obj):
        return getattr(module, name)().hash(obj)

    return of


def joblib_hashing():
    return pytest.importorskip("joblib.hashing", reason="joblib is not installed")


def hasher():
    return [hashed(joblib_hashing(), "Hasher")]


def numpy_hasher():
    return [hashed(joblib_hashing(), "NumpyHasher")]


def numpy_pickler():
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")

    def dumped(protocol):
        def of(obj):
            file = io.BytesIO()
            joblib.dump(obj, file, protocol=protocol)
            return file.getvalue()

        return of

    # Below protocol 2 arrays' wrappers can't be saved.
    return [dumped(protocol) for protocol in (2, 3, 4, 5)]


def imported_dill():
    """dill, which leaves the interpreter's own picklers as they are: other tests ask these what is right."""
    dill = pytest.importorskip("dill", reason="dill is not installed")
    dill.extend(use_dill=False)
    return dill


def dill_pickler():
    dill = imported_dill()

    def dumped(protocol, **options):
        return lambda obj: dill.dumps(obj, protocol, **options)

    return [dumped(protocol) for protocol in (2, 3, 4, 5)] + [dumped(4, recurse=True), dumped(4, byref=True)]


def datasets_pickler():
    fingerprint = pytest.importorskip("datasets.fingerprint", reason="datasets is not installed")
    imported_dill()
    return [fingerprint.Hasher.hash]


CLIENTS = [hasher, numpy_hasher, numpy_pickler, dill_pickler, datasets_pickler]


def results(calls, make):
    return [outcome(call, make()) for call in calls]


def assert_same(calls, make):
    """Upstream's, ours, and ours where nothing is declared; upstream's twice, to see whether it agrees with
    itself."""
    expected = results(calls, make)
    hypothesis.assume(results(calls, make) == expected)
    with oxipickle.installed():
        declared = results(calls, make)
        known, _adapted.predicates = _adapted.predicates, {}
        try:
            plain = results(calls, make)
        finally:
            _adapted.predicates = known
    assert plain == expected
    assert declared == expected


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
def test_real_things(client, name):
    calls = client()
    expected = results(calls, THINGS[name])
    assert results(calls, THINGS[name]) == expected, "upstream's does not agree with itself"
    assert_same(calls, THINGS[name])


# Each graph is saved by every call six times over.
QUICK = hypothesis.settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.__name__)
@QUICK
@hypothesis.given(recipe=graphs())
def test_random_graphs(client, recipe):
    assert_same(client()[-3:], lambda: build(recipe))


@QUICK
@hypothesis.given(recipe=graphs(), name=hypothesis.strategies.sampled_from(sorted(THINGS)))
@pytest.mark.parametrize("client", CLIENTS[:4], ids=lambda client: client.__name__)
def test_random_graphs_around_real_things(client, recipe, name):
    assert_same(client()[:2], lambda: [build(recipe), THINGS[name](), build(recipe)])


def known_methods():
    joblib = pytest.importorskip("joblib", reason="joblib is not installed")
    dill = imported_dill()
    hashing, numpy_pickle = joblib.hashing, joblib.numpy_pickle
    known = [
        (hashing.Hasher, "save", hasher),
        (hashing.Hasher, "memoize", hasher),
        (hashing.NumpyHasher, "save", numpy_hasher),
        (numpy_pickle.NumpyPickler, "save", numpy_pickler),
        (dill.Pickler, "save", dill_pickler),
    ]
    if importlib.util.find_spec("datasets"):
        pickler = importlib.import_module("datasets.utils._dill").Pickler
        known += [(pickler, name, datasets_pickler) for name in ("save", "memoize")]
    return known


def test_the_installed_releases_are_known():
    for cls, name, _ in known_methods():
        method = vars(cls)[name]
        assert _digest.digest(method.__code__) in _adapted.predicates, (cls, name, method.__code__)


CHANGES = {
    "constant": lambda code: code.replace(co_consts=(*code.co_consts, "another")),
    "name": lambda code: code.replace(co_names=(*code.co_names, "another")),
    "code": lambda code: code.replace(co_code=code.co_code + code.co_code[-2:]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_another(change):
    for cls, name, _ in known_methods():
        code = vars(cls)[name].__code__
        assert _digest.digest(CHANGES[change](code)) not in _adapted.predicates
        # Where it stands is no change.
        moved = code.replace(co_firstlineno=code.co_firstlineno + 100, co_filename="elsewhere.py")
        assert _digest.digest(moved) in _adapted.predicates


def changed_copy(function, log):
    """A function of the same meaning that logs what it is called with, and whose code is another."""

    def method(self, obj, *args, **options):
        log.append(type(obj))
        return function(self, obj, *args, **options)

    return method


@pytest.mark.parametrize("number", range(7))
def test_a_changed_copy_is_called_for_everything(number, monkeypatch):
    known = known_methods()
    if number >= len(known):
        pytest.skip("datasets is not installed")
    cls, name, client = known[number]
    calls = client()
    data = [1, "text", {"a": (2.5, b"bytes", None)}, [numpy.float64(1)]]
    expected = results(calls, lambda: data)

    def logged(patched):
        log = []
        with monkeypatch.context() as patch:
            if patched:
                patch.setattr(cls, name, changed_copy(vars(cls)[name], log))
            assert results(calls, lambda: data) == expected
        return collections.Counter(log)

    upstream = logged(True)
    assert upstream
    with oxipickle.installed():
        logged(False)
        assert logged(True) == upstream
        logged(False)


def module_with(name, **contents):
    module = types.ModuleType(name)
    vars(module).update(contents)
    return module


class Module:
    """Stands for torch's, of which a compiled one holds the original."""


class Compiled(Module):
    def __init__(self, original):
        self._orig_mod = original


class Unfound:
    """Nobody's."""


FOUND = {
    "torch": {"Tensor": Unfound, "Generator": Unfound, "nn": types.SimpleNamespace(Module=Module)},
    "regex": {"Pattern": Unfound},
    "spacy": {"Language": Unfound},
    "tiktoken": {"Encoding": Unfound},
    "transformers": {"PreTrainedTokenizerBase": Unfound},
}


def compiled_things():
    return [Compiled(Module()), Module(), [1, "text"], {"a": Compiled([2])}, compiled_things, Unfound]


def test_what_datasets_looks_for_in_other_libraries(monkeypatch):
    """Wherever it unwraps or registers something, it is called, and a library that lacks what it looks for
    fails it as before."""
    calls = datasets_pickler()
    without = results(calls, compiled_things)
    for name, contents in FOUND.items():
        monkeypatch.setitem(sys.modules, name, module_with(name, **contents))
    expected = results(calls, compiled_things)
    assert expected != without
    assert_same(calls, compiled_things)
    for name in FOUND:
        monkeypatch.setitem(sys.modules, name, module_with(name))
        assert_same(calls, compiled_things)


class Special:
    def __init__(self, *held):
        self.held = held


class Plain:
    def __init__(self, *held):
        self.held = held


class Derived(Special):
    """Derived from what is spoken of, and another class all the same."""


def data():
    text = "".join(["te", "xt"])
    return [
        Plain(1, text, {"a": [Special((text, 2.5)), b"bytes", bytearray(b"x")]}),
        Special(None, {1, 2}, frozenset([3])),
        Derived([text], 2**70, True),
        Special,
        len,
        Plain(Special(Plain())),
    ] * 2


@pytest.fixture(params=["hookable", "installed"])
def base(request):
    """Our class, and upstream's under `install()`."""
    if request.param == "hookable":
        yield HOOKABLE.ours
    else:
        with oxipickle.installed():
            yield pickle._Pickler


class Asked:
    """A predicate that counts how often it was asked, and of what."""

    def __init__(self, answer):
        self.answer, self.asked = answer, collections.Counter()

    def __call__(self, cls):
        self.asked[cls] += 1
        return self.answer(cls)


def about_special(cls):
    return cls is Special


def saving(base, log, only=("save", "memoize", "persistent_id"), **contents):
    """A pickler that logs what is asked of it, through the methods that it is to have `only`."""

    class Saving(base):
        def save(self, obj, save_persistent_id=True):
            log.append(type(obj))
            return super().save(obj, save_persistent_id)

        def memoize(self, obj):
            log.append(("memoize", type(obj)))
            return super().memoize(obj)

        def persistent_id(self, obj):
            log.append(("persistent_id", type(obj)))
            return "special" if type(obj) is Special and len(obj.held) == 1 else None

    for name in {"save", "memoize", "persistent_id"} - set(only):
        delattr(Saving, name)
    for name, value in contents.items():
        setattr(Saving, name, value)
    return Saving


def dumped(cls, obj, protocol=4):
    file = io.BytesIO()
    cls(file, protocol).dump(obj)
    return file.getvalue()


def of_method(log, name):
    return [call for call in log if (call[0] if type(call) is tuple else "save") == name]


@pytest.mark.parametrize(
    "only", [("save",), ("persistent_id",), ("save", "memoize", "persistent_id")], ids=str
)
def test_what_is_declared_is_called_for_those_types_alone(base, only, protocol):
    name = only[0]
    plain_log, log = [], []
    expected = dumped(saving(base, plain_log, only), data(), protocol)
    assert dumped(saving(base, log, only, asks={name: about_special}), data(), protocol) == expected
    special = Special if name == "save" else (name, Special)
    # But for the identifiers that it gave, which some releases ask it about: these need not be left out.
    called = [call for call in of_method(log, name) if call != ("persistent_id", str)]
    assert called == [call for call in plain_log if call == special] != []
    # The others are called as ever.
    for other in only[1:]:
        assert of_method(log, other) == of_method(plain_log, other)


@pytest.mark.parametrize("name", ["save", "persistent_id", "memoize"])
def test_a_predicate_is_asked_once_for_each_class_and_dump(base, name):
    predicate = Asked(lambda cls: False)
    cls = saving(base, [], asks={name: predicate})
    file = io.BytesIO()
    pickler = cls(file, 4)
    pickler.dump(data())
    assert {Plain, Special, Derived, type} <= set(predicate.asked)
    assert set(predicate.asked.values()) == {1}
    pickler.dump(data())
    assert max(predicate.asked.values()) <= 2


def test_memoize_that_does_nothing(base, protocol):
    """As joblib's: texts and bytes are no part of the memo."""

    class Skipping(base):
        def memoize(self, obj):
            if isinstance(obj, (str, bytes)):
                return
            super().memoize(obj)

    class Declared(Skipping):
        def memoize(self, obj):
            log.append(type(obj))
            if isinstance(obj, (str, bytes)):
                return
            super().memoize(obj)

        asks = {"memoize": lambda cls: None if issubclass(cls, (str, bytes)) else False}

    log = []
    assert dumped(Declared, data(), protocol) == dumped(Skipping, data(), protocol)
    assert log == []


def test_memoize_that_speaks(base, protocol):
    class Speaking(base):
        def memoize(self, obj):
            if type(obj) is not tuple:
                super().memoize(obj)

    class Declared(Speaking):
        def memoize(self, obj):
            called.add(type(obj))
            if type(obj) is not tuple:
                pickle._Pickler.memoize(self, obj) if base is pickle._Pickler else base.memoize(self, obj)

        asks = {"memoize": lambda cls: cls is tuple}

    called = set()
    assert dumped(Declared, data(), protocol) == dumped(Speaking, data(), protocol)
    assert tuple in called


def test_an_override_below_the_class_that_declares_is_called(base):
    log, below = [], []

    class Below(saving(base, log, asks={"save": about_special, "persistent_id": about_special})):
        def save(self, obj, save_persistent_id=True):
            below.append(type(obj))
            return super().save(obj, save_persistent_id)

        def persistent_id(self, obj):
            below.append(("persistent_id", type(obj)))
            return super().persistent_id(obj)

    plain_log = []
    expected = dumped(saving(base, plain_log), data())
    assert dumped(Below, data()) == expected
    assert collections.Counter(below) == collections.Counter(
        call for call in plain_log if type(call) is not tuple or call[0] == "persistent_id"
    )
    # What it calls by `super` is called, whatever it is declared to say.
    assert collections.Counter(log) == collections.Counter(plain_log)


def test_an_override_beside_the_class_that_declares_is_called(base):
    seen = []

    class Mixed:
        def save(self, obj, save_persistent_id=True):
            seen.append(type(obj))
            return super().save(obj, save_persistent_id)

    class Both(Mixed, saving(base, [], asks={"save": about_special})):
        pass

    plain_log = []
    assert dumped(Both, data()) == dumped(saving(base, plain_log), data())
    assert seen == [call for call in plain_log if type(call) is not tuple]


def test_an_override_on_the_instance_is_called(base):
    seen = []
    cls = saving(base, [], asks={"save": about_special})
    file = io.BytesIO()
    pickler = cls(file, 4)
    original = pickler.save

    def save(obj, save_persistent_id=True):
        seen.append(type(obj))
        return original(obj, save_persistent_id)

    pickler.save = save
    pickler.dump(data())
    plain_log = []
    assert file.getvalue() == dumped(saving(base, plain_log), data())
    assert seen == [call for call in plain_log if type(call) is not tuple]


def test_a_subclass_declares_for_what_it_overrides(base):
    log, upper = [], []

    class Below(saving(base, upper, asks={"save": lambda cls: cls is Derived})):
        asks = {"save": lambda cls: cls in (Special, Derived)}

        def save(self, obj, save_persistent_id=True):
            log.append(type(obj))
            return super().save(obj, save_persistent_id)

    assert dumped(Below, data()) == dumped(saving(base, []), data())
    assert set(log) == {Special, Derived}
    assert {call for call in upper if type(call) is not tuple} == {Special, Derived}


def test_a_class_that_only_inherits_is_declared_too(base):
    log = []
    cls = saving(base, log, asks={"save": about_special})
    sub = type("Sub", (cls,), {})
    assert dumped(sub, data()) == dumped(saving(base, []), data())
    assert {call for call in log if type(call) is not tuple} == {Special}


def test_asks_for_another_method_declares_nothing(base):
    log, plain_log = [], []
    expected = dumped(saving(base, plain_log), data())
    for asks in ({}, {"dump": about_special}, None, "save", ["save"]):
        log.clear()
        assert dumped(saving(base, log, asks=asks), data()) == expected
        assert log == plain_log


def test_a_predicate_that_raises_is_heard(base):
    def refuses(cls):
        raise LookupError("asked")

    for name in ("save", "persistent_id", "memoize"):
        with pytest.raises(LookupError, match="asked"):
            dumped(saving(base, [], asks={name: refuses}), data())

    def refuses_special(cls):
        if cls is Special:
            raise LookupError("asked of it")
        return False

    for name in ("save", "persistent_id", "memoize"):
        with pytest.raises(LookupError, match="asked of it"):
            dumped(saving(base, [], asks={name: refuses_special}), data())


def test_another_dump_asks_again(base):
    """What is declared may change between dumps: each asks for itself."""
    log = []
    cls = saving(base, log, asks={"save": lambda cls: False})
    pickler = cls(io.BytesIO(), 4)
    pickler.dump(data())
    assert [call for call in log if type(call) is not tuple] == []
    cls.asks = {"save": about_special}
    pickler.clear_memo()
    pickler.dump(data())
    assert {call for call in log if type(call) is not tuple} == {Special}
    del cls.asks
    pickler.clear_memo()
    log.clear()
    pickler.dump(data())
    assert int in log


class Trigger:
    """Does something when it is saved."""

    act = None

    def __reduce__(self):
        Trigger.act()
        return Trigger, ()


@pytest.mark.parametrize("where", ["class", "subclass", "instance"])
def test_an_override_made_in_the_middle_is_called(base, where):
    """What was declared was said of another method."""
    seen = []
    cls = saving(base, [], ["save"], asks={"save": about_special})
    sub = type("Sub", (cls,), {})
    pickler = sub(io.BytesIO(), 4)

    def save(self, obj, save_persistent_id=True):
        seen.append(type(obj))
        return base.save(self, obj, save_persistent_id)

    def exchange():
        if where == "instance":
            pickler.save = types.MethodType(save, pickler)
        else:
            setattr(cls if where == "class" else sub, "save", save)

    Trigger.act = staticmethod(exchange)
    pickler.dump([1, Trigger(), [Plain(), {"a": 3.5}], [None]])
    if where == "class":
        # The class that declares has another method now, of which the declaration speaks.
        assert float not in seen
    else:
        assert {Plain, float, type(None)} <= set(seen)


class Word(str):
    """A text that is none exactly, and so is reduced and memoized by the pickler's own method."""


def test_a_pickler_class_that_has_no_version_left(base):
    """From 3.13 on a class tells changes a thousand times, and then no more."""

    class Skipping(base):
        def memoize(self, obj):
            if not isinstance(obj, (str, bytes)):
                super().memoize(obj)

    class Declared(Skipping):
        asks = {"memoize": lambda cls: None if issubclass(cls, (str, bytes)) else False}

    words = [Word("a"), Word("a"), "a", b"b", [Plain(Word("c"))]]
    expected = dumped(Skipping, words)
    for turn in range(1_100):
        Declared.turn = turn
        assert dumped(Declared, words) == expected, turn
    log = []
    cls = saving(base, log, ["save"], asks={"save": about_special})
    expected = dumped(cls, data())
    log.clear()
    for turn in range(1_100):
        cls.turn = turn
        assert dumped(cls, data()) == expected, turn
    assert set(log) == {Special}


def test_importing_the_adapters_imports_no_library():
    program = (
        "import sys, oxipickle.adapters; print({'joblib', 'dill', 'numpy', 'datasets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_pretenders_are_told():
    for cls in (Lying, LyingByLookup, LyingThroughObject, weakref.ProxyType, weakref.CallableProxyType):
        assert pretends(cls), cls
    assert pretends(type("Derived", (Lying,), {}))
    for cls in (
        int,
        str,
        list,
        type,
        object,
        types.FunctionType,
        Held,
        numpy.ndarray,
        numpy.dtype,
        type(len),
    ):
        assert not pretends(cls), cls


class Meta(type):
    pass


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held):
        self.held = held


class OfMeta(metaclass=Meta):
    pass


def a_function():
    pass


MET_AGAIN = {
    "instances": (lambda: [one := Special(), one, [one], {"a": one}, (one,)], lambda cls: cls is Special),
    "classes": (lambda: [Plain(), Plain(), [Plain()], Plain, (Plain,)], lambda cls: cls is type),
    "classes of instances with slots": (lambda: [Slotted(1), Slotted([2]), Slotted], lambda cls: cls is type),
    "classes that reduce": (
        lambda: [collections.OrderedDict(a=1)] * 2 + [collections.OrderedDict()],
        lambda cls: cls is type,
    ),
    "classes of a metaclass": (lambda: [OfMeta(), OfMeta(), OfMeta], lambda cls: cls is Meta),
    "functions": (lambda: [a_function, a_function, (a_function,)], lambda cls: cls is types.FunctionType),
    "bytearrays": (lambda: [one := bytearray(b"x"), one, (one,)], lambda cls: cls is bytearray),
    "sets": (lambda: [one := {1, 2}, one, frozenset([3]), one], lambda cls: cls in (set, frozenset)),
    "lists": (lambda: [one := [1], one, [], [[]]], lambda cls: cls is list),
    "dicts": (lambda: [one := {1: 2}, one, {}, [{}]], lambda cls: cls is dict),
}


@pytest.mark.parametrize("name", ["save", "persistent_id"])
@pytest.mark.parametrize("what", MET_AGAIN)
def test_what_is_met_again_is_asked_about_again(base, name, what, protocol):
    make, predicate = MET_AGAIN[what]
    if protocol < 2 and "slots" in what:
        pytest.skip("instances with slots are refused")
    obj, plain_log, log = make(), [], []
    expected = dumped(saving(base, plain_log, [name]), obj, protocol)
    assert dumped(saving(base, log, [name], asks={name: predicate}), obj, protocol) == expected

    def spoken_of(calls):
        return [
            cls for cls in ((call[1] if type(call) is tuple else call) for call in calls) if predicate(cls)
        ]

    assert spoken_of(log) == spoken_of(plain_log) != []


class Marked:
    """An attribute of the class."""

    mark = 1


class InheritsMark(Marked):
    pass


class MarkedSlot:
    __slots__ = ("mark", "x")


class Answering:
    def __getattr__(self, name):
        if name == "mark":
            return 1
        raise AttributeError(name)


class Asking:
    def __getattribute__(self, name):
        if name == "mark":
            return 1
        return super().__getattribute__(name)


class Deceiving:
    """Has a property that says that there is no such attribute."""

    @property
    def mark(self):
        raise AttributeError("mark")


class MarkedMeta(type):
    mark = 1


class OfMarkedMeta(metaclass=MarkedMeta):
    """The class has the attribute, and its instances don't."""


class WithDict(dict):
    pass


class WithTuple(tuple):
    """Keeps its dict at a place that depends on its length."""


class Name(str):
    """A name that is no exact string."""

    def __eq__(self, other):
        return str(self) == other

    __hash__ = str.__hash__


def marked(obj, name="mark"):
    obj.__dict__[name] = 1
    return obj


def things_with_marks():
    def inner():
        pass

    filled = MarkedSlot()
    filled.mark = 1
    empty = MarkedSlot()
    empty.x = [1]
    a_function.mark = 1
    del a_function.mark
    return [
        Plain(1, [Plain()], Plain),
        marked(Plain(2)),
        marked(Plain(3), Name("mark")),
        marked(Plain(4), Name("other")),
        marked(Plain(5), 6),
        Marked(),
        InheritsMark(),
        [filled, empty],
        Answering(),
        Asking(),
        Deceiving(),
        OfMarkedMeta(),
        OfMarkedMeta,
        OfMeta(),
        OfMeta,
        Marked,
        Plain,
        a_function,
        len,
        marked(WithDict(a=1)),
        WithDict(b=2),
        marked(WithTuple([1, 2])),
        WithTuple([3]),
        collections.OrderedDict(a=Plain()),
        Slotted([Slotted(1)]),
        types.SimpleNamespace(mark=1),
        types.SimpleNamespace(a=1),
        # Tells whether it has a dict yet.
        functools.partial(a_function),
        Ellipsis,
        2**100,
        b"x",
    ]


def asking_for_marks(base, log, **contents):
    class Asking(base):
        def persistent_id(self, obj):
            log.append(obj)
            if not hasattr(obj, "mark"):
                return None
            return getattr(type(obj), "__name__", "?"), type(obj) is type

    for name, value in contents.items():
        setattr(Asking, name, value)
    return Asking


def test_who_looks_for_an_attribute_is_called_for_those_that_have_it(base):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        obj, plain_log, log = things_with_marks() * 2, [], []
        expected = dumped(asking_for_marks(base, plain_log), obj, protocol)
        declared = asking_for_marks(base, log, asks={"persistent_id": lambda cls: "mark"})
        assert dumped(declared, obj, protocol) == expected
        # Looking has left nothing behind.
        assert dumped(asking_for_marks(base, []), obj, protocol) == expected
        spoken = [id(obj) for obj in plain_log if hasattr(obj, "mark")]
        assert [id(obj) for obj in log if hasattr(obj, "mark")] == spoken
        # It was called for those of which Python code has to be asked, and for no others.
        without = {type(obj) for obj in log if not hasattr(obj, "mark")}
        identifiers = {tuple, str, bool}
        assert without - identifiers <= {Deceiving, MarkedSlot, Plain}
        assert sum(type(obj) is Plain and not hasattr(obj, "mark") for obj in log) <= 4


def test_an_attribute_that_comes_in_the_midst_of_a_dump(base):
    """Instances, and their classes, are looked at when they are met."""

    def results(**contents):
        later, inner = Plain(1), Plain(2)
        cls = type("Later", (Plain,), {"__module__": __name__})
        globals()["Later"] = cls
        cls.__qualname__ = "Later"

        def exchange():
            later.__dict__["mark"] = inner.__dict__["mark"] = 1
            cls.mark = 1

        Trigger.act = staticmethod(exchange)
        obj = [later, [inner], cls(), cls, cls(), Trigger(), later, [inner], Plain(), cls, [cls()], Plain]
        return dumped(asking_for_marks(base, [], **contents), obj)

    assert results(asks={"persistent_id": lambda cls: "mark"}) == results()


def test_two_names_are_no_declaration(base):
    """The second of them is called for everything."""

    def names(cls):
        return "other" if cls is Plain else "mark"

    obj = things_with_marks()
    expected = dumped(asking_for_marks(base, []), obj)
    assert dumped(asking_for_marks(base, [], asks={"persistent_id": names}), obj) == expected
    # A name says nothing of other methods.
    log, plain_log = [], []
    expected = dumped(saving(base, plain_log, ["save"]), data())
    assert dumped(saving(base, log, ["save"], asks={"save": lambda cls: "held"}), data()) == expected
    assert log == plain_log
