"""`check`: whether pickles are well-formed, and where they are broken."""

import argparse

from oxipickle._commands import show
from oxipickle._commands.broken import Broken
from oxipickle._commands.visit import Found


def check(found: Found, options: argparse.Namespace) -> Broken | None:
    """Looks at one pickle."""
    end, instructions, protocol, fault = found.stream.survey.check(found.begin)
    broken = found.fault(fault)
    if options.json:
        fault_told = broken and {"offset": broken.offset, "opcode": broken.opcode, "words": broken.words}
        show.say_json(
            found.told()
            | {
                "well_formed": broken is None,
                "end": found.stream.offset(end),
                "instructions": instructions,
                "protocol": protocol,
                "fault": fault_told,
            }
        )
    elif broken is None:
        size = found.stream.offset(end) - found.stream.offset(found.begin)
        show.say(
            f"{found.where}: well-formed: {instructions} instructions, {size} bytes, "
            f"opcodes up to protocol {protocol}"
        )
    return broken
