"""`optimize`: pickles without what they store in the memo and never fetch."""

import argparse
import os
import sys

from oxipickle import optimize as optimized
from oxipickle._commands import show
from oxipickle._commands.broken import Broken
from oxipickle._commands.containers import Member, members
from oxipickle._commands.stream import Stream
from oxipickle._commands.visit import name_of
from oxipickle._oxipickle import census


def _optimized(member: Member) -> bytes:
    """All pickles of a file. Raises Broken, and ValueError for a pickle that can't be read."""
    if member.name is not None or member.compression is not None:
        raise Broken("in a container: take the pickle out first")
    stream = Stream(member.data)
    if stream.raw:
        raise Broken("raw bytes lie between the instructions, whose places would change")
    pickles = []
    for number, begin in enumerate(stream.begins(), 1):
        fault = stream.survey.check(begin)[3]
        if fault is not None:
            raise Broken(fault[2], fault[0], fault[1])
        end = census(stream.pickled, begin)[0]
        part = stream.pickled[begin:end]
        fault = Stream(part).survey.check(0)[3]
        if fault is not None:
            raise Broken(f"pickle {number} fetches what a pickle before it has stored", begin)
        pickles.append(optimized(part))
    if stream.raw:
        raise Broken("raw bytes lie behind the pickles, and their places would change")
    return b"".join(pickles)


def _write(path: str, data: bytes) -> None:
    if path == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    # The file is replaced when all is written: it may be the one that was read.
    beside = f"{path}.{os.getpid()}.new"
    try:
        with open(beside, "xb") as file:
            file.write(data)
        os.replace(beside, path)
    except OSError:
        if os.path.exists(beside):
            os.unlink(beside)
        raise


def optimize(options: argparse.Namespace) -> int:
    """Reads one file and writes another, and gives the exit code."""
    try:
        member = next(members(options.source, None, options.limit))
        if not isinstance(member, Member):
            raise member[1]
        data = _optimized(member)
    except (Broken, ValueError) as error:
        show.complain(name_of(options.source, None), error)
        return 2
    except MemoryError:
        show.complain(name_of(options.source, None), "not enough memory")
        return 2
    except OSError as error:
        show.complain(name_of(options.source, None), error.strerror or error)
        return 2
    try:
        _write(options.target, data)
    except OSError as error:
        show.complain(name_of(options.target, None), error.strerror or error)
        return 2
    if options.target != "-":
        before, after = len(member.data), len(data)
        show.say(f"{show.printable(options.target)}: {after} bytes, {before - after} fewer")
    return 0
