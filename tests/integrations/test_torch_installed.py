"""torch.package under `install()`: archives, dependency graphs and errors as without."""

import contextlib
import io
import pickle
import pickletools
import subprocess
import sys
import textwrap
import warnings
import zipfile

import oxipickle
import pytest
from oxipickle import _adapted, _digest

torch = pytest.importorskip("torch", reason="torch is not installed")
hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")

import torch_cases  # noqa: E402 - which needs torch
from oxipickle.adapters import torch_package  # noqa: E402
from recipes import build  # noqa: E402
from strategies import graphs  # noqa: E402
from torch.package import (  # noqa: E402
    OrderedImporter,
    PackageExporter,
    PackageImporter,
    package_exporter,
    sys_importer,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

RULES = {
    "extern": lambda exporter: exporter.extern("**"),
    "intern": lambda exporter: (exporter.intern("torch_cases"), exporter.extern("**")),
    "mock": lambda exporter: (exporter.mock("torch_cases"), exporter.extern("**")),
    "mock the library": lambda exporter: (exporter.mock("torch.**"), exporter.extern("**")),
    "deny": lambda exporter: (exporter.deny("torch_cases"), exporter.extern("**")),
    "none": lambda exporter: None,
    "unmatched": lambda exporter: (exporter.intern("nowhere", allow_empty=False), exporter.extern("**")),
}


def text(error):
    # Pickling errors have the newest interpreter's words under `install()`.
    return type(error).__name__, None if isinstance(error, (pickle.PicklingError, TypeError)) else str(error)


def saved(obj, protocol, rules=RULES["extern"], importer=sys_importer, **options):
    """The members of the archive, the graph, and what went wrong."""
    buffer = io.BytesIO()
    errors, graph, asked = [], None, None
    try:
        with PackageExporter(buffer, importer=importer) as exporter:
            graph = exporter.dependency_graph
            rules(exporter)
            exporter.save_pickle("package", "object.pkl", obj, pickle_protocol=protocol, **options)
            asked = getattr(exporter, "asked", None)
            exporter.save_pickle("package", "again.pkl", [obj, 1], pickle_protocol=protocol, **options)
    except Exception as error:
        errors.append(text(error))
    try:
        with zipfile.ZipFile(buffer) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile:
        members = None
    return members, vars(graph), exporter.dependency_graph_string(), errors, asked


def assert_same(obj, protocol, **options):
    expected = saved(obj, protocol, **options)
    with oxipickle.installed():
        assert saved(obj, protocol, **options) == expected
        # By plain calls.
        known, _adapted.predicates = _adapted.predicates, {}
        try:
            assert saved(obj, protocol, **options) == expected
        finally:
            _adapted.predicates = known
    return expected


@pytest.fixture(params=[3, 4])
def protocol(request):
    return request.param


@pytest.mark.parametrize("name", torch_cases.MAKERS)
def test_archives(name, protocol):
    assert_same(torch_cases.MAKERS[name](), protocol)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("name", ["shared", "network", "nested classes", "records", "many names"])
def test_rules(name, rules, protocol):
    _, _, _, errors, _ = assert_same(torch_cases.MAKERS[name](), protocol, rules=RULES[rules])
    # What is of the standard library alone needs no rule.
    needs_rule = name in ("shared", "network", "nested classes")
    assert bool(errors) is (rules == "unmatched" or needs_rule and rules in ("mock", "deny", "none"))


def test_what_is_mocked_and_used_is_told(protocol):
    obj = [torch_cases.Plain(), torch_cases.Plain, torch_cases.Record(1, "x"), torch_cases.function]
    _, _, _, errors, _ = assert_same(obj, protocol, rules=RULES["mock"])
    [(kind, words)] = errors
    assert kind == "PackagingError"
    assert "Object(s) '['Plain', 'Record', 'function']' from module `torch_cases`" in words


def test_without_dependencies(protocol):
    assert_same(torch_cases.MAKERS["shared"](), protocol, dependencies=False)


def test_scripted_modules(protocol, monkeypatch):
    """Refused, unless a gate is opened: then they reduce themselves."""
    scripted = torch_cases.MAKERS["scripted"]()
    _, _, _, errors, _ = assert_same([scripted], protocol)
    assert "beta feature" in errors[0][1]
    monkeypatch.setattr(package_exporter, "_gate_torchscript_serialization", False)
    _, _, _, errors, _ = assert_same([scripted, 1, scripted], protocol)
    assert not errors


def repackaged():
    buffer = io.BytesIO()
    with PackageExporter(buffer) as exporter:
        exporter.intern("torch_cases")
        exporter.extern("**")
        obj = [torch_cases.MAKERS[name]() for name in ("shared", "network", "slots", "standard")]
        exporter.save_pickle("package", "object.pkl", obj)
    buffer.seek(0)
    importer = PackageImporter(buffer)
    return importer, importer.load_pickle("package", "object.pkl")


def test_what_came_out_of_a_package(protocol):
    importer, obj = repackaged()
    module = importer.import_module("torch_cases")
    obj = [obj, module.Outer.Inner(), module.Outer.Inner.Innermost, module.function, module.Colour.RED]
    for importers in (OrderedImporter(importer, sys_importer), OrderedImporter(sys_importer, importer)):
        for rules in ("intern", "extern", "mock"):
            result = assert_same(obj, protocol, rules=RULES[rules], importer=importers)
            assert bool(result[3]) is (rules == "mock")


@pytest.mark.parametrize("name", torch_cases.MAKERS)
def test_an_importer_of_the_exporter(name, protocol):
    """Any importer but `sys_importer` has another pickler asked."""
    assert_same(torch_cases.MAKERS[name](), protocol, importer=OrderedImporter(sys_importer))


def test_loading(protocol):
    def loaded(data):
        importer = PackageImporter(io.BytesIO(data))
        obj = importer.load_pickle("package", "object.pkl")
        # What is loaded is compared by what it is pickled as.
        return saved(obj, 4, importer=OrderedImporter(importer, sys_importer))[0][
            "archive/package/object.pkl"
        ]

    for rules in ("intern", "extern"):
        for name in ("shared", "network", "storages", "tensors", "reduces itself", "traced by fx", "slots"):
            buffer = io.BytesIO()
            with PackageExporter(buffer) as exporter:
                RULES[rules](exporter)
                obj = torch_cases.MAKERS[name]()
                exporter.save_pickle("package", "object.pkl", obj, pickle_protocol=protocol)
            data = buffer.getvalue()
            expected = loaded(data)
            with oxipickle.installed():
                assert loaded(data) == expected or name in ("reduces itself", "traced by fx")


# Each graph is saved by every way.
QUICK = hypothesis.settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@QUICK
@hypothesis.given(
    recipe=graphs(), name=hypothesis.strategies.sampled_from(sorted(set(torch_cases.MAKERS) - {"scripted"}))
)
def test_random_graphs(recipe, name):
    obj = [build(recipe), torch_cases.MAKERS[name](), build(recipe)]
    expected = saved(obj, 3)
    hypothesis.assume(saved(obj, 3) == expected)
    assert_same(obj, 3)
    assert_same(obj, 4)


def test_what_is_known_of_the_installed_release():
    exporter = PackageExporter
    assert _digest.digest(exporter.save_pickle.__code__) in torch_package.SAVE_PICKLE
    assert _digest.digest(exporter._persistent_id.__code__) in torch_package.PERSISTENT_ID
    assert _digest.digest(torch.is_storage.__code__) in torch_package.IS_STORAGE


def test_pickletools_is_exchanged_and_put_back():
    assert package_exporter.pickletools is pickletools
    with oxipickle.installed():
        ours = package_exporter.pickletools
        with oxipickle.installed():
            assert package_exporter.pickletools is ours is not pickletools
        assert package_exporter.pickletools is ours
        assert ours.dis is pickletools.dis and ours.__name__ == "pickletools"
        # Whoever else asks gets everything.
        data = pickle.dumps([1, torch_cases.Plain], 3)
        assert list(ours.genops(data)) == list(pickletools.genops(data))
        with pytest.raises(AttributeError):
            ours.nothing  # noqa: B018 - an attribute that is not there
    assert package_exporter.pickletools is pickletools


def test_what_somebody_else_exchanges_stays(monkeypatch):
    other = object()
    oxipickle.install()
    monkeypatch.setattr(package_exporter, "pickletools", other)
    with pytest.warns(RuntimeWarning, match="torch.package.package_exporter.pickletools"):
        oxipickle.uninstall()
    assert package_exporter.pickletools is other
    # And so does what was exchanged before.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with oxipickle.installed():
            assert package_exporter.pickletools is other
    monkeypatch.undo()
    package_exporter.pickletools = pickletools


def test_another_genops_is_called(monkeypatch, protocol):
    calls = []
    genops = pickletools.genops

    def spy(data):
        for each in genops(data):
            calls.append(each)
            yield each

    monkeypatch.setattr(pickletools, "genops", spy)
    with oxipickle.installed():
        saved([torch_cases.Plain()], protocol)
    assert {"BUILD", "STOP"} & {opcode.name for opcode, _, _ in calls}


class ChangedExporter(PackageExporter):
    """Has another code, which is called for each object."""

    def _persistent_id(self, obj):
        self.seen = [*getattr(self, "seen", ()), type(obj)]
        return super()._persistent_id(obj)


def test_a_changed_method_is_called_for_everything(protocol):
    def seen():
        with PackageExporter(io.BytesIO()) as exporter:
            exporter.extern("**")
        exporter = ChangedExporter(io.BytesIO())
        exporter.extern("**")
        exporter.save_pickle(
            "package", "object.pkl", torch_cases.MAKERS["shared"](), pickle_protocol=protocol
        )
        exporter.close()
        return exporter.seen

    expected = seen()
    with oxipickle.installed():
        assert seen() == expected
    assert int in expected or str in expected


def test_what_is_asked(monkeypatch):
    """Storages, and what has `__reduce_package__`; classes and plain objects are not."""
    asked = []

    @contextlib.contextmanager
    def watched():
        def persistent_id(self, obj):
            asked.append(type(obj).__name__)
            return known(self, obj)

        known = PackageExporter._persistent_id
        predicate = torch_package.persistent_id_speaks
        digest = _digest.digest(persistent_id.__code__)
        _adapted.know(predicate, digest)
        monkeypatch.setattr(PackageExporter, "_persistent_id", persistent_id)
        try:
            yield
        finally:
            monkeypatch.undo()
            del _adapted.predicates[digest]

    with watched(), oxipickle.installed():
        saved([torch_cases.MAKERS[name]() for name in ("shared", "dataclasses", "records", "tensors")], 3)
    # Some releases ask about an identifier, too.
    assert set(asked) - {"tuple"} == {"TypedStorage"}


ORDERS = {
    "installed first": "import oxipickle; oxipickle.install(); import torch.package",
    "imported first": "import torch.package, oxipickle; oxipickle.install()",
    "installed in between": "import torch; import oxipickle; oxipickle.install(); import torch.package",
}


@pytest.mark.parametrize("order", ORDERS)
def test_orders_of_imports(order):
    program = ORDERS[order] + textwrap.dedent(
        """
        import io, pickle, pickletools, sys, types, warnings
        warnings.simplefilter("error", RuntimeWarning)
        from torch.package import PackageExporter, package_exporter

        def save():
            exporter = PackageExporter(io.BytesIO())
            exporter.extern("**")
            exporter.save_pickle("package", "object.pkl", [{"a": 1}, types.SimpleNamespace(a=1)])
            exporter.close()
            return exporter.dependency_graph_string()

        graph = save()
        assert package_exporter.pickletools is not pickletools
        assert save() == graph
        oxipickle.uninstall()
        assert package_exporter.pickletools is pickletools
        assert save() == graph
        assert package_exporter.pickletools is pickletools
        """
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
