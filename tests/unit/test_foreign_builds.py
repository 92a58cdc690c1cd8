"""An interpreter that is another build than the one compiled for is refused, and told why."""

import sys

import pytest
from scripts import said

# What the interpreter says of itself, made to say something else, and the words of the refusal.
CHANGED = {
    "release": (
        "sys.version_info = types.SimpleNamespace(major=3, minor=7)",
        "release: found (3, 7), expected (3, ",
    ),
    "digits": (
        "sys.int_info = types.SimpleNamespace(bits_per_digit=99)",
        "bits of an int's digit: found 99, expected ",
    ),
    "free-threading": (
        "sys.version = 'another' if 'free-threading build' in sys.version else 'free-threading build'",
        "can run without the GIL: found ",
    ),
    "traced references": (
        "del sys.getobjects" if hasattr(sys, "getobjects") else "sys.getobjects = None",
        "traces references: found ",
    ),
}


@pytest.mark.parametrize("what", CHANGED)
def test_refused_with_what_was_found_and_expected(what):
    change, words = CHANGED[what]
    [message] = said(f"""
import pickle, sys, types
{change}
try: import oxipickle
except ImportError as error: print(error)
""")
    assert message.startswith("oxipickle was built for another interpreter than this one")
    assert words in message


@pytest.mark.skipif(not hasattr(sys, "_is_gil_enabled"), reason="needs 3.13, which can tell")
def test_an_interpreter_told_to_do_without_the_lock_is_refused():
    [message] = said("""
import sys
sys._is_gil_enabled = lambda: False
try: import oxipickle
except ImportError as error: print(error)
""")
    assert message.startswith("oxipickle needs the GIL")
    assert "PYTHON_GIL=0" in message
