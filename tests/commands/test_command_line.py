"""`python -m oxipickle`: one command line for all commands."""

import os
import pickle
import subprocess
import sys

import oxipickle
import pytest
from called import started

COMMANDS = ["dis", "globals", "check", "stats", "optimize", "run"]


def test_version():
    done = started("--version")
    assert (done.code, done.out.decode().strip()) == (0, f"oxipickle {oxipickle.__version__}")


def test_help_names_every_command(command):
    done = command("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert name in done.out
        assert command(name, "--help").code == 0


WRONG = {
    "no command": [],
    "no such command": ["frobnicate"],
    "no file": ["check"],
    "no such option": ["check", "--frobnicate", "x"],
    "no size": ["check", "--limit", "many", "x"],
    "no output": ["optimize", "x"],
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_words(command, words):
    done = command(*WRONG[words])
    assert done.code == 2 and "usage:" in done.err


def test_sizes(command, saved):
    path = saved(b"N.")
    for size in ("10", "10k", "1M", "2G", "9" * 30):
        assert command("check", "--limit", size, path).code == 0


def test_output_that_nobody_reads_on():
    data = pickle.dumps(list(range(100_000)))
    process = subprocess.Popen(
        [sys.executable, "-m", "oxipickle", "dis", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(data)
    process.stdin.close()
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 0


def test_importing_oxipickle_imports_no_command():
    script = (
        "import sys, oxipickle\n"
        "print([name for name in ('pickletools', 'argparse', 'oxipickle._pickletools', 'oxipickle._commands')"
        " if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    # What the interpreter's start-up files import is not ours.
    plain = subprocess.run(
        [sys.executable, "-I", "-c", script.replace(", oxipickle\n", "\n")], capture_output=True, text=True
    )
    assert done.stdout == plain.stdout
