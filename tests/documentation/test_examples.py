"""Every example of the documentation does what its page says."""

import doctest
import json
import os
import pathlib
import subprocess
import sys

import pytest
from programs import PAGES, Block, Program, fenced, programs

RUNNER = pathlib.Path(__file__).with_name("run_program.py")
SECONDS = 300

PROGRAMS = [program for path in PAGES for program in programs(path)]


def run(program, folder):
    """What each block prints."""
    # `python`, as commands and libraries start it, is this one.
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        [sys.executable, str(RUNNER)],
        input=json.dumps([(block.language, block.code) for block in program.blocks]),
        cwd=folder,
        env=os.environ | {"PATH": path, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def differences(program, printed):
    """For each block that prints something else than its page shows, where it stands and both texts."""
    found = []
    for block, got in zip(program.blocks, printed, strict=True):
        expected = block.code if block.language == "console" else block.output
        matches = doctest.OutputChecker().check_output(expected or "", got, doctest.ELLIPSIS)
        # What a page does not show is no traceback, at least.
        if not matches and (expected is not None or got.startswith("Traceback")):
            found.append(f"{program.page}, line {block.line}: expected\n{expected}\nprinted\n{got}")
    return found


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_it_runs_and_prints_what_the_page_shows(program, tmp_path):
    if missing := program.missing():
        pytest.skip(f"example not run, not installed: {', '.join(missing)}")
    found = differences(program, run(program, tmp_path))
    assert not found, "\n".join(found)


def test_pages_have_examples():
    assert len(PROGRAMS) > 30


END_OF_A_TRACEBACK = "Traceback (most recent call last):\n  ...\nZeroDivisionError: division by zero\n"


@pytest.mark.parametrize(
    "block, wrong",
    [
        (Block("python", 1, "print(1)\n", "2\n"), True),
        (Block("python", 1, "print(1)\n", "1\n"), False),
        (Block("python", 1, "print('at byte 7')\n", "at byte ...\n"), False),
        (Block("python", 1, "1 / 0\n"), True),
        (Block("python", 1, "1 / 0\n", END_OF_A_TRACEBACK), False),
        (Block("console", 1, "$ echo a\nb\n"), True),
        (Block("console", 1, "$ echo a\na\n"), False),
    ],
)
def test_what_is_wrong_is_found(block, wrong, tmp_path):
    program = Program("page", "heading", [block])
    assert bool(differences(program, run(program, tmp_path))) is wrong


def test_headings_and_blocks_of_a_page():
    page = "# A\n```python\n# no heading\n```\n## B\n````text\n```python\n````\n"
    parts = list(fenced(page))
    assert parts[0] == (1, "A") and parts[2] == (2, "B")
    assert [part.language for part in (parts[1], parts[3])] == ["python", "text"]


def test_a_block_without_an_end_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        list(fenced("```python\nx = 1\n"))
