"""Classes whose instances pretend to be of another class, as far as `isinstance` can tell."""

import types
import weakref

# They look every attribute up in what they stand for, and have no `__class__` of their own to tell.
_PROXIES = (weakref.ProxyType, weakref.CallableProxyType)


def pretends(cls: type) -> bool:
    """Whether instances may have a `__class__` of their own: proxies and mocks do, and `isinstance` believes
    them."""
    return (
        cls in _PROXIES
        or any(
            "__class__" in vars(base)
            # What is written in C has a wrapper there, whatever it does.
            or not isinstance(vars(base).get("__getattribute__"), types.WrapperDescriptorType | None)
            for base in cls.__mro__[:-1]
        )
    )
