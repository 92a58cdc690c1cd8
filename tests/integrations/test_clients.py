"""Libraries that pickle, imported before `install()` and after it: the same results and bytes as without."""

import functools
import importlib.util

import client_programs
import pytest
from client_programs import CLIENTS
from own_process import run


@pytest.fixture(autouse=True)
def _same_hashes(monkeypatch):
    """Sets are in the same order in every process."""
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    # As many threads as there are processes side by side would be too many.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@functools.cache
def plainly(name):
    return run(client_programs.plainly, name, allocator=None)


def differences(found, expected):
    if isinstance(found, dict) and isinstance(expected, dict):
        keys = found.keys() | expected.keys()
        return {
            key: (found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)
        }
    return [] if found == expected else [found, expected]


@pytest.fixture(params=CLIENTS)
def client(request):
    for library in CLIENTS[request.param]:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    return request.param


def assert_same(found, expected):
    """The first time may leave something behind, in the library or the interpreter."""
    first, *others = expected
    for each, model in zip(found, [first, *others * len(found)], strict=False):
        assert not differences(each, model)


def test_imported_before(client):
    assert_same(run(client_programs.imported_before, client, allocator=None), plainly(client))


@pytest.mark.parametrize("functions", [False, True], ids=["classes", "functions"])
def test_imported_after(client, functions):
    assert_same(run(client_programs.imported_after, client, functions, allocator=None), plainly(client))
