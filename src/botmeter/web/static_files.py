"""Static files, joined when collected: each page loads one style sheet and one script."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.files.base import ContentFile
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLESHEET: Final = "botmeter/botmeter.css"
SCRIPT: Final = "botmeter/botmeter.js"
# The first declares the order of layers.
STYLESHEET_PARTS: Final = (
    "tokens",
    "base",
    "layout",
    "parts/navigation",
    "parts/button",
    "parts/menu",
    "parts/filters",
    "parts/switch",
    "parts/period",
    "parts/card",
    "parts/kpi",
    "parts/chart",
    "parts/ranked",
    "parts/heat",
    "parts/rows",
    "parts/versions",
    "parts/events",
    "parts/entities",
    "parts/state",
    "parts/form",
    "parts/start",
    "parts/sheet",
    "parts/sharing",
    "parts/schedules",
    "parts/sources",
    "parts/imports",
    "parts/quarantine",
    "parts/billing",
    "parts/confirm",
    "print",
)
# Each attaches to elements with its name in data-behaviour, also to those that htmx inserts.
SCRIPT_PARTS: Final = (
    "menus",
    "copy",
    "tips",
    "keys",
    "find",
    "rows",
    "tables",
    "tabs",
    "dates",
    "order",
    "follow",
    "upload",
    "print",
    "exports",
    "confirm",
    "undo",
    "retry",
)
_LIBRARY: Final = "django_htmx/htmx-2.min.js"
# Folders of parts, which are published joined only.
_PARTS_FOLDERS: Final = ("css", "js", "django_htmx")


class JoinedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # has no types
    """Collected files under names that change with their content, the joined ones among them."""

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        for name, text in joined_files().items():
            self.delete(name)
            self.save(name, ContentFile(text.encode()))
            paths[name] = (self, name)
        yield from super().post_process(paths, dry_run=dry_run, **options)


def collect_static_files() -> None:
    """Replace the published files by those of this version."""
    call_command("collectstatic", verbosity=0, interactive=False, clear=True, ignore_patterns=list(_PARTS_FOLDERS))


def static_files_fingerprint() -> str:
    """Hash that changes with any static file or its place in a joined one."""
    digest = hashlib.sha256("".join(joined_files().values()).encode())
    for path in sorted(Path(settings.STATICFILES_DIRS[0]).rglob("*.svg")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def joined_files() -> dict[str, str]:
    """Content of the style sheet and the script, by name."""
    sheets = [_text(f"botmeter/css/{name}.css") for name in STYLESHEET_PARTS]
    # A function around each keeps its names apart from those of others.
    scripts = [f'(() => {{\n"use strict";\n{_text(f"botmeter/js/{name}.js")}}})();\n' for name in SCRIPT_PARTS]
    return {STYLESHEET: "".join(sheets), SCRIPT: "\n".join([_text(_LIBRARY), *scripts])}


def _text(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(name)
    return Path(path).read_text(encoding="utf-8")
