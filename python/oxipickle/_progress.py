"""How many bytes a file has left, for who wants to be told how far a load has got.

Files of the interpreter's own classes are asked, which nobody can see: they stand where they stood, and run
no code of anybody's. What others have left is not known.
"""

from __future__ import annotations

import io
import os
import stat
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def left(read: Any) -> Any:
    """The bytes behind the place where the file stands that `read` reads; None where that is not known."""
    file: Any = read.__self__ if issubclass(type(read), types.BuiltinMethodType) else None
    if type(file) is io.BytesIO:
        # By the class itself: somebody may have set methods on the object.
        with io.BytesIO.getbuffer(file) as contents:
            return max(len(contents) - io.BytesIO.tell(file), 0)
    raw = file.raw if type(file) in (io.BufferedReader, io.BufferedRandom) else file
    if type(raw) is not io.FileIO:
        return None
    status = os.fstat(io.FileIO.fileno(raw))
    # Files that the system makes up while they are read have no size.
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        return None
    return max(status.st_size - type(file).tell(file), 0)
