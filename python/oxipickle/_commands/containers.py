"""What lies in a file: itself, what is compressed in it, or the members of an archive that are pickles."""

import io
import os
import stat
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from oxipickle._commands.broken import Broken
from oxipickle._commands.compressed import decompressed, format_of

# Bytes by which a format is told.
HEAD = 16

# What pickles are called in archives.
ENDINGS = (".pkl", ".pickle", ".p", ".joblib")

# Other files that are no pickles, by how they begin.
STRANGERS = {
    b"\x93NUMPY": "numpy's .npy format",
    b"\x89HDF": "an HDF5 file",
    b"version https://git-lfs": "a pointer of Git LFS, whose file was never fetched",
    b"<!DOCTYPE": "an HTML page",
    b"<html": "an HTML page",
    b"ZF": "a file of joblib before 0.10",
}


class Member(NamedTuple):
    """Data that pickles lie in."""

    name: str | None
    """Its name in the archive; None where the file is none."""
    data: bytes
    compression: str | None


def _read(file: BinaryIO, limit: int) -> bytes:
    """All of a file. One that has no size, as a pipe, is read up to the limit."""
    try:
        status = os.fstat(file.fileno())
        has_size = stat.S_ISREG(status.st_mode)
    except (OSError, AttributeError, ValueError):
        has_size = False
    if has_size:
        return file.read()
    data = file.read(limit + 1)
    if len(data) > limit:
        raise Broken(f"more than {limit} bytes of a file that has no size: see --limit")
    return data


def _plain(name: str | None, data: bytes, limit: int) -> Member:
    """The data, decompressed where it is compressed."""
    compression = format_of(data[:HEAD])
    if compression is not None:
        data = decompressed(data, compression, limit)
    if not data:
        raise Broken("empty: there is no pickle")
    for head, what in STRANGERS.items():
        if data.startswith(head):
            raise Broken(f"no pickle, but {what}")
    return Member(name, data, compression)


def _is_pickle(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bool:
    """Whether a member is a pickle, by its name or its first bytes; torch's tensors are none."""
    if info.is_dir() or info.flag_bits & 1:
        return False
    if info.filename.endswith(ENDINGS):
        return True
    if "/data/" in info.filename or info.filename.startswith(".data/"):
        return False
    with archive.open(info) as file:
        head = file.read(2)
    return len(head) == 2 and head[0] == 0x80 and head[1] <= 5


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> Member:
    # The size that an archive claims may be a lie: no more is read.
    with archive.open(info) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Broken(f"more than {limit} bytes: see --limit")
    return _plain(info.filename, data, limit)


def _members(file: BinaryIO, wanted: str | None, limit: int) -> Iterator[Member | tuple[str, Broken]]:
    with zipfile.ZipFile(file) as archive:
        found = False
        for info in archive.infolist():
            if wanted is not None and info.filename != wanted:
                continue
            try:
                if wanted is None and not _is_pickle(archive, info):
                    continue
                found = True
                yield _member(archive, info, limit)
            except Broken as error:
                yield info.filename, error
            except (
                zipfile.BadZipFile,
                zlib.error,
                NotImplementedError,
                RuntimeError,
                OSError,
                EOFError,
            ) as error:
                yield info.filename, Broken(f"damaged: {error}")
        if not found:
            what = "member of that name" if wanted is not None else "member that is a pickle"
            raise Broken(f"a zip archive with no {what}")


def members(path: str, wanted: str | None, limit: int) -> Iterator[Member | tuple[str, Broken]]:
    """What pickles lie in: the file at `path`, stdin for `-`, or the members of a zip archive, those that
    can't be read with what is wrong with them.

    Raises Broken where nothing can be read, OSError where there is no such file.
    """
    with open(sys.stdin.fileno() if path == "-" else path, "rb", closefd=path != "-") as file:
        is_seekable = file.seekable()
        data = file.read(HEAD) if is_seekable else _read(file, limit)
        if data.startswith(b"PK\x03\x04"):
            try:
                yield from _members(file if is_seekable else io.BytesIO(data), wanted, limit)
            except zipfile.BadZipFile as error:
                raise Broken(f"a damaged zip archive: {error}") from None
            return
        if wanted is not None:
            raise Broken("no zip archive, so it has no members")
        if is_seekable:
            file.seek(0)
            data = _read(file, limit)
        yield _plain(None, data, limit)
