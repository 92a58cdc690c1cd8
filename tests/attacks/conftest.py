"""Assertions in what the attacks share tell as much as those in the tests."""

import pytest

pytest.register_assert_rewrite("own_process")
