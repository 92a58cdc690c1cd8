"""`stats`: what takes the bytes of pickles."""

import argparse
from typing import Any

from oxipickle._commands import show
from oxipickle._commands.broken import Broken
from oxipickle._commands.names import Named, named
from oxipickle._commands.visit import Found
from oxipickle._oxipickle import census

# Rows of each table, unless all are asked for.
ROWS = 12


def _opcodes(rows: list[Any], total: int, most: int | None) -> None:
    show.say(f"{'opcode':18}{'count':>12}{'bytes':>14}{'share':>8}")
    rows = sorted(rows, key=lambda row: -row[2])
    for opcode, count, size in rows[:most]:
        show.say(f"{opcode:18}{count:12}{size:14}{size / max(total, 1):8.1%}")
    if most is not None and len(rows) > most:
        rest = rows[most:]
        count, size = sum(row[1] for row in rest), sum(row[2] for row in rest)
        show.say(f"{f'{len(rest)} others':18}{count:12}{size:14}{size / max(total, 1):8.1%}")


def _globals(rows: list[Named], most: int | None) -> None:
    if not rows:
        return
    show.say(f"{'named':>9}{'objects':>12}{'bytes':>14}  global, and the bytes of what calling it makes")
    rows = sorted(rows, key=lambda row: -row.size)
    for row in rows[:most]:
        show.say(f"{row.times:9}{row.objects:12}{row.size:14}  {row}")
    if most is not None and len(rows) > most:
        show.say(f"{'':37}{len(rows) - most} others")


def stats(found: Found, options: argparse.Namespace) -> Broken | None:
    """Looks at one pickle."""
    begin = found.begin
    _, rows, largest, (stored, fetched), (persistent, buffers), fault = found.stream.survey.survey(begin)
    broken = found.fault(fault)
    needed = named(found, rows)
    largest = [(size, found.stream.offset(offset), opcode) for size, offset, opcode in largest]
    try:
        end, opcodes = census(found.stream.pickled, begin)
    except ValueError:
        end, opcodes = begin, []
    total = end - begin
    if options.json:
        show.say_json(
            found.told()
            | {
                "bytes": total,
                "opcodes": [{"opcode": row[0], "count": row[1], "bytes": row[2]} for row in opcodes],
                "globals": [each.told() for each in needed],
                "largest": [{"bytes": row[0], "offset": row[1], "opcode": row[2]} for row in largest],
                "memo": {"stored": stored, "fetched": fetched},
                "persistent_ids": persistent,
                "buffers": buffers,
                "fault": broken and str(broken),
            }
        )
        return broken
    most = None if options.all else ROWS
    show.say(f"== {found.where}: {total} bytes ==")
    if broken is None:
        _opcodes(opcodes, total, most)
    _globals(needed, most)
    if largest:
        show.say("largest strings: bytes, offset, opcode")
        for size, offset, opcode in largest:
            show.say(f"{size:14}  at byte {offset}, {opcode}")
    show.say(f"memo: {stored} values stored, {stored - fetched} of them never fetched")
    return broken
