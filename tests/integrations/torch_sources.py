"""torch.package's pickler, unpickler and importers, to be compared with: from an installed torch, or alone.

The four files that make them up need nothing else of torch, so that they run on Pythons for which
there is no torch. The environment variable `OXIPICKLE_TORCH_SOURCE` then names a directory that
holds `torch/package`, such as the `site-packages` of another interpreter.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

SOURCE_VARIABLE = "OXIPICKLE_TORCH_SOURCE"

# In the order of their imports: each finds the ones before it already loaded.
_FILES = ("_mangling", "importer", "_package_pickler", "_package_unpickler")


def has_torch() -> bool:
    """Whether all of torch is installed here."""
    return importlib.util.find_spec("torch") is not None


def is_available() -> bool:
    """Whether there is anything to compare with."""
    return has_torch() or SOURCE_VARIABLE in os.environ


def load() -> SimpleNamespace:
    """The modules of the importers, the pickler and the unpickler, under the names torch gives them."""
    if has_torch():
        modules = [importlib.import_module(f"torch.package.{name}") for name in _FILES]
    else:
        folder = Path(os.environ[SOURCE_VARIABLE]) / "torch" / "package"
        modules = [_load_file(folder, name) for name in _FILES]
    return SimpleNamespace(importer=modules[1], pickler=modules[2], unpickler=modules[3])


def _load_file(folder: Path, name: str) -> ModuleType:
    # Only the files themselves get an entry in `sys.modules`: a hollow `torch` there would be
    # taken for the real one by libraries that look whether torch is loaded.
    full_name = f"torch.package.{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, folder / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[full_name] = module
        spec.loader.exec_module(module)
    return sys.modules[full_name]
