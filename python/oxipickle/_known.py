"""Methods of the standard library whose answers are known, so that the pickler need not ask them.

Those in Python are told by a digest of their code: a class that has another method, or one that somebody has
patched, is asked. What else such a method rests on, the pickler looks at itself, for each object.
"""

import sys
import types

from oxipickle._digest import digest

# By the digest of the method's code: one for each release from 3.11 to 3.15.
_METHODS = {
    # `__getnewargs__` of what `collections.namedtuple` makes.
    "5aa92a1e5a805a24ed51d4eb67ba18bb": "named tuple",
    "45929d89458548cf80958c4acce98546": "named tuple",
    "a44ccebea1d2e1b7e6ab79c47a9a999b": "named tuple",
    "4cbd91a66545c7a2a6821b5ddc0a43f3": "named tuple",
    "201c7dc207aa5bc00869ecdc183e7a8a": "named tuple",
    # `collections.Counter.__reduce__`.
    "d3b8cb0f3a162df3ac541ace69e47ab3": "Counter",
    "c26fb08a76bbcdeec584e639b321a8bb": "Counter",
    "95fe82496a12bbee86f2b207b1e0f408": "Counter",
    "62f3a9eec5dde95c982e89708ef91642": "Counter",
    "dd991963b656ed66d5531a84ae113d1d": "Counter",
    # `fractions.Fraction.__reduce__`.
    "343103325977ec47f52fe36f30176939": "Fraction",
    "bd04cea2f7a508432940ebdae3105985": "Fraction",
    "5cc0b631b032395f839de9150e0c6179": "Fraction",
    "a67b3ed616bd5d88b7d460b36581196f": "Fraction",
    "30bf9481d40c669db0b6c4513c55b1af": "Fraction",
    # `uuid.UUID.__getstate__`.
    "9ff179004467e27ff4aab9cc1526a143": "UUID",
    "074ffbd989c037fd68b89f82fca4abf9": "UUID",
    "2cd984bb06925b65c029e8ea24da4ba6": "UUID",
    "a3e9d0c353b8336d41b22d340c5699ff": "UUID",
    "c05347e941a8195faa4bd801f03392d5": "UUID",
}


def known_method(code: types.CodeType) -> str | None:
    """As what a method's code is known."""
    return _METHODS.get(digest(code))


def called_for_node(reduce: object) -> bool | None:
    """With what the `__reduce__` of syntax trees' nodes calls the class, the `__dict__` being the state.

    False: without arguments. True, from 3.13 on: with None for each of `_fields`, up to the first that the
    node has not. None: it is another method, or has another answer.
    """
    node = sys.modules.get("_ast")
    is_method = isinstance(reduce, types.MethodDescriptorType)
    if node is None or not is_method or reduce is not node.AST.__reduce__:
        return None
    cls = type(node.AST)("Probe", (node.AST,), {"_fields": ("first", "second", "third")})
    # The class's own call warns of fields that are missing.
    probe = cls.__new__(cls)
    state = vars(probe)
    state.update(third=1, first=1)
    made, arguments, told = reduce(probe)
    if made is not cls or told is not state or list(state) != ["third", "first"]:
        return None
    return {(): False, (None,): True}.get(arguments)


def reduced_as_array(obj: object) -> tuple[types.ModuleType, object, bytes] | None:
    """For an array of numpy: the module that its reduce value takes a function from, that function, and the
    code that this is called with. None for anything else, and where the value is put together otherwise."""
    names = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
    module = next(filter(None, map(sys.modules.get, names)), None)
    cls = type(obj)
    if module is None or cls is not getattr(module, "ndarray", None):
        return None
    match cls((2, 0)).__reduce_ex__(4):
        case (function, (kind, (0,), b"b" as code), (1, (2, 0), _, False, b"")):
            if kind is cls and function is module._reconstruct:
                return module, function, code
    return None
