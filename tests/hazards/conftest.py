"""Hazards are met with a memo that outlives its dump and with one that does not."""

import pytest

pytest.register_assert_rewrite("parts", "own_process")

from faces import DUMPS, HOOKABLE, LEAN  # noqa: E402 - after assertions were registered


@pytest.fixture(params=[LEAN, HOOKABLE, DUMPS], ids=lambda face: face.name)
def face(request):
    """Each pickler of ours, and `dumps`, together with what it stands in for."""
    return request.param


@pytest.fixture(params=[LEAN, HOOKABLE], ids=lambda face: face.name)
def pickler_face(request):
    """For tests that need a pickler: its hooks, its memo or its next dump."""
    return request.param
