"""The README's table of first dumps, and its picture, measured and written anew.

Each workload has a process of its own, in which every pickler's time is held against C's. dill and
msgspec take part where they are installed; what is missing is said below the table. With `--quick`
(without the slow picklers) or `--only` the table is printed, and nothing is written.
"""

import importlib.metadata
import pathlib
import platform
import re

from benchmarks import peers
from benchmarks.figures import OURS, C, Figures, Row, worded
from benchmarks.picture import drawn
from benchmarks.workloads import WORKLOADS

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "README.md"
PICTURE = ROOT / "benchmarks" / "dumps.svg"

BEGIN = "<!-- What follows, up to the next such line, is written by `python -m benchmarks readme`. -->"
END = "<!-- Here ends what `python -m benchmarks readme` writes. -->"


def table(figures: Figures) -> str:
    """One line for each workload, in Markdown."""
    others = [name for name in figures.picklers if name != C]
    titles = ["time over C's", "C, ms", *(f"`{name}`" for name in others)]
    cells = [titles, ["---", *["--:"] * (len(titles) - 1)]]
    for row in figures.rows:
        ratios = [worded(row.ratios.get(name)) for name in others]
        cells.append([row.workload, f"{row.seconds * 1e3:.1f}", *ratios])
    cells.append(["geometric mean", "", *(worded(figures.mean(name)) for name in others)])
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def note(figures: Figures) -> str:
    """Where it was measured, what the figures mean, and what is missing."""
    words = [
        f"{figures.place()}. Each pickler's first dump of fresh data, over the time of `pickle.dumps`.",
    ]
    named = [words for name, words in figures.picklers.items() if words != name]
    if named:
        words.append(f"Libraries: {', '.join(named)}.")
    if any(ratio is None for row in figures.rows for ratio in row.ratios.values()):
        words.append("–: can't be saved by it, so that there is no mean.")
    if peers.MSGSPEC in figures.picklers:
        words.append("msgspec writes MessagePack, which keeps neither classes nor what is shared.")
    if figures.left_out:
        words.append(f"Left out: {'; '.join(figures.left_out)}.")
    return "\n".join(words)


def part(figures: Figures, picture: str) -> str:
    """What stands in the README between the two marks."""
    return f"![{figures.summary()}]({picture})\n\n{table(figures)}\n\n{note(figures)}"


def replaced(text: str, part: str) -> str:
    """The text with another part between the marks; ValueError where these are not there once each."""
    found = re.findall(f"{re.escape(BEGIN)}|{re.escape(END)}", text)
    if found != [BEGIN, END]:
        raise ValueError("the two marks must stand in the text once each, in their order")
    before, after = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:before]}\n{part}\n{text[after:]}"


def processor() -> str:
    """The name by which the system knows the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def picklers(quick: bool) -> tuple[dict[str, str], list[str]]:
    """By name, the words for those that take part; and those that don't, with the reason."""
    words, left_out = {}, []
    for name in (OURS, C, peers.PYTHON, peers.DILL, peers.MSGSPEC):
        if quick and name in peers.SLOW:
            left_out.append(f"{name} (slow)")
        elif not peers.installed(name):
            left_out.append(f"{name} (not installed)")
        elif name in peers.LIBRARIES:
            words[name] = f"{name} {importlib.metadata.version(name)}"
        else:
            words[name] = name
    return words, left_out


def measured(only: str | None, quick: bool) -> Figures:
    words, left_out = picklers(quick)
    figures = Figures([], words, platform.python_version(), processor(), peers.PROTOCOL, left_out)
    for workload in WORKLOADS:
        if only and only not in workload:
            continue
        try:
            seconds = peers.seconds_of(workload, quick)
        except ImportError as missing:
            left_out.append(f"{workload} ({missing})")
            continue
        ratios = {name: seconds[name] / seconds[C] if name in seconds else None for name in words}
        figures.rows.append(Row(workload, seconds[C], ratios))
    return figures


def main(only: str | None, quick: bool) -> None:
    figures = measured(only, quick)
    print(f"{table(figures)}\n\n{note(figures)}")
    if only or quick:
        return
    PICTURE.write_text(drawn(figures), encoding="utf-8")
    shown = PICTURE.relative_to(ROOT).as_posix()
    text = replaced(README.read_text(encoding="utf-8"), part(figures, shown))
    README.write_text(text, encoding="utf-8")
    print(f"\nwritten: {README.name}, {shown}")
