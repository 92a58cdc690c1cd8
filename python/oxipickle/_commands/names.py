"""The globals of a pickle, by what loading it would look for."""

from typing import Any, NamedTuple

from oxipickle._commands.show import printable
from oxipickle._commands.visit import Found

# The first protocol whose names are those of Python 3.
NAMES_OF_PYTHON_3 = 3


class Named(NamedTuple):
    """A global that a pickle names."""

    opcode: str
    offset: int
    module: str | None
    """None where it can't be told: made when the pickle is loaded, or of an unknown extension code."""
    name: str | None
    code: int | None
    """The extension code that it is named by."""
    written: tuple[str, str] | None
    """The names in the pickle, where loading maps them to others."""
    times: int
    objects: int
    size: int

    def __str__(self) -> str:
        if self.module is not None:
            return printable(f"{self.module}.{self.name}")
        if self.code is not None:
            return f"extension code {self.code}"
        return "?"

    @property
    def remark(self) -> str:
        """What is to be known of it besides."""
        if self.code is not None:
            told = (
                "registered here" if self.module is not None else "not registered here, so it can't be told"
            )
            return f"extension code {self.code}, {told}"
        if self.module is None:
            place = f"{self.opcode} at byte {self.offset}"
            return f"can't be told: {place} takes names that are made when it is loaded"
        if self.written is not None:
            return printable(f"written as {'.'.join(self.written)}")
        return ""

    def told(self) -> dict[str, Any]:
        """For JSON."""
        told = self._asdict()
        told["written"] = self.written and list(self.written)
        told["bytes"] = told.pop("size")
        return told


def _mapped(module: str, name: str) -> tuple[str, str]:
    """The names of Python 3 for names of Python 2."""
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


def _registered(code: int) -> tuple[str | None, str | None]:
    """The names that an extension code is registered for in this process."""
    import copyreg

    names: tuple[str, str] | None = copyreg._inverted_registry.get(code)  # type: ignore[attr-defined]
    return names or (None, None)


def named(found: Found, rows: list[Any]) -> list[Named]:
    """The globals of a pickle, from what the native survey gives."""
    pickled, begin = found.stream.pickled, found.begin
    protocol = pickled[begin + 1] if pickled[begin : begin + 1] == b"\x80" and begin + 1 < len(pickled) else 0
    globals_ = []
    for opcode, offset, module, name, code, times, objects, size in rows:
        written = None
        if code is not None:
            module, name = _registered(code)
        elif module is not None and protocol < NAMES_OF_PYTHON_3:
            mapped = _mapped(module, name)
            if mapped != (module, name):
                written, (module, name) = (module, name), mapped
        place = found.stream.offset(offset)
        globals_.append(Named(opcode, place, module, name, code, written, times, objects, size))
    return globals_
