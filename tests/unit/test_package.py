"""The package pickler on importers of the tests: what it writes can be read through the importer."""

import io
import pickle
import types

import oxipickle
import pytest
from oxipickle import PackagePickler, create_pickler

HIDDEN = types.ModuleType("oxipickle_package_hidden")
exec(
    """
class Outer:
    class Inner:
        def __init__(self, value=1):
            self.value = value

        def __eq__(self, other):
            return type(other) is type(self) and other.value == self.value

        __hash__ = None

class Named:
    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return self.name

named = Named("named")

def function(x):
    return x

unnamed = lambda: None
""",
    HIDDEN.__dict__,
)


class HiddenImporter(oxipickle.Importer):
    """Knows the hidden module only."""

    def import_module(self, module_name):
        if module_name != HIDDEN.__name__:
            raise ModuleNotFoundError(module_name)
        return HIDDEN


def importer():
    return oxipickle.OrderedImporter(HiddenImporter(), oxipickle.sys_importer)


class HiddenUnpickler(pickle.Unpickler):
    """Asks the importer for every global."""

    def find_class(self, module_name, name):
        if module_name != HIDDEN.__name__:
            # `pickle` knows the names of Python 2, which are written below protocol 3.
            return super().find_class(module_name, name)
        found = importer().import_module(module_name)
        for part in name.split("."):
            found = getattr(found, part)
        return found


class LoadingUnpickler(pickle.Unpickler):
    """Tells which persistent ids it was asked for."""

    def persistent_load(self, pid):
        return "loaded", pid


def dumped(obj, protocol=4, **options):
    file = io.BytesIO()
    PackagePickler(importer(), file, protocol, **options).dump(obj)
    return file.getvalue()


@pytest.mark.parametrize("protocol", range(6))
def test_round_trip_through_the_importer(protocol):
    obj = [HIDDEN.Outer.Inner(2), HIDDEN.Outer, HIDDEN.Outer.Inner, HIDDEN.function, HIDDEN.named]
    file = io.BytesIO(dumped(obj, protocol))
    assert HiddenUnpickler(file).load() == obj


@pytest.mark.parametrize(
    "obj",
    [HIDDEN.unnamed, HIDDEN.Named("nowhere"), HIDDEN.Named("function")],
    ids=["unnamed", "nowhere", "another"],
)
def test_what_the_importer_refuses(obj):
    with pytest.raises(pickle.PicklingError, match="^Can't pickle ") as caught:
        dumped(obj)
    cause = caught.value.__cause__
    assert isinstance(cause, (oxipickle.ObjNotFoundError, oxipickle.ObjMismatchError))
    assert str(caught.value) == f"Can't pickle {obj}: {cause}"


def test_other_errors_of_an_importer_come_through():
    class Failing(HiddenImporter):
        def get_name(self, obj, name=None):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        PackagePickler(Failing(), io.BytesIO()).dump(HIDDEN.Outer)


def test_the_importer_is_asked_for_functions():
    """Not the interpreter, which does not know the module."""
    assert HIDDEN.__name__.encode() in dumped(HIDDEN.function)
    with pytest.raises(pickle.PicklingError):
        pickle._dumps(HIDDEN.function)


def test_attributes():
    chain = importer()
    pickler = create_pickler(io.BytesIO(), chain)
    assert isinstance(pickler, PackagePickler)
    assert pickler.importer is chain
    assert pickler.proto == 4
    assert create_pickler(io.BytesIO(), chain, protocol=3).proto == 3


def test_options_of_the_pickler():
    buffers = []
    data = dumped(pickle.PickleBuffer(b"abc"), 5, buffer_callback=buffers.append)
    assert bytes(buffers[0]) == b"abc"
    assert pickle.loads(data, buffers=[b"abc"]) == b"abc"


def test_sys_importer_gets_the_ordinary_pickler():
    pickler = create_pickler(io.BytesIO(), oxipickle.sys_importer)
    assert not isinstance(pickler, PackagePickler)
    assert isinstance(pickler, oxipickle.HookablePickler)


@pytest.mark.parametrize("chain", [oxipickle.sys_importer, importer()], ids=["sys", "ordered"])
@pytest.mark.parametrize("attribute", ["persistent_id", "_persistent_id"])
def test_persistent_id_may_be_set_on_the_instance(chain, attribute):
    file = io.BytesIO()
    pickler = create_pickler(file, chain)
    setattr(pickler, attribute, lambda obj: "stored" if obj == 7 else None)
    pickler.dump([7, 8])
    assert LoadingUnpickler(io.BytesIO(file.getvalue())).load() == [("loaded", "stored"), 8]


def test_global_references():
    pickler = create_pickler(io.BytesIO(), importer())
    pickler.dump([HIDDEN.Outer.Inner(), HIDDEN.function, HIDDEN.Outer.Inner()])
    assert pickler.global_references == [
        (HIDDEN.__name__, "Outer.Inner"),
        (HIDDEN.__name__, "function"),
    ]


@pytest.mark.parametrize("protocol", [2, 3])
def test_nested_names_below_protocol_4_have_a_memoized_parent(protocol):
    pickler = create_pickler(io.BytesIO(), importer(), protocol)
    pickler.dump(HIDDEN.Outer.Inner)
    memoized = [obj for _, obj in pickler.memo.values()]
    assert any(obj is HIDDEN.Outer for obj in memoized)
