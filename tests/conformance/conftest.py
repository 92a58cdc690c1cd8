"""What the interpreter's own tests take for granted."""

import sys
import types

import pytest


def _is_no_ordinary_module(module):
    """Whether something in `sys.modules` has whatever it is asked for, or fails otherwise than by not
    having it."""
    try:
        return hasattr(module, "nothing has this name")
    except Exception:
        return True


@pytest.fixture(autouse=True)
def ordinary_modules(monkeypatch):
    """Picklers look for objects without `__module__` in all of `sys.modules`, and some libraries put
    objects of their own there."""
    for name, module in list(sys.modules.items()):
        if type(module) is not types.ModuleType and _is_no_ordinary_module(module):
            monkeypatch.delitem(sys.modules, name)
