"""joblib 1.6: `Hasher`, `NumpyHasher` and `NumpyPickler`."""

import sys
import types

from oxipickle._adapted import know
from oxipickle.adapters.pretence import pretends

# The code of each method, as the releases of CPython compile it.
HASHER_SAVE = (
    "e0dd11437bb902f3435b4133e9288f5b",  # 3.11
    "4739c2938e3765f9355b51e9a8d06e2c",  # 3.12
    "cd7bbb7114ef031991452bdf9bdc1489",  # 3.13
    "b5c9b680b076a3085cc76e897fc84496",  # 3.14
    "eba62b036a0d854b44dce3061218c493",  # 3.15
)
HASHER_MEMOIZE = (
    "c4bbbe01e78265df6b14cb802820ebb6",  # 3.11
    "6267c759f33e59b4a5619ab78644ea47",  # 3.12
    "4602f8be5067f1f08cae71f529dfee1e",  # 3.13
    "1a7507dbb0a026ba2cf5946fa1afb91e",  # 3.14
    "044f0b96d1ee3ff2473581a1c5fdadbd",  # 3.15
)
NUMPY_HASHER_SAVE = (
    "06c34fabc376205464649b7b64bcac3e",  # 3.11
    "9647eaa0b2442e1f9a1c1028d51f4c18",  # 3.12
    "e85ba6b6c6a6cdfd238d789a39593146",  # 3.13
    "83897d06cbb82c0024f42935c433319d",  # 3.14
    "0fe8f061758043c8fe21ea6abe467c11",  # 3.15
)
NUMPY_PICKLER_SAVE = (
    "29e59d1c144672ae6fbef0c2e2030166",  # 3.11
    "ba0694c829bb73c2fb9b6e1be6ad53a5",  # 3.12
    "077b0a399cf62d7e416cdb5dd54f83b8",  # 3.13
    "331b56db9cf76f42d8904ff3b0459f74",  # 3.14
    "ad3041b623f14c72d960e7de98624205",  # 3.15
)


def _is_of_numpy(cls: type, *names: str) -> bool:
    """Whether a class is one of numpy's, or derived from one: without numpy there is none."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(cls, tuple(getattr(numpy, name) for name in names))


def hasher_save_speaks(cls: type) -> bool:
    """Exact, since it takes methods apart that `isinstance` finds, and hands everything else on as it is."""
    return issubclass(cls, (types.MethodType, types.BuiltinMethodType)) or pretends(cls)


def hasher_memoize_speaks(cls: type) -> bool | None:
    """Exact, since it does nothing for strings and bytes, and hands everything else on."""
    if issubclass(cls, (bytes, str)):
        return None
    return pretends(cls)


def numpy_hasher_save_speaks(cls: type) -> bool:
    """Exact, since it hashes arrays and dtypes that `isinstance` finds, and hands everything else on."""
    return _is_of_numpy(cls, "ndarray", "dtype") or pretends(cls)


def numpy_pickler_save_speaks(cls: type) -> bool:
    """Exact, since it looks at the type itself: what is no array it hands on."""
    return _is_of_numpy(cls, "ndarray")


know(hasher_save_speaks, *HASHER_SAVE)
know(hasher_memoize_speaks, *HASHER_MEMOIZE)
know(numpy_hasher_save_speaks, *NUMPY_HASHER_SAVE)
know(numpy_pickler_save_speaks, *NUMPY_PICKLER_SAVE)
