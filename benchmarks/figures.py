"""What was measured of each workload, as the README's table and its picture take it."""

import dataclasses

from benchmarks.timing import mean

# Whose time is 1.
C = "C"
OURS = "oxipickle"


@dataclasses.dataclass
class Row:
    """One workload: what C takes, in seconds, and each pickler's time over that.

    None stands for what a pickler can't save.
    """

    workload: str
    seconds: float
    ratios: dict[str, float | None]


@dataclasses.dataclass
class Figures:
    """All rows, with where they were measured, and what is missing from them and why."""

    rows: list[Row]
    # By name as in the rows, the words for it: with the version, where the pickler is a library's.
    picklers: dict[str, str]
    python: str
    processor: str
    protocol: int
    left_out: list[str]

    def place(self) -> str:
        return f"CPython {self.python}, {self.processor}, protocol {self.protocol}"

    def mean(self, pickler: str) -> float | None:
        """The geometric mean; None for a pickler that can't save everything."""
        ratios = [ratio for row in self.rows if (ratio := row.ratios.get(pickler)) is not None]
        return mean(ratios) if ratios and len(ratios) == len(self.rows) else None

    def summary(self) -> str:
        """In a sentence, what the picture shows."""
        means = [(self.picklers[name], self.mean(name)) for name in self.picklers if name != C]
        told = ", ".join(f"{words}: {worded(value)}" for words, value in means if value is not None)
        return (
            "Time of dumps over that of C's pickle.dumps, "
            f"geometric means of {len(self.rows)} workloads. {told}."
        )


def worded(ratio: float | None) -> str:
    """A ratio with the digits that count."""
    if ratio is None:
        return "–"
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}"
