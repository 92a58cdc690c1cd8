"""Hostile pickles, each in a process of its own: how the load ends, and what it takes."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")

from hostile_pickles import specimens  # noqa: E402 - not on systems without `resource`

PROGRAM = Path(__file__).with_name("hostile_pickles.py")
SPECIMENS = specimens()

# Memory that the interpreter itself may take meanwhile: arenas, buffers of files.
SLACK = 8 << 20

SECONDS = 60


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux for the memory in use")
@pytest.mark.parametrize("source", ["bytes", "plain", "file", "hookable"])
@pytest.mark.parametrize("name", SPECIMENS)
def test_hostile(name, source):
    hostile = SPECIMENS[name]
    run = subprocess.run(
        [sys.executable, str(PROGRAM), name, source], capture_output=True, text=True, timeout=SECONDS
    )
    assert run.returncode == 0, run.stderr
    end, took = run.stdout.split()
    assert end in hostile.ends
    assert int(took) <= 4 * len(hostile.data) + 32 * hostile.opcodes + hostile.built + SLACK
