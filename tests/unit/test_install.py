"""`install()` and `uninstall()`: what is exchanged in place, what stays, and what was pickled meanwhile."""

import _pickle
import io
import pickle
import subprocess
import sys
import threading
import types
import warnings

import installing
import oxipickle
import pytest
from faces import PROTOCOLS, dumped
from own_process import run

CLASSES = (pickle._Pickler, pickle._Unpickler)
FUNCTIONS = ("dump", "dumps", "load", "loads", "Pickler", "Unpickler")


def everything():
    """All that `install` might change, in its order, to be told apart by identity."""
    found = [(cls.__name__, name, id(value)) for cls in CLASSES for name, value in vars(cls).items()]
    found += [
        (cls.__name__, "dispatch", key, id(value)) for cls in CLASSES for key, value in cls.dispatch.items()
    ]
    for module in (pickle, _pickle):
        found += [(module.__name__, name, id(getattr(module, name))) for name in FUNCTIONS]
    found += [
        ("oxipickle", name, getattr(oxipickle, name).__module__, getattr(oxipickle, name).__qualname__)
        for name in FUNCTIONS
    ]
    return found


@pytest.fixture(autouse=True)
def _restored():
    """Whatever a test does, nothing is left of it."""
    before = everything()
    yield
    assert everything() == before


def is_served(cls=pickle._Pickler):
    """Whether the functions of the class are native: upstream's are Python code."""
    return not isinstance(vars(cls)["save"], types.FunctionType)


class Sub(pickle._Pickler):
    """Made before any `install()`."""


class Noting(pickle._Pickler):
    """Has a method, which calls upstream's by name."""

    def save_reduce(self, *args, **options):
        self.noted = args
        pickle._Pickler.save_reduce(self, *args, **options)


class SubUnpickler(pickle._Unpickler):
    def find_class(self, module, name):
        self.found = module, name
        return super().find_class(module, name)


def test_install_serves_what_was_made_before():
    data = [{"a": 1}, (2.5, b"x"), Sub]
    for cls in (Sub, Noting):
        expected = [dumped(cls, data, protocol) for protocol in PROTOCOLS]
        with oxipickle.installed():
            assert is_served() and cls.save is pickle._Pickler.save
            assert [dumped(cls, data, protocol) for protocol in PROTOCOLS] == expected
            unpickler = SubUnpickler(io.BytesIO(expected[-1]))
            assert unpickler.load() == data
            assert unpickler.found == (__name__, "Sub")
    assert not is_served()


def test_the_classes_stay_the_same_objects():
    before = CLASSES
    with oxipickle.installed(functions=True):
        assert (pickle._Pickler, pickle._Unpickler) == before
        assert [cls.__module__ for cls in before] == ["pickle", "pickle"]
        assert [cls.__qualname__ for cls in before] == ["_Pickler", "_Unpickler"]


def test_names_of_what_was_exchanged_are_upstreams():
    names = {(cls, name) for cls in CLASSES for name in vars(cls) if callable(vars(cls)[name])}
    before = {(cls, name): getattr(cls, name) for cls, name in names}
    with oxipickle.installed():
        for (cls, name), function in before.items():
            ours = getattr(cls, name)
            assert (ours.__module__, ours.__name__) == (function.__module__, function.__name__), name


def test_nothing_is_added_that_upstream_lacks():
    before = [set(vars(cls)) for cls in CLASSES]
    with oxipickle.installed():
        added = [set(vars(cls)) - names for cls, names in zip(CLASSES, before)]
    # What upstream has on the instance, made when it is asked for.
    assert added == [
        {"__getattr__"},
        {"memo", "stack", "metastack", "append", "read", "readinto", "readline"},
    ]


def test_installs_are_counted():
    oxipickle.install()
    oxipickle.install()
    with oxipickle.installed():
        assert is_served()
    oxipickle.uninstall()
    assert is_served()
    oxipickle.uninstall()
    assert not is_served()


def test_a_second_install_changes_nothing():
    with oxipickle.installed():
        before = everything()
        with oxipickle.installed():
            assert everything() == before
        assert everything() == before


def test_functions_of_an_inner_install_end_with_it():
    with oxipickle.installed():
        before = everything()
        with oxipickle.installed(functions=True):
            assert pickle.dumps is oxipickle.dumps
            with oxipickle.installed(functions=True) as held:
                assert held == []
        assert everything() == before
        assert pickle.dumps is not oxipickle.dumps


def test_contexts_may_end_in_any_order():
    with_functions, without = oxipickle.installed(functions=True), oxipickle.installed()
    with_functions.__enter__()
    without.__enter__()
    with_functions.__exit__(None, None, None)
    assert is_served() and pickle.dumps is not oxipickle.dumps
    without.__exit__(None, None, None)
    assert not is_served()


def test_functions_asked_for_later():
    oxipickle.install()
    oxipickle.install(functions=True)
    assert pickle.dumps is _pickle.dumps is oxipickle.dumps
    oxipickle.uninstall()
    oxipickle.uninstall()


def test_the_context_ends_with_an_error():
    with pytest.raises(KeyError):
        with oxipickle.installed(functions=True):
            assert is_served()
            raise KeyError
    assert not is_served()


def test_a_dump_that_fails_leaves_no_trace():
    with oxipickle.installed(), pytest.raises(Exception):
        dumped(Sub, threading.Lock())


def test_uninstall_without_install_warns():
    with pytest.warns(RuntimeWarning, match="not installed"):
        oxipickle.uninstall()
    with oxipickle.installed():
        assert is_served()


def a_patch(self, obj):
    """Somebody else's `memoize`."""
    self.patched = True
    original_memoize(self, obj)


original_memoize = pickle._Pickler.memoize


def patched_before(functions):
    """Runs in a process of its own. The names in the warning, and whether the patch was called and stayed."""
    pickle._Pickler.memoize = a_patch
    pickle._Unpickler.find_class = lambda self, module, name: None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        oxipickle.install(functions=functions)
        oxipickle.install()
    pickler = Sub(io.BytesIO(), 4)
    pickler.dump(["text"])
    called = pickler.patched
    oxipickle.uninstall()
    oxipickle.uninstall()
    return (
        [
            (warning.category is RuntimeWarning, warning.filename == __file__, str(warning.message))
            for warning in told
        ],
        called,
        pickle._Pickler.memoize is a_patch,
        is_served(),
    )


@pytest.mark.parametrize("functions", [False, True])
def test_a_patch_made_before_stays_and_is_named(functions):
    told, called, stayed, served = run(patched_before, functions, allocator=None)
    [(is_runtime_warning, is_callers, words)] = told
    assert is_runtime_warning and is_callers
    assert "_Pickler.memoize" in words and "_Unpickler.find_class" in words
    assert words.count("_Pickler.") == 1
    assert called and stayed and not served


def test_a_patch_made_before_where_warnings_are_errors(monkeypatch):
    """What raises has changed nothing."""
    monkeypatch.setattr(pickle._Pickler, "memoize", a_patch)
    before = everything()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="memoize"):
            oxipickle.install(functions=True)
        assert everything() == before
        with pytest.raises(RuntimeWarning, match="not installed"):
            oxipickle.uninstall()


def test_a_patch_made_after_stays_and_is_named():
    oxipickle.install(functions=True)
    ours = pickle._Pickler.save_list
    pickle._Pickler.save_dict = a_patch
    pickle.loads = a_patch
    try:
        with pytest.warns(RuntimeWarning) as told:
            oxipickle.uninstall()
        assert pickle._Pickler.save_dict is a_patch
        assert pickle.loads is a_patch
        assert pickle._Pickler.save_list is not ours
        [warning] = told
        assert "_Pickler.save_dict" in str(warning.message) and "pickle.loads" in str(warning.message)
        assert warning.filename == __file__
    finally:
        pickle._Pickler.save_dict = UPSTREAM["save_dict"]
        pickle.loads = _pickle.loads


def test_the_context_names_whoever_left_it():
    """The warning points at the `with` statement's file, not at ours or contextlib's."""
    try:
        with pytest.warns(RuntimeWarning) as told:
            with oxipickle.installed():
                pickle._Pickler.save_dict = a_patch
        assert [warning.filename for warning in told] == [__file__]
    finally:
        pickle._Pickler.save_dict = UPSTREAM["save_dict"]


def test_a_patch_made_after_and_taken_back_is_no_news():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with oxipickle.installed():
            ours = pickle._Pickler.save_dict
            pickle._Pickler.save_dict = a_patch
            # As whoever patches takes a patch back.
            pickle._Pickler.save_dict = ours


def test_a_patch_taken_back_is_called_as_before():
    data = [object(), {"a": 1}]
    expected = dumped(Sub, data)
    with oxipickle.installed():
        for name in ("save", "save_reduce", "save_dict", "memoize", "dump"):
            ours = getattr(pickle._Pickler, name)
            setattr(pickle._Pickler, name, a_patch)
            setattr(pickle._Pickler, name, ours)
            assert dumped(Sub, data) == expected, name


UPSTREAM = dict(vars(pickle._Pickler))


class Acting:
    """Does something while it is saved."""

    act = None

    def __reduce__(self):
        Acting.act()
        return Acting, ()


@pytest.mark.parametrize("first", ["plain", "installed"])
@pytest.mark.parametrize("cls", [Sub, Noting], ids=lambda cls: cls.__name__)
def test_exchanged_in_the_middle_of_a_dump(cls, first, protocol):
    """A dump goes on, whoever's functions it began with."""
    data = [["a", {"b": (1, Acting(), "c")}], {"d": ["a", b"e"]}, Acting()]
    Acting.act = staticmethod(lambda: None)
    expected = dumped(cls, data, protocol)
    calls = [oxipickle.install, oxipickle.uninstall]
    if first == "installed":
        oxipickle.install()
        calls.reverse()
    turns = iter(calls)
    Acting.act = staticmethod(lambda: next(turns)())
    assert dumped(cls, data, protocol) == expected
    if first == "installed":
        oxipickle.uninstall()


class Loading:
    """Does something while it is loaded."""

    act = None

    def __reduce__(self):
        return acting, ()


def acting():
    Loading.act()
    return 1


@pytest.mark.parametrize("first", ["plain", "installed"])
@pytest.mark.parametrize("cls", [pickle._Unpickler, SubUnpickler], ids=lambda cls: cls.__name__)
def test_exchanged_in_the_middle_of_a_load(cls, first, protocol):
    payload = pickle.dumps([["a", {"b": (1, Loading(), "c")}], {"d": ["a", b"e"]}, Loading()], protocol)
    Loading.act = staticmethod(lambda: None)
    expected = cls(io.BytesIO(payload)).load()
    calls = [oxipickle.install, oxipickle.uninstall]
    if first == "installed":
        oxipickle.install()
        calls.reverse()
    turns = iter(calls)
    Loading.act = staticmethod(lambda: next(turns)())
    assert cls(io.BytesIO(payload)).load() == expected
    if first == "installed":
        oxipickle.uninstall()


def test_a_pickler_made_before_and_used_after(protocol):
    """What a pickler remembers goes over with it, in both directions."""
    shared = ["shared"]

    def session(*between):
        file = io.BytesIO()
        pickler = Sub(file, protocol)
        for step in between:
            step()
            pickler.dump([shared, {"a": shared}])
        return file.getvalue()

    def nothing():
        pass

    expected = session(nothing, nothing, nothing)
    assert session(nothing, oxipickle.install, oxipickle.uninstall) == expected
    with oxipickle.installed():
        assert session(nothing, nothing, nothing) == expected
    oxipickle.install()
    assert session(nothing, oxipickle.uninstall, oxipickle.install) == expected
    oxipickle.uninstall()


def test_an_unpickler_made_before_and_used_after(protocol):
    shared = ["shared"]
    file = io.BytesIO()
    pickler = pickle._Pickler(file, protocol)
    for _ in range(3):
        pickler.dump([shared, {"a": shared}])

    def session(*between):
        file.seek(0)
        unpickler = SubUnpickler(file)
        found = []
        for step in between:
            step()
            found.append(unpickler.load())
        assert len({id(part) for obj in found for part in (obj[0], obj[1]["a"])}) == 1
        return found

    def nothing():
        pass

    expected = session(nothing, nothing, nothing)
    assert session(nothing, oxipickle.install, oxipickle.uninstall) == expected
    oxipickle.install()
    assert session(nothing, oxipickle.uninstall, oxipickle.install) == expected
    oxipickle.uninstall()


def test_threads_dump_and_load_while_others_install():
    data = [{"name": f"name {i}", "values": (i, i * 0.5, None)} for i in range(40)]
    expected = dumped(Noting, data, 4)
    wrong, over = [], threading.Event()

    def work():
        while not over.is_set():
            try:
                if dumped(Noting, data, 4) != expected or SubUnpickler(io.BytesIO(expected)).load() != data:
                    wrong.append("other bytes or objects")
            except BaseException as error:
                wrong.append(error)

    def exchange():
        try:
            for turn in range(60):
                with oxipickle.installed(functions=turn % 2 == 0):
                    assert is_served()
        except BaseException as error:
            wrong.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    exchangers = [threading.Thread(target=exchange) for _ in range(3)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in workers + exchangers:
            thread.start()
        for thread in exchangers:
            thread.join()
    finally:
        over.set()
        for thread in workers:
            thread.join()
        sys.setswitchinterval(interval)
    assert wrong == []
    assert not is_served()


class Bare:
    pass


class Ends:
    """Runs what it is told to when it ends."""

    todo = staticmethod(lambda: None)

    def __del__(self):
        Ends.todo()


def test_undone_while_an_unpickler_is_at_work():
    """What the load ends at once can't ask the unpickler for anything."""
    seen = []

    def uninstall():
        try:
            oxipickle.uninstall()
        except BaseException as error:
            seen.append(error)
        seen.append(is_served())

    name = f"c{__name__}\n".encode()
    # The state's first value is replaced by its second.
    data = name + b"Bare\n)\x81}(\x8c\x01a" + name + b"Ends\n)\x81\x8c\x01aK\x01ub."
    Ends.todo = uninstall
    try:
        oxipickle.install()
        obj = SubUnpickler(io.BytesIO(data)).load()
    finally:
        Ends.todo = staticmethod(lambda: None)
    assert vars(obj) == {"a": 1} and seen == [False]


def test_undone_though_a_memo_is_not_told():
    class Refusing(pickle._Unpickler):
        @property
        def memo(self):
            raise ValueError

        @memo.setter
        def memo(self, memo):
            pass

    with oxipickle.installed():
        kept = Refusing(io.BytesIO(b"N."))
    assert not is_served() and type(kept) is Refusing


def test_functions_are_served():
    with oxipickle.installed(functions=True):
        for module in (pickle, _pickle):
            assert {name: getattr(module, name) for name in FUNCTIONS} == {
                name: getattr(oxipickle, name) for name in FUNCTIONS
            }
        data = [1, {"a": "b"}]
        assert pickle.loads(pickle.dumps(data)) == data
        file = io.BytesIO()
        pickle.Pickler(file).dump(data)
        file.seek(0)
        assert pickle.Unpickler(file).load() == data


def test_without_functions_they_stay():
    before = [getattr(pickle, name) for name in FUNCTIONS]
    with oxipickle.installed() as held:
        assert [getattr(pickle, name) for name in FUNCTIONS] == before
        assert held == []


def test_who_holds_the_old_ones_is_reported(monkeypatch):
    holder = types.ModuleType("holder")
    holder.their_dumps = pickle.dumps
    holder.Derived = type("Derived", (pickle.Pickler,), {"__module__": "holder"})
    holder.Further = type("Further", (holder.Derived,), {"__module__": "holder"})
    monkeypatch.setitem(sys.modules, "holder", holder)
    # What is no module may be found there too.
    monkeypatch.setitem(sys.modules, "no module", None)
    with oxipickle.installed(functions=True) as held:
        assert {"holder.their_dumps", "holder.Derived", "holder.Further"} <= set(held)
        assert not any(name.startswith(("pickle.", "_pickle.", "oxipickle")) for name in held)
        assert len(held) == len(set(held))
    assert oxipickle.install(functions=True) and oxipickle.install(functions=True) == []
    oxipickle.uninstall()
    oxipickle.uninstall()


def loaded_without(payloads):
    """Module and name of what is in each pickle, loaded where oxipickle can't be imported."""
    program = (
        "import ast, pickle, sys\n"
        "sys.modules['oxipickle'] = None\n"
        "for data in ast.literal_eval(sys.stdin.read()):\n"
        "    obj = pickle.loads(data)\n"
        "    print(obj.__module__, obj.__qualname__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program],
        input=repr(payloads),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [line.split() for line in done.stdout.splitlines()]


@pytest.mark.parametrize("pickler", installing.PICKLERS)
@pytest.mark.parametrize("functions", [False, True])
def test_references_load_without_oxipickle(pickler, functions):
    """References to the functions that were exchanged, to the classes and to their methods."""
    expected, ours = run(installing.references, pickler, functions, allocator=None)
    assert ours == expected
    names = [name for name in ours for _ in PROTOCOLS]
    found = loaded_without([data for each in ours.values() for data in each])
    for name, (module, qualname) in zip(names, found, strict=True):
        assert (module, qualname) == (module_of(name), name)


def module_of(name):
    return "_pickle" if name in FUNCTIONS else "pickle"
