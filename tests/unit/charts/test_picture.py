"""Charts as PNG."""

import re
from pathlib import Path

from botmeter import web
from botmeter.charts.lettering import drawn_labels
from botmeter.charts.picture import DARK, LIGHT, ZOOM, chart_png
from botmeter.charts.svg import label

_TOKENS = Path(web.__path__[0]) / "static/botmeter/css/tokens.css"


def test_a_picture_shows_its_labels_without_fonts() -> None:
    opening = '<svg width="90" height="20" viewBox="0 0 90 20">'
    empty = chart_png(f"{opening}</svg>")
    labelled = chart_png(f"{opening}{label((2, 8), '1,234 sessions', fill='var(--ink)')}</svg>")
    assert labelled[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(labelled[16:20]), int.from_bytes(labelled[20:24])) == (90 * ZOOM, 20 * ZOOM)
    assert len(labelled) > 4 * len(empty)


def test_labels_keep_their_place_and_outline() -> None:
    drawn = drawn_labels(
        label((50, 8), "A & <b>", text_anchor="end", stroke="var(--surface)", stroke_width=3, fill="var(--ink)")
    )
    assert "<text" not in drawn
    # "A", two spaces and "b" have letters of their own; "&", "<" and ">" are boxes.
    assert [drawn.count('stroke="var(--surface)"'), drawn.count('stroke="var(--ink)"')] == [1, 1]
    assert drawn.count("<path") == 2 * 5


def test_pictures_have_the_colours_of_the_two_themes() -> None:
    tokens = _TOKENS.read_text()
    colour = r"(rgb\([^)]*\)|#\w+)"
    pairs = {name: both for name, *both in re.findall(rf"--([a-z0-9-]+): light-dark\({colour}, {colour}\)", tokens)}
    same = dict(re.findall(r"--([a-z]+): var\(--([a-z0-9-]+)\);", tokens))
    assert list(LIGHT) == list(DARK)
    for name in LIGHT:
        assert [LIGHT[name], DARK[name]] == [_with_commas(each) for each in pairs[same.get(name, name)]]


def _with_commas(colour: str) -> str:
    return re.sub(r"rgb\((\d+) (\d+) (\d+) / (\S+)\)", r"rgba(\1,\2,\3,\4)", colour)
