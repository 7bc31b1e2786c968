"""Style sheets, icons, behaviours and templates fit each other, and hold to the policy of the pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.source_tree import ROOT

from botmeter.charts.monthly import WIDTH_MIN as MONTHS_WIDTH_MIN
from botmeter.charts.plane import WIDTHS
from botmeter.charts.spark import SPARK_WIDTHS

WEB = ROOT / "src" / "botmeter" / "web"
LOOK = WEB / "static" / "botmeter"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
STYLESHEETS = sorted((LOOK / "css").rglob("*.css"))
SCRIPTS = sorted((LOOK / "js").glob("*.js"))
SCRIPT_LINES_MAX = 300
TOKENS = (LOOK / "css" / "tokens.css").read_text(encoding="utf-8")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return path.relative_to(WEB).as_posix()


def markup(path: Path) -> str:
    """A template without its comments."""
    return re.sub(r"\{#.*?#\}", "", text_of(path), flags=re.DOTALL)


def rules(path: Path) -> str:
    """A style sheet without its comments."""
    return re.sub(r"/\*.*?\*/", "", text_of(path), flags=re.DOTALL)


def linked(template: str) -> set[str]:
    return set(re.findall(r'"([a-z/]+)"', markup(WEB / "templates" / "parts" / template))) - {"module", "stylesheet"}


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_has_no_inline_style_and_no_inline_script(path: Path) -> None:
    text = markup(path)
    assert not re.findall(r"\sstyle=", text)
    assert not re.findall(r"<style|<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r"\son[a-z]+=", text)
    assert "|safe" not in text.replace(" ", "")


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    there = set(re.findall(r'id="i-([a-z]+)"', text_of(LOOK / "icons.svg")))
    named = {name for path in TEMPLATES for name in re.findall(r'\bicon\("([a-z]+)"', markup(path))}
    assert named - there == set()


def test_every_icon_of_the_sprite_is_named_somewhere() -> None:
    there = set(re.findall(r'id="i-([a-z]+)"', text_of(LOOK / "icons.svg")))
    said = "".join(text_of(path) for path in [*TEMPLATES, *WEB.rglob("*.py")])
    assert {name for name in there if f'"{name}"' not in said} == set()


def test_every_macro_is_called_by_a_template() -> None:
    said = "".join(markup(path) for path in TEMPLATES)
    macros = set(re.findall(r"\bmacro (\w+)\(", said))
    assert {name for name in macros if len(re.findall(rf"\b(?<!macro ){name}\(", said)) == 0} == set()


# As an attribute, or among those that a macro is given.
BEHAVIOURS_ASKED = r'data-behaviour"?(?:=|: )"([^"{]*)"'


def test_every_behaviour_of_a_script_is_asked_for_by_a_template() -> None:
    asked = {word for path in TEMPLATES for each in re.findall(BEHAVIOURS_ASKED, markup(path)) for word in each.split()}
    offered = {word for path in SCRIPTS for word in re.findall(r'data-behaviour~="([a-z-]+)"', text_of(path))}
    assert offered - asked == set()


def test_every_style_sheet_is_linked_once_and_those_that_are_linked_are_there() -> None:
    there = {path.relative_to(LOOK / "css").with_suffix("").as_posix() for path in STYLESHEETS}
    assert linked("stylesheets.html") == there


def test_every_script_is_linked_and_those_that_are_linked_are_there() -> None:
    assert linked("scripts.html") == {path.stem for path in SCRIPTS}


def test_our_own_script_stays_small() -> None:
    assert sum(text_of(path).count("\n") for path in SCRIPTS) < SCRIPT_LINES_MAX


def test_every_behaviour_that_a_template_asks_for_is_in_a_script() -> None:
    asked = {word for path in TEMPLATES for each in re.findall(BEHAVIOURS_ASKED, markup(path)) for word in each.split()}
    offered = {word for path in SCRIPTS for word in re.findall(r'data-behaviour~="([a-z-]+)"', text_of(path))}
    assert asked - offered == set()


@pytest.mark.parametrize("path", STYLESHEETS, ids=name_of)
def test_a_style_sheet_stands_in_a_layer_and_loads_nothing(path: Path) -> None:
    text = rules(path)
    assert re.match(r"\s*(@layer [a-z, ]+;\s*)?@layer [a-z]+ \{", text)
    assert text.count("{") == text.count("}")
    assert not re.findall(r"url\(|@import", text)


@pytest.mark.parametrize("path", STYLESHEETS, ids=name_of)
def test_a_style_sheet_names_only_tokens_that_there_are(path: Path) -> None:
    there = set(re.findall(r"(--[a-z0-9-]+):", TOKENS))
    own = set(re.findall(r"(--[a-z0-9-]+):", rules(path)))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", rules(path))) - there - own == set()


def test_charts_name_only_tokens_that_there_are() -> None:
    there = set(re.findall(r"(--[a-z0-9-]+):", TOKENS))
    paths = (WEB.parent / "charts").glob("*.py")
    named = {name for path in paths for name in re.findall(r"var\((--[a-z0-9-]+)\)", text_of(path))}
    assert named
    assert named - there == set()


def test_the_style_sheet_shows_every_width_that_charts_are_drawn_at() -> None:
    css = text_of(LOOK / "css" / "parts" / "chart.css")
    shown = re.findall(
        r"@container \(min-width: (\d+)px\) \{\s*\.chart > svg:has\(~ \.w\1\) \{ display: none; \}"
        r"\s*\.chart > \.w\1 \{ display: block; \}",
        css,
    )
    first, *wider = WIDTHS
    spark_first, *spark_wider = SPARK_WIDTHS
    assert [int(width) for width in shown] == sorted([*wider, *spark_wider])
    assert f".chart > .w{spark_first}, .chart > .w{first} {{ display: block; }}" in css
    assert f"@container (max-width: {MONTHS_WIDTH_MIN - 1}px) {{\n    .chart:has(+ .months)" in css


@pytest.mark.parametrize(
    "path", [path for path in STYLESHEETS if path.name not in ("tokens.css", "print.css")], ids=name_of
)
def test_colours_stand_in_the_tokens_alone(path: Path) -> None:
    # Two grounds are the same in every theme: a scrim, and the white that a phone's camera needs around a code.
    bare = (
        rules(path)
        .replace("rgb(10 12 18 / .4)", "")
        .replace("background: #fff;", "")
        .replace("light-dark(#eef1f5, #2b303a)", "")
    )
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsl\(", bare)


# Text on its grounds, 4.5 at least; marks and controls that mean something, 3 at least.
TEXT = [
    (ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent", "ok", "warn", "bad") for ground in ("surface", "bg")
]
TEXT += [
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("accent", "tint"),
    ("ink-3", "sunken"),
    ("ink-3", "hover"),
]
TEXT += [
    ("ok", "ok-tint"),
    ("warn", "warn-tint"),
    ("bad", "bad-tint"),
    ("ink-2", "tint"),
    ("on-h4", "h4"),
    ("on-accent", "h5"),
]
TEXT += [("ink", f"h{step}") for step in range(4)] + [("ink-3", "raised"), ("ink-2", "raised")]
MARKS = [(mark, "surface") for mark in ("control", "bar", "compare", "accent", *(f"c{i}" for i in range(1, 9)))]


def channels(token: str, theme: int) -> Iterator[float]:
    pair = re.search(rf"--{token}: light-dark\((#[0-9a-f]{{6}}), (#[0-9a-f]{{6}})\)", TOKENS)
    assert pair, token
    for at in (1, 3, 5):
        part = int(pair[theme + 1][at : at + 2], 16) / 255
        yield part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def luminance(token: str, theme: int) -> float:
    """As WCAG 2.2 defines relative luminance."""
    red, green, blue = channels(token, theme)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("over", "under", "least"), [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in MARKS])
def test_what_is_read_stands_out_enough(over: str, under: str, least: float, theme: int) -> None:
    light, dark = sorted((luminance(over, theme), luminance(under, theme)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least
