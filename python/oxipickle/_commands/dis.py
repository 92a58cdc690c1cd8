"""`dis`: the instructions of pickles, in the text of `pickletools.dis`."""

import argparse
import sys
from typing import Any

from oxipickle import genops
from oxipickle._commands import show
from oxipickle._commands.broken import Broken
from oxipickle._commands.visit import Found
from oxipickle._oxipickle import disassemble

# MARKs that are open beyond so many indent no further: a line is to end somewhere.
DEEPEST = 100

# The column of annotations.
ANNOTATIONS = 30

# Bits of the largest integer that JSON gets as a number: beyond, Python makes no decimals of it.
LARGEST_BITS = 4096


def _value(argument: Any) -> Any:
    """An argument for JSON: text, number, bool, or the `repr` of anything else."""
    if isinstance(argument, int):
        return argument if argument.bit_length() < LARGEST_BITS else hex(argument)
    if argument is None or isinstance(argument, str):
        return argument
    if isinstance(argument, float) and argument - argument == 0:
        return argument
    return repr(argument)


def _in_json(found: Found, source: Any) -> Broken | None:
    place = found.told()
    del place["begin"]
    try:
        for opcode, argument, position in genops(source):
            line = {"position": position, "opcode": opcode.name, "argument": _value(argument)}
            show.say_json(place | line)
    except ValueError as error:
        return Broken(_words(error))
    _, _, _, fault = found.stream.survey.check(found.begin)
    return found.fault(fault)


def _words(error: ValueError | IndexError) -> str:
    """What an error says, with its place."""
    notes = getattr(error, "__notes__", [])
    return ": ".join([*notes, str(error)])


def dis(found: Found, options: argparse.Namespace) -> Broken | None:
    """Shows one pickle."""
    source = found.stream.file(found.begin)
    if options.json:
        return _in_json(found, source)
    if not found.is_alone or found.member.name is not None or len(options.files) > 1:
        show.say(f"== {found.where} ==")
    memo = found.stream.memo if options.memo else None
    annotate = ANNOTATIONS if options.annotate else 0
    palette = show.colours(sys.stdout)
    try:
        if found.stream.is_gapped:
            disassemble(source, 0, sys.stdout, memo, annotate, DEEPEST, palette)
        else:
            disassemble(found.stream.pickled, found.begin, sys.stdout, memo, annotate, DEEPEST, palette)
    except (ValueError, IndexError) as error:
        return Broken(_words(error))
    return None
