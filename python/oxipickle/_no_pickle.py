"""What a file is that is no pickle, told by its first bytes in a note on the error.

"invalid load key, 'v'" is the commonest of all errors, and says nothing of its cause: mostly the file was
never fetched, is compressed, or is another library's. The error stays the model's: only notes are added.
"""

from __future__ import annotations

import io
import os
import re
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any

# What a file that begins so is, and what to do about it.
_BEGINNINGS = (
    (
        b"version https://git-lfs",
        "a Git LFS pointer, and the file itself was never fetched: `git lfs pull` does that",
    ),
    (b"\x1f\x8b", "compressed by gzip: give gzip.open(path)"),
    (b"BZh", "compressed by bzip2: give bz2.open(path)"),
    (b"\xfd7zXZ\0", "compressed by xz: give lzma.open(path)"),
    (b"]\0\0\x80\0", "compressed by lzma: give lzma.open(path)"),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed by Zstandard: give what compression.zstd.open(path), or zstandard.open(path), opens",
    ),
    (b"\x04\x22\x4d\x18", "compressed by LZ4: give what lz4.frame.open(path) opens"),
    (b"\x93NUMPY", "an array of numpy's: numpy.load(path) reads it"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file: h5py reads it, and pandas.read_hdf what pandas wrote"),
    (b"PAR1", "a Parquet file: pandas.read_parquet reads it"),
    (b"ARROW1", "an Arrow or Feather file: pandas.read_feather reads it"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program or a library"),
    (
        b"\xc2\x80",
        "a pickle that was read as text, by Latin-1, and written in UTF-8: decoded by UTF-8 and encoded by "
        "Latin-1 it is whole again",
    ),
    (b"\xef\xbf\xbd", "bytes that were read as text with errors replaced: what was replaced is lost"),
    (b"\xef\xbb\xbf", "text, in UTF-8"),
    (b"\xff\xfe", "text, in UTF-16"),
    (b"\xfe\xff", "text, in UTF-16"),
)

# The same, of what is told by more than its first bytes.
_PATTERNS = (
    (
        rb"PK(?:\x03\x04|\x05\x06).*?(?:/data\.pkl|/version|\.data/|/byteorder)",
        "a checkpoint of PyTorch's: torch.load reads it",
    ),
    (rb"PK\x03\x04.*?\.npy", "arrays of numpy's: numpy.load(path) reads it"),
    (rb"PK(?:\x03\x04|\x05\x06)", "a zip archive: zipfile opens it"),
    (rb".{257}ustar", "a tar archive: tarfile opens it"),
    (rb".{8}\{\"", "a file of safetensors': safetensors reads it"),
    (rb"x[\x01\x5e\x9c\xda]", "compressed by zlib: zlib.decompress gives the pickle"),
    (rb"gA[I-X][A-Za-z0-9+/=\s]+\Z", "a pickle in base64: base64.b64decode gives the pickle"),
    (rb"800[2-5][0-9a-fA-F]+\Z", "a pickle in hexadecimal: bytes.fromhex gives the pickle"),
    (rb"b['\"]\\x80", "the text of a bytes object: ast.literal_eval gives the pickle"),
    (
        rb"(?i:\s*(?:<!doctype html|<html|<head\b))",
        "an HTML page, such as a server answers with where a file should be",
    ),
    (rb"\s*<\?xml", "an XML document"),
    (rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\]\-0-9tfn])", "JSON: json.load reads it"),
)
_COMPILED = tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _PATTERNS)

# So many bytes tell what a file is.
_TELLING = 512
# So much of a text is shown.
_SHOWN = 40


def _what(beginning: Any) -> Any:
    """What a file is that begins so; None where nothing says."""
    for start, words in _BEGINNINGS:
        if beginning.startswith(start):
            return words
    for pattern, words in _COMPILED:
        if pattern.match(beginning):
            return words
    return None


def _as_text(beginning: Any) -> Any:
    """The words for a file that is plain text."""
    if len(beginning) < 4 or not beginning.isascii() or re.search(rb"[^\t\n\r -~]", beginning):
        return None
    line = beginning.decode("ascii").strip().partition("\n")[0]
    return f"text, and begins {line[:_SHOWN]!r}"


def _owner(read: Any) -> Any:
    """The object whose method this is; None where that can't be told without asking it."""
    is_method = issubclass(type(read), (types.BuiltinMethodType, types.MethodType))
    return read.__self__ if is_method else None


def _read_again(read: Any, taken: Any) -> Any:
    """The first bytes of a pickle of which so many were taken: from a regular file of the interpreter's, or
    from one in memory.

    Nobody can see that: the file stands where it stood, and its bytes can't have to be waited for.
    """
    owner = _owner(read)
    if type(owner) is io.BytesIO:
        # By the class itself: somebody may have set methods on the object.
        place = io.BytesIO.tell(owner)
        if place < taken:
            return b""
        io.BytesIO.seek(owner, place - taken)
        again = io.BytesIO.read(owner, _TELLING)
        io.BytesIO.seek(owner, place)
        return again
    raw = owner.raw if type(owner) in (io.BufferedReader, io.BufferedRandom) else owner
    if type(raw) is not io.FileIO or not io.FileIO.seekable(raw) or not hasattr(os, "pread"):
        return b""
    return os.pread(io.FileIO.fileno(raw), _TELLING, type(owner).tell(owner) - taken)


def _gives_text(error: Any, read: Any) -> Any:
    if issubclass(type(_owner(read)), io.TextIOBase):
        return isinstance(error, (TypeError, UnicodeDecodeError))
    return type(error) is TypeError and str(error).endswith("not 'str'")


def tell(error: Any, beginning: Any, read: Any, taken: Any, is_reading: Any, is_unknown: Any) -> None:
    """Adds the notes to an error that was raised at one of the first opcodes.

    `beginning` is what is known of the first bytes, `read` the file's method, or None for what is in memory.
    `taken` is how many bytes were taken from the file; `is_reading` tells that an opcode or its argument was
    being read, and `is_unknown` that there was no opcode.
    """
    if read is not None and is_reading and _gives_text(error, read):
        error.add_note("the file is open as text, and a pickle is bytes: open it in mode 'rb'")
        return
    if isinstance(error, EOFError) and is_unknown and not beginning and not taken:
        nothing = "no bytes" if read is None else "no bytes: the file is empty, or was read to its end before"
        error.add_note(f"there are {nothing}")
        return
    if read is not None and len(beginning) < _TELLING:
        again = _read_again(read, taken)
        beginning = again if again.startswith(beginning) else beginning
    words = _what(beginning) or (is_unknown and _as_text(beginning))
    if words:
        error.add_note(f"by its first bytes this is {words}")
