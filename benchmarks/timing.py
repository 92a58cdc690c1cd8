"""How a call is timed: once to warm up, then the least time of enough rounds."""

import io
import math
import time
from collections.abc import Callable

# A call is timed for so many seconds in all, and at least so many times.
SECONDS = 0.6
FEWEST_ROUNDS = 3
MOST_ROUNDS = 200
# A call shorter than this is repeated within a round, so that the clock's own cost does not count.
SHORTEST = 0.002


def repetitions(call: Callable[[], object]) -> tuple[int, float]:
    """How often to repeat a call within a round, and about how long the round takes."""
    n = 1
    while True:
        start = time.perf_counter()
        for _ in range(n):
            call()
        seconds = time.perf_counter() - start
        if seconds >= SHORTEST:
            return n, seconds
        n *= 4


def least_times(calls: list[Callable[[], object]], slow: bool = False) -> list[float]:
    """The least time of each call, in seconds. Calls take turns, each round in the other order.

    The first time is thrown away. `slow` calls may take seconds, and then are timed once.
    """
    plans = [repetitions(call) for call in calls]
    whole = sum(seconds for _, seconds in plans)
    fewest = 1 if slow else FEWEST_ROUNDS
    rounds = max(fewest, min(MOST_ROUNDS, int(SECONDS * len(calls) / whole)))
    least = [math.inf] * len(calls)
    for turn in range(rounds):
        order = range(len(calls)) if turn % 2 else reversed(range(len(calls)))
        for i in order:
            n, call = plans[i][0], calls[i]
            start = time.perf_counter()
            for _ in range(n):
                call()
            least[i] = min(least[i], (time.perf_counter() - start) / n)
    return least


def into_file(make: Callable[[io.BytesIO], object], obj: object) -> bytes:
    """The pickle that a pickler made for a file writes."""
    file = io.BytesIO()
    make(file).dump(obj)
    return file.getvalue()


def mean(ratios: list[float]) -> float:
    """The geometric mean."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))
