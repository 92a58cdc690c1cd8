"""The table of opcodes that the native half works with, held against `pickletools`."""

import pickletools

import pytest
from oxipickle import _oxipickle

TABLE = {row[1]: row for row in _oxipickle.opcode_table()}


def test_every_opcode_is_there_once():
    assert len(_oxipickle.opcode_table()) == len(TABLE) == 68
    assert sorted(TABLE) == sorted(ord(opcode.code) for opcode in pickletools.opcodes)


@pytest.mark.parametrize("opcode", pickletools.opcodes, ids=lambda opcode: opcode.name)
def test_each_row(opcode):
    name, _, argument, before, after, protocol = TABLE[ord(opcode.code)]
    assert name == opcode.name
    assert argument == (opcode.arg.name if opcode.arg else None)
    assert list(before) == [item.name for item in opcode.stack_before]
    assert list(after) == [item.name for item in opcode.stack_after]
    assert protocol == opcode.proto
