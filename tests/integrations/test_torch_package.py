"""The package pickler beside torch.package's: bytes, calls of the importer, errors."""

import copyreg
import io
import pickle
import re
import sys

import oxipickle
import package_cases
import pytest

PROTOCOLS = range(6)
HIDDEN = package_cases.hidden_module()
HIDDEN_OBJECTS = package_cases.hidden_objects(HIDDEN)
COMMON_OBJECTS = package_cases.common_objects()


class Hidden:
    """What makes an importer find the hidden module, and write down what it is asked."""

    def __init__(self, log):
        self.log = log
        self.modules = {package_cases.HIDDEN_NAME: HIDDEN}

    def import_module(self, module_name):
        self.log.append(("import_module", module_name))
        try:
            return self.modules[module_name]
        except KeyError:
            raise ModuleNotFoundError(module_name) from None

    def get_name(self, obj, name=None):
        self.log.append(("get_name", id(obj), name))
        return super().get_name(obj, name)

    def whichmodule(self, obj, name):
        self.log.append(("whichmodule", id(obj), name))
        return super().whichmodule(obj, name)


@pytest.fixture(scope="module")
def kinds(torch_package):
    """The two projects' importer modules, which offer the same names."""
    return {"ours": oxipickle, "torch": torch_package.importer}


def ordered_importer(kinds, chain, leaf, log):
    """The hidden module first, then the interpreter's own: the kind of either may be chosen."""
    hidden = type("HiddenImporter", (Hidden, kinds[leaf].Importer), {})(log)
    return kinds[chain].OrderedImporter(hidden, kinds[leaf].sys_importer)


def saved(create, obj, importer, protocol, log):
    """The bytes or the error, and what the importer was asked."""
    file = io.BytesIO()
    try:
        create(file, importer, protocol).dump(obj)
        result = file.getvalue()
    except Exception as error:
        # Words tell importers apart by their addresses.
        result = type(error), re.sub(r"0x[0-9a-f]+", "0x", str(error))
    return result, list(log)


def without_words(result):
    """The bytes, or the class of the error."""
    return result if isinstance(result, bytes) else result[0]


def compare(torch_package, make, obj, protocol, words=True):
    """Asserts that ours does what torch.package's own does with an importer made alike."""
    results = []
    for create in (torch_package.pickler.create_pickler, oxipickle.create_pickler):
        log = []
        results.append(saved(create, obj, make(log), protocol, log))
    (expected, expected_log), (result, log) = results
    if words:
        assert result == expected
    else:
        assert without_words(result) == without_words(expected)
    assert log == expected_log


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", HIDDEN_OBJECTS)
def test_objects_behind_an_importer(torch_package, kinds, name, protocol):
    compare(
        torch_package,
        lambda log: ordered_importer(kinds, "torch", "torch", log),
        HIDDEN_OBJECTS[name],
        protocol,
        # Names that GLOBAL cannot hold are refused in the newest interpreter's words.
        words=not name.startswith("non-ASCII"),
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", COMMON_OBJECTS)
def test_objects_of_every_importer(torch_package, kinds, name, protocol):
    # From 3.14 torch.package's get_name fails for objects without `__module__`, and ours does not.
    kind = "torch"
    if sys.version_info >= (3, 14) and name in ("builtin functions", "method of a type"):
        kind = "ours"
    compare(
        torch_package,
        lambda log: ordered_importer(kinds, kind, kind, log),
        COMMON_OBJECTS[name],
        protocol,
        # Generators are refused by the interpreter's `__reduce_ex__`.
        words=name != "unpicklable",
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", COMMON_OBJECTS)
def test_sys_importer_names_globals_the_ordinary_way(torch_package, name, protocol):
    obj = COMMON_OBJECTS[name]
    results = []
    for create, importers in (
        (torch_package.pickler.create_pickler, (torch_package.importer.sys_importer,)),
        (oxipickle.create_pickler, (oxipickle.sys_importer, torch_package.importer.sys_importer)),
    ):
        for importer in importers:
            result, _ = saved(create, obj, importer, protocol, [])
            results.append(without_words(result))
    assert results[1:] == results[:1] * 2


@pytest.mark.parametrize("leaf", ["ours", "torch"])
@pytest.mark.parametrize("chain", ["ours", "torch"])
@pytest.mark.parametrize("name", HIDDEN_OBJECTS)
def test_importers_mix(torch_package, kinds, chain, leaf, name):
    """Whoever made the chain and its links, the pickle is that of torch.package's own."""
    expected, _ = saved(
        torch_package.pickler.create_pickler,
        HIDDEN_OBJECTS[name],
        ordered_importer(kinds, "torch", "torch", []),
        4,
        [],
    )
    for create in (torch_package.pickler.create_pickler, oxipickle.create_pickler):
        importer = ordered_importer(kinds, chain, leaf, [])
        result, _ = saved(create, HIDDEN_OBJECTS[name], importer, 4, [])
        assert without_words(result) == without_words(expected)


def test_a_chain_within_a_chain_of_the_other_kind(kinds):
    for outer, inner in (("ours", "torch"), ("torch", "ours")):
        chain = kinds[outer].OrderedImporter(ordered_importer(kinds, inner, inner, []))
        assert chain.get_name(HIDDEN.Plain) == (package_cases.HIDDEN_NAME, "Plain")
        assert chain.import_module(package_cases.HIDDEN_NAME) is HIDDEN
        assert chain.whichmodule(HIDDEN.Plain, "Plain") == package_cases.HIDDEN_NAME


@pytest.mark.parametrize("raiser", ["ours", "torch"])
@pytest.mark.parametrize("error", ["ObjNotFoundError", "ObjMismatchError"])
def test_each_chain_passes_over_errors_of_the_other_kind(kinds, raiser, error):
    catcher = {"ours": "torch", "torch": "ours"}[raiser]
    # A module without `Plain` is one where it is not found; another module's `Plain` is not it.
    empty = type(HIDDEN)(package_cases.HIDDEN_NAME)
    other = {"ObjNotFoundError": empty, "ObjMismatchError": package_cases.hidden_module()}[error]

    class Refusing(kinds[raiser].Importer):
        def import_module(self, module_name):
            return other

    refusing = Refusing()
    with pytest.raises(getattr(kinds[raiser], error)):
        refusing.get_name(HIDDEN.Plain)
    finding = type("HiddenImporter", (Hidden, kinds[catcher].Importer), {})([])
    chain = kinds[catcher].OrderedImporter(refusing, finding)
    assert chain.get_name(HIDDEN.Plain) == (package_cases.HIDDEN_NAME, "Plain")


@pytest.mark.parametrize("code", [0x10, 0x1234, 0x123456])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_extension_registry(torch_package, kinds, protocol, code):
    key = (package_cases.HIDDEN_NAME, "Plain", code)
    copyreg.add_extension(*key)
    try:
        compare(
            torch_package,
            lambda log: ordered_importer(kinds, "torch", "torch", log),
            [HIDDEN.Plain, HIDDEN.Plain(1)],
            protocol,
        )
    finally:
        copyreg.remove_extension(*key)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("through_sys_importer", [False, True])
def test_persistent_id_set_on_the_instance(torch_package, kinds, protocol, through_sys_importer):
    obj = [dict, "stored", ("stored", "kept")]
    results = []
    for create in (torch_package.pickler.create_pickler, oxipickle.create_pickler):
        importer = kinds["torch"].sys_importer
        if not through_sys_importer:
            importer = ordered_importer(kinds, "torch", "torch", [])
        asked = []

        def persistent_id(obj, asked=asked):
            asked.append(obj)
            return "pid" if obj == "stored" else None

        file = io.BytesIO()
        pickler = create(file, importer, protocol)
        pickler.persistent_id = persistent_id
        pickler.dump(obj)
        results.append((file.getvalue(), asked))
    assert results[0] == results[1]


def test_later_dumps_share_the_memo(torch_package, kinds):
    results = []
    for create in (torch_package.pickler.create_pickler, oxipickle.create_pickler):
        file = io.BytesIO()
        pickler = create(file, ordered_importer(kinds, "torch", "torch", []))
        pickler.dump(HIDDEN.Plain)
        pickler.dump([HIDDEN.Plain, HIDDEN.function])
        pickler.clear_memo()
        pickler.dump(HIDDEN.Plain)
        results.append(file.getvalue())
    assert results[0] == results[1]


def test_the_error_is_chained_from_the_importers(torch_package, kinds):
    importer = ordered_importer(kinds, "torch", "torch", [])
    with pytest.raises(pickle.PicklingError) as caught:
        oxipickle.create_pickler(io.BytesIO(), importer).dump(HIDDEN.unnamed)
    assert isinstance(caught.value.__cause__, kinds["torch"].ObjNotFoundError)


def test_global_references_name_what_the_importer_named(kinds):
    importer = ordered_importer(kinds, "torch", "torch", [])
    pickler = oxipickle.create_pickler(io.BytesIO(), importer, 4)
    pickler.dump([HIDDEN.Plain(1), HIDDEN.Outer.Inner, HIDDEN.Plain])
    assert pickler.global_references == [
        (package_cases.HIDDEN_NAME, "Plain"),
        (package_cases.HIDDEN_NAME, "Outer.Inner"),
    ]
