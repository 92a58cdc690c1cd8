"""The command line in the tests' own process."""

import called
import pytest


@pytest.fixture
def command(monkeypatch):
    """Calls the command line with words."""
    return lambda *words: called.called(monkeypatch, *words)


@pytest.fixture
def saved(tmp_path):
    """Writes bytes to a file, and gives its path."""

    def save(data, name="data.pkl"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save
