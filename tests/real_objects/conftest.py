"""The comparisons that every file of this folder makes, with their assertions explained."""

import pytest

pytest.register_assert_rewrite("comparisons")
