"""The README's table and picture, drawn from figures that are given."""

import math
import pathlib
import re
import xml.etree.ElementTree as tree

import pytest

from benchmarks import readme
from benchmarks.figures import Figures, Row
from benchmarks.picture import BACKGROUNDS, COLOURS, LEFT, RIGHT, TEXTS, drawn

SVG = "{http://www.w3.org/2000/svg}"
PICKLERS = {name: name for name in ("oxipickle", "C", "_Pickler")}


def row(workload, ours, python):
    return Row(workload, 0.0125, {"oxipickle": ours, "C": 1.0, "_Pickler": python})


def figures(*rows, picklers=PICKLERS, left_out=()):
    return Figures(list(rows), dict(picklers), "3.99.1", "A Processor", 4, list(left_out))


def texts(picture):
    return [element.text for element in tree.fromstring(picture).iter(f"{SVG}text")]


def bars(picture):
    """Of each bar, its colour, its end, and its lower edge."""
    found = [e for e in tree.fromstring(picture).iter(f"{SVG}rect") if e.get("class") == "bar"]
    return [
        (e.get("fill"), float(e.get("x")) + float(e.get("width")), float(e.get("y")) + float(e.get("height")))
        for e in found
    ]


def test_a_line_for_each_workload_and_the_means():
    lines = readme.table(figures(row("lists", 0.25, 40.0), row("dicts", 1.0, 2.5))).splitlines()
    assert lines == [
        "| time over C's | C, ms | `oxipickle` | `_Pickler` |",
        "| --- | --: | --: | --: |",
        "| lists | 12.5 | 0.25 | 40 |",
        "| dicts | 12.5 | 1.00 | 2.50 |",
        "| geometric mean |  | 0.50 | 10 |",
    ]


def test_there_is_no_mean_of_some_workloads_alone():
    measured = figures(row("lists", 0.25, 40.0), row("trees", 0.5, None))
    assert "| trees | 12.5 | 0.50 | – |" in readme.table(measured)
    assert "| geometric mean |  | 0.35 | – |" in readme.table(measured)
    assert measured.summary().endswith("2 workloads. oxipickle: 0.35.")
    assert "–: can't be saved by it" in readme.note(measured)
    assert "–: can't" not in readme.note(figures(row("lists", 0.25, 40.0)))


def test_the_note_says_what_is_missing_and_where_it_was_measured():
    note = readme.note(
        figures(row("lists", 0.25, 40.0), left_out=["dill (not installed)", "graph (no wheel)"])
    )
    assert "Left out: dill (not installed); graph (no wheel)." in note
    assert "CPython 3.99.1, A Processor, protocol 4" in note


def test_a_library_is_named_with_its_version():
    measured = figures(row("lists", 0.25, 40.0), picklers=PICKLERS | {"dill": "dill 9.8"})
    assert "Libraries: dill 9.8." in readme.note(measured)
    assert "dill 9.8" in texts(drawn(measured))


def test_only_what_stands_between_the_marks_is_replaced():
    text = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    once = readme.replaced(text, "new")
    assert once == f"before\n{readme.BEGIN}\nnew\n{readme.END}\nafter\n"
    assert readme.replaced(once, "new") == once


@pytest.mark.parametrize(
    "marks",
    [[], [readme.BEGIN], [readme.END, readme.BEGIN], [readme.BEGIN, readme.END, readme.END]],
    ids=["none", "one", "the other way round", "two ends"],
)
def test_marks_out_of_order_are_refused(marks):
    with pytest.raises(ValueError, match="once each"):
        readme.replaced("\n".join(marks), "new")


def test_the_readme_has_its_marks_and_the_picture_that_it_shows():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.replaced(text, "new") != text
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert readme.PICTURE.relative_to(readme.ROOT).as_posix() in shown
    assert [path for path in shown if not pathlib.Path(readme.ROOT, path).is_file()] == []


def test_a_bar_for_each_pickler_that_can():
    picture = drawn(figures(row("lists", 0.25, 40.0), row("trees", 0.5, None)))
    assert [colour for colour, *_ in bars(picture)] == [*COLOURS[:3], *COLOURS[:2]]
    assert texts(picture).count("can't save it") == 1


def test_lengths_are_logarithms():
    (_, ours, _), (_, c, _), (_, python, _) = bars(drawn(figures(row("lists", 0.1, 10.0))))
    assert math.isclose(c - ours, python - c, abs_tol=0.2) and c > ours > LEFT


def test_c_ends_at_the_line_of_one():
    picture = drawn(figures(row("lists", 0.02, 40.0), row("dicts", 0.9, 3.0)))
    (one,) = [e for e in tree.fromstring(picture).iter(f"{SVG}line") if e.get("class") == "one"]
    ends = [end for colour, end, _ in bars(picture) if colour == COLOURS[1]]
    assert [round(end, 1) for end in ends] == [float(one.get("x1"))] * 2


@pytest.mark.parametrize("ours, python", [(1e-4, 1e5), (1.0, 1.0), (0.1, 100.0), (3.0, 0.5)])
def test_bars_stay_within_the_picture(ours, python):
    picture = drawn(figures(*[row(f"{i}", ours, python) for i in range(20)]))
    height = float(tree.fromstring(picture).get("height"))
    for _, end, bottom in bars(picture):
        assert LEFT < end <= RIGHT + 0.1 and bottom < height


def test_the_picture_tells_what_where_and_whose():
    words = texts(drawn(figures(row("lists", 0.25, 40.0))))
    told = " ".join(words)
    assert "Time of dumps over that of C's pickle.dumps" in words
    assert "12.5 ms" in words and "C's time in ms" in told
    assert "CPython 3.99.1, A Processor" in told
    assert {*PICKLERS, "lists", "0.25", "40"} <= set(words)


def test_names_are_escaped():
    assert "<a> & b" in texts(drawn(figures(row("<a> & b", 0.25, 40.0))))


def test_who_does_not_see_the_picture_is_told():
    measured = figures(row("lists", 0.25, 40.0))
    root = tree.fromstring(drawn(measured))
    named = {e.get("id"): e.text for e in root if e.get("id")}
    assert root.get("role") == "img"
    assert all(named[name] for name in root.get("aria-labelledby").split())
    assert "oxipickle: 0.25, _Pickler: 40" in named["summary"]
    assert f"![{measured.summary()}](x.svg)" in readme.part(measured, "x.svg")


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted([luminance(one), luminance(other)], reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", BACKGROUNDS)
def test_words_and_bars_stand_out_from_the_background(scheme):
    """By the ratios that the Web Content Accessibility Guidelines ask for."""
    assert contrast(TEXTS[scheme], BACKGROUNDS[scheme]) >= 4.5
    assert [colour for colour in COLOURS if contrast(colour, BACKGROUNDS[scheme]) < 3] == []
    assert BACKGROUNDS[scheme] in drawn(figures(row("lists", 0.25, 40.0)))
