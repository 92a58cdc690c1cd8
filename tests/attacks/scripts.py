"""Runs a script in an interpreter of its own: for what happens at first use, or at exit."""

import os
import subprocess
import sys
import textwrap

SECONDS = 60

# What an interpreter says that can do without the GIL, and gets it back by the import.
LOCK_IS_BACK = "ignore:The global interpreter lock:RuntimeWarning"


def ended(script, *arguments, seconds=SECONDS, **variables):
    """The ended process. One that hangs fails the test."""
    code = textwrap.dedent(script)
    environment = dict(os.environ, PYTHONFAULTHANDLER="1", RUST_BACKTRACE="0", PYTHONWARNINGS=LOCK_IS_BACK)
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment | variables,
    )


def said(script, *arguments, **options):
    """The lines that the script printed; it must have ended well, without a word on its errors."""
    done = ended(script, *arguments, **options)
    assert (done.returncode, done.stderr[-3000:]) == (0, "")
    return done.stdout.splitlines()
