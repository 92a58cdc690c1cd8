"""Assertions of what the hazards share tell what they compared."""

import pytest

pytest.register_assert_rewrite("parts")
