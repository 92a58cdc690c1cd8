"""HuggingFace's datasets 5.2: the `Pickler` by which it fingerprints, derived from dill's."""

import collections.abc
import sys
import types

from oxipickle._adapted import know

# The code of each method, as the releases of CPython compile it.
PICKLER_SAVE = (
    "19ad7cdaeaf9179b6c7cbcfba369d393",  # 3.11
    "f1551287c60a2794e523687fd39d30e6",  # 3.12
    "8fe1d1daacb009d136b65af39e6be585",  # 3.13
    "6073321240c574d946f9c5dbc6d22396",  # 3.14
    "3631e9671c3e14dc70b5ad40824e40db",  # 3.15
)
PICKLER_MEMOIZE = (
    "b7abc9b093dc2252d748b837581c95d2",  # 3.11
    "81207b8fcf6347be92cfe99c98fe5f3c",  # 3.12
    "24e8e37550f42e07260241378f1ed33e",  # 3.13
    "764378e9299953f3d38ceaf6cb6e822e",  # 3.14
    "e3db658f858e645759d28b67d6643e49",  # 3.15
)

# The classes that it takes for their own, by the module that is looked for first; with and without what is
# derived from them.
_ITSELF = {"regex": ("Pattern",), "tiktoken": ("Encoding",), "torch": ("Generator",)}
_DERIVED = {
    "spacy": ("Language",),
    "torch": ("Tensor", "nn.Module"),
    "transformers": ("PreTrainedTokenizerBase",),
}


def _named(names: collections.abc.Mapping[str, tuple[str, ...]]) -> list[object]:
    """The classes of these names in modules that are imported; None for one that the module lacks."""
    found: list[object] = []
    for module, qualnames in names.items():
        if module in sys.modules:
            for qualname in qualnames:
                value: object = sys.modules[module]
                for name in qualname.split("."):
                    value = getattr(value, name, None)
                found.append(value)
    return found


def pickler_save_speaks(cls: type) -> bool:
    """Exact, since it registers a method for a type that is, or is derived from, one of these, unwraps what
    torch has compiled, and hands everything else on to dill's. Where a module lacks its class, it is left to
    fail by itself."""
    itself, derived = _named(_ITSELF), _named(_DERIVED)
    if cls is types.FunctionType or cls in itself or None in itself:
        return True
    return any(not isinstance(base, type) or issubclass(cls, base) for base in derived)


def pickler_memoize_speaks(cls: type) -> bool | None:
    """Exact, since it does nothing for an exact str, and hands everything else on."""
    return None if cls is str else False


know(pickler_save_speaks, *PICKLER_SAVE)
know(pickler_memoize_speaks, *PICKLER_MEMOIZE)
