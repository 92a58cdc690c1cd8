"""What a file is that takes no bytes, told in a note on the error of its `write`.

Mostly it is open as text. The error stays the model's: only a note is added.
"""

from __future__ import annotations

import io

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def _takes_text(error: Any, write: Any) -> bool:
    if issubclass(type(getattr(write, "__self__", None)), io.TextIOBase):
        return True
    # The words of the interpreter's own functions that take text, which files of other classes call.
    return type(error) is TypeError and str(error).endswith(("not bytes", "got 'bytes'"))


def tell(error: Any, write: Any) -> None:
    """Adds the note to a TypeError that a file's `write` has raised for bytes, if that takes text."""
    if _takes_text(error, write):
        error.add_note("the file is open as text, and a pickle is bytes: open it in mode 'wb'")
