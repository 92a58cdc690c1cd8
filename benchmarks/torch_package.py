"""torch.package's pickler as a peer, without the rest of PyTorch."""

import importlib.util
import os
import sys
import types

import oxipickle


def torch_package() -> types.ModuleType | None:
    """torch.package's `_package_pickler`, from an installed PyTorch or from the directory that
    `OXIPICKLE_TORCH_SOURCE` names, which holds `torch/package`; None where neither is there."""
    source = os.environ.get("OXIPICKLE_TORCH_SOURCE")
    if source is None:
        found = importlib.util.find_spec("torch")
        if found is None or found.origin is None:
            return None
        source = os.path.dirname(os.path.dirname(found.origin))
    package = types.ModuleType("torch_package_alone")
    package.__path__ = [os.path.join(source, "torch", "package")]
    sys.modules[package.__name__] = package
    return importlib.import_module("torch_package_alone._package_pickler")


def importers() -> tuple[object, object]:
    """torch.package's importer of all that is installed, and ours, once `torch_package` was called."""
    theirs = importlib.import_module("torch_package_alone.importer")
    return (
        theirs.OrderedImporter(theirs.sys_importer),
        oxipickle.OrderedImporter(oxipickle.sys_importer),
    )
