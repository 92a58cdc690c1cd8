"""What `pickletools` of the running release has and does: asked when somebody first looks at a pickle.

Importing it takes longer than importing oxipickle does, so nothing imports this module before.
"""

import contextlib
import io
import pickletools
from typing import NamedTuple


class Observed(NamedTuple):
    """Opcodes, and where releases differ."""

    opcodes: dict[str, pickletools.OpcodeInfo]
    quoted: str
    """The encoding of STRING's text."""
    names: str
    """The encoding of the lines of GLOBAL, INST and PERSID."""
    unmatched: str
    """How an error about unlike quotes begins."""
    may_redefine: bool
    """Whether `dis` takes a second value for a place in the memo."""
    marks_in_line: bool
    """Whether the line of an opcode that lacks its MARK says so too."""
    ascii_strings: bool
    """Whether strings of Python 2 are shown in ASCII."""


def _encoding(opcode: pickletools.OpcodeInfo, line: bytes) -> str:
    """The encoding of a line of text, which has a character beyond ASCII in UTF-8."""
    assert opcode.arg is not None
    try:
        text = opcode.arg.reader(io.BytesIO(line))
    except UnicodeDecodeError as error:
        return error.encoding
    return "utf-8" if len(text) == len(line.strip(b"'\n").decode()) else "latin-1"


def _words(opcode: pickletools.OpcodeInfo, line: bytes) -> str:
    assert opcode.arg is not None
    try:
        opcode.arg.reader(io.BytesIO(line))
    except ValueError as error:
        return str(error)
    return ""


class _Text(io.StringIO):
    """Keeps what is printed; no terminal."""


def _shown(pickle: bytes) -> tuple[str, bool]:
    """The disassembly, and whether it went to the end."""
    out = _Text()
    with contextlib.suppress(ValueError):
        pickletools.dis(pickle, out)
        return out.getvalue(), True
    return out.getvalue(), False


def observe() -> Observed:
    """Looks at the running release."""
    opcodes = {opcode.code: opcode for opcode in pickletools.opcodes}
    character = "é".encode()
    return Observed(
        opcodes=opcodes,
        quoted=_encoding(opcodes["S"], b"'%s'\n" % character),
        names=_encoding(opcodes["P"], b"%s\n" % character),
        unmatched=_words(opcodes["S"], b"'\"\n").partition(" ")[0],
        may_redefine=_shown(b"Np0\np0\n.")[1],
        marks_in_line="no MARK" in _shown(b"t.")[0],
        ascii_strings="xe9" in _shown(b"U\x01\xe9.")[0],
    )
