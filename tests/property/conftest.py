"""Chooses the profile before any test is defined."""

import profiles  # noqa: F401
