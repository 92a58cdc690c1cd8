"""The package unpickler beside torch.package's: results, calls of the importer, errors."""

import io
import os
import pickle

import oxipickle
import package_cases
import pytest
import torch_sources
from faces import raised

PROTOCOLS = range(6)
HIDDEN = package_cases.hidden_module()


class Finding:
    """An importer that finds the hidden module, and writes down what it is asked."""

    def __init__(self):
        self.log = []

    def import_module(self, module_name):
        self.log.append(module_name)
        if module_name == package_cases.HIDDEN_NAME:
            return HIDDEN
        return oxipickle.sys_importer.import_module(module_name)


def pickled(obj, protocol):
    """A pickle of ours that names globals of the hidden module."""

    class Naming(Finding, oxipickle.Importer):
        modules = {package_cases.HIDDEN_NAME: HIDDEN}

    file = io.BytesIO()
    oxipickle.create_pickler(file, Naming(), protocol).dump(obj)
    return file.getvalue()


def loaded(unpickler_class, data):
    """What the class loads, and what the importer was asked."""
    importer = Finding()
    return unpickler_class(importer, io.BytesIO(data)).load(), importer.log


@pytest.fixture
def both(torch_package):
    return torch_package.unpickler.PackageUnpickler, oxipickle.PackageUnpickler


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_same_results(both, protocol):
    instances = [HIDDEN.Plain(i) for i in range(3)]
    data = pickled([HIDDEN.Plain, HIDDEN.function, instances, HIDDEN.Colour.RED, {1: [2.5]}], protocol)
    (theirs, _), (ours, log) = (loaded(cls, data) for cls in both)
    assert ours[:2] == theirs[:2] == [HIDDEN.Plain, HIDDEN.function]
    assert [vars(instance) for instance in ours[2]] == [vars(instance) for instance in theirs[2]]
    assert ours[3:] == theirs[3:]
    assert len(set(log)) == len(log)


@pytest.mark.parametrize("protocol", [4, 5])
def test_nested_classes_are_found(both, protocol):
    data = pickled([HIDDEN.Outer.Inner, HIDDEN.Outer.Inner.Innermost(7)], protocol)
    theirs, ours = both
    assert type(raised(loaded, theirs, data)) is AttributeError
    (inner, instance), _ = loaded(ours, data)
    assert inner is HIDDEN.Outer.Inner and type(instance) is inner.Innermost and instance.value == 7


def test_one_question_for_each_module_and_load():
    names = "".join(f"c{package_cases.HIDDEN_NAME}\n{name}\n" for name in ("Plain", "function", "Plain"))
    data = b"(" + names.encode() + b"cos\nsep\nt."
    importer = Finding()
    unpickler = oxipickle.PackageUnpickler(importer, io.BytesIO(data * 2))
    assert unpickler.load() == unpickler.load() == (HIDDEN.Plain, HIDDEN.function, HIDDEN.Plain, os.sep)
    assert importer.log == [package_cases.HIDDEN_NAME, "os"] * 2


def test_what_was_found_serves_its_load_only():
    log = []

    class Nesting(oxipickle.PackageUnpickler):
        def find_class(self, module, name):
            log.append(type(raised(super().load)) if self.nests else None)
            return super().find_class(module, name)

    importer = Finding()
    unpickler = Nesting(importer, io.BytesIO(b"(cos\nsep\ncos\nsep\nt.cos\nsep\n."))
    unpickler.nests = True
    assert unpickler.load() == (os.sep, os.sep)
    assert (importer.log, log) == (["os"], [RuntimeError] * 2)
    unpickler.nests = False
    for _ in range(2):
        assert unpickler.find_class("os", "sep") == os.sep
    assert unpickler.load() == os.sep and importer.log == ["os"] * 4


def test_an_overridden_find_class_is_asked_each_time():
    asked = []

    class Asking(oxipickle.PackageUnpickler):
        def find_class(self, module, name):
            asked.append((module, name))
            return super().find_class(module, name)

    importer = Finding()
    Asking(importer, io.BytesIO(b"(cos\nsep\ncos\nsep\nt.")).load()
    assert asked == [("os", "sep")] * 2 and importer.log == ["os"]


@pytest.mark.parametrize(
    "data",
    [
        b"c__builtin__\nxrange\n.",
        b"ccopy_reg\n_reconstructor\n.",
        b"cUserDict\nIterableUserDict\n.",
        b"\x80\x02c__builtin__\nunicode\n.",
        b"\x80\x03c__builtin__\nunicode\n.",
        b"cnosuchmodule\nx\n.",
        b"cos\nnosuchname\n.",
        b"\x80\x03cos\npath.join\n.",
    ],
)
def test_names_of_python_2_and_errors(both, data):
    outcomes = []
    for cls in both:
        try:
            outcomes.append(loaded(cls, data))
        except Exception as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


def test_names_of_python_2_unmapped(both):
    for cls in both:
        unpickler = cls(Finding(), io.BytesIO(b"c__builtin__\nxrange\n."), fix_imports=False)
        assert type(raised(unpickler.load)) is ModuleNotFoundError


def test_persistent_load_set_on_the_instance(both):
    class Pickling(pickle.Pickler):
        def persistent_id(self, obj):
            return ("storage", 1) if obj == "stored" else None

    file = io.BytesIO()
    Pickling(file, 4).dump(["stored", 2])
    for cls in both:
        file.seek(0)
        unpickler = cls(Finding(), file)
        unpickler.persistent_load = lambda saved_id: saved_id[0].upper()
        assert unpickler.load() == ["STORAGE", 2]


def test_create_unpickler():
    data = pickle.dumps([oxipickle.Importer, 1])
    found = oxipickle.create_unpickler(io.BytesIO(data), oxipickle.sys_importer)
    assert type(found) is oxipickle.HookableUnpickler and found.load() == [oxipickle.Importer, 1]
    importer = Finding()
    found = oxipickle.create_unpickler(io.BytesIO(pickled(HIDDEN.Plain, 4)), importer)
    assert type(found) is oxipickle.PackageUnpickler and found.load() is HIDDEN.Plain


@pytest.mark.skipif(not torch_sources.has_torch(), reason="torch is not installed")
def test_in_a_package_importer(monkeypatch):
    from torch.package import PackageExporter, PackageImporter, package_importer

    buffer = io.BytesIO()
    with PackageExporter(buffer) as exporter:
        exporter.save_source_string("packaged", "class Model:\n    pass\n")
        exporter.save_pickle("resource", "resource.pkl", {"a": [1, 2]})
    monkeypatch.setattr(package_importer, "PackageUnpickler", oxipickle.PackageUnpickler)
    buffer.seek(0)
    assert PackageImporter(buffer).load_pickle("resource", "resource.pkl") == {"a": [1, 2]}


@pytest.mark.skipif(not torch_sources.has_torch(), reason="torch is not installed")
def test_tensors_in_a_package(monkeypatch):
    import torch
    from torch.package import PackageExporter, PackageImporter, package_importer

    buffer = io.BytesIO()
    tensor = torch.arange(12.0).reshape(3, 4)
    with PackageExporter(buffer) as exporter:
        exporter.extern(["torch.**", "collections.**"])
        exporter.save_pickle("resource", "resource.pkl", [tensor, tensor.t()])
    monkeypatch.setattr(package_importer, "PackageUnpickler", oxipickle.PackageUnpickler)
    buffer.seek(0)
    first, second = PackageImporter(buffer).load_pickle("resource", "resource.pkl")
    assert torch.equal(first, tensor) and torch.equal(second, tensor.t())
