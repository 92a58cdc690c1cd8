"""What the overriding methods of well-known libraries have to say, by a digest of their code.

A file for each library. Each predicate tells why it is exact; `tests/integrations/test_adapters.py` holds
it against plain calls. Importing this package imports none of the libraries.
"""

from oxipickle.adapters import datasets, dill, joblib, torch_package

__all__ = ["datasets", "dill", "joblib", "torch_package"]
