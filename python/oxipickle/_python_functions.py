"""`_dump`, `_dumps`, `_load` and `_loads`: what `pickle` has of these names, by the hookable classes."""

import io
from typing import Any

from oxipickle._hookable_pickler import HookablePickler
from oxipickle._hookable_unpickler import HookableUnpickler


def _dump(
    obj: Any,
    file: Any,
    protocol: int | None = None,
    *,
    fix_imports: bool = True,
    buffer_callback: Any = None,
) -> None:
    """Writes a pickle of `obj` to `file`, by a `HookablePickler`. Raises what that raises."""
    HookablePickler(file, protocol, fix_imports=fix_imports, buffer_callback=buffer_callback).dump(obj)


def _dumps(
    obj: Any, protocol: int | None = None, *, fix_imports: bool = True, buffer_callback: Any = None
) -> bytes:
    """A pickle of `obj`, by a `HookablePickler`. Raises what that raises."""
    file = io.BytesIO()
    _dump(obj, file, protocol, fix_imports=fix_imports, buffer_callback=buffer_callback)
    return file.getvalue()


def _load(
    file: Any,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Any = None,
) -> Any:
    """Reads one pickle from `file`, by a `HookableUnpickler`. Raises what that raises."""
    return HookableUnpickler(
        file, fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers
    ).load()


def _loads(
    data: Any,
    /,
    *,
    fix_imports: bool = True,
    encoding: str = "ASCII",
    errors: str = "strict",
    buffers: Any = None,
) -> Any:
    """The object of the pickle in the bytes `data`, by a `HookableUnpickler`. Raises what that raises,
    and TypeError for a str."""
    if isinstance(data, str):
        error = TypeError("Can't load pickle from unicode string")
        error.add_note(
            "a pickle is bytes, and no text: what was read as text is read in mode 'rb', "
            "and what was decoded is not to be decoded"
        )
        raise error
    return _load(io.BytesIO(data), fix_imports=fix_imports, encoding=encoding, errors=errors, buffers=buffers)
