"""How commands speak: names that can't harm a terminal, colours where it has them, JSON for machines."""

import json
import os
import sys
from typing import Any, TextIO

# What begins each part of a line, and what ends it.
COLOURS = {
    "position": "\x1b[2m",
    "call": "\x1b[1;31m",
    "opcode": "\x1b[36m",
    "argument": "\x1b[32m",
    "note": "\x1b[33m",
    "reset": "\x1b[0m",
}
NO_COLOURS = dict.fromkeys(COLOURS, "")


def colours(out: TextIO) -> dict[str, str]:
    """Colours for a terminal, unless `NO_COLOR` is set; none for a file or a pipe."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not out.isatty()
    return NO_COLOURS if plain else COLOURS


def printable(text: str) -> str:
    """The text, escaped where it has characters that are not printed."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii") for c in text
    )


def say(text: str = "") -> None:
    """A line on stdout."""
    print(text)


def say_json(told: dict[str, Any]) -> None:
    """An object on a line of its own on stdout."""
    print(json.dumps(told))


def complain(where: str, what: object) -> None:
    """A line on stderr."""
    sys.stdout.flush()
    print(f"oxipickle: {where}: {what}", file=sys.stderr)


def plain_output() -> None:
    """Characters that the output's encoding does not have are escaped there."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
