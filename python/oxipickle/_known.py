"""Methods of the standard library whose answers are known, so that picklers and unpicklers need not ask them.

Those in Python are told by a digest of their code: a class that has another method, or one that somebody has
patched, is asked. What else such a method rests on is looked at for each object.
"""

import sys
import types

from oxipickle._digest import digest, digest_without_locals

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
    # `uuid.UUID.__setstate__`.
    "6047c1b3f54844cfea0652160f97b053": "state of a UUID",
    "cc08dea9a14778db6f9c924cc98a1325": "state of a UUID",
    "7707679f6d6820907eaa7f0a7affdb9a": "state of a UUID",
    "eb211335071b51601095e1eb9d4ff887": "state of a UUID",
    "4da830f9657158e6becccea2a4bbd800": "state of a UUID",
    # `collections.Counter.__init__`.
    "58464b82186933d3bfe482366cc71851": "Counter.__init__",
    "de9cdf60a696a79904ae5af51113c6c0": "Counter.__init__",
    "7d23a87143ec2309ea9c5dd01624565e": "Counter.__init__",
    "4bb258d4c942871eb0a2fd5fbaf0793b": "Counter.__init__",
    "5cf52c51428482d2a7c62b53a3e2180b": "Counter.__init__",
    # `collections.Counter.update`.
    "3f4a2eab31b46592b696f1776e04d6d8": "Counter.update",
    "546467f1477271b956e14e647eb73119": "Counter.update",
    "edd26090a36d74bc6e342ce026575980": "Counter.update",
    "845cf95550a4e92607d22b6b35db6948": "Counter.update",
    "ecda5cca12c08dcbdb36b97598abe65e": "Counter.update",
}


def known_method(code: types.CodeType) -> str | None:
    """As what a method's code is known."""
    return _METHODS.get(digest(code))


# By the digest of the code that `collections.namedtuple` makes for `__new__`, whatever the fields are
# called: how many there are. Six for each release, of up to six fields.
_FIELDS = {
    "6c4507f74a9b13e9ea3e093e8e43f3e3": 1,
    "f82a07aaf25498fe08b6f327da85f148": 2,
    "197c1eaf647d344dcde8ffda2fc8ab40": 3,
    "0c3ee313cc4e344a2d03a773f2f152ed": 4,
    "2b1cf2d50e5faf3065fd16f40813e5c2": 5,
    "71be35ff3bdef5f01b0c5a08550d0cc1": 6,
    "a48eec90c657173557ce9c7e733d4860": 1,
    "d46fd729aa6d84cfcf4fa1c4789c6fe3": 2,
    "29036115ee3c95a7b43cf0dbb769f389": 3,
    "4768122caa8bfd80d1d40eef6a461fe8": 4,
    "a506a94f67578c513ce7a0f573d7fad9": 5,
    "f9c469246e6fcbd9d687163f251cf38c": 6,
    "a044c25e4b0125d02d4b044556a8cd30": 1,
    "693efdbd6d6b81ebd583e2a3cef23f55": 2,
    "9a1e2917be676745f62fde73fe4dc76c": 3,
    "d0b81f700a29c3554e62b2f417f79c1f": 4,
    "f09dfc1adda08530e1e69db6b921a4cc": 5,
    "6383a1c65f94f2117b06e62107b2e6f9": 6,
    "c7bcfd6c02e4d4b718381328e6312174": 1,
    "e9de0aad18f4db59061dfbea6af0f429": 2,
    "1f9daf19e3d66bd2dddefda7315d4a66": 3,
    "62258ec3b90e5a1bc517bf5a008794f3": 4,
    "6603016d514e77fcdd4dfa0d83056eed": 5,
    "4be35a07417e5d8e14f5df56eb047750": 6,
    "8bacb40cc395b5042e3603b47907da98": 1,
    "7a03dac5c4bc60e571300be5ef3c4ce1": 2,
    "026a0a493528a0db921e9eb06909ff8e": 3,
    "26cd4672d6fe12f5bb8156aef2a776c2": 4,
    "6e50b96957d39bb8ba8385267fa6b7a6": 5,
    "b536de7cf4cf0473bc180631763791c4": 6,
}


def makes_named_tuple(code: types.CodeType) -> int | None:
    """How many fields a tuple with names has whose `__new__` has this code; None for others, and for many."""
    fields = len(code.co_varnames) - 1
    if code.co_names != ("_tuple_new",) or code.co_consts != (None,) or code.co_argcount != fields + 1:
        return None
    return fields if _FIELDS.get(digest_without_locals(code)) == fields else None


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
