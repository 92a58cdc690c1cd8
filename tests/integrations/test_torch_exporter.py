"""Importers and picklers of ours at work in a real torch.package, and in one that is loaded late."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import oxipickle
import pytest
import torch_sources

needs_torch = pytest.mark.skipif(not torch_sources.has_torch(), reason="torch is not installed")

MODULE = """
class Model:
    def __init__(self, inner=None):
        self.inner = inner

    class Part:
        pass

def function(model):
    return model.inner
"""


def export(importer, resource=None):
    """A package with the module `packaged`, and what `importer` lets be pickled in it."""
    from torch.package import PackageExporter

    buffer = io.BytesIO()
    with PackageExporter(buffer, importer=importer) as exporter:
        exporter.save_source_string("packaged", MODULE)
        exporter.extern(["builtins", "collections"])
        if resource is not None:
            exporter.save_pickle("resource", "resource.pkl", resource)
    buffer.seek(0)
    return buffer


@pytest.fixture
def package():
    """An importer of a package that was written and read back."""
    from torch.package import PackageImporter

    return PackageImporter(export(oxipickle.sys_importer))


@needs_torch
def test_the_exporter_accepts_our_importers(package):
    from torch.package import PackageImporter

    model = package.import_module("packaged").Model([1])
    for importer in (
        oxipickle.OrderedImporter(package, oxipickle.sys_importer),
        [package, oxipickle.sys_importer],
    ):
        loaded = PackageImporter(export(importer, model)).load_pickle("resource", "resource.pkl")
        assert loaded.inner == [1]
        assert type(loaded).__module__.endswith(">.packaged")


@needs_torch
@pytest.mark.parametrize("protocol", range(6))
def test_objects_out_of_a_package(torch_package, package, protocol):
    module = package.import_module("packaged")
    obj = [module.Model(module.Model.Part()), module.function, module.Model.Part, module.function]
    results = []
    for create in (torch_package.pickler.create_pickler, oxipickle.create_pickler):
        for kind in (torch_package.importer, oxipickle):
            file = io.BytesIO()
            create(file, kind.OrderedImporter(package, kind.sys_importer), protocol).dump(obj)
            results.append(file.getvalue())
    assert b"packaged" in results[0]
    assert b"torch_package" not in results[0]
    assert results[1:] == results[:1] * 3


@needs_torch
def test_hollow_packages_are_passed_over():
    """What torch.package makes to hold `json.extra` must not hide `json`."""
    from torch.package import PackageExporter, PackageImporter

    buffer = io.BytesIO()
    with PackageExporter(buffer) as exporter:
        exporter.save_source_string("json.extra", "x = 1")
    buffer.seek(0)
    importer = PackageImporter(buffer)
    assert not hasattr(importer.import_module("json"), "dumps")
    chain = oxipickle.OrderedImporter(importer, oxipickle.sys_importer)
    assert hasattr(chain.import_module("json"), "dumps")
    assert chain.import_module("json.extra").x == 1


def run(code, environment):
    code = textwrap.dedent(code)
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_torch_package_that_is_loaded_after_our_importers(torch_package):
    """Ours pass for theirs in `isinstance`, though made before torch.package was there."""
    folder = Path(torch_package.importer.__file__).parents[2]
    environment = {
        **os.environ,
        torch_sources.SOURCE_VARIABLE: str(folder),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    run(
        """
        import sys
        import oxipickle
        before = oxipickle.OrderedImporter(oxipickle.sys_importer)
        assert not any(name.partition(".")[0] == "torch" for name in sys.modules)
        import torch_sources
        theirs = torch_sources.load().importer
        assert isinstance(before, theirs.Importer)
        assert isinstance(oxipickle.sys_importer, theirs.Importer)
        assert not isinstance(3, theirs.Importer)
        assert theirs.OrderedImporter(before).import_module("json").__name__ == "json"
        """,
        environment,
    )
