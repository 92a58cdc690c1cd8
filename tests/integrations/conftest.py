"""Fixtures for tests beside other projects' picklers."""

import pytest
import torch_sources


@pytest.fixture(scope="session")
def torch_package():
    """torch.package's `importer` and `pickler` modules; the test is left out where there are none."""
    if not torch_sources.is_available():
        pytest.skip(f"neither torch is installed nor {torch_sources.SOURCE_VARIABLE} set")
    return torch_sources.load()
