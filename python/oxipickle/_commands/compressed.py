"""Compressed files, as joblib writes them: told by how they begin, and decompressed up to a limit."""

import bz2
import io
import lzma
import zlib

from oxipickle._commands.broken import Broken

# Bytes that are decompressed at once.
PIECE = 1 << 20


class _Zlib:
    """zlib's decompressor with the face of the others."""

    def __init__(self, wbits: int) -> None:
        self._own = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._own.eof

    @property
    def unused_data(self) -> bytes:
        return self._own.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._own.unconsumed_tail

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._own.decompress(self._own.unconsumed_tail + data, max_length)


def _is_zlib(head: bytes) -> bool:
    return head[:1] == b"x" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0


# None of these begins is one of a pickle: the first byte is no opcode, or what follows can't be its argument.
def format_of(head: bytes) -> str | None:
    """The name of the format that data begins as, None where it is no compressed one."""
    if _is_zlib(head):
        return "zlib"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "bz2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    if head.startswith(b"]\0\0"):
        return "lzma"
    if head.startswith(b"\x04\x22M\x18"):
        return "lz4"
    if head.startswith(b"(\xb5/\xfd"):
        return "zstd"
    return None


def _decompressor(format: str) -> _Zlib | bz2.BZ2Decompressor | lzma.LZMADecompressor:
    if format == "zlib":
        return _Zlib(zlib.MAX_WBITS)
    if format == "gzip":
        return _Zlib(zlib.MAX_WBITS | 16)
    if format == "bz2":
        return bz2.BZ2Decompressor()
    if format in ("xz", "lzma"):
        return lzma.LZMADecompressor()
    raise Broken(f"compressed as {format}, which is not read here: decompress it first")


def decompressed(data: bytes, format: str, limit: int) -> bytes:
    """What is compressed in data, several streams one after the other included. Memory is taken for the data
    and for `limit` bytes at the most.

    Raises Broken where the data is damaged, or more than `limit` bytes come of it.
    """
    out = io.BytesIO()
    rest = data
    try:
        while rest:
            stream = _decompressor(format)
            piece = rest
            while not stream.eof:
                read = stream.decompress(piece, PIECE)
                piece = b""
                out.write(read)
                if out.tell() > limit:
                    raise Broken(f"more than {limit} bytes when decompressed ({format}): see --limit")
                if not read and not stream.eof and stream.needs_input:
                    raise Broken(f"damaged: the data compressed as {format} ends too early")
            rest = stream.unused_data
            if format_of(rest[:16]) != format:
                break
    except (zlib.error, OSError, EOFError, lzma.LZMAError) as error:
        raise Broken(f"damaged: compressed as {format}, but {error}") from None
    return out.getvalue()
