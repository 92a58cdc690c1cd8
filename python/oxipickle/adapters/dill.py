"""dill 0.4: `Pickler`, and the mapping that its `dispatch` is."""

import types

from oxipickle._adapted import know, know_mapping

# The code of each method, as the releases of CPython compile it.
PICKLER_SAVE = (
    "2863f188098d1ed3683e65751bff6dfe",  # 3.11
    "b591ee80850dd27725d9e0a82a9f747c",  # 3.12
    "46066b32a71731d2db4daa58b6fe1c66",  # 3.13
    "754f4079f52833b092a14d7e3e7bf61c",  # 3.14
    "1edd1910c76eeb19f24ece9729bec94e",  # 3.15
)

# `MetaCatchingDict`: `get` and `__missing__`. It gives what it has, and a method of its own for metaclasses.
DISPATCH = (
    ("dac81a37590743479a18f2d224791cba", "4a1a1e1006ea09c8c9111ab6c5978526"),  # 3.11
    ("152fe3cebbe7985aa5bd90f2e4837a54", "0385be97fc1de878588c23feb5738dd9"),  # 3.12
    ("3d2488452ca41fdf9137bf3643242c4e", "c1783cd939ec99b334d394455ca1329a"),  # 3.13
    ("0ae5fc00db80ed3b1827f9a0460fae18", "b1eaa1ffc493a1a3ada09df120cc6cd7"),  # 3.14
    ("d759dc5005cc47d64b2714a79902061b", "edc744d10e45b94fec14bb10df0d01e0"),  # 3.15
)

_OF_NUMPY = {("numpy", "ufunc"), ("numpy", "dtype"), ("numpy", "ndarray")}


def pickler_save_speaks(cls: type) -> bool:
    """Exact, since it registers a method for a type by these names among its bases, and hands everything
    else on. Generators it may refuse."""
    names = {(base.__module__, base.__name__) for base in cls.__mro__}
    return cls is types.GeneratorType or not _OF_NUMPY.isdisjoint(names)


know(pickler_save_speaks, *PICKLER_SAVE)
for _get, _missing in DISPATCH:
    know_mapping(_get, _missing)
