"""`tests/smoke.py`, which is run where there is no pytest: it passes, and can fail."""

import subprocess
import sys
from pathlib import Path

import oxipickle
import smoke


def test_passes():
    done = subprocess.run(
        [sys.executable, "-I", smoke.__file__],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(smoke.__file__).parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")


class OfOneProtocol(oxipickle.Pickler):
    def __new__(cls, file, protocol, **options):
        return super().__new__(cls, file, 2, **options)

    def __init__(self, file, protocol, **options):
        super().__init__(file, 2, **options)


def test_fails_where_the_bytes_are_others(monkeypatch, capsys):
    name, _, model = smoke.PICKLERS[0]
    monkeypatch.setattr(smoke, "PICKLERS", [(name, OfOneProtocol, model)])
    assert smoke.main() == 1
    assert "writes other bytes" in capsys.readouterr().out


class Forgetting(oxipickle.HookableUnpickler):
    def load(self):
        super().load()
        return []


def test_fails_where_another_object_is_loaded(monkeypatch, capsys):
    _, _, model = smoke.UNPICKLERS[1]
    monkeypatch.setattr(smoke, "UNPICKLERS", [smoke.UNPICKLERS[0], ("forgetting", Forgetting, model)])
    assert smoke.main() == 1
    assert "Forgetting loads another object" in capsys.readouterr().out
