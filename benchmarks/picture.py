"""Draws figures as SVG: for each workload a bar for each pickler, on a logarithmic scale.

The picture has a background of its own, light or dark as the reader's system is, so that it can be read
on any page. Colours of bars stand out from both.
"""

import math
from xml.sax.saxutils import escape

from benchmarks.figures import C, Figures, worded

BACKGROUNDS = {"light": "#ffffff", "dark": "#0d1117"}
TEXTS = {"light": "#1f2328", "dark": "#e6edf3"}
LINES = {"light": "#d0d7de", "dark": "#3d444d"}
# In the order of the picklers.
COLOURS = ("#d9480f", "#868e96", "#1971c2", "#9c36b5", "#2f9e44")

WIDTH = 860
# Names of workloads end before this, bars begin here, and the scale ends where their labels still fit.
LEFT, RIGHT = 220, 790
HEADER, FOOTER = 112, 16
BAR, BETWEEN_ROWS = 9, 10


def style() -> str:
    def scheme(name: str) -> str:
        return (
            f".page{{fill:{BACKGROUNDS[name]}}}text{{fill:{TEXTS[name]}}}line{{stroke:{LINES[name]}}}"
            f".one{{stroke:{TEXTS[name]}}}"
        )

    return (
        "<style>text{font:11px system-ui,sans-serif}.title{font-size:16px;font-weight:600}"
        f".value{{font-size:9px}}{scheme('light')}"
        f"@media (prefers-color-scheme:dark){{{scheme('dark')}}}</style>"
    )


def scale(figures: Figures) -> tuple[int, float]:
    """Where the scale begins and ends, as powers of ten: around 1, and around all that is shown."""
    ratios = [ratio for row in figures.rows for ratio in row.ratios.values() if ratio is not None]
    least, largest = min([1, *ratios]), max([1, *ratios])
    first = math.floor(math.log10(least))
    # A bar at the scale's beginning has a length too.
    return (first - 1 if 10**first == least else first), math.log10(largest)


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    attributes = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{escape(words)}</text>'


def header(figures: Figures) -> list[str]:
    """The title, what is measured and where, and which colour is whose."""
    lines = [
        text(16, 26, "Time of dumps over that of C's pickle.dumps", "title"),
        text(
            16, 46, "The first dump of fresh data. Less is faster; the scale is logarithmic; C's time in ms."
        ),
        text(16, 62, figures.place()),
    ]
    x = 16.0
    for words, colour in zip(figures.picklers.values(), COLOURS):
        lines.append(f'<rect x="{x:.1f}" y="74" width="10" height="10" fill="{colour}"/>')
        lines.append(text(x + 15, 83, words))
        x += 40 + 6.5 * len(words)
    return lines


def drawn(figures: Figures) -> str:
    """The picture, as the text of an SVG file."""
    first, last = scale(figures)

    def at(ratio: float) -> float:
        return LEFT + (RIGHT - LEFT) * (math.log10(ratio) - first) / (last - first)

    group = BAR * len(figures.picklers) + BETWEEN_ROWS
    bottom = HEADER + group * len(figures.rows)
    lines = header(figures)
    for power in range(first, math.floor(last) + 1):
        x, kind = at(10**power), ' class="one"' if power == 0 else ""
        lines.append(f'<line x1="{x:.1f}" y1="{HEADER - 4}" x2="{x:.1f}" y2="{bottom}"{kind}/>')
        lines.append(text(x, HEADER - 8, f"{10.0**power:g}", anchor="middle"))
    for i, row in enumerate(figures.rows):
        top = HEADER + i * group + BETWEEN_ROWS / 2
        lines.append(text(LEFT - 8, top + (group - BETWEEN_ROWS) / 2 + 4, row.workload, anchor="end"))
        for j, (name, colour) in enumerate(zip(figures.picklers, COLOURS)):
            ratio, y = row.ratios.get(name), top + j * BAR
            end = LEFT if ratio is None else at(ratio)
            if ratio is not None:
                lines.append(
                    f'<rect class="bar" x="{LEFT}" y="{y:.1f}" width="{end - LEFT:.1f}"'
                    f' height="{BAR - 1}" fill="{colour}"/>'
                )
            words = "can't save it" if ratio is None else worded(ratio)
            words = f"{row.seconds * 1e3:.1f} ms" if name == C else words
            lines.append(text(end + 4, y + BAR - 1.5, words, "value"))
    height = bottom + FOOTER
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
            f' height="{height}" role="img" aria-labelledby="title summary">',
            '<title id="title">Time of dumps over that of C\'s pickle.dumps</title>',
            f'<desc id="summary">{escape(figures.summary())}</desc>',
            style(),
            f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>',
            *lines,
            "</svg>\n",
        ]
    )
