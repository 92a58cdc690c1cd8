"""Leads a command through the pickles of files, and tells what can't be read."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oxipickle._commands import show
from oxipickle._commands.broken import Broken
from oxipickle._commands.containers import Member, members
from oxipickle._commands.stream import Stream


@dataclass
class Found:
    """A pickle, and where it lies."""

    file: str
    member: Member
    stream: Stream
    number: int
    begin: int
    """Where it begins in `stream.pickled`."""
    is_alone: bool

    @property
    def where(self) -> str:
        """The words for its place, as far as they are needed."""
        place = name_of(self.file, self.member.name)
        if self.is_alone:
            return place
        return f"{place}: pickle at byte {self.stream.offset(self.begin)}"

    def fault(self, fault: tuple[int, str | None, str] | None) -> Broken | None:
        """A fault that was found in it."""
        if fault is None:
            return None
        offset, opcode, words = fault
        return Broken(words, self.stream.offset(offset), opcode)

    def told(self) -> dict[str, Any]:
        """Its place, for JSON."""
        return {
            "file": self.file,
            "member": self.member.name,
            "compression": self.member.compression,
            "pickle": self.number,
            "begin": self.stream.offset(self.begin),
        }


def name_of(file: str, member: str | None) -> str:
    name = "stdin" if file == "-" else show.printable(file)
    return name if member is None else f"{name}: {show.printable(member)}"


# Looks at a pickle, and gives what is wrong with it, if anything is.
Command = Callable[[Found, argparse.Namespace], Broken | None]


class Visit:
    """One run of a command."""

    def __init__(self, command: Command, options: argparse.Namespace) -> None:
        self._command = command
        self._options = options
        self._failed = False

    def _complain(self, file: str, member: str | None, error: object) -> None:
        self._failed = True
        if self._options.json:
            show.say_json({"file": file, "member": member, "error": str(error)})
        show.complain(name_of(file, member), error)

    def _stream(self, file: str, member: Member, stream: Stream) -> None:
        is_alone = stream.is_one_pickle() and not stream.is_gapped
        for number, begin in enumerate(stream.begins(), 1):
            found = Found(file, member, stream, number, begin, is_alone)
            broken = self._command(found, self._options)
            if broken is not None:
                self._failed = True
                show.complain(found.where, broken)
        for nested in stream.nested():
            self._stream(file, member, nested)

    def _member(self, file: str, member: Member) -> None:
        stream = Stream(member.data)
        self._stream(file, member, stream)
        for raw in stream.raw:
            if self._options.json:
                show.say_json(
                    {"file": file, "member": member.name, "raw": [raw.begin, raw.end], "what": raw.what}
                )
            else:
                place = name_of(file, member.name)
                show.say(f"{place}: bytes {raw.begin} to {raw.end} are {raw.what}")

    def _file(self, file: str) -> None:
        for member in members(file, self._options.member, self._options.limit):
            if not isinstance(member, Member):
                self._complain(file, *member)
                continue
            try:
                self._member(file, member)
            except Broken as error:
                self._complain(file, member.name, error)

    def run(self) -> int:
        """Visits all files, and gives the exit code: 0, or 2 where something could not be read."""
        for file in self._options.files:
            try:
                self._file(file)
            except BrokenPipeError:
                raise
            except Broken as error:
                self._complain(file, None, error)
            except OSError as error:
                self._complain(file, None, error.strerror or error)
            except MemoryError:
                self._complain(file, None, "not enough memory")
        return 2 if self._failed else 0
