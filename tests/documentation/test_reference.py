"""The reference has every public name, and each is one that there is."""

import pickle
import re

import oxipickle
import pytest
from programs import ROOT

REFERENCE = [path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "reference").glob("*.md")]
DOCUMENTED = {
    name for text in REFERENCE for name in re.findall(r"^\.\. auto\w+:: (\w+)$", text, re.MULTILINE)
}
# Ours, and not the very object that `pickle` has.
OURS = {
    name
    for name in {*oxipickle.__all__, "HookablePickler", "HookableUnpickler"}
    if getattr(oxipickle, name) is not getattr(pickle, name, None)
}


@pytest.mark.skipif(not REFERENCE, reason="the documentation is not here")
def test_every_public_name_is_documented():
    assert DOCUMENTED == OURS


def test_the_reference_names_what_else_pickle_has():
    others = set(oxipickle.__all__) - set(pickle.__all__) - OURS
    assert others and all(f"`{name}`" in "".join(REFERENCE) for name in others)
