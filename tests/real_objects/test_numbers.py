"""Numbers: unusual ones of every type, decimals and their contexts, generators of random ones."""

import decimal
import fractions
import math
import numbers
import random
import statistics
import sys

import pytest
from comparisons import compare


class Whole(int):
    """A subclass with attributes."""


class Real(float):
    """A subclass without attributes."""

    __slots__ = ()


class Money(decimal.Decimal):
    """A subclass with attributes."""


class Doubling(random.Random):
    """A generator of the program's own."""

    def __init__(self, seed=None):
        super().__init__(seed)
        self.asked = [0]

    def random(self):
        return super().random() * 2


def with_attribute(obj):
    obj.note = {"key": obj}
    return obj


def used():
    generator = random.Random(1)
    generator.gauss(0, 1)
    return generator


def context():
    made = decimal.Context(prec=7, rounding=decimal.ROUND_UP, traps=[decimal.Inexact])
    made.flags[decimal.Rounded] = True
    return made


EDGES = [bits for n in (7, 8, 15, 16, 31, 32, 63, 64) for bits in (2**n - 1, 2**n, -(2**n), -(2**n) - 1)]
FLOATS = [0.0, -0.0, 0.1, 1e400, -1e400, math.nan, 5e-324, sys.float_info.max, math.pi, 1e22, 1e16]
DECIMALS = ["0", "-0", "1.10", "1E+400", "Infinity", "-Infinity", "NaN123", "sNaN", "0E-10"]


SPECIMENS = {
    "integers at the edges": lambda: list(EDGES),
    "long integers": lambda: [2**2039, 2**2040, -(2**2040), 10**700, 1 << 70],
    "reals": lambda: list(FLOATS),
    "complex": lambda: [1j, complex(-0.0, math.nan), complex(math.inf, -1)],
    "truth": lambda: [True, False, {True: 1}, {1: True}],
    "subclass of int": lambda: with_attribute(Whole(5)),
    "subclass of float": lambda: [Real(1.5), Real("nan")],
    "decimals": lambda: [decimal.Decimal(text) for text in DECIMALS],
    "subclass of decimal": lambda: with_attribute(Money("1.10")),
    "context": context,
    "contexts": lambda: [decimal.DefaultContext, decimal.BasicContext, decimal.getcontext()],
    "signals": lambda: [decimal.InvalidOperation("text"), decimal.Inexact, decimal.ROUND_UP],
    "tuple of a decimal": lambda: decimal.Decimal("-1.5").as_tuple(),
    "fractions": lambda: [fractions.Fraction(1, 3), fractions.Fraction(-(2**70), 3), fractions.Fraction(0)],
    "generator": lambda: random.Random(1),
    "used generator": used,
    "generator of its own": lambda: Doubling(2),
    "generator of the system": random.SystemRandom,
    "bound to the generator": lambda: [random.random, random.Random(3).choice],
    "distribution": lambda: statistics.NormalDist(1, 2),
    "ranges": lambda: [range(3), range(0, -(2**70), -7), slice(1, None, 2)],
    "classes": lambda: [numbers.Number, numbers.Integral, int, float, decimal.Decimal, math.sin],
    "system": lambda: [sys.maxsize, tuple(sys.float_info), sys.int_info.bits_per_digit],
    "fields of the system": lambda: sys.float_info,
}


@pytest.mark.parametrize("name", SPECIMENS)
def test_numbers(name, face, protocol):
    compare(face, SPECIMENS[name], protocol)
