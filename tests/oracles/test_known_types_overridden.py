"""Known types under overridden methods: the same bytes, and the same calls as upstream's.

What is known of a class counts from its second instance on. Then it is written without its reduce value,
unless somebody's method would have been called for a part of that.
"""

import io
import pickle

import pytest
from faces import HOOKABLE
from overridden import METHODS, logging_method
from test_known_types import VALUES

NAMES = [*METHODS, *(f"save_{kind}" for kind in ("dict", "list", "tuple", "str", "long", "bytes", "global"))]


def session(base, place, name, log, protocol):
    file = io.BytesIO()
    entries = {}
    if name in METHODS:
        entries[name] = logging_method(getattr(base, name), name, log)
    else:
        method = logging_method(getattr(pickle._Pickler, name, None), name, log)
        changed = [cls for cls, own in pickle._Pickler.dispatch.items() if own.__name__ == name]
        entries["dispatch"] = {**base.dispatch, **dict.fromkeys(changed, method)}
    cls = type("Sub", (base,), entries if place == "class" else {})
    pickler = cls(file, protocol)
    if place == "instance":
        for entry, value in entries.items():
            bound = value.__get__(pickler) if callable(value) else value
            setattr(pickler, entry, bound)
    return pickler, file


@pytest.mark.parametrize("place", ["class", "instance"])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "dump"])
def test_calls_of_a_method(name, place):
    if name.startswith("save_") and name not in METHODS and not hasattr(pickle._Pickler, name):
        pytest.skip("this release's pickler has no such method")
    for kind, make in VALUES.items():
        outcomes = []
        for base in (HOOKABLE.model, HOOKABLE.ours):
            log = []
            pickler, file = session(base, place, name, log, 4)
            pickler.dump([make(i) for i in range(3)])
            outcomes.append((file.getvalue(), log))
        model, ours = outcomes
        assert ours == model, kind
