"""Definitions that come with Botmeter, each a TOML file, looked up by name."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.resources import files


def shipped_texts(package: str, folder: str) -> dict[str, str]:
    """Name without ending, and text, of each file of a folder."""
    found = (files(package) / folder).iterdir()
    return {each.name.removesuffix(".toml"): each.read_text("utf-8") for each in found if each.name.endswith(".toml")}


def near_names_hint(name: str, names: Iterable[str], *, command: str) -> str:
    """Sentence after an unknown name: the nearest ones, else the command that lists all."""
    near = get_close_matches(name, list(names), n=3, cutoff=0.4)
    return f"Did you mean {' or '.join(near)}?" if near else f"`botmeter {command} list` lists all names."
