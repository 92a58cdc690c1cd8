"""Digests of code, by which well-known methods are told."""

import types

_digests: dict[types.CodeType, str] = {}

# How many digests are kept at the most.
_KEPT = 256


def _sha256(text: str) -> str:
    # `hashlib` would load OpenSSL for it, which takes longer than all else that a small dump does.
    for name in ("_sha2", "_sha256", "hashlib"):
        try:
            digests = __import__(name)
        except ImportError:
            continue
        return str(digests.sha256(text.encode()).hexdigest())
    raise ImportError("no module has SHA-256")


def digest(code: types.CodeType) -> str:
    """A digest of what a function does: of its code, constants and names, and not of where it stands."""
    found = _digests.get(code)
    if found is None:
        if len(_digests) >= _KEPT:
            # Code that is made at run time is kept alive by this.
            _digests.clear()
        constants = [
            digest(constant) if isinstance(constant, types.CodeType) else repr(constant)
            for constant in code.co_consts
        ]
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        facts = (code.co_code, code.co_flags, constants, names, code.co_argcount, code.co_kwonlyargcount)
        found = _digests[code] = _sha256(repr(facts))[:32]
    return found


def digest_without_locals(code: types.CodeType) -> str:
    """A digest of what a function does with its arguments, whatever these are called."""
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_nlocals)
    names = (code.co_names, code.co_freevars, code.co_cellvars)
    facts = (code.co_code, code.co_flags, code.co_consts, names, counts)
    return _sha256(repr(facts))[:32]
