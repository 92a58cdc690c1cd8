"""Calls the command line: in this process, or in one of its own."""

import io
import subprocess
import sys

from oxipickle._commands import command_line


class Done:
    """What a command came to."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self):
        return self.out.splitlines()


def called(monkeypatch, *words):
    """What these words of a command line come to, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["oxipickle", *map(str, words)])
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        try:
            command_line.main()
            code = 0
        except SystemExit as end:
            code = end.code
    return Done(code, out.getvalue(), err.getvalue())


def started(*words, given=b"", **options):
    """What they come to in a process of its own, with bytes on its stdin."""
    done = subprocess.run(
        [sys.executable, "-m", "oxipickle", *map(str, words)],
        input=given,
        capture_output=True,
        timeout=60,
        **options,
    )
    return Done(done.returncode, done.stdout, done.stderr)
