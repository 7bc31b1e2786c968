"""Style sheets, icons, scripts and templates fit each other and the content security policy."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.source_tree import ROOT

from botmeter.charts.columns import MONTHS_WIDTH_MIN
from botmeter.charts.plane import WIDTHS
from botmeter.charts.trend import SPARK_WIDTHS
from botmeter.web.static_files import SCRIPT, SCRIPT_PARTS, STYLESHEET, STYLESHEET_PARTS

WEB = ROOT / "src" / "botmeter" / "web"
STATIC = WEB / "static" / "botmeter"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
STYLESHEETS = sorted((STATIC / "css").rglob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
SCRIPT_LINES_MAX = 600
TOKENS = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")


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


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_has_no_inline_style_or_script(path: Path) -> None:
    text = markup(path)
    if path.parent.name == "mail":
        # Mail programs take styles from nowhere else, and pages' policy does not hold there.
        assert not re.findall(r"<script|<link|url\(|@import", text)
    else:
        assert not re.findall(r"\sstyle=", text)
        assert not re.findall(r"<style|<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r"\son[a-z]+=", text)
    assert "|safe" not in text.replace(" ", "")


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_script_makes_no_markup_or_code_of_text_and_stores_nothing(path: Path) -> None:
    unsafe = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|\bFunction\(|postMessage"
    assert not re.findall(rf"{unsafe}|localStorage|sessionStorage|indexedDB|document\.cookie", text_of(path))


def test_htmx_runs_no_code_of_pages_and_stores_none() -> None:
    (config,) = re.findall(r"name=\"htmx-config\" content='([^']+)'", text_of(WEB / "templates" / "base.html"))
    settings = json.loads(config)
    assert (settings["allowEval"], settings["selfRequestsOnly"], settings["historyCacheSize"]) == (False, True, 0)


def test_icons_of_templates_are_in_the_sprite() -> None:
    defined = set(re.findall(r'id="i-([a-z]+)"', text_of(STATIC / "icons.svg")))
    named = {name for path in TEMPLATES for name in re.findall(r'\bicon\("([a-z]+)"', markup(path))}
    assert named - defined == set()


def test_icons_of_the_sprite_are_used() -> None:
    defined = set(re.findall(r'id="i-([a-z]+)"', text_of(STATIC / "icons.svg")))
    text = "".join(text_of(path) for path in [*TEMPLATES, *WEB.rglob("*.py")])
    assert {name for name in defined if f'"{name}"' not in text} == set()


@pytest.mark.slow
def test_macros_are_used() -> None:
    text = "".join(markup(path) for path in TEMPLATES)
    macros = set(re.findall(r"\bmacro (\w+)\(", text))
    assert {name for name in macros if len(re.findall(rf"\b(?<!macro ){name}\(", text)) == 0} == set()


# As an attribute of an element, or in the attributes passed to a macro.
BEHAVIOUR_ATTRIBUTE = r'data-behaviour"?(?:=|: )"([^"{]*)"'


def test_scripts_define_the_behaviours_that_templates_use() -> None:
    in_templates = {
        word for path in TEMPLATES for each in re.findall(BEHAVIOUR_ATTRIBUTE, markup(path)) for word in each.split()
    }
    in_scripts = {word for path in SCRIPTS for word in re.findall(r'data-behaviour~="([a-z-]+)"', text_of(path))}
    assert in_scripts == in_templates


def test_the_parts_of_the_style_sheet_and_the_script_are_the_files() -> None:
    defined = [path.relative_to(STATIC / "css").with_suffix("").as_posix() for path in STYLESHEETS]
    assert sorted(STYLESHEET_PARTS) == sorted(defined)
    assert sorted(SCRIPT_PARTS) == [path.stem for path in SCRIPTS]


def test_pages_load_one_style_sheet_and_one_script() -> None:
    text = "".join(markup(path) for path in TEMPLATES)
    assert re.findall(r"<link[^>]*stylesheet[^>]*static\('([^']+)'\)", text) == [STYLESHEET]
    assert re.findall(r"<script[^>]*static\('([^']+)'\)", text) == [SCRIPT]


def test_scripts_are_small() -> None:
    assert sum(text_of(path).count("\n") for path in SCRIPTS) < SCRIPT_LINES_MAX


@pytest.mark.parametrize("path", STYLESHEETS, ids=name_of)
def test_a_style_sheet_has_one_layer_and_loads_nothing(path: Path) -> None:
    text = rules(path)
    assert re.match(r"\s*(@layer [a-z, ]+;\s*)?@layer [a-z]+ \{", text)
    assert text.count("{") == text.count("}")
    assert not re.findall(r"url\(|@import", text)


@pytest.mark.parametrize("path", STYLESHEETS, ids=name_of)
def test_a_style_sheet_uses_defined_tokens(path: Path) -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", TOKENS))
    own = set(re.findall(r"(--[a-z0-9-]+):", rules(path)))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", rules(path))) - defined - own == set()


def test_charts_use_defined_tokens() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", TOKENS))
    paths = (WEB.parent / "charts").glob("*.py")
    named = {name for path in paths for name in re.findall(r"var\((--[a-z0-9-]+)\)", text_of(path))}
    assert named
    assert named - defined == set()


def test_the_style_sheet_shows_each_width_of_charts() -> None:
    css = text_of(STATIC / "css" / "parts" / "chart.css")
    widths_in_css = re.findall(
        r"@container \(min-width: (\d+)px\) \{\s*\.chart > svg:has\(~ \.w\1\) \{ display: none; \}"
        r"\s*\.chart > \.w\1 \{ display: block; \}",
        css,
    )
    first, *wider = WIDTHS
    spark_first, *spark_wider = SPARK_WIDTHS
    assert [int(width) for width in widths_in_css] == sorted([*wider, *spark_wider])
    assert f".chart > .w{spark_first}, .chart > .w{first} {{ display: block; }}" in css
    assert f"@container (max-width: {MONTHS_WIDTH_MIN - 1}px) {{\n    .chart:has(+ .months)" in css


@pytest.mark.parametrize(
    "path", [path for path in STYLESHEETS if path.name not in ("tokens.css", "print.css")], ids=name_of
)
def test_colours_are_defined_by_tokens_alone(path: Path) -> None:
    # Two backgrounds are the same in each theme: a scrim, and the white that a camera needs around a QR code.
    bare = (
        rules(path)
        .replace("rgb(10 12 18 / .4)", "")
        .replace("background: #fff;", "")
        .replace("light-dark(#eef1f5, #2b303a)", "")
    )
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsl\(", bare)


# Text on its backgrounds needs 4.5, marks and controls with a meaning need 3.
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
    """Relative luminance of WCAG 2.2."""
    red, green, blue = channels(token, theme)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("over", "under", "least"), [(*pair, 4.5) for pair in TEXT] + [(*pair, 3.0) for pair in MARKS])
def test_text_and_marks_have_enough_contrast(over: str, under: str, least: float, theme: int) -> None:
    light, dark = sorted((luminance(over, theme), luminance(under, theme)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least
