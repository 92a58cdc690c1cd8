"""Methods of the standard library whose answers are known, so that picklers and unpicklers need not ask them.

Those in Python are told by a digest of their code: a class that has another method, or one that somebody has
patched, is asked. What else such a method rests on is looked at for each object.
"""

import keyword
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


# By the code of a `__new__`, what `makes_named_tuple` has answered; and for how many at the most.
_made: dict[types.CodeType, int | None] = {}
_KEPT = 256


def makes_named_tuple(code: types.CodeType) -> int | None:
    """How many fields a tuple with names has whose `__new__` has this code; None for other methods."""
    if code not in _made:
        if len(_made) >= _KEPT:
            _made.clear()
        names = code.co_varnames[1:]
        is_one = bool(names) and all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
        fields = ", ".join(names) + "," * (len(names) == 1)
        source = f"lambda _cls, {fields}: _tuple_new(_cls, ({fields}))"
        try:
            told = compile(source, "", "eval").co_consts[0] if is_one else None
        except SyntaxError:
            told = None
        is_same = isinstance(told, types.CodeType) and digest(told) == digest(code)
        _made[code] = len(names) if is_same else None
    return _made[code]


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
