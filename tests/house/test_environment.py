"""`make` uses the environment that is there, unless another Python is asked for: then it is made anew."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]

# Stands for a Python: says which it is, makes an environment of itself, and has nothing to install.
FAKE = """#!/bin/sh
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  -c*) echo {name} ;;
  -V*) echo "Python {name}" ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def python(tmp_path):
    def made(name):
        path = tmp_path / name
        path.write_text(FAKE.format(name=name))
        path.chmod(0o755)
        return path

    return made


def environment(tmp_path, *arguments):
    """What `make` says, and how it ends."""
    command = ["make", "--no-print-directory", "environment", f"VENV={tmp_path / 'venv'}", *arguments]
    # Run by `make pytest`, this process has that one's variables.
    variables = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def test_another_python_is_noticed(tmp_path, python):
    old, new = python("old"), python("new")
    made = tmp_path / "venv" / "bin" / "python"
    code, said = environment(tmp_path, f"PYTHON={old}")
    assert code == 0 and "for Python old" in said and made.read_text() == FAKE.format(name="old")
    assert environment(tmp_path, f"PYTHON={old}") == (0, "")
    code, said = environment(tmp_path, f"PYTHON={new}")
    assert code == 0 and "it is made anew" in said and made.read_text() == FAKE.format(name="new")


def test_what_is_there_is_used_where_none_is_asked_for(tmp_path, python):
    environment(tmp_path, f"PYTHON={python('old')}")
    assert environment(tmp_path) == (0, "")
    assert (tmp_path / "venv" / "bin" / "python").read_text() == FAKE.format(name="old")


def test_no_such_python(tmp_path):
    code, said = environment(tmp_path, "PYTHON=no-such-python")
    assert code != 0 and "no such Python: no-such-python" in said
