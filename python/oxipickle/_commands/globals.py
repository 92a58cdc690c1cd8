"""`globals`: what pickles need to be loaded."""

import argparse
import sys

from oxipickle._commands import show
from oxipickle._commands.broken import Broken
from oxipickle._commands.names import named
from oxipickle._commands.visit import Found


def globals_(found: Found, options: argparse.Namespace) -> Broken | None:
    """Looks at one pickle."""
    _, rows, _, _, (persistent, buffers), fault = found.stream.survey.survey(found.begin)
    broken = found.fault(fault)
    needed = named(found, rows)
    if options.json:
        show.say_json(
            found.told()
            | {
                "globals": [each.told() for each in needed],
                "persistent_ids": persistent,
                "buffers": buffers,
                "fault": broken and str(broken),
            }
        )
        return broken
    colours = show.colours(sys.stdout)
    if not found.is_alone or found.member.name is not None or len(options.files) > 1:
        show.say(f"== {found.where} ==")
    for each in needed:
        remark = f"  # {each.remark}" if each.remark else ""
        show.say(f"{colours['call']}{each}{colours['reset']}{colours['note']}{remark}{colours['reset']}")
    note, reset = colours["note"], colours["reset"]
    if persistent:
        show.say(
            f"{note}# {persistent} persistent ids: only an unpickler with persistent_load reads them{reset}"
        )
    if buffers:
        show.say(f"{note}# {buffers} out-of-band buffers: they are needed beside the pickle{reset}")
    return broken
