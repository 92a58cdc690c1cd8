"""What has one place in the sources: counts of references, and what is linked to without PyO3."""

import re

from test_arrows import OURS, Crate

# The C library's, which is no library of Python's.
OTHERS = {"fast/thread_end.rs"}


def places(pattern):
    crate = Crate(OURS)
    return {crate.name(file) for file in crate.files.values() if re.search(pattern, file.code)}


def test_one_file_reads_counts():
    """It knows where they prove nothing."""
    assert places(r"\bPy_REFCNT\b|\bob_refcnt\b") == {"fast/count.rs"}


def test_one_file_declares_what_python_exports():
    """It tells Windows the library."""
    assert places(r"\bextern\b[^{;]*\{\s*(?:pub |static |fn |#)") - OTHERS == {"fast/libpython.rs"}
