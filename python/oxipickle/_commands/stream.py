"""Pickles one after the other in a piece of data, without what lies between and within them."""

import io
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from oxipickle._commands.arrays import Raw, arrays_in
from oxipickle._oxipickle import Survey, census

# A file that `torch.save` wrote before PyTorch 1.6 begins with this number as a pickle. Four more pickles
# follow, and then the bytes of the tensors.
TORCH_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
TORCH_PICKLES = 5


class Stream:
    """Data without the raw bytes in the middle of its pickles: offsets are told as in the whole file."""

    def __init__(self, data: bytes, base: int = 0) -> None:
        """The data, which begins at `base` of the file. Raises Broken where raw bytes begin, and it can't be
        told where they end."""
        self.data = data
        self._base = base
        self.raw = arrays_in(data)
        self.pickled = data
        # Where raw bytes were left out, and how many up to there.
        self._places: list[int] = []
        self._left_out: list[int] = []
        if self.raw:
            self._leave_out()
        self.memo: dict[int, Any] = {}
        """What a disassembly knows of the memo, where one pickler has written all pickles."""
        self.survey = Survey(self.pickled)
        self._most_pickles = TORCH_PICKLES if data.startswith(TORCH_MAGIC) else None

    def _leave_out(self) -> None:
        parts, at, left_out = [], 0, 0
        for raw in self.raw:
            parts.append(self.data[at : raw.begin])
            self._places.append(raw.begin - left_out)
            left_out += raw.end - raw.begin
            self._left_out.append(left_out)
            at = raw.end
        parts.append(self.data[at:])
        self.pickled = b"".join(parts)

    @property
    def is_gapped(self) -> bool:
        """Whether offsets in the file are others than in `pickled`."""
        return bool(self._places) or self._base > 0

    def offset(self, at: int) -> int:
        """The offset in the file of what lies at `at` in the pickles."""
        place = bisect_right(self._places, at)
        return self._base + at + (self._left_out[place - 1] if place else 0)

    def begins(self) -> Iterator[int]:
        """Where each pickle begins in `pickled`. The last one may be broken, and its end unknown."""
        at, number = 0, 0
        while at < len(self.pickled):
            yield at
            number += 1
            try:
                at = census(self.pickled, at)[0]
            except ValueError:
                return
            if number == self._most_pickles:
                if at < len(self.pickled):
                    self.raw = [*self.raw, Raw(at, len(self.data), "the tensors of a torch file")]
                return

    def nested(self) -> "Iterator[Stream]":
        """The pickles that lie where raw bytes would."""
        for raw in self.raw:
            if raw.is_pickle:
                yield Stream(self.data[raw.begin : raw.end], self._base + raw.begin)

    def is_one_pickle(self) -> bool:
        """Whether there is one pickle, broken or not, and nothing behind it."""
        try:
            return census(self.pickled, 0)[0] == len(self.pickled) and not self.raw
        except ValueError:
            return not self.raw

    def file(self, begin: int) -> "Gapped":
        """The pickle that begins at `begin` in `pickled`, as a file whose `tell` is as in the whole file."""
        return Gapped(self, begin)


class Gapped:
    """A file of pickles that tells where in the whole file they are."""

    def __init__(self, stream: Stream, begin: int) -> None:
        self._stream = stream
        self._file = io.BytesIO(stream.pickled)
        self._file.seek(begin)
        self.read = self._file.read
        self.readline = self._file.readline

    def tell(self) -> int:
        """The offset in the whole file."""
        return self._stream.offset(self._file.tell())
